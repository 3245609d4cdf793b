"""What a killed server has left among temporary files is taken away by the next one; what somebody holds, and others', stays."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from album_sort.inspection.held_folders import HeldFolder, take_away_left

LEAVES = """
import sys, os
from album_sort.inspection.held_folders import HeldFolder
for prefix in sys.argv[1:]:
    folder = HeldFolder(prefix)
    open(os.path.join(folder.path, "a file"), "w").close()
os._exit(1)
"""
PREFIXES = ("album-sort-page-", "album-sort-upload-")


def test_what_a_process_has_left_is_taken_away_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("album_sort.inspection.held_folders._SECONDS_TO_BE_HELD", 0.0)
    subprocess.run([sys.executable, "-c", LEAVES, *PREFIXES], env={**os.environ, "TMPDIR": str(tmp_path)}, check=False)
    others = {tmp_path / "album-sort-of-somebody", tmp_path / "album-sort-page-file", tmp_path / "photos"}
    for path in others:
        path.touch() if path.name.endswith("file") else path.mkdir()
    (tmp_path / "album-sort-page-link").symlink_to(tmp_path / "photos")
    assert len(list(tmp_path.iterdir())) == 6
    held = HeldFolder(PREFIXES[0])
    take_away_left(PREFIXES[1])
    assert {path for path in tmp_path.iterdir() if not path.is_symlink()} == {*others, Path(held.path)}
    look_elsewhere(Path(held.path))
    assert Path(held.path).is_dir()
    held.close()
    assert not Path(held.path).exists()
    assert (tmp_path / "photos").is_dir()


def look_elsewhere(folder: Path) -> None:
    """Another process looks whether it is free."""
    code = "import sys; from album_sort.inspection import held_folders as h; h._SECONDS_TO_BE_HELD = 0; h.take_away_left(sys.argv[1])"
    environment = {**os.environ, "TMPDIR": str(folder.parent)}
    subprocess.run([sys.executable, "-c", code, PREFIXES[0]], env=environment, check=True)
