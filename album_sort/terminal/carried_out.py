"""What came of a plan that was carried out."""

from __future__ import annotations

from collections.abc import Sequence

from album_sort.operations.apply import AppliedPlan
from album_sort.sentences import sentence
from album_sort.terminal.layout import err_console, out_console, printable, say
from album_sort.types import OpResult

_MOST_LEFT = 20
"""Files that are named; a whole plan applied twice would fill the screen."""


def tell_applied(done: AppliedPlan) -> None:
    """How many files were filed, how many were refused, and which were left as they are."""
    if done.is_idle:
        say(out_console(), sentence("command.applied-idle"))
    else:
        say(out_console(), sentence("command.applied", n=done.done, failed=len(done.failed), run=done.plan.plan_id))
    if done.left:
        say(out_console(), sentence("command.applied-left", n=len(done.left)))
    for path, why in done.left_in_words(_MOST_LEFT):
        say(out_console(), f"{printable(path)}: {printable(why)}", indent=2, hanging=4)
    if len(done.left) > _MOST_LEFT:
        say(out_console(), "...", indent=2)


def tell_refused(done: AppliedPlan) -> None:
    """Each file that was refused, and why; and what stopped the rest."""
    sources = {op.op_id: op.source for op in done.plan.ops}
    for result in done.failed:
        said = f"{printable(sources[result.op_id])}: {printable(result.error)}"
        say(err_console(), said, indent=2, hanging=4)
    if done.applied.stopped_by:
        say(err_console(), sentence("command.stopped-early", why=done.applied.stopped_by))


def tell_failures(failed: Sequence[OpResult], stopped_by: str) -> None:
    """The same of a change, whose photos have been named."""
    for result in failed:
        say(err_console(), printable(result.error), indent=2, hanging=4)
    if stopped_by:
        say(err_console(), printable(stopped_by))
