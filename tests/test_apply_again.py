"""A saved plan that is applied late, or twice: what was done or decided since is left alone, and said."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from album_sort.core.planning.planfile import plan_from_lines, plan_to_lines
from album_sort.core.planning.pruning import with_left_out, with_prune
from album_sort.core.planning.replay import replayed
from album_sort.events import silent
from album_sort.operations.apply import AppliedPlan, apply
from album_sort.operations.stop import StopRequest
from album_sort.settings import Settings
from album_sort.state.store import DestinationState
from album_sort.types import AlbumId, ContentId, Mode, OpStatus, Plan
from album_sort.types.corrections import Correction, CorrectionKind
from album_sort.types.inner_paths import NOWHERE
from tests.destination_builders import (
    NOW,
    Library,
    apply_saved,
    content_id,
    files,
    picture_of,
    plan_for,
    run,
    snapshot,
    undo,
)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = Library(tmp_path)
    library.add("a/IMG_1.JPG", b"cat" * 1000, "Pets/2024")
    library.add("a/IMG_1.JPG.xmp", b"<x/>", "Pets/2024", primary="a/IMG_1.JPG")
    library.add("c/dinner.jpg", b"noodles", "Food/2023")
    library.also.append(("c/dinner.jpg", "City/2023"))
    return library


def apply_now(plan: Plan) -> AppliedPlan:
    """As the command does it, of a plan that was a file meanwhile."""
    saved = plan_from_lines(plan_to_lines(plan))
    return apply(saved, wait_seconds=0, sink=silent, stop=StopRequest(), settings=Settings(previews=False))


def runs_of(library: Library) -> list[str]:
    with DestinationState.open_read_only(library.albums) as state:
        return [run.command for run in state.runs()]


def say_of(library: Library, data: bytes, album: str, minutes: int) -> None:
    """What `fix` remembers, so long after the plans of these tests."""
    with DestinationState.open(library.albums) as state:
        content, when = content_id(data), NOW + timedelta(minutes=minutes)
        kind = CorrectionKind.FIX if album else CorrectionKind.LEFT_OUT
        state.add_corrections([Correction(content, AlbumId(album), when, "", kind, NOWHERE)])


@pytest.mark.parametrize("mode", list(Mode))
def test_applied_twice_nothing_is_left_to_do_and_no_run_is_left(library: Library, mode: Mode) -> None:
    plan = plan_for(library, mode)
    first = apply_now(plan)
    assert (first.done, first.failed, first.left, first.is_idle) == (4, (), (), False)
    before = snapshot(library.albums / "Pets"), runs_of(library)
    again = apply_now(plan)
    assert (again.done, again.failed, again.left, again.is_idle, again.is_whole) == (0, (), (), True, True)
    assert (snapshot(library.albums / "Pets"), runs_of(library)) == before
    assert undo(library, first.plan.plan_id).is_complete


@pytest.mark.parametrize("by_hand", [False, True])
def test_what_lies_elsewhere_by_now_is_not_filed_a_second_time(library: Library, by_hand: bool) -> None:
    """Moved by a run that went by a correction, or by hand: its sidecar and its link in another album stay with it."""
    plan = plan_for(library)
    apply_now(plan)
    library.assign("c/dinner.jpg", "Feast/2023")
    library.assign("a/IMG_1.JPG", "Cats/2024")
    if by_hand:
        for old, new in (("Food/2023", "Feast"), ("Pets/2024", "Cats")):
            (library.albums / old).rename(library.albums / new)
    else:
        run(library, "r2")
    before = files(library.albums)
    again = apply_now(plan)
    assert files(library.albums) == before
    assert again.is_idle
    assert again.is_whole
    sources = sorted(str(library.sources / name) for name in library.filings)
    assert sorted(path for path, _ in again.left_in_words(9)) == sources
    assert all("is in the albums by now as" in said for _, said in again.left_in_words(9))


def test_what_a_person_deleted_or_keeps_out_does_not_come_back(library: Library) -> None:
    plan = plan_for(library)
    apply_now(plan)
    (library.albums / "Pets/2024/IMG_1.JPG").unlink()
    say_of(library, b"noodles", "", -1)
    before = files(library.albums)
    again = apply_now(plan)
    assert files(library.albums) == before
    assert again.is_idle


def test_a_word_that_is_younger_than_the_plan_counts_and_an_older_one_is_in_it(library: Library) -> None:
    plan = plan_for(library)
    say_of(library, b"noodles", "feast", -1)
    say_of(library, b"cat" * 1000, "feast", 1)
    done = apply_now(plan)
    assert files(library.albums) == ["City/2023/dinner.jpg", "Food/2023/dinner.jpg"]
    assert not done.is_idle
    assert {said for _, said in done.left_in_words(9)} == {
        "you have given it another album since the plan was made; the next run goes by that"
    }


def test_an_old_plan_of_moves_moves_nothing_back(library: Library) -> None:
    run(library)
    library.assign("a/IMG_1.JPG", "Cats/2024")
    plan = plan_for(library, plan_id="r2")
    apply_now(plan)
    assert apply_now(plan).is_idle
    library.assign("a/IMG_1.JPG", "Tigers/2024")
    run(library, "r3")
    before = files(library.albums)
    again = apply_now(plan)
    assert (again.is_idle, len(again.left)) == (True, 2)
    assert files(library.albums) == before


def test_what_is_gone_without_a_hand_is_filed_again(library: Library) -> None:
    """An undone run, or a disk that lost more than anybody deletes."""
    plan = plan_for(library)
    first = apply_now(plan)
    undo(library, first.plan.plan_id)
    assert apply_now(plan).done == 4
    for name in files(library.albums):
        (library.albums / name).unlink()
    assert apply_now(plan).done == 4
    assert len(files(library.albums)) == 4


@pytest.mark.parametrize("mode", list(Mode))
def test_a_plan_that_has_just_been_made_is_carried_out_as_it_is(library: Library, mode: Mode) -> None:
    library.add("d/IMG_1.JPG", b"cat" * 1000, "Trip/2024")
    library.register("c/dinner.jpg", "Food/2023")
    run(library, mode=mode)
    library.add("d/IMG_1.CR2", b"raw cat", "Trip/2024")
    library.register("d/IMG_1.JPG", "Trip/2024", primary="d/IMG_1.CR2")
    library.assign("c/dinner.jpg", "Feast/2023")
    library.add("e/new.jpg", b"new", "Pets/2024")
    (library.albums / "Pets").rename(library.albums / "Animals")
    plan = plan_for(library, mode, "r2")
    assert plan.effects
    now = replayed(plan, picture_of(library), {})
    assert (now.plan, now.left) == (plan, ())


def test_photos_filed_by_another_run_meanwhile_are_filed_once(library: Library) -> None:
    plan = plan_for(library)
    library.assign("c/dinner.jpg", "Feast/2023")
    run(library, "r2")
    before = files(library.albums)
    done = apply_now(plan)
    assert files(library.albums) == before
    assert all(result.status is OpStatus.DONE for result in done.applied.results)
    assert plan_for(library).effects == ()


def test_a_rest_of_a_plan_is_done_in_a_run_of_its_own(library: Library) -> None:
    plan = plan_for(library)
    first = [op for op in plan.ops if op.group_id == ContentId(content_id(b"noodles"))]
    apply_now(replace(plan, ops=tuple(first)))
    done = apply_now(plan)
    assert (done.done, done.left, done.is_idle) == (2, (), False)
    assert runs_of(library) == ["apply", "apply"]


def test_what_the_plan_would_take_away_stays_where_it_is_wanted_again(library: Library) -> None:
    """Its source is back, or somebody has given it an album, or keeps it out no more."""
    run(library)
    dinner = library.sources / "c/dinner.jpg"
    there = dinner.rename(library.root / "elsewhere.jpg")
    picture, rest = picture_of(library), plan_for(library, plan_id="r2")
    gone = [row for row in picture.ledger.values() if row.source == str(dinner)]
    pruned = with_prune(rest, gone, picture.ledger.values(), max_share=1)
    left_out = with_left_out(rest, gone)
    there.rename(dinner)
    before = files(library.albums)
    ((_, why),) = apply_now(pruned).left_in_words(1)
    assert str(dinner) in why
    assert "is there again; it stays in the albums" in why
    assert [why for _, why in apply_now(left_out).left_in_words(1)] == [
        "you keep it out of the albums no more; it stays there"
    ]
    dinner.unlink()
    say_of(library, b"noodles", "feast", 1)
    assert apply_now(pruned).left
    assert files(library.albums) == before
    say_of(library, b"noodles", "", 2)
    assert apply_now(left_out).done == len(gone)


def test_another_photo_that_came_to_the_place_of_one_is_neither_moved_nor_taken_away(library: Library) -> None:
    run(library)
    picture, rest = picture_of(library), plan_for(library, plan_id="r2")
    gone = [row for row in picture.ledger.values() if row.source.endswith("IMG_1.JPG")]
    pruned = with_prune(replace(rest, ops=()), gone, picture.ledger.values(), max_share=1)
    library.assign("a/IMG_1.JPG", "Cats/2024")
    moved = plan_for(library, plan_id="r3")
    library.assign("a/IMG_1.JPG", "Tigers/2024")
    run(library, "r4")
    library.add("b/IMG_1.JPG", b"another", "Pets/2024")
    run(library, "r5")
    assert "Pets/2024/IMG_1.JPG" in files(library.albums)
    before = snapshot(library.albums / "Pets"), files(library.albums)
    assert apply_now(moved).is_idle
    (library.sources / "a/IMG_1.JPG").unlink()
    assert apply_now(pruned).is_idle
    refused = [apply_saved(library, plan, f"r{n}").results for n, plan in enumerate((moved, pruned), 6)]
    assert {result.status for results in refused for result in results if result.action.has_effect} == {OpStatus.FAILED}
    assert (snapshot(library.albums / "Pets"), files(library.albums)) == before
