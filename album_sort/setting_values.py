"""The values that settings may have: from TOML, the environment (text) or a flag. A ValueError says what would be right."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from album_sort.errors import nearest
from album_sort.types import LANGUAGES, Mode, Precision

_NUMBER = r"\s*[+-]?[\d.]+(?:e[+-]?\d+)?\s*"
_POSITION = re.compile(f"{_NUMBER},{_NUMBER}", re.ASCII | re.IGNORECASE)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("expected a text")
    return value


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    raise ValueError("expected true or false")


def _integer(least: int, most: int) -> Callable[[object], int]:
    def parse(value: object) -> int:
        number = int(value) if isinstance(value, str) and value.lstrip("-").isdigit() else value
        if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= most:
            raise ValueError(f"expected a whole number from {least} to {most}")
        return number

    return parse


def _number(least: float, most: float) -> Callable[[object], float]:
    def parse(value: object) -> float:
        try:
            number = float(value) if isinstance(value, (int, float, str)) else float("nan")
        except ValueError:
            number = float("nan")
        if not least <= number <= most:
            raise ValueError(f"expected a number from {least:g} to {most:g}")
        return number

    return parse


def _choice(words: Sequence[str]) -> Callable[[object], str]:
    def parse(value: object) -> str:
        if value not in words:
            near = nearest(str(value), words)
            raise ValueError(f"expected one of {', '.join(words)}" + (f"; did you mean {near}?" if near else ""))
        return str(value)

    return parse


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if isinstance(value, (list, tuple)) and all(isinstance(part, str) for part in value):
        return tuple(value)
    raise TypeError("expected a list of texts")


def _home(value: object) -> tuple[float, float] | str:
    """A position, or a town's name for the gazetteer: `48.137,11.575`, `Munich`, `Munich, Germany`."""
    # A position may be written with an exponent (`1e-05`), so letters alone make no town.
    if isinstance(value, str) and any(letter.isalpha() for letter in value) and not _POSITION.fullmatch(value):
        return value.strip()
    return _position(value)


def _mode(value: object) -> Mode:
    if value == "move":
        raise ValueError(
            "album-sort never moves your photos; hardlink or symlink needs no space, copy (the default) leaves both"
        )
    return Mode(_choice([*Mode])(value))


def _position(value: object) -> tuple[float, float]:
    parts = value.split(",") if isinstance(value, str) else value
    try:
        lat, lon = (float(part) for part in parts)  # type: ignore[attr-defined] # anything else raises, too
    except (TypeError, ValueError):
        raise ValueError("give a town or LAT,LON in degrees, for example Munich or 48.137,11.575") from None
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise ValueError("latitude lies within -90 to 90, longitude within -180 to 180")
    return lat, lon


def _date(*, is_last: bool) -> Callable[[object], date]:
    """A day; of a month or a year its first or its last day."""

    def parse(value: object) -> date:
        if isinstance(value, date):
            return value
        found = re.fullmatch(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?", str(value).strip(), re.ASCII)
        try:
            if found is None:
                raise ValueError
            year, month = int(found[1]), int(found[2] or (12 if is_last else 1))
            return date(year, month, int(found[3] or (calendar.monthrange(year, month)[1] if is_last else 1)))
        except ValueError:
            raise ValueError("expected a day, a month or a year: 2025-12-31, 2025-12 or 2025") from None

    return parse


PARSERS: Mapping[str, Callable[[object], Any]] = {
    "mode": _mode,
    "layout": _text,
    "also": _flag,
    "albums": _text,
    "lang": _choice(LANGUAGES),
    "model": _text,
    "weights": _text,
    "offline": _flag,
    "precision": lambda value: Precision(_choice([*Precision])(value)),
    "precision_target": _number(0.5, 0.999),
    "batch_size": _integer(1, 512),
    "workers": _integer(0, 256),
    "threads": _integer(0, 256),
    "nice": _integer(0, 19),
    "home": _home,
    "day_begins": _integer(0, 12),
    "clock": _texts,
    "include": _texts,
    "exclude": _texts,
    "since": _date(is_last=False),
    "until": _date(is_last=True),
    "limit": _integer(0, 10**9),
    "recheck": _flag,
    "prune": _flag,
    "prune_limit": _number(0, 1),
    "report": _text,
    "wait": _number(0, 1e6),
    "log_file": _text,
    "progress": _flag,
    "strict": _flag,
}
"""By the name of the setting; each raises ValueError or TypeError."""
