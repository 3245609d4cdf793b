"""What all tests share: a cache and a configuration of their own, pictures that packages ship, the program as a process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from album_sort.native import native

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = REPOSITORY.parent / "shared"


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


@pytest.fixture
def album_sort() -> Program:
    """Runs the program as a process of its own: `album_sort("photos", "--out", "albums", cwd=tmp_path)`."""

    def run(*arguments: str | Path, cwd: Path | None = None, timeout: float = 240, **environment: str) -> Ran:
        done = subprocess.run(
            [sys.executable, "-W", "error::UserWarning:album_sort", "-m", "album_sort", *map(str, arguments)],
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=timeout,
            cwd=cwd,
            check=False,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), **environment},
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return run
