"""A person's hand in the albums wins: a tree, what the person does, a run, what is believed from now on."""

from __future__ import annotations

import os
import shutil
import sqlite3
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from album_sort.types import Action, Mode
from album_sort.types.corrections import KEPT, CorrectionKind, HandKind
from tests.destination_builders import snapshot, undo
from tests.hand_builders import Home, home


def kinds(albums: Home) -> list[tuple[HandKind, str, str]]:
    """What a run reads, and whether a second one is silent."""
    hand, _ = albums.run()
    quiet_after(albums)
    return [(change.kind, change.before, change.path) for change in hand.changes]


def quiet_after(albums: Home) -> None:
    before = snapshot(albums.albums)
    hand, plan = albums.run()
    assert (hand.changes, hand.renamed, plan.effects) == ((), (), ())
    del before  # opening the database touches it; the whole program is asked in test_hand_stories


def test_a_photo_moved_into_another_album_belongs_there_from_now_on(tmp_path: Path) -> None:
    albums = home(tmp_path)
    albums.move("Review/2024/review1.jpg", "Pets/2024/review1.jpg")
    assert kinds(albums) == [(HandKind.MOVED, "Review/2024/review1.jpg", "Pets/2024/review1.jpg")]
    assert albums.albums_said() == {"review1.jpg": "pets"}
    said = albums.said()["review1.jpg"]
    assert (said.note, said.place) == ("Review/2024/review1.jpg", "Pets/2024/review1.jpg")


@pytest.mark.parametrize("to", ["Pets", "Pets/2019", "Pets/Best of/of all", "宠物/2024", "pets/2024"])
def test_any_folder_of_an_album_will_do_in_either_language_and_the_photo_stays_there(tmp_path: Path, to: str) -> None:
    albums = home(tmp_path)
    albums.move("Review/2024/review1.jpg", f"{to}/review1.jpg")
    kinds(albums)
    assert albums.albums_said() == {"review1.jpg": "pets"}
    assert f"{to}/review1.jpg" in albums.files()


def test_the_only_photo_of_a_folder_that_is_moved_renames_no_album(tmp_path: Path) -> None:
    """Else all photos to review would be filed among the pets from then on."""
    albums = home(tmp_path, photos=1)
    albums.move("Review/2024/review0.jpg", "Pets/2024/review0.jpg")
    (albums.albums / "Review/2024").rmdir()
    (albums.albums / "Review").rmdir()
    kinds(albums)
    albums.add("later.jpg", b"later", "Review/2024")
    albums.run()
    assert "Review/2024/later.jpg" in albums.files()


def test_another_folder_of_the_same_album_is_kept_and_says_nothing_of_the_album(tmp_path: Path) -> None:
    albums = home(tmp_path)
    albums.move("Pets/2024/pets1.jpg", "Pets/Cute ones/pets1.jpg")
    assert [kind for kind, _, _ in kinds(albums)] == [HandKind.PLACED]
    assert albums.albums_said() == {"pets1.jpg": ""}
    albums.assign("pets1.jpg", "Food/2024")
    quiet_after(albums)
    assert "Pets/Cute ones/pets1.jpg" in albums.files()


def test_a_folder_of_ones_own_is_no_album_and_the_photo_stays_there(tmp_path: Path) -> None:
    albums = home(tmp_path)
    albums.move("Review/2024/review1.jpg", "Best of/review1.jpg")
    albums.move("People/2024/people1.jpg", "people1.jpg")
    assert {kind for kind, _, _ in kinds(albums)} == {HandKind.MOVED}
    assert albums.albums_said() == {"review1.jpg": KEPT, "people1.jpg": KEPT}
    albums.move("Best of/review1.jpg", "Very best/of/review1.jpg")
    assert [kind for kind, _, _ in kinds(albums)] == [HandKind.PLACED]
    assert {"Very best/of/review1.jpg", "people1.jpg"} <= set(albums.files())


def test_a_photo_moved_back_is_decided_on_by_the_program_again(tmp_path: Path) -> None:
    albums = home(tmp_path)
    albums.move("Review/2024/review1.jpg", "Pets/2024/review1.jpg")
    kinds(albums)
    albums.move("Pets/2024/review1.jpg", "Review/2024/review1.jpg")
    assert [kind for kind, _, _ in kinds(albums)] == [HandKind.MOVED_BACK]
    assert albums.said() == {}
    albums.assign("review1.jpg", "Food/2024")
    albums.run()
    assert "Food/2024/review1.jpg" in albums.files()


def test_a_photo_may_be_moved_again_and_again(tmp_path: Path) -> None:
    albums = home(tmp_path)
    places = ["Review/2024", "Pets/2024", "Food", "Best of", "People/x", "Pets/2024"]
    for old, new in pairwise(places):
        albums.move(f"{old}/review1.jpg", f"{new}/review1.jpg")
        assert [(before, path) for _, before, path in kinds(albums)] == [(f"{old}/review1.jpg", f"{new}/review1.jpg")]
    assert albums.albums_said() == {"review1.jpg": "pets"}


def test_a_sidecar_follows_its_photo_and_one_that_was_moved_alone_stays(tmp_path: Path) -> None:
    albums = home(tmp_path)
    for name in ("people1", "people2"):
        albums.add(f"{name}.jpg.xmp", f"<{name}/>".encode(), "People/2024", primary=f"{name}.jpg")
        albums.add(f"{name}.mov", f"film {name}".encode(), "People/2024", primary=f"{name}.jpg")
    albums.run()
    albums.move("People/2024/people1.jpg", "Pets/Cute ones/people1.jpg")
    albums.move("People/2024/people2.mov", "Films/people2.mov")
    kinds(albums)
    assert [path for path in albums.files() if "people1" in path or "people2" in path] == [
        "Films/people2.mov",
        "People/2024/people2.jpg",
        "People/2024/people2.jpg.xmp",
        "Pets/Cute ones/people1.jpg",
        "Pets/Cute ones/people1.jpg.xmp",
        "Pets/Cute ones/people1.mov",
    ]
    albums.add("people1.aae", b"<aae/>", "People/2024", primary="people1.jpg")
    albums.run()
    assert "Pets/Cute ones/people1.aae" in albums.files()


def test_a_trip_moved_as_a_whole_into_another_album_takes_its_photos_and_no_others(tmp_path: Path) -> None:
    albums = home(tmp_path)
    for number in range(3):
        albums.add(f"trip{number}.jpg", b"trip %d" % number, "Travel/2025-12 Niseko, Japan")
    albums.add("other.jpg", b"other", "Travel/2023-05 Rome, Italy")
    albums.run()
    albums.move("Travel/2025-12 Niseko, Japan", "Winter travel/2025-12 Niseko, Japan")
    albums.run()
    assert set(albums.albums_said().values()) == {"winter-travel"}
    albums.add("new.jpg", b"new", "Travel/2024-01 Paris, France")
    _, plan = albums.run()
    assert [op.target for op in plan.effects] == ["Travel/2024-01 Paris, France/new.jpg"]


@pytest.mark.parametrize("keeps_folder", [True, False])
def test_one_album_emptied_into_another_corrects_its_photos_and_renames_nothing(
    tmp_path: Path, keeps_folder: bool
) -> None:
    albums = home(tmp_path)
    for number in range(4):
        albums.move(f"Food/2024/food{number}.jpg", f"Pets/2024/food{number}.jpg")
    if not keeps_folder:
        albums.delete("Food")
    kinds(albums)
    assert set(albums.albums_said().values()) == {"pets"}
    albums.add("soup.jpg", b"soup", "Food/2024")
    albums.run()
    assert "Food/2024/soup.jpg" in albums.files()


def test_an_album_renamed_by_hand_has_that_title_here_and_its_photos_are_no_corrections(tmp_path: Path) -> None:
    albums = home(tmp_path)
    albums.move("Food", "Yummy & co")
    hand, _ = albums.run()
    assert dict(hand.titles) == {"food": "Yummy & co"}
    assert hand.renamed == (("food", "Yummy & co"),)
    assert hand.changes == ()
    quiet_after(albums)
    albums.add("soup.jpg", b"soup", "Food/2025")
    hand, _ = albums.run()
    assert dict(hand.titles) == {"food": "Yummy & co"}
    assert hand.renamed == ()
    assert "Yummy & co/2025/soup.jpg" in albums.files()
    albums.move("Review/2024/review1.jpg", "Yummy & co/2024/review1.jpg")
    kinds(albums)
    assert albums.albums_said() == {"review1.jpg": "food"}
    albums.move("Yummy & co", "Food")
    hand, _ = albums.run()
    assert hand.titles == {}
    quiet_after(albums)
    assert albums.albums_said() == {"review1.jpg": "food"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{album}/{year}", "{year}/{album}"),
        ("{year}/{album}", "{album}/{year}"),
        ("{year}/{album}", "{year}/{album}"),
        ("{album}", "All/{year} {album}"),
        ("{year} {album}", "{year} {album}"),
    ],
)
def test_an_album_renamed_by_hand_has_its_name_wherever_the_layout_puts_it(
    before: str, after: str, tmp_path: Path
) -> None:
    def folder(layout: str, title: str, year: str) -> str:
        return layout.format(album=title, year=year)

    albums = home(tmp_path, before)
    was, now = (folder(before, title, "2024").removesuffix("/2024") for title in ("Food", "Yummy & co"))
    albums.move(was, now)
    albums.run()
    albums.layout = after
    for number in range(4):
        albums.register(f"food{number}.jpg", folder(after, "Food", "2024"))
    albums.add("soup.jpg", b"soup", folder(after, "Food", "2025"))
    hand, _ = albums.run()
    assert dict(hand.titles) == {"food": "Yummy & co"}
    assert hand.changes == ()
    quiet_after(albums)
    food = {f"{folder(after, 'Yummy & co', '2024')}/food{number}.jpg" for number in range(4)}
    assert food | {f"{folder(after, 'Yummy & co', '2025')}/soup.jpg"} <= set(albums.files())
    hand, _ = albums.run()
    assert dict(hand.titles) == {"food": "Yummy & co"}


def test_a_renamed_album_takes_along_what_was_moved_into_it_before(tmp_path: Path) -> None:
    albums = home(tmp_path)
    albums.move("Review/2024/review1.jpg", "Pets/2024/review1.jpg")
    kinds(albums)
    albums.move("Pets", "Our pets")
    assert kinds(albums) == []
    assert albums.albums_said() == {"review1.jpg": "pets"}


@pytest.mark.parametrize("layout", ["{year}/{album}", "{year}/{album}/{trip|undated}", "photos/{album} {year}"])
def test_the_album_is_found_wherever_the_layout_puts_it(tmp_path: Path, layout: str) -> None:
    albums = home(tmp_path, layout)
    (old,) = (path for path in albums.files() if path.endswith("review1.jpg"))
    new = old.replace("Review", "Pets")
    albums.move(old, new)
    assert [kind for kind, _, _ in kinds(albums)] == [HandKind.MOVED]
    assert albums.albums_said() == {"review1.jpg": "pets"}
    assert new in albums.files()


def test_where_trips_have_no_album_a_move_between_them_keeps_the_place_alone(tmp_path: Path) -> None:
    albums = home(tmp_path, "{trip|album}")
    albums.add("a.jpg", b"a", "2024-01 Paris, France")
    albums.add("b.jpg", b"b", "2025-02 Rome, Italy")
    albums.run()
    albums.move("2024-01 Paris, France/a.jpg", "2025-02 Rome, Italy/a.jpg")
    albums.move("2025-02 Rome, Italy/b.jpg", "Food/b.jpg")
    kinds(albums)
    assert albums.albums_said() == {"a.jpg": "", "b.jpg": "food"}
    assert {"2025-02 Rome, Italy/a.jpg", "Food/b.jpg"} <= set(albums.files())


@pytest.mark.parametrize("mode", list(Mode))
def test_links_that_are_moved_count_as_their_photos(tmp_path: Path, mode: Mode) -> None:
    albums = home(tmp_path, mode=mode)
    albums.move("Review/2024/review1.jpg", "Pets/2024/review1.jpg")
    assert [kind for kind, _, _ in kinds(albums)] == [HandKind.MOVED]
    assert albums.albums_said() == {"review1.jpg": "pets"}
    assert (albums.albums / "Pets/2024/review1.jpg").read_bytes() == b"Review 1"


def test_an_entry_in_a_second_album_that_is_moved_corrects_nothing_and_one_deleted_stays_away(tmp_path: Path) -> None:
    albums = home(tmp_path)
    albums.also += [("food1.jpg", "City/2024"), ("food2.jpg", "City/2024"), ("food3.jpg", "City/2024")]
    albums.run()
    albums.move("City/2024/food1.jpg", "Pets/2024/food1.jpg")
    albums.delete("City/2024/food2.jpg")
    assert kinds(albums) == []
    assert [path for path in albums.files() if "food" in path and not path.startswith("Food")] == [
        "City/2024/food3.jpg",
        "Pets/2024/food1.jpg",
    ]


def test_a_photo_put_over_its_own_entry_in_a_second_album_is_there(tmp_path: Path) -> None:
    """File managers ask whether to replace it."""
    albums = home(tmp_path)
    albums.also.append(("food1.jpg", "Pets/2024"))
    albums.run()
    os.replace(albums.albums / "Food/2024/food1.jpg", albums.albums / "Pets/2024/food1.jpg")
    albums.also.clear()
    kinds(albums)
    assert albums.albums_said() == {"food1.jpg": "pets"}
    assert (albums.albums / "Pets/2024/food1.jpg").read_bytes() == b"Food 1"


def test_a_copy_made_by_hand_changes_nothing(tmp_path: Path) -> None:
    albums = home(tmp_path)
    shutil.copy2(albums.albums / "Review/2024/review1.jpg", albums.albums / "Pets/2024/review1.jpg")
    assert kinds(albums) == []
    assert {"Review/2024/review1.jpg", "Pets/2024/review1.jpg"} <= set(albums.files())


def test_a_photo_deleted_by_hand_is_not_put_back_and_asked_about_once(tmp_path: Path) -> None:
    albums = home(tmp_path)
    albums.delete("Food/2024/food1.jpg")
    assert kinds(albums) == [(HandKind.DELETED, "Food/2024/food1.jpg", "")]
    assert "Food/2024/food1.jpg" not in albums.files()
    assert albums.said()["food1.jpg"].kind is CorrectionKind.DELETED


@pytest.mark.parametrize("path", ["albums/Food/2024/food1.jpg", "photos/food1.jpg"])
def test_what_was_deleted_comes_back_when_that_is_forgotten(tmp_path: Path, path: str) -> None:
    albums = home(tmp_path)
    albums.delete("Food/2024/food1.jpg")
    kinds(albums)
    albums.fix(path, forget_it=True)
    albums.run()
    assert "Food/2024/food1.jpg" in albums.files()
    quiet_after(albums)


def test_a_deleted_photo_that_is_put_back_by_hand_is_filed_as_before(tmp_path: Path) -> None:
    albums = home(tmp_path)
    for path in ("Food/2024/food1.jpg", "Food/2024/food2.jpg"):
        albums.move(path, f"../bin/{os.path.basename(path)}")
    assert [kind for kind, _, _ in kinds(albums)] == [HandKind.DELETED] * 2
    albums.move("../bin/food1.jpg", "Food/2024/food1.jpg")
    albums.move("../bin/food2.jpg", "Pets/2024/food2.jpg")
    assert [kind for kind, _, _ in kinds(albums)] == [HandKind.PUT_BACK, HandKind.MOVED]
    assert albums.albums_said() == {"food2.jpg": "pets"}


@pytest.mark.parametrize(
    ("gone", "photos"),
    [
        (["Food", "Pets", "People"], 4),
        (["Food"], 4),
        (["Food/2024/*"], 12),
        (["Food/2024/*", "Pets/2024/*", "People/2024/*"], 4),
    ],
)
def test_what_is_gone_as_a_whole_was_lost_and_is_filed_again(tmp_path: Path, gone: list[str], photos: int) -> None:
    """A disk that is not mounted, an album that was wiped: nobody is asked about each photo, and nothing is kept out."""
    albums = home(tmp_path, photos=photos)
    before = albums.files()
    for pattern in gone:
        for path in list(albums.albums.glob(pattern)):
            albums.delete(str(path.relative_to(albums.albums)))
    hand, _ = albums.run()
    assert hand.changes == ()
    assert hand.missing == len(gone) * photos
    assert albums.files() == before
    quiet_after(albums)


def test_deleting_a_few_a_day_is_never_taken_for_a_lost_disk(tmp_path: Path) -> None:
    albums = home(tmp_path)
    for name in ("food", "pets", "people"):
        for number in range(3):
            albums.delete(f"{name.capitalize()}/2024/{name}{number}.jpg")
        assert [kind for kind, _, _ in kinds(albums)] == [HandKind.DELETED] * 3
    assert len(albums.files()) == 7


def test_a_sidecar_deleted_alone_stays_away(tmp_path: Path) -> None:
    albums = home(tmp_path)
    albums.add("people1.jpg.xmp", b"<x/>", "People/2024", primary="people1.jpg")
    albums.run()
    albums.delete("People/2024/people1.jpg.xmp")
    assert kinds(albums) == []
    assert "People/2024/people1.jpg.xmp" not in albums.files()
    albums.fix("albums/People/2024/people1.jpg", forget_it=True)
    albums.run()
    assert "People/2024/people1.jpg.xmp" in albums.files()


def test_a_photo_left_out_goes_to_the_trash_and_never_comes_back(tmp_path: Path) -> None:
    albums = home(tmp_path)
    albums.fix("photos/food1.jpg", "albums/Pets/2024/pets2.jpg", leave_out=True)
    _, plan = albums.run()
    assert [op.action for op in plan.effects] == [Action.TRASH] * 2
    quiet_after(albums)
    assert not {"Food/2024/food1.jpg", "Pets/2024/pets2.jpg"} & set(albums.files())
    albums.fix("photos/food1.jpg", "albums/Pets/2024/pets2.jpg", forget_it=True)
    albums.run()
    assert {"Food/2024/food1.jpg", "Pets/2024/pets2.jpg"} <= set(albums.files())


def test_a_move_that_is_forgotten_is_undone_by_the_next_run(tmp_path: Path) -> None:
    albums = home(tmp_path)
    albums.move("Review/2024/review1.jpg", "Pets/2024/review1.jpg")
    albums.move("People/2024/people1.jpg", "Best of/people1.jpg")
    kinds(albums)
    albums.fix("photos/review1.jpg", "albums/Best of/people1.jpg", forget_it=True)
    assert albums.said() == {}
    albums.run()
    assert {"Review/2024/review1.jpg", "People/2024/people1.jpg"} <= set(albums.files())
    quiet_after(albums)


def test_the_last_word_counts_whether_said_or_done(tmp_path: Path) -> None:
    albums = home(tmp_path)
    albums.move("Review/2024/review1.jpg", "Pets/2024/review1.jpg")
    # not even a run in between
    albums.fix("albums/Pets/2024/review1.jpg", album="food")
    kinds(albums)
    assert "Food/2024/review1.jpg" in albums.files()
    albums.move("Food/2024/review1.jpg", "Pets/2024/review1.jpg")
    kinds(albums)
    assert albums.albums_said() == {"review1.jpg": "pets"}
    albums.fix("photos/review1.jpg", album="review")
    kinds(albums)
    assert "Review/2024/review1.jpg" in albums.files()


def test_fix_of_a_folder_speaks_of_all_its_photos(tmp_path: Path) -> None:
    albums = home(tmp_path)
    albums.fix("albums/Review", album="pets")
    albums.run()
    assert sum(path.startswith("Pets/2024/review") for path in albums.files()) == 4
    albums.fix("photos", album="food")
    albums.run()
    assert {path.split("/")[0] for path in albums.files()} == {"Food"}


def test_what_was_done_by_hand_outlives_a_lost_state(tmp_path: Path) -> None:
    albums = home(tmp_path)
    albums.move("Review/2024/review1.jpg", "Pets/Cute/review1.jpg")
    albums.move("People/2024/people1.jpg", "Best of/people1.jpg")
    albums.delete("Food/2024/food1.jpg")
    albums.move("Review/2024/review2.jpg", "Food/2024/review2.jpg")
    kinds(albums)
    albums.fix("photos/review2.jpg", forget_it=True)
    albums.run()
    before, said = albums.files(), albums.said()
    for path in (albums.albums / ".album-sort").glob("state.sqlite*"):
        path.unlink()
    quiet_after(albums)
    assert (albums.files(), albums.said()) == (before, said)


def test_moves_of_before_this_was_read_are_read_now(tmp_path: Path) -> None:
    """A ledger of an earlier version knows the new place, and no correction."""
    albums = home(tmp_path)
    albums.move("Review/2024/review1.jpg", "Pets/2024/review1.jpg")
    kinds(albums)
    with sqlite3.connect(albums.albums / ".album-sort/state.sqlite") as connection:
        connection.execute("DELETE FROM corrections")
    connection.close()
    assert [kind for kind, _, _ in kinds(albums)] == [HandKind.MOVED]


def test_undo_of_the_first_run_takes_moved_photos_back_and_keeps_what_was_said(tmp_path: Path) -> None:
    albums = home(tmp_path)
    albums.move("Review/2024/review1.jpg", "Pets/2024/review1.jpg")
    albums.move("People/2024/people1.jpg", "Best of/people1.jpg")
    kinds(albums)
    assert undo(albums, "20261122-000100-test").is_complete
    assert albums.files() == []
    albums.run()
    assert {"Pets/2024/review1.jpg", "People/2024/people1.jpg"} <= set(albums.files())


def test_a_photo_whose_source_is_gone_too_is_still_where_it_was_put(tmp_path: Path) -> None:
    albums = home(tmp_path)
    albums.move("Review/2024/review1.jpg", "Pets/2024/review1.jpg")
    (albums.sources / "review1.jpg").unlink()
    kinds(albums)
    assert albums.albums_said() == {"review1.jpg": "pets"}
    assert "Pets/2024/review1.jpg" in albums.files()


PLACES = ("Pets/2024", "Pets", "Food/2024", "Review/2024", "Pets/Cute", "Best of", "Best of/all", "Travel/2024")
STEPS = st.one_of(
    st.tuples(st.just("move"), st.integers(0, 15), st.sampled_from(PLACES)),
    st.tuples(st.just("delete"), st.integers(0, 15), st.just("")),
    st.tuples(
        st.just("rename"), st.sampled_from(("Pets", "Food", "People", "Best of")), st.sampled_from(("A", "B", "C"))
    ),
    st.tuples(st.just("assign"), st.integers(0, 15), st.sampled_from(("Pets/2024", "Food/2025", "City/2024"))),
    st.tuples(st.just("run"), st.just(0), st.just("")),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, max_size=12))
def test_whatever_a_person_does_stays_done_and_a_second_run_is_silent(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int | str, str]]
) -> None:
    """Every file lies where the person left it last; what was deleted is not back; the second run writes nothing."""
    albums = home(tmp_path_factory.mktemp("hand"))
    names = sorted(albums.filings)
    placed: dict[str, str] = {}
    deleted: set[str] = set()
    for what, which, to in steps:
        here = {os.path.basename(path): path for path in albums.files()}
        if what == "rename":
            if (albums.albums / str(which)).is_dir() and not (albums.albums / to).exists():
                albums.move(str(which), to)
                placed = {name: _renamed(path, str(which), to) for name, path in placed.items()}
        elif what == "run":
            albums.run()
        elif names[int(which)] in here:
            name = names[int(which)]
            if what == "assign":
                albums.assign(name, to)
            elif what == "move" and here[name] != f"{to}/{name}":
                albums.move(here[name], f"{to}/{name}")
                placed[name] = f"{to}/{name}"
            elif what == "delete" and len(deleted) < 4 and len(os.listdir((albums.albums / here[name]).parent)) > 1:
                albums.delete(here[name])
                deleted.add(name)
                placed.pop(name, None)
    before = albums.files()
    hand, _ = albums.run()
    after = {os.path.basename(path): path for path in albums.files()}
    backs = {os.path.basename(change.path) for change in hand.changes if change.kind is HandKind.MOVED_BACK}
    said = albums.said()
    pinned = {name for name in placed if name in said}
    assert {name: after.get(name) for name in pinned} == {name: placed[name] for name in pinned}, (steps, before)
    assert not deleted & after.keys(), (steps, before)
    assert set(names) - deleted <= after.keys(), (steps, backs)
    quiet_after(albums)


def _renamed(path: str, old: str, new: str) -> str:
    return new + path[len(old) :] if path.startswith(f"{old}/") else path


def test_a_folder_of_the_name_that_an_album_had_once_is_a_folder_like_any_other(tmp_path: Path) -> None:
    albums = home(tmp_path)
    albums.move("Pets", "A")
    kinds(albums)
    albums.move("Food/2024/food0.jpg", "Pets/2024/food0.jpg")
    assert [path for _, _, path in kinds(albums)] == ["Pets/2024/food0.jpg"]
    assert "Pets/2024/food0.jpg" in albums.files()


def test_what_an_undo_brings_back_was_moved_by_nobody_and_a_later_word_holds(tmp_path: Path) -> None:
    albums = home(tmp_path)
    albums.fix("albums/Food/2024/food1.jpg", album="home")
    _, plan = albums.run()
    albums.fix("albums/Home/2024/food1.jpg", album="pets")
    assert undo(albums, plan.plan_id).is_complete
    assert "Food/2024/food1.jpg" in albums.files()
    assert kinds(albums) == []
    assert "Pets/2024/food1.jpg" in albums.files()
