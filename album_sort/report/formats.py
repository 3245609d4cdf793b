"""The formats of the report: the one table of them. docs/contributing/add-a-report.md adds one."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from album_sort.report.csv import csv_report
from album_sort.report.html import html_report
from album_sort.report.jsonl import jsonl_report
from album_sort.report.sinks import OpenSink

STREAMED: Final = "jsonl"
"""Written while a run goes on, so that a killed run leaves it; all others are made of its rows at the end."""

FORMATS: Final[Mapping[str, OpenSink]] = MappingProxyType(
    {
        STREAMED: jsonl_report,
        "csv": csv_report,
        "html": html_report,
    }
)
"""Each is written as `report.<name>`, with every run and with `--report DIR`."""

PAGES: Final = tuple(name for name in FORMATS if name != STREAMED)
"""Those that are made when a run has ended."""
