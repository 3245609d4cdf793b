"""The tool checks its own promise before it writes: what must be true of every plan, whoever made it."""

from __future__ import annotations

from collections.abc import Iterator

from album_sort.core.file_names import fold
from album_sort.core.planning.naming import is_safe
from album_sort.errors import AlbumSortError
from album_sort.sentences import sentence
from album_sort.types import Action, Plan, PlannedOp
from album_sort.types.ledger import DestinationPicture


class PlanRefused(AlbumSortError):
    """A plan that would break a promise; nothing of it is carried out."""


def check_plan(plan: Plan, picture: DestinationPicture) -> None:
    """Raise `PlanRefused` with the first faults, if there are any."""
    faults = list(_faults(plan, picture))
    if faults:
        shown = "; ".join(faults[:5])
        raise PlanRefused(
            sentence("plan.the-plan-breaks-rule", n=len(faults), shown=shown),
            hint=sentence("plan.nothing-was-written-if"),
        )


def _faults(plan: Plan, picture: DestinationPicture) -> Iterator[str]:
    claimed: dict[str, PlannedOp] = {}
    effects = plan.effects
    prefix = plan.destination.rstrip("/") + "/"
    sources = {op.source for op in effects if op.source.startswith(prefix)}
    leaving = {op.origin: op.op_id for op in effects if op.action is Action.MOVE}
    for op in effects:
        if not is_safe(op.target) or (op.origin and not is_safe(op.origin)):
            yield sentence("plan.from-does-not-stay", target=op.target, origin=op.origin or op.source)
            continue
        other = claimed.setdefault(fold(op.target), op)
        if other is not op:
            yield sentence("plan.and-would-both-be", source=op.source, source2=other.source, target=op.target)
        if sources and op.action is not Action.ADOPT and prefix + op.target in sources:
            yield sentence("plan.would-be-written-over", target=op.target)
        if (op.action.makes_a_file or op.action is Action.MOVE) and op.target in picture.present:
            leaves = leaving.get(op.target)
            if leaves is None or leaves >= op.op_id:
                yield sentence("plan.exists-already", target=op.target)
        if op.action in (Action.MOVE, Action.TRASH) and op.origin not in picture.ledger:
            yield sentence("plan.was-not-made-by", origin=op.origin)
