"""A saved plan beside the albums as they are by now: what it has done before, and what a person has decided since, is left alone. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from album_sort.types import Action, AlbumRelPath, ContentId, Plan, PlannedOp, Reason, Role, Skipped, Stage
from album_sort.types.corrections import Correction
from album_sort.types.ledger import DestinationPicture, LedgerRow

WhyUnwanted = Callable[[PlannedOp], Reason | None]
"""Why a person does not want a row's file in the albums; None for one that nobody has taken out."""

IsSourceGone = Callable[[LedgerRow], bool]
"""Whether a file in the albums has no source any more."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What is left of a plan."""

    plan: Plan
    """Rows that were done before are kept as they are; those that are left alone are missing."""
    left: tuple[Skipped, ...]
    """Files that are left where they are by now, each once with the reason."""


def replayed(
    plan: Plan,
    picture: DestinationPicture,
    corrections: Mapping[ContentId, Correction],
    why_unwanted: WhyUnwanted = lambda _op: None,
    is_source_gone: IsSourceGone = lambda _row: True,
) -> Replayed:
    """The plan without what has been done, or decided otherwise, since it was made.

    A plan that has just been made comes back as it is.
    """
    reader = _Reader(plan, picture, corrections, why_unwanted, is_source_gone)
    ops = [now for op in plan.ops if (now := reader.read(op)) is not None]
    return Replayed(replace(plan, ops=tuple(ops)), tuple(reader.left.values()))


class _Reader:
    def __init__(
        self,
        plan: Plan,
        picture: DestinationPicture,
        corrections: Mapping[ContentId, Correction],
        why_unwanted: WhyUnwanted,
        is_source_gone: IsSourceGone,
    ) -> None:
        self._plan, self._picture, self._corrections = plan, picture, corrections
        self._why_unwanted, self._is_source_gone = why_unwanted, is_source_gone
        self.left: dict[str, Skipped] = {}
        self._done = {op.op_id for op in plan.effects if self._is_done(op)}
        self._free = self._free_rows()
        self._reasons = {
            op.op_id: why for op in plan.effects if op.op_id not in self._done and (why := self._why_left(op))
        }
        left = [op for op in plan.effects if op.op_id in self._reasons and op.role is Role.PRIMARY]
        self._left_groups = {op.group_id: self._reasons[op.op_id] for op in left}

    def read(self, op: PlannedOp) -> PlannedOp | None:
        """The row as it is to be carried out now; None for one that is left alone."""
        if not op.action.has_effect:
            return op
        if op.op_id in self._done:
            return replace(op, action=Action.KEEP)
        # What goes with a photo (sidecars, links in other albums) stays with it.
        why = self._reasons.get(op.op_id)
        if why is None and op.action is not Action.TRASH:
            why = self._left_groups.get(op.group_id)
        if why is None:
            return op
        self.left.setdefault(op.source, Skipped(op.source, Stage.PLAN, why, is_problem=False))
        return None

    def _row_at(self, path: AlbumRelPath) -> LedgerRow | None:
        return self._picture.ledger.get(path) if path in self._picture.present else None

    def _is_done(self, op: PlannedOp) -> bool:
        if op.action is Action.TRASH:
            row = self._picture.ledger.get(op.origin)
            return row is None or row.content_id != op.content_id
        row = self._row_at(op.target)
        if row is None or row.content_id != op.content_id:
            return False
        if op.action is Action.RELINK:
            leads_there = row.origin == op.origin if op.is_link_to_album else row.source == op.source
            return leads_there and op.target not in self._picture.misplaced_links
        return True

    def _free_rows(self) -> dict[ContentId, list[LedgerRow]]:
        """The photos in the albums that no other row of the plan means, by content."""
        meant = {path for op in self._plan.ops for path in (op.target, op.origin)}
        found: defaultdict[ContentId, list[LedgerRow]] = defaultdict(list)
        for path, row in self._picture.ledger.items():
            if row.role is not Role.ALSO and path in self._picture.present and path not in meant:
                found[row.content_id].append(row)
        for op in self._plan.ops:
            if op.action is Action.KEEP and not op.is_link_to_album and self._row_at(op.target) is None:
                self._take(found, op)  # moved since
        return found

    @staticmethod
    def _take(rows_of: dict[ContentId, list[LedgerRow]], op: PlannedOp) -> LedgerRow | None:
        rows = rows_of.get(op.content_id)
        if not rows:
            return None
        row = next((row for row in rows if row.group_id == op.group_id), rows[0])
        rows.remove(row)
        return row

    def _why_left(self, op: PlannedOp) -> Reason | None:
        if op.action is Action.TRASH:
            return self._why_it_stays(op)
        if (why := self._why_unwanted(op)) is not None:
            return why
        if op.is_link_to_album or not (op.action.makes_a_file or op.action is Action.MOVE):
            return None
        there = self._row_at(op.origin)
        # Another photo may have come to where it was.
        if op.action is Action.MOVE and there is not None and there.content_id == op.content_id:
            return self._why_corrected(op)
        if (row := self._take(self._free, op)) is not None:
            return Reason.of("plan.filed-elsewhere", path=row.path)
        return self._why_corrected(op)

    def _why_it_stays(self, op: PlannedOp) -> Reason | None:
        """Of a file that the plan takes to the trash: nobody keeps it out any more, or its source is back."""
        if self._why_unwanted(op) is not None:
            return None
        row = self._row_at(op.origin)
        if not any(why.code == "plan.source-gone" for why in op.why):
            return Reason.of("plan.not-left-out")
        if row is not None and not self._is_source_gone(row):
            return Reason.of("plan.source-back", path=row.source)
        return self._why_corrected(op)

    def _why_corrected(self, op: PlannedOp) -> Reason | None:
        """A person's word on the photo's album that is younger than the plan."""
        said = self._corrections.get(op.group_id)
        is_other = said is not None and said.album not in ("", op.album) and said.created_utc > self._plan.created_utc
        return Reason.of("plan.corrected-since") if is_other else None
