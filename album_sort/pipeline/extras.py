"""What is installed beside the program, told without loading it."""

from __future__ import annotations

from importlib.util import find_spec


def can_show_films() -> bool:
    """Whether there is a decoder of films (extra `video`)."""
    return find_spec("av") is not None
