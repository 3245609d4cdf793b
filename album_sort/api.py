"""The Python API: what the program does, for programs. `import album_sort` exports it; docs/reference/api.md shows it at work.

Settings have the names and values of a configuration file. What the albums keep holds here as on the command line, and what the call
says goes before it; the user's own file and the environment belong to the command line and are not read.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

from album_sort.config import Layer, cache_folder, resolve_settings
from album_sort.errors import PictureRefused
from album_sort.events import EventSink, silent
from album_sort.operations import changes as told_changes
from album_sort.operations import sort as operations
from album_sort.operations.changes import Changed, ChangesPlan
from album_sort.operations.known_problems import KnownProblems
from album_sort.operations.order import SettingsHere, SortOrder, order_for, settings_here
from album_sort.operations.outcome import Outcome
from album_sort.operations.predict import Predicted, Predictor
from album_sort.operations.stop import StopRequest
from album_sort.paths import given_path
from album_sort.scan import scan
from album_sort.settings import Settings
from album_sort.types import Assignment, Prediction
from album_sort.types.changes import Change

__all__ = [
    "Changed",
    "ChangesPlan",
    "Outcome",
    "PhotoClass",
    "Predictor",
    "StopRequest",
    "apply_changes",
    "classify",
    "preview",
    "preview_changes",
    "sort",
]

Path = str | os.PathLike[str]

_ORIGIN = "call"
"""Where a setting comes from that a caller gives: as in `call: mode = move: ...`."""


@dataclass(frozen=True, slots=True)
class PhotoClass:
    """What is thought of one photo."""

    path: str
    prediction: Prediction | None = None
    """The likeliest of the network's classes; None for a film, and for what could not be read."""
    assignment: Assignment | None = None
    """The album with the runners-up and the reasons; None for what could not be read."""
    refused: str = ""
    """Why it could not be read, as a sentence; empty for what could be."""

    @property
    def album(self) -> str:
        """The album's id, `review` where the program is not sure enough; empty for what could not be read."""
        return self.assignment.album if self.assignment is not None else ""


def sort(
    photos: Path | Iterable[Path],
    albums: Path,
    *,
    on_event: EventSink = silent,
    stop: StopRequest | None = None,
    save: bool = False,
    **settings: object,
) -> Outcome:
    """Files photos into the albums, as `album-sort PHOTOS --out ALBUMS` does; what cannot be read is left out and listed.

    `on_event` hears what happens while it happens; `stop` may be asked, from another thread, to end after the file in hand; with
    `save` the albums keep these settings. Raises `AlbumSortError` for what stops a run, with a `hint` what to do about it.
    """
    order = _order(photos, albums, settings, is_preview=False, saves=save)
    return operations.sort(order, _known(order), sink=on_event, stop=stop or StopRequest())


def preview(
    photos: Path | Iterable[Path], albums: Path, *, on_event: EventSink = silent, **settings: object
) -> Outcome:
    """What `sort` would do, and why; writes nothing but the cache. Raises as `sort` does."""
    order = _order(photos, albums, settings, is_preview=True, saves=False)
    return operations.preview(order, _known(order), sink=on_event, stop=StopRequest())


def preview_changes(albums: Path, changes: Iterable[Change], **settings: object) -> ChangesPlan:
    """What these changes of the albums would come to, photo by photo; reads only, and no network is run.

    Raises `UsageError` for a photo, an album or a trip that is not there, and for what cannot be said of them.
    """
    destination = given_path(os.fspath(albums))
    return told_changes.preview_changes(destination, tuple(changes), _here(destination, settings))


def apply_changes(
    albums: Path,
    changes: Iterable[Change],
    *,
    on_event: EventSink = silent,
    stop: StopRequest | None = None,
    **settings: object,
) -> Changed:
    """Remembers changes and carries them out: one run, all of which `undo` takes back. Raises as `preview_changes`.

    Also `DestinationLocked` where another run holds the albums; with the setting `wait` that is waited for.
    """
    destination = given_path(os.fspath(albums))
    here = _here(destination, settings)
    return told_changes.apply_changes(
        destination, tuple(changes), here, sink=on_event, stop=stop or StopRequest(), wait_seconds=here.settings.wait
    )


def classify(paths: Path | Iterable[Path], **settings: object) -> tuple[PhotoClass, ...]:
    """What the network sees in photos, and the album that each of them would go to by itself; writes no album.

    `paths` are files or folders; the answers are in the order of their paths. Without neighbours a photo has no trip: `preview` decides
    about a library as a whole. A program that asks again and again keeps a `Predictor` instead. Raises `AlbumSortError` where there is
    nothing to ask, or no network.
    """
    found = scan([given_path(path) for path in _texts(paths)]).files
    chosen = _settings(settings)
    files = [file for file in found if file.kind.value != "sidecar"]
    with Predictor.of(chosen) as predictor:
        answers = predictor.predict_all(files)
    return tuple(_told(file.path, answer) for file, answer in zip(files, answers, strict=True))


def _told(path: str, answer: Predicted | PictureRefused) -> PhotoClass:
    if isinstance(answer, PictureRefused):
        return PhotoClass(path, refused=str(answer))
    return PhotoClass(path, answer.prediction, answer.assignment)


def _order(
    photos: Path | Iterable[Path], albums: Path, given: dict[str, object], *, is_preview: bool, saves: bool
) -> SortOrder:
    destination = given_path(os.fspath(albums))
    here = _here(destination, given)
    # Each file is asked for: a program looks at all that it is told.
    return order_for(_texts(photos), destination, here, is_preview=is_preview, saves=saves, in_detail=True)


def _here(destination: str, given: dict[str, object]) -> SettingsHere:
    call = Layer(_ORIGIN, given)
    return settings_here(destination, lambda kept: [call] if kept is None else [kept, call])


def _settings(given: dict[str, object]) -> Settings:
    return resolve_settings([Layer(_ORIGIN, given)]).settings


def _texts(paths: Path | Iterable[Path]) -> list[str]:
    return [os.fspath(path) for path in ([paths] if isinstance(paths, str | os.PathLike) else paths)]


def _known(order: SortOrder) -> KnownProblems:
    return KnownProblems.read(cache_folder(), order.destination)
