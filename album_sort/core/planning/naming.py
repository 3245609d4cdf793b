"""Names that every file system takes: sanitising one path component, the one clash key, and the content-hash suffix.

Knows nothing of folders or plans. The rules are the strictest of ext4, APFS, NTFS, exFAT and SMB shares taken
together, because an album folder is copied to an external disk sooner or later.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from album_sort.core.file_names import fold, split_suffix
from album_sort.types import ContentId
from album_sort.types.ledger import STATE_FOLDER

NAME_MAX_BYTES = 255
"""Longest component, in UTF-8 bytes (ext4, XFS, Btrfs; NTFS and exFAT count 255 UTF-16 units, which is never less)."""

SUFFIX_LENGTHS = (6, 8, 12, 16, 64)
"""Hexadecimal digits of the content hash that a clash gets; the next length counts when the shorter clashes too."""

LONGEST_SUFFIX = 16
"""Characters of what a name can end with and still be one: what follows a dot in a sentence is none."""

_FORBIDDEN = re.compile(
    r'[\x00-\x1f\x7f-\x9f/\\:*?"<>|'
    "\u2028\u2029"
    # Bidirectional overrides make a name look like another one (`gpj.exe`); they carry nothing a photo's name needs.
    "\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_RESERVED = re.compile(r"(?:CON|PRN|AUX|NUL|COM[0-9¹²³]|LPT[0-9¹²³])\s*(?:\.|$)", re.IGNORECASE)
_PLAIN = re.compile(r"[A-Za-z0-9_~(-][A-Za-z0-9_~()+=@ .,-]*[A-Za-z0-9_~()-]")

_NO_NAMES = frozenset({"", "."})


def sanitise(name: str, *, limit: int = NAME_MAX_BYTES) -> str:
    """The name as every file system takes it: never empty, hidden or reserved, at most `limit` bytes.

    Sanitising twice changes nothing. Bytes that were not UTF-8 (surrogate escapes) become `%XX`, so that the original can
    still be recognised.
    """
    # Camera names need no work, and there are a hundred thousand of them.
    if len(name) <= limit and _PLAIN.fullmatch(name) and not _RESERVED.match(name):
        return name
    text = _SURROGATE.sub(_escape, name)
    text = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", text))
    text = unicodedata.normalize("NFC", text).strip().rstrip(" .")
    if text.startswith("."):
        # `.hidden.jpg` would not be seen in a file manager; `..` would leave the folder.
        text = "_" + text.lstrip(".")
    if _RESERVED.match(text):
        text = "_" + text
    return _shortened(text, limit) or "_"


def is_name(given: str) -> bool:
    """Whether a file or folder can be called just so everywhere, and is seen."""
    return sanitise(given) == given and not given.startswith(".")


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"%{code - 0xDC00:02X}" if 0xDC80 <= code <= 0xDCFF else "_"


def _cut(text: str, limit: int) -> str:
    """The longest beginning of at most `limit` UTF-8 bytes, cut between code points."""
    if len(text) * 4 <= limit:
        return text
    return text.encode("utf-8")[: max(limit, 0)].decode("utf-8", "ignore")


def _shortened(name: str, limit: int) -> str:
    if len(name.encode("utf-8")) <= limit:
        return name
    stem, suffix = split_suffix(name, LONGEST_SUFFIX)
    return _cut(stem, limit - len(suffix.encode("utf-8"))).rstrip(" .") + suffix


def split_stem(name: str, stems: Collection[str]) -> tuple[str, str]:
    """The part of a name that it shares with its group, and its own rest: `IMG_1.JPG.xmp` -> `IMG_1`, `.JPG.xmp`.

    All are sanitised. `stems` are those of the group's pictures and videos: the longest that begins the name counts, else
    the name's own.
    """
    folded = name.casefold()
    best = max((stem for stem in stems if folded.startswith(stem.casefold())), key=len, default="")
    # Folding may change the length of exotic letters; then the cut would be in the wrong place.
    if best and name[: len(best)].casefold() == best.casefold():
        return name[: len(best)], name[len(best) :]
    return split_suffix(name, LONGEST_SUFFIX)


def compose(stem: str, tag: str, tail: str, *, limit: int = NAME_MAX_BYTES) -> str:
    """Stem, tag and tail as one legal name; a long stem gives way, the tag and the suffix stay."""
    if len(stem) + len(tag) + len(tail) > limit // 4:
        room = limit - len(tag.encode("utf-8")) - len(tail.encode("utf-8"))
        if room < 1:
            inner, tail = split_suffix(tail, LONGEST_SUFFIX)
            stem, room = stem + inner, limit - len(tag.encode("utf-8")) - len(tail.encode("utf-8"))
        stem = _cut(stem, room)
    return sanitise(stem + tag + tail, limit=limit)


def tag_of(content_id: ContentId, digits: int) -> str:
    """`~3fa9c1`, or nothing for 0 digits."""
    return f"~{content_id[:digits]}" if digits else ""


def is_safe(path: str) -> bool:
    """Whether a path stays inside the destination and out of the state folder, however it is read.

    A backslash is a letter of a name here, which a person may give to a folder of ours, and a slash on other systems.
    """
    elsewhere = path.replace("\\", "/").split("/")
    return (
        _NO_NAMES.isdisjoint(path.split("/"))
        and ".." not in elsewhere
        and "\0" not in path
        and fold(elsewhere[0]) != STATE_FOLDER
    )
