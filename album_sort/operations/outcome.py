"""What a run has come to, as a value: printed at its end, and kept so that an unchanged library is told in the same words."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from album_sort.errors import ExitCode
from album_sort.events import RunFinished
from album_sort.pipeline.damage import damage_of
from album_sort.pipeline.duplicates import Duplicates
from album_sort.pipeline.reporting import not_filed
from album_sort.types import LANGUAGES, REVIEW, Action, AlbumId, OpStatus, PlannedOp, Role, RunChanges, Stage

if TYPE_CHECKING:  # whoever prints takes outcomes, and most commands have none
    from album_sort.fileops.apply import Applied
    from album_sort.operations.known_problems import KnownProblems
    from album_sort.pipeline.execute import Planned
    from album_sort.pipeline.prepare import Preparation


@dataclass(frozen=True, slots=True)
class AlbumLine:
    """One album of the summary."""

    album: AlbumId
    title: str
    photos: int
    new: int
    """Photos that this run files (or would)."""
    example: str
    """Path of one of them in the destination: a new one, where there is one."""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """The figures of a summary."""

    albums: tuple[AlbumLine, ...]
    """Largest first, review last."""
    problems: tuple[tuple[str, str, str], ...]
    """Path, stage and reason of what could not be processed."""
    trips: int
    clashes: int
    expected_bytes: int
    actions: dict[str, int]
    damaged: tuple[tuple[str, str], ...] = ()
    """Path and sentence of each photo that decodes only in part, in path order."""
    duplicate_bytes: int = 0
    """What deleting the duplicates among the sources would free."""
    left: int = 0
    """Photos that an interrupted run did not come to."""
    waiting: int = 0
    """Photos that `--limit` leaves for later runs."""
    would_follow: int = 0
    """Photos that corrections would move, if somebody said so."""

    @property
    def photos(self) -> int:
        """Photos in albums, review included."""
        return sum(album.photos for album in self.albums)

    def as_text(self) -> str:
        """For the state."""
        return json.dumps(asdict(self))

    @classmethod
    def again(cls, text: str) -> RunSummary:
        """The same figures of a library in which nothing is new; raises ValueError, KeyError or TypeError for other texts."""
        values = json.loads(text)
        albums = tuple(AlbumLine(**{**line, "new": 0}) for line in values["albums"])
        duplicates = values["actions"].get(Action.DUPLICATE.value, 0)
        kept = sum(values["actions"].values()) - duplicates
        return cls(
            albums=albums,
            problems=tuple((path, stage, reason) for path, stage, reason in values["problems"]),
            trips=values["trips"],
            clashes=0,
            expected_bytes=0,
            actions={Action.KEEP.value: kept, Action.DUPLICATE.value: duplicates},
            damaged=tuple((path, said) for path, said in values.get("damaged", ())),
            duplicate_bytes=values.get("duplicate_bytes", 0),
            waiting=values.get("waiting", 0),
            would_follow=values.get("would_follow", 0),
        )


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a run (or preview) has come to."""

    preparation: Preparation | None
    """None, as the plan, where nothing had changed since the last run."""
    planned: Planned | None
    applied: Applied | None
    """None where nothing was carried out."""
    sources: tuple[str, ...]
    is_preview: bool = False
    report_paths: tuple[Path, ...] = ()
    known_summary: RunSummary | None = None
    changes: RunChanges | None = None
    """Against the last run; None for the first."""
    language: str = LANGUAGES[0]
    """Of a run without a preparation."""
    has_no_report: bool = False
    """The disk did not take the report of what was filed."""

    @property
    def lang(self) -> str:
        """Language of the run."""
        return self.preparation.lang if self.preparation is not None else self.language

    def with_reports(self, paths: tuple[Path, ...]) -> Outcome:
        """The same, with its reports."""
        return replace(self, report_paths=paths)

    @cached_property
    def summary(self) -> RunSummary:
        """The figures."""
        if self.known_summary is not None or self.preparation is None or self.planned is None:
            return self.known_summary or RunSummary((), (), 0, 0, 0, {})
        ops = self.planned.plan.ops
        failed, left = self._failed, self._left
        done = [op for op in ops if op.op_id not in failed and op.op_id not in left]
        say = self.preparation.say
        problems = [(one.path, one.stage.value, say(one.reason)) for one in self.planned.plan.skipped if one.is_problem]
        problems += [(op.source, "apply", say(not_filed(failed[op.op_id]))) for op in ops if op.op_id in failed]
        return RunSummary(
            albums=_album_lines([op for op in done if _is_photo(op)], self.preparation),
            problems=tuple(problems),
            trips=len(self.preparation.library.trips),
            clashes=sum(any(reason.code == "plan.clash" for reason in op.why) for op in done),
            expected_bytes=self.planned.plan.expected_bytes,
            actions=dict(Counter(op.action.value for op in done)),
            damaged=_damaged(self.preparation),
            duplicate_bytes=_duplicate_bytes(done, self.preparation),
            left=sum(_is_photo(op) and op.op_id in left for op in ops),
            waiting=self.preparation.waiting,
            would_follow=self.preparation.by_corrections.offered,
        )

    @cached_property
    def _failed(self) -> dict[int, str]:
        results = self.applied.results if self.applied is not None else ()
        return {result.op_id: result.error for result in results if result.status is OpStatus.FAILED}

    @cached_property
    def _left(self) -> frozenset[int]:
        results = self.applied.results if self.applied is not None else ()
        return frozenset(result.op_id for result in results if result.status is OpStatus.SKIPPED)

    @property
    def exit_code(self) -> ExitCode:
        """By the table in `errors`."""
        if self.applied is not None and self.applied.stopped_by == "interrupted":
            return ExitCode.INTERRUPTED
        if self.applied is not None and self.applied.stopped_by:
            return ExitCode.FATAL
        return ExitCode.PARTIAL if self.summary.problems or self._left_work else ExitCode.DONE

    @property
    def is_first(self) -> bool:
        """Whether nothing was in the albums before."""
        return self.preparation is not None and self.changes is None

    @property
    def _left_work(self) -> bool:
        """Whether the next run has to finish something, although every photo is in its place."""
        return self.has_no_report or (self.applied is not None and bool(self.applied.untidy))

    @property
    def is_complete(self) -> bool:
        """Whether all of the plan was carried out, and every file could be read: else a run over the same files may find more.

        A disk that answers again, or a permission that was given, leaves no trace in a file's size and date.
        """
        if self.preparation is not None and any(
            skipped.stage is Stage.READ and skipped.is_problem for skipped in self.preparation.skipped
        ):
            return False
        return self.applied is None or (not self.applied.stopped_by and not self._failed and not self._left_work)

    def as_event(self, known: KnownProblems) -> RunFinished:
        """For a log."""
        summary, actions = self.summary, self.summary.actions
        return RunFinished(
            run_id=self.planned.plan.plan_id if self.planned is not None and self.applied is not None else "",
            photos=summary.photos,
            filed=sum(count for action, count in actions.items() if Action(action).makes_a_file),
            moved=actions.get(Action.MOVE.value, 0),
            problems=len(summary.problems),
            known_problems=sum(known.knows(*one) for one in summary.problems),
            exit_code=int(self.exit_code),
        )

    @property
    def inferences(self) -> int:
        """Photos that a network has looked at."""
        return self.preparation.inspected.inference_count if self.preparation is not None else 0

    @property
    def destination(self) -> str:
        """The albums' folder, as given; empty where nothing was decided."""
        return self.preparation.request.destination if self.preparation is not None else ""

    @property
    def network(self) -> str:
        """Name of the network."""
        return self.preparation.engine.weights.backbone.title if self.preparation is not None else ""

    @property
    def network_note(self) -> str:
        """What has looked at the photos, and how; empty where every answer was remembered."""
        note = self.preparation.network_note if self.preparation is not None else ""
        return f"{self.network}, {note}" if note else ""


def _damaged(preparation: Preparation) -> tuple[tuple[str, str], ...]:
    found = ((facts.group.primary.path, damage_of(facts, preparation)) for facts in preparation.library.photos)
    return tuple((path, damage.sentence) for path, damage in found if damage is not None)


def _duplicate_bytes(ops: list[PlannedOp], preparation: Preparation) -> int:
    if not any(op.action is Action.DUPLICATE for op in ops):
        return 0
    duplicates = Duplicates()
    duplicates.add(ops, (file for facts in preparation.library.photos for file in facts.group.files))
    return duplicates.freed_bytes(ops)


def _is_photo(op: PlannedOp) -> bool:
    return op.role is Role.PRIMARY and op.action is not Action.TRASH


def _album_lines(photos: list[PlannedOp], preparation: Preparation) -> tuple[AlbumLine, ...]:
    by_album: defaultdict[AlbumId, list[PlannedOp]] = defaultdict(list)
    for op in photos:
        by_album[op.album].append(op)
    return tuple(
        AlbumLine(
            album,
            preparation.title(album),
            len(ops),
            sum(op.action.has_effect for op in ops),
            min(op.target for op in ([op for op in ops if op.action.has_effect] or ops)),
        )
        for album, ops in sorted(by_album.items(), key=lambda item: (item[0] == REVIEW, -len(item[1]), item[0]))
    )
