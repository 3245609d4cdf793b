"""What a trip was about, told by its photos as a whole, and how far a photo that is unsure may lean on that."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from album_sort.types import AlbumId, Evidence, Reason

CITY_PHOTOS = 0.35
"""Buildings stand in the background of every trip: a city break shows them on a third of its photos and more."""


@dataclass(frozen=True, slots=True)
class ThemeRule:
    """An album that can be the theme of a trip."""

    album: AlbumId
    share: float
    """Least mean probability over the trip's photos."""
    kin: frozenset[AlbumId] = frozenset()
    """Themes that do not compete with it, since its photos show them too."""


# Shares are mean probabilities, so many half-sure photos count like few sure ones. The more of other trips' photos show
# an album by the way, the more it takes: nobody photographs skis except on skiing holidays, but a lake is on most trips.
THEMES: tuple[ThemeRule, ...] = (
    ThemeRule(AlbumId("winter-travel"), 0.15, kin=frozenset({AlbumId("mountains")})),
    ThemeRule(AlbumId("wildlife"), 0.25),
    ThemeRule(AlbumId("beach-sea"), 0.22),
    ThemeRule(AlbumId("mountains"), 0.22),
    ThemeRule(AlbumId("city"), CITY_PHOTOS),
)

CLEAR_LEAD = 1.2
"""The winner must lead the next theme, both measured against their shares, by this factor: else it was a mixed trip."""

MIN_THEME_PHOTOS = 5
"""Fewer scored photos say nothing about a trip."""

LEAN_CAP = 1.5
"""Most log-odds that the trip may add to a photo (e^1.5 = 4.5 to 1): a photo at 0.3 comes to 0.66, a receipt or a cat with
0.9 of its own stays what it is."""

SURE = 0.6
"""A photo with an album of its own at this probability does not lean on anything."""


@dataclass(frozen=True, slots=True)
class Theme:
    """The theme of a trip and why."""

    album: AlbumId
    share: float
    """Mean probability of the album over the trip's photos."""
    why: Reason


def trip_theme(scores: Sequence[Mapping[AlbumId, float]]) -> Theme | None:
    """The theme of a trip from its photos' album probabilities; None where none stands out."""
    if len(scores) < MIN_THEME_PHOTOS:
        return None
    means = {
        rule.album: math.fsum(sorted(photo.get(rule.album, 0.0) for photo in scores)) / len(scores) for rule in THEMES
    }
    ranked = sorted(THEMES, key=lambda rule: -means[rule.album] / rule.share)
    best = ranked[0]
    second = next(rule for rule in ranked[1:] if rule.album not in best.kin)
    lead, next_lead = means[best.album] / best.share, means[second.album] / second.share
    if lead < 1.0 or lead < CLEAR_LEAD * next_lead:
        return None
    share = means[best.album]
    return Theme(best.album, share, Reason.of("trip.theme", album=best.album, percent=round(100 * share)))


def lean_on_theme(theme: Theme | None, scores: Mapping[AlbumId, float]) -> tuple[Evidence, ...]:
    """What the trip's theme adds to one photo: nothing to a sure one, at most LEAN_CAP, less where the theme is weak."""
    if theme is None:
        return ()
    if max(scores.values(), default=0.0) >= SURE:
        return ()
    rule = next(rule for rule in THEMES if rule.album == theme.album)
    weight = LEAN_CAP * min(1.0, theme.share / (2 * rule.share))
    reason = Reason.of("trip.leans-on-theme", album=theme.album, percent=round(100 * theme.share))
    return (Evidence(theme.album, round(weight, 3), reason),)
