"""A run that was taken back, and whether the albums are still whole, on a terminal."""

from __future__ import annotations

from collections.abc import Mapping

from album_sort.operations.undo import TakenBack
from album_sort.operations.verify import VerifiedAlbums
from album_sort.operations.words import terminal_words
from album_sort.sentences import sentence
from album_sort.terminal.layout import Terminal, err_console, out_console, printable, say

SHOWN_FOREIGN = 5
"""Files that are not ours, named without -v: they are not a fault, but somebody wants to know which they are."""


def tell_undone(taken: TakenBack, *, quiet: bool) -> None:
    """What was taken back, and what stays."""
    console = out_console()
    if taken.undone is None:
        if not quiet:
            say(console, sentence("command.undo-finished", run=taken.run_id))
        return
    words = terminal_words(taken.lang, console.encoding)
    if taken.corrections and not quiet:
        say(console, words.text("undo_corrections_stay", n=taken.corrections))
    if not taken.is_lesson or taken.left:
        _tell_counts(console, taken, quiet=quiet)
    elif not quiet:
        say(console, words.text("undo_lesson", run=taken.run_id))


def _tell_counts(console: Terminal, taken: TakenBack, *, quiet: bool) -> None:
    if quiet and not taken.left:
        return
    taken_back, stay = sentence("command.taken-back", n=taken.taken), sentence("command.left", n=len(taken.left))
    say(console, sentence("command.undone", run=taken.run_id, taken=taken_back, left=stay))
    for result in taken.left:
        say(console, printable(result.error), indent=2, hanging=4)


def tell_half_undone(taken: TakenBack) -> None:
    """Beside all else, JSON too: what a person has to see to."""
    if taken.undone is None:
        return
    for error in taken.undone.untidy:
        say(err_console(), printable(sentence("command.folder-stays", why=error)))
    if taken.undone.is_half_done:
        say(err_console(), sentence("command.undo-half-way"))


def tell_file(path: str, verdict: str, detail: str) -> None:
    """One file of the albums, and how it was found."""
    about = f" ({detail})" if detail else ""
    say(out_console(), f"{_in_words(verdict):12} {printable(path)}{printable(about)}", hanging=13)


def tell_verified(albums: VerifiedAlbums, *, quiet: bool, verbose: bool) -> None:
    """What is missing, damaged or not ours, and how many files there are of each kind; `verbose`: each file has been told."""
    for file in () if verbose else albums.bad if quiet else (*albums.bad, *albums.foreign[:SHOWN_FOREIGN]):
        tell_file(file.path, file.verdict, file.detail)
    if quiet:
        return
    _tell_verdicts({str(verdict): count for verdict, count in albums.counts.items()})
    more = len(albums.foreign) - SHOWN_FOREIGN
    if not verbose and more > 0:
        say(out_console(), sentence("command.more-foreign", n=more), indent=2)


def _tell_verdicts(counts: Mapping[str, int]) -> None:
    told = ", ".join(
        sentence("command.counted", n=count, verdict=_in_words(verdict)) for verdict, count in counts.items() if count
    )
    say(out_console(), told or sentence("command.nothing-filed"))


def _in_words(verdict: str) -> str:
    return sentence(f"command.verdict-{verdict.replace(' ', '-')}")
