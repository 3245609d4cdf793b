"""Crash tests wait for the disk thousands of times: they run in memory where there is a memory file system."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

MEMORY = "/dev/shm"  # noqa: S108 - looked for, not relied on


@pytest.fixture
def fast_path(tmp_path: Path) -> Iterator[Path]:
    """A temporary folder on the fastest disk."""
    if not os.access(MEMORY, os.W_OK):
        yield tmp_path
        return
    folder = Path(tempfile.mkdtemp(prefix="album-sort-tests-", dir=MEMORY))
    yield folder
    shutil.rmtree(folder)
