"""What every format of the report promises: a format is tested here because it is in the table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from album_sort.errors import DestinationError
from album_sort.report import FORMATS, PAGES, write_reports
from album_sort.types import ReportFooter, ReportRow, RowAction, RunReport, SkippedRow, Stage
from tests.report_builders import BRIEF, INFO, OUTCOME, WORDS, photo_row, report_rows

ROOT = Path(__file__).resolve().parent.parent

ROWS: list[ReportRow] = [
    photo_row("/photos/filed.jpg"),
    photo_row("/photos/twin.jpg", action=RowAction.DUPLICATE, taken=None, sha256="cd" * 32),
    SkippedRow("/photos/broken.jpg", Stage.DECODE, "It is cut off."),
]

each_format = pytest.mark.parametrize("name", FORMATS)


def write(folder: Path, name: str, rows: Iterable[ReportRow], outcome: ReportFooter | None = OUTCOME) -> str:
    (path,) = write_reports(
        RunReport(INFO, rows, outcome), folder, thumbnail=lambda _: None, words=WORDS, formats=(name,)
    )
    assert path == folder / f"report.{name}"
    return path.read_text(encoding="utf-8")


@each_format
def test_it_names_every_file_of_the_run(name: str, tmp_path: Path) -> None:
    text = write(tmp_path, name, ROWS)
    for row in ROWS:
        assert row.source in text


@each_format
def test_it_is_one_file_and_leaves_nothing_beside_it(name: str, tmp_path: Path) -> None:
    write(tmp_path, name, ROWS)
    assert [path.name for path in tmp_path.iterdir()] == [f"report.{name}"]


@each_format
def test_it_tells_of_a_run_that_filed_nothing_and_of_one_that_was_killed(name: str, tmp_path: Path) -> None:
    assert write(tmp_path / "idle", name, [])
    assert "/photos/filed.jpg" in write(tmp_path / "killed", name, ROWS, outcome=None)


@each_format
def test_the_same_run_gives_the_same_report(name: str, tmp_path: Path) -> None:
    assert write(tmp_path / "one", name, ROWS) == write(tmp_path / "two", name, ROWS)


@each_format
def test_a_newer_report_takes_the_place_of_an_older_one(name: str, tmp_path: Path) -> None:
    write(tmp_path, name, ROWS)
    assert "/photos/filed.jpg" not in write(tmp_path, name, [])
    assert [path.name for path in tmp_path.iterdir()] == [f"report.{name}"]


@each_format
def test_a_file_of_somebody_else_stays(name: str, tmp_path: Path) -> None:
    (tmp_path / f"report.{name}").write_text("of my own")
    with pytest.raises(DestinationError, match=rf"report\.{name} is there already"):
        write(tmp_path, name, ROWS)
    assert (tmp_path / f"report.{name}").read_text() == "of my own"


@pytest.mark.parametrize("name", PAGES)
def test_one_that_breaks_off_leaves_the_older_one(name: str, tmp_path: Path) -> None:
    """Of `report.jsonl` the point is to be there early: test_report_jsonl.py."""

    def rows() -> Iterator[ReportRow]:
        yield ROWS[0]
        raise KeyboardInterrupt

    before = write(tmp_path, name, ROWS[1:])
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path, name, rows())
    assert (tmp_path / f"report.{name}").read_text(encoding="utf-8") == before
    assert [path.name for path in tmp_path.iterdir()] == [f"report.{name}"]


@each_format
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(report_rows(), max_size=4))
def test_whatever_rows_say_it_is_written(name: str, rows: list[ReportRow], tmp_path: Path) -> None:
    with FORMATS[name](tmp_path / f"report.{name}", BRIEF) as sink:
        for row in rows:
            sink.add(row)
        sink.finish(OUTCOME)
    assert (tmp_path / f"report.{name}").read_bytes()


@each_format
def test_its_page_of_the_documentation_tells_of_it(name: str) -> None:
    assert re.fullmatch("[a-z]+", name)
    assert f"\n## report.{name}\n" in (ROOT / "docs/reference/report.md").read_text(encoding="utf-8")
