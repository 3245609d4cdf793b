"""The tables of `ALBUMS/.album-sort/state.sqlite`, commented as they are printed in docs/reference/state-schema.md."""

from __future__ import annotations

SCHEMA_VERSION = 4
"""Raised with every migration in `migrations.py`.

1 (first release): runs, ops, folders, outputs, folder_aliases, corrections, trips, trip_members, settings.
2: corrections know how they were told, and where the photo lay then.
3: facts of photos (told) and what a run remembered of a person's word (words).
4: a run knows which killed run it has finished.
"""

SCHEMA = """\
-- Paths of outputs are relative to the destination, with `/`, so that the destination can be moved or mounted elsewhere.
-- A path that is not UTF-8 is stored as a BLOB of its bytes, any other as TEXT. Contents are SHA-256, 64 hexadecimal digits.

-- One row for each run that changed something here.
CREATE TABLE runs (
    run_id TEXT PRIMARY KEY,
    command TEXT NOT NULL,             -- sort, apply
    started_utc TEXT NOT NULL,         -- ISO 8601
    finished_utc TEXT,                 -- NULL while it runs, and for ever if it was killed and not yet recovered
    status TEXT NOT NULL,              -- running, done, partial, interrupted, failed, undoing, undone
    mode TEXT NOT NULL,                -- copy, symlink, hardlink, reflink
    settings_digest TEXT NOT NULL,
    done INTEGER NOT NULL DEFAULT 0,   -- rows carried out
    failed INTEGER NOT NULL DEFAULT 0,
    version TEXT NOT NULL DEFAULT ''   -- of album-sort
);

-- The journal: a row is committed as an intent before its effect, and as done (or failed) after it.
CREATE TABLE ops (
    run_id TEXT NOT NULL,
    op_id INTEGER NOT NULL,
    phase TEXT NOT NULL,               -- intent, done, failed, undoing, undone
    action TEXT NOT NULL,              -- what was planned, later what was really done
    target TEXT NOT NULL,              -- for looking up; `op` holds it too
    op TEXT NOT NULL,                  -- the planned row, as in a saved plan (JSON)
    before TEXT,                       -- the outputs row that it took away (JSON)
    after TEXT,                        -- the outputs row that it made (JSON)
    error TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (run_id, op_id)
) WITHOUT ROWID;

CREATE INDEX ops_open ON ops (run_id) WHERE phase IN ('intent', 'undoing');

-- Folders that a run made: undo takes them away again when they are empty.
CREATE TABLE folders (
    path TEXT NOT NULL,
    run_id TEXT NOT NULL,
    PRIMARY KEY (path)
) WITHOUT ROWID;

-- The ledger: every file here that we made, or found with a content of ours (action `adopt`; never touched).
CREATE TABLE outputs (
    path TEXT PRIMARY KEY,
    content_id TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,         -- as this file system keeps it
    inode INTEGER NOT NULL,            -- of both what has no room in 64 bits with a sign is a BLOB of 16 bytes, big-endian
    action TEXT NOT NULL,              -- copy, symlink, hardlink, reflink, adopt
    group_id TEXT NOT NULL,            -- content of the photo group's primary
    album TEXT NOT NULL,
    folder TEXT NOT NULL,              -- as the layout rendered it; elsewhere than `path` when the user moved the file
    role TEXT NOT NULL,                -- primary, member, also
    source TEXT NOT NULL,              -- path of the source file when it was filed
    origin TEXT NOT NULL,              -- of an entry in a secondary album: the output that it points to
    run_id TEXT NOT NULL
) WITHOUT ROWID;

CREATE INDEX outputs_content ON outputs (content_id);

-- Album folders that the user renamed: as rendered -> as it is called now. Counts for all folders below it.
CREATE TABLE folder_aliases (
    folder TEXT PRIMARY KEY,
    actual TEXT NOT NULL
) WITHOUT ROWID;

-- The user's word on single photos; mirrored line by line in corrections.jsonl, so that a lost database loses none.
CREATE TABLE corrections (
    content_id TEXT PRIMARY KEY,
    album TEXT NOT NULL,
    created_utc TEXT NOT NULL,
    note TEXT NOT NULL DEFAULT ''      -- path of the photo when it was corrected
) WITHOUT ROWID;

-- Trips of earlier runs: a trip found again by its members keeps its id and its title.
CREATE TABLE trips (
    trip_id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    first_day TEXT NOT NULL,           -- local, ISO 8601
    last_day TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE trip_members (
    trip_id TEXT NOT NULL REFERENCES trips (trip_id) ON DELETE CASCADE,
    content_id TEXT NOT NULL,
    PRIMARY KEY (trip_id, content_id)
) WITHOUT ROWID;

-- What has to stay the same from run to run: language, network, and the settings that shape folders (layout, mode, home ...).
-- `layout` is what is kept now, `layout of <run>` what was kept after that run: an undo goes back to it.
CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
"""


CORRECTIONS_BY_HAND = """\
-- Since version 2: what a person did in the albums is a correction too.
-- kind: fix, moved (stays in that very folder), deleted (not put back), left-out (never filed again).
ALTER TABLE corrections ADD COLUMN kind TEXT NOT NULL DEFAULT 'fix';
-- Where the photo lay here at that moment, its folder as the layout renders it; empty where it was not filed.
-- `note` of one moved or deleted by hand: where it lay before, relative to the destination.
ALTER TABLE corrections ADD COLUMN place TEXT NOT NULL DEFAULT '';
"""


FACTS_AND_WORDS = """\
-- Since version 3: when, where and on which trip photos were taken, as a person says; mirrored in corrections.jsonl, too.
CREATE TABLE told (
    content_id TEXT NOT NULL,          -- of the photo group's primary
    about TEXT NOT NULL,               -- taken, place, trip
    value TEXT NOT NULL,               -- JSON: local and precision, or years and minutes to add; lat, lon and name; trip and title
    created_utc TEXT NOT NULL,
    note TEXT NOT NULL DEFAULT '',     -- path of the photo when it was said
    PRIMARY KEY (content_id, about)
) WITHOUT ROWID;

-- What a run remembered of a person's word, as it was before and after (JSON; NULL for nothing): an undo brings back what was before.
CREATE TABLE words (
    run_id TEXT NOT NULL,
    kind TEXT NOT NULL,                -- correction, taken, place, trip, alias, filed (a row of outputs), known-trip (of trips)
    subject TEXT NOT NULL,             -- content, folder, path or trip
    before TEXT,
    after TEXT,
    PRIMARY KEY (run_id, kind, subject)
) WITHOUT ROWID;
"""


CONTINUED_RUNS = """\
-- Since version 4: the killed run that this one has finished, or empty; an undo takes back both. Their status: killed.
ALTER TABLE runs ADD COLUMN continues TEXT NOT NULL DEFAULT '';
"""


def schema_page() -> str:
    """docs/reference/state-schema.md; a test compares it with the file."""
    return f"""# The state of a destination

<!-- Made by album_sort/state/schema.py; do not edit. Fresh copy: python -m album_sort.state.schema -->

`ALBUMS/.album-sort/state.sqlite` is an SQLite database, version {SCHEMA_VERSION} (`PRAGMA user_version`). It holds what album-sort
made in this destination and what you told it; the photos do not depend on it. When it is lost or damaged it is moved
aside and made anew from the files, `runs/*/plan.jsonl`, `runs/*/words.jsonl`, `runs/*/trips.jsonl` and `corrections.jsonl`
beside it.

```sql
{SCHEMA}
{CORRECTIONS_BY_HAND}
{FACTS_AND_WORDS}
{CONTINUED_RUNS}```
"""


if __name__ == "__main__":
    print(schema_page(), end="")  # noqa: T201 - the page for the docs
