"""Names below a destination, and names of its runs: the only way from a text that somebody else wrote to a place on the disk.

What lies in `.album-sort/` of a disk that came from elsewhere is input. A text becomes an `AlbumRelPath` or a `RunId` by the two
functions here and nowhere else (`tests/test_architecture.py` looks), so that whatever takes these types cannot be led outside.
Imports nothing of ours.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NewType

from album_sort.sentences import sentence

STATE_FOLDER = ".album-sort"
"""Inside a destination, what we keep of it; marks it as ours."""

AlbumRelPath = NewType("AlbumRelPath", str)
"""Path inside the destination, with `/`, never absolute, never with `..`, never into the state folder. Empty: none."""

RunId = NewType("RunId", str)
"""Name of a run: one name that is not a path. Its folder in `runs/` and in the trash is called so."""

NOWHERE = AlbumRelPath("")
"""Where a row needs no such path."""

NO_RUN = RunId("")
"""Where only places are asked for."""

LONGEST_PATH = 4096
"""Bytes; no system opens a longer one. Components are checked by the file system that gets them."""

PREVIEWS = "previews"
"""In the state folder, pictures for browsers of the photos that these do not show."""

REPORT_PREVIEWS = "report-previews"
"""The same beside a report of what is not filed."""

PREVIEW_PATTERN = rf"^(\.album-sort/{PREVIEWS}|{REPORT_PREVIEWS})/[0-9a-f]{{2}}/[0-9a-f]{{64}}\.jpg$"

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
# An empty component, `.` or `..` (so also a slash at either end), NUL, or what stands for no byte of any name.
_UNSAFE = re.compile(r"(?:^|/)\.{0,2}(?:/|$)|[\0\ud800-\udc7f\udd00-\udfff]")


class OutsideError(ValueError):
    """A text that names no place below the destination, or no run."""


def inner_path(text: object) -> AlbumRelPath:
    """The text as a path below the destination; raises `OutsideError` for every other."""
    if not isinstance(text, str) or len(text) > LONGEST_PATH or _UNSAFE.search(text) or _is_ours(text):
        raise OutsideError(sentence("plan.is-not-a-place", text=f"{text!s:.80}"))
    return AlbumRelPath(text)


def inner_path_or_none(text: object) -> AlbumRelPath:
    """The same, where the empty text says that there is none."""
    return NOWHERE if isinstance(text, str) and not text else inner_path(text)


def preview_path(text: object) -> str:
    """The text where it is the address of a preview, as a report has it; empty for every other."""
    is_one = isinstance(text, str) and re.fullmatch(PREVIEW_PATTERN, text, re.ASCII) and "\n" not in text
    return str(text) if is_one else ""


def run_id_of(text: object) -> RunId:
    """The text as the id of a run; raises `OutsideError` for every other."""
    if not isinstance(text, str) or not _RUN_ID.fullmatch(text):
        raise OutsideError(sentence("plan.is-not-a-run", text=f"{text!s:.80}"))
    return RunId(text)


def _is_ours(text: str) -> bool:
    """Whether a path begins with the state folder, however a file system may spell it (`.Album-Sort`)."""
    if not text.startswith("."):
        return False
    first = text.split("/", 1)[0]
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", first).casefold()) == STATE_FOLDER
