"""Which trip of an earlier run a trip is: told by its members, never by its name, so that its folder stays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from hashlib import sha256

from album_sort.types import ContentId, KnownTrip

SHARED = 0.5
"""Half of the smaller one's members in common make two trips the same: a trip that grows stays itself."""


def same_trips(found: Sequence[frozenset[ContentId]], previous: Sequence[KnownTrip]) -> dict[int, KnownTrip]:
    """For the number of each found trip the earlier one it continues; each of both sides at most once.

    Pairs with more members in common go first: of two trips that grew together the larger one gives its name, and of one
    that fell apart the larger part keeps it.
    """
    owners: defaultdict[ContentId, list[int]] = defaultdict(list)
    for number, old in enumerate(previous):
        for member in old.members:
            owners[member].append(number)
    pairs: list[tuple[int, str, int, int]] = []
    for number, members in enumerate(found):
        shared: defaultdict[int, int] = defaultdict(int)
        for member in members:
            for owner in owners.get(member, ()):
                shared[owner] += 1
        for owner, count in shared.items():
            if count >= SHARED * min(len(members), len(previous[owner].members)):
                pairs.append((-count, previous[owner].trip_id, number, owner))
    same: dict[int, KnownTrip] = {}
    taken: set[int] = set()
    for _, _, number, owner in sorted(pairs):
        if number not in same and owner not in taken:
            same[number] = previous[owner]
            taken.add(owner)
    return same


def new_trip_id(earliest: ContentId) -> str:
    """Identity of a trip nobody has seen before: from its earliest photo."""
    return sha256(f"trip:{earliest}".encode()).hexdigest()[:16]
