"""Puts the compiled C files (native_build.py) into the wheel; without a compiler the install is complete as well, only slower.

`ALBUM_SORT_NATIVE` says what is wanted: `auto` (the default), `off` for a wheel that fits every machine, or `required`, with
which a build that cannot compile fails instead of going on without.
"""

from __future__ import annotations

import os
import runpy
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

WISHES = ("auto", "off", "required")


class CustomBuildHook(BuildHookInterface):  # type: ignore[misc,type-arg]
    """Runs for wheels and for editable installs."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - as hatchling calls it
        """Adds the library to the wheel, which is then one for this platform."""
        if self.target_name != "wheel":
            return
        wish = os.environ.get("ALBUM_SORT_NATIVE") or "auto"
        if wish not in WISHES:
            raise ValueError(f"ALBUM_SORT_NATIVE is {wish!r}, but must be one of {', '.join(WISHES)}")
        root = Path(self.root)
        build = runpy.run_path(str(root / "native_build.py"))
        failure = build["leave_out"](root) if wish == "off" else build["make_library"](root)
        if failure and wish == "required":
            raise RuntimeError(f"the native code was not built: {failure}")
        if failure:
            # pip shows nothing of a build that succeeds: the note goes along, and `album-sort models list` says it.
            self.app.display_warning(f"album-sort: photos will be looked at more slowly: {failure}")
            build_data["artifacts"].append(build["NOTE"])
            return
        # The sources as well: their hash must be the one that the library was built with.
        build_data["artifacts"] += [build["LIBRARY"], "album_sort/**/*.c", "album_sort/**/*.h"]
        build_data["pure_python"] = False
        # It is loaded with ctypes: any Python will do.
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["tag"] = f"py3-none-{platform}"
