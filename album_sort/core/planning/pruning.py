"""Outputs whose source is gone: taken to the trash folder when the user asks for it, and only a limited share of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from album_sort.errors import UsageError
from album_sort.sentences import sentence
from album_sort.types import Action, Plan, PlannedOp, Reason
from album_sort.types.ledger import DestinationPicture, LedgerRow

MAX_SHARE = 0.2
"""A library that lost more than this at once is more likely a disk that is not mounted."""


def orphans(plan: Plan, picture: DestinationPicture) -> list[LedgerRow]:
    """Files that we made, that are there, and whose content this plan speaks of no more; in path order.

    The caller has to leave out those whose source still exists (a run may have looked at a part of the photos only).
    """
    contents = {op.content_id for op in plan.ops}
    rows = picture.ledger.values()
    found = [
        row
        for row in rows
        if row.content_id not in contents and row.path in picture.present and row.action is not Action.ADOPT
    ]
    return sorted(found, key=lambda row: row.path)


def with_prune(
    plan: Plan, gone: Iterable[LedgerRow], made: Collection[LedgerRow], *, max_share: float = MAX_SHARE
) -> Plan:
    """The plan with rows that take `gone` to the trash; raises `UsageError` when that is more than `max_share` of `made`."""
    gone = tuple(gone)
    if len(gone) > max_share * len(made):
        raise UsageError(
            sentence("plan.of-photos-here-have", n=len(gone), n2=len(made), max_share=f"{max_share:.0%}"),
            hint=sentence("plan.check-that-all-disks"),
        )
    trash = (_to_trash(row, Reason.of("plan.source-gone", path=row.source)) for row in gone)
    return _and_then(plan, trash)


def with_left_out(plan: Plan, rows: Iterable[LedgerRow]) -> Plan:
    """The plan with rows that take to the trash what the user wants to have out of the albums; what we only found there stays."""
    reason = Reason.of("plan.left-out")
    return _and_then(plan, (_to_trash(row, reason) for row in rows if row.action is not Action.ADOPT))


def _and_then(plan: Plan, ops: Iterable[PlannedOp]) -> Plan:
    first = max((op.op_id for op in plan.ops), default=0) + 1
    numbered = tuple(replace(op, op_id=number) for number, op in enumerate(ops, first))
    return replace(plan, ops=plan.ops + numbered) if numbered else plan


def _to_trash(row: LedgerRow, why: Reason) -> PlannedOp:
    return PlannedOp(0, Action.TRASH, row.filed, row.size_bytes, row.mtime_ns, row.path, row.path, (why,))
