"""The exception tree. Each class knows its exit code; each message carries the value and, as `hint`, what to do next.

AlbumSortError                1
├── UsageError                2   wrong call, configuration, rules, layout
├── WeightsUnavailable        4   no model weights to be had
├── ModelError                1   weights that cannot be used
├── PictureRefused            3   one picture that cannot be read, or not be decided on
├── DestinationError          1   destination not writable, no space, state that cannot be read
├── DestinationLocked        11   another run holds the destination
└── Interrupted             130   SIGINT, SIGTERM
"""

from __future__ import annotations

import difflib
import errno
import os
from collections.abc import Iterable
from enum import IntEnum

from album_sort.sentences import sentence


class ExitCode(IntEnum):
    """Exit codes: the one table that `--help`, the docs and the code share."""

    DONE = 0
    FATAL = 1
    USAGE = 2
    PARTIAL = 3
    NO_WEIGHTS = 4
    LOCKED = 11
    INTERRUPTED = 130

    @property
    def meaning(self) -> str:
        """One line for help and docs."""
        return sentence(f"common.exit-{int(self)}")


class AlbumSortError(Exception):
    """Base of all errors meant for the user."""

    exit_code = ExitCode.FATAL

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint
        """What to do next, as a sentence or a command."""


_PLAIN = {
    errno.EACCES: "common.no-permission",
    errno.EPERM: "common.no-permission",
    errno.ENOENT: "common.no-longer-there",
    errno.EIO: "common.disk-fails",
    errno.ENOSPC: "common.disk-full",
    errno.EDQUOT: "common.quota",
    errno.EROFS: "common.read-only",
    errno.ENAMETOOLONG: "common.name-too-long",
    errno.EFBIG: "common.file-too-large",
}


def in_plain_words(error: OSError) -> str:
    """What the system says of an error, in words of ours where it is a usual one."""
    number, said = error.errno or 0, error.strerror or str(error)
    # What we have said ourselves (so many bytes arrived of so many) says more than what the number stands for.
    return sentence(_PLAIN[number]) if number in _PLAIN and said == os.strerror(number) else said


def why_unreadable(error: OSError | UnicodeDecodeError) -> str:
    """Why a text file of the user's cannot be read, without repeating its name."""
    return sentence("common.it-is-not-text") if isinstance(error, UnicodeDecodeError) else in_plain_words(error)


class UsageError(AlbumSortError):
    """The call or the configuration cannot be carried out as given."""

    exit_code = ExitCode.USAGE


class WeightsUnavailable(AlbumSortError):
    """The weights asked for are neither here nor to be fetched."""

    exit_code = ExitCode.NO_WEIGHTS


class ModelError(AlbumSortError):
    """Weights that are damaged, of another network, or of an unexpected hash."""


class PictureRefused(AlbumSortError):
    """One picture that cannot be read, or that nothing can be decided about; in a run such a file is left out and listed."""

    exit_code = ExitCode.PARTIAL


class DestinationError(AlbumSortError):
    """The destination cannot be written to or its state not be read."""


class DestinationLocked(AlbumSortError):
    """Another run holds the destination."""

    exit_code = ExitCode.LOCKED


class Interrupted(AlbumSortError):
    """SIGINT or SIGTERM; what was done stays done."""

    exit_code = ExitCode.INTERRUPTED


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """The known word that is spelled most alike; empty where none is alike enough (0 anything, 1 only the same)."""
    return next(iter(difflib.get_close_matches(word, tuple(known), 1, cutoff)), "")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a sentence on an unknown word: the known one that is spelled most alike, else all of them."""
    choices = tuple(known)
    near = nearest(word, choices)
    return (
        sentence("common.did-you-mean", near=near) if near else sentence("common.there-are", choices=", ".join(choices))
    )
