"""`ALBUMS/album-report.html`: a link to the newest page, never in place of a file of the user's."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from album_sort.core.ignore import STATE_FOLDER

REPORT_LINK = "album-report.html"


def runs_folder(destination: str) -> Path:
    """Where each run keeps its reports, in a folder by its id."""
    return Path(destination) / STATE_FOLDER / "runs"


def point_to_newest_page(destination: str) -> Path | None:
    """Points the link at the newest run's page, or takes it away where there is none; the link, if there is one."""
    link = Path(destination) / REPORT_LINK
    if os.path.lexists(link) and not link.is_symlink():
        return None
    page = max(runs_folder(destination).glob("*/report.html"), default=None)
    if page is None:
        link.unlink(missing_ok=True)
        return None
    temporary = link.with_name(f".{link.name}.{os.getpid()}")
    try:
        temporary.symlink_to(os.path.relpath(page, link.parent))
        temporary.replace(link)
    except OSError:  # a file system without links: the page is in the run's folder all the same
        with contextlib.suppress(OSError):
            temporary.unlink()
        return None
    return link
