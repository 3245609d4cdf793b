"""Runs the case files of tests/albums: facts of a photo, and the album a person expects."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.album_cases import facts_of, file_photo, place_of, shipped_rules, trip_of, with_overlay

FOLDER = Path(__file__).resolve().parent / "albums"

CASES = [
    pytest.param(case, id=f"{path.stem}: {case['name']}")
    for path in sorted(FOLDER.glob("*.toml"))
    for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]
]


@pytest.mark.parametrize("case", CASES)
def test_case(case: dict[str, Any]) -> None:
    known: dict[str, Any] = {key: case[key] for key in ("classes", "taken", "season", "camera", "path") if key in case}
    if "away" in case:
        known["away_from_home"] = case["away"]
    if "place" in case:
        known["place"] = place_of(*case["place"])
    if "trip" in case:
        known["trip"] = trip_of(case["trip"]["title"], case["trip"].get("theme"))
    rules = with_overlay(case["overlay"]) if "overlay" in case else shipped_rules()
    assignment = file_photo(facts_of(**known), rules, case.get("evidence"), case.get("correction"))
    assert assignment.album == case["album"], assignment.scores[:3]
    assert assignment.decided_by == case.get("decided_by", assignment.decided_by)
    assert set(case.get("also", ())) <= set(assignment.also)


def test_case_names_are_unique() -> None:
    """A name is what a failing case is found by."""
    ids = [case.id for case in CASES]
    assert len(ids) == len(set(ids))
