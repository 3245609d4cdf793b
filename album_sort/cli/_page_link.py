"""`ALBUMS/album-report.html`: leads to the newest page, never in place of a file of the user's.

A small page that leads on, not a link: a browser looks for a large report's thumbnails beside the address it was given.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

from album_sort.core.ignore import STATE_FOLDER

REPORT_PAGE = "album-report.html"

_MARK = "<!-- album-sort: leads to the newest report -->"


def runs_folder(destination: str) -> Path:
    """Where each run keeps its reports, in a folder by its id."""
    return Path(destination) / STATE_FOLDER / "runs"


def point_to_newest_page(destination: str) -> Path | None:
    """Leads to the newest run's page, or takes the page away where there is none; the path, if there is one."""
    path = Path(destination) / REPORT_PAGE
    if os.path.lexists(path) and not _is_ours(path):
        return None
    page = max(runs_folder(destination).glob("*/report.html"), default=None)
    if page is None:
        path.unlink(missing_ok=True)
        return None
    address = quote(os.path.relpath(page, destination))
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(
        f'<!doctype html>\n{_MARK}\n<html lang="en"><meta charset="utf-8"><title>album-sort</title>\n'
        f'<meta http-equiv="refresh" content="0; url={address}">\n<p><a href="{address}">Report</a></p></html>\n',
        encoding="utf-8",
    )
    temporary.replace(path)
    return path


def _is_ours(path: Path) -> bool:
    try:
        return not path.is_symlink() and _MARK in path.read_text(encoding="utf-8")[:400]
    except (OSError, UnicodeDecodeError):
        return False
