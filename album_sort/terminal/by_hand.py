"""What a person did in the albums, told once at the end of the run that has read it."""

from __future__ import annotations

from collections.abc import Callable

from album_sort.operations.program_call import called_with
from album_sort.operations.words import Words
from album_sort.terminal.layout import Terminal, printable, say
from album_sort.types import AlbumId
from album_sort.types.corrections import HandKind, HandReading

SHOWN = 3
"""Photos of each kind; `fix --list` has them all."""


def print_by_hand(
    console: Terminal, words: Words, hand: HandReading, destination: str, title: Callable[[AlbumId], str]
) -> None:
    """Photos that were moved, albums that were renamed, photos that came back or are missing."""
    moved = {HandKind.MOVED, HandKind.PLACED}
    _print_kind(console, words, hand, "by_hand_moved", moved)
    _print_kind(console, words, hand, "by_hand_moved_back", {HandKind.MOVED_BACK})
    _print_kind(console, words, hand, "by_hand_put_back", {HandKind.PUT_BACK})
    if hand.renamed:
        say(console, words.text("by_hand_renamed", n=len(hand.renamed)))
        for album, name in hand.renamed[:SHOWN]:
            said = words.text("by_hand_now_called", title=printable(title(album)), name=printable(name))
            say(console, said, indent=2, hanging=4)
    if any(change.kind in moved for change in hand.changes):
        call = _call(destination)
        say(console, words.text("by_hand_take_back", call=call), hanging=2, call=call)
    if hand.missing:
        say(console, words.text("by_hand_missing", n=hand.missing))


def print_deleted_by_hand(console: Terminal, words: Words, hand: HandReading, destination: str) -> None:
    """The one thing that asks for an answer: told to a person at a terminal and in cron's mail alike, once."""
    if _print_kind(console, words, hand, "by_hand_deleted", {HandKind.DELETED}):
        call = _call(destination)
        say(console, words.text("by_hand_keep_out", call=call), indent=2, hanging=4, call=call)
        say(console, words.text("by_hand_bring_back", call=call), indent=2, hanging=4, call=call)


def _print_kind(console: Terminal, words: Words, hand: HandReading, key: str, kinds: set[HandKind]) -> int:
    changes = [change for change in hand.changes if change.kind in kinds]
    if changes:
        say(console, words.text(key, n=len(changes)))
    for change in changes[:SHOWN]:
        places = [place for place in (change.before, change.path) if place]
        say(console, " -> ".join(map(printable, places)), indent=2, hanging=4)
    if len(changes) > SHOWN:
        say(console, words.text("more_in_list", n=len(changes) - SHOWN), indent=2)
    return len(changes)


def _call(destination: str) -> str:
    return printable(called_with("fix", "--out", destination))
