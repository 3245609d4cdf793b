"""report.csv: every row in a table that a spreadsheet opens without harm."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from album_sort.errors import DestinationError
from album_sort.report.csv import COLUMNS, csv_report
from album_sort.types import PhotoRow, Reason, ReportRow, SkippedRow, Stage
from tests.report_builders import BRIEF, photo_row, report_rows


def write_csv(rows: Iterable[ReportRow], path: Path) -> None:
    with csv_report(path, BRIEF) as report:
        for row in rows:
            report.add(row)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_photo_has_its_facts_in_columns(tmp_path: Path) -> None:
    write_csv([photo_row(), SkippedRow("b.jpg", Stage.DECODE, "empty")], tmp_path / "report.csv")
    photo, skipped = read(tmp_path / "report.csv")
    assert (photo["album"], photo["probability"], photo["taken"]) == ("pets", "0.9300", "2025-12-28 10:14:00")
    assert (photo["utc_offset"], photo["place"], photo["class_1"], photo["class_3"]) == (
        "+09:00",
        "Niseko",
        "tabby",
        "",
    )
    assert (skipped["type"], skipped["stage"], skipped["reason"]) == ("skipped", "decode", "empty")


SOMEWHERE_ELSE = {
    "scores": "scores",
    "top": "class_1",
    "taken": "taken",
    "place": "place",
    "trip": "trip",
    "size_px": "width_px",
    "is_problem": "problem",
    "coded": "code",
}
"""Columns that have another name than their field, or are several."""


@pytest.mark.parametrize("kind", [PhotoRow, SkippedRow])
def test_every_field_of_a_row_has_a_column(kind: type) -> None:
    for field in dataclasses.fields(kind):
        assert SOMEWHERE_ELSE.get(field.name, field.name) in COLUMNS


def test_what_is_known_of_camera_people_and_places_is_there(tmp_path: Path) -> None:
    row = dataclasses.replace(photo_row(), people=("Anna", "=Ben"), damaged_share=0.25)
    coded = SkippedRow("c.jpg", Stage.READ, "gone", coded=Reason.of("skip.gone"))
    write_csv([row, coded], tmp_path / "report.csv")
    photo, skipped = read(tmp_path / "report.csv")
    assert (photo["camera"], photo["width_px"], photo["height_px"]) == ("Apple iPhone 12", "4032", "3024")
    assert (photo["people"], photo["lat_deg"], photo["place_source"]) == ("Anna | =Ben", "42.805", "EXIF GPS")
    assert (photo["trip_start"], photo["trip_end"]) == ("2025-12-26", "2026-01-03")
    assert (photo["scores"], photo["taken_why"]) == ("pets 0.9300 | home 0.0500", "taken when the camera says")
    assert (skipped["code"], skipped["problem"], skipped["in_run"]) == ("skip.gone", "yes", "yes")


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "+1", "-2", "@SUM(A1)", "\t1", "\uff1d1+1", "\uff20SUM"])
def test_a_file_name_is_never_a_formula(name: str, tmp_path: Path) -> None:
    write_csv([SkippedRow(name, Stage.READ, "empty")], tmp_path / "report.csv")
    assert read(tmp_path / "report.csv")[0]["source"] == f"'{name}"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize(
    "name", ["a;=1+1.jpg", "a\t=1", "a\n=1;@x", "a;\t=1", "\t=1", ";+1", "x\r-1", 'a";=1', 'a,"=1']
)
def test_no_name_is_a_formula_either_where_cells_end_elsewhere(name: str, separator: str, tmp_path: Path) -> None:
    """A spreadsheet set to German takes semicolons for the ends of cells, another one tabs."""
    write_csv([SkippedRow(f"/in/{name}", Stage.READ, "empty"), photo_row(name)], tmp_path / "report.csv")
    with (tmp_path / "report.csv").open(encoding="utf-8-sig", newline="") as stream:
        cells = [cell for row in csv.reader(stream, delimiter=separator) for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+1", "-1", "@"))] == []


# No deadline: on a busy machine one example may wait longer than any that is slow by itself.
@settings(deadline=None)
@given(rows=st.lists(report_rows(), max_size=4))
def test_any_text_fits_into_a_cell(rows: list[ReportRow], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("csv") / "report.csv"
    write_csv(rows, path)
    assert [row["type"] for row in read(path)] == [
        "skipped" if isinstance(row, SkippedRow) else "photo" for row in rows
    ]


def test_a_table_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "report.csv").write_text("income,expenses\n")
    with pytest.raises(DestinationError, match="stays as it is"):
        write_csv([], tmp_path / "report.csv")
    assert (tmp_path / "report.csv").read_text() == "income,expenses\n"


def test_a_report_that_breaks_off_leaves_the_old_one(tmp_path: Path) -> None:
    """Written under another name first: never half a file under the right one."""
    path = tmp_path / "report.csv"
    write_csv([photo_row("a.jpg")], path)
    before = path.read_bytes()

    def rows() -> list[ReportRow]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_csv((row for _ in (0,) for row in rows()), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
