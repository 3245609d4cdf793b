"""Edited copies in a Google Takeout, by its own rule and in every language.

Takeout writes a JSON for each photo but none for its edited copy, which is named after the original with `-` and a word
(`-edited`, `-szerkesztett`, `-ha editado`, cut off where the name gets too long). So no list of words is needed: a file
without a JSON whose name is that of a described file, a sign and letters is its edited copy. Figures are not a word:
`IMG_1-2.jpg` is another photo.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Container, Iterable, Iterator

from album_sort.core.file_names import fold, split_suffix
from album_sort.core.groups.photo_names import TAKEOUT_STEM, split_counter
from album_sort.core.groups.same_folder import same_folder
from album_sort.types import FileEntry

_SIGNS = "-_ "
_MOST_LETTERS = 30


def edited_copies(files: Iterable[FileEntry], described: Container[str]) -> dict[str, FileEntry]:
    """Path of each edited copy with its original; `described` are the paths of the files that have a JSON of their own."""
    originals: dict[tuple[str, str], FileEntry] = {}
    others: list[FileEntry] = []
    for file in files:
        if file.path in described:
            originals.setdefault((same_folder(file.folder), _stem(file)), file)
        else:
            others.append(file)
    found: dict[str, FileEntry] = {}
    for file in others if originals else ():
        folder = same_folder(file.folder)
        held = (originals.get((folder, stem)) for stem in _stems_of_originals(_stem(file)))
        original = next((one for one in held if one is not None), None)
        if original is not None:
            found[file.path] = original
    return found


def _stem(file: FileEntry) -> str:
    return split_suffix(fold(file.name))[0]


def _stems_of_originals(stem: str) -> Iterator[str]:
    """What the original may be called, the longest first: `IMG_1(2)` for `IMG_1-edited(2)`."""
    bare, counter = split_counter(stem)
    for at in range(len(bare) - 1, 0, -1):
        if bare[at] in _SIGNS and _is_mark(bare[at + 1 :].strip("()"), is_cut=len(bare) == TAKEOUT_STEM):
            yield bare[:at] + counter
            yield bare[:at].rstrip(_SIGNS) + counter


def _is_mark(tail: str, *, is_cut: bool) -> bool:
    """Letters of any script, in one word or several; nothing at all where Takeout has cut the name off."""
    if not tail:
        return is_cut
    is_words = all(sign in " -'’." or unicodedata.category(sign)[0] in "LM" for sign in tail)
    return is_words and len(tail) <= _MOST_LETTERS and any(sign.isalpha() for sign in tail)
