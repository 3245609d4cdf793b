"""Copies of the C sources, built as an installation builds them."""

from __future__ import annotations

import runpy
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from album_sort.native import native
from album_sort.native_stamp import source_files
from tests.conftest import REPOSITORY

needs_library = pytest.mark.skipif(native().library is None, reason=f"the native code is {native().told}")
needs_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")


def build_script() -> dict[str, Any]:
    """native_build.py, which is not a part of the package."""
    return runpy.run_path(str(REPOSITORY / "native_build.py"))


def copied_sources(root: Path) -> Path:
    """`root` with nothing in it but what the library is built from; gives the copy of the package."""
    package = root / "album_sort"
    for path in [*source_files(REPOSITORY / "album_sort"), REPOSITORY / "album_sort" / "native_stamp.py"]:
        copy = package / path.relative_to(REPOSITORY / "album_sort")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    return package


def built(root: Path) -> Path:
    """`copied_sources` with the library of them."""
    package = copied_sources(root)
    (package / "_native.so").write_bytes(_library())
    return package


@cache
def _library() -> bytes:
    """Of these sources, as it was installed or, where that was of others, made now: ten seconds of a processor."""
    if native().library is not None:
        return (REPOSITORY / "album_sort" / "_native.so").read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        copied_sources(Path(folder))
        assert build_script()["make_library"](Path(folder)) == ""
        return (Path(folder) / "album_sort" / "_native.so").read_bytes()


def build_slow_library(root: Path) -> None:
    """The library of the sources in `root`, compiled in a fifth of the time, to be loaded rather than used."""
    script = build_script()
    flags = ("-O1", *(flag for flag in script["FLAGS"] if flag != "-O3"))
    subprocess.run(script["compile_command"](root, ["cc"], root / script["LIBRARY"], flags), check=True)
