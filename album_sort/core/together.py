"""Why files are one photo, as a person reads it: each file by its name, with the proof that it belongs to the photo."""

from __future__ import annotations

from collections.abc import Iterator

from album_sort.core.wording import Wording
from album_sort.types import PhotoGroup, Reason


def why_together(group: PhotoGroup, wording: Wording, lang: str) -> Iterator[Reason]:
    """One reason for each member of a group, in their order; none for a photo that is a single file."""
    for member, why in zip(group.members, group.why, strict=True):
        yield Reason.of("group.belongs", file=member.name, said=wording.say(why, lang))
