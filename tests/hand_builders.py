"""Runs over a library on disk that read a person's hand, as the pipeline's do, but without a network: folders are given."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from album_sort.core.planning.check import check_plan
from album_sort.core.planning.folders import AlbumFolders
from album_sort.core.planning.layout import Layout
from album_sort.core.planning.plan import plan_filings
from album_sort.core.planning.pruning import with_left_out
from album_sort.fileops.apply import apply_plan
from album_sort.fileops.filesystem import RealFileSystem
from album_sort.fileops.picture import read_foreign
from album_sort.pipeline.fixing import find_photos, forget, look_at, remember_all, tell_album, tell_left_out
from album_sort.pipeline.hand import (
    all_titles,
    is_withheld,
    reading_of,
    remember_hand,
    see,
    told_album,
    unwanted,
    with_hand,
    with_names_elsewhere,
)
from album_sort.pipeline.policy import load_rules
from album_sort.state.store import DestinationState
from album_sort.types import DEFAULT_LAYOUT, AlbumId, Filing, Mode, Plan, RunId
from album_sort.types.corrections import Correction, CorrectionKind, HandReading
from album_sort.types.ledger import RunRecord, RunStatus
from album_sort.types.plan import refiled
from tests.destination_builders import Library, files

START = datetime(2026, 11, 22, tzinfo=UTC).replace(tzinfo=None)


@dataclass
class Home(Library):
    """A library, its albums, and a person who tidies up in them."""

    layout: str = DEFAULT_LAYOUT
    mode: Mode = Mode.COPY
    moments: Iterator[int] = field(default_factory=lambda: iter(range(1, 10_000)))

    def now(self) -> datetime:
        return START + timedelta(minutes=next(self.moments))

    def run(self) -> tuple[HandReading, Plan]:
        """What a run reads and does; it writes only what there is to write."""
        now = self.now()
        fs, rules, layout = RealFileSystem(), load_rules(), Layout.parse(self.layout)
        with DestinationState.open(self.albums) as state:
            picture = see(str(self.albums), state.records(), layout, rules)
            hand = reading_of(picture, state.corrections(), layout, rules, now)
            filings = [one for one in self._filings(hand, layout) if not is_withheld(one, hand)]
            picture = with_names_elsewhere(with_hand(picture, hand, {}), hand, filings, layout, rules)
            picture = read_foreign(str(self.albums), fs, picture, filings)
            run_id = f"{now:%Y%m%d-%H%M%S}-test"
            plan = plan_filings(
                filings, picture, mode=self.mode, destination=str(self.albums), created_utc=now, plan_id=RunId(run_id)
            )
            plan = with_left_out(plan, unwanted(picture, hand.corrections))
            check_plan(plan, picture)
            if plan.effects or picture.has_news or hand.has_news:
                state.remember_moves(picture)
                remember_hand(state, hand)
                journal = state.begin_run(
                    RunRecord(RunId(run_id), "sort", now, None, RunStatus.RUNNING, self.mode, ""), plan
                )
                apply_plan(plan, fs, journal, threads=1)
                state.finish_run(RunId(run_id), RunStatus.DONE, now)
            return hand, plan

    def _filings(self, hand: HandReading, layout: Layout) -> list[Filing]:
        """As the rules would have it, but where the person has said otherwise."""
        titles = all_titles(load_rules())
        folders = AlbumFolders(layout, titles, {})
        found = []
        for filing in self.current_filings():
            said = hand.corrections.get(filing.group_id)
            album = told_album(said, hand)
            if said is not None and said.keeps_out:
                continue
            if album is None or album not in titles:
                album = folders.album_of(filing.folder) or filing.album
                found.append(replace(filing, filed=refiled(filing.filed, album=album)))
            else:
                folder = folders.in_album(filing.folder, titles[album][0])
                found.append(replace(filing, filed=refiled(filing.filed, album=album, folder=folder)))
        return found

    def fix(self, *photos: str, album: str = "", leave_out: bool = False, forget_it: bool = False) -> None:
        """`fix` of photos by their paths below the library's root."""
        now = self.now()
        with DestinationState.open(self.albums) as state:
            albums = look_at(str(self.albums), state, Layout.parse(self.layout), load_rules(), now)
            meant = find_photos([str(self.root / photo) for photo in photos], albums)
            remember_all(state, albums)
            if forget_it:
                forget(state, {one.content_id for one in meant}, albums)
            elif leave_out:
                state.add_corrections(tell_left_out(meant, albums, now))
            else:
                state.add_corrections(tell_album(meant, AlbumId(album), albums, now))

    def move(self, old: str, new: str) -> None:
        """By hand; what lies at the new place must not be there yet."""
        target = self.albums / new
        target.parent.mkdir(parents=True, exist_ok=True)
        assert not os.path.lexists(target), new
        os.rename(self.albums / old, target)

    def delete(self, path: str) -> None:
        target = self.albums / path
        if target.is_dir():
            shutil.rmtree(target)
        else:
            target.unlink()

    def files(self) -> list[str]:
        return list(files(self.albums))

    def said(self) -> dict[str, Correction]:
        """All corrections, by the name of the photo's file."""
        with DestinationState.open_read_only(self.albums) as state:
            found = state.corrections()
        return {os.path.basename(one.place or one.note): one for one in found.values()}

    def albums_said(self) -> dict[str, str]:
        return {name: str(one.album) for name, one in self.said().items() if one.kind is CorrectionKind.MOVED}


def home(root: Path, layout: str = DEFAULT_LAYOUT, mode: Mode = Mode.COPY, *, photos: int = 4) -> Home:
    """Some photos in each of four albums, sorted once: `pets0.jpg` in `Pets/2024` ..."""
    made = Home(root, layout=layout, mode=mode)
    for title in ("Pets", "Food", "People", "Review"):
        for number in range(photos):
            folder = _rendered(layout, title)
            made.add(f"{title.lower()}{number}.jpg", f"{title} {number}".encode(), folder)
    made.run()
    return made


def _rendered(layout: str, title: str) -> str:
    fields = {"album": title, "year": "2024", "undated": "undated"}
    return Layout.parse(layout).render(fields)
