"""The exit code of what was carried out."""

from __future__ import annotations

from album_sort.errors import ExitCode


def code_of(stopped_by: str, *, is_whole: bool) -> ExitCode:
    """`stopped_by`: what has ended it before its end, empty for nothing."""
    if stopped_by:
        return ExitCode.INTERRUPTED if stopped_by == "interrupted" else ExitCode.FATAL
    return ExitCode.DONE if is_whole else ExitCode.PARTIAL
