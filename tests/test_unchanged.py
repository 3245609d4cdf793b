"""What tells a run that nothing has changed since the last one (pipeline/unchanged.py)."""

from __future__ import annotations

import os
from pathlib import Path

from album_sort.pipeline import unchanged
from tests.builders import make_tree


def test_a_program_that_was_brought_up_to_date_is_another(tmp_path: Path) -> None:
    """Its code, tables and labels decide where photos go; what is compiled of them, and notes beside them, do not."""
    tree = {"a.py": "x = 1", "part/b.toml": "y = 2", "part/towns.tsv": "z", "head.npz": "h", "part/notes.md": "n"}
    folder = make_tree(tmp_path / "program", tree)
    before = list(unchanged._looks(str(folder)))
    make_tree(folder, {"part/notes.md": "other notes", "part/__pycache__/b.pyc": "compiled"})
    assert list(unchanged._looks(str(folder))) == before
    for name in ("a.py", "part/b.toml", "part/towns.tsv", "head.npz"):
        status = (folder / name).stat()
        os.utime(folder / name, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
        assert list(unchanged._looks(str(folder))) != before, name
        os.utime(folder / name, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert list(unchanged._looks(str(folder))) == before
    make_tree(folder, {"part/more.toml": "w = 3"})
    assert list(unchanged._looks(str(folder))) != before


def test_the_programs_files_and_its_labels_are_looked_at_once_for_each_process() -> None:
    unchanged._program.cache_clear()
    assert unchanged._program() == unchanged._program()
    assert unchanged._program.cache_info().misses == 1
