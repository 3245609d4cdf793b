"""Names that every file system takes, and the one key by which they clash."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from album_sort.core.file_names import fold, split_suffix
from album_sort.core.planning.album_names import find_album
from album_sort.core.planning.naming import LONGEST_SUFFIX, compose, is_safe, sanitise, split_stem
from album_sort.errors import UsageError
from album_sort.types import AlbumId

ANY_NAME = st.text(min_size=0, max_size=300) | st.binary(max_size=300).map(
    lambda raw: raw.decode("utf-8", "surrogateescape")
)


@given(ANY_NAME)
def test_a_sanitised_name_is_legal_everywhere(name: str) -> None:
    clean = sanitise(name)
    assert 1 <= len(clean.encode("utf-8")) <= 255
    assert not set(clean) & set('/\\:*?"<>|')
    assert not any(ord(letter) < 32 for letter in clean)
    assert not clean.startswith(".")
    assert not clean.endswith((".", " "))
    assert clean == unicodedata.normalize("NFC", clean)
    assert clean.split(".")[0].strip().upper() not in {"CON", "PRN", "AUX", "NUL", "COM1", "LPT9"}
    assert is_safe(clean)


@given(ANY_NAME)
def test_sanitising_twice_changes_nothing(name: str) -> None:
    assert sanitise(sanitise(name)) == sanitise(name)


@given(ANY_NAME, ANY_NAME)
def test_names_that_a_file_system_takes_for_one_have_one_key(first: str, second: str) -> None:
    if unicodedata.normalize("NFD", first).casefold() == unicodedata.normalize("NFD", second).casefold():
        assert fold(first) == fold(second)


@given(st.text(max_size=60))
def test_the_composed_and_the_decomposed_form_clash(name: str) -> None:
    assert fold(unicodedata.normalize("NFC", name)) == fold(unicodedata.normalize("NFD", name))
    assert fold(fold(name)) == fold(name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("IMG_0001.JPG", "IMG_0001.JPG"),
        ("海辺 (1).heic", "海辺 (1).heic"),
        ("a/b.jpg", "a_b.jpg"),
        ("..", "_"),
        (".hidden.jpg", "_hidden.jpg"),
        ("CON.jpg", "_CON.jpg"),
        ("com¹", "_com¹"),
        ("name. ", "name"),
        ("-rf.jpg", "-rf.jpg"),
        ("line\nbreak.jpg", "line_break.jpg"),
        ("\u202egpj.exe", "_gpj.exe"),
        ("caf\udce9.jpg", "caf%E9.jpg"),
        ("e\u0301.jpg", "\u00e9.jpg"),
        ("", "_"),
    ],
)
def test_examples(name: str, expected: str) -> None:
    assert sanitise(name) == expected


@pytest.mark.parametrize("letter", ["x", "é", "猫", "🐈"])
def test_a_long_name_keeps_its_suffix_and_whole_letters(letter: str) -> None:
    clean = sanitise(letter * 300 + ".jpeg")
    assert clean.endswith(letter + ".jpeg")
    assert 250 <= len(clean.encode("utf-8")) <= 255


@given(
    st.text(max_size=300), st.sampled_from(["", "~3fa9c1", "~" + "0" * 64]), st.sampled_from([".jpg", ".JPG.xmp", ""])
)
def test_the_hash_suffix_survives_cutting(stem: str, tag: str, tail: str) -> None:
    name = compose(sanitise(stem), tag, tail)
    assert tag + tail in name
    assert len(name.encode("utf-8")) <= 255


@pytest.mark.parametrize(
    ("name", "stems", "expected"),
    [
        ("IMG_1.JPG.xmp", {"IMG_1"}, ("IMG_1", ".JPG.xmp")),
        ("img_1.xmp", {"IMG_1"}, ("img_1", ".xmp")),
        ("IMG_1-edited.jpg", {"IMG_1"}, ("IMG_1", "-edited.jpg")),
        ("IMG_E1.AAE", {"IMG_1"}, ("IMG_E1", ".AAE")),
        ("photo copy.xmp", {"photo", "photo copy"}, ("photo copy", ".xmp")),
        ("noext", set(), ("noext", "")),
    ],
)
def test_a_name_is_split_where_its_group_ends(name: str, stems: set[str], expected: tuple[str, str]) -> None:
    assert split_stem(name, stems) == expected


def test_a_very_long_suffix_is_none() -> None:
    assert split_suffix("holiday. and then we went home.jpg", LONGEST_SUFFIX) == (
        "holiday. and then we went home",
        ".jpg",
    )
    assert split_suffix("a.this is not a suffix", LONGEST_SUFFIX) == ("a.this is not a suffix", "")


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "../x",
        "a/../../x",
        "a//b",
        ".album-sort/state.sqlite",
        ".ALBUM-SORT/lock",
        "a/./b",
        "a\\..\\b",
        "..\\b",
        ".album-sort\\lock",
    ],
)
def test_paths_that_leave_the_destination_are_not_safe(path: str) -> None:
    assert not is_safe(path)


@pytest.mark.parametrize("letter", ["x", "é", "猫", "🐈"])
def test_a_name_too_long_for_its_hash_is_cut_before_it(letter: str) -> None:
    name = compose(letter * 300, "~3fa9c1", ".JPG.xmp")
    assert name.endswith(letter + "~3fa9c1.JPG.xmp")
    assert 250 <= len(name.encode("utf-8")) <= 255


def test_a_rest_too_long_to_be_kept_gives_way_before_hash_and_suffix() -> None:
    """`a.<a sentence>.xmp` beside `a.jpg`: cut so that it is told from others and still known by its suffix."""
    name = compose("a", "~3fa9c1", "." + "x" * 300 + ".xmp")
    assert name.startswith("a.xxx")
    assert name.endswith("x~3fa9c1.xmp")
    assert len(name.encode("utf-8")) <= 255


TITLES = {AlbumId("pets"): ("Pets & animals", "宠物"), AlbumId("food"): ("Food", "美食")}


@pytest.mark.parametrize("name", ["pets", "PETS", " Pets & Animals ", "宠物", "pets & animals/"])
def test_an_album_is_found_by_any_of_its_names(name: str) -> None:
    assert find_album(name, TITLES) == "pets"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("fodd", "did you mean 'food'"),
        ("petzz", "did you mean 'pets'"),
        ("doof", "unknown album 'doof'$"),
        ("p", "did you mean 'pets'"),
        ("", "unknown album ''$"),
    ],
)
def test_an_album_that_is_not_there_is_told_with_the_nearest_that_is(name: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        find_album(name, TITLES)


@pytest.mark.parametrize("path", ["a.jpg", "Cats\\Dogs/2024/a.jpg", "\\a.jpg", "a\\", "...", "a..b"])
def test_paths_inside_the_destination_are_safe_whatever_letters_a_person_gave_them(path: str) -> None:
    assert is_safe(path)
