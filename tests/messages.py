"""The files of sentences as tests read them, and where the code names a sentence."""

from __future__ import annotations

import ast
import re
import string
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from album_sort.sentences import message_folder
from tests.conftest import REPOSITORY

PACKAGE = REPOSITORY / "album_sort"


@cache
def message_files() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """By the name of the file, by key, by language and form."""
    return {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(message_folder().iterdir())}


@cache
def messages() -> Mapping[str, Mapping[str, str]]:
    """All of them, by key."""
    return {key: row for rows in message_files().values() for key, row in rows.items()}


def placeholders(text: str) -> set[str]:
    """The names of the values that a sentence takes."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@cache
def trees() -> Mapping[Path, ast.Module]:
    """The package, parsed."""
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}


def calls() -> Iterator[tuple[Path, ast.Call]]:
    """Where a sentence is said by a key that stands there."""
    for path, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "sentence":
                yield path, node


@cache
def keys_in_code() -> tuple[frozenset[str], tuple[str, ...]]:
    """Texts that look like keys, and patterns of those that are put together (`command.head-{}`)."""
    texts: set[str] = set()
    patterns: set[str] = set()
    for tree in trees().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.add(node.value)
            if isinstance(node, ast.JoinedStr):
                parts = [re.escape(str(one.value)) if isinstance(one, ast.Constant) else ".+" for one in node.values]
                patterns.add("".join(parts))
    return frozenset(texts), tuple(one for one in patterns if re.match(rf"({'|'.join(message_files())})\\\.", one))
