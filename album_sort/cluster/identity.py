"""What two machines must have in common so that it makes no difference which of them looks at a photo."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from importlib import metadata

from album_sort import __version__
from album_sort.classifier.labels import label_folder
from album_sort.core.checked import text
from album_sort.native import native
from album_sort.types import BackboneSpec

_READERS = (
    "pillow",
    "simplejpeg",
    "pi-heif",
    "rawpy",
    "exifread",
    "numpy",
    "brotli",
    "defusedxml",
    "pillow-jxl-plugin",
)
"""Libraries that make pixels and dates of a file: another version may give others."""

_NONE = "none"


@dataclass(frozen=True, slots=True)
class Identity:
    """Everything in words: it is compared, and told where it differs."""

    version: str
    network: str
    weights: str
    """Hash of the file, 16 digits."""
    precision: str
    """That it really runs in."""
    labels: str
    readers: str
    """Libraries that read photos, with their versions."""

    @classmethod
    def of(cls, backbone: BackboneSpec, weights_sha256: str, precision: str) -> Identity:
        """That of this machine with this network."""
        return replace(cls.with_network(backbone.title, weights_sha256[:16]), precision=precision)

    @classmethod
    def with_network(cls, title: str, weights: str) -> Identity:
        """The same where the network is not made, because it is another than is wanted."""
        return cls(__version__, title, weights, "", labels_hash(), _readers())

    def to_plain(self) -> dict[str, str]:
        """As it is sent."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @classmethod
    def from_plain(cls, row: Mapping[str, object]) -> Identity:
        """Raises as `core.checked` does for what is none."""
        return cls(**{one.name: text(row[one.name]) for one in fields(cls)})

    def differences(self, other: Identity) -> Iterator[tuple[str, str, str]]:
        """(what, here, there), the weightiest first."""
        for one in fields(self):
            here, there = getattr(self, one.name), getattr(other, one.name)
            if here == there or not (here and there):
                continue
            if one.name == "readers":
                here, there = _first_difference(here, there)
            if one.name == "weights" and self.network != other.network:
                continue
            yield one.name, here, there


@cache
def labels_hash() -> str:
    """Of all that is said of classes and albums, 16 digits."""
    digest = hashlib.sha256()
    for path in sorted(label_folder().rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(str(path.relative_to(label_folder())).encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


@cache
def machine_name() -> str:
    """What this machine calls itself."""
    return socket.gethostname().partition(".")[0] or "?"


@cache
def _readers() -> str:
    found = [f"{name} {_version(name)}" for name in _READERS]
    return ", ".join([*found, f"fast code {'on' if native().library is not None else 'off'}"])


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return _NONE


def _first_difference(here: str, there: str) -> tuple[str, str]:
    pairs = zip(here.split(", "), there.split(", "), strict=False)
    return next(((mine, theirs) for mine, theirs in pairs if mine != theirs), (here, there))
