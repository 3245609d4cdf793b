"""The `[[rule]]` tables of a rules file."""

from __future__ import annotations

from collections.abc import Sequence

from album_sort.core.albums.album_rules import Condition, FilingRule
from album_sort.core.albums.conditions import CONDITIONS, Written
from album_sort.core.albums.overlay_reader import OverlayReader
from album_sort.core.albums.toml_lines import KeyPath
from album_sort.sentences import sentence
from album_sort.types import REVIEW, TRAVEL, AlbumId

RULE_KEYS = ("id", "album", "instead_of", "lean", "when")

LARGEST_LEAN = 10.0
"""Log-odds; 10 makes one in twenty thousand as likely as not."""


def read_rules(reader: OverlayReader, albums: Sequence[AlbumId]) -> tuple[FilingRule, ...]:
    """All rules of a file, in its order."""
    entries = reader.data.get("rule", [])
    if not isinstance(entries, list):
        reader.fault(("rule",), sentence("rules.a-rule-is-written"))
        return ()
    known = (*albums, TRAVEL, REVIEW)
    rules = [_rule(reader, ("rule", i), entry, known) for i, entry in enumerate(entries)]
    seen: set[str] = set()
    for i, rule in enumerate(rules):
        if rule.rule_id in seen:
            reader.fault(("rule", i, "id"), sentence("rules.there-are-two-rules", rule_id=rule.rule_id))
        seen.add(rule.rule_id)
    return tuple(rules)


def _rule(reader: OverlayReader, path: KeyPath, entry: object, albums: Sequence[AlbumId]) -> FilingRule:
    table = reader.table(path, entry, RULE_KEYS)
    rule_id = reader.text((*path, "id"), table["id"]) if "id" in table else ""
    if "id" not in table:
        reader.fault(path, sentence("rules.a-rule-needs-an"))
    album = reader.album((*path, "album"), table["album"], albums) if "album" in table else None
    instead_of = reader.album((*path, "instead_of"), table["instead_of"], albums) if "instead_of" in table else None
    leans = _leans(reader, (*path, "lean"), table["lean"], albums) if "lean" in table else ()
    if ("album" in table) == ("lean" in table):
        reader.fault(path, sentence("rules.rule-needs-either-an", rule_id=rule_id))
    if "instead_of" in table and "album" not in table:
        reader.fault(path, sentence("rules.rule-says-instead-of", rule_id=rule_id))
    if "when" not in table and "instead_of" not in table:
        reader.fault(path, sentence("rules.rule-has-no-when", rule_id=rule_id))
    when = read_condition(reader, (*path, "when"), table.get("when", {}), albums)
    return FilingRule(rule_id, when, album, instead_of, leans)


def _leans(
    reader: OverlayReader, path: KeyPath, value: object, albums: Sequence[AlbumId]
) -> tuple[tuple[AlbumId, float], ...]:
    if not isinstance(value, dict) or not value:
        reader.fault(path, sentence("rules.lean-is-not-albums", value=value))
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
    table = reader.table(path, value, tuple(CONDITIONS))
    given = []
    for key in CONDITIONS.values():
        if key.name in table:
            asked = key.read(Written(reader, (*path, key.name), table[key.name], table, albums))
            if asked is not None and asked != ():
                given.append((key.name, asked))
    return Condition(tuple(given))
