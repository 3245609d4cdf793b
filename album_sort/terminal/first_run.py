"""What a person is told before a run's first silent second, and after the first run: what to do next."""

from __future__ import annotations

from collections.abc import Iterator

from album_sort.operations.order import SortOrder
from album_sort.operations.outcome import Outcome
from album_sort.operations.program_call import called_with
from album_sort.operations.words import Words, terminal_words
from album_sort.terminal.layout import err_console, out_console, printable, say
from album_sort.types import REVIEW, Mode

SHOWN_SOURCES = 3


def greet(order: SortOrder, *, is_preview: bool) -> None:
    """Says what is going to be done, at length where it is done for the first time."""
    console = err_console()
    words = terminal_words(order.here.lang, console.encoding)
    shown = [printable(source, console.encoding) for source in order.sources[:SHOWN_SOURCES]]
    if len(order.sources) > SHOWN_SOURCES:
        shown.append("…" if console.encoding.startswith("utf") else "...")
    if order.here.kept.is_decided:
        key = "greet_again"
    elif is_preview:
        key = "greet_preview"
    else:
        key = "greet_link" if order.settings.mode in (Mode.SYMLINK, Mode.HARDLINK) else "greet_copy"
    albums = printable(order.destination, console.encoding)
    say(console, words.text(key, sources=", ".join(shown), albums=albums))


def print_next(outcome: Outcome) -> None:
    """Three things to do after the first run, two after its preview; nothing where nobody watches."""
    console = out_console()
    is_whole = outcome.is_preview or (outcome.applied is not None and not outcome.applied.stopped_by)
    if not console.is_terminal or not outcome.is_first or not outcome.summary.photos or not is_whole:
        return
    words = terminal_words(outcome.lang, console.encoding)
    console.print()
    say(console, words.text("next"))
    for sentence, call in _next(words, outcome):
        say(console, printable(sentence), indent=2, hanging=4, call=printable(call))


def _next(words: Words, outcome: Outcome) -> Iterator[tuple[str, str]]:
    """Sentences, each with the command in it."""
    if outcome.is_preview:
        if not outcome.report_paths:
            yield words.text("next_pictures"), ""
        yield words.text("next_run"), ""
        return
    out = ("--out", outcome.destination)
    if any(album.album == REVIEW for album in outcome.summary.albums):
        call = called_with("review", *out)
        yield words.text("next_review", call=call), call
    else:
        call = called_with("explain", "PHOTO", *out)
        yield words.text("next_explain", call=call), call
    call = called_with("init")
    yield words.text("next_nightly", call=call), call
    call = called_with("undo", *out)
    yield words.text("next_undo", call=call), call
