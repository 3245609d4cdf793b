"""Reads every filed photo again and compares it with what was filed. No network is needed."""

from __future__ import annotations

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
    """Every file of the albums with its verdict."""

    files: tuple[Verified, ...]

    @property
    def bad(self) -> tuple[Verified, ...]:
        """Missing, changed or damaged."""
        return tuple(file for file in self.files if file.verdict not in (Verdict.OK, Verdict.FOREIGN))

    @property
    def foreign(self) -> tuple[Verified, ...]:
        """Not ours: no fault, but somebody wants to know which they are."""
        return tuple(file for file in self.files if file.verdict is Verdict.FOREIGN)


def verify(destination: str, *, sink: EventSink) -> VerifiedAlbums:
    """Reads every file of the albums again; raises `DestinationError` where there are no albums of ours."""
    must_be_ours(destination)
    fs = RealFileSystem()
    with open_to_read(destination) as state:
        picture = take_picture(destination, fs, without_unwanted(state.records(), state.corrections()))
        lang = language_of(state)
    tell_unreadable(picture, lang, sink)
    return VerifiedAlbums(tuple(file for file in verify_files(destination, fs, picture) if file.path != REPORT_PAGE))
