"""The version of what is built: that of the last tag, `v1.2.3`. Needs nothing but the standard library, and git where there is a clone.

A source distribution knows its own (PKG-INFO); a copy without git, or a clone without tags, is the one that is being worked on.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

_ROOT = Path(__file__).resolve().parent
_UNRELEASED = "0.1.0.dev0"
"""Before the first tag."""


def find_version(root: Path = _ROOT) -> str:
    """As PEP 440 writes it: `1.2.3` at the tag, `1.2.4.dev5` five commits later."""
    if (root / ".git").exists():
        return _of_tag(root) or _UNRELEASED
    if (root / "PKG-INFO").is_file():
        found = re.search(r"(?m)^Version: (\S+)$", (root / "PKG-INFO").read_text(encoding="utf-8"))
        if found:
            return found[1]
    return _UNRELEASED


def _of_tag(root: Path) -> str:
    command = ["git", "-C", str(root), "describe", "--tags", "--long", "--match", "v[0-9]*.[0-9]*.[0-9]*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - git
    except OSError:
        return ""
    found = re.fullmatch(r"v(\d+)\.(\d+)\.(\d+)-(\d+)-g[0-9a-f]+\n", done.stdout)
    if done.returncode or found is None:
        return ""
    major, minor, patch, since = map(int, found.groups())
    return f"{major}.{minor}.{patch}" if not since else f"{major}.{minor}.{patch + 1}.dev{since}"


__version__ = find_version()
