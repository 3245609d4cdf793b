"""Facts that a person told of photos (when, where, on which trip), as database rows, as lines of the mirror, and back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from album_sort.core import checked
from album_sort.state.rows import text_from_column, to_column
from album_sort.types import ContentId, TimePrecision
from album_sort.types.told import About, FactKey, ToldFact, ToldPlace, ToldTime, ToldTrip, ToldValue

MOST_YEARS = 200
MOST_MINUTES = MOST_YEARS * 366 * 24 * 60
"""By which a clock can have been wrong."""

SELECT_FACTS = "SELECT content_id, about, value, created_utc, note FROM told"
INSERT_FACT = "INSERT OR REPLACE INTO told (content_id, about, value, created_utc, note) VALUES (?, ?, ?, ?, ?)"


def value_to_text(value: ToldValue) -> str:
    """One fact; ASCII."""
    match value:
        case ToldTime():
            if value.local is None:
                return json.dumps({"years": value.years, "minutes": value.minutes})
            return json.dumps({"local": value.local.isoformat(), "precision": value.precision})
        case ToldPlace():
            return json.dumps({"lat": value.lat_deg, "lon": value.lon_deg, "name": value.name})
        case ToldTrip():
            return json.dumps({"trip": value.trip_id, "title": value.title, "is_one": value.is_one})


def value_of(about: About, text: object) -> ToldValue:
    """From such a text; raises one of `checked.NONSENSE` for what nobody of ours has written."""
    row = checked.json_object(checked.text(text, checked.LONGEST_DETAIL))
    match about:
        case About.TAKEN:
            return _time_of(row)
        case About.PLACE:
            lat, lon = row["lat"], row["lon"]
            if not all(isinstance(one, int | float) for one in (lat, lon)) or not (abs(lat) <= 90 and abs(lon) <= 180):
                raise ValueError(f"{lat!r:.40}, {lon!r:.40} is nowhere on the globe")
            return ToldPlace(float(lat), float(lon), checked.text(row["name"]))
        case About.TRIP:
            return ToldTrip(
                checked.text(row["trip"]), checked.text(row["title"]), is_one=checked.yes_or_no(row["is_one"])
            )


def _time_of(row: Mapping[str, Any]) -> ToldTime:
    if "local" not in row:
        return ToldTime(
            years=checked.whole(row["years"], -MOST_YEARS, MOST_YEARS),
            minutes=checked.whole(row["minutes"], -MOST_MINUTES, MOST_MINUTES),
        )
    local = datetime.fromisoformat(checked.text(row["local"], 64))
    if local.tzinfo is not None or not checked.FIRST_YEAR <= local.year <= checked.LAST_YEAR:
        raise ValueError(f"{row['local']!r:.40} is not when a photo was taken")
    return ToldTime(local, TimePrecision(row["precision"]))


def fact_of(content_id: object, about: object, value: object, created_utc: object, note: object) -> ToldFact:
    """The fact of values that somebody may have made up; raises one of `checked.NONSENSE`."""
    return ToldFact(
        checked.content(content_id),
        value_of(About(checked.text(about)), value),
        checked.moment(created_utc),
        checked.outer_path(text_from_column(note)),
    )


def fact_to_columns(fact: ToldFact) -> tuple[str, str, str, str, str | bytes]:
    """In the order of `INSERT_FACT`."""
    return (
        fact.content_id,
        fact.about,
        value_to_text(fact.value),
        fact.created_utc.isoformat(),
        to_column(fact.note),
    )


def read_facts(connection: sqlite3.Connection) -> dict[FactKey, ToldFact]:
    """All of them."""
    found = (fact_of(*columns) for columns in connection.execute(SELECT_FACTS))
    return {(fact.content_id, fact.about): fact for fact in found}


def fact_to_line(fact: ToldFact) -> str:
    """For the mirror, and for what a run took back; ASCII."""
    return json.dumps(
        {
            "sha256": fact.content_id,
            "about": fact.about,
            "value": value_to_text(fact.value),
            "created_utc": fact.created_utc.isoformat(),
            "note": fact.note,
        }
    )


def fact_of_row(row: Mapping[str, Any]) -> ToldFact:
    """From the object of such a line; raises one of `checked.NONSENSE`."""
    return fact_of(row["sha256"], row["about"], row["value"], row["created_utc"], row["note"])


def forgotten_line(content_id: ContentId, about: About) -> str:
    """The line of the mirror for a fact that was taken back."""
    return json.dumps({"sha256": content_id, "about": about, "taken_back": True})
