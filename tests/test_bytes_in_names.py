"""File names are bytes: folders, photos, rules and plans whose names are not UTF-8 are used like any others, whatever becomes of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.builders import make_jpeg, make_tree
from tests.conftest import Program
from tests.test_sort import SHIPPED


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/r\xff"))
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system takes only names that are UTF-8")
    return folder


def test_every_verb_takes_names_that_are_not_utf8(root: Path, album_sort: Program) -> None:
    odd = os.fsdecode(b"\xfe")
    photos = make_tree(root / f"Photos{odd}", {f"1{odd}.jpg": make_jpeg(1), "2.jpg": make_jpeg(2)})
    rules, plan, albums = root / f"rules{odd}.toml", root / f"plan{odd}.jsonl", root / f"Albums{odd}"
    rules.write_text('[album.food]\ntitle = "Kitchen"\n', encoding="utf-8")
    out = ("--out", albums)
    done = album_sort(photos, *out, *SHIPPED, "--albums", rules)
    assert done.code == 0, done.stderr
    # The rules are remembered by their name, also where the memory is made anew from what the run left.
    (albums / ".album-sort" / "state.sqlite").unlink()
    shown = album_sort("config", "show", *out)
    assert "rules" in shown.stdout
    assert str(album_sort("verify", *out).code) == "0"
    (photos / f"3{odd}.jpg").write_bytes(make_jpeg(3))
    assert album_sort(photos, *out, *SHIPPED, "--save-plan", plan).code == 0
    # A photo that cannot be filed after all is told of, remembered as failed, and stops nothing.
    (photos / f"3{odd}.jpg").unlink()
    applied = album_sort("apply", plan)
    assert (applied.code, "1 refused" in applied.stdout) == (3, True), applied.stderr
    assert album_sort("fix", photos / f"1{odd}.jpg", "--album", "food", *out, "--now").code == 0
    assert sorted(path.name for path in albums.rglob("*.jpg")) == ["1%FE.jpg", "2.jpg"]
    assert album_sort("undo", *out).code == 0
    assert "Traceback" not in done.stderr + shown.stderr + applied.stderr
