"""A destination with a history, a canary beside it, and calls of the program upon it in this process: for hostile states."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import shutil
import sqlite3
import stat
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import typer

from album_sort.cli.app import app
from album_sort.errors import AlbumSortError
from album_sort.pipeline.holding import held_destination
from album_sort.state.store import DestinationState
from album_sort.types import run_id_of
from tests import pictures
from tests.builders import make_jpeg, make_tree, picture_jpeg

SHIPPED = ("--model", "efficientnet-lite0", "--offline", "--no-progress")


@dataclass(frozen=True)
class World:
    """`case/albums` is what a test damages; `outside` and `photos` must stay as they are."""

    root: Path

    @property
    def case(self) -> Path:
        return self.root / "case"

    @property
    def albums(self) -> Path:
        return self.case / "albums"

    @property
    def state(self) -> Path:
        return self.albums / ".album-sort"

    @property
    def database(self) -> Path:
        return self.state / "state.sqlite"

    @property
    def plan(self) -> Path:
        """A plan that `--save-plan` has written."""
        return self.case / "plan.jsonl"

    @property
    def photos(self) -> Path:
        return self.root / "photos"

    @property
    def outside(self) -> Path:
        return self.root / "outside"

    @property
    def empty(self) -> Path:
        """An empty folder of somebody else's: the first thing that a wrong step would take away."""
        return self.outside / "empty"

    def reset(self, history: str = "done") -> None:
        """The destination as a history has left it: `done`, `killed` in a run, `undoing`."""
        shutil.rmtree(self.case, ignore_errors=True)
        shutil.copytree(self.root / history, self.case, symlinks=True)

    def canary(self) -> dict[str, tuple[object, ...]]:
        """Content, times and kinds of all that is none of this destination's; its access times aside."""
        marks: dict[str, tuple[object, ...]] = {}
        for top in (self.outside, self.photos):
            for path in (top, *sorted(top.rglob("*"))):
                found = path.lstat()
                data = hashlib.sha256(path.read_bytes()).hexdigest() if stat.S_ISREG(found.st_mode) else ""
                marks[str(path)] = (data, found.st_mtime_ns, found.st_mode, found.st_size)
        marks["names"] = tuple(sorted(os.listdir(self.root)))
        return marks

    def sql(self, statement: str, *values: object) -> None:
        """Change the database as somebody who knows it would."""
        connection = sqlite3.connect(self.database, isolation_level=None)
        try:
            connection.execute(statement, values)
        finally:
            connection.close()


_PROGRAM = typer.main.get_command(app)
"""Made once: half the time of a call went into it."""


def call(*arguments: str | Path) -> int:
    """The program in this process; its exit code. What it would end with a traceback is raised."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace") for _ in range(2)]
    with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
        try:
            code = _PROGRAM.main(list(map(str, arguments)), prog_name="album-sort", standalone_mode=False)
        except AlbumSortError as error:
            code = error.exit_code
        except typer.BadParameter:
            code = 2
    return int(code or 0)


def build(root: Path) -> World:
    """Two runs with a correction, a move, links in second albums, a renamed album and one photo that has gone; then its variants."""
    world = World(root)
    make_tree(world.outside, {"precious.jpg": b"mine", "sub/note.txt": b"mine too"})
    world.empty.mkdir()
    (world.outside / "link").symlink_to("precious.jpg")
    sqlite3.connect(world.outside / "other.sqlite").close()
    make_tree(
        world.photos,
        {
            "cat.jpg": picture_jpeg(pictures.cat(), taken=datetime(2024, 5, 1, 10), camera=("Canon", "EOS 450D")),
            "coffee.jpg": picture_jpeg(pictures.coffee(), taken=datetime(2024, 6, 1, 10)),
            "one.jpg": make_jpeg(1),
            "one.jpg.xmp": b"<x/>",
            "gone.jpg": make_jpeg(2),
        },
    )
    world.case.mkdir()
    out = ("--out", world.albums)
    assert call(world.photos, *out, *SHIPPED, "--also") in (0, 3)
    cat = next(path for path in world.albums.rglob("cat.jpg"))
    os.rename(cat.parent, cat.parent.with_name("Our cats"))
    assert call("fix", next(world.albums.rglob("coffee.jpg")), "--album", "travel", *out) == 0
    (world.photos / "gone.jpg").unlink()
    make_tree(world.photos, {"late.jpg": make_jpeg(3)})
    assert call(world.photos, *out, *SHIPPED, "--also", "--prune", "--prune-limit", "0.9") in (0, 3)
    make_tree(world.photos, {"later.jpg": make_jpeg(4)})
    assert call(world.photos, *out, *SHIPPED, "--also", "--save-plan", world.plan) in (0, 3)
    world.sql("INSERT INTO trips VALUES ('t1', '2025-12 Niseko, Japan', '2025-12-01', '2025-12-09')")
    world.sql("INSERT INTO trip_members VALUES ('t1', ?)", "a" * 64)
    world.case.rename(root / "done")
    _variant(
        world, "killed", "UPDATE ops SET phase = 'intent', after = NULL WHERE run_id = (SELECT max(run_id) FROM runs)"
    )
    _variant(world, "undoing", "UPDATE ops SET phase = 'undoing' WHERE run_id = (SELECT max(run_id) FROM runs)")
    world.reset()
    return world


def _variant(world: World, name: str, statement: str) -> None:
    world.reset()
    world.sql(statement)
    status = "running" if name == "killed" else "undoing"
    world.sql("UPDATE runs SET status = ? WHERE run_id = (SELECT max(run_id) FROM runs)", status)
    world.case.rename(world.root / name)


def exercise(world: World) -> None:
    """What may be done with a destination and needs no photo looked at: read, verified, settled, applied to, undone to its end."""
    out = ("--out", world.albums)
    call("runs", *out)
    call("verify", *out)
    call("apply", world.plan)
    for _ in range(3):
        call("undo", *out)


def exercise_state(world: World) -> None:
    """The same below the command line, the records of every kind read by name."""
    with DestinationState.open_read_only(world.albums) as state:
        state.check()
        for run in state.runs():
            state.check(run.run_id)
    with contextlib.suppress(AlbumSortError), held_destination(str(world.albums), 0, lambda _event: None) as state:
        for run in state.runs():
            state.check(run_id_of(run.run_id))


def untouched_by(world: World, damage: Callable[[], object], *, history: str = "done") -> None:
    """A damaged destination is used: nothing is raised, and nothing beside it is changed."""
    world.reset(history)
    before = world.canary()
    damage()
    exercise(world)
    assert world.canary() == before
