"""report.jsonl: valid at any cut, and read back as it was written."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from album_sort.errors import DestinationError
from album_sort.report import JsonlReport, read_report, write_reports
from album_sort.report.jsonl import read_lines, to_line
from album_sort.types import ReportFooter, ReportHeader, ReportRow, RunReport, SkippedRow, Stage
from tests.report_builders import INFO, OUTCOME, WORDS, photo_row, report_rows


def write(path: Path, rows: list[ReportRow], outcome: ReportFooter | None = OUTCOME, info: ReportHeader = INFO) -> None:
    with JsonlReport(path, info) as report:
        for row in rows:
            report.add(row)
        if outcome is not None:
            report.finish(outcome)


# No deadline: on a busy machine one example may wait longer than any that is slow by itself.
@settings(deadline=None)
@given(rows=st.lists(report_rows(), max_size=5))
def test_what_was_written_is_read_back(rows: list[ReportRow], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("report") / "report.jsonl"
    write(path, rows)
    report = read_report(path)
    assert report.info == INFO
    assert list(report.rows) == rows
    assert list(report.rows) == rows, "rows of a stored report can be walked again"
    assert report.outcome == OUTCOME


def test_a_report_cut_at_any_byte_reads_up_to_the_cut(tmp_path: Path) -> None:
    rows: list[ReportRow] = [
        photo_row("a/日本.jpg"),
        SkippedRow("b\u2028.jpg", Stage.DECODE, "不是图片"),
        photo_row("c.jpg"),
    ]
    whole = tmp_path / "report.jsonl"
    write(whole, rows)
    data = whole.read_bytes()
    complete_rows = list(read_lines(whole))
    cut = tmp_path / "cut.jsonl"
    for length in range(len(data)):
        cut.write_bytes(data[:length])
        found = list(read_lines(cut))
        assert found == complete_rows[: data[:length].count(b"\n")]


def test_a_run_that_was_killed_has_its_rows_and_no_outcome(tmp_path: Path) -> None:
    path = tmp_path / "report.jsonl"
    report = JsonlReport(path, INFO)
    report.add(photo_row("a.jpg"))
    report.flush()
    read = read_report(path)
    assert (len(list(read.rows)), read.outcome) == (1, None)
    report.close()


def test_rows_are_on_their_way_after_a_second(tmp_path: Path) -> None:
    times = iter([10.0, 10.5, 11.1])
    path = tmp_path / "report.jsonl"
    with JsonlReport(path, INFO, clock=lambda: next(times)) as report:
        report.add(photo_row("a.jpg"))
        assert len(list(read_lines(path))) == 1, "the first row waits for company"
        report.add(photo_row("b.jpg"))
        assert len(list(read_lines(path))) == 3


# No deadline: on a busy machine one example may wait longer than any that is slow by itself.
@settings(deadline=None)
@given(name=st.text(st.characters(exclude_characters="\0")))
def test_every_name_is_one_line_for_every_reader(name: str) -> None:
    """Python's `splitlines` splits at eleven characters, and names that are not UTF-8 are lone surrogates."""
    line = to_line({"source": name})
    assert len(line.decode("utf-8").splitlines()) == 1
    assert json.loads(line) == {"source": name}


def test_the_numbers_are_counted_from_the_rows(tmp_path: Path) -> None:
    path = tmp_path / "report.jsonl"
    write(path, [photo_row("a.jpg"), photo_row("b.jpg", album="review"), SkippedRow("c", Stage.READ, "empty")])
    totals = list(read_lines(path))[-1]["totals"]
    assert {name: totals[name] for name in ("photos", "filed", "albums", "review", "skipped")} == {
        "photos": 3,
        "filed": 1,
        "albums": 1,
        "review": 1,
        "skipped": 1,
    }


def test_another_file_of_that_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "report.jsonl").write_text("my own notes\n")
    with pytest.raises(DestinationError, match=r"report\.jsonl is there already"):
        write_reports(RunReport(INFO, [], OUTCOME), tmp_path, thumbnail=lambda _: None, words=WORDS)
    assert (tmp_path / "report.jsonl").read_text() == "my own notes\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("hello\n", "hello"),
        ('{"type": "photo"}\n', "first line is not a run"),
        ('{"type": "run", "schema_version": 99}\n', "schema version 99"),
    ],
)
def test_a_file_that_is_no_report_is_named_with_what_is_wrong(content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(content)
    with pytest.raises(DestinationError, match=message):
        read_report(path)


def test_dates_of_trips_survive(tmp_path: Path) -> None:
    path = tmp_path / "report.jsonl"
    write(path, [photo_row("a.jpg")])
    [row] = read_report(path).rows
    assert row == photo_row("a.jpg")
    assert OUTCOME.trips[0].start == date(2025, 12, 26)
    assert INFO.started_utc == datetime(2026, 11, 22, 20, 33)
