"""A run over an unchanged library, told from its inputs alone: ten thousand photos cost one second instead of several.

Everything that decides where photos go is in one digest: the files as the scan saw them, settings, rules, labels, network,
program, and what is remembered. Where it is that of the last complete run, and the albums lie as that run left them, there is
nothing to do. A large library is told so by less: where the file of what is remembered looks as that run left it, nothing of it is
read, and a glance at the albums is compared with the one of then.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from album_sort.cached_file import write_cached
from album_sort.classifier.labels import label_folder
from album_sort.core.checked import NONSENSE
from album_sort.core.learning.corrections import teaching_to_text
from album_sort.fileops.filesystem import RealFileSystem
from album_sort.fileops.glance import DISTURBED, glance_as_left
from album_sort.fileops.picture import take_picture
from album_sort.pipeline.extras import can_show_films
from album_sort.pipeline.remembered import Remembered
from album_sort.pipeline.scouting import Scouted
from album_sort.reading import read_small
from album_sort.settings import SPECS
from album_sort.state.database import DATABASE
from album_sort.types import AlbumRelPath, ContentId
from album_sort.types.ledger import STATE_FOLDER, DestinationPicture

IDLE_SETTINGS = frozenset(name for name, spec in SPECS.items() if spec.is_idle)
"""Settings that change nothing about where photos go."""

_MOST_BYTES = 16 << 20

_DECIDING = (".py", ".tsv", ".toml", ".npz")
"""How files of the program end by which photos are decided."""

_AT_ONCE = 1024
"""Texts digested together: one by one they took three times as long."""


@dataclass(frozen=True, slots=True)
class LastRun:
    """What is kept of the last complete run into a destination: in the cache, since the destination must stay untouched."""

    inputs: str
    outcome: str
    """What it said at its end."""
    seen: str = ""
    """Of the inputs, those that are not remembered by the destination."""
    state: str = ""
    """How the file looked that holds what is remembered."""
    albums: str = DISTURBED
    """How the albums looked, where all lay as that run had left it."""


def recall_last_run(cache_folder: Path, destination: str) -> LastRun | None:
    """The last complete run from this machine; None where there was none, or nothing that can be read."""
    try:
        values = json.loads(read_small(_file(cache_folder, destination), _MOST_BYTES))
        return LastRun(**{name: str(values[name]) for name in LastRun.__dataclass_fields__ if name in values})
    except (OSError, *NONSENSE):
        return None


def keep_last_run(cache_folder: Path, destination: str, run: LastRun) -> None:
    """Remembers a complete run; a cache that cannot be written only costs time."""
    text = json.dumps({name: getattr(run, name) for name in LastRun.__dataclass_fields__})
    write_cached(_file(cache_folder, destination), lambda sink: sink.write(text.encode()))


def _file(cache_folder: Path, destination: str) -> Path:
    name = hashlib.sha256(os.path.realpath(destination).encode("utf-8", "surrogateescape")).hexdigest()[:24]
    return cache_folder / "runs" / f"{name}.json"


def inputs_digest(scouted: Scouted, remembered: Remembered) -> str:
    """Digest of everything that decides what a run will do to its destination."""
    return _digest(chain(_seen(scouted), _remembered(remembered)))


def seen_digest(scouted: Scouted) -> str:
    """The same without what the destination remembers."""
    return _digest(_seen(scouted))


def _digest(texts: Iterable[str]) -> str:
    digest, texts = hashlib.sha256(), iter(texts)
    while some := list(islice(texts, _AT_ONCE)):
        digest.update("".join(f"{text}\0" for text in some).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _seen(scouted: Scouted) -> Iterator[str]:
    settings = scouted.request.settings
    # The language is that of the run: a first one is not told it, and those after it are, by what it has left.
    names = sorted(set(type(settings).__dataclass_fields__) - IDLE_SETTINGS - {"lang"})
    yield repr([getattr(settings, name) for name in names])
    # Where they go does not depend on it, but a run with previews makes those that one without them has not made.
    yield repr((settings.previews, can_show_films()))
    yield repr((scouted.lang, scouted.engine.model_key, scouted.policy.rules.digest))
    yield _program()
    for file in scouted.files:
        yield f"{file.path}|{file.size_bytes}|{file.mtime_ns}|{file.inode}"
    yield repr([(one.path, one.reason) for one in scouted.found.skipped])


def _remembered(remembered: Remembered) -> Iterator[str]:
    for path, row in sorted(remembered.records.ledger.items()):
        yield f"{path}|{row.content_id}|{row.folder}|{row.album}|{row.source}"
    yield repr(sorted(remembered.records.folder_aliases.items()))
    yield repr(sorted(remembered.corrections.items()))
    yield repr(sorted(remembered.facts.items()))
    yield repr([hashlib.sha256(teaching_to_text(one).encode()).digest() for one in remembered.teachings])
    yield repr(sorted((trip.trip_id, trip.title, len(trip.members)) for trip in remembered.trips))


@functools.cache
def _program() -> str:
    """The program's own files and labels: a clone that was brought up to date decides anew, whatever its version says.

    As they were when this process first asked: what it has loaded stays as it is.
    """
    return _digest(chain(_looks(os.fspath(Path(__file__).resolve().parents[1])), _looks(os.fspath(label_folder()))))


def _looks(folder: str) -> Iterator[str]:
    """A text for each file below a folder that decides something, in an order of its own."""
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            yield from _looks(entry.path)
        elif entry.name.endswith(_DECIDING):
            status = entry.stat()
            yield f"{entry.name}|{status.st_size}|{status.st_mtime_ns}"


def looks_of_state(destination: str) -> str:
    """How the file looks that holds what is remembered; empty where there is none, or one that is being written to.

    A file of the same looks holds the same, without a word of it being read.
    """
    path = Path(destination) / STATE_FOLDER / DATABASE
    if any(os.path.lexists(f"{path}{suffix}") for suffix in ("-wal", "-journal")):
        return ""
    try:
        found = path.lstat()
    except OSError:
        return ""
    return f"{found.st_dev}|{found.st_ino}|{found.st_size}|{found.st_mtime_ns}|{found.st_ctime_ns}"


def looks_of_albums(destination: str, remembered: Remembered) -> str:
    """A glance at the albums where every file lies as the last run left it, else `DISTURBED`. Reads names and dates only."""
    unwanted = _unwanted(remembered)
    # A photo that somebody had deleted may have come back elsewhere.
    if remembered.records.unfinished_runs or (unwanted and not is_undisturbed(destination, remembered)):
        return DISTURBED
    ledger = remembered.records.ledger
    absent = frozenset(path for path, row in ledger.items() if row.group_id in unwanted) if unwanted else frozenset()
    return glance_as_left(destination, ledger, absent)


def is_undisturbed(destination: str, remembered: Remembered) -> bool:
    """Whether every file in the albums is where and as the last run left it. Reads names and dates only."""
    if remembered.records.unfinished_runs:
        return False
    picture = take_picture(destination, RealFileSystem(), remembered.records)
    if picture.has_news or picture.stale_temporaries:
        return False
    unwanted = _unwanted(remembered)
    return all(
        _is_as_left(picture, path) or (row.group_id in unwanted and path not in picture.present)
        for path, row in picture.ledger.items()
    )


def _unwanted(remembered: Remembered) -> set[ContentId]:
    return {content for content, correction in remembered.corrections.items() if correction.keeps_out}


def _is_as_left(picture: DestinationPicture, path: AlbumRelPath) -> bool:
    row, file = picture.ledger[path], picture.present.get(path)
    if file is None:
        return False
    return file.mtime_ns == row.mtime_ns and (bool(file.link_text) or file.size_bytes == row.size_bytes)
