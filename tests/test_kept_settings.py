"""A destination keeps what was decided for it: a flag differs for one run and says so, `--save` keeps it, an undo brings it back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from album_sort.classifier.weights import file_sha256
from album_sort.config import Layer, check_setting, read_layers, resolve_settings
from album_sort.pipeline.keeping import still_kept_by
from album_sort.pipeline.kept import KEPT, KeptSettings, kept_of, read_kept
from album_sort.pipeline.remembered import LANGUAGE, language_of, read_roots
from album_sort.sentences import speaking
from album_sort.settings import Settings
from album_sort.state.store import DestinationState
from album_sort.types import Kept
from tests import pictures
from tests.builders import make_tree, picture_jpeg, read_tree
from tests.conftest import Program
from tests.destination_builders import plan_on_paper
from tests.network_builders import random_resnet18

SHIPPED = ("--model", "efficientnet-lite0", "--offline")
CAMERA = ("Canon", "EOS 450D")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return make_tree(
        tmp_path / "Photos",
        {
            "cat.jpg": picture_jpeg(pictures.cat(), taken=datetime(2024, 5, 1, 10), camera=CAMERA),
            "coffee.jpg": picture_jpeg(pictures.coffee(), taken=datetime(2025, 6, 1, 10), camera=CAMERA),
        },
    )


def names(albums: Path) -> set[str]:
    return {name for name in read_tree(albums) if not name.startswith((".album-sort", "album-report"))}


BY_YEAR = {"Pets/2024/cat.jpg", "Food/2025/coffee.jpg"}
BY_MONTH = {"2024-05/cat.jpg", "2025-06/coffee.jpg"}


def test_a_layout_holds_for_one_run_and_with_save_for_all(photos: Path, tmp_path: Path, album_sort: Program) -> None:
    albums = tmp_path / "Albums"
    call = (photos, "--out", albums, *SHIPPED)
    album_sort(*call)
    once = album_sort(*call, "--layout", "{month|undated}", "--quiet")
    assert names(albums) == BY_MONTH
    assert "'{album}/{trip|year|undated}'" in once.stderr
    assert "2 files move" in once.stderr, "told even to those who asked for quiet"
    assert "--save keeps it" in once.stderr
    plain = album_sort(*call, "--quiet")
    assert (names(albums), plain.stderr) == (BY_YEAR, "")
    saved = album_sort(*call, "--layout", "{month|undated}", "--save")
    assert "from now on they keep --layout '{month|undated}'. 2 files move" in saved.stderr
    shown = album_sort("config", "show", "--out", albums).stdout
    assert any(line.split() == ["layout", "{month|undated}", "albums"] for line in shown.splitlines())
    before = read_tree(albums)
    assert album_sort(*call).stderr == ""
    assert read_tree(albums) == before
    album_sort("undo", "--out", albums)
    assert album_sort(*call).code == 0
    assert names(albums) == BY_YEAR


def test_an_applied_plan_keeps_what_the_run_would_have_kept(photos: Path, tmp_path: Path, album_sort: Program) -> None:
    albums, plan = tmp_path / "Albums", tmp_path / "plan.jsonl"
    call = (photos, "--out", albums, *SHIPPED)
    options = ("--layout", "{album}", "--mode", "symlink", "--lang", "zh")
    album_sort(*call, *options, "--save-plan", plan)
    assert album_sort("apply", plan).code == 0
    before = read_tree(albums)
    kept = read_kept(str(albums))
    assert (kept.language, kept.values["layout"], kept.values["mode"]) == ("zh", "{album}", "symlink")
    with DestinationState.open_read_only(albums) as state:
        assert read_roots(state) == (str(photos),)
    album_sort(*call)
    assert names(albums) == {name for name in before if name.endswith(".jpg") and not name.startswith(".")}, (
        "no photo moves"
    )
    # What somebody has decided meanwhile stands, when the old plan is applied once more.
    album_sort(*call, "--layout", "{year}", "--save")
    assert album_sort("apply", plan).code in (0, 3)
    assert read_kept(str(albums)).values["layout"] == "{year}"


def test_a_plan_sets_nothing_that_no_run_sets(tmp_path: Path) -> None:
    keeps = (Kept("learned x of y", "", "z"), Kept("untold moves", "", "z"), Kept("layout of 1", "", "z"))
    plan = replace(plan_on_paper([]), keeps=(*keeps, Kept("mode", "", "copy")))
    with DestinationState.open(tmp_path) as state:
        assert still_kept_by(plan, state) == {"mode": "copy"}


def test_a_mode_is_said_to_be_for_new_files_and_is_kept_with_save(
    photos: Path, tmp_path: Path, album_sort: Program
) -> None:
    albums = tmp_path / "Albums"
    call = (photos, "--out", albums, *SHIPPED)
    album_sort(*call)
    told = album_sort(*call, "--mode", "symlink").stderr
    assert (
        "--mode symlink is for new files, and there are none in this run: those that are there stay as they are" in told
    )
    saved = album_sort(*call, "--mode", "symlink", "--save").stderr
    assert "from now on new files are filed with --mode symlink" in saved
    make_tree(photos, {"rose.jpg": picture_jpeg(pictures.flower(), taken=datetime(2025, 7, 1, 10), camera=CAMERA)})
    assert "mode" not in album_sort(*call).stderr
    assert (albums / "Flowers/2025/rose.jpg").is_symlink()
    assert not (albums / "Pets/2024/cat.jpg").is_symlink()


def test_what_is_kept_goes_before_the_users_file_which_is_said(
    photos: Path, tmp_path: Path, album_sort: Program
) -> None:
    albums = tmp_path / "Albums"
    config = make_tree(tmp_path / "config", {"album-sort/config.toml": "layout = '{album}'\nday-begins = 4\n"})
    call = (photos, "--out", albums, *SHIPPED)
    album_sort(*call, "--layout", "{month|undated}")
    ran = album_sort(*call, XDG_CONFIG_HOME=str(config))
    assert names(albums) == BY_MONTH
    assert "Your configuration says --layout '{album}', but these albums keep '{month|undated}'" in ran.stderr
    shown = album_sort("config", "show", "--out", albums, XDG_CONFIG_HOME=str(config)).stdout
    origins = {line.split()[0]: line.split()[-1] for line in shown.splitlines() if line.split()}
    assert (origins["layout"], origins["day-begins"][-11:]) == ("albums", "config.toml")


def test_what_is_kept_outlives_the_database(photos: Path, tmp_path: Path, album_sort: Program) -> None:
    albums = tmp_path / "Albums"
    rules = make_tree(tmp_path, {"mine.toml": '[album.pets]\ntitle = "Rex"\n'}) / "mine.toml"
    options = ("--layout", "{album}", "--home", "48.1,11.5", "--clock", "Canon*=+1h", "--clock", "a, b=+2h")
    ran = album_sort("Photos", "--out", albums, *options, "--albums", rules.name, *SHIPPED, cwd=tmp_path)
    assert ran.code == 0, ran.stderr
    kept = read_kept(str(albums))
    assert kept.values["albums"] == str(rules), "the next run may start in another folder"
    assert resolve_settings([kept.layer()]).settings.clock == ("Canon*=+1h", "a, b=+2h")
    for file in (albums / ".album-sort").glob("state.sqlite*"):
        file.unlink()
    assert read_kept(str(albums)) == kept
    assert album_sort(photos, "--out", albums, *SHIPPED).code == 0
    assert names(albums) == {"Rex/cat.jpg", "Food/coffee.jpg"}


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "layout": st.sampled_from(["{album}", "{year}/{month|undated}"]),
            "mode": st.sampled_from(["copy", "symlink", "hardlink", "reflink"]),
            "also": st.booleans(),
            "precision_target": st.floats(0.5, 0.999),
            "home": st.tuples(st.floats(-90, 90), st.floats(-180, 180)),
            "day_begins": st.integers(0, 12),
            "clock": st.lists(st.text(), max_size=3),
        },
    )
)
def test_every_setting_comes_back_as_it_was(values: dict[str, object]) -> None:
    resolved = resolve_settings([Layer("flags", values)])
    kept = KeptSettings().after(resolved, save=False)
    again = resolve_settings([kept.layer()])
    assert [getattr(again.settings, name) for name in KEPT] == [getattr(resolved.settings, name) for name in KEPT]
    assert kept.differences(again) == ()


def test_settings_that_cannot_be_are_passed_over(tmp_path: Path) -> None:
    with DestinationState.open(tmp_path) as state:
        nonsense = {
            "layout": "{albun}",
            "also": "true",
            "mode": "teleport",
            "home": "[1, 2",
            "clock": "[[[",
            "day_begins": "99",
        }
        for key, value in {**nonsense, "language": "klingon"}.items():
            state.set_setting(key, value)
        kept = kept_of(state)
    assert kept.values == {"also": "true", "clock": "[[["}
    assert kept.language == ""


def test_all_that_is_kept_is_a_setting() -> None:
    for name in KEPT:
        assert hasattr(Settings(), name)
    with pytest.raises(ValueError, match="expected"):
        check_setting("mode", "teleport")
    assert read_layers(None, {}, {}, Layer("albums", {}))[0].origin == "albums"


def test_weights_are_remembered_by_hash_and_place(photos: Path, tmp_path: Path, album_sort: Program) -> None:
    albums, weights = tmp_path / "Albums", tmp_path / "mine.pth"
    random_resnet18(weights)
    made = album_sort("Photos", "--out", albums, "--weights", "mine.pth", "--precision", "fp32", cwd=tmp_path)
    assert made.code == 0, made.stderr
    before = read_tree(albums)
    offline = {"ALBUM_SORT_WEIGHTS_MIRROR": "http://127.0.0.1:9"}
    plain = (photos, "--out", albums)
    hidden = weights.rename(tmp_path / "elsewhere.pth")
    # All photos are known: nobody needs the file.
    again = album_sort(*plain, "-v", **offline)
    assert (again.code, read_tree(albums)) == (0, before), again.stderr
    explained = album_sort("explain", photos / "cat.jpg", "--out", albums, **offline)
    assert explained.code == 0, explained.stderr
    shown = album_sort("config", "show", "--out", albums).stdout
    assert any(line.split()[:1] == ["weights"] and str(weights) in line for line in shown.splitlines())
    make_tree(photos, {"rose.jpg": picture_jpeg(pictures.flower(), taken=datetime(2025, 7, 1, 10), camera=CAMERA)})
    missing = album_sort(*plain, **offline)
    assert missing.code == 4
    digest = file_sha256(hidden)
    assert f"these albums were made with ResNet-18 ({digest[:8]}..., {str(weights)!r})" in missing.stderr
    assert "give it again with --weights FILE" in missing.stderr
    hidden.rename(weights)
    assert album_sort(*plain, **offline).code == 0
    other = album_sort(*plain, *SHIPPED)
    assert f"These albums were made with ResNet-18 ({digest[:8]}…" in other.stderr
    assert read_kept(str(albums)).model == "resnet18", "another network counts for one run"
    album_sort(*plain, *SHIPPED, "--save")
    assert read_kept(str(albums)).model == "efficientnet-lite0"


def test_albums_of_which_all_was_taken_back_speak_as_their_user_does(tmp_path: Path) -> None:
    with DestinationState.open(tmp_path) as state:
        with speaking("zh"):
            assert language_of(state) == "zh"
        state.set_settings({LANGUAGE: "en"})
        with speaking("zh"):
            assert language_of(state) == "en"
