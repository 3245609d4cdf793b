"""Compiles album_sort/*/*.c where there is a compiler; without one the install is complete as well, only slower."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = "album_sort/*/*.c"
LIBRARY = "album_sort/_native.so"


class CustomBuildHook(BuildHookInterface):  # type: ignore[misc,type-arg]
    """Runs for wheels and for editable installs."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - as hatchling calls it
        """Adds the library to the wheel, which is then one for this platform."""
        if self.target_name != "wheel" or not compile_library(Path(self.root)):
            return
        build_data["artifacts"].append(LIBRARY)
        build_data["pure_python"] = False
        # It is loaded with ctypes: any Python will do.
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["tag"] = f"py3-none-{platform}"


def compile_library(root: Path) -> bool:
    """Whether the library now stands beside its source."""
    library = root / LIBRARY
    library.unlink(missing_ok=True)
    compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None or os.name != "posix":
        return False
    # Compiled beside its place and renamed: a process that has the old one loaded keeps it.
    fresh = library.with_name(f"{library.name}.{os.getpid()}")
    sources = sorted(map(str, root.glob(SOURCES)))
    command = [
        *compiler.split(),
        "-O3",
        "-std=c11",
        "-ffp-contract=fast",
        "-shared",
        "-fPIC",
        "-o",
        str(fresh),
        *sources,
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - the compiler
    except OSError as error:
        sys.stderr.write(f"album-sort: {error}; photos will be looked at more slowly\n")
        return False
    if done.returncode:
        fresh.unlink(missing_ok=True)
        sys.stderr.write(f"album-sort: {done.stderr}; photos will be looked at more slowly\n")
        return False
    fresh.replace(library)
    return True
