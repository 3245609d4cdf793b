"""Somebody else works in the destination at the same moment: nothing is written outside it, and nothing of theirs is lost."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from album_sort.errors import DestinationError
from album_sort.fileops.aside import PREFIX, aside_of, own_name
from album_sort.fileops.destination import TEMPORARY_PREFIX
from album_sort.fileops.filesystem import RealFileSystem
from album_sort.fileops.handles import Root
from album_sort.operations import pages
from album_sort.operations.pages import REPORT_PAGE, point_to_newest_page
from album_sort.report._output import atomic_text
from album_sort.types import Mode
from tests.crash.test_every_step import prepared
from tests.destination_builders import Library, plan_for, run, tree, undo
from tests.doubles import STEPS

EDITED = b"saved by an editor just now"


class Meanwhile(RealFileSystem):
    """Before its k-th step that changes something, somebody does something."""

    def __init__(self, at: int, deed: Callable[[], None]) -> None:
        self.count = [0]
        self.at = at
        self.deed = deed

    def __getattribute__(self, name: str) -> object:
        if name in STEPS:
            count = super().__getattribute__("count")
            count[0] += 1
            if count[0] == super().__getattribute__("at"):
                super().__getattribute__("deed")()
        return super().__getattribute__(name)


def lead_albums_outside(albums: Path, outside: Path) -> None:
    """Every folder among the albums is moved away, and a link leads from its name to a folder that looks the same."""
    for folder in sorted(path for path in albums.iterdir() if path.is_dir() and path.name != ".album-sort"):
        if folder.is_symlink():
            continue
        away = albums / f"away {folder.name}"
        folder.rename(away)
        for path in (
            outside / folder.name,
            *(outside / folder.name / sub.name for sub in away.iterdir() if sub.is_dir()),
        ):
            path.mkdir(parents=True, exist_ok=True)
        for file in (file for file in away.rglob("*") if file.is_file() or file.is_symlink()):
            (outside / folder.name / file.relative_to(away)).write_bytes(b"outside")
        folder.symlink_to(outside / folder.name)


# Each second step in one mode, the others in another; all of them in all modes by `--long`.
@pytest.mark.parametrize(
    ("mode", "first", "stride"),
    [(Mode.COPY, 1, 2), (Mode.SYMLINK, 2, 2), *(pytest.param(mode, 1, 1, marks=pytest.mark.long) for mode in Mode)],
)
@pytest.mark.parametrize("is_undo", [False, True], ids=["run", "undo"])
def test_a_folder_that_becomes_a_link_at_any_step_leads_nothing_outside(
    fast_path: Path, mode: Mode, first: int, stride: int, is_undo: bool
) -> None:
    for step in range(first, 200, stride):
        root = fast_path / str(step)
        library = prepared(root, mode)
        if is_undo:
            run(library, "r2", mode)
        outside = root / "outside"
        outside.mkdir()
        before: dict[str, object] = {}

        def deed(library: Library = library, outside: Path = outside, before: dict[str, object] = before) -> None:
            lead_albums_outside(library.albums, outside)
            before.update(tree(outside))

        fs = Meanwhile(step, deed)
        sources = tree(library.sources)
        with contextlib.suppress(OSError, DestinationError):
            undo(library, "r2", fs) if is_undo else run(library, "r2", mode, fs=fs)
        if fs.count[0] < step:
            assert step > 20
            return
        assert tree(outside) == before, step
        assert tree(library.sources) == sources
    pytest.fail("there are more steps than were tried")


class Editor(RealFileSystem):
    """In the moment before the k-th file of the destination gets another name, an editor saves its own under the old one."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.count = [0]
        self.saved: list[str] = []

    def publish(self, temporary: str, target: str) -> None:
        name = os.path.basename(temporary)
        if not name.startswith((TEMPORARY_PREFIX, PREFIX)) and "/.album-sort/" not in temporary:
            self.count[0] += 1
            if self.count[0] == self.at:
                Path(f"{temporary}.new").write_bytes(EDITED)
                os.replace(f"{temporary}.new", temporary)
                self.saved.append(temporary)
        super().publish(temporary, target)


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("is_undo", [False, True], ids=["run", "undo"])
def test_what_an_editor_saves_at_any_moment_stays_where_it_was_saved(
    fast_path: Path, mode: Mode, is_undo: bool
) -> None:
    """Between the look at a file and its removal, its move, its way to the trash; or in a link's place before it is made anew."""
    for step in range(1, 50):
        library = prepared(fast_path / str(step), mode, swaps=False)
        if is_undo:
            run(library, "r2", mode)
        fs = Editor(step)
        if is_undo:
            assert not undo(library, "r2", fs).is_complete or not fs.saved
        else:
            run(library, "r2", mode, fs=fs)
        if not fs.saved:
            assert step > 2
            return
        assert Path(fs.saved[0]).read_bytes() == EDITED, step
        assert not [name for name in tree(library.albums) if PREFIX in name]
    pytest.fail("there are more steps than were tried")


def test_what_a_kill_left_aside_is_given_back_by_the_next_run(tmp_path: Path) -> None:
    library = Library(tmp_path)
    library.add("a.jpg", b"cat", "Pets")
    run(library)
    edited, taken = library.albums / "Pets/edited.jpg", library.albums / "Pets/taken.jpg"
    Path(aside_of(str(edited))).write_bytes(EDITED)
    taken.write_bytes(b"another")
    Path(aside_of(str(taken))).write_bytes(EDITED)
    assert not plan_for(library).effects, "what lies aside is not a photo of anybody's"
    run(library, "r2")
    assert edited.read_bytes() == EDITED
    assert taken.read_bytes() == b"another"
    assert (library.albums / "Pets/taken~kept1.jpg").read_bytes() == EDITED


def test_a_name_too_long_to_stand_behind_another_has_a_short_one_aside() -> None:
    long = "/albums/Pets/" + "长" * 83 + ".jpg"
    assert len(os.path.basename(aside_of(long)).encode()) < 255
    assert own_name(aside_of(long)) is None
    assert own_name(aside_of("/albums/Pets/a.jpg")) == "/albums/Pets/a.jpg"


def test_nothing_is_changed_by_a_file_system_that_is_bound_to_no_destination(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nothing may be changed"):
        RealFileSystem().make_folder(str(tmp_path / "a"))
    bound = RealFileSystem().below(Root(str(tmp_path / "albums")))
    (tmp_path / "albums").mkdir()
    for path in ("x", "albums/../x", "albumsx"):
        with pytest.raises(OSError, match="does not stay inside"):
            bound.make_folder(f"{tmp_path}/{path}")
    assert os.listdir(tmp_path) == ["albums"]


def test_a_link_of_the_user_to_another_folder_inside_is_followed(tmp_path: Path) -> None:
    (tmp_path / "Animals").mkdir()
    (tmp_path / "Pets").symlink_to("Animals")
    RealFileSystem().below(Root(str(tmp_path))).make_folder(str(tmp_path / "Pets/2024"))
    assert (tmp_path / "Animals/2024").is_dir()


def test_a_destination_is_another_one_on_another_disk_even_if_it_looks_the_same(
    disk_path: Path, fast_path: Path
) -> None:
    """A share that numbers its files anew is the same destination; a disk in the place of another is not."""
    if disk_path.stat().st_dev == fast_path.stat().st_dev:
        pytest.skip("needs two file systems")
    for folder in (disk_path / "one", disk_path / "two", fast_path / "three"):
        (folder / ".album-sort").mkdir(parents=True)
    (disk_path / "albums").symlink_to(disk_path / "one")
    root = Root(str(disk_path / "albums"))
    assert not root.has_gone()
    for other, is_another in ((disk_path / "two", False), (fast_path / "three", True)):
        (disk_path / "albums").unlink()
        (disk_path / "albums").symlink_to(other)
        assert root.has_gone() is is_another
        assert is_another == isinstance(_error_of(root), OSError)


def _error_of(root: Root) -> OSError | None:
    try:
        os.close(root.open_folder(root.path))
    except OSError as error:
        return error
    return None


# --- the report ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("was_there", [True, False])
def test_a_file_made_under_the_name_of_the_report_at_the_last_moment_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, was_there: bool
) -> None:
    run_folder = tmp_path / ".album-sort/runs/r1"
    run_folder.mkdir(parents=True)
    (run_folder / "report.html").write_text("<p>")
    if was_there:
        assert point_to_newest_page(str(tmp_path)) == tmp_path / REPORT_PAGE

    def and_meanwhile(address: str) -> str:
        (tmp_path / "mine").write_bytes(EDITED)
        (tmp_path / "mine").replace(tmp_path / REPORT_PAGE)
        return quote(address)

    monkeypatch.setattr(pages, "quote", and_meanwhile)
    assert point_to_newest_page(str(tmp_path)) is None
    assert (tmp_path / REPORT_PAGE).read_bytes() == EDITED
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(PREFIX)] == []


def write_newer(path: Path, meanwhile: Callable[[], object]) -> None:
    with atomic_text(path, is_ours=lambda head: head.startswith(b"ours")) as stream:
        stream.write("ours: newer")
        meanwhile()


@pytest.mark.parametrize("was_there", [True, False])
def test_a_file_made_under_the_name_of_a_copy_of_the_report_stays(tmp_path: Path, was_there: bool) -> None:
    path = tmp_path / "report.csv"
    if was_there:
        path.write_bytes(b"ours: older")
    with pytest.raises(DestinationError, match="stays as it is"):
        write_newer(path, lambda: path.write_bytes(EDITED))
    assert path.read_bytes() == EDITED
    assert os.listdir(tmp_path) == ["report.csv"]
    path.write_bytes(b"ours: older")
    write_newer(path, lambda: 0)
    assert (path.read_bytes(), os.listdir(tmp_path)) == (b"ours: newer", ["report.csv"])
