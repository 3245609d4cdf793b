"""What all tests share: a cache and a configuration of their own, pictures that packages ship, the program as a process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import pytest

from album_sort.native import native
from tests.program_server import ProgramServer

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = REPOSITORY.parent / "shared"


# How long an example takes says how busy the machine is.
hypothesis.settings.register_profile("tests", deadline=None)
hypothesis.settings.load_profile("tests")


def pytest_configure(config: pytest.Config) -> None:
    """A library of other sources is made anew: tests of the native code would otherwise be tests of nothing."""
    if hasattr(config, "workerinput") or not native().is_stale:
        return
    subprocess.run([sys.executable, str(REPOSITORY / "native_build.py")], check=False)
    native.cache_clear()


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
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name in [name for name in os.environ if name.startswith("ALBUM_SORT_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("ALBUM_SORT_CACHE_DIR", str(session_cache))
        monkeypatch.setenv("XDG_CONFIG_HOME", str(session_cache / "no-config"))
        monkeypatch.setenv("NO_COLOR", "1")
        yield


@dataclass(frozen=True)
class Ran:
    """A finished call of the program."""

    code: int
    stdout: str
    stderr: str


Program = Callable[..., Ran]


_INTERPRETER = (sys.executable, "-W", "error::UserWarning:album_sort")


@pytest.fixture(scope="session")
def program_server(own_surroundings: None) -> Iterator[ProgramServer]:  # noqa: ARG001 - its environment
    """One for each process that runs tests."""
    server = ProgramServer(_INTERPRETER, os.environ | {"PYTHONPATH": str(REPOSITORY)})
    yield server
    server.close()


@pytest.fixture(scope="session")
def called() -> set[str]:
    """First words of calls that have had an interpreter of their own."""
    return set()


@pytest.fixture
def album_sort(program_server: ProgramServer, called: set[str]) -> Program:
    """Runs the program as a process of its own: `album_sort("photos", "--out", "albums", cwd=tmp_path)`.

    The first call of each command starts an interpreter; later ones fork one that has the program imported (program_server.py).
    """

    def run(*arguments: str | Path, cwd: Path | None = None, timeout: float = 240, **environment: str) -> Ran:
        words = list(map(str, arguments))
        surroundings = {**os.environ, "PYTHONPATH": str(REPOSITORY), **environment}
        command = words[0] if words and words[0].isalpha() else "sort"
        if command in called and program_server.can_serve(surroundings, str(cwd or Path.cwd())):
            done = program_server.run(words, surroundings, str(cwd or Path.cwd()), timeout)
        else:
            called.add(command)
            done = subprocess.run(
                [*_INTERPRETER, "-m", "album_sort", *words],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=timeout,
                cwd=cwd,
                check=False,
                env=surroundings,
            )
        return Ran(done.returncode, _text(done.stdout), _text(done.stderr))

    return run


def _text(output: bytes) -> str:
    return output.decode("utf-8", "surrogateescape").replace("\r\n", "\n")
