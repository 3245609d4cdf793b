"""Writes the reports of a run: rows while files are filed, pages at the end, a further copy where asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from album_sort.classifier.labels import label_text, load_labels
from album_sort.core.dates.seasons import season_of
from album_sort.errors import DestinationError
from album_sort.operations.old_reports import thin_oldest_reports
from album_sort.operations.pages import (
    earlier_pages,
    earlier_rows,
    forget_oldest_pages,
    point_to_newest_page,
    runs_folder,
)
from album_sort.operations.program_call import program_call
from album_sort.operations.words import terminal_words
from album_sort.pipeline.carried import Carried, ThisRun
from album_sort.pipeline.clock import utc_now
from album_sort.pipeline.execute import Planned
from album_sort.pipeline.hand import moved_by_hand
from album_sort.pipeline.prepare import Preparation
from album_sort.pipeline.remembered import Remembered
from album_sort.pipeline.reporting import RowMaker, changes_since, hand_rows, refused_dates
from album_sort.report import (
    FORMATS,
    MOST_IN_ONE_FILE,
    PAGES,
    WORDS_FILE,
    JsonlReport,
    StoredRows,
    country_in_words,
    parse_words,
    relative_words,
    write_page,
    write_reports,
)
from album_sort.state.previews import PreviewStore
from album_sort.types import (
    TRAVEL,
    ModelRow,
    OpResult,
    PhotoRow,
    PlannedOp,
    Reason,
    ReportFooter,
    ReportHeader,
    ReportRow,
    RunReport,
    SettingRow,
    StageTiming,
    Trip,
)


@dataclass(frozen=True, slots=True)
class Copy:
    """What `--report` has written."""

    paths: tuple[Path, ...]
    notice: str = ""
    """Said where the page is more than the one file that was asked for."""


def is_page(place: Path) -> bool:
    """Whether `--report` names the page itself, and not a folder for all reports."""
    return place.suffix.lower() in (".html", ".htm") and not place.is_dir()


def in_parts(page: Path, lang: str) -> str:
    """What is said of a page that is too large for one file, which would take seconds to open."""
    folder = page.with_name(f"{page.stem}-files")
    return terminal_words(lang).text("page_in_parts", n=MOST_IN_ONE_FILE, page=page.name, folder=folder.name)


@dataclass(slots=True)
class ReportWriter:
    """The reports of one run."""

    preparation: Preparation
    planned: Planned
    remembered: Remembered
    settings: tuple[tuple[str, str, str], ...]
    """Name, value, origin."""
    version: str
    is_preview: bool
    timings: Mapping[str, StageTiming]
    """Of the stages that follow the preparation; they come in while the run goes on."""
    previews: PreviewStore
    """Where previews lie; more of them may come while the run goes on, until `revise`."""
    _maker: RowMaker | None = None
    _stream: JsonlReport | None = None
    _trouble: DestinationError | None = None
    """Why `report.jsonl` is not whole."""
    _told: ThisRun = field(default_factory=ThisRun)

    @property
    def run_folder(self) -> Path:
        """`ALBUMS/.album-sort/runs/<id>`."""
        return runs_folder(self.preparation.request.destination) / self.planned.plan.plan_id

    @property
    def maker(self) -> RowMaker:
        """Made when first needed."""
        if self._maker is None:
            self._maker = RowMaker.of(self.preparation, self.planned.plan, self._relative)
        return self._maker

    @contextmanager
    def streaming(self) -> Iterator[Callable[[PlannedOp, OpResult], None]]:
        """While files are filed: each photo's row is in `report.jsonl` a second later, so that a killed run leaves a report."""
        self.run_folder.mkdir(parents=True, exist_ok=True)
        with JsonlReport(self._stream_path, self._info()) as stream:
            self._stream = stream
            for skipped in self.maker.skipped_rows():
                self._told.add(skipped)
                stream.add(skipped)

            def on_result(op: PlannedOp, result: OpResult) -> None:
                for row in map(self._with_preview, self.maker.rows_of(op, result)):
                    self._told.add(row)
                    if self._trouble is None:
                        self._add(stream, row)

            yield on_result

    def _add(self, stream: JsonlReport, row: ReportRow) -> None:
        """A disk that does not take the report keeps no photo from being filed; `finish` tells of it."""
        try:
            stream.add(row)
        except DestinationError as error:
            self._trouble = error

    def _with_preview(self, row: ReportRow) -> ReportRow:
        return self._shown(row) if isinstance(row, PhotoRow) else row

    def _shown(self, photo: PhotoRow) -> PhotoRow:
        """With the preview that there is by now."""
        address = self.previews.address(photo.sha256)
        return photo if photo.preview == address else replace(photo, preview=address)

    def revise(self) -> None:
        """Tells, of the photos that are filed, of the previews that have been made since. Raises `DestinationError`."""
        if self._stream is not None and self._trouble is None:
            self._stream.revise(self._shown)

    def finish(self, exit_code: int, *, is_interrupted: bool) -> tuple[Path, ...]:
        """Completes the stream and writes the pages of the run, and the link to them at the top of the albums.

        Raises `DestinationError` or OSError where the disk does not take it.
        """
        if self._trouble is not None:
            raise self._trouble
        outcome = self._outcome(exit_code, is_interrupted=is_interrupted)
        if self._stream is not None:
            for row in self._carried_rows():
                self._stream.add(row)
            self._stream.finish(outcome)
        paths = self._write(self.run_folder, outcome, PAGES)
        destination = self.preparation.request.destination
        forget_oldest_pages(destination)
        thin_oldest_reports(destination)
        page = point_to_newest_page(destination)
        return (page,) if page is not None else paths

    def write_copy(self, place: Path, exit_code: int, *, is_interrupted: bool = False) -> Copy:
        """A further copy of the reports (`--report DIR`), or of the page alone (`--report FILE.html`); of a preview, the only one."""
        outcome = self._outcome(exit_code, is_interrupted=is_interrupted)
        if not is_page(place):
            return Copy(self._write(place, outcome, tuple(FORMATS)))
        words = parse_words(label_text(WORDS_FILE), self.preparation.lang)
        report = RunReport(self._info(), self._rows(), outcome)
        with self.preparation.engine.open_cache() as cache:
            is_whole = write_page(report, place, thumbnail=cache.thumbnail, words=words, labels=load_labels())
        return Copy((place,), in_parts(place, self.preparation.lang) if not is_whole else "")

    @property
    def _stream_path(self) -> Path:
        return self.run_folder / "report.jsonl"

    def _rows(self) -> Iterable[ReportRow]:
        """Those of the stream where there is one: what happened, not what was meant to; one row in memory at a time."""
        return self._rows_of_preview() if self._stream is None else StoredRows(self._stream_path)

    def _rows_of_preview(self) -> Iterator[ReportRow]:
        self._told = ThisRun()
        for row in map(self._with_preview, self.maker.rows()):
            self._told.add(row)
            yield row
        yield from self._carried_rows()

    def _carried_rows(self) -> Iterator[ReportRow]:
        """Of what is in the albums and not in this run; earlier reports know it, one of them at least, unless they are lost."""
        preparation = self.preparation
        carried = Carried(
            picture=self.planned.picture,
            title=preparation.title,
            trips={trip.trip_id: trip for trip in self.maker.trips},
            scanned=tuple(source for source in preparation.request.sources if os.path.isdir(source)),
            unexplained=preparation.say(Reason.of("albums.unexplained")),
            by_hand={
                content: (said.album, preparation.say(moved_by_hand(said)))
                for content, said in preparation.hand.corrections.items()
                if content in preparation.hand.pinned
            },
        )
        earlier = earlier_rows(preparation.request.destination, self.planned.plan.plan_id)
        return map(self._with_preview, carried.rows(self._told, earlier))

    def _outcome(self, exit_code: int, *, is_interrupted: bool) -> ReportFooter:
        preparation = self.preparation
        return ReportFooter(
            finished_utc=utc_now(),
            exit_code=exit_code,
            is_interrupted=is_interrupted,
            timings=(*preparation.timings, *self.timings.values()),
            trips=self.maker.trips,
            refused_dates=refused_dates(preparation),
            changes=changes_since(self.remembered, preparation, self.planned.plan),
            by_hand=tuple(hand_rows(preparation)),
        )

    def _write(self, folder: Path, outcome: ReportFooter, formats: Sequence[str]) -> tuple[Path, ...]:
        preparation = self.preparation
        words = parse_words(label_text(WORDS_FILE), preparation.lang)
        report = RunReport(self._info(), self._rows(), outcome)
        with preparation.engine.open_cache() as cache:
            return write_reports(
                report, folder, thumbnail=cache.thumbnail, words=words, labels=load_labels(), formats=formats
            )

    def _info(self) -> ReportHeader:
        preparation = self.preparation
        weights = preparation.engine.weights
        return ReportHeader(
            run_id=self.planned.plan.plan_id,
            program_version=self.version,
            started_utc=preparation.request.now_utc,
            destination=preparation.request.destination,
            sources=preparation.request.sources,
            mode=preparation.request.settings.mode,
            language=preparation.lang,
            is_preview=self.is_preview,
            model=ModelRow(
                weights.backbone.name,
                weights.backbone.title,
                weights.sha256,
                self._precision(),
                preparation.say(preparation.engine.notice) if preparation.engine.notice else "",
            ),
            settings=tuple(SettingRow(*row) for row in self.settings),
            albums=tuple(
                (album, preparation.title(album)) for album in dict.fromkeys((*preparation.policy.rules.albums, TRAVEL))
            ),
            covers=self.remembered.own_albums.covers,
            program_call=program_call(),
            earlier=()
            if self.is_preview
            else earlier_pages(preparation.request.destination, self.planned.plan.plan_id),
        )

    def _precision(self) -> str:
        """How the network ran, `int16, converted now`; where every answer was remembered, what was asked for."""
        return self.preparation.network_note or str(self.preparation.request.settings.precision)

    def _relative(self, trip: Trip) -> str:
        place = trip.place
        season = season_of(trip.start, place.lat_deg if place else None)
        today = self.preparation.request.now_utc.date()
        where = country_in_words(place.country, self.preparation.lang) if place else ""
        reason = relative_words(trip.start, today=today, season=season, where=where)
        return self.preparation.wording.say(reason, self.preparation.lang) if reason and place else ""
