"""Sources that have no photos any more, and had some in an earlier run: a disk that is not connected, a share that is not mounted.

Such a night is no reason to stop, and none to say nothing: the other sources are sorted, the albums keep what they have, and the
run tells of it.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Sequence, Set

from album_sort.pipeline.remembered import Remembered
from album_sort.scan import ScanResult
from album_sort.types import Reason, Skipped, Stage

_ON_PURPOSE = ("skip.excluded", "skip.not-included", "skip.ignored")
"""Why files are left out that are there all the same."""


def without_missing(
    sources: Sequence[str], remembered: Remembered, *, may_be_gone: Set[str] = frozenset()
) -> tuple[str, ...]:
    """The sources without those that do not exist although photos in the albums come from them.

    Those that `may_be_gone` stay: entries of a list, which the scan tells of itself.
    """
    if all(one in may_be_gone or os.path.lexists(one) for one in sources):
        return tuple(sources)
    known = sorted(remembered.sources)
    return tuple(one for one in sources if one in may_be_gone or os.path.lexists(one) or not _below(known, one))


def with_absent(found: ScanResult, sources: Sequence[str], remembered: Remembered) -> ScanResult:
    """What was found, and as a problem each source in which there is nothing now."""
    paths = [file.path for file in found.files]
    skipped = [one.path for one in found.skipped]
    told = []
    empty = [source for source in sources if not _below(paths, source)]
    known = sorted(remembered.sources) if empty else []
    for source in empty:
        photos = _below(known, source)
        if not photos:
            continue
        at = bisect_left(skipped, source)
        reasons = found.skipped[at : at + _below(skipped, source)]
        if not any(one.path == source or one.reason.code in _ON_PURPOSE for one in reasons):
            told.append(Skipped(source, Stage.SCAN, Reason.of("skip.source-empty", photos=photos)))
    if not told:
        return found
    return ScanResult(found.files, tuple(sorted((*found.skipped, *told), key=lambda one: one.path)))


def _below(paths: Sequence[str], folder: str) -> int:
    """How many of these sorted paths are a folder (or file) or lie in it."""
    inside = f"{folder.rstrip('/')}/"
    own = bisect_left(paths, folder)
    itself = own < len(paths) and paths[own] == folder
    return int(itself) + bisect_left(paths, f"{inside[:-1]}0") - bisect_left(paths, inside)
