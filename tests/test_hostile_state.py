"""What lies in `.album-sort/` of a disk that came from elsewhere is input: no field of it leads out of the destination.

The fields are taken from the schema and from the files that a real destination has: a new one is tested by being there.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path

import pytest

from album_sort.core.planning.planfile import op_from_json
from album_sort.state.migrations import migrate
from album_sort.state.rows import OUTPUT_COLUMNS, ledger_from_columns
from album_sort.state.store import DestinationState
from album_sort.types import FiledContent
from album_sort.types.inner_paths import OutsideError, inner_path, run_id_of
from album_sort.types.ledger import LedgerRow
from tests.conftest import Program
from tests.crash.conftest import MEMORY
from tests.hostile import World, build, call, exercise, exercise_state, untouched_by

Damage = Callable[[World], None]


@pytest.fixture(scope="session")
def built_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """In memory where there is some: hundreds of destinations are made and used up."""
    root = Path(MEMORY) if os.access(MEMORY, os.W_OK) else tmp_path_factory.mktemp("hostile")
    folder = root / f"album-sort-hostile-{os.getpid()}"
    folder.mkdir()
    yield build(folder)
    shutil.rmtree(folder)


@pytest.fixture
def world(built_world: World) -> World:
    built_world.reset()
    return built_world


def columns() -> list[tuple[str, str]]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    tables = [
        name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    ]
    return [(table, row[1]) for table in tables for row in connection.execute(f"PRAGMA table_info({table})")]


def leading_outside(world: World) -> list[str]:
    """Texts that would be a place outside, read as a path of the albums, as a run's folder, or as a whole path."""
    up = os.path.relpath(world.empty, world.albums)
    return [str(world.empty), up, os.path.relpath(world.empty, world.state / "runs"), f"Pets/../{up}", f"./{up}"]


SENSELESS: list[object] = [
    "x\0y",
    "",
    b"\xff\xfe",
    b"/" * 70_000,
    1 << 62,
    -1,
    0.5,
    float("inf"),
    "9" * 5000,
    "[" * 100_000,
]


@pytest.mark.parametrize("share", [4, pytest.param(1, marks=pytest.mark.long)])
@pytest.mark.parametrize(("table", "column"), columns(), ids=lambda name: name)
def test_no_column_of_the_state_leads_out_of_the_destination(world: World, table: str, column: str, share: int) -> None:
    for value in some((*leading_outside(world)[:3], "x\0y"), f"{table}.{column}", share):
        untouched_by(world, lambda value=value: world.sql(f"UPDATE OR REPLACE {table} SET {column} = ?", value))  # type: ignore[misc]  # noqa: S608


def some(values: Sequence[object], column: str, share: int) -> Sequence[object]:
    """One in `share` of these, others for another column: each value is in some column, all are in all by `--long`."""
    return values[columns_by_name().index(column) % share :: share]


def columns_by_name() -> list[str]:
    return sorted({f"{table}.{column}" for table, column in columns()})


@pytest.mark.parametrize("share", [5, pytest.param(1, marks=pytest.mark.long)])
@pytest.mark.parametrize(("table", "column"), columns(), ids=lambda name: name)
def test_whatever_a_column_holds_the_state_is_read_or_made_anew(
    world: World, table: str, column: str, share: int
) -> None:
    for history in ("done", "killed"):
        for value in some((*leading_outside(world), *SENSELESS), f"{table}.{column}", share):
            world.reset(history)
            world.sql(f"UPDATE OR REPLACE {table} SET {column} = ?", value)  # noqa: S608
            exercise_state(world)


def journalled(world: World) -> list[tuple[str, str | int]]:
    """Each name in the JSON of the journal: (column, key or place)."""
    connection = sqlite3.connect(world.database)
    (op,) = connection.execute("SELECT op FROM ops LIMIT 1").fetchone()
    connection.close()
    return [("op", key) for key in json.loads(op)] + [
        (column, place) for column in ("before", "after") for place in range(len(OUTPUT_COLUMNS))
    ]


def test_no_name_in_the_journal_leads_out_of_the_destination(world: World) -> None:
    """Of a run that is to be undone, and of one whose undo was killed."""
    for column, key in journalled(world):
        path = f"$[{key}]" if isinstance(key, int) else f"$.{key}"
        statement = f"UPDATE ops SET {column} = json_set({column}, '{path}', ?) WHERE {column} IS NOT NULL"  # noqa: S608
        for history, value in zip(("done", "undoing"), leading_outside(world), strict=False):
            world.reset(history)
            before = world.canary()
            world.sql(statement, value)
            call("undo", "--out", world.albums)
            call("undo", "--out", world.albums)
            assert world.canary() == before, (path, value)


def lines_to_spoil(world: World) -> list[tuple[Path, int, str]]:
    """Each name of each line of what runs leave, and of a saved plan: (file, line, key)."""
    files = [*world.state.glob("runs/*/*.jsonl"), world.state / "corrections.jsonl", world.plan]
    found: dict[object, tuple[Path, int, str]] = {}
    for path in files:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
            row = json.loads(line)
            for key in row:
                # One line of a kind is enough.
                found.setdefault((path.name, row.get("type"), key), (path, number, key))
    return list(found.values())


@pytest.mark.parametrize("share", [2, pytest.param(1, marks=pytest.mark.long)])
def test_no_name_in_a_file_of_a_run_or_in_a_plan_leads_out_of_the_destination(world: World, share: int) -> None:
    """With the database lost, so that all of it is believed. Each name is spoiled by one of two values, by both of them with `--long`."""
    spoiled = lines_to_spoil(world)
    assert {path.name for path, _, _ in spoiled} >= {"plan.jsonl", "report.jsonl", "corrections.jsonl"}
    for place, (path, number, key) in enumerate(spoiled):
        values = (str(world.empty), leading_outside(world)[1])
        for value in values[place % share :: share]:
            if key == "destination" and path == world.plan:
                continue  # a plan is made for one place, and names it

            def spoil(path: Path = path, number: int = number, key: str = key, value: str = value) -> None:
                lines = path.read_text(encoding="utf-8").splitlines()
                row = json.loads(lines[number])
                row[key] = _as_before(row[key], value)
                lines[number] = json.dumps(row)
                path.write_text("\n".join(lines) + "\n", encoding="utf-8")
                world.database.unlink()

            untouched_by(world, spoil)


@pytest.mark.parametrize("share", [3, pytest.param(1, marks=pytest.mark.long)])
def test_whatever_a_line_holds_a_lost_state_is_made_anew(world: World, share: int) -> None:
    """An album's name of bytes that are not UTF-8 was taken for a file's, and no database takes it."""
    for place, (path, number, key) in enumerate(lines_to_spoil(world)):
        for value in ("\udcff", "\ud800", "x\0y")[place % share :: share]:
            world.reset()
            lines = path.read_text(encoding="utf-8").splitlines()
            row = json.loads(lines[number])
            row[key] = _as_before(row[key], value)
            lines[number] = json.dumps(row)
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
            world.database.unlink()
            exercise_state(world)


def _as_before(before: object, value: str) -> object:
    """The value in the shape that was there, so that it is believed."""
    if isinstance(before, list):
        return [value]
    return {value: value} if isinstance(before, dict) else value


def test_a_run_whose_name_is_a_path_takes_no_folder_away(world: World) -> None:
    """It did: an undo removed what a run's id named, in full or with `..`."""
    for name in leading_outside(world):
        for table in ("runs", "ops", "folders", "outputs"):
            world.reset()
            before = world.canary()
            for each in ("runs", "ops", "folders", "outputs") if table == "runs" else (table,):
                world.sql(f"UPDATE OR REPLACE {each} SET run_id = ?", name)  # noqa: S608
            exercise(world)
            assert world.canary() == before


def hot_journal(database: Path, named: Path) -> bytes:
    """A rollback journal of one database that says that another file belongs to it."""
    magic = bytes.fromhex("d9d505f920a163d7")
    head = magic + struct.pack(">IIIII", 0, 1234, database.stat().st_size // 4096, 512, 4096)
    name = os.fsencode(named)
    record = struct.pack(">I", (1 << 30) // 4096 + 1) + name + struct.pack(">II", len(name), sum(name)) + magic
    return head.ljust(512, b"\0") + record


def test_a_journal_that_names_another_file_does_not_take_it_away(world: World) -> None:
    """SQLite removes it, wherever it lies; a preview did so too, in the copy that it made to look at."""
    precious = world.outside / "precious.jpg"
    journal = Path(f"{world.database}-journal")
    before = world.canary()
    journal.write_bytes(hot_journal(world.database, precious))
    exercise_state(world)
    assert world.canary() == before
    untouched_by(world, lambda: journal.write_bytes(hot_journal(world.database, precious)))


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER t AFTER UPDATE ON runs BEGIN DELETE FROM outputs; END",
        "CREATE TRIGGER t BEFORE INSERT ON ops BEGIN SELECT RAISE(ABORT, 'no'); END",
        "CREATE VIEW v AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n",
        "CREATE TABLE more (x)",
        "ALTER TABLE runs ADD COLUMN more",
        "ALTER TABLE outputs RENAME TO outputs_of_old",
        "DROP INDEX outputs_content",
        "CREATE INDEX i ON outputs (length(path))",
        "DROP TABLE settings",
        "PRAGMA user_version = 1000000",
        "PRAGMA user_version = -1",
    ],
)
def test_tables_that_are_not_ours_are_set_aside_and_never_run(world: World, statement: str) -> None:
    with DestinationState.open_read_only(world.albums) as state:
        ledger = state.records().ledger
    world.sql(statement)
    with DestinationState.open_read_only(world.albums) as state:
        assert "damaged" in state.notice
    with DestinationState.open(world.albums) as state:
        assert "kept as state.sqlite.damaged-" in state.notice
        assert state.records().ledger.keys() == ledger.keys()
    assert list(world.state.glob("state.sqlite.damaged-*"))


def test_a_view_without_end_in_the_place_of_a_table_is_never_asked(world: World) -> None:
    world.sql("DROP TABLE settings")
    world.sql(
        "CREATE VIEW settings AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS key, i AS value FROM n"
    )
    exercise_state(world)


def test_a_huge_value_costs_no_memory(world: World) -> None:
    world.sql("UPDATE outputs SET source = zeroblob(300000000) WHERE path = (SELECT min(path) FROM outputs)")
    with DestinationState.open_read_only(world.albums) as state:
        state.check()
        assert "damaged" in state.notice


@pytest.mark.parametrize(
    "name",
    ["state.sqlite", "state.sqlite-wal", "state.sqlite-journal", "lock", "lock-holder.json", "corrections.jsonl"],
)
@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_what_is_no_file_in_the_state_folder_is_not_followed_nor_waited_for(world: World, name: str, kind: str) -> None:
    def damage() -> None:
        path = world.state / name
        path.unlink(missing_ok=True)
        match kind:
            case "link":
                path.symlink_to(world.outside / ("other.sqlite" if "sqlite" in name else "precious.jpg"))
            case "pipe":
                os.mkfifo(path)
            case _:
                path.mkdir()

    untouched_by(world, damage)
    world.reset()
    before = world.canary()
    damage()
    call("fix", next(world.albums.rglob("coffee.jpg")), "--album", "food", "--out", world.albums)
    assert world.canary() == before


@pytest.mark.parametrize("kind", ["file", "link", "pipe", "nothing"])
@pytest.mark.parametrize("name", ["", "runs", "trash"])
def test_a_state_folder_that_is_none_is_told_in_one_sentence(
    world: World, album_sort: Program, name: str, kind: str
) -> None:
    path = world.state / name
    elsewhere = world.outside / "moved"
    shutil.copytree(path, elsewhere)
    shutil.rmtree(path)
    match kind:
        case "file":
            path.write_bytes(b"x")
        case "link":
            path.symlink_to(elsewhere)
        case "pipe":
            os.mkfifo(path)
    before = world.canary()
    try:
        for verb in ("runs", "verify", "undo", "explain", "apply"):
            what: Sequence[str | Path] = {"explain": [world.photos / "cat.jpg"], "apply": [world.plan]}.get(verb, [])
            out: list[str | Path] = [] if verb == "apply" else ["--out", world.albums]
            if not name and kind != "nothing" and verb in ("undo", "apply"):
                ran = album_sort(verb, *what, *out)
                assert (ran.code, len(ran.stderr.splitlines())) == (1, 2), ran.stderr
                assert "not a folder" in ran.stderr
            else:
                call(verb, *what, *out)
            assert world.canary() == before
    finally:
        shutil.rmtree(elsewhere)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "/etc",
        "..",
        "../x",
        "a/../../x",
        "a/..",
        ".",
        "a//b",
        "a/",
        "./a",
        "a\0b",
        "x" * 5000,
        ".album-sort",
        ".ALBUM-SORT/x",
        ".album-\u017fort/x",
        "\ud800",
        3,
        None,
        b"a",
    ],
)
def test_a_text_that_names_no_place_inside_is_refused(text: object) -> None:
    with pytest.raises(OutsideError):
        inner_path(text)


@pytest.mark.parametrize(
    "text", ["a", "Pets/2024/IMG 1.jpg", "é/\udcff.jpg", "..a/b..", ".hidden/x", ".album-sorted/x", "a\\b"]
)
def test_a_name_that_a_file_system_may_have_is_taken(text: str) -> None:
    assert inner_path(text) == text


@pytest.mark.parametrize("text", ["", ".", "..", "a/b", "/a", "a b", "a\n", "é", "x" * 65, ".hidden", 7, None])
def test_a_run_is_one_name_and_no_path(text: object) -> None:
    with pytest.raises(OutsideError):
        run_id_of(text)


def test_every_field_of_a_remembered_file_is_checked_when_it_is_read() -> None:
    """A field that a later version adds has to be refused for something."""
    sound = ("Pets/a.jpg", "a" * 64, 3, 1, 2, "copy", "a" * 64, "pets", "Pets", "primary", "/p/a.jpg", "", "r1")
    assert len(sound) == len(OUTPUT_COLUMNS) == len(fields(LedgerRow)) - 1 + len(fields(FiledContent))
    assert ledger_from_columns(sound).path == "Pets/a.jpg"
    for place in range(len(sound)):
        with pytest.raises((ValueError, TypeError, KeyError)):
            ledger_from_columns((*sound[:place], "x\0", *sound[place + 1 :]))


OP = {
    "op_id": 1,
    "action": "copy",
    "source": "/p/a.jpg",
    "sha256": "a" * 64,
    "size_bytes": 3,
    "mtime_ns": 1,
    "target": "Pets/a.jpg",
    "origin": "",
    "group": "a" * 64,
    "album": "pets",
    "role": "primary",
    "folder": "Pets",
    "why": [],
}


@pytest.mark.parametrize("key", list(OP))
def test_every_field_of_a_planned_row_is_checked_when_it_is_read(key: str) -> None:
    assert op_from_json(OP).target == "Pets/a.jpg"
    wrong: tuple[object, ...] = ("x\0", float("inf"), 1 << 200, {"a": {}}, [[[]]], None, True)
    for value in wrong:
        with pytest.raises((ValueError, TypeError, KeyError, ArithmeticError)):
            op_from_json({**OP, key: value})
    with pytest.raises(KeyError):
        op_from_json({name: value for name, value in OP.items() if name != key})


@pytest.mark.parametrize(
    "line",
    [
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 1, "a": 2}',
        b"[" * 100_000,
        b'{"a": "\xff"}',
        b"[]",
        b"",
        b'{"op_id": ' + b"9" * 5000 + b"}",
    ],
)
def test_a_plan_of_odd_lines_is_refused_with_its_line(world: World, line: bytes) -> None:
    lines = world.plan.read_bytes().splitlines()
    world.plan.write_bytes(b"\n".join([lines[0], line, *lines[1:]]))
    assert call("apply", world.plan) == 2
