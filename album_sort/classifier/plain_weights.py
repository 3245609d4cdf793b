"""Reads the tensors of a weights file without torch, where it is of the plain kind: so that a first run need not start it.

The files of torch before 1.6: pickled numbers, names and places, then the storages as they lie in memory. Those since then: the same as
entries of a zip archive that is not compressed. Only what such a file of ordinary tensors needs is understood; anything else is left to
torch.
"""

from __future__ import annotations

import io
import math
import pickle
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from album_sort.core.checked import NONSENSE

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_MOST_BYTES = 1 << 28
_TYPES = {"FloatStorage": np.dtype("<f4"), "HalfStorage": np.dtype("<f2"), "LongStorage": np.dtype("<i8")}
_ZIP = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class _Storage:
    """Numbers in a row that tensors are cut from."""

    key: str
    dtype: np.dtype[Any]
    size: int


@dataclass(frozen=True, slots=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    """Numbers from one to the next."""


def read_plain_weights(path: Path) -> Mapping[str, NDArray[Any]] | None:
    """The tensors by name; None for a file that torch has to read, and for a damaged one, of which torch will say what is wrong."""
    try:
        with path.open("rb") as source:
            if source.seek(0, io.SEEK_END) > _MOST_BYTES:
                return None
            source.seek(0)
            is_zip = source.read(len(_ZIP)) == _ZIP
            source.seek(0)
            return _read_zip(source) if is_zip else _read(source)
    except (OSError, EOFError, pickle.UnpicklingError, struct.error, zipfile.BadZipFile, *NONSENSE):
        return None


def _read(source: BinaryIO) -> Mapping[str, NDArray[Any]] | None:
    if (
        _Plain(source).load() != _MAGIC
        or _Plain(source).load() != _PROTOCOL
        or not _Plain(source).load()["little_endian"]
    ):
        return None
    tensors = _Plain(source).load()
    storages: dict[str, NDArray[Any]] = {}
    wanted = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
    for key in _Plain(source).load():
        (size,) = struct.unpack("<q", source.read(8))
        storage = wanted[key]
        if size != storage.size:
            return None
        storages[key] = np.frombuffer(source.read(size * storage.dtype.itemsize), storage.dtype, size)
    return {name: _cut(storages[one.storage.key], one) for name, one in tensors.items()}


def _read_zip(source: BinaryIO) -> Mapping[str, NDArray[Any]] | None:
    """All its entries lie below one folder; what is larger when unpacked, or written on another kind of machine, is not plain."""
    with zipfile.ZipFile(source) as archive:
        entries = {one.filename.partition("/")[2]: one for one in archive.infolist()}
        if any(one.compress_type != zipfile.ZIP_STORED or one.file_size > _MOST_BYTES for one in entries.values()):
            return None
        if "byteorder" in entries and archive.read(entries["byteorder"]) != b"little":
            return None
        tensors = _Plain(io.BytesIO(archive.read(entries["data.pkl"]))).load()
        storages: dict[str, NDArray[Any]] = {}
        wanted = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
        # Entries of an archive can lie over each other.
        if sum(entries[f"data/{key}"].file_size for key in wanted) > _MOST_BYTES:
            return None
        for storage in wanted.values():
            content = archive.read(entries[f"data/{storage.key}"])
            storages[storage.key] = np.frombuffer(content, storage.dtype, storage.size)
        return {name: _cut(storages[one.storage.key], one) for name, one in tensors.items()}


def _cut(storage: NDArray[Any], tensor: _Tensor) -> NDArray[Any]:
    strides = [stride * storage.itemsize for stride in tensor.strides]
    return np.array(np.lib.stride_tricks.as_strided(storage[tensor.offset :], tensor.shape, strides, writeable=False))


def _tensor(storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object) -> _Tensor:
    """As torch calls what makes a tensor again; all of it has to lie within its storage."""
    numbers: list[object] = [offset, *shape, *strides]
    # One that repeats its numbers could be of any size.
    if math.prod(shape) > storage.size:
        raise pickle.UnpicklingError
    if len(shape) != len(strides) or not all(type(one) is int and one >= 0 for one in numbers) or 0 in shape:
        raise pickle.UnpicklingError
    if offset + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True)) >= storage.size:
        raise pickle.UnpicklingError
    return _Tensor(storage, offset, shape, strides)


class _Plain(pickle.Unpickler):
    """Knows three names, and none that does anything."""

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - as pickle has it
        """The three; raises `UnpicklingError` for any other."""
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if module == "torch" and name in _TYPES:
            return _TYPES[name]
        raise pickle.UnpicklingError(name)

    def persistent_load(self, pid: Any) -> _Storage:  # noqa: ANN401 - as pickle has it
        """('storage', type, key, where it lay, how many), and in older files a view."""
        kind, dtype, key, _, size, *views = pid
        if (
            kind != "storage"
            or views not in ([], [None])
            or not isinstance(dtype, np.dtype)
            or not 0 <= size <= _MOST_BYTES
        ):
            raise pickle.UnpicklingError
        return _Storage(str(key), dtype, size)
