"""What a run starts from: its settings checked, its folders scanned, its network at hand. Nothing is read yet."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime

from album_sort.classifier.labels import load_wording
from album_sort.config import cache_folder
from album_sort.core.albums.filing_policy import FilingPolicy
from album_sort.core.glob import PatternFault
from album_sort.core.ignore import ScanFilter
from album_sort.core.planning.layout import Layout
from album_sort.errors import UsageError
from album_sort.events import EventSink, Notice, StageProgress
from album_sort.inspection.others import Others
from album_sort.native import native
from album_sort.pipeline.absent import with_absent, without_missing
from album_sort.pipeline.engine import Engine, make_engine
from album_sort.pipeline.idle import idle_patterns
from album_sort.pipeline.policy import load_policy
from album_sort.pipeline.records import ClockCorrections
from album_sort.pipeline.remembered import Remembered, not_before
from album_sort.pipeline.stages import Stages
from album_sort.places.gazetteer import Gazetteer
from album_sort.scan import ScanResult, scan
from album_sort.sentences import sentence, spoken
from album_sort.settings import Settings
from album_sort.state.cache_rows import KnownFile
from album_sort.types import ContentId, FileEntry, FileKind, Place, Reason, StageTiming

FindOthers = Callable[[Engine, Callable[[Reason], str], EventSink], Others]
"""Given the network of a run, what says a reason in its language, and who listens."""


@dataclass(frozen=True, slots=True)
class SortRequest:
    """What to sort, where to, and how."""

    sources: tuple[str, ...]
    destination: str
    settings: Settings
    now_utc: datetime
    """Naive."""
    keeps: Mapping[str, str] = field(default_factory=dict)
    """What the destination keeps of the settings after this run, by key of its state."""
    saves: bool = False
    """Whether it keeps the network of this run, too, where it had one before."""
    may_be_gone: frozenset[str] = frozenset()
    """Those of the sources that come from a list made before."""
    concerned: frozenset[ContentId] | None = None
    """Photos that a change speaks of: then it is about these, about all in the albums wherever their files are, and no others."""
    offers: bool = False
    """Whether somebody may want to hear what would follow their corrections."""
    find_others: FindOthers | None = None
    """Looks for machines that help to look at photos."""


@dataclass(frozen=True, slots=True, eq=False)
class Scouted:
    """What is known before the first photo is read: the files, the network, the rules."""

    request: SortRequest
    lang: str
    engine: Engine
    policy: FilingPolicy
    layout: Layout
    clocks: ClockCorrections
    found: ScanResult
    files: tuple[FileEntry, ...]
    """Those of `found` that this run deals with."""
    timing: StageTiming
    waiting: int = 0
    """Photos and videos that `--limit` leaves for later runs."""


def scout(request: SortRequest, remembered: Remembered, sink: EventSink) -> Scouted:
    """Checks all settings and scans; raises `AlbumSortError` for what no run can be made from."""
    request = replace(request, now_utc=not_before(request.now_utc, remembered.last_run and remembered.last_run[1]))
    settings = request.settings
    layout = Layout.parse(settings.layout)
    clocks = ClockCorrections.parse(settings.clock)
    lang = settings.lang or remembered.language or spoken()
    folder = cache_folder()
    engine = make_engine(
        settings,
        folder,
        remembered_model=remembered.model,
        remembered_weights=remembered.weights,
        on_download=_download_progress(sink),
    )
    if engine.notice:
        sink(Notice(load_wording().say(engine.notice, lang)))
    if native().is_stale:
        sink(Notice(load_wording().say(Reason.of("notice.stale-native-code"), lang)))
    policy = load_policy(
        engine.weights.sha256,
        settings.albums,
        settings.precision_target,
        remembered.lessons,
        remembered.own_albums,
    )
    stages = Stages(sink)
    with stages.stage("scan"):
        found = scan(
            without_missing(request.sources, remembered, may_be_gone=request.may_be_gone),
            destination=request.destination,
            filters=_filters(settings),
            may_be_gone=request.may_be_gone,
        )
        found = with_absent(found, [one for one in request.sources if one not in request.may_be_gone], remembered)
        for idle in idle_patterns(settings, request.sources, found):
            sink(Notice(load_wording().say(idle, lang)))
        files, waiting = _limited(found.files, settings.limit, remembered, engine)
        stages.items = len(files)
    _refuse_half_translation(lang, remembered, files)
    return Scouted(request, lang, engine, policy, layout, clocks, found, files, stages.timings[0], waiting)


def home_position(home: tuple[float, float] | str | None, lang: str) -> tuple[float, float] | None:
    """Where somebody lives; raises `UsageError` for a town that is not known."""
    if not isinstance(home, str):
        return home
    place = town_called(home, lang, option="--home")
    return place.lat_deg, place.lon_deg


def town_called(name: str, lang: str, *, option: str) -> Place:
    """The largest town of a name, with its region or country where these are named too; raises `UsageError` for one that is not known."""
    place = Gazetteer.load(lang).find(name) or Gazetteer.load("en").find(name)
    if place is None:
        raise UsageError(
            sentence("order.no-town-of-that", option=option, name=name),
            hint=sentence("order.give-its-english-name"),
        )
    return place


def _filters(settings: Settings) -> ScanFilter:
    try:
        return ScanFilter.of(settings.include, settings.exclude)
    except PatternFault as fault:
        raise UsageError(
            sentence("order.include-or-exclude", fault=fault), hint=sentence("order.give-fewer-or-shorter")
        ) from fault


def _limited(
    files: Sequence[FileEntry], limit: int, remembered: Remembered, engine: Engine
) -> tuple[tuple[FileEntry, ...], int]:
    """With `--limit N`: what is dealt with already, and the first N photos and videos that are not; and how many wait.

    Dealt with is what is filed, a second copy of it, and what is known to be broken: if these took the places of others, a
    library with N of them would never get any further.
    """
    if not limit:
        return tuple(files), 0
    open_ones = [
        file
        for file in files
        if file.kind is not FileKind.SIDECAR and os.path.abspath(file.path) not in remembered.sources
    ]
    contents = {row.content_id for row in remembered.records.ledger.values()} | {
        content for content, said in remembered.corrections.items() if said.keeps_out
    }
    with engine.open_cache() as cache:
        known = cache.find_all(open_ones)
    new = [file for file in open_ones if not _is_dealt_with(known.get(file.path), contents)]
    waiting = {file.path for file in new[limit:]}
    return tuple(file for file in files if file.path not in waiting), len(waiting)


def _is_dealt_with(known: KnownFile | None, filed: Set[ContentId]) -> bool:
    if known is None:
        return False
    return known.inspection is None or known.inspection.content_id in filed


def _refuse_half_translation(lang: str, remembered: Remembered, files: Sequence[FileEntry]) -> None:
    """Another language renames every folder; with some photos missing, half of the albums would stay behind."""
    if remembered.language in ("", lang):
        return
    missing = remembered.sources - {os.path.abspath(file.path) for file in files}
    if missing:
        raise UsageError(
            sentence(
                "order.the-albums-are-in", language=remembered.language, lang=lang, n=len(missing), min=min(missing)
            ),
            hint=sentence("order.sort-all-of-the"),
        )


def _download_progress(sink: EventSink) -> Callable[[int, int | None], None]:
    def report(received: int, expected: int | None) -> None:
        sink(StageProgress("download", received >> 10, expected and expected >> 10, "kB of network weights"))

    return report
