"""Makes a destination and a cache with an older commit's program, and keeps both as text: what the tests of upgrades are made from.

    python -m tests.upgrades.make COMMIT NAME        in a clone; writes tests/upgrades/NAME/

The photos are made of plain bytes (`photos.py`), so that the same come out wherever the tests run; folders are written as @ROOT@.
"""

from __future__ import annotations

import io
import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from tests.upgrades.photos import make_photos

HERE = Path(__file__).resolve().parent
ROOT = "@ROOT@"


def main(commit: str, name: str) -> None:
    """The words of the command line."""
    work = Path(tempfile.mkdtemp(prefix="upgrade-"))
    packed = subprocess.run(["git", "archive", commit], capture_output=True, check=True, cwd=HERE)
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(work / "program", filter="data")
    make_photos(work / "photos")
    surroundings = {
        **os.environ,
        "PYTHONPATH": str(work / "program"),
        "ALBUM_SORT_CACHE_DIR": str(work / "cache"),
        "XDG_CONFIG_HOME": str(work / "none"),
    }
    words = ["photos", "--out", "albums", "--offline", "--model", "efficientnet-lite0", "--precision", "fp32"]
    subprocess.run([sys.executable, "-m", "album_sort", *words], check=True, cwd=work, env=surroundings)
    shutil.rmtree(HERE / name, ignore_errors=True)
    for database, kept in (("albums/.album-sort/state.sqlite", "state.sql"), ("cache/inference.sqlite", "cache.sql")):
        _write(HERE / name / kept, _dump(work / database), work)
    for path in sorted((work / "albums" / ".album-sort" / "runs").rglob("*")):
        if path.is_file() and path.suffix in (".jsonl", ".json", ".sqlite", ".txt"):
            _write(HERE / name / path.relative_to(work / "albums" / ".album-sort"), path.read_text(), work)
    filed = [path for path in (work / "albums").rglob("*.bmp") if path.is_file()]
    lines = [f"{path.relative_to(work / 'albums')}\t{path.name}\t{path.stat().st_mtime_ns}\n" for path in sorted(filed)]
    _write(HERE / name / "filed.tsv", "".join(lines), work)
    shutil.rmtree(work)


def _dump(database: Path) -> str:
    """With the version, which a dump leaves out."""
    connection = sqlite3.connect(database)
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    text = "\n".join(connection.iterdump())
    connection.close()
    return f"PRAGMA user_version = {version};\nPRAGMA application_id = {application};\n{text}\n"


def _write(path: Path, text: str, work: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.replace(str(work), ROOT), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
