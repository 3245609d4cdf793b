"""The layout template: checked before the run, and always rendered to a legal, relative folder."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from album_sort.core.planning.layout import FIELDS, Layout
from album_sort.core.planning.naming import is_safe
from album_sort.errors import UsageError
from album_sort.types import DEFAULT_LAYOUT


@pytest.mark.parametrize(
    ("template", "fields", "expected"),
    [
        (
            DEFAULT_LAYOUT,
            {"album": "Pets", "trip": "2025-12 Niseko, Japan", "year": "2025"},
            "Pets/2025-12 Niseko, Japan",
        ),
        (DEFAULT_LAYOUT, {"album": "Pets", "year": "2025"}, "Pets/2025"),
        (DEFAULT_LAYOUT, {"album": "Pets"}, "Pets/undated"),
        (DEFAULT_LAYOUT, {"album": "宠物", "undated": "日期不明"}, "宠物/日期不明"),
        ("{year}-{month}/{album}", {"album": "Pets", "year": "2025", "month": "03"}, "2025-03/Pets"),
        ("{year} - {city}/{album}", {"album": "Pets", "year": "2025"}, "2025/Pets"),
        ("{trip}/{album}", {"album": "Pets"}, "Pets"),
        ("{trip|album}", {"album": "Pets", "trip": " "}, "Pets"),
        ('By camera/{camera|"years"}', {}, "By camera/years"),
        ("{album}", {"album": "a/../../etc"}, "a_.._.._etc"),
        ("{album}", {}, "undated"),
    ],
)
def test_a_level_takes_the_first_field_that_has_a_value(template: str, fields: dict[str, str], expected: str) -> None:
    assert Layout.parse(template).render(fields) == expected


@pytest.mark.parametrize(
    ("template", "word"),
    [
        ("", "empty"),
        ("{albm}/{year}", "{albm}"),
        ("{album}/{trip|yaer}", "'year'"),
        ("{album}/{undated|year}", "last choice"),
        ("/{album}", "empty folder name"),
        ("{album}//{year}", "empty folder name"),
        ("../{album}", "'..'"),
        ("{album", "brace"),
        ("photos", "names no field"),
    ],
)
def test_a_faulty_template_is_refused_before_the_run_with_the_known_fields(template: str, word: str) -> None:
    with pytest.raises(UsageError, match="layout") as refused:
        Layout.parse(template)
    assert word in str(refused.value)
    assert "season" in refused.value.hint


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(UsageError) as refused:
        Layout.parse("{albm}//{yeer}")
    assert all(word in str(refused.value) for word in ("albm", "yeer", "empty folder name"))


@given(
    st.dictionaries(st.sampled_from([*FIELDS, "undated"]), st.text(max_size=300)),
    st.sampled_from([DEFAULT_LAYOUT, "{city}-{day}/{camera|x}"]),
)
def test_whatever_the_values_the_folder_is_inside_the_destination(fields: dict[str, str], template: str) -> None:
    folder = Layout.parse(template).render(fields)
    assert is_safe(folder)
    assert all(len(part.encode()) <= 180 for part in folder.split("/"))
