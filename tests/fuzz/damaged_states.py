# ruff: noqa: S608 - statements are put together from names of our own tables
"""Destinations damaged at random: flipped bits, cuts, bombs, and well-formed files and databases that hold hostile values.

A mutation is a seed. Half of them know the format: they put a hostile value into a field of the database, of a line, or of the
journal. Each is run in a child of this process, which ends with what it found.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from album_sort.config import cache_folder
from album_sort.state.own_files import open_own
from tests.hostile import SHIPPED, World, call

MOST_SECONDS = 10
"""Of arithmetic: a machine that does other things as well is not a hang."""
MOST_WAIT_SECONDS = 60
"""By the clock: of a pipe that nobody writes to."""
MOST_BYTES = 1 << 30
SMALL_BYTES = 1 << 26
BATCH = 40
"""Mutations for each child: the memory of one is not the next batch's."""

_BORN_WITH = 0
"""Bytes that this process had when the mutations began."""


def hostile_values(world: World, chance: random.Random) -> object:
    """One value that nobody of ours would write."""
    up = os.path.relpath(world.empty, world.albums)
    return chance.choice(
        [
            str(world.empty),
            up,
            f"../../{up}",
            f"../../../{up}",
            str(world.outside / "precious.jpg"),
            os.path.relpath(world.outside / "precious.jpg", world.albums),
            "/dev/zero",
            "/dev/tty",
            ".",
            "..",
            "",
            "x\0y",
            "\ud800",
            "\udcff",
            "x" * chance.choice([300, 5000, 100_000, 5_000_000]),
            "[" * 50_000,
            b"\xff" * 20,
            b"\0" * 1000,
            None,
            True,
            0,
            -1,
            1 << 62,
            -(1 << 63),
            0.5,
            float("inf"),
            float("nan"),
            "9999-12-31T23:59:59",
            "0001-01-01",
            "2026-01-01T00:00:00+14:00",
            "undoing",
            "running",
            "intent",
            "trash",
            "move",
            "symlink",
            "primary",
            "also",
        ]
    )


def damage(world: World, seed: int) -> str:
    """Damages the case of a world; a word on how."""
    chance = random.Random(seed)  # noqa: S311 - any damage will do
    world.reset(chance.choice(["done", "done", "killed", "undoing"]))
    # What runs and the program leave; photos in the trash and pictures of the report are none of them.
    left = [path for path in sorted(world.state.rglob("*")) if path.suffix in ("", ".json", ".jsonl", ".sqlite")]
    files = [*filter(Path.is_file, left), world.plan]
    lines = [path for path in files if path.suffix == ".jsonl"]
    kinds: list[Callable[[], str]] = [
        lambda: _column(world, chance),
        lambda: _column(world, chance),
        lambda: _journal(world, chance),
        lambda: _field(world, chance, chance.choice(lines)),
        lambda: _field(world, chance, chance.choice(lines)),
        lambda: _flip(chance, world.database),
        lambda: _flip(chance, world.database),
        lambda: _flip(chance, chance.choice(files)),
        lambda: _cut(chance, chance.choice(files)),
        lambda: _bomb(chance, chance.choice(files)),
        lambda: _schema(world, chance),
        lambda: _odd_file(world, chance, chance.choice(files)),
        lambda: _cache(world, chance),
        lambda: _cache(world, chance),
    ]
    _cache_as_made(world)
    told = [chance.choice(kinds)() for _ in range(chance.choice([1, 1, 2, 4]))]
    if chance.random() < 0.3:
        # Then the files beside it are believed.
        for path in world.state.glob("state.sqlite*"):
            with contextlib.suppress(OSError):
                path.unlink()
        told.append("database lost")
    return ", ".join(told)


def _execute(world: World, statement: str, *values: object) -> None:
    # An earlier damage may have left nothing to change.
    with contextlib.suppress(sqlite3.Error, OverflowError, UnicodeError, OSError):
        with open_own(world.database):
            pass
        connection = sqlite3.connect(world.database, isolation_level=None)
        try:
            connection.execute("PRAGMA writable_schema = ON")
            connection.execute(statement, values)
        finally:
            connection.close()


COLUMNS = {
    "runs": ("run_id", "command", "started_utc", "finished_utc", "status", "mode", "settings_digest", "done", "failed"),
    "ops": ("run_id", "op_id", "phase", "action", "target", "op", "before", "after", "error"),
    "folders": ("path", "run_id"),
    "outputs": (
        *("path", "content_id", "size_bytes", "mtime_ns", "inode", "action", "group_id", "album", "folder"),
        *("role", "source", "origin", "run_id"),
    ),
    "folder_aliases": ("folder", "actual"),
    "corrections": ("content_id", "album", "created_utc", "note"),
    "trips": ("trip_id", "title", "first_day", "last_day"),
    "trip_members": ("trip_id", "content_id"),
    "settings": ("key", "value"),
}


def _column(world: World, chance: random.Random) -> str:
    table = chance.choice(list(COLUMNS))
    column = chance.choice(COLUMNS[table])
    value = hostile_values(world, chance)
    condition = chance.choice(["", " WHERE random() % 2"])
    _execute(world, f"UPDATE OR REPLACE {table} SET {column} = ?{condition}", value)
    return f"{table}.{column} = {value!r:.40}"


def _journal(world: World, chance: random.Random) -> str:
    column = chance.choice(["op", "before", "after"])
    keys = ["op_id", "action", "source", "sha256", "size_bytes", "mtime_ns", "target", "origin", "group", "role", "why"]
    path = f"$.{chance.choice(keys)}" if column == "op" else f"$[{chance.randrange(14)}]"
    value = hostile_values(world, chance)
    _execute(world, f"UPDATE ops SET {column} = json_set({column}, '{path}', ?) WHERE {column} NOT NULL", value)
    return f"{column}{path} = {value!r:.40}"


def _field(world: World, chance: random.Random, path: Path) -> str:
    rows = [json.loads(line) for line in _lines(path)]
    if not rows or not _is_plain(path):
        return "empty"
    row = chance.choice(rows)
    if not isinstance(row, dict) or not row:
        return "no object"
    key = chance.choice(list(row))
    value = hostile_values(world, chance)
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    row[key] = chance.choice([value, [value], {str(value): value}, [[0, 1 << 60]]])
    with contextlib.suppress(OSError):
        path.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")
    return f"{path.name} {key} = {value!r:.40}"


def _lines(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines() if _is_plain(path) else []
        return [line for line in lines if isinstance(json.loads(line), dict)]
    except (OSError, ValueError, RecursionError):
        return []


def _is_plain(path: Path) -> bool:
    """An earlier damage may have put a pipe there, which would wait for us, or a hole without end."""
    return path.is_file() and not path.is_symlink() and path.stat().st_size < SMALL_BYTES


def _flip(chance: random.Random, path: Path) -> str:
    if _is_plain(path):
        data = bytearray(path.read_bytes())
        for _ in range(chance.choice([1, 1, 3, 30])):
            if data:
                # The head of a database decides most.
                place = chance.randrange(min(len(data), chance.choice([100, 4096, len(data)])))
                data[place] ^= 1 << chance.randrange(8)
        path.write_bytes(data)
    return f"{path.name} flipped"


def _cut(chance: random.Random, path: Path) -> str:
    if _is_plain(path):
        os.truncate(path, chance.randrange(path.stat().st_size + 1))
    return f"{path.name} cut"


def _bomb(chance: random.Random, path: Path) -> str:
    bombs = [
        b"[" * 1_000_000,
        b'{"type": "run", "a": ' + b"9" * 1_000_000 + b"}\n",
        b'{"a":' * 50_000,
        b"\xff\xfe" * 100_000,
        b"\0" * 1_000_000,
        b'{"type": "run", "run_id": "r1", "schema_version": 1}\n' * 1000,
        b"{}\n" * 100_000,
        b"SQLite format 3\0" + chance.randbytes(8000),
    ]
    if _is_plain(path):
        if chance.random() < 0.3:
            # A hole of twenty gigabytes.
            os.truncate(path, 20 << 30)
            return f"{path.name} endless"
        data = path.read_bytes() if chance.random() < 0.5 else b""
        path.write_bytes(data + chance.choice(bombs))
    return f"{path.name} bomb"


def _schema(world: World, chance: random.Random) -> str:
    table = chance.choice(list(COLUMNS))
    view = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
    statement = chance.choice(
        [
            f"CREATE TRIGGER t AFTER UPDATE ON {table} BEGIN DELETE FROM outputs; END",
            f"CREATE TRIGGER t BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'no'); END",
            f"CREATE VIEW v AS {view}",
            f"DROP TABLE {table}",
            f"ALTER TABLE {table} ADD COLUMN more",
            "CREATE TABLE more (x)",
            f"UPDATE sqlite_master SET sql = replace(sql, 'TEXT', 'BLOB') WHERE name = '{table}'",
            f"UPDATE sqlite_master SET rootpage = 2 WHERE name = '{table}'",
            f"UPDATE sqlite_master SET sql = NULL WHERE name = '{table}'",
            f"PRAGMA user_version = {chance.choice([-1, 0, 2, 1000, 1 << 30])}",
            "UPDATE outputs SET source = zeroblob(20000000)",
            "INSERT INTO settings SELECT value, zeroblob(1000000) FROM generate_series(1, 10)",
        ]
    )
    _execute(world, statement)
    return statement[:60]


def _odd_file(world: World, chance: random.Random, path: Path) -> str:
    kind = chance.choice(["link", "pipe", "folder", "journal"])
    with contextlib.suppress(OSError):
        journal = Path(f"{world.database}-journal")
        if kind == "journal" and not os.path.lexists(journal):
            journal.write_bytes(chance.randbytes(1024) + bytes.fromhex("d9d505f920a163d7"))
            return kind
        path.unlink()
        match kind:
            case "link":
                path.symlink_to(world.outside / "precious.jpg")
            case "pipe":
                os.mkfifo(path)
            case _:
                path.mkdir()
    return f"{path.name} is a {kind}"


def _cache_as_made(world: World) -> None:
    """The cache of this process as it was before the first damage; copied when it has been damaged since."""
    cache, kept = cache_folder(), world.root / "cache-kept"
    if not kept.exists():
        shutil.copytree(cache, kept)
    if _CACHE_IS_DAMAGED:
        shutil.rmtree(cache, ignore_errors=True)
        shutil.copytree(kept, cache)
        _CACHE_IS_DAMAGED.clear()


_CACHE_IS_DAMAGED = [True]
"""At first it is what the process before has left."""


def _cache(world: World, chance: random.Random) -> str:
    """Damage to what the user's own cache holds: both databases, towns, what the last run said."""
    _CACHE_IS_DAMAGED.append(True)
    files = [path for path in sorted(cache_folder().rglob("*")) if path.suffix in (".sqlite", ".npz", ".json")]
    path = chance.choice(
        [path for path in files if path.suffix == chance.choice([".sqlite", ".npz", ".json"])] or files
    )
    if path.suffix == ".sqlite" and chance.random() < 0.6 and _is_plain(path):
        return _cache_rows(world, chance, path)
    kinds: list[Callable[[], str]] = [
        lambda: _flip(chance, path),
        lambda: _flip(chance, path),
        lambda: _cut(chance, path),
        lambda: _bomb(chance, path),
        lambda: _odd_file(world, chance, path),
    ]
    return f"cache: {chance.choice(kinds)()}"


CACHE_COLUMNS: dict[str, dict[str, Any]] = {
    "inference.sqlite": {
        "contents": (
            "content_id",
            "version",
            "media_format",
            "metadata",
            "pixel_source",
            "statistics",
            "stage",
            "reason",
        ),
        "files": ("path", "size_bytes", "mtime_ns", "inode", "content"),
        "models": ("model_key",),
        "predictions": ("content", "model", "top", "embedding"),
    },
    "thumbnails.sqlite": {"thumbnails": ("content_id", "jpeg")},
}


def _cache_rows(world: World, chance: random.Random, path: Path) -> str:
    table, columns = chance.choice(list(CACHE_COLUMNS[path.name].items()))
    column, value = chance.choice(columns), hostile_values(world, chance)
    statements = [
        f"UPDATE OR REPLACE {table} SET {column} = ?",
        f"UPDATE OR REPLACE {table} SET {column} = ?",
        f"UPDATE OR REPLACE {table} SET {column} = randomblob(length({column})) WHERE ? NOT NULL OR 1",
        f"UPDATE {table} SET {column} = substr({column}, 3) WHERE ? NOT NULL OR 1",
        f"CREATE TRIGGER t AFTER INSERT ON {table} BEGIN DELETE FROM {table}; END",
        f"DROP TABLE {table}",
        f"UPDATE sqlite_master SET rootpage = 2 WHERE name = '{table}'",
        f"PRAGMA user_version = {chance.choice([-1, 0, 1, 3, 1 << 30])}",
    ]
    statement = chance.choice(statements)
    with contextlib.suppress(sqlite3.Error, OverflowError, UnicodeError):
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            connection.execute("PRAGMA writable_schema = ON")
            connection.execute(statement, (value,) if "?" in statement else ())
        finally:
            connection.close()
    return f"cache: {statement[:60]} {value!r:.40}"


def use(world: World, seed: int) -> None:
    """What is done with a damaged destination; which verbs come first is the seed's choice."""
    chance = random.Random(seed)  # noqa: S311 - any damage will do
    out = ("--out", world.albums)
    quick: list[tuple[object, ...]] = [("runs", *out), ("verify", *out), ("apply", world.plan), ("undo", *out)]
    looking: list[tuple[object, ...]] = [
        ("explain", world.photos / "cat.jpg", *out, "--offline", "--model", "efficientnet-lite0"),
        (world.photos, *out, *SHIPPED, "--dry-run"),
    ]
    # These take seconds, since they start processes that read photos.
    first = [chance.choice(looking)] if _CACHE_IS_DAMAGED or chance.random() < 0.25 else chance.sample(quick, 2)
    for arguments in [*first, ("undo", *out)]:
        call(*map(str, arguments))


def _one(world: World, seed: int) -> str:
    """What is wrong with one mutation; empty where all is well."""
    told = damage(world, seed)
    before = world.canary()
    signal.alarm(MOST_WAIT_SECONDS)
    signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
    try:
        use(world, seed)
    except Exception:  # noqa: BLE001 - whatever it is, it is the find
        return f"seed {seed} ({told}): {traceback.format_exc()}"
    finally:
        signal.alarm(0)
        signal.setitimer(signal.ITIMER_PROF, 0)
    if world.canary() != before:
        return f"seed {seed} ({told}): changed something outside"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    # What the process was forked with (a whole test run's libraries) is not this mutation's.
    grown = peak - _BORN_WITH
    return f"seed {seed} ({told}): {grown >> 20} MB of memory" if grown > MOST_BYTES else ""


def _remember_size() -> None:
    global _BORN_WITH  # noqa: PLW0603 - children are forked with it
    _BORN_WITH = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def try_all(world: World, seeds: Iterable[int]) -> tuple[list[str], Counter[str]]:
    """Every seed in children of this process; what was found, and how many of them ended how."""
    _remember_size()
    waiting = list(seeds)
    found: list[str] = []
    ended: Counter[str] = Counter()
    while waiting:
        done, finds, status = _batch(world, waiting[:BATCH])
        ended["sound"] += done - len(finds)
        ended["wrong"] += len(finds)
        found += finds
        if status:
            seed = waiting[done]
            ended["hung or killed"] += 1
            found.append(f"seed {seed} ({damage(world, seed)}): ended by signal {status}")
            done += 1
        waiting = waiting[done:]
    return found, ended


def _batch(world: World, seeds: list[int]) -> tuple[int, list[str], int]:
    """How many seeds were done, what was found, and the signal that ended the child, if one did."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        # Its default ends the process wherever it is, in SQLite as well.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        for seed in seeds:
            os.write(writing, json.dumps(_one(world, seed)[-3000:]).encode() + b"\n")
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as stream:
        results = [json.loads(line) for line in stream]
    _, status = os.waitpid(child, 0)
    return len(results), [result for result in results if result], os.waitstatus_to_exitcode(status)
