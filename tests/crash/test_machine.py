"""A user and the tool at the same library, in any order: what must be true after every step of every story."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from album_sort.state.store import DestinationState
from album_sort.types import Mode, OpStatus, Role
from tests.crash.conftest import MEMORY
from tests.destination_builders import (
    Library,
    apply_saved,
    content_id,
    files,
    picture_of,
    plan_for,
    run,
    snapshot,
    tree,
    undo,
)
from tests.doubles import Fault, FaultyFileSystem, FaultyJournal, Killed

names = st.sampled_from(["IMG_1.JPG", "img_1.jpg", "IMG_2.JPG", "é.jpg", "e\u0301.jpg", "we?rd.jpg"])
folders = st.sampled_from(["Pets/2024", "Pets/2025", "pets/2024", "Food/2024", "Trips/Rome"])
contents = st.sampled_from([b"cat", b"dog", b"soup", b"rome", b""])


class Story(RuleBasedStateMachine):
    """One library, one destination, one mode."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(dir=MEMORY if os.access(MEMORY, os.W_OK) else None))
        self.library = Library(self.root)
        self.foreign: dict[str, bytes] = {}
        self.runs = 0
        self.was_killed = False
        self.sources_went = False
        """Whether the user has removed or renamed a photo since the last run."""
        self.undoable: tuple[str, dict[str, object]] | None = None
        """The last run and the tree before it, while nobody has touched the destination since."""

    @initialize(mode=st.sampled_from(list(Mode)))
    def choose_mode(self, mode: Mode) -> None:
        self.mode = mode

    def teardown(self) -> None:
        shutil.rmtree(self.root)

    def photos(self) -> list[str]:
        return [name for name, (_, primary, _) in self.library.filings.items() if primary == name]

    @rule(folder=st.integers(0, 3), name=names, data=contents, album=folders)
    def add_a_photo(self, folder: int, name: str, data: bytes, album: str) -> None:
        source = f"{folder}/{name}"
        if source not in self.library.filings:
            # Copies of a photo are always in one album: the assignment belongs to the content.
            same = [other for other in self.photos() if (self.library.sources / other).read_bytes() == data]
            album = self.library.filings[same[0]][0] if same else album
            self.library.add(source, data, album)

    @precondition(lambda self: self.photos())
    @rule(choice=st.integers(0, 99), data=st.sampled_from([b"<x/>", b"<y/>"]))
    def add_a_sidecar(self, choice: int, data: bytes) -> None:
        photo = self.photos()[choice % len(self.photos())]
        if photo + ".xmp" not in self.library.filings:
            self.library.add(photo + ".xmp", data, self.library.filings[photo][0], primary=photo)

    @precondition(lambda self: self.photos())
    @rule(choice=st.integers(0, 99))
    def remove_a_photo(self, choice: int) -> None:
        self.sources_went = True
        photo = self.photos()[choice % len(self.photos())]
        for name in [name for name, (_, primary, _) in self.library.filings.items() if primary == photo]:
            (self.library.sources / name).unlink()
            del self.library.filings[name]

    @precondition(lambda self: self.photos())
    @rule(choice=st.integers(0, 99))
    def rename_a_photo(self, choice: int) -> None:
        photo = self.photos()[choice % len(self.photos())]
        if (photo + ".xmp") not in self.library.filings and f"renamed {choice}.jpg" not in self.library.filings:
            self.sources_went = True
            album, _, _ = self.library.filings.pop(photo)
            (self.library.sources / photo).rename(self.library.sources / f"renamed {choice}.jpg")
            self.library.filings[f"renamed {choice}.jpg"] = (album, f"renamed {choice}.jpg", Role.PRIMARY)

    @precondition(lambda self: self.photos())
    @rule(choice=st.integers(0, 99), stamp=st.integers(1, 10**18))
    def touch_a_photo(self, choice: int, stamp: int) -> None:
        os.utime(self.library.sources / self.photos()[choice % len(self.photos())], ns=(stamp, stamp))

    @precondition(lambda self: self.photos())
    @rule(choice=st.integers(0, 99), album=folders)
    def assign_another_album(self, choice: int, album: str) -> None:
        photo = self.photos()[choice % len(self.photos())]
        data = (self.library.sources / photo).read_bytes()
        for other in self.photos():
            if (self.library.sources / other).read_bytes() == data:
                self.library.assign(other, album)

    @rule(old=st.sampled_from(["Pets", "Food", "Pets/2024"]), new=st.sampled_from(["Animals", "Pets/Old", "Eating"]))
    def rename_an_album(self, old: str, new: str) -> None:
        source, target = self.library.albums / old, self.library.albums / new
        inside = target.is_relative_to(source)
        if source.is_dir() and not target.exists() and not inside and target.parent.is_dir():
            source.rename(target)
            moved = {name for name in self.foreign if name.startswith(old + "/")}
            self.foreign |= {new + name[len(old) :]: self.foreign.pop(name) for name in moved}
            self.undoable = None

    @precondition(lambda self: self.library.albums.exists() and bool(files(self.library.albums)))
    @rule(choice=st.integers(0, 99))
    def delete_an_output(self, choice: int) -> None:
        found = [path for path in files(self.library.albums) if path not in self.foreign]
        if found:
            (self.library.albums / found[choice % len(found)]).unlink()
            self.undoable = None

    @rule(folder=folders, name=names)
    def put_a_foreign_file(self, folder: str, name: str) -> None:
        path = self.library.albums / folder / name
        if not path.exists() and not path.is_symlink():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"not yours")
            self.foreign[f"{folder}/{name}"] = b"not yours"
            self.undoable = None

    @rule()
    def preview(self) -> None:
        before = snapshot(self.root)
        plan_for(self.library, self.mode)
        assert snapshot(self.root) == before

    @rule(saved=st.booleans())
    def run_it(self, saved: bool) -> None:
        before = tree(self.library.albums)
        self.runs += 1
        run_id = f"r{self.runs}"
        preview = plan_for(self.library, self.mode, run_id)
        if saved and preview.effects and not self._has_news() and not self.was_killed:
            results = apply_saved(self.library, preview, run_id).results
        else:
            plan, applied = run(self.library, run_id, self.mode)
            # After a kill the run repairs first, which a preview may not.
            assert plan.ops == preview.ops or self.was_killed
            results = applied.results
        assert {result.status for result in results} <= {OpStatus.DONE}, results
        assert plan_for(self.library, self.mode).effects == ()
        self._every_photo_is_in_an_album()
        self.undoable = (run_id, before) if results and not self.was_killed else None
        self.sources_went = False
        self.was_killed = False

    def _contents(self) -> set[bytes]:
        """What is in the albums as files of their own; a link to a photo that has gone holds nothing."""
        paths = [self.library.albums / name for name in files(self.library.albums)]
        return {path.read_bytes() for path in paths if path.is_file() and not path.is_symlink()}

    def _has_news(self) -> bool:
        return picture_of(self.library).has_news

    def _every_photo_is_in_an_album(self) -> None:
        filed = {
            (self.library.albums / path).read_bytes()
            for path in files(self.library.albums)
            if (self.library.albums / path).exists()
        }
        photos = {(self.library.sources / name).read_bytes() for name in self.library.filings}
        assert photos - self._replaced_by_the_user() <= filed

    def _replaced_by_the_user(self) -> set[bytes]:
        """Photos in whose place in the albums the user has put a file of their own: that is their version of it."""
        with DestinationState.open_read_only(self.library.albums) as state:
            ledger = state.records().ledger
        own = {row.content_id for path, row in ledger.items() if path in self.foreign}
        photos = [(self.library.sources / name).read_bytes() for name in self.library.filings]
        return {data for data in photos if content_id(data) in own}

    @rule(step=st.integers(1, 30), kind=st.sampled_from(["kill-before", "kill-half", "kill-after"]))
    def run_and_be_killed(self, step: int, kind: str) -> None:
        self.runs += 1
        fault = Fault(step, kind=kind)
        with contextlib.suppress(Killed):
            run(
                self.library,
                f"r{self.runs}",
                self.mode,
                fs=FaultyFileSystem(fault),
                wrap_journal=lambda journal: FaultyJournal(journal, fault),
            )
        self.undoable = None
        self.was_killed = True

    @precondition(lambda self: self.library.albums.exists())
    @rule(is_damaged=st.booleans())
    def lose_the_database(self, is_damaged: bool) -> None:
        for path in (self.library.albums / ".album-sort").glob("state.sqlite*"):
            path.unlink()
            if is_damaged and path.suffix == ".sqlite":
                path.write_bytes(b"damaged" * 100)

    @precondition(lambda self: self.undoable)
    @rule()
    def undo_it(self) -> None:
        assert self.undoable is not None
        run_id, before = self.undoable
        contents = self._contents()
        undone = undo(self.library, run_id)
        if self.sources_went:
            # What is left may stand in the way of a file that would go back to its name; none gets lost.
            assert contents - self._contents() <= {path.read_bytes() for path in self.library.sources.rglob("*.*")}
        else:
            assert undone.is_complete
            assert tree(self.library.albums) == before
        self.undoable = None

    @invariant()
    def foreign_files_are_untouched(self) -> None:
        for name, data in self.foreign.items():
            assert (self.library.albums / name).read_bytes() == data


def play(stories: int, steps: int) -> None:
    run_state_machine_as_test(
        Story,
        settings=settings(
            max_examples=stories, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_whatever_the_user_does_every_photo_is_in_an_album_and_nothing_of_others_is_touched() -> None:
    play(25, 15)


@pytest.mark.long
def test_the_same_in_many_more_and_longer_stories() -> None:
    play(500, 40)
