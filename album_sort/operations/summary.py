"""What is said at the end of a run, in sentences: any adapter shows the same ones."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from album_sort.operations.known_problems import Problem
from album_sort.operations.outcome import Outcome
from album_sort.operations.program_call import program_call
from album_sort.report import Words
from album_sort.types import REVIEW, Action

_UNITS = ("B", "kB", "MB", "GB", "TB")


def totals(words: Words, outcome: Outcome) -> Iterator[str]:
    """How many photos went where, and what else has happened to files."""
    summary, actions = outcome.summary, Counter(outcome.summary.actions)
    is_done = outcome.applied is not None
    review = sum(album.photos for album in summary.albums if album.album == REVIEW)
    yield words.text(
        "totals",
        photos=words.text("counted_photos", n=summary.photos + len(summary.problems)),
        filed=summary.photos - review,
        albums=words.text("albums", n=sum(album.album != REVIEW for album in summary.albums)),
        review=review,
        skipped=len(summary.problems),
    )
    duplicates = actions[Action.DUPLICATE]
    if summary.trips:
        yield words.text("trips", n=summary.trips)
    if duplicates:
        key = "duplicates_free" if summary.duplicate_bytes else "duplicates"
        yield words.text(key, n=duplicates, size=_size(summary.duplicate_bytes))
    for key, count in (
        ("trashed" if is_done else "trash", actions[Action.TRASH]),
        ("moved" if is_done else "moves", actions[Action.MOVE]),
        ("clashes", summary.clashes),
        ("left", summary.left),
        ("waiting", summary.waiting),
    ):
        if count:
            yield words.text(key, n=count)


def remarks(words: Words, outcome: Outcome, *, verbose: bool) -> Iterator[str]:
    """What is to be known beside the photos: space, the network."""
    if outcome.summary.would_follow:
        call = f"{program_call()} … --learn auto --dry-run"
        yield words.text("would_follow", n=outcome.summary.would_follow, call=call)
    if outcome.is_preview:
        yield words.text("space_needed", size=_size(outcome.summary.expected_bytes))
    elif outcome.applied is None:
        yield words.text("nothing_new")
    elif verbose and outcome.network_note:
        yield words.text("network", network=outcome.network_note)
    elif verbose:
        yield words.text("network", network=words.text("all_remembered", network=outcome.network))


def pages(outcome: Outcome) -> Iterator[Path]:
    """The pages of the report."""
    return (path for path in outcome.report_paths if path.suffix == ".html")


def grouped(problems: Sequence[Problem]) -> list[tuple[tuple[str, str], list[str]]]:
    """The paths of what could not be processed, by reason and stage, those first that concern most files."""
    by_reason: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for path, stage, reason in problems:
        by_reason[reason, stage].append(path)
    return sorted(by_reason.items(), key=lambda item: -len(item[1]))


def _size(count: int) -> str:
    value = float(count)
    for unit in _UNITS:
        if value < 1000 or unit == _UNITS[-1]:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return ""
