"""Questions to a person on a terminal: asked on stderr, answered on stdin. Whoever ends the input or presses Ctrl-C has said no."""

from __future__ import annotations

import sys

from album_sort.operations.words import Words
from album_sort.terminal.layout import err_console, printable, say


def can_ask() -> bool:
    """Whether somebody reads questions and can answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(question: str, default: str = "") -> str:
    """An answer in one line, the default for none. Raises `KeyboardInterrupt` where there will be none."""
    console = err_console()
    shown = f"{question} [{printable(default, console.encoding)}]" if default else question
    *before, last = shown.splitlines()
    for line in before:
        say(console, line)
    sys.stderr.write(f"{last} ")
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        sys.stderr.write("\n")
        raise KeyboardInterrupt
    return line.strip() or default


def agrees(question: str, words: Words, *, default: bool = True) -> bool:
    """Yes or no, in whichever language it is said; anything else is asked again."""
    answers = {"y": True, "yes": True, "是": True, "n": False, "no": False, "否": False, "": default}
    choice = words.text("yes_or_no" if default else "no_or_yes")
    while (answer := ask(f"{question} {choice}").lower()) not in answers:
        pass
    return answers[answer]
