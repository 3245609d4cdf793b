"""The hash of the C sources: the build bakes it into the library, and the library is not used where it is another.

Needs nothing but the standard library: hatch_build.py runs this file before anything is installed.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

_SUFFIXES = (".c", ".h")
_DIGITS = 16


def source_files(package: Path) -> list[Path]:
    """All C sources and headers of the package, in the order in which they are hashed."""
    return sorted(path for pattern in ("*", "*/*") for path in package.glob(pattern) if path.suffix in _SUFFIXES)


def source_stamp(package: Path) -> str:
    """16 hexadecimal digits over names and contents; raises OSError for a source that cannot be read."""
    digest = hashlib.sha256()
    for path in source_files(package):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(package).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:_DIGITS]
