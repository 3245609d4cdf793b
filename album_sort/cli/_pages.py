"""`ALBUMS/album-report.html`: leads to the newest page, never in place of a file of the user's.

A small page that leads on, not a link: a browser looks for a large report's thumbnails beside the address it was given.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from urllib.parse import quote

from album_sort.classify.labels import label_text
from album_sort.config import cache_folder
from album_sort.fileops import aside
from album_sort.fileops.filesystem import RealFileSystem
from album_sort.fileops.place import Place, RowRefused
from album_sort.reading import read_head
from album_sort.report import WORDS_FILE, parse_words, read_report, write_reports
from album_sort.state.thumbnails import ThumbnailStore
from album_sort.types.ledger import STATE_FOLDER

REPORT_PAGE = "album-report.html"

_MARK = "<!-- album-sort: leads to the newest report -->"


def runs_folder(destination: str) -> Path:
    """Where each run keeps its reports, in a folder by its id."""
    return Path(destination) / STATE_FOLDER / "runs"


def point_to_newest_page(destination: str) -> Path | None:
    """Leads to the newest run's page, or takes the page away where there is none; the path, if there is one.

    None, too, where a file of the user's has the name, or gets it just now.
    """
    try:
        return _point_to_newest_page(destination)
    except (FileExistsError, RowRefused):
        return None


def _point_to_newest_page(destination: str) -> Path | None:
    path = Path(destination) / REPORT_PAGE
    place = Place(RealFileSystem(), destination, "")
    aside.settle(place, str(path))
    seen = place.fs.status(str(path))
    if seen is not None and not _is_ours(path):
        return None
    page = max(runs_folder(destination).glob("*/report.html"), default=None)
    if page is None:
        if seen is not None:
            aside.remove(place, str(path), seen, _is_ours)
        return None
    address = quote(os.path.relpath(page, destination))
    # In the state folder, where what a kill leaves behind is no foreign file among the albums.
    temporary = Path(destination) / STATE_FOLDER / f"{path.name}.new"
    temporary.write_text(
        f'<!doctype html>\n{_MARK}\n<html lang="en"><meta charset="utf-8"><title>album-sort</title>\n'
        f'<meta http-equiv="refresh" content="0; url={address}">\n<p><a href="{address}">Report</a></p></html>\n',
        encoding="utf-8",
    )
    if seen is not None:
        aside.replace(place, str(temporary), str(path), seen, _is_ours)
    else:
        place.fs.publish(str(temporary), str(path))
    return path


def forget_older_pages(destination: str, run_id: str) -> None:
    """Takes away the pages of earlier runs, which a large library makes a gigabyte each; their rows stay in report.jsonl."""
    for folder in runs_folder(destination).iterdir():
        if folder.name != run_id:
            (folder / "report.html").unlink(missing_ok=True)
            shutil.rmtree(folder / "report-files", ignore_errors=True)


def remake_newest_page(destination: str) -> None:
    """Makes the page of the newest run from its rows again, where it has been taken away (after an undo)."""
    newest = max(runs_folder(destination).glob("*/report.jsonl"), default=None)
    if newest is None or newest.with_suffix(".html").exists():
        return
    report = read_report(newest)
    words = parse_words(label_text(WORDS_FILE), report.info.language)
    thumbnails = ThumbnailStore(cache_folder())
    try:
        write_reports(report, newest.parent, thumbnail=thumbnails.get, words=words, formats=("html",))
    finally:
        thumbnails.close()


def _is_ours(path: str | Path) -> bool:
    try:
        return not os.path.islink(path) and _MARK.encode() in read_head(path, 400)
    except OSError:
        return False
