"""Reports of a run: `report.jsonl` while it goes on, `report.csv` and `report.html` from the same rows at its end."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import ExitStack, closing
from pathlib import Path

from album_sort.errors import DestinationError
from album_sort.report._blocks import Thumbnail
from album_sort.report._output import refuse_foreign, replacing
from album_sort.report.csv import csv_report
from album_sort.report.html import HtmlReport
from album_sort.report.jsonl import JsonlReport, StoredRows, is_our_jsonl, read_report
from album_sort.report.relative import country_in_words, relative_words
from album_sort.report.tally import Tally
from album_sort.report.text import shell_word
from album_sort.report.words import WORDS_FILE, Words, parse_words
from album_sort.types import RunReport

FORMATS = ("jsonl", "csv", "html")
"""Each is written as `report.<format>`."""


def write_reports(
    report: RunReport, folder: Path, *, thumbnail: Thumbnail, words: Words, formats: Collection[str] = FORMATS
) -> tuple[Path, ...]:
    """Writes the report in these formats into `folder` and returns their paths; `report.rows` is walked once.

    Raises `DestinationError` where `folder` cannot be written to, or a file there has such a name and is not ours.
    """
    paths = {name: folder / f"report.{name}" for name in FORMATS if name in formats}
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DestinationError(
            f"cannot make the folder {folder}: {error.strerror}", hint="choose another --report"
        ) from error
    with ExitStack() as stack:
        jsonl = html = table = None
        if "jsonl" in paths:
            refuse_foreign(paths["jsonl"], is_our_jsonl)
            jsonl = stack.enter_context(JsonlReport(paths["jsonl"], report.info))
        if "html" in paths:
            html = stack.enter_context(closing(HtmlReport(paths["html"], report.info, words, thumbnail=thumbnail)))
        if "csv" in paths:
            table = stack.enter_context(csv_report(paths["csv"]))
        sinks = [sink for sink in (jsonl, html, table) if sink is not None]
        for row in report.rows:
            for sink in sinks:
                sink.add(row)
        if jsonl is not None and report.outcome is not None:
            jsonl.finish(report.outcome)
        if html is not None:
            html.finish(report.outcome)
    return tuple(paths.values())


__all__ = [
    "FORMATS",
    "WORDS_FILE",
    "HtmlReport",
    "JsonlReport",
    "StoredRows",
    "Tally",
    "Words",
    "country_in_words",
    "parse_words",
    "read_report",
    "relative_words",
    "replacing",
    "shell_word",
    "write_reports",
]
