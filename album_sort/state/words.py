"""What a run remembers of a person's word: each value as it was before and after, so that the run can be taken back whole.

Corrections and facts are mirrored line by line in `corrections.jsonl`; the words of a run are in `runs/<id>/words.jsonl`, too.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from album_sort.core import checked
from album_sort.core.known_trips import trip_from_json
from album_sort.state.facts import (
    INSERT_FACT,
    SELECT_FACTS,
    fact_of,
    fact_of_row,
    fact_to_columns,
    fact_to_line,
    forgotten_line,
)
from album_sort.state.known_trips import insert_trip, known_trip, trip_to_line
from album_sort.state.ledger import Ledger
from album_sort.state.memory import (
    INSERT_CORRECTION,
    SELECT_CORRECTIONS,
    correction_from_columns,
    correction_of_row,
    correction_to_columns,
    correction_to_line,
)
from album_sort.state.own_files import objects_of
from album_sort.state.rows import (
    LONGEST_ROW,
    SELECT_OUTPUTS,
    ledger_from_columns,
    ledger_from_json,
    ledger_to_json,
    path_from_column,
    text_from_column,
    to_column,
)
from album_sort.types import AlbumRelPath, ContentId, KnownTrip, inner_path
from album_sort.types.corrections import Correction
from album_sort.types.ledger import LedgerRow
from album_sort.types.plan import refiled
from album_sort.types.told import About, ToldFact, Word, WordKind

T = TypeVar("T")

WORDS = "words.jsonl"
INSERT_WORD = "INSERT OR REPLACE INTO words (run_id, kind, subject, before, after) VALUES (?, ?, ?, ?, ?)"

_PATHS = (WordKind.FILED, WordKind.ALIAS)
_LONGEST_TRIP = 4 << 20
_FACTS = {WordKind.TAKEN: About.TAKEN, WordKind.PLACE: About.PLACE, WordKind.TRIP: About.TRIP}


def _or_none(value: T | None, to_text: Callable[[T], str]) -> str | None:
    return None if value is None else to_text(value)


def correction_word(content: ContentId, before: Correction | None, after: Correction | None) -> Word:
    """The word on a photo's album; None for none."""
    to_text = correction_to_line
    return Word(WordKind.CORRECTION, content, _or_none(before, to_text), _or_none(after, to_text))


def fact_word(content: ContentId, about: About, before: ToldFact | None, after: ToldFact | None) -> Word:
    """A fact of a photo."""
    return Word(WordKind(about.value), content, _or_none(before, fact_to_line), _or_none(after, fact_to_line))


def filed_word(before: LedgerRow, after: LedgerRow | None) -> Word:
    """Where a photo that a person placed lies counts as where we put it (or, None, as never filed)."""
    return Word(WordKind.FILED, before.path, ledger_to_json(before), ledger_to_json(after))


def alias_word(folder: AlbumRelPath, before: AlbumRelPath) -> Word:
    """A folder's new name counts no more."""
    return Word(WordKind.ALIAS, folder, json.dumps(before), None)


def trip_word(before: KnownTrip | None, after: KnownTrip | None) -> Word:
    """A trip as it is known before and after."""
    known = before or after
    trip_id = known.trip_id if known is not None else ""
    return Word(WordKind.KNOWN_TRIP, trip_id, _or_none(before, trip_to_line), _or_none(after, trip_to_line))


def mirror_lines(words: Iterable[tuple[Word, str | None]]) -> Iterator[str]:
    """Lines of `corrections.jsonl` for words that get these values."""
    for word, text in words:
        if word.kind is WordKind.CORRECTION:
            yield text or json.dumps({"sha256": word.subject, "forgotten": True})
        elif word.kind in _FACTS:
            yield text or forgotten_line(ContentId(word.subject), _FACTS[word.kind])


def enter(connection: sqlite3.Connection, ledger: Ledger, word: Word, text: str | None) -> None:
    """Give a word one of its values, inside of a transaction; raises one of `checked.NONSENSE` for one that makes no sense."""
    subject = to_column(word.subject)
    match word.kind:
        case WordKind.CORRECTION if text is None:
            connection.execute("DELETE FROM corrections WHERE content_id = ?", (subject,))
        case WordKind.CORRECTION if text is not None:
            connection.execute(INSERT_CORRECTION, correction_to_columns(correction_of_row(checked.json_object(text))))
        case WordKind.FILED:
            _enter_row(ledger, word, text)
        case WordKind.ALIAS:
            connection.execute("DELETE FROM folder_aliases WHERE folder = ?", (subject,))
            if text is not None:
                actual = to_column(inner_path(json.loads(text)))
                connection.execute("INSERT INTO folder_aliases VALUES (?, ?)", (subject, actual))
        case WordKind.KNOWN_TRIP:
            connection.execute("DELETE FROM trip_members WHERE trip_id = ?", (subject,))
            connection.execute("DELETE FROM trips WHERE trip_id = ?", (subject,))
            if text is not None:
                insert_trip(connection, trip_from_json(checked.json_object(text)))
        case _ if text is not None:
            connection.execute(INSERT_FACT, fact_to_columns(fact_of_row(checked.json_object(text))))
        case _:
            key = (subject, _FACTS[word.kind].value)
            connection.execute("DELETE FROM told WHERE content_id = ? AND about = ?", key)


def _enter_row(ledger: Ledger, word: Word, text: str | None) -> None:
    row = ledger_from_json(text)
    if row is None:
        ledger.forget(inner_path(word.subject))
    else:
        ledger.remember(row)


def value_now(connection: sqlite3.Connection, word: Word) -> str | None:
    """The value that a word has at present."""
    subject = to_column(word.subject)
    match word.kind:
        case WordKind.CORRECTION:
            found = connection.execute(f"{SELECT_CORRECTIONS} WHERE content_id = ?", (subject,)).fetchone()
            return found and correction_to_line(correction_from_columns(found))
        case WordKind.FILED:
            found = connection.execute(f"{SELECT_OUTPUTS} WHERE path = ?", (subject,)).fetchone()
            return found and ledger_to_json(ledger_from_columns(found))
        case WordKind.ALIAS:
            found = connection.execute("SELECT actual FROM folder_aliases WHERE folder = ?", (subject,)).fetchone()
            return found and json.dumps(path_from_column(found[0]))
        case WordKind.KNOWN_TRIP:
            return _or_none(known_trip(connection, word.subject), trip_to_line)
        case _:
            query = f"{SELECT_FACTS} WHERE content_id = ? AND about = ?"
            found = connection.execute(query, (subject, _FACTS[word.kind].value)).fetchone()
            return found and fact_to_line(fact_of(*found))


def value_to_restore(connection: sqlite3.Connection, word: Word) -> Word | None:
    """The word whose `before` has to be entered again; None where somebody has said something else since."""
    now = value_now(connection, word)
    if word.kind is not WordKind.FILED or now is None or word.before is None:
        return word if now == word.after else None
    # The file was moved and moved back meanwhile: what counts is what it was filed as.
    row, before, after = ledger_from_json(now), ledger_from_json(word.before), ledger_from_json(word.after)
    if row is None or before is None or after is None or row.filed != after.filed:
        return None
    restored = replace(row, filed=refiled(row.filed, folder=before.folder, album=before.album))
    return replace(word, before=ledger_to_json(restored))


def read_words(connection: sqlite3.Connection, run_id: str) -> list[Word]:
    """Those of one run; raises one of `checked.NONSENSE`."""
    query = "SELECT kind, subject, before, after FROM words WHERE run_id = ? ORDER BY kind, subject"
    return [word_of(*columns) for columns in connection.execute(query, (run_id,))]


def word_of(kind: object, subject: object, before: object, after: object) -> Word:
    """The word of values that somebody may have made up; raises one of `checked.NONSENSE`."""
    sort = WordKind(checked.text(kind))
    about: str = path_from_column(subject) if sort in _PATHS else checked.text(text_from_column(subject))
    longest = _LONGEST_TRIP if sort is WordKind.KNOWN_TRIP else LONGEST_ROW
    return Word(sort, about, *(None if one is None else checked.text(one, longest) for one in (before, after)))


def word_to_columns(run_id: str, word: Word) -> tuple[str, str, str | bytes, str | None, str | None]:
    """In the order of `INSERT_WORD`."""
    return run_id, word.kind, to_column(word.subject), word.before, word.after


def word_to_line(word: Word) -> str:
    """For the run's folder; ASCII."""
    return json.dumps({"kind": word.kind, "subject": word.subject, "before": word.before, "after": word.after})


def words_in(folder: Path) -> tuple[Word, ...]:
    """What a run has left of its words; lines that cannot be read are left out."""
    return tuple(_words_of(folder / WORDS))


def _words_of(path: Path) -> Iterator[Word]:
    for row in objects_of(path):
        try:
            yield word_of(row["kind"], row["subject"], row["before"], row["after"])
        except checked.NONSENSE:
            continue
