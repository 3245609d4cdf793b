"""What is remembered of a destination: read without a trace, kept through damage and loss."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest

from album_sort.errors import DestinationError
from album_sort.state.migrations import migrate
from album_sort.state.schema import SCHEMA, SCHEMA_VERSION, schema_page
from album_sort.state.store import DestinationState
from album_sort.types import Action, AlbumId, AlbumRelPath, ContentId, FiledContent, KnownTrip, Role, RunId
from album_sort.types.corrections import Correction, CorrectionKind
from album_sort.types.ledger import LedgerRow, RunRecord, RunStatus
from tests.destination_builders import NOW, Library, content_id, plan_for, plan_on_paper, run, snapshot, tree, undo

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "state-schema.md"

ROW = LedgerRow(
    path=AlbumRelPath("Pets/caf\udce9.jpg"),
    filed=FiledContent(
        content_id(b"cat"),
        content_id(b"cat"),
        AlbumId("pets"),
        AlbumRelPath("Pets"),
        Role.PRIMARY,
        "/photos/\udcff.jpg",
    ),
    size_bytes=3,
    mtime_ns=1,
    inode=2,
    action=Action.COPY,
    origin=AlbumRelPath(""),
    run_id=RunId("r1"),
)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = Library(tmp_path)
    library.add("a.jpg", b"cat", "Pets/2024")
    library.add("b/a.jpg", b"dog", "Pets/2024")
    library.add("b/a.jpg.xmp", b"<x/>", "Pets/2024", primary="b/a.jpg")
    return library


def test_reading_a_destination_that_does_not_exist_gives_an_empty_picture_and_makes_nothing(tmp_path: Path) -> None:
    with DestinationState.open_read_only(tmp_path / "albums") as state:
        assert state.records().ledger == {}
        assert state.runs() == ()
        assert state.setting("language") is None
    assert list(tmp_path.iterdir()) == []


def test_reading_leaves_no_trace_in_the_destination(library: Library) -> None:
    run(library)
    before = snapshot(library.root)
    with DestinationState.open_read_only(library.albums) as state:
        assert len(state.records().ledger) == 3
    assert snapshot(library.root) == before


def test_a_run_that_goes_on_can_be_read_beside_it(library: Library) -> None:
    run(library)
    with DestinationState.open(library.albums) as writing:
        writing.set_setting("language", "zh")
        with DestinationState.open_read_only(library.albums) as state:
            assert state.setting("language") == "zh"


def test_paths_of_any_bytes_survive(tmp_path: Path) -> None:
    with DestinationState.open(tmp_path) as state:
        state.replace_outputs([], [ROW])
    with DestinationState.open(tmp_path) as state:
        assert state.records().ledger == {ROW.path: ROW}
        state.replace_outputs([ROW.path], [replace(ROW, path=AlbumRelPath("Pets/b.jpg"))])
        assert list(state.records().ledger) == ["Pets/b.jpg"]


def test_corrections_survive_the_loss_of_the_database(tmp_path: Path) -> None:
    first = Correction(ContentId("a" * 64), AlbumId("pets"), NOW, "/photos/\udcff.jpg")
    second = replace(first, album=AlbumId("food"))
    with DestinationState.open(tmp_path) as state:
        state.add_corrections([first])
        state.add_corrections([second])
        assert state.corrections() == {first.content_id: second}
    (tmp_path / ".album-sort/state.sqlite").unlink()
    with (tmp_path / ".album-sort/corrections.jsonl").open("ab") as mirror:
        mirror.write(b'{"sha256": "cut off by a power c')
    with DestinationState.open_read_only(tmp_path) as state:
        assert state.corrections() == {first.content_id: second}
    with DestinationState.open(tmp_path) as state:
        assert state.corrections() == {first.content_id: second}
        state.add_corrections([replace(first, content_id=ContentId("b" * 64))])
    (tmp_path / ".album-sort/state.sqlite").unlink()
    with DestinationState.open(tmp_path) as state:
        assert len(state.corrections()) == 2


@pytest.mark.parametrize("has_said_something", [False, True])
@pytest.mark.parametrize("broken", ["database", "mirror"])
def test_what_cannot_be_remembered_whole_is_not_remembered_at_all(
    tmp_path: Path, broken: str, has_said_something: bool
) -> None:
    """Neither by the database nor by its mirror, so that both tell the same when one of them is lost."""
    first = Correction(ContentId("a" * 64), AlbumId("pets"), NOW, "/photos/a.jpg")
    second = replace(first, content_id=ContentId("b" * 64))
    mirror = tmp_path / ".album-sort/corrections.jsonl"
    known = {first.content_id: first} if has_said_something else {}
    with DestinationState.open(tmp_path) as state:
        state.add_corrections(known.values())
        before = mirror.read_bytes()
        if broken == "database":
            state._connection.execute("PRAGMA query_only = ON")
        else:
            mirror.rename(tmp_path / "kept")
            mirror.mkdir()
        for attempt in (lambda: state.add_corrections([second]), lambda: state.forget_corrections([first.content_id])):
            with pytest.raises(DestinationError, match="cannot") as caught:
                attempt()
            assert str(tmp_path) in str(caught.value)
        assert state.corrections() == known
        if broken == "mirror":
            mirror.rmdir()
            (tmp_path / "kept").rename(mirror)
    assert mirror.read_bytes() == before
    (tmp_path / ".album-sort/state.sqlite").unlink()
    with DestinationState.open(tmp_path) as state:
        assert state.corrections() == known


def test_a_state_that_cannot_be_filled_is_closed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise DestinationError("the disk does not answer")

    monkeypatch.setattr("album_sort.state.store.rebuild", fails)
    with pytest.raises(DestinationError):
        DestinationState.open(tmp_path)
    assert [path.name for path in (tmp_path / ".album-sort").iterdir()] == ["state.sqlite"]


def test_how_a_correction_was_told_survives_too_and_one_taken_back_stays_away(tmp_path: Path) -> None:
    moved = Correction(
        ContentId("a" * 64), AlbumId("pets"), NOW, "Review/a.jpg", CorrectionKind.MOVED, AlbumRelPath("Pets/\udcff.jpg")
    )
    others = [replace(moved, content_id=ContentId(letter * 64), kind=CorrectionKind.LEFT_OUT) for letter in "bc"]
    with DestinationState.open(tmp_path) as state:
        state.add_corrections([moved, *others])
        state.forget_corrections([others[0].content_id])
        expected = state.corrections()
    assert expected == {one.content_id: one for one in (moved, others[1])}
    (tmp_path / ".album-sort/state.sqlite").unlink()
    with DestinationState.open(tmp_path) as state:
        assert state.corrections() == expected


def test_a_state_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    (tmp_path / ".album-sort").mkdir()
    with sqlite3.connect(tmp_path / ".album-sort/state.sqlite") as connection:
        connection.executescript(f"{SCHEMA}; PRAGMA user_version = 1;")
        connection.execute("INSERT INTO runs VALUES ('r', 'sort', '2026-01-01', NULL, 'done', 'copy', '', 0, 0, '')")
        connection.execute("INSERT INTO corrections VALUES (?, 'pets', '2026-01-02T03:04:05', '/p/a.jpg')", ("a" * 64,))
    connection.close()
    wanted = Correction(ContentId("a" * 64), AlbumId("pets"), datetime(2026, 1, 2, 3, 4, 5), "/p/a.jpg")
    with DestinationState.open_read_only(tmp_path) as state:
        assert list(state.corrections().values()) == [wanted]
    with DestinationState.open(tmp_path) as state:
        assert list(state.corrections().values()) == [wanted]


def test_trips_and_settings_are_kept_and_written_only_when_they_change(tmp_path: Path) -> None:
    trip = KnownTrip(
        "t1", "2025-12 Niseko, Japan", date(2025, 12, 1), date(2025, 12, 9), frozenset({ContentId("a" * 64)})
    )
    other = replace(trip, trip_id="t2", start=date(2025, 11, 1))
    with DestinationState.open(tmp_path) as state:
        state.store_trips([trip, other])
        state.set_setting("language", "zh")
    before = (tmp_path / ".album-sort/state.sqlite").read_bytes()
    with DestinationState.open(tmp_path) as state:
        assert state.trips() == (other, trip)
        assert state.setting("language") == "zh"
        state.store_trips([other, trip])
        state.set_setting("language", "zh")
    assert (tmp_path / ".album-sort/state.sqlite").read_bytes() == before
    with DestinationState.open(tmp_path) as state:
        state.store_trips([replace(trip, title="Skiing")])
        assert [known.title for known in state.trips()] == ["Skiing"]


def test_the_history_counts_what_a_run_did(library: Library) -> None:
    run(library)
    with DestinationState.open_read_only(library.albums) as state:
        (record,) = state.runs()
    assert (record.run_id, record.status, record.done, record.failed) == ("r1", RunStatus.DONE, 3, 0)


@pytest.mark.parametrize("damage", ["lost", "truncated", "garbage", "emptied", "half"])
def test_a_damaged_state_is_kept_aside_and_made_anew_from_the_tree(library: Library, damage: str) -> None:
    """osxphotos' database corrupted on slow volumes, and everything was exported again."""
    run(library)
    before = tree(library.albums)
    database = library.albums / ".album-sort/state.sqlite"
    with DestinationState.open_read_only(library.albums) as state:
        ledger = state.records().ledger
    data = database.read_bytes()
    damaged = {
        "truncated": data[:5000],
        "garbage": b"not a database" * 500,
        "emptied": b"",
        "half": data[:4096] + bytes(len(data) - 4096),
    }
    database.unlink()
    if damage != "lost":
        database.write_bytes(damaged[damage])
    assert plan_for(library).effects == ()
    run(library, "r2")
    assert tree(library.albums) == before
    with DestinationState.open(library.albums) as state:
        assert state.records().ledger == ledger
    if damage not in ("lost", "emptied"):
        assert list(database.parent.glob("state.sqlite.damaged-*"))
    assert undo(library).is_complete
    assert tree(library.albums) == {}


def test_a_state_folder_lost_as_a_whole_makes_no_second_copies(library: Library) -> None:
    run(library)
    before = tree(library.albums)
    shutil.rmtree(library.albums / ".album-sort")
    plan, _ = run(library, "r2")
    assert {op.action for op in plan.effects} == {Action.ADOPT}
    assert tree(library.albums) == before
    assert plan_for(library).effects == ()
    assert undo(library, "r2").is_complete
    assert tree(library.albums) == before


def test_a_state_of_a_newer_version_is_refused_not_rebuilt(tmp_path: Path) -> None:
    with DestinationState.open(tmp_path):
        pass
    connection = sqlite3.connect(tmp_path / ".album-sort/state.sqlite")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    with pytest.raises(DestinationError, match=f"version {SCHEMA_VERSION + 1}"), DestinationState.open(tmp_path):
        pass
    with (
        pytest.raises(DestinationError, match=f"version {SCHEMA_VERSION + 1}"),
        DestinationState.open_read_only(tmp_path),
    ):
        pass


def test_a_migration_happens_as_a_whole_or_not_at_all() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    steps = ["CREATE TABLE a (x);", "CREATE TABLE b (x); CREATE TABLE broken (;"]
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, steps=steps)
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    assert tables == {"a"}
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    migrate(connection, steps=[steps[0], "CREATE TABLE b (x);"])
    assert connection.execute("PRAGMA user_version").fetchone() == (2,)
    connection.close()


def test_a_full_disk_under_the_state_is_told_as_such(tmp_path: Path) -> None:
    with DestinationState.open(tmp_path) as state:
        state._connection.execute("PRAGMA max_page_count = 1")
        plan = plan_on_paper([])
        journal = state.begin_run(RunRecord(RunId("r1"), "sort", NOW, None, RunStatus.RUNNING, "copy", ""), plan)
        rows = [replace(ROW, path=AlbumRelPath(f"Pets/{number}.jpg")) for number in range(1000)]
        with pytest.raises(DestinationError, match="full"):
            state.replace_outputs([], rows)
        assert journal.ledger_row(rows[0].path) is None


def test_the_schema_page_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == schema_page(), (
        "python -m album_sort.state.schema > docs/reference/state-schema.md"
    )


def test_the_ledger_of_an_open_state_is_that_of_the_disk(tmp_path: Path) -> None:
    """It is read once and then kept in step, also by what is not UTF-8, and by a step that does not get to its end."""
    other = replace(ROW, path=AlbumRelPath("Pets/b.jpg"), size_bytes=5)

    def broken() -> Iterator[LedgerRow]:
        yield replace(ROW, path=AlbumRelPath("Pets/never.jpg"))
        raise KeyError

    with DestinationState.open(tmp_path) as state:
        assert state.records().ledger == {}
        asked: list[str] = []
        state._connection.set_trace_callback(asked.append)
        state.replace_outputs([], [other, ROW])
        state.replace_outputs([other.path], [replace(other, path=AlbumRelPath("Pets/A.jpg")), replace(ROW, inode=9)])
        remembered = state.records().ledger
        assert not [statement for statement in asked if statement.startswith("SELECT path")]
        with pytest.raises(KeyError):
            state.replace_outputs([ROW.path], broken())
        again = state.records().ledger
    with DestinationState.open_read_only(tmp_path) as fresh:
        on_disk = fresh.records().ledger
    assert list(remembered.items()) == list(again.items()) == list(on_disk.items())
    assert [row.inode for row in on_disk.values()] == [2, 9]
