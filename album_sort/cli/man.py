"""Prints the manual page: `python -m album_sort.cli.man > packaging/album-sort.1`."""

from __future__ import annotations

import sys

from album_sort.cli.app import app
from album_sort.sentences import speak
from album_sort.shell.man import manual_page

if __name__ == "__main__":
    speak("en")
    sys.stdout.write(manual_page(app))
