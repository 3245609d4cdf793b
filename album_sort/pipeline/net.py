"""A net under every decision: a photo that one fails for is named and left as it is, and all the others are filed.

What raises in a decision is a fault of this program, and an odd file has found it. Nothing is spent on that until it happens:
then the photos are halved until those are found that fail alone. `--strict` lets the error through, with its traceback.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from album_sort.errors import AlbumSortError
from album_sort.types import Reason, Skipped, Stage

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_NOT_OURS = (AlbumSortError, MemoryError, OSError)
"""Meant for the user, or of the machine: no photo is to blame."""

MOST_COMBINATIONS = 3
"""Photos taken out because they fail together with others, though none of them fails alone."""

_PACKAGE = Path(__file__).resolve().parent.parent


@dataclass(slots=True)
class Net:
    """What has fallen into it during one run."""

    is_strict: bool = False
    faults: dict[str, Skipped] = field(default_factory=dict)
    """By path of the photo."""

    def each(
        self, items: Iterable[_Item], path_of: Callable[[_Item], str], decide: Callable[[_Item], _Result]
    ) -> list[tuple[_Item, _Result]]:
        """The decisions about single photos, each with its photo; without those that failed."""
        decided = []
        for item in items:
            try:
                decided.append((item, decide(item)))
            except Exception as error:  # noqa: BLE001 - the border of one photo
                self._note(path_of(item), error)
        return decided

    def together(
        self,
        items: Sequence[_Item],
        path_of: Callable[[_Item], str],
        decide: Callable[[Sequence[_Item]], _Result],
        *,
        apart: Callable[[Sequence[_Item]], _Result] | None = None,
    ) -> tuple[Sequence[_Item], _Result]:
        """A decision about all photos at once, with those that it was made for: without those that it fails for.

        `apart` decides about each photo for itself, for the day on which too many fail only together.
        Raises what `decide` raises where nobody can be blamed.
        """
        for _ in range(MOST_COMBINATIONS + 1):
            try:
                return items, decide(items)
            except Exception as error:
                self._check(error)
                if not items:
                    raise
                items = list(items)
                found = _failing_alone(items, decide, error) or [_failing_with_others(items, decide, error)]
            for item, its_error in found:
                self._note(path_of(item), its_error)
            gone = {id(item) for item, _ in found}
            items = [item for item in items if id(item) not in gone]
        return items, (apart or decide)(items)

    def faults_among(self, paths: Collection[str]) -> list[Skipped]:
        """Those of photos with these paths."""
        return [fault for path, fault in self.faults.items() if path in paths]

    def _check(self, error: Exception) -> None:
        """Raises what is not to be caught."""
        if self.is_strict or isinstance(error, _NOT_OURS):
            raise error

    def _note(self, path: str, error: Exception) -> None:
        self._check(error)
        self.faults.setdefault(path, Skipped(path, Stage.DECIDE, Reason.of("skip.fault", place=place_of(error))))


def place_of(error: BaseException) -> str:
    """Where in this program it happened, for those who mend it: `positions-113`."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(_PACKAGE)] or frames
    return f"{Path(own[-1].filename).stem}-{own[-1].lineno}" if own else type(error).__name__


_Decide = Callable[[Sequence[_Item]], object]


def _error_of(items: Sequence[_Item], decide: _Decide[_Item]) -> Exception | None:
    try:
        decide(items)
    except _NOT_OURS:
        raise
    except Exception as error:  # noqa: BLE001 - that is what is asked for
        return error
    return None


def _failing_alone(items: Sequence[_Item], decide: _Decide[_Item], error: Exception) -> list[tuple[_Item, Exception]]:
    """Those of some items, which fail together, that fail alone too: each is tried once on each level of the halving."""
    if len(items) == 1:
        return [(items[0], error)]
    middle = len(items) // 2
    found = []
    for half in (items[:middle], items[middle:]):
        if half and (its_error := _error_of(half, decide)) is not None:
            found += _failing_alone(half, decide, its_error)
    return found


def _failing_with_others(items: Sequence[_Item], decide: _Decide[_Item], error: Exception) -> tuple[_Item, Exception]:
    """The item with which the first items of some begin to fail, while without it they do not."""
    works, fails = 0, len(items)
    while fails - works > 1:
        middle = (works + fails) // 2
        its_error = _error_of(items[:middle], decide)
        if its_error is None:
            works = middle
        else:
            fails, error = middle, its_error
    return items[fails - 1], error
