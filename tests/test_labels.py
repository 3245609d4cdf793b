"""The label files: a thousand names a person would use, and a map from classes to albums without leaks."""

from __future__ import annotations

import re
import subprocess
import sys
import time
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from album_sort.classifier.labels import (
    ALBUMS_FILE,
    CLASS_ALBUMS_FILE,
    CLASSES_FILE,
    label_folder,
    label_text,
    load_labels,
    parse_labels,
)
from album_sort.errors import AlbumSortError, ExitCode, UsageError
from album_sort.types import LANGUAGES, AlbumId, ClassIndex

CLASSES_TEXT = label_text(CLASSES_FILE)
ALBUMS_TEXT = label_text(ALBUMS_FILE)
CLASS_ALBUMS_TEXT = label_text(CLASS_ALBUMS_FILE)
LABELS = load_labels()
INDICES = range(1000)

ANIMALS = range(398)
"""ImageNet's first 398 classes are its animals."""
DOGS = range(151, 269)
WILD_DOGS = range(269, 281)
CATS = range(281, 286)
WILD_CATS = range(286, 294)
ANIMAL_ALBUMS = {"pets", "wildlife", "birds", "farm-animals"}

THINGS_WITH_ANIMALS = {
    448: "a birdhouse is photographed for its birds",
    603: "a horse cart has a horse in front",
    676: "a muzzle is worn by the dog one sees",
    690: "an oxcart has an ox in front",
    815: "a web is photographed for its spider, too",
    973: "a coral reef is alive",
}
ANIMALS_ON_PLATES = {118: "crab", 121: "king crab", 122: "lobster", 123: "spiny lobster", 124: "crayfish"}
INSECTS_ON_BLOSSOMS = {
    309: "bee",
    321: "admiral",
    322: "ringlet",
    323: "monarch",
    324: "white",
    325: "sulphur",
    326: "blue",
}

IDS_OF_THE_DESIGN = [
    *("pets", "wildlife", "birds", "farm-animals", "food", "flowers", "forest-nature", "mountains", "beach-sea"),
    *(
        "winter-travel",
        "city",
        "home",
        "vehicles",
        "sports",
        "people",
        "documents",
        "screenshots",
        "night-sky",
        "sunsets",
    ),
    *("videos", "travel", "review"),
]

RARE_CHARACTERS = set("魟鹀鸮蠵鹟䴕鳽狆獴羱鲉窣")
"""Simplified characters of animal names that the old GB 2312 set lacks."""


def shares_of(index: int) -> dict[str, float]:
    return {str(album): share for album, share in LABELS.class_albums[index]}


def rows(text: str) -> list[list[str]]:
    return [line.split("\t") for line in text.split("\n")[1:-1]]


# The classes


def test_every_class_is_there_once_and_in_its_place() -> None:
    assert [known.index for known in LABELS.classes] == list(INDICES)
    assert len({known.wnid for known in LABELS.classes}) == 1000


def test_the_order_is_the_one_that_networks_answer_in() -> None:
    """ImageNet-1k is in ascending order of its WordNet ids."""
    wnids = [known.wnid for known in LABELS.classes]
    assert wnids == sorted(wnids)
    assert all(re.fullmatch(r"n\d{8}", wnid) for wnid in wnids)


@pytest.mark.parametrize(
    ("index", "name"),
    [
        (1, "goldfish"),
        (207, "golden retriever"),
        (281, "tabby cat"),
        (537, "dogsled"),
        (919, "street sign"),
        (963, "pizza"),
    ],
)
def test_well_known_classes_have_their_well_known_index(index: int, name: str) -> None:
    assert LABELS.class_name(ClassIndex(index), "en") == name


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_two_classes_share_a_name(lang: str) -> None:
    """Crane, cardigan and maillot stand twice in ImageNet; a person needs to tell them apart."""
    names = [known.names[lang].casefold() for known in LABELS.classes]
    assert len(set(names)) == 1000
    assert all(names)


def test_names_are_written_as_within_a_sentence() -> None:
    """Capitals belong to proper names (Rottweiler, Ford Model T) and abbreviations alone: not `Tench`."""
    for known in LABELS.classes:
        words = known.names["en"].replace("(", "").split()
        capitals = [word for word in words if word[0].isupper()]
        assert len(capitals) < len(words) or known.index in DOGS or known.index == 661, known.names["en"]


def test_chinese_names_are_chinese_and_simplified() -> None:
    for known in LABELS.classes:
        name = known.names["zh"]
        chinese = [character for character in name if unicodedata.name(character, "").startswith("CJK UNIFIED")]
        assert chinese, name
        for character in set(chinese) - RARE_CHARACTERS:
            assert character.encode("gb2312", "ignore"), f"{character} in {name} is not simplified Chinese"
        assert "(" not in name, f"{name}: Chinese has its own brackets"


@pytest.mark.parametrize(
    ("index", "name"),
    [
        (984, "油菜花"),
        (970, "高山"),
        (134, "鹤"),
        (517, "起重机"),
        (673, "鼠标"),
        (742, "打印机"),
        (281, "虎斑猫"),
        (917, "漫画书"),
    ],
)
def test_chinese_names_are_what_a_person_says(index: int, name: str) -> None:
    assert LABELS.class_name(ClassIndex(index), "zh") == name


def test_a_name_in_an_unknown_language_is_the_english_one() -> None:
    assert LABELS.class_name(ClassIndex(281), "fr") == "tabby cat"
    assert LABELS.title(AlbumId("pets"), "fr") == "Pets"


# The albums


def test_the_albums_are_those_of_the_design() -> None:
    """And one for videos: docs/decisions/0005-videos.md."""
    assert list(LABELS.album_ids) == IDS_OF_THE_DESIGN
    assert [album.order for album in LABELS.albums] == list(range(len(IDS_OF_THE_DESIGN)))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_titles_are_folder_names_on_every_file_system(lang: str) -> None:
    titles = [album.titles[lang] for album in LABELS.albums]
    reserved = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
    assert len({title.casefold() for title in titles}) == len(titles), "some file systems ignore upper and lower case"
    for title in titles:
        assert not re.search(r'[<>:"/\\|?*\x00-\x1f\x7f]', title), title
        assert title == title.strip(" .")
        assert title.casefold() not in reserved
        assert title == unicodedata.normalize("NFC", title) == unicodedata.normalize("NFKC", title)
        assert len(title.encode()) <= 60


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_album_says_in_one_line_what_is_in_it(lang: str) -> None:
    for album in LABELS.albums:
        assert album.descriptions[lang].strip()
        assert "\n" not in album.descriptions[lang]


def test_an_album_of_the_user_has_its_id_for_a_title() -> None:
    assert LABELS.title(AlbumId("grandchildren"), "en") == "grandchildren"


# The map


def test_weights_are_the_map_as_a_table() -> None:
    table = LABELS.weights()
    assert table.shape == (1000, len(LABELS.albums))
    assert table.dtype == np.float32
    assert table.min() >= 0
    assert table.sum(axis=1).max() <= 1 + 1e-6
    for index in INDICES:
        given = {album: float(share) for album, share in zip(LABELS.album_ids, table[index], strict=True) if share}
        assert given == pytest.approx(shares_of(index))


def test_no_thing_feeds_an_animal_album() -> None:
    for index in set(INDICES) - set(ANIMALS) - set(THINGS_WITH_ANIMALS):
        assert not ANIMAL_ALBUMS & set(shares_of(index)), LABELS.class_name(ClassIndex(index), "en")


def test_animals_feed_animal_albums_alone() -> None:
    """Except those that private photos show on a plate, and insects that sit on the blossom one photographs."""
    for index in ANIMALS:
        others = set(shares_of(index)) - ANIMAL_ALBUMS
        allowed = {"food"} if index in ANIMALS_ON_PLATES else {"flowers"} if index in INSECTS_ON_BLOSSOMS else set()
        assert others <= allowed, LABELS.class_name(ClassIndex(index), "en")


def test_an_insect_stays_an_animal_above_all() -> None:
    assert all(shares_of(index)["wildlife"] >= 0.7 for index in INSECTS_ON_BLOSSOMS)


def test_house_dogs_and_cats_are_pets() -> None:
    assert all(shares_of(index) == {"pets": 1.0} for index in (*DOGS, *CATS))


def test_wild_dogs_and_cats_are_wildlife() -> None:
    """A dingo may also be somebody's tan dog."""
    for index in set(WILD_DOGS) | set(WILD_CATS):
        assert shares_of(index) == ({"wildlife": 0.5, "pets": 0.5} if index == 273 else {"wildlife": 1.0})


@pytest.mark.parametrize(
    ("index", "albums"),
    [
        (537, {"winter-travel"}),  # dogsled: snow
        (934, {"food"}),  # hot dog
        (919, {"city"}),  # street sign, whatever animal it shows
        (996, {"forest-nature", "food"}),  # hen-of-the-woods: a mushroom
        (719, {"home"}),  # piggy bank
        (850, {"home", "people"}),  # teddy bear
        (517, {"city", "vehicles"}),  # the crane that is a machine
        (474, {"people"}),  # the cardigan that is knitted
        (673, {"home"}),  # computer mouse
        (986, {"flowers"}),  # yellow lady's slipper
        (803, {"winter-travel", "vehicles"}),  # snowplough
    ],
)
def test_names_do_not_mislead(index: int, albums: set[str]) -> None:
    assert set(shares_of(index)) == albums


def test_every_surprise_has_its_reason_beside_it() -> None:
    """Split, small or missing weights carry a note."""
    for index, (_, name, albums, note) in enumerate(rows(CLASS_ALBUMS_TEXT)):
        shares = shares_of(index)
        if len(shares) != 1 or min(shares.values()) < 0.5:
            assert len(note) >= 10, f"{index} {name}: {albums!r} needs a note"


def test_albums_without_classes_are_those_that_other_evidence_fills() -> None:
    fed = {album for index in INDICES for album in shares_of(index)}
    assert set(LABELS.album_ids) - fed == {"night-sky", "sunsets", "videos", "travel", "review"}


# Faults


def test_every_fault_is_told_at_once_with_its_line_and_a_suggestion() -> None:
    broken = (
        CLASS_ALBUMS_TEXT.replace("281\ttabby cat\tpets\t", "281\ttabby kat\tpet\t")
        .replace("963\tpizza\tfood\t", "963\tpizza\tfood:1.5\t")
        .replace("982\tbridegroom\tpeople\t", "982\tbridegroom\tpeople:0.8 home:0.4\t")
        .replace("983\tscuba diver\t", "983\tscuba diver")
    )
    classes = CLASSES_TEXT.replace("n02123045", "02123045").replace("油菜花", "")
    with pytest.raises(UsageError) as caught:
        parse_labels(classes, ALBUMS_TEXT.replace('en = "Birds"', 'en = "PETS"'), broken)
    lines = str(caught.value).split("\n")
    for file, line, words in (
        (CLASSES_FILE, 283, "'02123045' is not a WordNet id"),
        (CLASSES_FILE, 986, "the zh name is empty"),
        (ALBUMS_FILE, 13, "birds: pets has the en title 'PETS' too"),
        (CLASS_ALBUMS_FILE, 283, "class 281 is 'tabby cat', not 'tabby kat' ('tabby cat' is class 281)"),
        (CLASS_ALBUMS_FILE, 283, "unknown album 'pet' (did you mean pets?)"),
        (CLASS_ALBUMS_FILE, 965, "'food:1.5': a weight is a number above 0, at most 1"),
        (CLASS_ALBUMS_FILE, 984, "the weights add up to 1.20, more than 1"),
        (CLASS_ALBUMS_FILE, 985, "3 columns instead of 4"),
    ):
        assert any(f"labels/{file}:{line}: {words}" in told for told in lines), (file, line, words, lines)
    assert caught.value.exit_code is ExitCode.USAGE
    assert caught.value.hint


@pytest.mark.parametrize(
    "term", ["food:", "food:nan", "food:-0.1", "food:0", "food:lots", "travel", "review:0.2", "food food"]
)
def test_a_weight_that_means_nothing_is_refused(term: str) -> None:
    broken = CLASS_ALBUMS_TEXT.replace("963\tpizza\tfood\t", f"963\tpizza\t{term}\t")
    with pytest.raises(UsageError, match=r"class_albums\.tsv:965"):
        parse_labels(CLASSES_TEXT, ALBUMS_TEXT, broken)


def test_a_missing_class_is_told() -> None:
    shorter = "\n".join(line for line in CLASSES_TEXT.split("\n") if not line.startswith("500\t"))
    with pytest.raises(UsageError, match="index '501' where 500 belongs") as caught:
        parse_labels(shorter, ALBUMS_TEXT, CLASS_ALBUMS_TEXT)
    assert "999 classes instead of 1000" in str(caught.value)


def test_albums_that_are_no_toml_are_told() -> None:
    with pytest.raises(UsageError, match=r"labels/albums\.toml: "):
        parse_labels(CLASSES_TEXT, "[pets", CLASS_ALBUMS_TEXT)


# Where the files are


def make_package(parent: Path) -> Path:
    package = parent / "album_sort"
    package.mkdir(parents=True)
    return package


def put_labels(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / CLASSES_FILE).touch()
    return folder


def test_a_clone_reads_the_labels_beside_the_package(tmp_path: Path) -> None:
    package = make_package(tmp_path)
    (tmp_path / "pyproject.toml").touch()
    labels = put_labels(tmp_path / "labels")
    put_labels(package / "_labels")  # left by a build: older than what people edit
    assert label_folder(package) == labels


def test_an_installed_package_reads_its_own_labels(tmp_path: Path) -> None:
    package = make_package(tmp_path)
    labels = put_labels(package / "_labels")
    put_labels(tmp_path / "labels")  # another package's folder in site-packages
    assert label_folder(package) == labels


def test_missing_labels_are_told_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(AlbumSortError, match="not found") as caught:
        label_folder(make_package(tmp_path))
    assert "Install" in caught.value.hint


def test_a_missing_label_file_is_told_with_its_path() -> None:
    with pytest.raises(AlbumSortError, match="calibration/nowhere\\.toml"):
        label_text("calibration/nowhere.toml")


# Cost


def test_labels_are_read_in_a_moment() -> None:
    def seconds() -> float:
        start = time.process_time()
        parse_labels(CLASSES_TEXT, ALBUMS_TEXT, CLASS_ALBUMS_TEXT)
        return time.process_time() - start

    assert min(seconds() for _ in range(5)) < 0.03


def test_labels_are_read_without_torch() -> None:
    code = "import sys, album_sort.classifier.labels as l; l.load_labels(); l.load_wording(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
