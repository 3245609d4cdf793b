"""What all tests share: a cache and a configuration of their own, pictures that packages ship, the program as a process."""

from __future__ import annotations

import contextlib
import gc
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from album_sort.inspection import process
from album_sort.inspection.process import start_reader
from album_sort.native import native
from tests import forking
from tests.program_server import INTERPRETER, ProgramServer
from tests.reader_server import ReaderServer

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = REPOSITORY.parent / "shared"


# How long an example takes says how busy the machine is. Each run tries other examples: few of them each time, more by `--long`.
hypothesis.settings.register_profile("tests", deadline=None, max_examples=40)
hypothesis.settings.register_profile("long", deadline=None, max_examples=200)


def pytest_configure(config: pytest.Config) -> None:
    """How many examples there are; and a library of other sources is made anew: tests of native code would be tests of nothing."""
    hypothesis.settings.load_profile("long" if config.option.markexpr.startswith("(long or not long") else "tests")
    if hasattr(config, "workerinput") or not native().is_stale:
        return
    subprocess.run([sys.executable, str(REPOSITORY / "native_build.py")], check=False)
    native.cache_clear()


LONGEST = (
    "test_hostile_state",
    "test_int16",
    "test_surroundings",
    "test_corrections_teach",
    "test_learn",
    "test_changes",
    "test_quantize",
    "test_sort",
    "test_inspection",
    "test_net",
    "test_doc_blocks",
    "test_report_of_a_run",
    "test_stories_of_others",
    "test_terminal",
    "browser/test_firefox",
    "test_native",
    "crash/test_program_killed",
    "crash/test_every_step",
    "crash/test_undo_killed",
    "test_wheel",
    "test_every_format",
    "test_torch_startup",
    "crash/test_errors_of_the_program",
    "test_part_of_library",
    "test_cli",
    "test_cut_files",
    "test_scale",
    "test_decode_shared",
    "browser/test_serve_page",
    "test_every_network",
    "test_fit_head",
    "browser/test_report_page",
    "test_api",
    "test_kept_settings",
    "test_decode",
    "test_lite0",
    "test_learning",
    "test_previews",
    "test_damage",
    "fuzz/test_fuzz_libraries",
    "test_runner",
    "test_sentences",
    "test_networks",
    "test_lessons_kept",
    "test_serve",
    "crash/test_races",
    "test_learn_closer",
    "test_recovery",
    "test_lost_state",
)
"""Files of six seconds of a core and more, the longest first: the last file of a run keeps one process busy, and the others wait."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Processes take one file after another in this order (`bin/test`); what a real browser does gets a second chance.

    When a browser draws is not ours to say, and one of a thousand tests that is wrong about it would fail a whole run. The
    summary names each that took two (`RERUN`): that is a fault to be found, of the test or of the page.
    """
    places = {REPOSITORY / "tests" / f"{name}.py": place for place, name in enumerate(LONGEST)}
    gone = [path.name for path in places if not path.is_file()]
    if gone:
        raise pytest.UsageError(f"LONGEST in tests/conftest.py names files that are not there: {gone}")
    items.sort(key=lambda item: places.get(item.path, len(places)))
    for item in items:
        if item.path.is_relative_to(REPOSITORY / "tests" / "browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Once for each process that is to run tests, in the one that hands them out: all of them share what forks."""
    stash = node.config.stash
    if _SERVERS not in stash:
        stash[_SERVERS] = contextlib.ExitStack()
        folder = Path(stash[_SERVERS].enter_context(tempfile.TemporaryDirectory(prefix="album-sort-")))
        with own_variables(folder):
            stash[_SERVERS].enter_context(shared_servers(folder))
        stash[_FOLDER] = folder
    node.workerinput["servers"] = str(stash[_FOLDER])


def pytest_unconfigure(config: pytest.Config) -> None:
    if _SERVERS in config.stash:
        config.stash[_SERVERS].close()


_SERVERS, _FOLDER = pytest.StashKey[contextlib.ExitStack](), pytest.StashKey[Path]()


@contextlib.contextmanager
def shared_servers(folder: Path) -> Iterator[None]:
    """Servers that are asked by sockets in that folder, until the end."""
    readers = ReaderServer()
    programs = ProgramServer(program_environment(), readers)
    with forking.listen(folder / "readers") as listener:
        readers.start_server(listener)
    with forking.listen(folder / "programs") as listener:
        programs.start(listener)
    yield
    programs.close()
    readers.close()


def program_environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(REPOSITORY)}


def shared_server(config: pytest.Config, name: str) -> socket.socket | None:
    """A connection to that server of the whole run; None where this process runs all tests."""
    workerinput = getattr(config, "workerinput", {})
    return forking.connect(Path(workerinput["servers"], name)) if "servers" in workerinput else None


def pytest_collection_finish() -> None:
    """Ten thousand tests and all that they import stay to the end: each full search for circles among them took a third of a second."""
    gc.freeze()


@pytest.fixture(scope="session")
def shared_photos() -> Path:
    """The development photos; tests that need them are skipped where they are absent."""
    folder = SHARED / "photos"
    if not folder.is_dir():
        pytest.skip(f"needs the development photos in {folder}")
    return folder


@pytest.fixture(scope="session")
def shared_weights() -> Path:
    """The development weights of ResNet-18."""
    file = SHARED / "weights" / "resnet18-imagenet1k-standin.pth"
    if not file.is_file():
        pytest.skip(f"needs the development weights {file}")
    return file


@pytest.fixture(scope="session")
def session_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One inference cache for all tests: a picture is looked at once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session", autouse=True)
def own_surroundings(session_cache: Path) -> Iterator[None]:
    """No test sees or changes the settings and caches of the person who runs it; nor does what many tests share."""
    with own_variables(session_cache):
        yield


@contextlib.contextmanager
def own_variables(cache: Path) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name in [name for name in os.environ if name.startswith("ALBUM_SORT_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("ALBUM_SORT_CACHE_DIR", str(cache))
        monkeypatch.setenv("XDG_CONFIG_HOME", str(cache / "no-config"))
        monkeypatch.setenv("NO_COLOR", "1")
        # Whoever runs the tests may speak another language than they expect.
        for name in ("LC_ALL", "LC_MESSAGES"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("LANG", "C.UTF-8")
        yield


@pytest.fixture
def disk_path() -> Iterator[Path]:
    """A temporary folder on the ordinary disk; `tmp_path` may be in memory (`bin/test`)."""
    with tempfile.TemporaryDirectory(prefix="album-sort-tests-") as folder:
        yield Path(folder)


@dataclass(frozen=True)
class Ran:
    """A finished call of the program."""

    code: int
    stdout: str
    stderr: str


Program = Callable[..., Ran]


@pytest.fixture(scope="session", autouse=True)
def reader_server(own_surroundings: None, pytestconfig: pytest.Config) -> Iterator[ReaderServer]:  # noqa: ARG001 - its environment
    """Forks the processes that read photos, for tests and for the programs that they fork; started by the first."""
    server = ReaderServer(shared_server(pytestconfig, "readers"))
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(process, "start_reader", server.start)
        yield server
    server.close()


@pytest.fixture
def own_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of the start of a reading process: each is an interpreter of its own."""
    monkeypatch.setattr(process, "start_reader", start_reader)


@pytest.fixture(scope="session")
def program_server(reader_server: ReaderServer, pytestconfig: pytest.Config) -> Iterator[ProgramServer]:
    """One for all processes that run tests."""
    server = ProgramServer(program_environment(), reader_server, shared_server(pytestconfig, "programs"))
    yield server
    server.close()


@pytest.fixture(scope="session")
def called(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file for each first word of calls that has had an interpreter of its own, in whichever process of the tests."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "called"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def album_sort(program_server: ProgramServer, called: Path) -> Program:
    """Runs the program as a process of its own: `album_sort("photos", "--out", "albums", cwd=tmp_path)`.

    The first call of each command starts an interpreter; later ones fork one that has the program imported (program_server.py).
    """

    def run(*arguments: str | Path, cwd: Path | None = None, timeout: float = 240, **environment: str) -> Ran:
        words = list(map(str, arguments))
        surroundings = {**os.environ, "PYTHONPATH": str(REPOSITORY), **environment}
        command = words[0] if words and words[0].isalpha() else "sort"
        if not _is_first(called / command) and program_server.can_serve(surroundings, str(cwd or Path.cwd())):
            done = program_server.run(words, surroundings, str(cwd or Path.cwd()), timeout)
        else:
            done = subprocess.run(
                [*INTERPRETER, "-m", "album_sort", *words],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=timeout,
                cwd=cwd,
                check=False,
                env=surroundings,
            )
        return Ran(done.returncode, _text(done.stdout), _text(done.stderr))

    return run


def _is_first(mark: Path) -> bool:
    """Whether nobody has been here before."""
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def _text(output: bytes) -> str:
    return output.decode("utf-8", "surrogateescape").replace("\r\n", "\n")
