"""A report is of the whole destination: what a run has not dealt with is carried over from earlier reports."""

from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path

from album_sort.operations.pages import KEPT_PAGES, earlier_pages, earlier_rows, forget_oldest_pages
from album_sort.pipeline.carried import Carried, ThisRun
from album_sort.types import (
    Action,
    AlbumId,
    AlbumRelPath,
    ContentId,
    FiledContent,
    PhotoRow,
    Reason,
    ReportRow,
    Role,
    RowAction,
    RunId,
    SkippedRow,
    Stage,
    TripRow,
)
from album_sort.types.ledger import DestinationPicture, LedgerRow, PresentFile
from tests.builders import make_tree

A, B, C = (ContentId(letter * 64) for letter in "abc")
OLD_TRIP = TripRow("t", "2025-12 Niseko, Japan", date(2025, 12, 26), date(2025, 12, 28))
TRIP = dataclasses.replace(OLD_TRIP, end=date(2025, 12, 31))


def lies(content: ContentId, path: str, album: str = "pets", role: Role = Role.PRIMARY) -> LedgerRow:
    filed = FiledContent(content, content, AlbumId(album), AlbumRelPath("F"), role, f"/photos/{content[0]}.jpg")
    return LedgerRow(AlbumRelPath(path), filed, 1, 1, 1, Action.COPY, AlbumRelPath(""), RunId("run"))


def photo(
    content: ContentId, action: RowAction = RowAction.COPY, source: str = "", trip: TripRow | None = None
) -> PhotoRow:
    return PhotoRow(
        source or f"/photos/{content[0]}.jpg", AlbumId("food"), "Food", AlbumRelPath("Food/old.jpg"), action, content,
        ("looks like it",), trip=trip,
    )  # fmt: skip


def carried(*rows: LedgerRow, scanned: tuple[str, ...] = (), present: bool = True) -> Carried:
    picture = DestinationPicture(
        present={row.path: PresentFile(1, 1, 1) for row in rows} if present else {},
        ledger={row.path: row for row in rows},
    )
    return Carried(picture, lambda album: album.title(), {"t": TRIP}, scanned, "nobody knows")


def of_run(*rows: ReportRow) -> ThisRun:
    run = ThisRun()
    for row in rows:
        run.add(row)
    return run


def test_a_row_goes_on_with_the_place_and_album_of_today() -> None:
    made = carried(lies(A, "Pets/a.jpg"), lies(B, "Pets/b.jpg"), lies(A, "Cats/a.jpg", role=Role.ALSO))
    [row] = made.rows(of_run(photo(B)), [[photo(A, trip=OLD_TRIP), photo(B), photo(C)]])
    assert isinstance(row, PhotoRow)
    assert (row.path, row.album, row.title, row.action) == ("Pets/a.jpg", "pets", "Pets", RowAction.KEEP)
    assert (row.why, row.also, row.trip) == (("looks like it",), ("Cats/a.jpg",), TRIP)
    assert (row.in_run, row.is_new) == (False, False)


def test_the_newest_report_that_knows_a_photo_counts_and_without_any_it_is_said() -> None:
    made = carried(lies(A, "Pets/a.jpg"), lies(B, "Pets/b.jpg"), lies(C, "Pets/c.jpg"))
    newest = dataclasses.replace(photo(A), why=("newest",))
    rows = {row.source[8]: row for row in made.rows(ThisRun(), [[newest], [photo(A), photo(B)]])}
    assert {name: row.why for name, row in rows.items() if isinstance(row, PhotoRow)} == {
        "a": ("newest",),
        "b": ("looks like it",),
        "c": ("nobody knows",),
    }


def test_photos_that_are_in_the_albums_no_more_are_not_told_of() -> None:
    assert list(carried(lies(A, "Pets/a.jpg"), present=False).rows(ThisRun(), [[photo(A)]])) == []


def test_duplicates_and_broken_files_elsewhere_go_on_as_long_as_they_are_there(tmp_path: Path) -> None:
    make_tree(tmp_path, {"here/broken.jpg": "x", "there/broken.jpg": "x", "there/twin.jpg": "x"})

    def broken(path: str) -> SkippedRow:
        return SkippedRow(str(tmp_path / path), Stage.DECODE, "broken", coded=Reason.of("skip.no-header"))

    twin = photo(A, RowAction.DUPLICATE, str(tmp_path / "there/twin.jpg"))
    gone = photo(A, RowAction.DUPLICATE, str(tmp_path / "there/gone.jpg"))
    earlier: list[ReportRow] = [broken("here/broken.jpg"), broken("there/broken.jpg"), broken("there/gone"), twin, gone]
    made = carried(scanned=(str(tmp_path / "here"),))
    found = list(made.rows(of_run(photo(A)), [earlier, [broken("there/broken.jpg")]]))
    assert [(Path(row.source).name, row.in_run) for row in found] == [("broken.jpg", False), ("twin.jpg", False)]
    assert list(made.rows(of_run(*earlier), [earlier])) == [], "of these the run has spoken itself"


def test_damaged_reports_are_read_as_far_as_they_go(tmp_path: Path) -> None:
    head = '{"type": "run", "schema_version": 1}\n'
    line = '{"type": "skipped", "source": "/x", "stage": "decode", "reason": "broken", "problem": true}\n'
    runs = {
        "20261101-000000-aaaa": head + line + "nonsense\n" + line,
        "20261102-000000-aaaa": "nonsense\n",
        "20261103-000000-aaaa": head + line,
    }
    make_tree(tmp_path, {f".album-sort/runs/{run}/report.jsonl": text for run, text in runs.items()})
    found = [list(rows) for rows in earlier_rows(str(tmp_path), "20261103-000000-aaaa")]
    assert [len(rows) for rows in found] == [0, 1]


def test_pages_of_the_last_runs_stay_and_are_named(tmp_path: Path) -> None:
    names = [f"202611{day:02d}-000000-aaaa" for day in range(1, 20)]
    make_tree(tmp_path, {f".album-sort/runs/{name}/report.{kind}": "x" for name in names for kind in ("html", "jsonl")})
    forget_oldest_pages(str(tmp_path))
    left = sorted(path.parent.name for path in tmp_path.glob(".album-sort/runs/*/report.html"))
    assert left == names[-KEPT_PAGES:]
    assert len(list(tmp_path.glob(".album-sort/runs/*/report.jsonl"))) == len(names)
    assert list(earlier_pages(str(tmp_path), names[-1])) == left[-2::-1]
