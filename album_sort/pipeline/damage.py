"""Which file of a photo is damaged, how much of it is missing, and the sentence for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from album_sort.core.damage import damage_reason
from album_sort.types import PhotoFacts, Reason

if TYPE_CHECKING:
    from album_sort.pipeline.prepare import Preparation


class Damage(NamedTuple):
    """What is wrong with a photo."""

    share: float
    """Of the picture, 0 where that cannot be measured."""
    sentence: str


def damage_of(facts: PhotoFacts, preparation: Preparation) -> Damage | None:
    """The worst damage among the files of a photo; None for a sound one. A file other than the primary is named."""
    if facts.metadata.missing_share is None:
        return None
    shares = {}
    for file in facts.group.files:
        inspection = preparation.inspected.inspections.get(file.path)
        share = None if inspection is None else inspection.metadata.missing_share
        if share is not None:
            shares[file] = share
    worst = max(shares, key=lambda file: shares[file], default=facts.group.primary)
    share = shares.get(worst, facts.metadata.missing_share)
    reason = damage_reason(share)
    if reason is None:
        return None
    said = preparation.say(reason)
    if worst is not facts.group.primary:
        said = preparation.say(Reason.of("damage.of-file", file=worst.name, said=said))
    return Damage(share, said)
