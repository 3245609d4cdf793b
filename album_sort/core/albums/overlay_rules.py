"""The `[[rule]]` tables of a rules file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from album_sort.core.albums.album_rules import Condition, FilingRule
from album_sort.core.albums.overlay_reader import OverlayReader
from album_sort.core.albums.toml_lines import KeyPath
from album_sort.types import REVIEW, TRAVEL, AlbumId

RULE_KEYS = ("id", "album", "instead_of", "lean", "when")

CONDITION_KEYS = (
    "album",
    "classes",
    "classes_at_least",
    "season",
    "month",
    "hour",
    "place",
    "country",
    "trip",
    "away",
    "camera",
    "folder",
    "name",
)

SEASONS = ("winter", "spring", "summer", "autumn")

LARGEST_LEAN = 10.0
"""Log-odds; 10 makes one in twenty thousand as likely as not."""


def read_rules(reader: OverlayReader, albums: Sequence[AlbumId]) -> tuple[FilingRule, ...]:
    """All rules of a file, in its order."""
    entries = reader.data.get("rule", [])
    if not isinstance(entries, list):
        reader.fault(("rule",), "a rule is written as [[rule]], with two brackets")
        return ()
    known = (*albums, TRAVEL, REVIEW)
    rules = [_rule(reader, ("rule", i), entry, known) for i, entry in enumerate(entries)]
    seen: set[str] = set()
    for i, rule in enumerate(rules):
        if rule.rule_id in seen:
            reader.fault(("rule", i, "id"), f"there are two rules {rule.rule_id!r}")
        seen.add(rule.rule_id)
    return tuple(rules)


def _rule(reader: OverlayReader, path: KeyPath, entry: object, albums: Sequence[AlbumId]) -> FilingRule:
    table = reader.table(path, entry, RULE_KEYS)
    rule_id = reader.text((*path, "id"), table["id"]) if "id" in table else ""
    if "id" not in table:
        reader.fault(path, "a rule needs an id: a word that reports and `explain` can name it by")
    album = reader.album((*path, "album"), table["album"], albums) if "album" in table else None
    instead_of = reader.album((*path, "instead_of"), table["instead_of"], albums) if "instead_of" in table else None
    leans = _leans(reader, (*path, "lean"), table["lean"], albums) if "lean" in table else ()
    if ("album" in table) == ("lean" in table):
        reader.fault(path, f"rule {rule_id!r} needs either an album to file in, or lean: albums with log-odds")
    if "instead_of" in table and "album" not in table:
        reader.fault(path, f"rule {rule_id!r} says instead_of, but no album")
    if "when" not in table and "instead_of" not in table:
        reader.fault(path, f"rule {rule_id!r} has no `when`: it would hold for every photo")
    when = read_condition(reader, (*path, "when"), table.get("when", {}), albums)
    return FilingRule(rule_id, when, album, instead_of, leans)


def _leans(
    reader: OverlayReader, path: KeyPath, value: object, albums: Sequence[AlbumId]
) -> tuple[tuple[AlbumId, float], ...]:
    if not isinstance(value, dict) or not value:
        reader.fault(path, f'lean is {value!r}, not albums with log-odds as in {{ "winter-travel" = 1.5 }}')
        return ()
    found = []
    for name, weight in value.items():
        album = reader.album((*path, name), name, albums)
        number = reader.number((*path, name), weight, -LARGEST_LEAN, LARGEST_LEAN)
        if album is not None:
            found.append((album, number))
    return tuple(found)


def read_condition(reader: OverlayReader, path: KeyPath, value: object, albums: Sequence[AlbumId]) -> Condition:
    """The `when` of a rule."""
    table = reader.table(path, value, CONDITION_KEYS)
    given: dict[str, Any] = {}
    for key, field, read in (
        ("season", "seasons", lambda at, v: reader.choice(at, v, SEASONS)),
        ("month", "months", lambda at, v: reader.cycle(at, v, 1, 12)),
        ("hour", "hours", lambda at, v: reader.cycle(at, v, 0, 23)),
        ("place", "places", reader.texts),
        ("country", "countries", reader.texts),
        ("camera", "cameras", reader.texts),
        ("folder", "folders", reader.texts),
        ("name", "names", reader.texts),
        ("away", "away", reader.boolean),
        ("classes_at_least", "classes_at_least", lambda at, v: reader.number(at, v, 0.0, 1.0)),
    ):
        if key in table:
            given[field] = read((*path, key), table[key])
    if "classes" in table:
        entries = table["classes"] if isinstance(table["classes"], list) else [table["classes"]]
        found = [reader.class_index((*path, "classes"), entry) for entry in entries]
        given["classes"] = tuple(index for index in found if index is not None)
    return Condition(
        **given, **_trip(reader, (*path, "trip"), table), **_scores(reader, (*path, "album"), table, albums)
    )


def _trip(reader: OverlayReader, path: KeyPath, table: Mapping[str, Any]) -> dict[str, Any]:
    """`trip` is true, false, or patterns of the trip's title."""
    if "trip" not in table:
        return {}
    if isinstance(table["trip"], bool):
        return {"in_trip": table["trip"]}
    return {"trips": reader.texts(path, table["trip"])}


def _scores(
    reader: OverlayReader, path: KeyPath, table: Mapping[str, Any], albums: Sequence[AlbumId]
) -> dict[str, Any]:
    """`album` is albums with the least probability of each."""
    if "album" not in table:
        return {}
    value = table["album"]
    if not isinstance(value, dict):
        reader.fault(path, f"when.album is {value!r}, not albums with probabilities as in {{ pets = 0.5 }}")
        return {}
    found = []
    for name, least in value.items():
        album = reader.album((*path, name), name, albums)
        number = reader.number((*path, name), least, 0.0, 1.0)
        if album is not None:
            found.append((album, number))
    return {"scores": tuple(found)}
