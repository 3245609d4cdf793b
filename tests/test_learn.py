"""`learn`: an album from examples, in real runs of the shipped network over crops of real pictures."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.builders import make_tree, picture_jpeg
from tests.conftest import Program, Ran
from tests.learn_pictures import as_jpeg, crop, library, somewhere
from tests.pictures import cat, page
from tests.raw_samples import dng


@dataclass(frozen=True)
class Home:
    """Photos, which all tests read, and albums of one test's own."""

    folder: Path
    photos: Path
    program: Program

    def sort(self, *more: str) -> Ran:
        ran = self.program(self.photos, "--out", "A", "--offline", *more, cwd=self.folder)
        assert ran.code == 0, ran.stderr
        return ran

    def call(self, *words: str, code: int = 0) -> Ran:
        ran = self.program(*words, "--out", "A", cwd=self.folder)
        assert ran.code == code, ran.stdout + ran.stderr
        return ran

    def learn(self, *words: str, code: int = 0) -> Ran:
        return self.call("learn", *words, code=code)

    def cat(self, number: int) -> str:
        return str(self.photos / f"cat/{number:02}.jpg")

    def examples(self, count: int = 10) -> list[str]:
        return [self.cat(number) for number in range(count)]

    def filed(self, album: str) -> set[str]:
        return {path.name for path in (self.folder / "A" / album).rglob("*.jpg")}

    def tree(self) -> dict[str, bytes]:
        albums = self.folder / "A"
        found = (path for path in albums.rglob("*.jpg") if ".album-sort" not in path.parts)
        return {str(path.relative_to(albums)): path.read_bytes() for path in found}


@pytest.fixture(scope="module")
def sorted_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("learn")
    library(folder / "P")
    return folder


@pytest.fixture
def home(sorted_once: Path, tmp_path: Path, album_sort: Program) -> Home:
    if not (sorted_once / "A").is_dir():
        Home(sorted_once, sorted_once / "P", album_sort).sort()
    shutil.copytree(sorted_once / "A", tmp_path / "A", symlinks=True)
    return Home(tmp_path, sorted_once / "P", album_sort)


CATS = {f"{number:02}.jpg" for number in range(20)}


def test_the_next_run_files_what_looks_like_the_examples_and_undo_takes_it_back(home: Home) -> None:
    before = home.tree()
    assert "“Bello”: learned from 10 examples" in home.learn("Bello", *home.examples()).stdout
    assert home.tree() == before, "learning moves nothing by itself"
    home.sort()
    assert len(home.filed("Bello")) >= 13
    assert home.filed("Bello") <= CATS
    home.call("undo")
    assert home.tree() == before
    assert "what was learned then is taken back" in home.call("undo").stdout
    assert "Nothing has been learned" in home.learn("list").stdout
    home.sort()
    assert home.tree() == before


def test_a_dry_run_says_what_would_follow_and_remembers_nothing(home: Home) -> None:
    told = json.loads(home.learn("Bello", *home.examples(), "--dry-run", "--json").stdout.splitlines()[-1])
    (album,) = told["albums"]
    assert (told["event"], told["run"], album["title"], album["examples"]) == ("learned", None, "Bello", 10)
    assert album["found"] >= 9
    follow = {Path(one["path"]).name for one in album["follow"]}
    assert follow <= CATS - {Path(one).name for one in home.examples()}
    assert len(follow) >= 3
    assert "Nothing has been learned" in home.learn("list").stdout
    home.learn("Bello", *home.examples())
    home.sort()
    assert home.filed("Bello") == follow | {Path(one).name for one in home.examples()}, "what it said came true"


def test_explain_names_the_examples_that_are_nearest(home: Home) -> None:
    home.learn("Bello", *home.examples())
    home.sort()
    follower = min(home.filed("Bello") - {Path(one).name for one in home.examples()})
    told = home.call("explain", str(home.photos / "cat" / follower), "--offline").stdout
    for words in ("looks like your examples of", "What you have shown", "of your 10 examples of “Bello”", "; nearest:"):
        assert words in told
    assert told.split("; nearest:")[1].split()[0].startswith("Bello/")
    assert "you showed it as an example of" in home.call("explain", home.cat(3), "--offline").stdout


def test_what_a_person_placed_never_moves_by_what_was_learned(home: Home) -> None:
    """Neither a follower, nor an example: the later word counts."""
    home.learn("Bello", *home.examples())
    home.sort()
    follower = min(home.filed("Bello") - {Path(one).name for one in home.examples()})
    home.call("fix", str(home.photos / "cat" / follower), home.cat(3), "--album", "food")
    home.sort()
    assert {follower, "03.jpg"} <= home.filed("Food")
    home.learn("Bello", "--from-fixes")
    home.sort()
    assert {follower, "03.jpg"} <= home.filed("Food")
    shown = json.loads(home.learn("show", "bello", "--json").stdout)
    assert follower in {Path(one).name for one in shown["no"]}


def test_a_counter_example_stays_out(home: Home) -> None:
    home.learn("Bello", *home.examples())
    follower = min(
        Path(one["path"]).name
        for one in json.loads(home.learn("Bello", home.cat(0), "-n", "--json").stdout.splitlines()[-1])["albums"][0][
            "follow"
        ]
    )
    home.learn("Bello", "--not", str(home.photos / "cat" / follower))
    home.sort()
    assert follower not in home.filed("Bello")
    shown = json.loads(home.learn("show", "bello", "--json").stdout)
    assert (len(shown["yes"]), [Path(one).name for one in shown["no"]]) == (10, [follower])


def test_things_without_anything_in_common_move_no_other_photo(home: Home) -> None:
    odds = [home.cat(1), str(home.photos / "other/0-01.jpg"), str(home.photos / "other/3-02.jpg")]
    home.program("learn", "Odds", *odds, "--out", "A", cwd=home.folder)
    home.sort()
    assert home.filed("Odds") <= {Path(one).name for one in odds}


def test_siblings_are_told_apart(home: Home) -> None:
    """One of them was never photographed here: its examples come from elsewhere, and it takes nothing."""
    shown = {f"shown/Tom/{number}.jpg": (home.photos / f"cat/{number:02}.jpg").read_bytes() for number in range(15)}
    shown |= {f"shown/Page/{number}.jpg": somewhere(page(), 50 + number) for number in range(12)}
    make_tree(home.folder, shown)
    home.learn("shown/Tom", "shown/Page")
    assert "Told apart from" in home.learn("list").stdout
    home.sort()
    assert home.filed("Tom") <= CATS
    assert len(home.filed("Tom")) > 15
    assert home.filed("Page") == set()


def test_it_is_forgotten_brought_back_handed_on_and_survives_a_lost_state(home: Home) -> None:
    home.learn("贝洛", *home.examples())
    home.sort()
    with_it = home.tree()
    assert len(home.filed("贝洛")) >= 13
    (home.folder / "A/.album-sort/state.sqlite").unlink()
    assert "贝洛" in home.learn("list").stdout
    home.sort()
    assert home.tree() == with_it
    home.learn("export", "贝洛", str(home.folder / "album.json"))
    assert not any(name in (home.folder / "album.json").read_text() for name in (".jpg", str(home.photos)))
    home.learn("forget", "贝洛")
    home.sort()
    assert not home.filed("贝洛")
    home.learn("import", str(home.folder / "album.json"))
    home.sort()
    assert home.tree() == with_it
    (home.folder / "rex.json").write_text((home.folder / "album.json").read_text().replace('"贝洛"', '"Rex"'))
    refused = home.learn("import", str(home.folder / "rex.json"), code=2).stderr
    assert "is an example of '贝洛' already" in refused, "a photo is filed in one album"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["Pets", "CAT"], "'Pets' is an album already"),
        (["Bello"], "no examples given"),
        (["Bello", "P/none.jpg"], "no such photo: "),
        (["lst"], "there is no command 'lst'; did you mean `album-sort learn list`?"),
        (["shw", "Bello"], "did you mean `album-sort learn show`?"),
        (["exprt", "Bello", "--wait", "1"], "did you mean `album-sort learn export`?"),
        (["Bel\nlo", "CAT"], "cannot be the title of an album"),
        (["..", "CAT"], "'..' cannot be the name of a folder"),
        (["AC/DC", "CAT"], "for example 'AC_DC'"),
        (["Bello", "CAT", "--not", "CAT"], "as belonging to 'Bello' and as not belonging to it"),
        (["Con", "CAT"], "for example '_Con'"),
        (["forget", "Bello"], "no album 'Bello' was learned here"),
        (["export", "Bello", "x.json"], "no album 'Bello' was learned here"),
        (["import", "CAT"], "does not hold a learned album"),
        (["Bello", "CAT", "--ask"], "--ask needs a terminal"),
    ],
)
def test_what_cannot_be_meant_is_said_and_leaves_no_trace(home: Home, words: list[str], said: str) -> None:
    before = (home.folder / "A/.album-sort/state.sqlite").read_bytes()
    assert said in home.learn(*(home.cat(1) if word == "CAT" else word for word in words), code=2).stderr
    assert (home.folder / "A/.album-sort/state.sqlite").read_bytes() == before


def test_an_album_may_be_called_nearly_as_a_command(home: Home) -> None:
    assert "“Lists”: learned" in home.learn("Lists", *home.examples(), "--dry-run").stdout


@pytest.mark.parametrize(
    "call",
    [
        "learn list",
        "learn show Bello",
        "learn forget Bello",
        "learn export Bello x.json",
        "learn import x.json",
        "fix --list",
        "review",
        "runs",
        "verify",
        "undo",
    ],
)
@pytest.mark.parametrize("is_there", [False, True])
def test_a_folder_without_albums_is_said_to_have_none(
    tmp_path: Path, album_sort: Program, call: str, is_there: bool
) -> None:
    """Not that nothing was learned, said or waits there: the folder is misspelled."""
    if is_there:
        (tmp_path / "Z").mkdir()
    ran = album_sort(*call.split(), "--out", "Z", cwd=tmp_path)
    assert (ran.code, ran.stdout) == (1, "")
    assert f"'{tmp_path}/Z' holds no albums made by album-sort" in ran.stderr
    assert {path.name for path in tmp_path.rglob("*")} == ({"Z"} if is_there else set())


def test_albums_that_nothing_was_sorted_into_learn_nothing(tmp_path: Path, album_sort: Program) -> None:
    make_tree(tmp_path, {"P/a.jpg": as_jpeg(crop(cat(), 1))})
    ran = album_sort("learn", "Bello", "P/a.jpg", "--out", "A", cwd=tmp_path)
    assert ran.code == 2
    assert "nothing is sorted into" in ran.stderr
    assert not (tmp_path / "A").exists()


def test_another_network_learns_from_the_same_photos(home: Home, shared_weights: Path) -> None:
    home.learn("Bello", *home.examples())
    home.sort()
    home.sort("--model", "resnet18", "--weights", str(shared_weights), "--save")
    assert len(home.filed("Bello")) >= 13
    assert home.filed("Bello") <= CATS


ENDED_AT = 17


def test_questions_on_the_terminal_teach(home: Home) -> None:
    """Each photo that is asked about is named with its folder; Enter skips it; the answers are remembered with the examples.

    Each question tells how many there are, and how they end: what was answered until then counts.
    """
    keyboard, terminal = os.openpty()
    arguments = [sys.executable, "-m", "album_sort", "learn", "Bello", *home.examples(), "--ask", "--out", "A"]
    with subprocess.Popen(
        arguments,
        cwd=home.folder,
        stdin=terminal,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"COLUMNS": "200"},
    ) as asking:
        os.close(terminal)
        assert asking.stdout is not None
        asked: list[str] = []
        said: list[str] = []
        for line in iter(asking.stdout.readline, ""):
            said.append(line)
            # The question follows on a line of its own, without an end: it is answered by the photo's name.
            if line.rstrip().endswith(".jpg") and len(asked) < 20 and "%" not in line:
                name = Path(line.strip().rpartition(" ")[2]).name
                asked.append(name)
                said_of_it = b"\n" if len(asked) == 1 else b"y\n" if name in CATS else b"n\n"
                os.write(keyboard, b"q\n" if len(asked) == ENDED_AT else said_of_it)
        assert asking.wait(60) == 0, "".join(said)
    os.close(keyboard)
    assert len(asked) == ENDED_AT
    for number in range(1, ENDED_AT + 1):
        assert f"Bello? ({number} of 20) [y/n, Enter = I do not know, q = enough] " in "".join(said)
    *asked, _ = asked
    shown = json.loads(home.learn("show", "Bello", "--json").stdout)
    yes, no = ({Path(one).name for one in shown[key]} for key in ("yes", "no"))
    assert asked[0] not in yes | no
    assert yes == {Path(one).name for one in home.examples()} | {one for one in asked[1:] if one in CATS}
    assert no == {one for one in asked[1:] if one not in CATS}
    home.sort()
    assert home.filed("Bello") <= CATS


def test_examples_stay_examples_under_another_layout(home: Home) -> None:
    home.learn("Bello", *home.examples())
    home.sort()
    before = home.filed("Bello")
    home.sort("--layout", "{year}/{album}", "--save")
    albums = home.folder / "A"
    assert {path.name for path in albums.rglob("*.jpg") if path.parent.name == "Bello"} == before
    assert "Bello" in json.loads(home.learn("show", "Bello", "--json").stdout)["yes"][0].split("/")[:-1]
    home.learn("forget", "Bello")
    home.sort()
    assert not [path for path in albums.rglob("*.jpg") if path.parent.name == "Bello"]


def test_examples_of_an_album_that_the_rules_remove_are_filed_as_any_other_photo(home: Home) -> None:
    home.learn("Bello", *home.examples())
    home.sort()
    rules = make_tree(home.folder, {"rules.toml": b"[album.bello]\nremove = true\n"}) / "rules.toml"
    home.sort("--albums", str(rules))
    assert not home.filed("Bello")
    home.sort()
    assert {Path(one).name for one in home.examples()} <= home.filed("Bello")


def test_the_raw_of_a_pair_is_an_example_as_its_picture_is(home: Home) -> None:
    picture = np.asarray(Image.open(BytesIO(somewhere(cat(), 20))))
    taken = picture_jpeg(picture, taken=datetime(2024, 5, 1, 10))
    make_tree(home.folder, {"Q/20.jpg": taken, "Q/20.dng": dng(preview=Image.fromarray(picture))})
    home.program("Q", "--out", "A", "--offline", cwd=home.folder)
    home.learn("Bello", *home.examples(9), "Q/20.dng")
    yes = json.loads(home.learn("show", "Bello", "--json").stdout)["yes"]
    assert {Path(one).name for one in yes} == {"20.jpg", *(Path(one).name for one in home.examples(9))}
    home.program("Q", "--out", "A", "--offline", cwd=home.folder)
    assert {path.name for path in (home.folder / "A/Bello").rglob("20.*")} >= {"20.jpg", "20.dng"}


def test_an_album_whose_title_another_one_has_is_listed_as_not_used_and_can_be_forgotten(home: Home) -> None:
    """An album of a later program may be called as one that was learned before."""
    home.learn("Bello", *home.examples())
    with sqlite3.connect(home.folder / "A/.album-sort/state.sqlite") as state:
        state.execute(
            "UPDATE settings SET value = replace(value, '\"Bello\"', '\"Food\"') WHERE key LIKE 'learned bello%'"
        )
    state.close()
    assert "not used: another album is called so" in " ".join(home.learn("list").stdout.split())
    home.learn("forget", "bello")
    assert "Nothing has been learned" in home.learn("list").stdout


def test_siblings_that_cannot_be_told_apart_are_refused_with_the_photos_that_show_it(home: Home) -> None:
    """And examples that have nothing in common."""
    shown = {f"shown/{name}/{n}.jpg": (home.photos / f"cat/{n:02}.jpg").read_bytes() for name, n in _TURNS}
    make_tree(home.folder, shown)
    told = home.learn("shown/Tom", "shown/Tim", code=3).stdout
    assert "Tom" in told
    assert "  |  " in told, "pairs of photos"
    assert "once more with --fine" in " ".join(told.split())
    assert "Nothing has been learned" in home.learn("list").stdout
    # One of each kind: of two, some networks find each by the other.
    odds = [home.cat(1), *(str(home.photos / f"other/{kind}-01.jpg") for kind in range(5))]
    refused = home.learn("Odds", *odds, code=3).stdout
    assert any(Path(one).name in refused for one in odds)


_TURNS = [("Tom" if number % 2 else "Tim", number) for number in range(20)]
