"""`album-sort` without a word more."""

from __future__ import annotations

import typer

from album_sort.errors import ExitCode
from album_sort.operations.here import albums_here
from album_sort.paths import given_path
from album_sort.sentences import spoken
from album_sort.terminal.here import tell_what_to_type, tell_which, wants_to_sort
from album_sort.terminal.questions import can_ask


def words_for_here() -> list[str]:
    """The words of the command that is meant: asked for on a terminal, done without one where nothing else can be meant.

    Raises `typer.Exit` where there is nothing to do but to say what to type.
    """
    lang = spoken()
    found = albums_here(given_path("."))
    if not found:
        tell_what_to_type(lang)
        raise typer.Exit(ExitCode.USAGE)
    [here, *others] = found
    if others or not here.photos or not (can_ask() or here.is_meant):
        tell_which(found, lang)
        raise typer.Exit(ExitCode.USAGE)
    if can_ask() and not wants_to_sort(here, lang):
        raise typer.Exit(ExitCode.DONE)
    return ["sort", "--out", here.albums, "--", *here.photos]
