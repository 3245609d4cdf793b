"""Paths as somebody types them: absolute, and `..` behind a link resolved as `ls` and the kernel do, not as text."""

from __future__ import annotations

import os

from album_sort.errors import UsageError
from album_sort.sentences import sentence

_STARTED_IN: list[str | None] = []
"""The working folder when the program started; None where it had been removed."""


def leave_removed_folder() -> None:
    """Where the working folder has been removed: into another one, since whatever asks for it would raise."""
    try:
        _STARTED_IN[:] = [os.getcwd()]
    except OSError:
        _STARTED_IN[:] = [None]
        os.chdir("/")


def given_path(text: str) -> str:
    """The absolute path of what was typed. Links stay as they are named, but for one that `..` follows.

    Raises `UsageError` for an empty one: it means the working folder to the system, and to nobody else.
    """
    if not text:
        raise UsageError(sentence("common.an-empty-path-was"), hint=sentence("common.is-a-variable-not"))
    if not os.path.isabs(text):
        if _STARTED_IN == [None]:
            raise UsageError(
                sentence("common.means-a-folder-in", text=text),
                hint=sentence("common.change-to-another-folder"),
            )
        text = os.path.join(os.getcwd(), text)
    if ".." not in text.split("/"):
        return os.path.normpath(text)
    path = "/"
    for part in text.split("/"):
        if part == "..":
            path = os.path.dirname(os.path.realpath(path) if os.path.islink(path) else path)
        elif part not in ("", "."):
            path = os.path.join(path, part)
    return path


def is_within(folder: str, other: str) -> bool:
    """Whether a folder is another one or lies in it, as their names say."""
    return folder == other or folder.startswith(f"{other.rstrip('/')}/")
