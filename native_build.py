"""Compiles album_sort/*.c and album_sort/*/*.c into album_sort/_native.so: `python native_build.py`.

Needs nothing but the standard library and a C compiler: hatch_build.py runs it before anything is installed.
"""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

LIBRARY = "album_sort/_native.so"
NOTE = "album_sort/_native.txt"
"""Where there is no library: why, in a sentence that `album-sort models list` says."""

FLAGS = ("-O3", "-std=c11", "-ffp-contract=fast", "-fvisibility=hidden", "-shared", "-fPIC")


def make_library(root: Path) -> str:
    """Compiles the library beside its sources; gives "", or in a sentence why there is none now, of which a note is left."""
    failure = _compile(root)
    if failure:
        (root / NOTE).write_text(failure, encoding="utf-8")
    else:
        (root / NOTE).unlink(missing_ok=True)
    return failure


def leave_out(root: Path) -> str:
    """No library, on purpose; gives the note."""
    (root / LIBRARY).unlink(missing_ok=True)
    note = "this album-sort was made to fit every machine"
    (root / NOTE).write_text(note, encoding="utf-8")
    return note


def compile_command(root: Path, compiler: Sequence[str], into: Path, flags: Sequence[str] = FLAGS) -> list[str]:
    """The call of the compiler."""
    package = root / "album_sort"
    stamps = runpy.run_path(str(package / "native_stamp.py"))
    sources = [str(path) for path in stamps["source_files"](package) if path.suffix == ".c"]
    stamp = f'-DALBUM_SORT_STAMP="{stamps["source_stamp"](package)}"'
    return [*compiler, *flags, f"-I{package}", stamp, "-o", str(into), *sources]


def _compile(root: Path) -> str:
    library = root / LIBRARY
    library.unlink(missing_ok=True)
    if os.name != "posix":
        return "it is only compiled on POSIX systems"
    compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not compiler:
        return "no C compiler was found when album-sort was installed"
    # Compiled beside its place and renamed: a process that has the old one loaded keeps it.
    fresh = library.with_name(f"{library.name}.{os.getpid()}")
    command = compile_command(root, compiler.split(), fresh)
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603 - the compiler
    except OSError as error:
        return f"the C compiler {compiler!r} could not be run ({error.strerror})"
    if done.returncode:
        fresh.unlink(missing_ok=True)
        sys.stderr.write(done.stderr)
        said = next((line for line in done.stderr.splitlines() if "error" in line), f"it ended with {done.returncode}")
        return f"the C compiler {compiler!r} failed: {said.strip()[:300]}"
    fresh.replace(library)
    return ""


if __name__ == "__main__":
    sys.exit(make_library(Path(__file__).resolve().parent) or None)
