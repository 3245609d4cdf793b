"""What a person did in the albums since the last run, from the files that are found again."""

from __future__ import annotations

from album_sort.core.planning.reconcile import find_candidates, reconcile
from album_sort.types import AlbumRelPath
from album_sort.types.ledger import DestinationRecords, PresentFile
from tests.destination_builders import filing, plan_on_paper
from tests.test_planning import after

TWO = [filing("/p/1.jpg", b"1", "Pets"), filing("/p/2.jpg", b"2", "Pets")]
HERE = AlbumRelPath("Best of/x.jpg")


def test_a_file_is_found_again_for_one_photo_only() -> None:
    ledger = after(plan_on_paper(TWO)).ledger
    found = reconcile(DestinationRecords(ledger=ledger), [(row, HERE) for row in ledger.values()], frozenset())
    assert [path for path in found.ledger if path == HERE] == [HERE]
    assert len(found.found_again) == 1


def test_only_files_of_the_same_size_may_be_ours_and_the_surest_come_first() -> None:
    picture = after(plan_on_paper(TWO))
    records = DestinationRecords(ledger=picture.ledger)
    row = picture.ledger[AlbumRelPath("Pets/1.jpg")]
    present = {
        AlbumRelPath("A/other.jpg"): PresentFile(row.size_bytes, 5, 5),
        AlbumRelPath("B/same.jpg"): PresentFile(row.size_bytes, row.mtime_ns, row.inode),
        AlbumRelPath("C/longer.jpg"): PresentFile(row.size_bytes + 1, row.mtime_ns, row.inode),
        AlbumRelPath("Pets/2.jpg"): picture.present[AlbumRelPath("Pets/2.jpg")],
    }
    found = [(candidate.path, candidate.is_certain) for candidate in find_candidates(records, present)]
    assert found == [("B/same.jpg", True), ("A/other.jpg", False)]


def test_one_photo_moved_is_no_renamed_folder() -> None:
    ledger = after(plan_on_paper(TWO)).ledger
    one, two = ledger.values()
    records = DestinationRecords(ledger=ledger)
    assert reconcile(records, [(one, HERE)], frozenset()).new_aliases == {}
    both = [(one, AlbumRelPath("Dogs/1.jpg")), (two, AlbumRelPath("Dogs/2.jpg"))]
    assert reconcile(records, both, frozenset()).new_aliases == {"Pets": "Dogs"}
