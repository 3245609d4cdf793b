"""The main job: a tree of photos in, a command, a tree of albums out. With the network that ships with the install."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tests import pictures
from tests.builders import fingerprint, make_jpeg, make_tree, picture_jpeg, read_tree
from tests.conftest import REPOSITORY, Program

SHIPPED = ("--model", "efficientnet-lite0", "--offline")


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small library with everyday motifs, dates and a duplicate."""
    return make_tree(
        tmp_path_factory.mktemp("library") / "Photos",
        {
            "2024/IMG_0001.jpg": picture_jpeg(
                pictures.cat(), taken=datetime(2024, 5, 1, 10), camera=("Canon", "EOS 450D")
            ),
            "2024/IMG_0002.jpg": picture_jpeg(
                pictures.coffee(), taken=datetime(2024, 5, 1, 11), camera=("Canon", "EOS 450D")
            ),
            "2025/IMG_0001.jpg": picture_jpeg(
                pictures.flower(), taken=datetime(2025, 6, 2, 9), camera=("Canon", "EOS 450D")
            ),
            "misc/temple.jpg": picture_jpeg(pictures.temple()),
            "misc/hopper.jpg": picture_jpeg(pictures.portrait()),
            "backup/cat again.jpg": picture_jpeg(
                pictures.cat(), taken=datetime(2024, 5, 1, 10), camera=("Canon", "EOS 450D")
            ),
            "notes.txt": "buy milk",
        },
    )


def report_rows(albums: Path) -> list[dict[str, object]]:
    (report,) = sorted((albums / ".album-sort" / "runs").glob("*/report.jsonl"))[-1:]
    return [json.loads(line) for line in report.read_text(encoding="utf-8").splitlines()]


def album_tree(albums: Path) -> dict[str, str]:
    """The albums without our own files."""
    return {
        name: mark
        for name, mark in read_tree(albums).items()
        if not name.startswith(".album-sort") and name != "album-report.html"
    }


def test_everyday_photos_land_in_the_albums_a_person_would_choose(
    photos: Path, tmp_path: Path, album_sort: Program
) -> None:
    before = fingerprint(photos)
    ran = album_sort(photos, "--out", tmp_path / "Albums", *SHIPPED)
    assert ran.code == 0, ran.stderr
    tree = album_tree(tmp_path / "Albums")
    assert set(tree) == {
        "Pets/2024/IMG_0001.jpg",
        "Food/2024/IMG_0002.jpg",
        "Flowers/2025/IMG_0001.jpg",
        "City/undated/temple.jpg",
        "People/undated/hopper.jpg",
    }
    source = read_tree(photos)
    assert tree["Pets/2024/IMG_0001.jpg"] == source["2024/IMG_0001.jpg"]
    assert fingerprint(photos) == before


def test_a_preview_writes_nothing_and_its_rows_are_those_of_the_run(
    photos: Path, tmp_path: Path, album_sort: Program
) -> None:
    albums, preview = tmp_path / "Albums", tmp_path / "preview"
    ran = album_sort(photos, "--out", albums, "--dry-run", "--report", preview, *SHIPPED)
    assert ran.code == 0
    assert not albums.exists()
    planned = [json.loads(line) for line in (preview / "report.jsonl").read_text(encoding="utf-8").splitlines()]
    album_sort(photos, "--out", albums, *SHIPPED)

    def told(rows: list[dict[str, object]]) -> list[dict[str, object]]:
        found = [row for row in rows if row["type"] in ("photo", "skipped")]
        return sorted(found, key=lambda row: (str(row["type"]), str(row["source"])))

    assert told(planned) == told(report_rows(albums))


def test_a_second_run_looks_at_no_picture_and_writes_nothing(photos: Path, tmp_path: Path, album_sort: Program) -> None:
    albums = tmp_path / "Albums"
    album_sort(photos, "--out", albums, *SHIPPED)
    before = fingerprint(albums)
    ran = album_sort(photos, "--out", albums, "--json", *SHIPPED)
    summary = json.loads(ran.stdout.splitlines()[-1])
    assert ran.code == 0
    assert summary["inferences"] == 0
    assert fingerprint(albums) == before


def test_a_new_photo_is_added_and_the_others_stay(tmp_path: Path, album_sort: Program) -> None:
    library = make_tree(tmp_path / "Photos", {"a.jpg": picture_jpeg(pictures.cat())})
    albums = tmp_path / "Albums"
    album_sort(library, "--out", albums, *SHIPPED)
    before = album_tree(albums)
    make_tree(library, {"b.jpg": picture_jpeg(pictures.coffee())})
    album_sort(library, "--out", albums, *SHIPPED)
    after = album_tree(albums)
    assert set(after) - set(before) == {"Food/undated/b.jpg"}
    assert {name: after[name] for name in before} == before


def test_undo_leaves_an_empty_destination(photos: Path, tmp_path: Path, album_sort: Program) -> None:
    albums = tmp_path / "Albums"
    albums.mkdir()
    make_tree(albums, {"Pets/mine.txt": "not yours"})
    before = read_tree(albums)
    album_sort(photos, "--out", albums, *SHIPPED)
    ran = album_sort("undo", "--out", albums)
    assert ran.code == 0, ran.stderr
    left = {name: mark for name, mark in read_tree(albums).items() if not name.startswith(".album-sort/")}
    assert left == before


def test_symlinks_point_to_the_photos(photos: Path, tmp_path: Path, album_sort: Program) -> None:
    albums = tmp_path / "Albums"
    album_sort(photos, "--out", albums, "--mode", "symlink", *SHIPPED)
    link = albums / "Pets" / "2024" / "IMG_0001.jpg"
    assert link.is_symlink()
    assert not os.path.isabs(os.readlink(link))
    assert link.resolve() == (photos / "2024" / "IMG_0001.jpg").resolve()


def test_two_photos_of_one_name_are_both_kept(tmp_path: Path, album_sort: Program) -> None:
    """sortphotos and elodie lost one of them."""
    library = make_tree(
        tmp_path / "Photos",
        {"a/IMG_0001.JPG": picture_jpeg(pictures.cat()), "b/IMG_0001.JPG": picture_jpeg(pictures.cat()[:, ::-1])},
    )
    albums = tmp_path / "Albums"
    album_sort(library, "--out", albums, *SHIPPED)
    tree = album_tree(albums)
    assert sorted(tree.values()) == sorted(read_tree(library).values())
    assert sum("~" in name for name in tree) == 1


def test_folders_and_report_speak_chinese(photos: Path, tmp_path: Path, album_sort: Program) -> None:
    albums = tmp_path / "Albums"
    ran = album_sort(photos, "--out", albums, "--lang", "zh", *SHIPPED)
    assert ran.code == 0, ran.stderr
    assert "宠物/2024/IMG_0001.jpg" in album_tree(albums)
    # the language is the destination's from now on
    again = album_sort(photos, "--out", albums, "--json", *SHIPPED)
    assert json.loads(again.stdout.splitlines()[-1])["actions"].get("move", 0) == 0


def test_a_correction_moves_the_photo_and_holds_for_ever(photos: Path, tmp_path: Path, album_sort: Program) -> None:
    albums = tmp_path / "Albums"
    album_sort(photos, "--out", albums, *SHIPPED)
    fixed = album_sort("fix", albums / "City" / "undated" / "temple.jpg", "--album", "travel", "--out", albums)
    assert fixed.code == 0, fixed.stderr
    album_sort(photos, "--out", albums, *SHIPPED)
    assert "Travel/undated/temple.jpg" in album_tree(albums)
    assert "City/undated/temple.jpg" not in album_tree(albums)
    album_sort(photos, "--out", albums, "--recheck", *SHIPPED)
    assert "Travel/undated/temple.jpg" in album_tree(albums)


def test_explain_names_the_class_and_the_album(photos: Path, tmp_path: Path, album_sort: Program) -> None:
    albums = tmp_path / "Albums"
    album_sort(photos, "--out", albums, *SHIPPED)
    ran = album_sort("explain", photos / "2024" / "IMG_0001.jpg", "--out", albums, *SHIPPED)
    assert ran.code == 0, ran.stderr
    assert "Pets" in ran.stdout
    assert "cat" in ran.stdout


def test_a_saved_plan_is_what_apply_carries_out(photos: Path, tmp_path: Path, album_sort: Program) -> None:
    albums, plan = tmp_path / "Albums", tmp_path / "plan.jsonl"
    album_sort(photos, "--out", albums, "--save-plan", plan, *SHIPPED)
    assert not albums.exists()
    ran = album_sort("apply", plan)
    assert ran.code == 0, ran.stderr
    direct = tmp_path / "Direct"
    album_sort(photos, "--out", direct, *SHIPPED)
    assert album_tree(albums) == album_tree(direct)


def test_apply_refuses_a_photo_that_changed_since(tmp_path: Path, album_sort: Program) -> None:
    library = make_tree(tmp_path / "Photos", {"a.jpg": picture_jpeg(pictures.cat()), "b.jpg": make_jpeg(3)})
    albums, plan = tmp_path / "Albums", tmp_path / "plan.jsonl"
    album_sort(library, "--out", albums, "--save-plan", plan, *SHIPPED)
    (library / "a.jpg").write_bytes(make_jpeg(4))
    ran = album_sort("apply", plan)
    assert ran.code == 3
    assert "a.jpg" in ran.stderr
    assert len(album_tree(albums)) == 1


def test_a_photo_that_can_be_read_again_is_filed_by_the_next_run(tmp_path: Path, album_sort: Program) -> None:
    """A permission that is given changes neither size nor date: the run must not be told from its inputs alone."""
    photos = make_tree(tmp_path / "Photos", {"a.jpg": make_jpeg(1), "b.jpg": make_jpeg(2)})
    albums = tmp_path / "Albums"
    # Where root runs the tests, it has to give its power to read everything away.
    without_power = ["--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"] if os.geteuid() == 0 else []
    if without_power and shutil.which("setpriv") is None:
        pytest.skip("root may read everything, and setpriv is not installed")
    (photos / "b.jpg").chmod(0)
    call = [sys.executable, "-m", "album_sort", str(photos), "--out", str(albums), *SHIPPED]
    for _ in range(2):
        ran = subprocess.run(["setpriv", *without_power, *call] if without_power else call, cwd=REPOSITORY, check=False)
        assert (ran.returncode, len(album_tree(albums))) == (3, 1)
    (photos / "b.jpg").chmod(0o644)
    assert album_sort(photos, "--out", albums, *SHIPPED).code == 0
    assert len(album_tree(albums)) == 2


@pytest.mark.parametrize("applies", [False, True])
def test_a_photo_that_changed_under_its_old_date_is_looked_at_anew_by_the_next_run(
    tmp_path: Path, album_sort: Program, applies: bool
) -> None:
    """Size and date are only a shortcut: what was refused for its content must not be refused for ever."""
    photos, albums, plan = make_tree(tmp_path / "Photos", {"a.jpg": make_jpeg(3)}), tmp_path / "Albums", tmp_path / "p"
    assert album_sort(photos, "--out", albums, "--save-plan", plan, *SHIPPED).code == 0
    status, data = (photos / "a.jpg").stat(), (photos / "a.jpg").read_bytes()
    (photos / "a.jpg").write_bytes(data[:-2] + b"\0\0")
    os.utime(photos / "a.jpg", ns=(status.st_atime_ns, status.st_mtime_ns))
    refused = album_sort("apply", plan) if applies else album_sort(photos, "--out", albums, *SHIPPED)
    assert (refused.code, album_tree(albums)) == (3, {})
    assert album_sort(photos, "--out", albums, *SHIPPED).code == 0
    assert [path.read_bytes() for path in albums.rglob("a.jpg")] == [data[:-2] + b"\0\0"]


def test_verify_finds_a_damaged_and_a_missing_photo(photos: Path, tmp_path: Path, album_sort: Program) -> None:
    albums = tmp_path / "Albums"
    album_sort(photos, "--out", albums, *SHIPPED)
    assert album_sort("verify", "--out", albums).code == 0
    with (albums / "Pets" / "2024" / "IMG_0001.jpg").open("r+b") as photo:
        photo.seek(500)
        photo.write(b"\0")
    (albums / "Food" / "2024" / "IMG_0002.jpg").unlink()
    ran = album_sort("verify", "--out", albums)
    assert ran.code == 3
    assert "changed" in ran.stdout
    assert "missing" in ran.stdout


def test_a_file_list_from_stdin_and_since_choose_photos(photos: Path, tmp_path: Path, album_sort: Program) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text(f"{photos}/2024/IMG_0001.jpg\n{photos}/2025/IMG_0001.jpg\n", encoding="utf-8")
    albums = tmp_path / "Albums"
    album_sort("--files-from", listed, "--out", albums, "--since", "2025-01-01", *SHIPPED)
    assert set(album_tree(albums)) == {"Flowers/2025/IMG_0001.jpg"}


@pytest.mark.shared
def test_bad_files_are_listed_and_stop_nothing(shared_photos: Path, tmp_path: Path, album_sort: Program) -> None:
    albums = tmp_path / "Albums"
    ran = album_sort(shared_photos / "nasty" / "derived", "--out", albums, *SHIPPED)
    assert ran.code == 3
    skipped = [row for row in report_rows(albums) if row["type"] == "skipped"]
    assert all(row["reason"] and row["stage"] for row in skipped)
    names = {os.path.basename(str(row["source"])) for row in skipped}
    assert {"zero_bytes.jpg", "text_named.jpg", "html_named.jpg"} <= names


def test_a_photo_deleted_from_an_album_is_asked_about_and_not_put_back(
    photos: Path, tmp_path: Path, album_sort: Program
) -> None:
    albums = tmp_path / "Albums"
    album_sort(photos, "--out", albums, *SHIPPED)
    before = album_tree(albums)
    (albums / "Pets" / "2024" / "IMG_0001.jpg").unlink()
    again = album_sort(photos, "--out", albums, *SHIPPED)
    assert album_tree(albums) == {path: content for path, content in before.items() if path != "Pets/2024/IMG_0001.jpg"}
    assert "1 photo deleted by hand: not put back" in again.stderr
    once = album_sort(photos, "--out", albums, *SHIPPED)
    assert "deleted by hand" not in once.stderr + once.stdout


def test_an_unchanged_library_tells_its_known_problems_as_a_count_with_the_same_exit_code(
    tmp_path: Path, album_sort: Program
) -> None:
    library = make_tree(tmp_path / "Photos", {"a.jpg": picture_jpeg(pictures.cat()), "b.jpg": "no picture"})
    albums = tmp_path / "Albums"
    first = album_sort(library, "--out", albums, *SHIPPED)
    again = album_sort(library, "--out", albums, *SHIPPED)
    assert (first.code, again.code) == (3, 3)
    assert "b.jpg: this is a text file" in first.stderr
    assert again.stderr == "1 file could not be processed, as last time; the report lists it.\n"
    assert "Nothing new" in again.stdout


def test_changed_rules_are_heard_in_an_unchanged_library(photos: Path, tmp_path: Path, album_sort: Program) -> None:
    albums = tmp_path / "Albums"
    album_sort(photos, "--out", albums, *SHIPPED)
    rules = tmp_path / "mine.toml"
    rules.write_text('[album.pets]\ntitle = "Our cats"\n', encoding="utf-8")
    ran = album_sort(photos, "--out", albums, "--albums", rules, *SHIPPED)
    assert ran.code == 0, ran.stderr
    assert "Our cats/2024/IMG_0001.jpg" in album_tree(albums)
    assert not (albums / "Pets").exists()


def test_pruning_takes_what_has_no_source_to_the_trash_only_when_asked(tmp_path: Path, album_sort: Program) -> None:
    library = make_tree(tmp_path / "Photos", {f"{n}.jpg": make_jpeg(n) for n in range(6)})
    albums = tmp_path / "Albums"
    album_sort(library, "--out", albums, *SHIPPED)
    (library / "3.jpg").unlink()
    album_sort(library, "--out", albums, *SHIPPED)
    assert len(album_tree(albums)) == 6
    ran = album_sort(library, "--out", albums, "--prune", *SHIPPED)
    assert ran.code == 0, ran.stderr
    assert len(album_tree(albums)) == 5
    assert len([name for name in read_tree(albums) if "/trash/" in name]) == 1


def test_a_second_run_at_once_is_told_that_the_albums_are_held(
    photos: Path, tmp_path: Path, album_sort: Program
) -> None:
    from album_sort.fileops.lock import destination_lock  # noqa: PLC0415 - this one test alone holds the lock itself

    albums = tmp_path / "Albums"
    with destination_lock(str(albums)):
        ran = album_sort(photos, "--out", albums, *SHIPPED)
    assert ran.code == 11
    assert str(os.getpid()) in ran.stderr


def test_undoing_a_change_of_language_brings_the_language_back(
    photos: Path, tmp_path: Path, album_sort: Program
) -> None:
    albums = tmp_path / "Albums"
    album_sort(photos, "--out", albums, *SHIPPED)
    before = album_tree(albums)
    album_sort(photos, "--out", albums, "--lang", "zh", *SHIPPED)
    assert "宠物/2024/IMG_0001.jpg" in album_tree(albums)
    album_sort("undo", "--out", albums)
    assert album_tree(albums) == before
    album_sort(photos, "--out", albums, *SHIPPED)
    assert album_tree(albums) == before


def test_after_an_undo_trips_are_named_in_the_language_of_the_next_run(tmp_path: Path, album_sort: Program) -> None:
    """Taken back because it should have been Chinese: no name of the first run stays behind."""
    start = datetime(2025, 12, 26, 9)
    taken = [start + timedelta(hours=7 * number) for number in range(8)]
    cats = [np.roll(pictures.cat(), shift, axis=1) for shift in range(len(taken))]
    photos = {
        f"in/{n}.jpg": picture_jpeg(cat, taken=at, position=(42.805, 140.687), camera=("Apple", "iPhone 13"))
        for n, (cat, at) in enumerate(zip(cats, taken, strict=True))
    }
    make_tree(tmp_path, photos)
    call = ("in", "--out", "out", "--offline", "--home", "48.137,11.575")
    assert album_sort(*call, cwd=tmp_path).code == 0
    assert [path for path in tmp_path.rglob("*Japan*") if path.is_dir()]
    assert album_sort("undo", "--out", "out", cwd=tmp_path).code == 0
    assert album_sort(*call, "--lang", "zh", cwd=tmp_path).code == 0
    assert [path for path in tmp_path.rglob("*日本*") if path.is_dir()]
    assert not [path for path in tmp_path.rglob("*Japan*") if path.is_dir()]
