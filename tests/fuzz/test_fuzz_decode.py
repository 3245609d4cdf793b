"""Damaged files never crash the interpreter, hang, take a gigabyte, or raise anything but a refusal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fuzz.decode_many import RESIDENT_BYTES, SECONDS

ROOT = Path(__file__).resolve().parents[2]
SHORT = 300
LONG = 20_000


def decode_many(first: int, count: int) -> dict[str, Any]:
    """Counts of a run; fails with the mutation that ended the process."""
    command = [sys.executable, "-m", "tests.fuzz.decode_many", str(first), str(count)]
    # One thread of linear algebra: its helpers would reserve address space and fight for two cores.
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)
    last = run.stdout.splitlines()[-1] if run.stdout else "nothing"
    assert run.returncode == 0, f"exit {run.returncode} at mutation {last}\n{run.stderr[-3000:]}"
    counts: dict[str, Any] = json.loads(last)
    return counts


def test_damaged_files_are_decoded_or_refused() -> None:
    counts = decode_many(0, SHORT)
    assert counts["decoded"] + counts["refused"] == SHORT
    assert min(counts["decoded"], counts["refused"]) > SHORT // 20, "the damage is neither harmless nor total"
    assert counts["slowest_s"] < SECONDS
    assert counts["peak_bytes"] < RESIDENT_BYTES


@pytest.mark.long
def test_many_damaged_files_are_decoded_or_refused() -> None:
    counts = decode_many(SHORT, LONG)
    assert counts["decoded"] + counts["refused"] == LONG
    assert counts["peak_bytes"] < RESIDENT_BYTES
