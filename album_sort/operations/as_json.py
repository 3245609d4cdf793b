"""Events and outcomes as programs take them: one JSON object each, with the names that `--json` has promised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from album_sort.core.dates.told import told_text
from album_sort.events import (
    Event,
    FileLeftOut,
    MachineChanged,
    MachineLooked,
    Notice,
    OpFinished,
    StageFinished,
    StageStarted,
)
from album_sort.types import REVIEW
from album_sort.types.corrections import Correction, HandReading
from album_sort.types.ledger import RunRecord
from album_sort.types.told import ToldFact, ToldPlace, ToldTime, ToldTrip, ToldValue

if TYPE_CHECKING:  # most commands have none
    from album_sort.operations.changes import ChangesPlan
    from album_sort.operations.explain import Explained
    from album_sort.operations.fix import SaidByHand
    from album_sort.operations.outcome import Outcome
    from album_sort.operations.review import Waiting
    from album_sort.operations.undo import TakenBack


def event_as_json(event: Event) -> dict[str, object] | None:
    """What a program may want to know; None for what is for eyes."""
    return _of_other_machines(event) if isinstance(event, MachineChanged | MachineLooked) else _of_the_run(event)


def _of_other_machines(event: MachineChanged | MachineLooked) -> dict[str, object]:
    if isinstance(event, MachineChanged):
        return {"event": "worker", "worker": event.worker, "state": event.state}
    return {
        "event": "looked",
        "worker": event.worker,
        "files": event.files,
        "seconds": round(event.seconds, 3),
        "per_second": round(event.per_second, 1),
    }


def _of_the_run(event: Event) -> dict[str, object] | None:
    match event:
        case StageStarted(stage, total):
            return {"event": "stage_started", "stage": stage, "total": total}
        case StageFinished(stage, done, seconds):
            return {"event": "stage_finished", "stage": stage, "done": done, "seconds": round(seconds, 3)}
        case Notice(text):
            return {"event": "notice", "text": text}
        case FileLeftOut(skipped, said):
            return {
                "event": "left_out",
                "source": skipped.path,
                "stage": skipped.stage,
                "reason": said,
                "code": skipped.reason.code,
            }
        case OpFinished(op, result):
            return {
                "event": "file",
                "source": op.source,
                "target": op.target,
                "action": result.action,
                "status": result.status,
                "error": result.error,
            }
        case _:
            return None


def outcome_as_json(outcome: Outcome) -> dict[str, object]:
    """The figures of a run or a preview."""
    summary = outcome.summary
    return {
        "event": "summary",
        "photos": summary.photos + len(summary.problems),
        "albums": {album.album: album.photos for album in summary.albums},
        "review": sum(album.photos for album in summary.albums if album.album == REVIEW),
        "skipped": len(summary.problems),
        "damaged": len(summary.damaged),
        "duplicate_bytes": summary.duplicate_bytes,
        "actions": dict(summary.actions),
        "inferences": outcome.inferences,
        "would_follow": summary.would_follow,
        "expected_bytes": summary.expected_bytes,
        "by_hand": hand_as_json(outcome.preparation.hand) if outcome.preparation is not None else {},
        "preview": outcome.is_preview,
        "reports": [str(path) for path in outcome.report_paths],
        "exit_code": int(outcome.exit_code),
    }


def hand_as_json(hand: HandReading) -> dict[str, object]:
    """Counts of what was read for the first time, by kind; for `--json`."""
    counts = Counter(change.kind.value for change in hand.changes)
    return {**counts, **({"renamed": len(hand.renamed)} if hand.renamed else {})}


def run_as_json(run: RunRecord) -> dict[str, object]:
    """One run of a destination."""
    return {
        "run": run.run_id,
        "command": run.command,
        "started_utc": run.started_utc.isoformat(),
        "finished_utc": run.finished_utc.isoformat() if run.finished_utc else None,
        "status": run.status,
        "continues": run.continues or None,
        "mode": run.mode,
        "done": run.done,
        "failed": run.failed,
    }


def undone_as_json(taken: TakenBack) -> dict[str, object]:
    """What came of an undo."""
    row: dict[str, object] = {"event": "undone", "run": taken.run_id, "undone": taken.taken, "left": len(taken.left)}
    return {**row, "was_killed": True} if taken.undone is None else row


def explained_as_json(explained: Explained) -> dict[str, object]:
    """A photo with the reasons for its album, under headings."""
    return {"photo": explained.source, "sections": {one.heading: list(one.lines) for one in explained.sections}}


def waiting_as_json(waiting: Waiting) -> Iterator[dict[str, object]]:
    """Each photo that waits for a person's word."""
    for kind, paths in (("unsure", waiting.unsure), ("deleted", waiting.deleted)):
        for path in paths:
            yield {"kind": kind, "path": path}


def said_as_json(said: SaidByHand) -> Iterator[dict[str, object]]:
    """Everything that was said or done by hand in a destination, in the order of `SaidByHand`."""
    yield from map(_correction_as_json, said.corrections)
    yield from map(_fact_as_json, said.facts)
    for folder, actual in sorted(said.aliases.items()):
        yield {"kind": "renamed", "folder": folder, "now": actual}
    own = said.own_albums
    for kind, pairs in (("made", own.made), ("called", own.called), ("merged", own.merged), ("cover", own.covers)):
        for album, now in pairs:
            yield {"kind": kind, "album": album, "now": now}


def _correction_as_json(said: Correction) -> dict[str, object]:
    """What a person has said of a photo, or done with it."""
    return {
        "kind": said.kind,
        "sha256": said.content_id,
        "album": said.album,
        "told_utc": said.created_utc.isoformat(),
        "photo": said.note,
        "place": said.place,
    }


def _fact_as_json(fact: ToldFact) -> dict[str, object]:
    """What a person has said of when, where or on which trip a photo was taken."""
    return {
        "kind": fact.about,
        "sha256": fact.content_id,
        "said": said_in_words(fact.value),
        "told_utc": fact.created_utc.isoformat(),
        "photo": fact.note,
    }


def said_in_words(value: ToldValue) -> str:
    """As somebody said it: `1987-07`, `Kyoto`, `Honeymoon`."""
    match value:
        case ToldTime():
            return told_text(value)
        case ToldPlace():
            return value.name
        case ToldTrip():
            return value.title


def changes_as_json(plan: ChangesPlan, run_id: str | None) -> dict[str, object]:
    """What changes come to, or have come to."""
    return {
        "event": "changes",
        "run": run_id,
        "moves": [
            {
                "sha256": move.photo,
                "action": move.action,
                "from": move.origin,
                "to": move.target,
                "album": move.album,
                "why": list(move.why),
            }
            for move in plan.moves
        ],
        "staying": [{"sha256": move.photo, "path": move.origin, "why": list(move.why)} for move in plan.staying],
        "files": plan.files,
        "remembered": plan.remembered,
        "notes": list(plan.notes),
    }
