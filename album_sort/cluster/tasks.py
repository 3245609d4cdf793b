"""What a run may ask of a machine: three questions, bytes in and bytes out. Dask calls these by their names; a fault is an answer, too."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from album_sort.cluster.identity import Identity
from album_sort.cluster.looking import Looker, head_digest
from album_sort.cluster.messages import pack_plain, unpack_plain, unpack_wanted
from album_sort.core.checked import NONSENSE
from album_sort.errors import AlbumSortError
from album_sort.sentences import sentence

_LONGEST_SENTENCE = 1000


class Machine:
    """What the process of a worker is to whoever asks: one for each process."""

    def __init__(self, looker: Looker, name: str) -> None:
        self.looker = looker
        self.name = name
        self.token = ""
        """Of the last greeting: chunks are looked at for that run, with its network."""
        self._refused: tuple[asyncio.AbstractEventLoop, asyncio.Future[str]] | None = None

    def when_refused(self, heard: asyncio.Future[str]) -> None:
        """Hears, once, why this machine may not look at photos for a run."""
        self._refused = (heard.get_loop(), heard)

    def refuse(self, why: str) -> None:
        """From the thread of a task."""
        if self._refused is not None:
            loop, heard = self._refused
            loop.call_soon_threadsafe(_settle, heard, why)


def _settle(heard: asyncio.Future[str], why: str) -> None:
    if not heard.done():
        heard.set_result(why)


_machine: Machine | None = None


def set_machine(machine: Machine | None) -> None:
    """From now on this process answers as that machine."""
    global _machine  # noqa: PLW0603 - Dask calls functions by their names, and a process is one machine
    _machine = machine


def hello(packed: bytes) -> bytes:
    """Who this machine is, beside who asks, and which of some files it sees; or what it lacks to answer that."""
    return _answered(lambda machine: _hello(machine, unpack_plain(packed)))


def _hello(machine: Machine, asked: dict[str, Any]) -> dict[str, Any]:
    title, weights = machine.looker.network_names
    theirs = Identity.from_plain(asked["identity"])
    said = {"name": machine.name, "cores": machine.looker.cores}
    if (title, weights) == (theirs.network, theirs.weights):
        lacks = machine.looker.lacks({str(name): str(digest) for name, digest in asked["kept"].items()})
        if lacks:
            return {**said, "lacks": lacks}
        mine = machine.looker.identity()
    else:
        mine = Identity.with_network(title, weights)
    machine.token = hashlib.sha256(packed_identity(mine) + repr(asked["kept"]).encode()).hexdigest()
    seen = [_seen(path) for path in asked["sample"]]
    return {**said, "lacks": [], "identity": mine.to_plain(), "token": machine.token, "seen": seen}


def packed_identity(identity: Identity) -> bytes:
    """The same for equal ones."""
    return pack_plain(identity.to_plain())


def _seen(path: bytes) -> list[Any]:
    """[size, time as digits, digest of the first bytes] of a file; nothing for one that is not there."""
    try:
        found = Path(os.fsdecode(path)).stat()
    except (OSError, ValueError):
        return []
    return [found.st_size, str(found.st_mtime_ns), head_digest(path)]


def lend(name: str, part: bytes, is_last: bool) -> bytes:  # noqa: FBT001 - Dask passes what it was given, in order
    """Takes a part of a converted network."""

    def taken(machine: Machine) -> dict[str, Any]:
        machine.looker.take_lent(name, part, is_last=is_last)
        return {}

    return _answered(taken)


def refuse(why: str) -> bytes:
    """Hears, in one sentence, why it may not look at photos for a run."""

    def told(machine: Machine) -> dict[str, Any]:
        machine.refuse("".join(letter if letter.isprintable() else " " for letter in why[:_LONGEST_SENTENCE]))
        return {}

    return _answered(told)


def look(key: str, token: str, packed: bytes) -> bytes:
    """Looks at a chunk."""

    def looked(machine: Machine) -> dict[str, Any]:
        if token != machine.token:
            raise AlbumSortError(sentence("cluster.other-run"))
        return {"found": machine.looker.look(key, unpack_wanted(packed))}

    return _answered(looked)


def _answered(work: Callable[[Machine], dict[str, Any]]) -> bytes:
    if _machine is None:
        return pack_plain({"fault": sentence("cluster.no-worker")})
    try:
        return pack_plain(work(_machine))
    except AlbumSortError as error:
        return pack_plain({"fault": str(error)})
    except (*NONSENSE, OSError) as error:
        return pack_plain({"fault": f"{type(error).__name__}: {error}"[:500]})
