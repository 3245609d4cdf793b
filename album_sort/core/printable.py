"""Text that is shown as it is and does nothing else: names may hold control characters, and bytes that are not text."""

from __future__ import annotations


def printable_in(encoding: str, text: str) -> str:
    """Control characters of a hostile name must not move the cursor, undecodable bytes show as escapes; so does what an encoding lacks."""
    shown = "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
    return shown.encode(encoding, "backslashreplace").decode(encoding)
