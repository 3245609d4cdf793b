"""Folders that a person renamed as a whole, told from where their files were found again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from album_sort.core.planning.renames import find_renames
from album_sort.types import Action, AlbumId, AlbumRelPath, ContentId, FiledContent, Role, RunId
from album_sort.types.ledger import DestinationRecords, LedgerRow


def filed(path: str) -> LedgerRow:
    folder = AlbumRelPath(path.rpartition("/")[0])
    content = ContentId(path.encode().hex().ljust(64, "0")[:64])
    what = FiledContent(content, content, AlbumId(folder.split("/")[0].lower()), folder, Role.PRIMARY, f"/in/{path}")
    return LedgerRow(AlbumRelPath(path), what, 1, 1, 1, Action.COPY, AlbumRelPath(""), RunId("run"))


LEDGER = {row.path: row for row in map(filed, ["Food/2024/a.jpg", "Food/2024/b.jpg", "Pets/2024/c.jpg"])}


@pytest.mark.parametrize(
    ("moved_to", "renamed"),
    [
        ("Kitchen/2024", {"Food": "Kitchen"}),
        ("Kitchen", {"Food/2024": "Kitchen"}),
        # Into an album of ours, or below one: its photos belong there, and Food is called Food.
        ("Pets/2024", {}),
        ("Pets/2024/dinner", {}),
        ("Pets", {}),
    ],
)
def test_a_folder_emptied_into_one_that_we_file_into_is_not_renamed(moved_to: str, renamed: dict[str, str]) -> None:
    found = [
        (path, replace(row, path=AlbumRelPath(f"{moved_to}/{path.rpartition('/')[2]}")))
        for path, row in LEDGER.items()
        if path.startswith("Food/")
    ]
    folders = {AlbumRelPath("Pets"), AlbumRelPath("Pets/2024"), AlbumRelPath(moved_to)}
    assert find_renames(DestinationRecords(LEDGER), found, folders) == renamed


def test_a_folder_renamed_above_one_that_was_renamed_before_takes_it_along() -> None:
    """`Food/2024` was called `Food/last year`; now `Food` is called `Kitchen`."""
    last_year = AlbumRelPath("Food/last year")
    rows = {
        path: replace(row, path=AlbumRelPath(f"{last_year}/{path.rpartition('/')[2]}"))
        for path, row in LEDGER.items()
        if path.startswith("Food/")
    }
    ledger = {row.path: row for row in rows.values()}
    found = [(path, replace(row, path=AlbumRelPath(f"Kitchen/{path[5:]}"))) for path, row in ledger.items()]
    records = DestinationRecords(ledger, folder_aliases={AlbumRelPath("Food/2024"): last_year})
    assert find_renames(records, found, {AlbumRelPath("Kitchen"), AlbumRelPath("Kitchen/last year")}) == {
        "Food": "Kitchen",
        "Food/2024": "Kitchen/last year",
    }
