"""`review`: what waits for a person's word, and what to say to it."""

from __future__ import annotations

from collections.abc import Sequence

from album_sort.cli._console import print_json
from album_sort.errors import ExitCode
from album_sort.operations.program_call import program_call
from album_sort.operations.review import waiting_for_a_person
from album_sort.operations.words import terminal_words
from album_sort.report import Words
from album_sort.terminal.layout import Terminal, out_console, printable, say

SHOWN = 20
"""Of each kind; `--json` has them all."""


def run_review(destination: str, albums_file: str, *, as_json: bool) -> ExitCode:
    """Lists them, each kind with the commands that answer. Writes nothing."""
    waiting = waiting_for_a_person(destination, albums_file)
    if as_json:
        for kind, paths in (("unsure", waiting.unsure), ("deleted", waiting.deleted)):
            for path in paths:
                print_json({"kind": kind, "path": path})
        return ExitCode.DONE
    console = out_console()
    words = terminal_words(waiting.lang, console.encoding)
    call = f"{program_call()} fix --out {printable(destination)}"
    _say_all(console, words, "review_unsure", waiting.unsure, ("review_tell",), call)
    _say_all(console, words, "review_deleted", waiting.deleted, ("by_hand_keep_out", "by_hand_bring_back"), call)
    if not waiting.unsure and not waiting.deleted:
        say(console, words.text("review_nothing"))
    return ExitCode.DONE


def _say_all(
    console: Terminal, words: Words, key: str, paths: Sequence[str], answers: Sequence[str], call: str
) -> None:
    if not paths:
        return
    say(console, words.text(key, n=len(paths)))
    for path in paths[:SHOWN]:
        say(console, printable(path), indent=2, hanging=4)
    if len(paths) > SHOWN:
        say(console, words.text("review_more", n=len(paths) - SHOWN), indent=2)
    for answer in answers:
        say(console, words.text(answer, call=call), indent=2, hanging=4)
