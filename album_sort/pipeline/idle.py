"""Options that change nothing, because nothing here is what they name: a misspelled pattern looks like one that works."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from album_sort.core.glob import Globs
from album_sort.core.ignore import pattern_as_meant
from album_sort.pipeline.records import ClockCorrections, PhotoRecord
from album_sort.scan import ScanResult, root_of
from album_sort.settings import Settings
from album_sort.types import Reason

_NAMED = 5
"""Cameras that are named to somebody who has misspelled one."""


def idle_patterns(settings: Settings, sources: Sequence[str], found: ScanResult) -> Iterator[Reason]:
    """A notice for each pattern of `--include` and `--exclude` that no file of these sources matches."""
    roots = [root_of(source) for source in sources]
    kept = [file.path for file in found.files]
    left_out = [one.path for one in found.skipped if one.reason.code == "skip.excluded"]
    for option, patterns, paths in (
        ("--include", settings.include, [*kept, *left_out]),
        ("--exclude", settings.exclude, left_out),
    ):
        for pattern in patterns:
            # One that begins with `!` takes back what another has matched.
            globs = Globs.of([pattern_as_meant(pattern)])
            if not pattern.startswith("!") and not any(globs.match(_below(path, roots)) for path in paths):
                yield Reason.of("notice.idle-pattern", option=option, pattern=pattern)


def idle_clocks(clocks: ClockCorrections, photos: Sequence[PhotoRecord]) -> Iterator[Reason]:
    """A notice for each correction of `--clock` whose camera took none of these photos, with the cameras that did."""
    if not clocks.minutes:
        return
    cameras = sorted({record.metadata.camera for record in photos if record.metadata.camera})
    for name in clocks.idle(cameras):
        named = ", ".join(cameras[:_NAMED]) + (" ..." if len(cameras) > _NAMED else "")
        code = "notice.idle-clock" if named else "notice.no-camera"
        yield Reason.of(code, name=name, **({"cameras": named} if named else {}))


def _below(path: str, roots: Sequence[str]) -> str:
    root = max((one for one in roots if path.startswith(one.rstrip("/") + "/")), key=len, default="")
    return path[len(root) :].strip("/").casefold()
