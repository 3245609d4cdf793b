"""The time of day behind a date in a name."""

from __future__ import annotations

import re

from album_sort.metadata.date_words import EAST_ASIAN_CLOCK, clock_of
from album_sort.metadata.filename.shape import Shape
from album_sort.metadata.moment import HALF_OF_DAY, Clock, microseconds

# Between date and time: signs, or what the systems that name screenshots write there in their languages
# (`at`, `um`, `alle ore`, `a la(s)`, `kl.`, `ב-`): short words in small letters.
_SIGNS = r"[\s_\-.,T~]{0,3}"
_WORDS = r"[\s_,]{1,2}(?:(?![A-Z])[^\W\d_]{1,5}(?:\([^\W\d_]{1,2}\))?\.?[\s_\-]{1,2}|[^\W\d_]-){1,2}"
_HALF = rf"(?P<half1>{HALF_OF_DAY})?\s?"
_BEHIND = r"(?:\s?(?P<half2>[AaPp]\.?\s?[Mm]|[πμ]\.?\s?μ|[صم]|SA|CH)\b)?"

_SECONDS = re.compile(
    rf"(?P<gap>{_SIGNS}){_HALF}(?P<hour>\d{{1,2}})(?P<sep>[-_.: h]?)(?P<minute>\d\d)(?:(?P=sep)|m)(?P<second>\d\d)"
    rf"(?P<fraction>\d{{2,3}})?(?!\d){_BEHIND}"
)
_SECONDS_WITH_WORD = re.compile(
    rf"(?P<gap>{_WORDS}){_HALF}(?P<hour>\d{{1,2}})(?P<sep>[-_.:])(?P<minute>\d\d)(?P=sep)(?P<second>\d\d)(?P<fraction>\d{{3}})?"
    rf"(?!\d){_BEHIND}"
)
_MINUTES = re.compile(
    rf"(?P<gap>[\sT_]|{_WORDS}){_HALF}(?P<hour>\d\d?)(?P<sep>[-.:h])(?P<minute>\d\d)(?![\d.\-]*\d){_BEHIND}"
)
# Office Lens.
_MINUTES_WITH_LINE = re.compile(r"(?P<gap>\s)(?P<hour>\d\d)_(?P<minute>\d\d)(?=[\s.(]|\Z)(?![\s.(]*\d[\d.]*\d)")
# Only where a time is certain to follow.
_COMPACT_MINUTES = re.compile(r"(?P<gap>[\sT_])(?P<hour>\d\d)(?P<minute>\d\d)(?!\d)")


def clock_behind(name: str, end: int, shape: Shape) -> tuple[Clock, int] | None:
    """The time that stands at `end` in a name, and where it ends; None where there is none."""
    for form in (_SECONDS, _SECONDS_WITH_WORD, EAST_ASIAN_CLOCK):
        match = form.match(name, end)
        if match is not None and (form is EAST_ASIAN_CLOCK or _is_time(match)):
            return clock_of(match, microseconds(match.groupdict().get("fraction") or "")), match.end()
    if shape.is_parted:
        match = _MINUTES.match(name, end) or _MINUTES_WITH_LINE.match(name, end)
        match = match or (_COMPACT_MINUTES.match(name, end) if shape.needs_time else None)
        if match is not None:
            return clock_of(match), match.end()
    return None


def _is_time(match: re.Match[str]) -> bool:
    """Figures without signs need two for the hour; hundredths of a second come from few programs, and in few places."""
    is_compact = not match["sep"]
    if is_compact and len(match["hour"]) < 2:
        return False
    if match["fraction"] is None or len(match["fraction"]) == 3:
        return True
    # Epson's `img20230102_10111234` and a Nintendo Switch's `2023010210111200-...`.
    return is_compact and (bool(match["gap"]) or match.start() == 8)
