"""Reads every filed photo again and compares it with what was filed. No network is needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from album_sort.events import EventSink
from album_sort.fileops.filesystem import RealFileSystem
from album_sort.fileops.picture import take_picture
from album_sort.fileops.verify import Verdict, Verified
from album_sort.fileops.verify import verify as verify_files
from album_sort.operations.pages import REPORT_PAGE
from album_sort.operations.runs import must_be_ours, tell_unreadable
from album_sort.pipeline.hand import without_unwanted
from album_sort.pipeline.remembered import language_of, open_to_read


@dataclass(frozen=True, slots=True)
class VerifiedAlbums:
    """What came of reading them: those that somebody wants to hear of, and how many of each kind."""

    bad: tuple[Verified, ...]
    """Missing, changed or damaged."""
    foreign: tuple[Verified, ...]
    """Not ours: no fault, but somebody wants to know which they are."""
    counts: Mapping[Verdict, int]


def verify(
    destination: str, *, sink: EventSink, on_file: Callable[[Verified], None] = lambda _file: None
) -> VerifiedAlbums:
    """Reads every file of the albums again; `on_file` hears of each.

    Raises `DestinationError` where there are no albums of ours.
    """
    must_be_ours(destination)
    fs = RealFileSystem()
    with open_to_read(destination) as state:
        picture = take_picture(destination, fs, without_unwanted(state.records(), state.corrections()))
        lang = language_of(state)
    tell_unreadable(picture, lang, sink)
    counts = dict.fromkeys(Verdict, 0)
    told: list[Verified] = []
    for file in verify_files(destination, fs, picture):
        if file.path != REPORT_PAGE:
            counts[file.verdict] += 1
            if file.verdict is not Verdict.OK:
                told.append(file)
            on_file(file)
    return VerifiedAlbums(
        tuple(file for file in told if file.verdict is not Verdict.FOREIGN),
        tuple(file for file in told if file.verdict is Verdict.FOREIGN),
        counts,
    )
