"""Before a machine may look: it says who it is, gets the network as this run has it, and shows that it sees the same photos."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from album_sort.cluster import tasks
from album_sort.cluster.addresses import PathMap
from album_sort.cluster.identity import Identity
from album_sort.cluster.looking import head_digest, kept_digests, kept_parts
from album_sort.cluster.messages import Wanted, pack_plain
from album_sort.cluster.order import ClusterOrder
from album_sort.cluster.wire import Wire
from album_sort.core.checked import listed, text, whole
from album_sort.errors import AlbumSortError
from album_sort.pipeline.engine import Engine
from album_sort.types import FileEntry, Reason

_SAMPLE = 12
"""Photos that a machine has to see before it is given any."""

_PATIENCE_S = 120.0
"""For a machine that makes its network: torch from a cold disk."""

_LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class Greeting:
    """A machine that may look."""

    name: str
    token: str
    """With which chunks are given to it: it stands for the network that it has made for this run."""


class Refusal(AlbumSortError):
    """A machine that may not."""

    def __init__(self, machine: str, reason: Reason) -> None:
        super().__init__(str(reason))
        self.machine = machine
        self.reason = reason


async def greet(wire: Wire, address: str, engine: Engine, order: ClusterOrder, files: Sequence[FileEntry]) -> Greeting:
    """Raises `Refusal` with what is different there, other errors where there is no sensible answer."""
    return await asyncio.wait_for(_greet(wire, address, engine, order, files), _PATIENCE_S)


async def _greet(wire: Wire, address: str, engine: Engine, order: ClusterOrder, files: Sequence[FileEntry]) -> Greeting:
    mine = await asyncio.to_thread(_own_identity, engine)
    sample = await asyncio.to_thread(_sample, files)
    kept = kept_digests(engine)
    asked = pack_plain(
        {
            "identity": mine.to_plain(),
            "kept": kept,
            "sample": [os.fsencode(order.paths.there(file.path)) for file, _ in sample],
        }
    )
    said = await wire.ask(address, "hello", tasks.hello, asked)
    if said["lacks"]:
        for name in listed(said["lacks"]):
            for part, is_last in kept_parts(engine, name if name in kept else ""):
                await wire.ask(address, "lend", tasks.lend, name, part, is_last)
        said = await wire.ask(address, "hello", tasks.hello, asked)
    name = text(said["name"], _LONGEST_NAME)
    theirs = Identity.from_plain(said["identity"])
    for what, here, there in mine.differences(theirs):
        raise Refusal(name, Reason.of(f"notice.cluster-other-{what}", machine=name, here=here, there=there))
    check_sample(name, sample, listed(said["seen"]), order.paths)
    return Greeting(name, text(said["token"]))


def _own_identity(engine: Engine) -> Identity:
    held = engine.held
    assert held is not None  # noqa: S101 - `Engine.inspect` sees to it
    return Identity.of(engine.weights.backbone, engine.weights.sha256, held.precision)


def _sample(files: Sequence[FileEntry]) -> list[tuple[FileEntry, bytes]]:
    """Some files from all over the library that are still as they were listed, each with the digest of its head."""
    step = max(1, len(files) // _SAMPLE)
    found = []
    for file in files[::step][:_SAMPLE]:
        try:
            now = Path(file.path).stat()
        except OSError:
            continue
        digest = head_digest(os.fsencode(file.path))
        if digest and (now.st_size, now.st_mtime_ns) == (file.size_bytes, file.mtime_ns):
            found.append((file, digest))
    return found


def check_sample(name: str, sample: Sequence[tuple[FileEntry, bytes]], seen: Sequence[Any], paths: PathMap) -> None:
    """Raises `Refusal` for a machine that sees another file where one of these is, or none of them."""
    missing = 0
    for (file, digest), found in zip(sample, seen, strict=True):
        if not found:
            missing += 1
            continue
        size, mtime, head = whole(found[0]), int(text(found[1], 40)), found[2]
        if not Wanted.of(file, "").is_like(size, mtime) or head not in (digest, b""):
            there = paths.there(file.path)
            raise Refusal(name, Reason.of("notice.cluster-other-file", machine=name, path=file.path, there=there))
    if sample and missing == len(sample):
        file = sample[0][0]
        there = paths.there(file.path)
        raise Refusal(name, Reason.of("notice.cluster-sees-none", machine=name, path=file.path, there=there))
