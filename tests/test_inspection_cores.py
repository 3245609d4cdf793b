"""Work is spread over the cores that this process may really use."""

from __future__ import annotations

from pathlib import Path

import pytest

from album_sort.inspection import cores
from album_sort.inspection.cores import ThreadSplit, available_cores, split_threads


@pytest.mark.parametrize(
    ("quota", "most"), [("150000 100000", 2), ("100000 100000", 1), ("20000 100000", 1), ("max 100000", 10**6)]
)
def test_a_containers_quota_bounds_the_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quota: str, most: int
) -> None:
    (tmp_path / "cpu.max").write_text(quota)
    monkeypatch.setattr(cores, "_CGROUP_V2", tmp_path / "cpu.max")
    assert 1 <= available_cores() <= most


def test_the_older_form_of_the_quota_is_read_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cpu.cfs_quota_us").write_text("100000")
    (tmp_path / "cpu.cfs_period_us").write_text("100000")
    monkeypatch.setattr(cores, "_CGROUP_V2", tmp_path / "none")
    monkeypatch.setattr(cores, "_CGROUP_V1", tmp_path)
    assert available_cores() == 1


@pytest.mark.parametrize("number", [1, 2, 3, 4, 8, 16, 64])
def test_every_split_decodes_and_infers(number: int) -> None:
    split = split_threads(number)
    assert 1 <= split.threads <= number
    assert 1 <= split.workers <= number


def test_what_the_user_gave_stays() -> None:
    assert split_threads(2, workers=7, threads=5) == ThreadSplit(7, 5)
