"""Pictures of which a part is missing: in words that send somebody to their backup."""

from __future__ import annotations

from album_sort.types import Reason

LEAST_SHARE = 0.005
"""What is less cannot be told from the picture's own last rows."""

# Up to which share which words are true; between them, the number itself.
_WORDS = (
    (0.22, 0.28, "damage.quarter"),
    (0.30, 0.37, "damage.third"),
    (0.46, 0.54, "damage.half"),
    (0.63, 0.70, "damage.two-thirds"),
    (0.72, 0.78, "damage.three-quarters"),
)


def damage_reason(missing_share: float | None) -> Reason | None:
    """What to say of a photo that decodes only in part; None for a sound one.

    `missing_share` is `Metadata.missing_share`: the share of the picture that is missing, 0 where that cannot be measured.
    """
    if missing_share is None:
        return None
    if missing_share < LEAST_SHARE:
        return Reason.of("damage.visible")
    for low, high, code in _WORDS:
        if low <= missing_share <= high:
            return Reason.of(code)
    return Reason.of("damage.percent", percent=max(1, round(100 * missing_share)))
