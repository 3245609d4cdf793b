"""Brings a database to the present schema: ordered steps, each atomic together with the version that it reaches."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from album_sort.errors import DestinationError
from album_sort.sentences import sentence
from album_sort.state.schema import CONTINUED_RUNS, CORRECTIONS_BY_HAND, FACTS_AND_WORDS, SCHEMA

MIGRATIONS: Sequence[str] = (SCHEMA, CORRECTIONS_BY_HAND, FACTS_AND_WORDS, CONTINUED_RUNS)
"""Step n leads from version n to n + 1."""


def migrate(connection: sqlite3.Connection, *, steps: Sequence[str] = MIGRATIONS) -> None:
    """Run the missing steps. Raises `DestinationError` when the database is from a newer album-sort."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(steps):
        raise DestinationError(
            sentence("state.the-state-of-this", version=version, n=len(steps)),
            hint=sentence("state.use-the-newer-album"),
        )
    for number in range(version, len(steps)):
        # One script is one transaction: killed in between, the step has not happened.
        try:
            connection.executescript(f"BEGIN IMMEDIATE;\n{steps[number]}\nPRAGMA user_version = {number + 1};\nCOMMIT;")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
