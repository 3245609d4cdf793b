"""The database is lost or damaged: what the runs have left in `runs/<id>/` and the tree bring it back, and nobody notices."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from album_sort.core.planning.pruning import orphans, with_prune
from album_sort.state.migrations import migrate
from album_sort.state.own_files import RUNS
from album_sort.state.run_files import PLAN, TRIPS
from album_sort.state.store import DestinationState
from album_sort.types import Action, ContentId, KnownTrip, Mode, RunId
from album_sort.types.ledger import DestinationRecords, RunRecord, RunStatus
from tests import pictures
from tests.builders import fingerprint, make_jpeg, make_tree, picture_jpeg
from tests.conftest import Program
from tests.destination_builders import (
    NOW,
    Library,
    apply_saved,
    content_id,
    files,
    picture_of,
    plan_for,
    run,
    tree,
    undo,
)
from tests.test_sort import SHIPPED, album_tree

TRIP = KnownTrip("t1", "2025-12 Niseko, Japan", date(2025, 12, 1), date(2025, 12, 9), frozenset({ContentId("a" * 64)}))


def lose(albums: Path) -> None:
    for path in (albums / ".album-sort").glob("state.sqlite*"):
        path.unlink()


def known(albums: Path) -> tuple[DestinationRecords, tuple[RunRecord, ...], tuple[KnownTrip, ...]]:
    """Ledger, aliases and open runs; history; trips."""
    with DestinationState.open_read_only(albums) as state:
        return state.records(), state.runs(), state.trips()


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = Library(tmp_path)
    library.add("a.jpg", b"cat", "Pets/2024")
    library.add("a.jpg.xmp", b"<x/>", "Pets/2024", primary="a.jpg")
    library.add("b.jpg", b"dog", "Pets/2024")
    library.add("c.jpg", b"soup", "Food/2024")
    library.also.append(("c.jpg", "Home/2024"))
    return library


@pytest.mark.parametrize("mode", list(Mode))
def test_ledger_and_history_are_those_of_before(library: Library, mode: Mode) -> None:
    run(library, "r1", mode)
    library.assign("a.jpg", "Cats/2024")
    library.add("d.jpg", b"bird", "Birds/2024")
    run(library, "r2", mode)
    library.assign("b.jpg", "Dogs/2024")
    run(library, "r3", mode)
    undo(library, "r3")
    before = known(library.albums)
    lose(library.albums)
    after = known(library.albums)
    assert after[1:] == before[1:]
    assert files(library.albums) == sorted(after[0].ledger)
    if mode in (Mode.COPY, Mode.HARDLINK):
        assert after == before
    else:
        # A symbolic link's own time is only known until it is moved back and forth; a reflink that became a copy is one.
        assert after[0].ledger.keys() == before[0].ledger.keys()
    library.assign("b.jpg", "Pets/2024")
    assert plan_for(library, mode).effects == ()


@pytest.mark.parametrize("mode", list(Mode))
def test_every_run_can_still_be_undone(library: Library, mode: Mode) -> None:
    """Copies, moves, links, entries in second albums, and three photos that take each other's names."""
    for album in ("One", "Two", "Three"):
        library.add(f"{album}/same.jpg", album.encode(), album)
    run(library, "r1", mode)
    first = tree(library.albums)
    for album, other in (("One", "Two"), ("Two", "Three"), ("Three", "One")):
        library.assign(f"{album}/same.jpg", other)
    library.assign("c.jpg", "Feast/2024")
    run(library, "r2", mode)
    lose(library.albums)
    assert undo(library, "r2").is_complete
    assert tree(library.albums) == first
    lose(library.albums)
    assert undo(library, "r1").is_complete
    assert tree(library.albums) == {}


def test_an_undo_reaches_back_over_two_moves(library: Library) -> None:
    """Each with the database of the run before it lost."""
    run(library, "r1")
    trees = [tree(library.albums)]
    for number, album in enumerate(("Cats/2024", "Felines/2024"), 2):
        library.assign("a.jpg", album)
        run(library, f"r{number}")
        trees.append(tree(library.albums))
        lose(library.albums)
    assert trees[-1].keys() >= {"Felines/2024/a.jpg", "Felines/2024/a.jpg.xmp"}
    for number in (3, 2):
        assert undo(library, f"r{number}").is_complete
        assert tree(library.albums) == trees[number - 2]


@pytest.mark.parametrize("with_news", [True, False], ids=["told by a run", "told by nobody"])
def test_a_photo_that_the_user_moved_before_it_was_relocated_goes_back_to_where_the_user_had_it(
    library: Library, with_news: bool
) -> None:
    run(library, "r1")
    os.rename(library.albums / "Pets", library.albums / "Our pets")
    if with_news:
        library.add("d.jpg", b"bird", "Pets/2024")
    run(library, "r2")
    before = tree(library.albums)
    library.assign("b.jpg", "Dogs/2024")
    run(library, "r3")
    lose(library.albums)
    assert undo(library, "r3").is_complete
    assert tree(library.albums) == before


def test_an_album_that_the_user_renamed_keeps_its_name_for_photos_to_come(library: Library) -> None:
    """Also where most of its photos came after the renaming, so that no majority of moved files tells of it."""
    run(library, "r1")
    os.rename(library.albums / "Pets", library.albums / "Our pets")
    for number in range(9):
        library.add(f"new{number}.jpg", b"new %d" % number, "Pets/2024")
    run(library, "r2")
    lose(library.albums)
    assert plan_for(library).effects == ()
    library.add("last.jpg", b"last", "Pets/2024")
    run(library, "r3")
    assert "Our pets/2024/last.jpg" in files(library.albums)
    assert not (library.albums / "Pets").exists()


def test_what_the_user_moved_by_hand_is_known_without_reading_it_again(library: Library) -> None:
    run(library, "r1")
    os.rename(library.albums / "Pets/2024/b.jpg", library.albums / "Food/2024/our dog.jpg")
    library.add("d.jpg", b"bird", "Birds/2024")
    with DestinationState.open(library.albums) as state:
        state.remember_moves(picture_of(library))
        state.begin_run(
            RunRecord(RunId("r2"), "sort", NOW, None, RunStatus.RUNNING, "copy", ""), plan_for(library, plan_id="r2")
        )
        state.finish_run(RunId("r2"), RunStatus.INTERRUPTED, NOW)
    lose(library.albums)
    records, _, _ = known(library.albums)
    assert records.ledger["Food/2024/our dog.jpg"].content_id == content_id(b"dog")  # type: ignore[index]
    assert "Pets/2024/b.jpg" not in records.ledger


def test_what_was_pruned_is_brought_back_from_the_trash(library: Library) -> None:
    run(library)
    before = tree(library.albums)
    (library.sources / "b.jpg").unlink()
    picture, plan = picture_of(library), plan_for(library, plan_id="r2")
    pruned = with_prune(plan, orphans(plan, picture), picture.ledger.values(), max_share=0.5)
    apply_saved(library, pruned, "r2")
    assert tree(library.albums) != before
    lose(library.albums)
    assert undo(library, "r2").is_complete
    assert tree(library.albums) == before


def test_rows_that_failed_are_not_taken_for_done(library: Library) -> None:
    plan = plan_for(library)
    (library.sources / "b.jpg").write_bytes(b"DOG")
    with DestinationState.open(library.albums) as state:
        from album_sort.fileops.apply import apply_plan  # noqa: PLC0415 - this one test alone applies by itself
        from album_sort.fileops.filesystem import RealFileSystem  # noqa: PLC0415

        record = RunRecord(RunId("r1"), "sort", NOW, None, RunStatus.RUNNING, "copy", "")
        apply_plan(plan, RealFileSystem(), state.begin_run(record, plan), threads=1)
        state.finish_run(RunId("r1"), RunStatus.PARTIAL, NOW)
    before = known(library.albums)
    assert before[1][0].failed == 1
    lose(library.albums)
    assert known(library.albums) == before


def test_of_a_killed_run_the_tree_tells_what_has_happened(library: Library) -> None:
    """No line on its end: database and process were lost together."""
    run(library, "r1")
    library.assign("a.jpg", "Cats/2024")
    library.add("d.jpg", b"bird", "Birds/2024")
    run(library, "r2")
    plan = library.albums / ".album-sort" / RUNS / "r2" / PLAN
    lines = plan.read_bytes().splitlines(keepends=True)
    plan.write_bytes(b"".join(lines[:-1]) + b'{"type": "end", "sta')
    (library.albums / "Birds/2024/d.jpg").unlink()
    lose(library.albums)
    records, runs, _ = known(library.albums)
    assert sorted(records.ledger) == files(library.albums)
    assert [one.status for one in runs] == [RunStatus.DONE, RunStatus.KILLED]
    assert {op.action for op in plan_for(library).effects} == {Action.COPY}
    assert undo(library, "r2").is_complete
    assert "Pets/2024/a.jpg" in files(library.albums)


def test_trips_settings_and_corrections_come_back(library: Library) -> None:
    run(library, "r1")
    with DestinationState.open(library.albums) as state:
        state.store_trips([TRIP])
        state.set_setting("language", "zh")
        state.set_setting("language of r2", "zh")
        plan = replace(plan_for(library), plan_id=RunId("r2"))
        state.begin_run(RunRecord(RunId("r2"), "sort", NOW, None, RunStatus.RUNNING, "copy", ""), plan)
        state.finish_run(RunId("r2"), RunStatus.DONE, NOW)
    lose(library.albums)
    with DestinationState.open(library.albums) as state:
        assert state.trips() == (TRIP,)
        assert (state.setting("language"), state.setting("language of r2")) == ("zh", "zh")
        assert state.setting("language of r1") is None


def test_trips_are_left_only_by_runs_that_knew_others(library: Library) -> None:
    for number, trips in enumerate([[TRIP], [TRIP], [replace(TRIP, title="Skiing")], []]):
        with DestinationState.open(library.albums) as state:
            state.store_trips(trips)
            plan = replace(plan_for(library), plan_id=RunId(f"r{number}"))
            state.begin_run(RunRecord(RunId(f"r{number}"), "sort", NOW, None, RunStatus.RUNNING, "copy", ""), plan)
            state.finish_run(RunId(f"r{number}"), RunStatus.DONE, NOW + timedelta(hours=number))
    left = sorted(path.parent.name for path in (library.albums / ".album-sort" / RUNS).glob(f"*/{TRIPS}"))
    assert left == ["r0", "r2", "r3"]
    lose(library.albums)
    assert known(library.albums)[2] == ()


def test_a_database_that_was_made_anew_but_not_yet_filled_is_filled_by_the_next_process(library: Library) -> None:
    """Killed between the two."""
    run(library)
    before = known(library.albums)
    lose(library.albums)
    connection = sqlite3.connect(library.albums / ".album-sort/state.sqlite", isolation_level=None)
    migrate(connection)
    connection.close()
    assert known(library.albums) == before
    with DestinationState.open(library.albums):
        pass
    assert known(library.albums) == before


def test_a_run_whose_files_are_gone_too_leaves_its_photos_to_be_found_by_content(library: Library) -> None:
    run(library, "r1")
    before = tree(library.albums)
    shutil.rmtree(library.albums / ".album-sort" / RUNS / "r1")
    lose(library.albums)
    plan, _ = run(library, "r2")
    assert {op.action for op in plan.effects} <= {Action.ADOPT, Action.SYMLINK}
    assert {path: what for path, what in tree(library.albums).items() if path in before} == before


def winter(number: int, place: tuple[float, float], day: int) -> bytes:
    taken = datetime(2025, 12, day, 9 + number % 9)
    return make_jpeg(number, taken=taken, position=place, camera=("Canon", "EOS 450D"))


def test_whole_runs_with_trips_language_and_corrections_go_on_as_if_nothing_had_happened(
    tmp_path: Path, album_sort: Program
) -> None:
    niseko, sapporo, berlin = (42.86, 140.70), (43.06, 141.35), (52.52, 13.40)
    library = make_tree(
        tmp_path / "Photos",
        {
            "cat.jpg": picture_jpeg(pictures.cat(), taken=datetime(2024, 5, 1, 10), camera=("Canon", "EOS 450D")),
            "temple.jpg": picture_jpeg(pictures.temple()),
            **{f"home/{n}.jpg": winter(n, berlin, n % 28 + 1).replace(b"2025:12", b"2025:03") for n in range(20)},
            **{f"ski/{n}.jpg": winter(100 + n, niseko, 3 + n // 6) for n in range(18)},
        },
    )
    albums = tmp_path / "Albums"
    options = ("--out", albums, "--home", "52.52,13.40", "--layout", "{trip|album}", *SHIPPED)
    assert album_sort(library, *options, "--lang", "zh").code == 0
    trips = known(albums)[2]
    assert [trip.start for trip in trips] == [date(2025, 12, 3)]
    # The trip grows elsewhere: a program that had forgotten it would now call it after the other town.
    make_tree(library, {f"ski/late {n}.jpg": winter(200 + n, sapporo, 6 + n // 9) for n in range(26)})
    make_tree(library, {"coffee.jpg": picture_jpeg(pictures.coffee(), taken=datetime(2024, 6, 1, 10))})
    assert album_sort(library, *options).code == 0
    assert [trip.title for trip in known(albums)[2]] == [trips[0].title]
    before_fix = album_tree(albums)
    temple = next(path for path in albums.rglob("temple.jpg"))
    assert album_sort("fix", temple, "--album", "travel", "--out", albums).code == 0
    assert album_sort(library, *options).code == 0
    assert album_tree(albums) != before_fix
    runs = known(albums)[1]

    lose(albums)
    shutil.rmtree(Path(os.environ["ALBUM_SORT_CACHE_DIR"]) / "runs", ignore_errors=True)
    before = fingerprint(albums)
    assert album_sort("verify", "--out", albums).code == 0
    again = album_sort(library, *options, "--json", "--recheck")
    assert again.code == 0, again.stderr
    actions = json.loads(again.stdout.splitlines()[-1])["actions"]
    assert {action for action, count in actions.items() if count} <= {"keep", "duplicate"}
    assert fingerprint(albums) == before
    assert known(albums)[1] == runs
    assert [trip.title for trip in known(albums)[2]] == [trips[0].title]
    assert album_sort("undo", "--out", albums).code == 0
    assert album_tree(albums) == before_fix
    assert album_sort("verify", "--out", albums).code == 0
