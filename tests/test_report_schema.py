"""docs/reference/report-schema.json describes every row that is written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from album_sort.report.rows import photo_to_json, skipped_to_json
from album_sort.report.run_rows import info_to_json, outcome_to_json
from album_sort.report.schema import schema_text
from album_sort.report.tally import Tally
from album_sort.types import PhotoRow, ReportHeader, ReportRow, RowAction, Stage
from tests.report_builders import INFO, OUTCOME, ROOT, photo_row, report_rows

jsonschema = pytest.importorskip("jsonschema", reason="jsonschema checks the rows: pip install album-sort[test]")

SCHEMA_FILE = ROOT / "docs/reference/report-schema.json"
SCHEMA = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def as_json(row: ReportRow) -> dict[str, Any]:
    return photo_to_json(row) if isinstance(row, PhotoRow) else skipped_to_json(row)


def test_the_schema_is_made_from_the_types_of_the_rows() -> None:
    """`python -m album_sort.report.schema > docs/reference/report-schema.json`: a field that a row gains is in it."""
    assert schema_text() == SCHEMA_FILE.read_text(encoding="utf-8")


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@given(row=report_rows())
def test_every_row_is_valid(row: ReportRow) -> None:
    VALIDATOR.validate(json.loads(json.dumps(as_json(row))))


def test_the_first_and_the_last_row_are_valid() -> None:
    tally = Tally()
    tally.add(photo_row())
    VALIDATOR.validate(info_to_json(INFO))
    VALIDATOR.validate(outcome_to_json(OUTCOME, tally.as_json()))


def test_a_run_without_a_network_is_valid() -> None:
    """Nothing new: no network was loaded."""
    info = ReportHeader(INFO.run_id, "0.1.0", INFO.started_utc, "out", ("in",), INFO.mode, "zh")
    VALIDATOR.validate(info_to_json(info))


def test_a_row_of_another_shape_is_refused() -> None:
    row = as_json(photo_row())
    del row["album"]
    assert not VALIDATOR.is_valid(row)
    assert not VALIDATOR.is_valid(as_json(photo_row()) | {"surprise": 1})


def test_the_schema_knows_every_action_and_stage() -> None:
    definitions = SCHEMA["$defs"]
    assert set(definitions["photo"]["properties"]["action"]["enum"]) == set(RowAction)
    assert set(definitions["skipped"]["properties"]["stage"]["enum"]) == set(Stage)
