"""Text from photos made fit to be shown and pasted: what cannot be seen is spelled out, what a shell could read is quoted. Pure."""

from __future__ import annotations

import re

# Controls, line separators, bidirectional overrides and isolates, byte order marks, tags and lone surrogates: they would hide or turn
# around what stands beside them (`IMG_<override>gpj.exe` shows as a picture). Joiners stay: emoji and several scripts need them.
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)

_ESCAPED_BYTES = range(0xDC80, 0xDD00)
"""Where `os.fsdecode` keeps bytes that are not UTF-8."""

_SAFE_UNQUOTED = re.compile(r"[\w@%+=:,./-]+", re.ASCII)


def visible(text: str) -> str:
    r"""The text with each hidden character written as `\u202e`, `\n`, `\xff`."""
    # Nothing hidden is printable, and to ask for that costs a tenth of the search: a report asks a dozen times a photo.
    if text.isprintable():
        return text
    return _HIDDEN.sub(lambda match: _escape(match.group()), text)


def _escape(character: str) -> str:
    code = ord(character)
    if code in _ESCAPED_BYTES:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def needs_escapes(text: str) -> bool:
    """Whether quotes alone would let a hidden character into a command line."""
    return not text.isprintable() and _HIDDEN.search(text) is not None


def shell_word(text: str) -> str:
    r"""One word of a command line for a POSIX shell; hidden characters as `$'\xff'`, which bash, zsh and ksh read."""
    if needs_escapes(text):
        escaped = "".join(_shell_escape(character) for character in text)
        return f"$'{escaped}'"
    if _SAFE_UNQUOTED.fullmatch(text) and not text.startswith("-"):
        return text
    return "'" + text.replace("'", "'\\''") + "'"


def out_option(albums: str) -> str:
    """What names albums in a call that is made to be typed, ` --out ALBUMS`; empty for none."""
    return f" --out {shell_word(albums)}" if albums else ""


def _shell_escape(character: str) -> str:
    if character in "\\'":
        return "\\" + character
    if not needs_escapes(character):
        return character
    # Three octal digits are the one form that never swallows the character after it (`\xff` followed by `a` might).
    errors = "surrogateescape" if ord(character) in _ESCAPED_BYTES else "surrogatepass"
    return "".join(f"\\{byte:03o}" for byte in character.encode("utf-8", errors))
