"""What has cost users of other organisers their photos, played with the whole program where no smaller test tells the story."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import unicodedata
from pathlib import Path

import pytest

from tests.builders import fingerprint, make_jpeg, make_tree
from tests.conftest import REPOSITORY, Program
from tests.exif_builders import movie
from tests.test_sort import SHIPPED, album_tree


def test_a_preview_of_a_tree_with_empty_folders_makes_none(tmp_path: Path, album_sort: Program) -> None:
    """phockup made the folders of the date in a dry run, too, and stumbled over empty ones."""
    photos = make_tree(tmp_path / "photos", {"a/1.jpg": make_jpeg(1)})
    (photos / "empty/emptier").mkdir(parents=True)
    before = fingerprint(tmp_path)
    ran = album_sort(photos, "--out", tmp_path / "albums", "--dry-run", *SHIPPED)
    assert (ran.code, fingerprint(tmp_path)) == (0, before)


def test_a_name_in_both_unicode_forms_is_filed_twice_and_once_each_in_every_run(
    tmp_path: Path, album_sort: Program
) -> None:
    """osxphotos took the composed and the decomposed form of a name for two photos, and exported again and again."""
    forms = [unicodedata.normalize(form, "Café.jpg") for form in ("NFC", "NFD")]
    photos = make_tree(tmp_path / "photos", {f"{n}/{name}": make_jpeg(n) for n, name in enumerate(forms)})
    for _ in range(3):
        assert album_sort(photos, "--out", tmp_path / "albums", *SHIPPED).code == 0
        filed = sorted(path.read_bytes() for path in (tmp_path / "albums").rglob("Caf*"))
        assert filed == sorted(path.read_bytes() for path in photos.rglob("Caf*"))
    # A file system may change the form of a name on its way: the same photos, all the same.
    for number, name in enumerate(forms):
        os.rename(photos / str(number) / name, photos / str(number) / forms[1 - number])
    tree = album_tree(tmp_path / "albums")
    assert album_sort(photos, "--out", tmp_path / "albums", *SHIPPED).code == 0
    assert album_tree(tmp_path / "albums") == tree


def test_of_equal_files_the_one_whose_name_says_what_it_is_is_kept(tmp_path: Path, album_sort: Program) -> None:
    """photoprism kept the second copy of a HEIC that was named .MOV: a photo that no viewer opens, among the films."""
    picture, film = make_jpeg(1), movie()
    tree = {"IMG_1.MOV": picture, "IMG_1.JPG": picture, "long name.png": picture, "f.jpg": film, "film.mov": film}
    photos = make_tree(tmp_path / "photos", tree)
    for command in (("--dry-run", "--verbose"), ()):
        ran = album_sort(photos, "--out", tmp_path / "albums", *SHIPPED, *command)
        assert ran.code == 0
    assert sorted(Path(path).name for path in album_tree(tmp_path / "albums")) == ["IMG_1.JPG", "film.mov"]


def test_albums_inside_the_photos_are_no_photos(tmp_path: Path, album_sort: Program) -> None:
    """Output inside input: an organiser that finds its own copies makes copies of copies."""
    photos = make_tree(tmp_path / "photos", {f"{n}.jpg": make_jpeg(n) for n in range(3)})
    albums = photos / "Albums"
    for _ in range(2):
        assert album_sort(photos, "--out", albums, *SHIPPED).code == 0
        assert len(album_tree(albums)) == 3
    assert album_sort("undo", "--out", albums).code == 0
    assert album_tree(albums) == {}
    assert len(list(photos.glob("*.jpg"))) == 3


PHOTOS = 80


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_files_are_copied_ends_the_program_with_130_and_nothing_half_written(
    tmp_path: Path, number: signal.Signals
) -> None:
    """Ctrl-C and the shutdown of the machine: what has a name is whole, and nothing else is there."""
    photos = make_tree(tmp_path / "photos", {f"{n}.jpg": make_jpeg(1) + os.urandom(300_000) for n in range(PHOTOS)})
    before = fingerprint(photos)
    for attempt in range(5):
        albums = tmp_path / f"albums {attempt}"
        code = stopped_while_filing(photos, albums, number)
        filed = [path for path in albums.rglob("*.jpg") if path.parent.name == "undated"]
        assert all(path.read_bytes() == (photos / path.name).read_bytes() for path in filed)
        assert not [path for path in albums.rglob("*") if "-tmp-" in path.name or path.suffix in (".tmp", ".new")]
        if len(filed) < PHOTOS:
            break
    assert (code, fingerprint(photos)) == (130, before)


def stopped_while_filing(photos: Path, albums: Path, number: signal.Signals) -> int:
    """The exit code of a run that gets a signal as soon as a photo is in an album."""
    call = [sys.executable, "-m", "album_sort", str(photos), "--out", str(albums), "--quiet", *SHIPPED]
    process = subprocess.Popen(call, cwd=REPOSITORY, stderr=subprocess.DEVNULL)
    while process.poll() is None and not list(albums.glob("*/undated/[0-9]*.jpg")):
        time.sleep(0.002)
    process.send_signal(number)
    return process.wait(timeout=200)
