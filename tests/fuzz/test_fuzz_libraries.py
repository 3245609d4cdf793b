"""Whatever files a library holds: no traceback, no file lost, the preview is the run, and a second run has nothing to do."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPOSITORY

SHORT = 3
LONG = 2_000


def sort_many(first: int, count: int, folder: Path, seconds: float) -> dict[str, Any]:
    """Counts of a run; fails with the library that broke a promise."""
    command = [sys.executable, "-m", "tests.fuzz.sort_many", str(first), str(count), str(folder)]
    run = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=seconds)
    last = run.stdout.splitlines()[-1] if run.stdout else "nothing"
    assert run.returncode == 0, f"exit {run.returncode} at library {last}\n{run.stderr[-3000:]}"
    counts: dict[str, Any] = json.loads(last)
    return counts


def test_odd_libraries_are_sorted_as_promised(tmp_path: Path) -> None:
    counts = sort_many(0, SHORT, tmp_path, 300)
    assert min(counts["filed"], counts["skipped"]) > SHORT, "the libraries are neither harmless nor hopeless"


@pytest.mark.long
def test_many_odd_libraries_are_sorted_as_promised(tmp_path: Path) -> None:
    counts = sort_many(SHORT, LONG, tmp_path, 7200)
    assert min(counts["filed"], counts["skipped"]) > LONG
