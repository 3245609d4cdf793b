"""From folders to filings: everything that is decided before the destination is looked at closely. Writes nothing but the cache."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path

from album_sort.classify.labels import load_labels, load_wording
from album_sort.config import Settings, cache_folder
from album_sort.core.evidence import gather_evidence
from album_sort.core.glob import PatternFault
from album_sort.core.ignore import ScanFilter
from album_sort.core.layout import Layout
from album_sort.core.rules import FilingPolicy, assign_photos
from album_sort.core.seasons import Season, season_label
from album_sort.core.themes import lean_on_theme
from album_sort.core.wording import Wording
from album_sort.errors import UsageError
from album_sort.events import EventSink, FileLeftOut, Notice, StageFinished, StageProgress, StageStarted
from album_sort.inspection.inspect import InspectionResult
from album_sort.pipeline.absent import with_absent, without_missing
from album_sort.pipeline.engine import Engine, make_engine
from album_sort.pipeline.facts import AlbumTable, Library, LibraryContext, gather_apart, gather_facts
from album_sort.pipeline.filing import FilingWords, file_photo
from album_sort.pipeline.hand import in_own_words, look_for_hand, told_album, without_unwanted_photos
from album_sort.pipeline.net import Net
from album_sort.pipeline.policy import load_policy
from album_sort.pipeline.records import ClockCorrections, Records
from album_sort.pipeline.remembered import Remembered, not_before
from album_sort.pipeline.rest import Rest, Standing, look_around, of_this_run, records_of_all
from album_sort.places.gazetteer import Gazetteer
from album_sort.scan import ScanResult, scan
from album_sort.types import (
    AlbumId,
    Assignment,
    Evidence,
    FileEntry,
    FileKind,
    Filing,
    Inspection,
    PhotoFacts,
    Reason,
    Skipped,
    Stage,
    StageTiming,
)
from album_sort.types.corrections import KEPT, HandReading

_TOGETHER = 1024
"""Photos decided on at once: the numbers of all of them would take memory and be no faster."""


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


@dataclass(frozen=True, slots=True, eq=False)
class Preparation:
    """All decisions of a run, each with its reasons."""

    request: SortRequest
    lang: str
    engine: Engine
    network_note: str
    """What ran; empty when every prediction came from the cache."""
    policy: FilingPolicy
    wording: Wording
    inspected: InspectionResult
    records: Records
    """Of all photos that are known."""
    rest: Rest
    library: Library
    """With the photos of this run, and the trips and homes of all."""
    assignments: tuple[Assignment, ...]
    """In the order of `library.photos`."""
    filings: tuple[Filing, ...]
    skipped: tuple[Skipped, ...]
    timings: tuple[StageTiming, ...]
    layout: Layout
    hand: HandReading = field(default_factory=HandReading)
    """What a person has done in the albums."""

    def say(self, reason: Reason) -> str:
        """A reason as a sentence in the destination's language."""
        return self.wording.say(reason, self.lang)

    def base_title(self, album: AlbumId) -> str:
        """Title by which folders are made: renaming a folder changes what it is called, not where it is looked for."""
        return album_title(self.policy, album, self.lang)

    def title(self, album: AlbumId) -> str:
        """Title of an album: as a person has renamed its folder, else in the destination's language."""
        if album == KEPT:
            return self.wording.word("folder", "kept", self.lang)
        return self.hand.titles.get(album) or album_title(self.policy, album, self.lang)


def album_title(policy: FilingPolicy, album: AlbumId, lang: str) -> str:
    """The user's own title of an album, else the shipped one."""
    return policy.rules.title(album, lang) or load_labels().title(album, lang)


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


def scout(request: SortRequest, remembered: Remembered, sink: EventSink) -> Scouted:
    """Checks all settings and scans; raises `AlbumSortError` for what no run can be made from."""
    request = replace(request, now_utc=not_before(request.now_utc, remembered.last_run and remembered.last_run[1]))
    settings = request.settings
    layout = Layout.parse(settings.layout)
    clocks = ClockCorrections.parse(settings.clock)
    lang = settings.lang or remembered.language or "en"
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
    policy = load_policy(engine.weights.sha256, settings.albums, settings.precision_target)
    stages = _Stages(sink)
    with stages.stage("scan"):
        found = scan(
            without_missing(request.sources, remembered, may_be_gone=request.may_be_gone),
            destination=request.destination,
            filters=_filters(settings),
            may_be_gone=request.may_be_gone,
        )
        found = with_absent(found, [one for one in request.sources if one not in request.may_be_gone], remembered)
        files = _limited(found.files, settings.limit, remembered.sources)
        stages.items = len(files)
    _refuse_half_translation(lang, remembered, files)
    return Scouted(request, lang, engine, policy, layout, clocks, found, files, stages.timings[0])


def home_position(home: tuple[float, float] | str | None, lang: str, folder: Path) -> tuple[float, float] | None:
    """Where a town lies that somebody lives in; raises `UsageError` for one that is not known."""
    if not isinstance(home, str):
        return home
    place = Gazetteer.load(lang, folder).find(home) or Gazetteer.load("en", folder).find(home)
    if place is None:
        raise UsageError(
            f"--home {home}: no town of that name is known",
            hint="Give its English name, or LAT,LON: --home 48.137,11.575",
        )
    return place.lat_deg, place.lon_deg


def _filters(settings: Settings) -> ScanFilter:
    try:
        return ScanFilter.of(settings.include, settings.exclude)
    except PatternFault as fault:
        raise UsageError(f"--include or --exclude: {fault}", hint="Give fewer or shorter patterns.") from fault


def prepare(scouted: Scouted, remembered: Remembered, sink: EventSink) -> Preparation:
    """Reads, classifies, dates, places and assigns."""
    request, engine, policy, lang = scouted.request, scouted.engine, scouted.policy, scouted.lang
    settings, files = request.settings, scouted.files
    stages = _Stages(sink, [scouted.timing])
    notes: list[str] = []
    net = Net(is_strict=settings.strict)
    hand = look_for_hand(request.destination, remembered, scouted.layout, policy.rules, request.now_utc)
    remembered = replace(remembered, corrections=hand.corrections)
    with stages.stage("classify", len(files)), engine.open_cache() as cache:
        inspected = engine.inspect(files, cache, stages.progress, notes.append)
        stages.items = inspected.read_count
        rest, inspections = look_around(remembered, request.sources, inspected.inspections, cache)
    with stages.stage("places"):
        whole = records_of_all(inspections, rest, now_utc=request.now_utc, clocks=scouted.clocks, net=net)
        context = LibraryContext(
            now_utc=request.now_utc,
            lang=lang,
            cache_folder=engine.cache_folder,
            home=home_position(settings.home, lang, engine.cache_folder),
            # where no run stands any more, no folder has the name of an earlier trip
            previous_trips=remembered.trips if lang == remembered.language else (),
        )
        _, (library, scores) = net.together(
            whole.records.photos,
            lambda record: record.group.primary.path,
            lambda some: gather_facts(some, context, policy),
            apart=lambda some: gather_apart(some, context, policy),
        )
        library, scores = whole.narrowed(library, scores)
        stages.items = len(library.photos)
    with stages.stage("assign"):
        standing = Standing.of(rest, remembered)
        library, assignments = assign_all(library, scores, policy, hand, net)
        assignments = standing.keep(assignments)
        del scores  # 16 MB of a hundred thousand photos
        wording = _wording(policy, lang, hand)
        filings, left_out = _file_all(scouted, library, assignments, {**rest.there, **inspections}, wording, net=net)
        filings = standing.stand(of_this_run(filings, inspections))
        filings, unwanted = without_unwanted_photos(filings, library.photos, hand)
        left_out = [*(one for one in left_out if one.path not in {other.path for other in unwanted}), *unwanted]
        if library.is_apart:
            filings = _new_only(filings, remembered)
        stages.items = len(assignments)
    faults = [fault for path, fault in net.faults.items() if path in inspections]
    skipped = _all_skipped(scouted.found, inspected, whole.records, (*left_out, *faults))
    for one in skipped:
        if one.is_problem:
            sink(FileLeftOut(one, wording.say(one.reason, lang)))
    return Preparation(
        request=request,
        lang=lang,
        engine=engine,
        network_note=notes[0] if notes else "",
        policy=policy,
        wording=wording,
        inspected=inspected,
        records=whole.records,
        rest=rest,
        library=library,
        assignments=assignments,
        filings=filings,
        skipped=skipped,
        timings=tuple(stages.timings),
        layout=scouted.layout,
        hand=hand,
    )


def _words(scouted: Scouted, wording: Wording) -> FilingWords:
    policy, lang = scouted.policy, scouted.lang
    return FilingWords(
        title=functools.cache(lambda album: album_title(policy, album, lang)),
        season=functools.cache(lambda day, season: wording.say(season_label(day, Season(season)), lang)),
        undated=wording.word("folder", "undated", lang),
    )


def _file_all(
    scouted: Scouted,
    library: Library,
    assignments: Sequence[Assignment],
    inspections: Mapping[str, Inspection],
    wording: Wording,
    *,
    net: Net,
) -> tuple[tuple[Filing, ...], list[Skipped]]:
    """Where the files of the photos within the dates go, and the other photos as left out."""
    settings, words = scouted.request.settings, _words(scouted, wording)
    chosen, left_out = _within_dates(library.photos, settings)
    decided = net.each(
        (pair for pair in zip(library.photos, assignments, strict=True) if pair[0].group.primary.path in chosen),
        lambda pair: pair[0].group.primary.path,
        lambda pair: tuple(
            file_photo(
                *pair,
                inspections,
                scouted.layout,
                words,
                with_also=settings.also,
                day_begins=settings.day_begins,
            )
        ),
    )
    return tuple(filing for _, filings in decided for filing in filings), left_out


def _new_only(filings: Sequence[Filing], remembered: Remembered) -> tuple[Filing, ...]:
    """Without photos that are filed already: they stay where they are."""
    filed = {row.group_id for row in remembered.records.ledger.values()}
    return tuple(filing for filing in filings if filing.group_id not in filed)


def assign_all(
    library: Library, scores: AlbumTable, policy: FilingPolicy, hand: HandReading, net: Net
) -> tuple[Library, tuple[Assignment, ...]]:
    """The album of each photo, and the library without those that this failed for; `scores` are by the network alone."""

    def assigned(numbers: Sequence[int]) -> list[Assignment]:
        photos = [library.photos[number] for number in numbers]
        base = scores.probabilities[list(numbers)]
        rows = (dict(zip(scores.albums, row, strict=True)) for row in base.tolist())
        evidence = [_evidence(facts, own, library) for facts, own in zip(photos, rows, strict=True)]
        said = [hand.corrections.get(facts.group.content_id) for facts in photos]
        decided = assign_photos(photos, base, policy, evidence, [told_album(one, hand) for one in said])
        return [in_own_words(assignment, one) for assignment, one in zip(decided, said, strict=True)]

    assignments: list[Assignment] = []
    kept: list[int] = []
    for start in range(0, len(library.photos), _TOGETHER):
        numbers, found = net.together(
            range(start, min(start + _TOGETHER, len(library.photos))),
            lambda number: library.photos[number].group.primary.path,
            assigned,
        )
        kept += numbers
        assignments += found
    if len(kept) < len(library.photos):
        photos = tuple(library.photos[number] for number in kept)
        library = replace(library, photos=photos, positions=tuple(library.positions[number] for number in kept))
    return library, tuple(assignments)


def _evidence(facts: PhotoFacts, scores: dict[AlbumId, float], library: Library) -> tuple[Evidence, ...]:
    theme = library.themes.get(facts.trip.trip_id) if facts.trip else None
    return (*gather_evidence(facts, scores), *lean_on_theme(theme, scores))


def _limited(files: Sequence[FileEntry], limit: int, filed_sources: frozenset[str]) -> tuple[FileEntry, ...]:
    """With `--limit N`: what is filed already, and the first N photos and videos that are not."""
    if not limit:
        return tuple(files)
    left, taken = limit, []
    for file in files:
        if file.kind is FileKind.SIDECAR or os.path.abspath(file.path) in filed_sources:
            taken.append(file)
        elif left:
            left -= 1
            taken.append(file)
    return tuple(taken)


def _refuse_half_translation(lang: str, remembered: Remembered, files: Sequence[FileEntry]) -> None:
    """Another language renames every folder; with some photos missing, half of the albums would stay behind."""
    if remembered.language in ("", lang):
        return
    missing = remembered.sources - {os.path.abspath(file.path) for file in files}
    if missing:
        raise UsageError(
            f"the albums are in language {remembered.language!r}; --lang {lang} would rename them, but {len(missing)} of "
            f"their photos are not in this run, for example {min(missing)!r}",
            hint="sort all of the photos in one run to change the language, or leave --lang out",
        )


def _within_dates(photos: Sequence[PhotoFacts], settings: Settings) -> tuple[frozenset[str], list[Skipped]]:
    """Paths of the primaries within `--since` and `--until`, and the others as left out."""
    if not settings.since and not settings.until:
        return frozenset(facts.group.primary.path for facts in photos), []
    chosen, left_out = [], []
    for facts in photos:
        day = facts.capture_time.local.date() if facts.capture_time else None
        path = facts.group.primary.path
        reason = _outside_dates(day, settings)
        if reason is None:
            chosen.append(path)
        else:
            left_out.append(Skipped(path, Stage.PLAN, reason, is_problem=False))
    return frozenset(chosen), left_out


def _outside_dates(day: date | None, settings: Settings) -> Reason | None:
    if day is None:
        return Reason.of("skip.undated") if settings.since or settings.until else None
    if settings.since and day < settings.since:
        return Reason.of("skip.before-since", day=settings.since.isoformat())
    if settings.until and day > settings.until:
        return Reason.of("skip.after-until", day=settings.until.isoformat())
    return None


def _all_skipped(
    found: ScanResult, inspected: InspectionResult, records: Records, left_out: Sequence[Skipped]
) -> tuple[Skipped, ...]:
    orphans = [
        Skipped(file.path, Stage.METADATA, Reason.of("skip.orphan-sidecar"), is_problem=False)
        for file in records.orphans
    ]
    everything = (*found.skipped, *inspected.failed.values(), *orphans, *left_out)
    return tuple(sorted(everything, key=lambda one: one.path))


def _wording(policy: FilingPolicy, lang: str, hand: HandReading) -> Wording:
    """All sentences, with the albums' titles as they are here."""
    wording = load_wording()
    titles = {album: album_title(policy, album, lang) for album in policy.rules.albums}
    titles[KEPT] = wording.word("folder", "kept", lang)
    return wording.retitled({lang: {**titles, **hand.titles}})


def _download_progress(sink: EventSink) -> Callable[[int, int | None], None]:
    def report(received: int, expected: int | None) -> None:
        sink(StageProgress("download", received >> 10, expected and expected >> 10, "kB of network weights"))

    return report


@dataclass(slots=True)
class _Stages:
    """Tells the sink about stages and keeps their times."""

    sink: EventSink
    timings: list[StageTiming] = field(default_factory=list)
    items: int = 0
    _name: str = ""
    _total: int | None = None

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[None]:
        """One stage; `items` may be set inside."""
        self.items, self._name, self._total = 0, name, total
        self.sink(StageStarted(name, total))
        begun = time.monotonic()
        yield
        seconds = time.monotonic() - begun
        self.timings.append(StageTiming(name, seconds, self.items))
        self.sink(StageFinished(name, self.items, seconds))

    def progress(self, done: int, current: str) -> None:
        """Further along in the present stage."""
        self.sink(StageProgress(self._name, done, self._total, current))
