"""Reports of a run: `report.jsonl` while it goes on, `report.csv` and `report.html` from the same rows at its end."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import ExitStack, closing
from pathlib import Path

from album_sort.core.quoting import shell_word
from album_sort.errors import DestinationError
from album_sort.report._output import replacing
from album_sort.report._page import SCRIPTS, STYLE, Links, Page, Setting, static_text
from album_sort.report.formats import FORMATS, PAGES
from album_sort.report.html import MOST_IN_ONE_FILE, HtmlReport
from album_sort.report.jsonl import JsonlReport, StoredRows, read_report
from album_sort.report.pagedata import PageData, Thumbnail
from album_sort.report.pagefile import SHORT, PageFile, write_page_file
from album_sort.report.relative import country_in_words, relative_words
from album_sort.report.sinks import ReportBrief
from album_sort.report.tally import Tally
from album_sort.report.words import WORDS_FILE, Words, parse_words
from album_sort.sentences import sentence
from album_sort.types import LabelSet, RunReport


def write_reports(
    report: RunReport,
    folder: Path,
    *,
    thumbnail: Thumbnail,
    words: Words,
    labels: LabelSet | None = None,
    formats: Collection[str] = tuple(FORMATS),
) -> tuple[Path, ...]:
    """Writes the report in these formats into `folder` and returns their paths; `report.rows` is walked once.

    Raises `DestinationError` where `folder` cannot be written to, or a file there has such a name and is not ours.
    """
    paths = {name: folder / f"report.{name}" for name in FORMATS if name in formats}
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DestinationError(
            sentence("report.cannot-make-the-folder", folder=folder, why=error.strerror),
            hint=sentence("report.choose-another-report"),
        ) from error
    brief = ReportBrief(report.info, words, thumbnail, labels)
    with ExitStack() as stack:
        sinks = [stack.enter_context(FORMATS[name](path, brief)) for name, path in paths.items()]
        for row in report.rows:
            for sink in sinks:
                sink.add(row)
        for sink in sinks:
            sink.finish(report.outcome)
    return tuple(paths.values())


def write_page(
    report: RunReport, path: Path, *, thumbnail: Thumbnail, words: Words, labels: LabelSet | None = None
) -> bool:
    """Writes the page alone, with everything in it up to `MOST_IN_ONE_FILE` photos; False where a folder beside it belongs to it.

    Raises `DestinationError` as `write_reports` does.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DestinationError(
            sentence("report.cannot-make-the-folder-2", parent=path.parent, why=error.strerror),
            hint=sentence("report.choose-another-report"),
        ) from error
    page = HtmlReport(path, report.info, words, thumbnail=thumbnail, labels=labels, most_in_one_file=MOST_IN_ONE_FILE)
    with closing(page):
        for row in report.rows:
            page.add(row)
        page.finish(report.outcome)
    return page.is_one_file


__all__ = [
    "FORMATS",
    "MOST_IN_ONE_FILE",
    "PAGES",
    "SCRIPTS",
    "SHORT",
    "STYLE",
    "WORDS_FILE",
    "HtmlReport",
    "JsonlReport",
    "Links",
    "Page",
    "PageData",
    "PageFile",
    "Setting",
    "StoredRows",
    "Tally",
    "Words",
    "country_in_words",
    "parse_words",
    "read_report",
    "relative_words",
    "replacing",
    "shell_word",
    "static_text",
    "write_page",
    "write_page_file",
    "write_reports",
]
