"""`ALBUMS/album-report.html`: leads to the newest page, never in place of a file of the user's.

A small page that leads on, not a link: a browser looks for a large report's thumbnails beside the address it was given.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from album_sort.classifier.labels import label_text, load_labels
from album_sort.config import cache_folder
from album_sort.core.checked import NONSENSE
from album_sort.errors import AlbumSortError
from album_sort.fileops import aside
from album_sort.fileops.destination import Destination, RowRefused
from album_sort.fileops.filesystem import RealFileSystem
from album_sort.fileops.recover import is_our_page
from album_sort.report import WORDS_FILE, StoredRows, parse_words, read_report, write_reports
from album_sort.state.own_files import is_regular_file, open_own_to_write, run_folders
from album_sort.state.thumbnails import ThumbnailStore
from album_sort.types import LANGUAGES, ReportRow
from album_sort.types.inner_paths import NO_RUN
from album_sort.types.ledger import PAGE_MARK, STATE_FOLDER

REPORT_PAGE = "album-report.html"

_LEAD_ON = "location.replace(document.links[0].href + location.hash)"
"""With what an address says after its `#`: an album, a photo that is open. Without scripts the page leads on all the same."""

KEPT_PAGES = 10
"""Pages of so many runs stay."""

MOST_BYTES = 500_000_000
"""That the pages may take together; that of the newest run stays in any case."""


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


def lead_to_newest_page(destination: str) -> None:
    """The same after what matters more: a disk that does not take it must not end a command whose work is done."""
    with contextlib.suppress(OSError, AlbumSortError):
        point_to_newest_page(destination)


def _point_to_newest_page(destination: str) -> Path | None:
    path = Path(destination) / REPORT_PAGE
    dest = Destination(RealFileSystem(), destination, NO_RUN)
    aside.settle(dest, str(path), is_our_page)
    seen = dest.fs.status(str(path))
    if seen is not None and not is_our_page(path):
        return None
    page = _newest(destination, "report.html")
    if page is None:
        if seen is not None:
            aside.remove(dest, str(path), seen, is_our_page)
        return None
    address = quote(os.path.relpath(page, destination))
    # In the state folder, where what a kill leaves behind is not a foreign file among the albums.
    temporary = Path(destination) / STATE_FOLDER / f"{path.name}.new"
    temporary.unlink(missing_ok=True)
    page_text = (
        f'<!doctype html>\n{PAGE_MARK.decode()}\n<html lang="en"><meta charset="utf-8"><title>album-sort</title>\n'
        f'<noscript><meta http-equiv="refresh" content="0; url={address}"></noscript>\n'
        f'<p><a href="{address}">Report</a></p>\n<script>{_LEAD_ON}</script></html>\n'
    )
    with open_own_to_write(temporary) as stream:
        stream.write(page_text.encode("utf-8"))
    if seen is not None:
        aside.replace(dest, str(temporary), str(path), seen, is_our_page)
    else:
        dest.fs.publish(str(temporary), str(path))
    return path


def earlier_rows(destination: str, run_id: str) -> Iterator[Iterator[ReportRow]]:
    """The rows of the reports of other runs, newest first; one that is damaged ends where it makes no sense."""
    for name, folder in reversed(run_folders(Path(destination))):
        if name != run_id and is_regular_file(folder / "report.jsonl"):
            yield _readable(folder / "report.jsonl")


def _readable(path: Path) -> Iterator[ReportRow]:
    with contextlib.suppress(AlbumSortError, OSError, *NONSENSE):
        yield from StoredRows(path)


def earlier_pages(destination: str, run_id: str) -> tuple[str, ...]:
    """Ids of the runs whose pages will be there beside that of this run, newest first."""
    return tuple(name for name, _ in _pages(destination) if name != run_id)[: KEPT_PAGES - 1]


def told_runs(destination: str) -> tuple[str, ...]:
    """Ids of the runs that have told a report, newest first: of each a page can be made."""
    found = reversed(run_folders(Path(destination)))
    return tuple(name for name, folder in found if is_regular_file(folder / "report.jsonl"))


def forget_oldest_pages(destination: str) -> None:
    """Keeps the newest pages; their rows stay in report.jsonl, of which a page can be made.

    Fewer of a large library, whose pages take hundreds of megabytes each.
    """
    total = 0
    for number, (_, folder) in enumerate(_pages(destination)):
        total += _size_of(folder)
        if number and (number >= KEPT_PAGES or total > MOST_BYTES):
            (folder / "report.html").unlink(missing_ok=True)
            shutil.rmtree(folder / "report-files", ignore_errors=True)


def _pages(destination: str) -> list[tuple[str, Path]]:
    """The folders of runs with a page, newest first."""
    found = reversed(run_folders(Path(destination)))
    return [(name, folder) for name, folder in found if is_regular_file(folder / "report.html")]


def _size_of(folder: Path) -> int:
    files = [folder / "report.html"]
    if not (folder / "report-files").is_symlink():
        files += (folder / "report-files").glob("*")
    return sum(path.lstat().st_size for path in files if is_regular_file(path))


def remake_newest_page(destination: str) -> None:
    """Makes the page of the newest run from its rows again, where it has been taken away (after an undo).

    A report that cannot be read, or that nobody of ours has written, has no page: nothing depends on it.
    """
    newest = newest_report(destination)
    if newest is None or os.path.lexists(newest.with_suffix(".html")):
        return
    thumbnails = ThumbnailStore(cache_folder())
    try:
        report = read_report(newest)
        language = report.info.language if report.info.language in LANGUAGES else LANGUAGES[0]
        words = parse_words(label_text(WORDS_FILE), language)
        write_reports(
            report, newest.parent, thumbnail=thumbnails.get, words=words, labels=load_labels(), formats=("html",)
        )
    except (AlbumSortError, OSError, *NONSENSE):
        return
    finally:
        thumbnails.close()


def newest_report(destination: str) -> Path | None:
    """The rows of the newest run's report; None where there is none."""
    return _newest(destination, "report.jsonl")


def newest_shown_report(destination: str) -> Path | None:
    """The same of the newest run that has its page: that is written last, and until then the report grows. Without any, the newest."""
    found = [folder for _, folder in _pages(destination) if is_regular_file(folder / "report.jsonl")]
    return found[0] / "report.jsonl" if found else newest_report(destination)


def _newest(destination: str, name: str) -> Path | None:
    found = [folder / name for _, folder in run_folders(Path(destination)) if is_regular_file(folder / name)]
    return found[-1] if found else None
