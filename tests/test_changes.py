"""The changes of a person: what the plan shows is what is done, one run that an undo takes back whole, and that every later run keeps."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import permutations
from pathlib import Path

import pytest

from album_sort.errors import DestinationLocked, UsageError
from album_sort.fileops.lock import destination_lock
from album_sort.operations.change_orders import Saying, changes_of
from album_sort.operations.changes import Changed, ChangesPlan, Move, apply_changes, preview_changes
from album_sort.operations.known_problems import KnownProblems
from album_sort.operations.order import SettingsHere, settings_here
from album_sort.operations.stop import StopRequest
from album_sort.operations.undo import undo
from album_sort.state.store import DestinationState
from album_sort.types.changes import (
    BelongsTo,
    Change,
    ChooseCover,
    Forget,
    KeepOut,
    MergeAlbums,
    MergeTrips,
    NewAlbum,
    RenameAlbum,
    RenameTrip,
    SetPlace,
    SetTaken,
)
from tests.builders import fingerprint, make_tree, picture_jpeg, read_tree
from tests.conftest import Program
from tests.pictures import cat, coffee, flower, rocket, temple

MUNICH, KYOTO = (48.137, 11.575), (35.011, 135.768)
BY_HAND = "Mine/scan.jpg"
"""Where somebody has put `scans/0.jpg`."""

PHONE = ("Apple", "iPhone 13")


def photos() -> dict[str, bytes]:
    """At home, on a journey, and some that say nothing of themselves."""

    def one(of_what: object, day: str, at: tuple[float, float], row: int) -> bytes:
        pixels = of_what()[row * 3 :]  # type: ignore[operator]
        return picture_jpeg(pixels, taken=datetime.fromisoformat(day), position=at, camera=PHONE)

    home = {
        f"home/{n}.jpg": one(what, f"2024-0{n + 1}-10T19:00", MUNICH, n)
        for n, what in enumerate((cat, cat, coffee, coffee, flower))
    }
    away = {
        f"away/{n}.jpg": one(what, f"2024-09-1{n}T1{n}:00", KYOTO, n + 5)
        for n, what in enumerate((temple, temple, temple, flower, coffee))
    }
    scans = {f"scans/{n}.jpg": picture_jpeg(what()[n * 3 :]) for n, what in enumerate((cat, rocket))}
    return home | away | scans


@dataclass
class Home:
    """Photos, which all tests read, and albums of one test's own."""

    source: Path
    albums: Path
    program: Program

    @property
    def here(self) -> SettingsHere:
        return settings_here(str(self.albums), lambda kept: (kept,) if kept else ())

    def preview(self, *changes: Change) -> ChangesPlan:
        return preview_changes(str(self.albums), changes, self.here)

    def apply(self, *changes: Change) -> Changed:
        return apply_changes(str(self.albums), changes, self.here)

    def undo(self) -> None:
        undo(str(self.albums), "", wait_seconds=0, sink=lambda _: None, stop=StopRequest(), tell=lambda _: None)

    def sort(self) -> str:
        ran = self.program(self.source, "--out", self.albums, "--offline")
        assert ran.code == 0, ran.stderr
        return ran.stdout

    def tree(self) -> dict[str, str]:
        return {
            name: content for name, content in read_tree(self.albums).items() if name[0] != "." and "report" not in name
        }

    def id_of(self, source: str) -> str:
        return self.row(source)[0]

    def row(self, source: str) -> tuple[str, str]:
        """Content and path of a photo."""
        with DestinationState.open_read_only(self.albums) as state:
            rows = state.records().ledger.values()
            return next((row.content_id, row.path) for row in rows if row.source.endswith(f"/{source}"))

    def at(self, source: str) -> str:
        return self.row(source)[1]

    def ids(self, *sources: str) -> tuple[str, ...]:
        return tuple(map(self.id_of, sources))

    def trip(self) -> str:
        """The id of the journey to Kyoto."""
        with DestinationState.open_read_only(self.albums) as state:
            (trip,) = state.trips()
        return trip.trip_id

    def known(self) -> tuple[object, ...]:
        """All that is remembered but the history."""
        with DestinationState.open_read_only(self.albums) as state:
            settings = {key: value for key, value in state.settings().items() if " of " not in key and value}
            ledger = {path: (row.filed, row.action) for path, row in state.records().ledger.items()}
            aliases = state.records().folder_aliases
            return ledger, aliases, state.corrections(), state.facts(), state.trips(), settings

    def report(self) -> str:
        """The rows of the newest report."""
        return max((self.albums / ".album-sort/runs").glob("*/report.jsonl")).read_text()

    def lose_state(self) -> None:
        for path in (self.albums / ".album-sort").glob("state.sqlite*"):
            path.unlink()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("changes")
    make_tree(folder / "P", photos())
    return folder


@pytest.fixture
def home(source: Path, tmp_path: Path, album_sort: Program) -> Home:
    first = source / "A"
    if not first.is_dir():
        ran = album_sort(source / "P", "--out", first, "--offline", "--home", "48.137,11.575")
        assert ran.code == 0, ran.stderr
        made = Home(source / "P", first, album_sort)
        (first / BY_HAND).parent.mkdir()
        (first / made.at("scans/0.jpg")).rename(first / BY_HAND)
        made.sort()
    shutil.copytree(first, tmp_path / "A", symlinks=True)
    return Home(source / "P", tmp_path / "A", album_sort)


def moved(moves: Sequence[Move]) -> dict[str, str]:
    return {move.photo: move.target for move in moves}


def cats(home: Home) -> tuple[str, ...]:
    return home.ids("home/0.jpg", "home/1.jpg")


def on_the_journey(home: Home, first_day: str, *sources: str) -> list[Change]:
    """What somebody says who knows that these photos are from Kyoto, one a day."""
    day = datetime.fromisoformat(first_day)
    told = [SetTaken(home.ids(photo), f"{day + timedelta(days=n):%Y-%m-%d} 1{n}:00") for n, photo in enumerate(sources)]
    return [*told, SetPlace(home.ids(*sources), "Kyoto")]


EVERY: dict[str, Callable[[Home], Change | list[Change]]] = {
    "belongs": lambda home: BelongsTo(cats(home), "Food"),
    "keep-out": lambda home: KeepOut(cats(home)),
    "new-album": lambda home: NewAlbum("Bello", cats(home)),
    "forget": lambda home: Forget(home.ids("scans/0.jpg")),
    "rename-album": lambda _: RenameAlbum("food", "Eating & drinking"),
    "merge-albums": lambda _: MergeAlbums(("Food", "flowers"), "city"),
    "rename-trip": lambda home: RenameTrip(home.trip(), "Honeymoon"),
    "taken": lambda home: SetTaken(home.ids("home/0.jpg", "scans/1.jpg"), "1987-07"),
    "shift": lambda home: SetTaken(home.ids(*(f"home/{n}.jpg" for n in range(5))), "-1y2d3h"),
    "place": lambda home: on_the_journey(home, "2024-09-13", "home/4.jpg"),
}


@pytest.mark.parametrize("kind", EVERY)
def test_what_the_plan_shows_is_done_once_and_taken_back_whole(home: Home, kind: str) -> None:
    """A photo that was moved by hand before is among them: what a person did comes before what is said now."""
    assert home.at("scans/0.jpg") == BY_HAND
    before, known, marks = home.tree(), home.known(), fingerprint(home.albums)
    tree = dict(before)
    changes = said if isinstance(said := EVERY[kind](home), list) else [said]
    plan = home.preview(*changes)
    assert fingerprint(home.albums) == marks, "a plan writes nothing"
    assert plan.moves, "each of these moves something"
    for move in plan.moves:
        assert move.why
        assert tree.pop(move.origin)[:64] == move.photo
    tree |= {move.target: move.photo for move in plan.moves if move.target}

    done = home.apply(*changes)
    assert (done.plan.moves, done.is_complete) == (plan.moves, True)
    assert home.tree() == tree
    changed = home.known()

    assert home.apply(*changes).run_id is None, "a second time there is nothing to do"
    home.lose_state()
    assert home.known() == changed, "what was said survives the loss of the database"

    home.undo()
    assert home.known() == known
    assert home.tree() == before


def test_changes_that_have_nothing_to_do_with_each_other_may_come_in_any_order(home: Home, tmp_path: Path) -> None:
    changes: list[Change] = [
        BelongsTo(home.ids("home/0.jpg"), "flowers"),
        NewAlbum("Bello", home.ids("scans/0.jpg")),
        KeepOut(home.ids("home/2.jpg")),
    ]
    found = {tuple(sorted(moved(home.preview(*order).moves).items())) for order in permutations(changes)}
    assert len(found) == 1
    again = Home(home.source, tmp_path / "B", home.program)
    shutil.copytree(home.albums, again.albums)
    home.apply(*changes)
    for change in reversed(changes):
        again.apply(change)
    assert again.tree() == home.tree()
    tree = home.tree()
    home.sort()
    assert home.tree() == tree, "a later run keeps it"


def test_a_photo_that_is_not_there_is_named_and_nothing_is_made_of_it(home: Home) -> None:
    marks = fingerprint(home.albums)
    (one,) = home.ids("home/0.jpg")
    for photos, said in (
        ((one, "0" * 64), "0" * 64),
        ((one[:11],), "12 to 64"),
        (("../x.jpg",), "names no photo"),
        ((), "no photos"),
    ):
        for act in (home.preview, home.apply):
            with pytest.raises(UsageError) as caught:
                act(BelongsTo(photos, "food"))
            assert said in f"{caught.value} {caught.value.hint}"
    with pytest.raises(UsageError, match="did you mean 'food'"):
        home.apply(BelongsTo((one,), "foood"))
    with pytest.raises(UsageError, match="'Pets' is an album already"):
        home.apply(NewAlbum("Pets", (one,)))
    assert fingerprint(home.albums) == marks
    assert home.preview(BelongsTo((one[:12].upper(),), "food")).moves


def test_an_album_that_cannot_be_learned_from_so_few_is_there_all_the_same_and_it_is_told_why(home: Home) -> None:
    plan = home.preview(NewAlbum("Bello", cats(home)))
    assert plan.counts == {"Bello": 2}
    assert "takes no others by itself" in plan.notes[0]


def test_while_another_run_holds_the_albums_nothing_is_changed_and_it_is_told_who_does(home: Home) -> None:
    tree = home.tree()
    with destination_lock(str(home.albums), wait_seconds=0), pytest.raises(DestinationLocked, match=str(os.getpid())):
        home.apply(KeepOut(cats(home)))
    assert home.tree() == tree


KILLED = """
import os, signal, sys
from album_sort.fileops.filesystem import RealFileSystem
from album_sort.operations.changes import apply_changes
from album_sort.operations.order import settings_here
from album_sort.types.changes import BelongsTo
albums, left, *photos = sys.argv[1:]
left, publish = int(left), RealFileSystem.publish
def dying(*arguments):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return publish(*arguments)
RealFileSystem.publish = dying
here = settings_here(albums, lambda kept: (kept,) if kept else ())
apply_changes(albums, [BelongsTo(tuple(photos), "food")], here)
"""


@pytest.mark.parametrize("is_finished", [False, True])
def test_killed_in_the_middle_the_next_sort_finishes_it_and_an_undo_takes_it_back(
    home: Home, is_finished: bool
) -> None:
    tree, known = home.tree(), home.known()
    photos = cats(home)
    wanted = dict(tree)
    for move in home.preview(BelongsTo(photos, "food")).moves:
        wanted[move.target] = wanted.pop(move.origin)
    ran = subprocess.run([sys.executable, "-c", KILLED, home.albums, "1", *photos], check=False)
    assert ran.returncode == -signal.SIGKILL
    assert len(home.tree().items() & wanted.items()) == len(tree) - 1, "one is moved, one is not"
    if is_finished:
        home.sort()
        assert home.tree() == wanted
    home.undo()
    assert home.tree() == tree
    assert home.known() == known


def test_a_photo_is_dated_as_somebody_says_and_the_folders_and_reasons_follow(home: Home) -> None:
    home.apply(SetTaken(home.ids("scans/1.jpg"), "1987-07"), SetTaken(home.ids("away/3.jpg", "away/4.jpg"), "+1y"))
    newest = max(home.albums.glob(".album-sort/runs/*"))
    rows = [json.loads(line) for line in (newest / "report.jsonl").read_text().splitlines()]
    assert rows[-1]["type"] == "summary", "the report of a change is complete ..."
    assert sum(row["type"] == "photo" for row in rows) == len(photos()), "... and of all photos ..."
    assert f"{newest.name}/report.html" in (home.albums / "album-report.html").read_text(), "... and so is the page"
    assert home.at("scans/1.jpg") == "Review/1987/1.jpg"
    assert "2025" in home.at("away/4.jpg")
    marks = fingerprint(home.source)
    told = home.program("explain", home.source / "scans/1.jpg", "--out", home.albums, "--offline").stdout
    assert "you said it was taken 1987-07" in told
    told = home.program("explain", home.source / "away/4.jpg", "--out", home.albums, "--offline").stdout
    assert "you said its date is wrong" in told
    assert "+1y is added" in told
    assert fingerprint(home.source) == marks, "photos are never written to"
    for photo, taken, said in (
        ("scans/0.jpg", "+1y", "has no date that could be wrong"),
        ("home/0.jpg", "+90y", "in the future"),
        ("home/0.jpg", "2087", "no photo can have been taken"),
        ("home/0.jpg", "1987-13", "is not when a photo was taken"),
        ("home/0.jpg", "-0d", "can have been wrong"),
    ):
        with pytest.raises(UsageError, match=said):
            home.apply(SetTaken(home.ids(photo), taken))


def test_a_place_that_somebody_says_is_believed_and_takes_a_photo_onto_the_journey(home: Home) -> None:
    assert home.at("home/4.jpg") == "Flowers/2024/4.jpg"
    photo = home.ids("home/4.jpg")
    home.apply(*on_the_journey(home, "2024-09-13", "home/4.jpg"))
    assert home.at("home/4.jpg").startswith("Flowers/2024-09 Kyoto, Japan/")
    told = home.program("explain", home.source / "home/4.jpg", "--out", home.albums, "--offline").stdout
    assert "you said where it was taken" in told
    (note,) = home.preview(SetPlace(photo, "Kyoto")).notes
    assert "is taken as " in note
    assert note.startswith("“Kyoto” is taken as Kyoto, Kyoto, Japan; ")
    with pytest.raises(UsageError, match="Kyootoo: no town of that name"):
        home.preview(SetPlace(photo, "Kyootoo"))
    with pytest.raises(UsageError, match="latitude lies within"):
        home.preview(SetPlace(photo, "91,0"))
    home.apply(Forget(photo))
    assert home.at("home/4.jpg") == "Flowers/2024/4.jpg"


def test_a_trip_is_called_as_somebody_says_and_two_may_have_been_one(home: Home) -> None:
    home.apply(RenameTrip(home.trip(), "Honeymoon"))
    assert {home.at(f"away/{n}.jpg").split("/")[1] for n in range(5)} == {"Honeymoon"}
    told = home.program("explain", home.source / "away/4.jpg", "--out", home.albums, "--offline").stdout
    assert "Honeymoon" in told
    more = [f"home/{n}.jpg" for n in range(5)]
    home.apply(*on_the_journey(home, "2024-11-10", *more))
    assert {home.at(photo).split("/")[1] for photo in more} == {"2024-11 Kyoto, Japan"}
    with DestinationState.open_read_only(home.albums) as state:
        first, second = state.trips()
    home.apply(MergeTrips((second.trip_id, first.trip_id), "Two honeymoons"))
    for words in ("you called it", "you said that these"):
        assert words in home.report()
    tree = home.tree()
    assert {home.at(f"{where}/{n}.jpg").split("/")[1] for n in range(5) for where in ("away", "home")} == {
        "Two honeymoons"
    }
    home.sort()
    assert home.tree() == tree
    with pytest.raises(UsageError, match="no trip 'nowhere'"):
        home.preview(RenameTrip("nowhere", "Rome"))


def test_an_album_that_somebody_renamed_by_hand_is_renamed_again_with_all_in_it(home: Home) -> None:
    (home.albums / "Pets").rename(home.albums / "Haustiere")
    home.sort()
    (home.albums / home.at("scans/1.jpg")).rename(home.albums / "Haustiere/2024/rocket.jpg")
    plan = home.preview(RenameAlbum("Haustiere", "Animals"))
    assert {move.before for move in plan.moves} == {"Haustiere", "Review"}
    home.apply(RenameAlbum("Haustiere", "Animals"))
    names = {name.split("/")[0] for name in home.tree()}
    assert "Animals" in names
    assert not {"Pets", "Haustiere"} & names
    with pytest.raises(UsageError, match="there is an album 'Food' already"):
        home.preview(RenameAlbum("animals", "Food"))
    home.undo()
    assert "Haustiere" in {name.split("/")[0] for name in home.tree()}
    home.sort()
    assert home.at("home/0.jpg") == "Haustiere/2024/0.jpg"
    assert home.at("scans/1.jpg") == "Haustiere/2024/rocket.jpg"


def test_a_cover_is_remembered_by_content_and_taken_back(home: Home) -> None:
    def covers() -> object:
        return json.loads(home.report().partition("\n")[0]).get("covers")

    tree, known = home.tree(), home.known()
    one, other = cats(home)
    chosen = home.apply(ChooseCover("Pets", one[:16]))
    assert (chosen.plan.moves, chosen.plan.remembered, home.tree()) == ((), 1, tree)
    assert covers() == {"pets": one}
    assert home.apply(ChooseCover("pets", one)).run_id is None, "a second time there is nothing to do"
    home.apply(ChooseCover("pets", other))
    assert covers() == {"pets": other}
    remembered = home.known()
    home.lose_state()
    assert home.known() == remembered
    home.apply(KeepOut(home.ids("scans/1.jpg")))
    assert covers() == {"pets": other}, "every later page has it"
    for _ in range(2):
        home.undo()
    home.apply(ChooseCover("pets", ""))
    assert covers() is None
    home.undo()
    home.undo()
    assert home.known() == known


def test_a_cover_is_a_photo_of_its_album(home: Home) -> None:
    (cat_photo,) = home.ids("home/0.jpg")
    with pytest.raises(UsageError, match="is in 'pets', not in 'food'"):
        home.preview(ChooseCover("food", cat_photo))
    with pytest.raises(UsageError, match="not in 'pets'"):
        home.preview(KeepOut((cat_photo,)), ChooseCover("pets", cat_photo))
    assert home.preview(BelongsTo((cat_photo,), "food"), ChooseCover("food", cat_photo)).moves, "it comes there with it"
    assert home.preview(MergeAlbums(("pets",), "food"), ChooseCover("food", cat_photo)).moves


def test_the_command_line_says_the_same_by_paths(home: Home, tmp_path: Path) -> None:
    def call(*words: str | Path) -> str:
        ran = home.program(*words, "--out", home.albums)
        assert ran.code == 0, ran.stderr
        return ran.stdout

    tree = home.tree()
    scan = home.source / "scans/1.jpg"
    assert "Review/1987/1.jpg" in call("fix", scan, "--taken", "1987-07", "--dry-run")
    assert home.tree() == tree
    assert "1 file moved" in call("fix", scan, "--taken", "1987-07")
    assert home.at("scans/1.jpg") == "Review/1987/1.jpg"
    call("fix", home.source / "away", "--trip", "Honeymoon", "--place", "Osaka")
    assert home.at("away/0.jpg").split("/")[1] == "Honeymoon"
    call("albums", "rename", "city", "Towns")
    call("albums", "merge", "flowers", "--into", "food")
    assert {name.split("/")[0] for name in home.tree()} == {"Towns", "Food", "Pets", "Review", "Mine"}
    said = call("fix", "--list", "--json")
    for words in ('"said": "1987-07"', '"said": "Osaka"', '"said": "Honeymoon"', '"now": "Towns"', '"now": "food"'):
        assert words in said
    assert "Honeymoon" in call("fix", "--list")
    assert "Towns" in call("albums", "list")
    call("albums", "cover", "pets", home.source / "home/1.jpg")
    assert json.loads(home.report().partition("\n")[0])["covers"] == {"pets": home.id_of("home/1.jpg")}
    assert "cover" in call("fix", "--list")
    call("albums", "cover", "pets")
    assert "covers" not in json.loads(home.report().partition("\n")[0])
    assert "for 1 photo" in call("fix", scan, "--forget")
    assert home.program("fix", scan, "--trip", "Rome", "--out", home.albums).code == 2
    (new := tmp_path / "new.jpg").write_bytes(picture_jpeg(cat()[50:]))
    refused = home.program("fix", new, "--taken", "1987", "--out", home.albums)
    assert (refused.code, f"{str(new)!r} is not in these albums yet" in refused.stderr) == (2, True)
    refused = home.program("albums", "cover", "pets", home.source / "home", "--out", home.albums)
    assert (refused.code, "is 5 photos" in refused.stderr) == (2, True)
    for _ in range(6):
        home.undo()
    assert home.tree() == tree


def test_of_a_folder_what_could_not_be_processed_is_left_out_and_named_by_itself_it_is_not_to_be_sorted_first(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALBUM_SORT_CACHE_DIR", str(tmp_path / "cache"))
    box, told = tmp_path / "Box", KnownProblems.read(tmp_path / "cache", str(home.albums))
    shutil.copytree(home.source / "scans", box)
    (broken := box / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 cut off")
    with pytest.raises(UsageError) as unsorted:
        changes_of(str(home.albums), Saying((str(box),), taken="1987"))
    assert "sort it first" in unsorted.value.hint
    told.keep([(str(broken), "decode", "damaged JPEG")], [])
    dated = changes_of(str(home.albums), Saying((str(box),), taken="1987"))
    assert dated == changes_of(str(home.albums), Saying((str(home.source / "scans"),), taken="1987"))
    with pytest.raises(UsageError) as refused:
        changes_of(str(home.albums), Saying((str(broken),), taken="1987"))
    assert "restore it from a backup" in refused.value.hint
