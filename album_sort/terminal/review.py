"""What waits for a person's word, each kind with the commands that answer."""

from __future__ import annotations

from collections.abc import Sequence

from album_sort.operations.program_call import called_with
from album_sort.operations.review import Waiting
from album_sort.operations.words import Words, terminal_words
from album_sort.terminal.layout import Terminal, out_console, printable, say

SHOWN = 20
"""Of each kind; `--json` has them all."""


def tell_waiting(waiting: Waiting, destination: str) -> None:
    """Lists them."""
    console = out_console()
    words = terminal_words(waiting.lang, console.encoding)
    call = printable(called_with("fix", "--out", destination))
    _say_all(console, words, "review_unsure", waiting.unsure, ("review_tell",), call=call)
    _say_all(console, words, "review_deleted", waiting.deleted, ("by_hand_keep_out", "by_hand_bring_back"), call=call)
    if not waiting.unsure and not waiting.deleted:
        say(console, words.text("review_nothing"))


def _say_all(
    console: Terminal, words: Words, key: str, paths: Sequence[str], answers: Sequence[str], *, call: str
) -> None:
    if not paths:
        return
    say(console, words.text(key, n=len(paths)))
    for path in paths[:SHOWN]:
        say(console, printable(path), indent=2, hanging=4)
    if len(paths) > SHOWN:
        say(console, words.text("review_more", n=len(paths) - SHOWN), indent=2)
    for answer in answers:
        say(console, words.text(answer, call=call), indent=2, hanging=4, call=call)
