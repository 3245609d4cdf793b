"""What may be pruned: only what we made, only what no plan speaks of, and never much at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from album_sort.core.planning.pruning import orphans, with_prune
from album_sort.errors import UsageError
from album_sort.types import Action, AlbumRelPath
from album_sort.types.ledger import DestinationPicture, PresentFile
from tests.destination_builders import filing, plan_on_paper
from tests.test_planning import after

FIVE = [filing(f"/p/{number}.jpg", b"%d" % number, "Pets") for number in range(5)]


def test_only_what_we_made_and_no_plan_speaks_of_is_an_orphan() -> None:
    picture = after(plan_on_paper(FIVE))
    gone = picture.ledger[AlbumRelPath("Pets/0.jpg")]
    rest = plan_on_paper(FIVE[1:], picture)
    assert orphans(rest, picture) == [gone]
    adopted = replace(gone, action=Action.ADOPT)
    assert orphans(rest, replace(picture, ledger={**picture.ledger, gone.path: adopted})) == []
    deleted = {path: file for path, file in picture.present.items() if path != gone.path}
    assert orphans(rest, replace(picture, present=deleted)) == []


def test_more_than_a_fifth_is_never_pruned_at_once() -> None:
    picture = after(plan_on_paper(FIVE))
    made = picture.ledger.values()
    one, two = (orphans(plan_on_paper(FIVE[count:], picture), picture) for count in (1, 2))
    plan = plan_on_paper(FIVE[1:], picture)
    assert [op.origin for op in with_prune(plan, one, made).effects] == ["Pets/0.jpg"]
    with pytest.raises(UsageError, match="2 of 5 photos here have no source any more"):
        with_prune(plan, two, made)


def test_a_file_that_somebody_else_put_there_is_no_orphan() -> None:
    foreign = DestinationPicture(present={AlbumRelPath("Pets/own.jpg"): PresentFile(1, 1, 1)})
    assert orphans(plan_on_paper([]), foreign) == []
