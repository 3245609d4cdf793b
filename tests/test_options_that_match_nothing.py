"""An option that names nothing here is said; `--limit` gets further each time, and says how many wait."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from album_sort.core.ignore import ScanFilter
from album_sort.pipeline.idle import idle_patterns
from album_sort.pipeline.records import ClockCorrections
from album_sort.scan import scan
from album_sort.settings import Settings
from tests import pictures
from tests.builders import make_tree, picture_jpeg, read_tree
from tests.conftest import Program

JPEG = b"\xff\xd8\xff\xe0 a picture"
SHIPPED = ("--model", "efficientnet-lite0", "--offline")


@pytest.mark.parametrize(
    ("include", "exclude", "idle"),
    [
        ((), ("raw/", "*.gif"), ["*.gif"]),
        (("*.HEIC",), (), ["*.HEIC"]),
        (("*.jpg", "*.tiff"), (), ["*.tiff"]),
        ((), ("*.JPG", "!keep.jpg"), []),
        (("*.jpg",), ("*.jpg",), []),
        (("raw/*",), ("2024/",), []),
    ],
)
def test_a_pattern_that_no_file_matches_is_named(
    include: tuple[str, ...], exclude: tuple[str, ...], idle: list[str], tmp_path: Path
) -> None:
    """One that takes back what another matched, and one whose files another option has left out, are not mistakes."""
    make_tree(tmp_path, {"2024/a.jpg": JPEG, "raw/b.jpg": JPEG, "2024/keep.jpg": JPEG})
    source = str(tmp_path)
    found = scan([source], filters=ScanFilter.of(include, exclude))
    reasons = idle_patterns(Settings(include=include, exclude=exclude), [source], found)
    assert [dict(reason.values)["pattern"] for reason in reasons] == idle


def test_a_clock_of_a_camera_that_is_not_here_is_idle() -> None:
    clocks = ClockCorrections.parse(["Canon=+1h", "canon eos*=+2h", "Nikon D90=-1d"])
    assert clocks.idle(["Canon EOS 450D"]) == ("Canon", "Nikon D90")


def test_options_that_match_nothing_are_said_with_what_is_here(tmp_path: Path, album_sort: Program) -> None:
    picture = picture_jpeg(pictures.cat(), taken=datetime(2024, 5, 1, 10), camera=("Canon", "EOS 450D"))
    photos = make_tree(tmp_path / "Photos", {"a.jpg": picture})
    options = ("--clock", "Canon=+1h", "--exclude", "Downloads/")
    ran = album_sort(photos, "--out", tmp_path / "Albums", *options, "-n", *SHIPPED)
    assert "--exclude 'Downloads/' matches none of these files" in ran.stderr
    assert "--clock 'Canon': no photo here is of a camera of that name" in ran.stderr
    assert "Canon EOS 450D" in ran.stderr
    quiet = album_sort(photos, "--out", tmp_path / "Albums", *options, "-n", "-q", *SHIPPED)
    assert (quiet.stderr, quiet.stdout) == ("", "")


def test_a_limit_gets_further_each_time_past_broken_files_and_second_copies(
    tmp_path: Path, album_sort: Program
) -> None:
    """Files that will never be filed sort first here: as many as the limit would have blocked it for ever."""
    cat = picture_jpeg(pictures.cat(), taken=datetime(2024, 5, 1, 10))
    photos = make_tree(
        tmp_path / "Photos",
        {
            "a/broken.jpg": "no picture",
            "b/cat.jpg": cat,
            "c/cat again.jpg": cat,
            "d/coffee.jpg": picture_jpeg(pictures.coffee(), taken=datetime(2024, 5, 1, 11)),
        },
    )
    albums = tmp_path / "Albums"

    def filed() -> set[str]:
        return {Path(name).name for name in read_tree(albums) if name.endswith(".jpg")}

    first = album_sort(photos, "--out", albums, "--limit", "1", *SHIPPED)
    assert "3 photos wait for a later run (--limit)." in first.stdout
    for _ in range(4):
        last = album_sort(photos, "--out", albums, "--limit", "1", *SHIPPED)
    assert filed() == {"cat.jpg", "coffee.jpg"}
    assert "wait" not in last.stdout
    assert last.code == 3


def test_a_broken_file_stays_known_whatever_part_a_run_looks_at(tmp_path: Path, album_sort: Program) -> None:
    photos = make_tree(
        tmp_path / "Photos",
        {"a/broken.jpg": "no picture", "b/cat.jpg": picture_jpeg(pictures.cat(), taken=datetime(2024, 5, 1, 10))},
    )
    call = (photos, "--out", tmp_path / "Albums", "-q", *SHIPPED)
    assert "broken.jpg" in album_sort(*call).stderr
    album_sort(*call, "--include", "b/")
    assert album_sort(*call).stderr == ""
    (photos / "a" / "broken.jpg").write_text("still no picture", encoding="utf-8")
    assert "broken.jpg" in album_sort(*call).stderr
