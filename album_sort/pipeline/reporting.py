"""From decisions and a plan to the rows of a report: the same for a preview and for the run that follows it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from album_sort.classifier.labels import load_labels
from album_sort.core.dates.capture_time import RefusedTime
from album_sort.core.groups.bursts import find_bursts
from album_sort.core.quoting import shell_word
from album_sort.core.together import why_together
from album_sort.pipeline.damage import damage_of
from album_sort.pipeline.duplicates import Duplicates
from album_sort.pipeline.net import Net
from album_sort.pipeline.prepare import Preparation
from album_sort.pipeline.remembered import Remembered
from album_sort.types import (
    Action,
    ChangedPhoto,
    ContentId,
    HandRow,
    ImageStatistics,
    Inspection,
    OpResult,
    OpStatus,
    PhotoRow,
    PlaceRow,
    Plan,
    PlannedOp,
    Reason,
    RefusedDates,
    ReportRow,
    Role,
    RowAction,
    RunChanges,
    Skipped,
    SkippedRow,
    Stage,
    TakenRow,
    TopClass,
    Trip,
    TripRow,
)
from album_sort.types.corrections import CorrectionKind

RelativeWords = Callable[[Trip], str]
"""`last winter in Japan`: words of the day of the report."""


@dataclass(frozen=True, slots=True, eq=False)
class RowMaker:
    """Makes the row of each photo from its decision and its rows of the plan."""

    preparation: Preparation
    relative: RelativeWords
    _skipped: tuple[Skipped, ...] = ()
    """Those of the plan: with what it failed for."""
    _ops: dict[str, list[PlannedOp]] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)
    _bursts: dict[ContentId, ContentId] = field(default_factory=dict)
    _trips: dict[str, TripRow] = field(default_factory=dict)
    _net: Net = field(default_factory=Net)
    """What cannot be described is filed all the same."""
    _duplicates: Duplicates = field(default_factory=Duplicates)

    @classmethod
    def of(cls, preparation: Preparation, plan: Plan, relative: RelativeWords) -> RowMaker:
        """Ready to make rows for the photos of a plan."""
        maker = cls(preparation, relative, _skipped=plan.skipped, _net=Net(preparation.request.settings.strict))
        for op in plan.ops:
            maker._ops.setdefault(op.source, []).append(op)
        for number, facts in enumerate(preparation.library.photos):
            maker._numbers[facts.group.primary.path] = number
        maker._duplicates.add(plan.ops, (file for facts in preparation.library.photos for file in facts.group.files))
        _, bursts = maker._net.together(
            list(_items(preparation)), lambda item: item.file.path, find_bursts, apart=lambda _: ()
        )
        for burst in bursts:
            maker._bursts.update(dict.fromkeys(burst, burst[0]))
        for trip in preparation.library.trips:
            maker._trips[trip.trip_id] = maker._trip_row(trip)
        return maker

    @property
    def trips(self) -> tuple[TripRow, ...]:
        """All trips, in the order of their first days."""
        return tuple(self._trips.values())

    def rows(self) -> Iterator[ReportRow]:
        """What was left out before the plan, then all photos of the plan in path order."""
        yield from self.skipped_rows()
        for path in self._numbers:
            primary = next((op for op in self._ops.get(path, ()) if op.role is Role.PRIMARY), None)
            if primary is not None:  # else left out by its date; it has a skipped row
                yield from self._described(primary)

    def skipped_rows(self) -> Iterator[SkippedRow]:
        """What was left out before the plan."""
        return map(self._skipped_row, self._skipped)

    def _skipped_row(self, skipped: Skipped) -> SkippedRow:
        said = self.preparation.say(skipped.reason)
        return SkippedRow(skipped.path, skipped.stage, said, skipped.is_problem, skipped.reason)

    def rows_of(self, op: PlannedOp, result: OpResult) -> Iterator[ReportRow]:
        """What a row of the plan that has been tried adds to the report; nothing where the run ended before."""
        if result.status is OpStatus.FAILED:
            reason = not_filed(result.error)
            yield SkippedRow(op.source, Stage.APPLY, self.preparation.say(reason), is_problem=True, coded=reason)
        elif result.status is OpStatus.DONE and op.role is Role.PRIMARY and op.source in self._numbers:
            # With the action that really took place: a reflink may have become a copy.
            yield from self._described(op if result.action is op.action else replace(op, action=result.action))

    def _described(self, op: PlannedOp) -> Iterator[ReportRow]:
        """The row of a filed photo; where that fails, its name and that it did."""
        described = self._net.each([op], lambda one: one.source, self._photo_row)
        yield from (row for _, row in described)
        if not described:
            yield self._skipped_row(self._net.faults[op.source])

    def _photo_row(self, op: PlannedOp) -> PhotoRow:
        number = self._numbers[op.source]
        facts, assignment = self.preparation.library.photos[number], self.preparation.assignments[number]
        lang, wording, labels = self.preparation.lang, self.preparation.wording, load_labels()
        top = facts.prediction.top(3) if facts.prediction else ()
        damage = damage_of(facts, self.preparation)
        damage_said = () if damage is None else (damage.sentence,)
        why = (*assignment.reasons, *op.why, *why_together(facts.group, wording, lang))
        return PhotoRow(
            source=facts.group.primary.path,
            album=assignment.album,
            title=self.preparation.title(assignment.album),
            path=op.target,
            action=_row_action(op),
            sha256=facts.group.content_id,
            why=(*(wording.say(reason, lang) for reason in why), *damage_said),
            top=tuple(
                TopClass(score.class_index, labels.class_name(score.class_index, lang), score.probability)
                for score in top
            ),
            scores=tuple(
                (score.album, score.probability) for score in self.preparation.policy.likeliest(assignment.scores)
            ),
            taken=TakenRow.of(facts.capture_time, (wording.say(reason, lang) for reason in facts.time_why))
            if facts.capture_time
            else None,
            place=PlaceRow.of(facts.place) if facts.place else None,
            trip=self._trips[facts.trip.trip_id] if facts.trip else None,
            also=tuple(other.target for other in self._ops[op.source] if other.role is Role.ALSO),
            group=tuple(member.path for member in facts.group.members),
            similar_to=self._bursts.get(facts.group.content_id),
            by_hand=CorrectionKind.MOVED if facts.group.content_id in self.preparation.hand.pinned else "",
            size_bytes=op.size_bytes,
            duplicate_of=self._duplicates.stored_source(op),
            freed_bytes=self._duplicates.freed_bytes(
                [one for file in facts.group.files for one in self._ops.get(file.path, ())]
            ),
            damaged_share=None if damage is None else damage.share,
            camera=facts.metadata.camera,
            size_px=size_of(facts.statistics),
            people=facts.metadata.people,
        )

    def _trip_row(self, trip: Trip) -> TripRow:
        wording, lang = self.preparation.wording, self.preparation.lang
        place = trip.place
        return TripRow(
            trip_id=trip.trip_id,
            title=trip.title,
            start=trip.start,
            end=trip.end,
            why=tuple(wording.say(reason, lang) for reason in trip.why),
            place=f"{place.name}, {place.country}" if place else "",
            lat_deg=place.lat_deg if place else None,
            lon_deg=place.lon_deg if place else None,
            relative=self.relative(trip),
            is_day_trip=trip.is_day_trip,
        )


def size_of(statistics: ImageStatistics | None) -> tuple[int, int] | None:
    """Width and height in pixels of the upright picture, where it was seen."""
    if statistics is None or statistics.width_px < 1 or statistics.height_px < 1:
        return None
    return round(statistics.width_px), round(statistics.height_px)


def not_filed(error: str) -> Reason:
    """Why a row of the plan failed: what the system or the filing says of it is kept in parentheses."""
    return Reason.of("skip.not-filed", detail=error)


def _items(preparation: Preparation) -> Iterator[Inspection]:
    for record in preparation.records.photos:
        metadata = record.inspection.metadata
        if record.refused_times:
            # A clock that was never set gives the same moment to photos of years.
            refused = {refused.candidate for refused in record.refused_times}
            believed = tuple(one for one in metadata.time_candidates if one not in refused)
            metadata = replace(metadata, time_candidates=believed)
        yield replace(record.inspection, file=record.group.primary, metadata=metadata)


def _row_action(op: PlannedOp) -> RowAction:
    """The report's word: what was there before us and is the same counts as kept."""
    if op.action in (Action.ADOPT, Action.RELINK):
        return RowAction.KEEP
    return RowAction(op.action)


def refused_dates(preparation: Preparation) -> tuple[RefusedDates, ...]:
    """Dates that cannot be, by camera and reason, most photos first."""
    found: defaultdict[tuple[str, str], list[tuple[str, RefusedTime]]] = defaultdict(list)
    for record in preparation.records.photos:
        for refused in record.refused_times:
            found[record.metadata.camera, refused.reason.code].append((record.group.primary.path, refused))
    rows = []
    for (camera, _), photos in found.items():
        path, refused = photos[0]
        candidate = refused.candidate
        moment = candidate.local or candidate.utc
        rows.append(
            RefusedDates(
                camera=camera,
                photos=len(photos),
                value=str(moment) if moment else candidate.note,
                example=path,
                reason=preparation.wording.say(refused.reason, preparation.lang),
                # quoted: what a file says of its camera may be anything, and the line is made to be pasted
                hint=f"--clock {shell_word(f'{camera}=+365d')}" if camera else "",
            )
        )
    return tuple(sorted(rows, key=lambda row: (-row.photos, row.camera)))


def hand_rows(preparation: Preparation) -> Iterator[HandRow]:
    """What a person did in the albums since the last run."""
    for change in preparation.hand.changes:
        yield HandRow(change.kind, change.before, change.path, change.source)
    for album, title in preparation.hand.renamed:
        yield HandRow("renamed", preparation.base_title(album), title)


def changes_since(remembered: Remembered, preparation: Preparation, plan: Plan) -> RunChanges | None:
    """What is different from the last run; None for the first."""
    if remembered.last_run is None:
        return None
    before = {row.path: row for row in remembered.records.ledger.values()}
    primaries = [op for op in plan.ops if op.role is Role.PRIMARY]
    moved = tuple(
        ChangedPhoto(op.source, preparation.title(before[op.origin].album), preparation.title(op.album))
        for op in primaries
        if op.action is Action.MOVE and op.origin in before and before[op.origin].album != op.album
    )
    now = Counter(op.content_id for op in primaries)
    unwanted = {content for content, said in preparation.hand.corrections.items() if said.keeps_out}
    gone = {row.content_id for row in before.values() if row.role is Role.PRIMARY} - now.keys() - unwanted
    run_id, started_utc = remembered.last_run
    return RunChanges(
        previous_run_id=run_id,
        previous_started_utc=started_utc,
        added=sum(op.action.makes_a_file for op in primaries),
        gone=len(gone & preparation.rest.gone_contents),
        elsewhere=len(gone),
        moved=moved,
    )
