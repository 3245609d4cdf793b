"""Patterns in .gitignore's syntax: they mean what they mean elsewhere, and no pattern takes longer than its length."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from album_sort.core.glob import MOST_PATTERNS, Globs, PatternFault

NAMES = st.text("ab.-", min_size=1, max_size=4).filter(lambda name: name.strip("."))
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
# No negated ones: there `[!a]` stands for a slash as well; for git, and for us, no bracket does.
BRACKETS = st.sampled_from(["[ab]", "[a-b]", "[]a]", "[-a]"])
PIECES = st.lists(st.sampled_from(["a", "b", ".", "-", "*", "?", "\\a", "**"]) | BRACKETS, min_size=1, max_size=5).map(
    "".join
)
LINES = st.builds(
    lambda negation, root, segments, end: negation + root + "/".join(segments) + end,
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(PIECES, min_size=1, max_size=3),
    st.sampled_from(["", "", "/"]),
)


@given(st.lists(LINES, min_size=1, max_size=4), PATHS)
def test_patterns_mean_what_a_known_library_takes_them_for(lines: list[str], path: str) -> None:
    assert Globs.of(lines).match(path) == GitIgnoreSpec.from_lines(lines).match_file(path)


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("*a" * 20 + "b", "a" * 255),
        ("*" * 400 + "b", "a" * 255),
        ("/".join(["**", "*a*a*"] * 20) + "/b", "/".join(["a" * 200] * 20)),
        ("?*" * 100 + "b", "a" * 255),
        ("*[!b]" * 60 + "b", "a" * 255),
    ],
)
def test_no_pattern_takes_for_ever(line: str, path: str) -> None:
    began = time.thread_time()
    assert not Globs.of([line]).match(path)
    # Milliseconds of work; what other programs take meanwhile is not counted.
    assert time.thread_time() - began < 1


def test_no_bracket_stands_for_a_slash() -> None:
    assert Globs.of(["a[!b]c"]).match("axc")
    assert not Globs.of(["a[!b]c"]).match("a/c")


def test_brackets_that_mean_nothing_match_nothing() -> None:
    assert not Globs.of(["[z-a]", "[", "a\\", "[!"]).match("a")


def test_patterns_without_number_or_without_end_are_refused() -> None:
    with pytest.raises(PatternFault, match="2,001 patterns"):
        Globs.of(["a"] * (MOST_PATTERNS + 1))
    with pytest.raises(PatternFault, match="5,000 characters"):
        Globs.of(["a" * 5000])
