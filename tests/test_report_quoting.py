"""Names shown to people and pasted into shells: nothing hidden, nothing run."""

from __future__ import annotations

import os
import shutil
import subprocess
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from album_sort.core.quoting import shell_word, visible

NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20) | st.binary(
    max_size=20
).map(lambda data: os.fsdecode(data.replace(b"\0", b"")))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("IMG_\u202egpj.exe", r"IMG_\u202egpj.exe"),
        ("a\nb", r"a\x0ab"),
        ("caf\udce9.jpg", r"caf\xe9.jpg"),
        ("猫 👩‍👧.jpg", "猫 👩‍👧.jpg"),
        ("a\u2066b\u2069", r"a\u2066b\u2069"),
    ],
)
def test_what_cannot_be_seen_is_spelled_out(name: str, shown: str) -> None:
    assert visible(name) == shown


@given(name=NAMES)
def test_shown_text_has_no_controls_and_a_utf8_form(name: str) -> None:
    shown = visible(name)
    shown.encode("utf-8")
    assert not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in shown)


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash on this machine")
def test_a_quoted_name_is_one_word_of_exactly_these_bytes() -> None:
    """Checked with bash itself, many names in one call."""

    @given(names=st.lists(NAMES, min_size=40, max_size=60))
    def check(names: list[str]) -> None:
        script = "printf '%s\\0' " + " ".join(shell_word(name) for name in names)
        result = subprocess.run(["bash", "-c", script], stdout=subprocess.PIPE, check=True, env={"LC_ALL": "C.UTF-8"})
        assert result.stdout == b"".join(os.fsencode(name) + b"\0" for name in names)

    check()


def test_a_plain_name_needs_no_quotes_and_an_option_never_hides_in_one() -> None:
    assert shell_word("Photos/IMG_1.jpg") == "Photos/IMG_1.jpg"
    assert shell_word("-rf") == "'-rf'"
    assert shell_word("it's.jpg") == r"'it'\''s.jpg'"
    assert shell_word("") == "''"
