"""Scenes as in `reason_scenes.py`, of what becomes of files: left out by the scan, unreadable, planned, and what is told of it."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import album_sort
from album_sort.classifier.labels import load_wording
from album_sort.core.groups.grouping import group_files
from album_sort.core.ignore import JUNK_FILES, JUNK_FOLDERS, ScanFilter
from album_sort.core.planning.planfile import plan_from_lines, plan_to_lines
from album_sort.core.planning.pruning import with_left_out, with_prune
from album_sort.core.unreadable import unreadable
from album_sort.events import Event, Notice, OpFinished
from album_sort.inspection.messages import Failed, ReaderSettings
from album_sort.inspection.reader import inspect
from album_sort.pipeline.absent import with_absent
from album_sort.pipeline.assigning import within_dates
from album_sort.pipeline.damage import damage_of
from album_sort.pipeline.execute import apply_and_tell
from album_sort.pipeline.hand import kept_out
from album_sort.pipeline.holding import say_unreadable, settle_killed_runs
from album_sort.pipeline.idle import idle_clocks, idle_patterns
from album_sort.pipeline.net import Net
from album_sort.pipeline.records import ClockCorrections, build_records
from album_sort.pipeline.remembered import Remembered
from album_sort.pipeline.reporting import not_filed
from album_sort.report.jsonl import read_lines
from album_sort.scan import ScanResult, scan
from album_sort.settings import Settings
from album_sort.state.cache import CACHE_FILE, CacheReader
from album_sort.state.cache_rows import KnownFile
from album_sort.state.store import DestinationState
from album_sort.types import AlbumId, AlbumRelPath, ContentId, FileEntry, Inspection, Mode, Reason, Role, RunId
from album_sort.types.corrections import Correction, CorrectionKind
from album_sort.types.ledger import DestinationPicture, PresentFile, RunRecord, RunStatus
from tests.album_cases import CONTENT, facts_of
from tests.builders import make_jpeg, make_tree
from tests.destination_builders import NOW, Library, content_id, entry_on_disk, filing, plan_for, plan_on_paper, run
from tests.doubles import Fault, FaultyFileSystem
from tests.test_decode import BOMBS, REFUSED, RESNET, encoded, jpeg_of_size, picture
from tests.test_grouping import item
from tests.test_planning import after
from tests.test_skip_reasons import HEADS


def plans(_: Path) -> Iterator[Reason]:
    """`PlannedOp.why`: of photos in the report, of every row in `--dry-run --verbose`."""
    dog, cat = filing("/p/a.jpg", b"dog", "Pets"), filing("/p/b/a.jpg", b"cat", "Pets")
    copied = after(plan_on_paper([dog]))
    linked = after(plan_on_paper([dog], mode=Mode.SYMLINK))
    moved = filing("/p/a.jpg", b"dog", "Dogs")
    (row,) = copied.ledger.values()
    there = AlbumRelPath("Pets/holiday.jpg")
    in_another = [dog, filing("/p/a.jpg", b"dog", "City", role=Role.ALSO)]
    by_hand = replace(row, path=AlbumRelPath("Family/a.jpg"))
    empty = DestinationPicture()
    for plan in (
        plan_on_paper([dog, cat]),
        plan_on_paper([dog, filing("/p/c.jpg", b"dog", "Pets")]),
        plan_on_paper([dog, filing("/p/a.jpg", b"dog", "Pets", role=Role.ALSO)]),
        plan_on_paper([dog], replace(empty, present={there: PresentFile(3, 1, 1)}, contents={there: row.content_id})),
        plan_on_paper([moved], copied),
        plan_on_paper([filing("/elsewhere/a.jpg", b"dog", "Pets")], linked, Mode.SYMLINK),
        plan_on_paper([dog], replace(linked, misplaced_links=frozenset({row.path})), Mode.SYMLINK),
        plan_on_paper([dog], replace(copied, present={})),
        plan_on_paper([moved], replace(copied, present={by_hand.path: copied.present[row.path]}, ledger={by_hand.path: by_hand})),
        plan_on_paper([moved], replace(copied, present={row.path: PresentFile(99, 5, 1)})),
        plan_on_paper([dog], replace(empty, device=7), Mode.HARDLINK),
        plan_on_paper([dog, filing("/p/a.jpg", b"dog", "Sea", role=Role.ALSO)], after(plan_on_paper(in_another))),
        with_prune(plan_on_paper([]), [row], [row], max_share=1.0),
        with_left_out(plan_on_paper([]), [row]),
    ):  # fmt: skip
        for op in plan.ops:
            yield from op.why


def scanned(folder: Path) -> Iterator[Reason]:
    """`Skipped.reason` of the scan: what is left out of a folder as it is found there."""
    albums, photos = folder / "albums", folder / "photos"
    make_tree(
        photos,
        {
            **{f"{name.replace('*', 'x')}/a.jpg": b"" for name in JUNK_FOLDERS},
            **dict.fromkeys(JUNK_FILES, b""),
            ".hidden.jpg": b"", "no.jpg": b"", "left/.albumignore": b"", "ignored/.albumignore": b"*.jpg",
            "ignored/a.jpg": b"", "bad/.albumignore": b"[" * 5000, "notes": b"hello", "out/a.gif": b"",
            "other/.album-sort/x": b"",
        },
    )  # fmt: skip
    albums.mkdir()
    (photos / "into").symlink_to(albums)
    (photos / "again").symlink_to(photos)
    (photos / "dead.jpg").symlink_to(photos / "gone.jpg")
    os.mkfifo(photos / "pipe.jpg")
    with (photos / "hole.jpg").open("wb") as hole:
        hole.truncate(1 << 40)
    found = scan([str(photos)], destination=str(albums), filters=ScanFilter.of(["*.jpg", "notes"], ["no.jpg"]))
    yield from (one.reason for one in found.skipped)
    known = Remembered(sources=frozenset({str(folder / "gone/a.jpg")}))
    yield from (one.reason for one in with_absent(ScanResult((), ()), [str(folder / "gone")], known).skipped)
    codes = (errno.EACCES, errno.ENOENT, errno.EIO, errno.ELOOP, errno.ENAMETOOLONG, errno.ENOTSUP)
    yield from (unreadable(OSError(code, os.strerror(code))) for code in codes)


def refused(folder: Path) -> Iterator[Reason]:
    """`Skipped.reason` of reading: each file as a reading process answers it."""
    files = {
        f"{number}.jpg": data
        for number, data in enumerate((*(make() for make in REFUSED.values()), *BOMBS.values(), *HEADS[:25]))
    }
    files |= {f"{number}": head for number, head in enumerate(HEADS[2:25])}
    files |= {
        "cut.cr2": b"II*\0\x10\0\0\0CR\2\0" + b"\0" * 300,
        "film.cr2": b"\0\0\0\x14ftypqt  \0\0\0\0qt  ",
        "endless.jpg": _endless(encoded(picture(), "JPEG", progressive=True)),
        "empty.jpg": jpeg_of_size(0, 5),
        "cut.heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 40,
    }
    make_tree(folder, files)
    for name in files:
        yield from _answer(folder / name)
    changed, gone = folder / "changed.jpg", folder / "pipe.jpg"
    changed.write_bytes(make_jpeg(1))
    yield from _answer(changed, size_bytes=3)
    yield from _answer(changed, most_bytes=100)
    os.mkfifo(gone)
    yield from _answer(gone)
    yield from _answer(changed, cache=_Broken(folder, "key"))


def _endless(progressive: bytes) -> bytes:
    """A JPEG whose last scan is sent two hundred times."""
    return progressive[:-2] + progressive[progressive.rindex(b"\xff\xda") : -2] * 200 + progressive[-2:]


class _Broken(CacheReader):
    """Fails in a way that nobody foresaw."""

    def find_content(self, file: FileEntry, content_id: ContentId) -> KnownFile | None:
        raise ZeroDivisionError(file, content_id)


def _answer(
    path: Path, *, size_bytes: int | None = None, most_bytes: int = 1 << 30, cache: CacheReader | None = None
) -> Iterator[Reason]:
    file = entry_on_disk(path)
    settings = ReaderSettings(RESNET, 0, path.parent / "cache", "key", most_bytes)
    found = inspect(file if size_bytes is None else replace(file, size_bytes=size_bytes), settings, cache or _NO_CACHE)
    if isinstance(found, Failed):
        yield found.skipped.reason


_NO_CACHE = CacheReader(Path("/nowhere"), "key")


def decided(_: Path) -> Iterator[Reason]:
    """`Skipped.reason` of what is decided: by date, by a person, by a fault of the program, by the disk, in an old plan."""
    for kind in (CorrectionKind.DELETED, CorrectionKind.LEFT_OUT):
        left_out = kept_out(Correction(CONTENT, AlbumId(""), NOW, "Pets/a.jpg", kind), "/p/a.jpg")
        assert left_out is not None
        yield left_out.reason
    photos = [facts_of(), facts_of(taken="2020-01-01"), facts_of(taken="2025-01-01")]
    for number, photo in enumerate(photos):
        group = replace(photo.group, content_id=content_id(bytes([number])), primary=item(f"{number}.jpg").file)
        photos[number] = replace(photo, group=group)
    settings = Settings(since=date(2022, 1, 1), until=date(2023, 1, 1))
    yield from (one.reason for one in within_dates(photos, settings)[1])
    net = Net()
    net.each([0], lambda _: "/p/a.jpg", lambda number: 1 // number)
    yield from (fault.reason for fault in net.faults.values())
    yield not_filed("No space left on device")
    head, end = plan_to_lines(plan_on_paper([]))
    row = {"type": "skipped", "path": "/p/a.jpg", "stage": "decode", "reason": "damaged png", "is_problem": True}
    lines = [head, json.dumps(row), end.replace('"skipped": 0', '"skipped": 1')]
    yield from (one.reason for one in plan_from_lines(lines).skipped)


def idle(_: Path) -> Iterator[Reason]:
    """Notices of options that change nothing."""
    nothing = ScanResult((), ())
    yield from idle_patterns(Settings(exclude=("Downloads/",)), [], nothing)
    clocks = ClockCorrections.parse(["Canon=+1h"])
    for camera in ("", "Nikon"):
        photo = item("a.jpg", camera=camera)
        yield from idle_clocks(clocks, build_records({photo.file.path: photo}, now_utc=NOW).photos)


def notices(folder: Path) -> Iterator[str]:
    """Notices, as the terminal shows them: of runs that were killed, and of folders that make trouble."""
    told: list[Event] = []
    for number, status in enumerate((None, RunStatus.RUNNING, RunStatus.UNDOING)):
        library = Library(folder / str(number))
        library.add("a.jpg", b"dog", "Pets")
        run(library, "r1")
        with DestinationState.open(library.albums) as state:
            if status is None:
                library.add("b.jpg", b"cat", "Pets")
                plan = plan_for(library)
                state.begin_run(RunRecord(RunId("r2"), "sort", NOW, None, RunStatus.RUNNING, plan.mode, ""), plan)
            elif status is RunStatus.UNDOING:
                state.begin_undo([RunId("r1")])
            else:
                state.finish_run(RunId("r1"), status, NOW)
            settle_killed_runs(str(library.albums), state, told.append)
    library.assign("a.jpg", "Dogs")
    run(library, "r3")
    library.assign("a.jpg", "Cats")
    plan, fault = plan_for(library), Fault()
    with DestinationState.open(library.albums) as state:
        journal = state.begin_run(RunRecord(RunId("r4"), "sort", NOW, None, RunStatus.RUNNING, plan.mode, ""), plan)
        apply_and_tell(plan, _Unremovable(fault), journal, "en", sink=told.append, stop=lambda: False)
    yield from (event.text for event in told if isinstance(event, Notice))
    yield say_unreadable(DestinationPicture(unreadable_folders=(AlbumRelPath("Pets"),)), "en")


class _Unremovable(FaultyFileSystem):
    """A disk that removes no folder."""

    def remove_folder(self, path: str) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO), path)


def runs(folder: Path) -> Iterator[str | Reason]:
    """What runs say on the terminal and in their reports. Of films alone: no network is loaded for them."""
    films, albums = folder / "films", folder / "albums"
    movie = b"\0\0\0\x14ftypqt  \0\0\0\0qt  "
    make_tree(films, {"a.mov": movie, "b.mov": movie + b"\0\0\0\x08free", "alone.xmp": "<?xpacket begin="})
    make_tree(folder / "cache", {CACHE_FILE: b"SQLite format 3\0" + bytes(range(256)) * 64})
    told: list[str] = []

    def listen(event: Event) -> None:
        if isinstance(event, Notice):
            told.append(event.text)
        if isinstance(event, OpFinished):
            # Where the page of this run would be written lies something else.
            for run_folder in (albums / ".album-sort" / "runs").iterdir():
                (run_folder / "report.html").mkdir(exist_ok=True)

    with pytest.MonkeyPatch.context() as surroundings:
        surroundings.setenv("ALBUM_SORT_CACHE_DIR", str(folder / "cache"))
        outcome = album_sort.sort(films, albums, on_event=listen, **_SHIPPED)
        assert outcome.preparation is not None
        yield from (one.reason for one in outcome.preparation.skipped)
        for report in albums.rglob("report.jsonl"):
            report.unlink()
        (film,) = albums.rglob("a.mov")
        make_tree(albums, {"Best of/x": ""})
        film.rename(albums / "Best of" / "a.mov")
        for name in ("c", "d"):
            make_tree(folder / name, {f"{name}.mov": movie + name.encode()})
            album_sort.sort(folder / name, albums, **_SHIPPED)
    yield from told
    for report in albums.rglob("report.jsonl"):
        for row in read_lines(report):
            if row["type"] == "photo":
                yield from (row["title"], *row["path"].split("/"), *row["why"])


_SHIPPED: dict[str, Any] = {"model": "efficientnet-lite0", "offline": True}


def damaged(_: Path) -> Iterator[str]:
    """What the report says of a photo of which another file is damaged."""
    shown = item("a.JPG", 0)
    raw = item("a.CR2", 1)
    raw = replace(raw, metadata=replace(raw.metadata, missing_share=0.5))
    (group,) = group_files([shown, raw], []).groups
    facts = replace(facts_of(), group=group, metadata=raw.metadata)
    found = damage_of(facts, _Inspected({one.file.path: one for one in (shown, raw)}))  # type: ignore[arg-type]
    assert found is not None
    yield found.sentence


@dataclass(frozen=True)
class _Inspected:
    """As much of a preparation as damage needs."""

    inspections: dict[str, Inspection]

    @property
    def inspected(self) -> _Inspected:
        return self

    def say(self, reason: Reason) -> str:
        return load_wording().say(reason, "en")
