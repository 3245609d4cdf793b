"""The whole program, with an error of the system at any call that concerns the destination: a sentence, an exit code, nothing half done."""

from __future__ import annotations

import errno
import os
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from album_sort.cli.app import main
from album_sort.errors import ExitCode
from album_sort.state.store import DestinationState
from tests import pictures
from tests.builders import fingerprint, make_jpeg, make_tree, picture_jpeg
from tests.crash.conftest import MEMORY
from tests.crash.injected_errors import LOOKING, Injected, inject
from tests.destination_builders import tree
from tests.hostile import SHIPPED, call

CODES = (errno.EIO, errno.EACCES, errno.ENOSPC, errno.ENOENT, errno.ENOMEM, errno.EROFS)
COMMANDS = ("sort", "prune", "fix", "undo")
SECONDS = 120


@dataclass(frozen=True)
class Stage:
    """`case/albums` is made anew for every fault; `outside` and `photos` must stay as they are."""

    root: Path
    command: str

    @property
    def albums(self) -> Path:
        return self.root / "case/albums"

    @property
    def photos(self) -> Path:
        return self.root / "photos"

    def arguments(self) -> list[str]:
        out = ["--out", str(self.albums)]
        match self.command:
            case "sort":
                return [str(self.photos), *out, *SHIPPED, "--also"]
            case "prune":
                return [str(self.photos), *out, *SHIPPED, "--also", "--prune", "--prune-limit", "0.9"]
            case "fix":
                return ["fix", str(self.photos / "coffee.jpg"), "--album", "travel", "--now", *out]
            case _:
                return ["undo", self.newest_run, *out]

    @property
    def newest_run(self) -> str:
        with DestinationState.open_read_only(self.root / "before/albums") as state:
            return str(state.runs()[-1].run_id)

    def reset(self) -> None:
        shutil.rmtree(self.root / "case", ignore_errors=True)
        shutil.copytree(self.root / "before", self.root / "case", symlinks=True)

    def marks(self) -> object:
        """Of everything that is none of the destination's."""
        return fingerprint(self.photos), fingerprint(self.root / "outside"), sorted(os.listdir(self.root))

    def tree(self) -> dict[str, object]:
        """The albums, but for the page that leads to the report."""
        return {path: what for path, what in tree(self.albums).items() if path != "album-report.html"}


def build(root: Path, command: str) -> Stage:
    """All photos are remembered in the cache: no network runs in a forked child."""
    stage = Stage(root, command)
    make_tree(root / "outside", {"precious.jpg": b"mine", "sub/note.txt": b"mine too"})
    make_tree(
        stage.photos,
        {
            "cat.jpg": picture_jpeg(pictures.cat()),
            "coffee.jpg": picture_jpeg(pictures.coffee()),
            "one.jpg": make_jpeg(1),
            "one.jpg.xmp": b"<x/>",
            "gone.jpg": make_jpeg(2),
        },
    )
    (root / "case").mkdir()
    if command != "sort":
        assert call(stage.photos, "--out", stage.albums, *SHIPPED, "--also") in (0, 3)
        (stage.photos / "gone.jpg").unlink()
        make_tree(stage.photos, {"late.jpg": make_jpeg(3)})
    assert call(stage.photos, "--out", root / "other", *SHIPPED, "--also") in (0, 3)
    if command == "undo":
        assert call("fix", stage.photos / "coffee.jpg", "--album", "travel", "--out", stage.albums) == 0
        assert call(stage.photos, "--out", stage.albums, *SHIPPED, "--also", "--prune", "--prune-limit", "0.9") in (
            0,
            3,
        )
    shutil.rmtree(root / "other")
    (root / "case").rename(root / "before")
    return stage


@pytest.fixture(params=COMMANDS)
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    folder = Path(MEMORY if os.access(MEMORY, os.W_OK) else tmp_path) / f"album-sort-errors-{os.getpid()}"
    folder.mkdir()
    yield build(folder, request.param)
    shutil.rmtree(folder)


@dataclass(frozen=True)
class Ended:
    """How a child has ended."""

    code: int
    errors: str
    names: tuple[str, ...]
    """The calls that concerned the destination."""


def run_with(stage: Stage, at: int = 0, code: int = 0, *, for_good: bool = False) -> Ended:
    """The command in a child, with an error at its `at`-th call."""
    logs = stage.root.with_name(f"{stage.root.name}-logs")
    logs.mkdir(exist_ok=True)
    child = os.fork()
    if child == 0:
        _child(stage, logs, Injected(str(stage.albums), at, code, for_good=for_good))
    _, status = os.waitpid(child, 0)
    ended = Ended(
        os.waitstatus_to_exitcode(status),
        (logs / "errors").read_text(encoding="utf-8"),
        tuple((logs / "names").read_text(encoding="utf-8").split("\n")),
    )
    shutil.rmtree(logs)
    return ended


def _child(stage: Stage, logs: Path, fault: Injected) -> None:
    code = 99
    try:
        import signal  # noqa: PLC0415 - in the child only

        signal.alarm(SECONDS)
        for descriptor, name in ((1, "output"), (2, "errors")):
            target = os.open(logs / name, os.O_WRONLY | os.O_CREAT, 0o600)
            os.dup2(target, descriptor)
        sys.stdout, sys.stderr = (os.fdopen(descriptor, "w", encoding="utf-8", closefd=False) for descriptor in (1, 2))
        sys.argv = ["album-sort", *stage.arguments()]
        names_file = open(logs / "names", "w", encoding="utf-8")  # noqa: SIM115 - opened before anything is put in its place
        inject(fault)
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        except BaseException:  # noqa: BLE001 - told as the interpreter would
            import traceback  # noqa: PLC0415 - in the child only

            traceback.print_exc()
        fault.at = 0
        names_file.write("\n".join(fault.names))
        names_file.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def check(stage: Stage, step: int, code: int, expected: dict[str, object], *, for_good: bool) -> None:
    stage.reset()
    marks = stage.marks()
    ended = run_with(stage, step, code, for_good=for_good)
    name = ended.names[step - 1] if step <= len(ended.names) else "?"
    where = (stage.command, errno.errorcode[code], step, "for good" if for_good else "once", name)
    assert ended.code in tuple(ExitCode), (where, ended.errors)
    assert "Traceback" not in ended.errors, (where, ended.errors)
    if ended.code in (ExitCode.FATAL, ExitCode.USAGE):
        sentence = re.sub(r"\s+", " ", ended.errors)
        assert len(sentence) > 20, where
        assert str(stage.root) in sentence.replace(" ", ""), (where, ended.errors)
    state = stage.albums / ".album-sort"
    if not (for_good and code in (errno.EIO, errno.ENOENT)) and state.is_dir():
        # SQLite itself is not disturbed: it can always be closed.
        assert not [left.name for left in state.iterdir() if left.name.endswith(("-wal", "-shm", "-journal"))], where
    assert stage.marks() == marks, where
    again = run_with(stage)
    assert again.code in (0, 3), (where, ended.errors, again.errors)
    # "There is no such thing" is a lie that nobody can see through. Times that may not be set (FAT) cost the times, not the photo.
    is_lie = code == errno.ENOENT and (for_good or name in LOOKING)
    if not is_lie and not (code == errno.EACCES and (for_good or name in ("utime", "fchmod"))):
        assert stage.tree() == expected, (where, ended.code, ended.errors, again.errors)
    if not is_lie and ended.code in (0, 3):
        assert (stage.albums / "album-report.html").is_file(), (where, ended.code, ended.errors, again.errors)


def undisturbed(stage: Stage) -> tuple[int, dict[str, object]]:
    """Calls, and the tree that the command leaves."""
    stage.reset()
    ended = run_with(stage)
    assert ended.code in (0, 3), ended.errors
    return len(ended.names), stage.tree()


def test_an_error_at_a_call_is_a_sentence_and_the_next_run_does_the_rest(stage: Stage) -> None:
    """A few calls, with another error each; the long form tries every fifth."""
    calls, expected = undisturbed(stage)
    assert calls > 200
    for number, step in enumerate(range(7, calls + 1, calls // 6)):
        check(stage, step, CODES[number % len(CODES)], expected, for_good=number % 2 == 1)


@pytest.mark.long
@pytest.mark.parametrize("for_good", [False, True], ids=["once", "for-good"])
def test_errors_at_every_fifth_call(stage: Stage, for_good: bool) -> None:
    calls, expected = undisturbed(stage)
    for number, step in enumerate(range(1, calls + 1, 5)):
        check(stage, step, CODES[number % len(CODES)], expected, for_good=for_good)
