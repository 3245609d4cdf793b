"""Why a photo is where it is, on a terminal."""

from __future__ import annotations

from album_sort.operations.explain import Explained
from album_sort.terminal.layout import out_console, printable, say


def tell_explained(explained: Explained) -> None:
    """All that led to a photo's album, under headings."""
    console = out_console()
    console.out(printable(explained.source), style="bold")
    for section in explained.sections:
        console.print()
        say(console, section.heading)
        for line in section.lines:
            say(console, printable(line), indent=2, hanging=4)
