"""Photos in review that several of the same minute lift into an album, be these part of the run or not.

What has been lifted is remembered: a destination keeps what was decided, though the neighbours are deleted some day.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from album_sort.core.albums.neighbours import Voice, asks, is_lifted, near_in_time, voice_of, word_of_neighbours
from album_sort.pipeline.assigning import TOGETHER, Decider
from album_sort.pipeline.facts import Library
from album_sort.pipeline.net import Net
from album_sort.pipeline.remembered import Remembered
from album_sort.types import AlbumId, Assignment, ContentId, Evidence, Role
from album_sort.types.ledger import LedgerRow

_DIGITS = 16
"""Of a content id that are remembered: enough to tell ten million photos apart."""


def with_neighbours(
    library: Library, own: Sequence[Assignment], whole: Decider, remembered: Remembered, net: Net
) -> tuple[tuple[Assignment, ...], str]:
    """The assignments of a run's photos, with those that neighbours lift from review; and what is to be remembered of these."""
    lies_in = lying_where_lifted(remembered.records.ledger.values(), remembered.lifted)
    found = lift_by_neighbours(library, own, whole, lies_in, net)
    return found, lifted_as_text(found, lies_in)


def lift_by_neighbours(
    library: Library, own: Sequence[Assignment], whole: Decider, lies_in: Mapping[ContentId, AlbumId], net: Net
) -> tuple[Assignment, ...]:
    """The assignments of the run's photos (`library`), with those that neighbours lift from review.

    `whole`: decides about any photo of the library; of those that are not in the run, only neighbours of an unsure one are looked
    at. `lies_in`: what was lifted in earlier runs, and where it lies.
    """
    rules = whole.policy.rules
    asking = [n for n, one in enumerate(own) if asks(one, rules, lies_in.get(one.content_id))]
    if not asking:
        return tuple(own)
    number_of = {id(facts): number for number, facts in enumerate(whole.library.photos)}
    numbers = {n: number_of[id(library.photos[n])] for n in asking}
    near = near_in_time(whole.library.photos, numbers.values())
    known = dict(zip((number_of[id(facts)] for facts in library.photos), own, strict=True))
    others = {other for found in near.values() for other in found}
    known |= _decided(sorted(others - known.keys()), whole, net)
    voices = {other: voice_of(known[other], whole.policy) for other in others & known.keys()}
    # Copies of one photo may be dated differently; they go one way.
    around: defaultdict[ContentId, list[Voice]] = defaultdict(list)
    for n, number in numbers.items():
        around[own[n].content_id] += [voices[other] for other in near.get(number, ()) if other in voices]
    beside = {
        numbers[n]: word
        for n in asking
        for one in [own[n]]
        if (word := word_of_neighbours(one, around[one.content_id], rules, lies_in.get(one.content_id)))
    }
    lifted = _decided(sorted(beside), whole, net, beside)
    return tuple(
        again if (again := lifted.get(numbers.get(n, -1))) is not None and is_lifted(again) else one
        for n, one in enumerate(own)
    )


def _decided(
    numbers: Sequence[int], whole: Decider, net: Net, beside: Mapping[int, Evidence] | None = None
) -> dict[int, Assignment]:
    decided: dict[int, Assignment] = {}
    for start in range(0, len(numbers), TOGETHER):
        kept, found = net.together(
            numbers[start : start + TOGETHER],
            lambda number: whole.library.photos[number].group.primary.path,
            lambda some: whole.decide(some, beside),
        )
        decided.update(zip(kept, found, strict=True))
    return decided


def lying_where_lifted(ledger: Iterable[LedgerRow], lifted: frozenset[str]) -> dict[ContentId, AlbumId]:
    """Where photos lie that neighbours have lifted, by content."""
    if not lifted:
        return {}
    return {row.content_id: row.album for row in ledger if row.role is Role.PRIMARY and _key(row.content_id) in lifted}


def lifted_as_text(assignments: Iterable[Assignment], before: Mapping[ContentId, AlbumId]) -> str:
    """What a destination remembers of them: those of this run, and of the others those that still lie there."""
    decided = {one.content_id: is_lifted(one) for one in assignments}
    lifted = {content for content, is_still in decided.items() if is_still} | (before.keys() - decided.keys())
    return json.dumps(sorted(_key(content) for content in lifted))


def _key(content: ContentId) -> str:
    return content[:_DIGITS]
