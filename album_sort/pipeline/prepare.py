"""From folders to filings: everything that is decided before the destination is looked at closely. Writes nothing but the cache."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from album_sort.classifier.labels import load_wording
from album_sort.core.albums.filing_policy import FilingPolicy
from album_sort.core.learning.lesson import Lesson
from album_sort.core.planning.layout import Layout
from album_sort.core.wording import Wording
from album_sort.events import EventSink, FileLeftOut, Notice
from album_sort.inspection.inspect import InspectionResult
from album_sort.inspection.others import Others
from album_sort.pipeline.assigning import Decider, album_title, assign_all, file_all, new_only
from album_sort.pipeline.closer import CloserLooks, files_of
from album_sort.pipeline.correcting import NOTHING_FOLLOWS, Followed, follow_corrections
from album_sort.pipeline.engine import Engine
from album_sort.pipeline.facts import AlbumTable, Library, LibraryContext, gather_apart, gather_facts
from album_sort.pipeline.hand import look_for_hand, without_unwanted_photos
from album_sort.pipeline.idle import idle_clocks
from album_sort.pipeline.lessons import NOTHING_HEARD, Heard, hear
from album_sort.pipeline.neighbours import with_neighbours
from album_sort.pipeline.net import Net
from album_sort.pipeline.policy import with_lessons
from album_sort.pipeline.records import PhotoRecord, Records
from album_sort.pipeline.remembered import Remembered
from album_sort.pipeline.rest import (
    Rest,
    Standing,
    WholeLibrary,
    look_around,
    of_the_albums,
    of_this_run,
    records_of_all,
)
from album_sort.pipeline.scouting import Scouted, SortRequest, home_position
from album_sort.pipeline.stages import Stages
from album_sort.pipeline.teaching import Sought, learned_anew
from album_sort.scan import ScanResult
from album_sort.state.cache import CACHE_FILE, InferenceCache
from album_sort.types import (
    LANGUAGES,
    AlbumId,
    Assignment,
    Filing,
    Inspection,
    Reason,
    Role,
    Skipped,
    Stage,
    StageTiming,
)
from album_sort.types.corrections import KEPT, HandReading
from album_sort.types.ledger import DestinationPicture
from album_sort.types.told import Told


@dataclass(frozen=True, slots=True, eq=False)
class Preparation:
    """All decisions of a run, each with its reasons."""

    request: SortRequest
    lang: str
    engine: Engine
    network_note: str
    """How the network ran; empty when every prediction came from the cache."""
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
    lifted: str = ""
    """Photos that neighbours have lifted from review, in this run or before, as the destination remembers them."""
    hand: HandReading = field(default_factory=HandReading)
    """What a person has done in the albums."""
    relearned: tuple[Lesson, ...] = ()
    """Lessons that were learned again by the network of this run."""
    by_corrections: Followed = NOTHING_FOLLOWS
    """What corrections teach about other photos."""
    waiting: int = 0
    """Photos and videos that `--limit` leaves for later runs."""
    picture: DestinationPicture | None = None
    """The destination as it was seen when this began; None where it was not to be kept, or is old: looking at photos takes hours."""

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


def prepare(scouted: Scouted, remembered: Remembered, sink: EventSink, *, keeps_picture: bool = False) -> Preparation:
    """Reads, classifies, dates, places and assigns; `keeps_picture`: for a plan that need not look at the albums once more."""
    request, engine, policy, lang = scouted.request, scouted.engine, scouted.policy, scouted.lang
    stages, notes, net = Stages(sink, [scouted.timing]), list[str](), Net(is_strict=request.settings.strict)
    hand, picture, remembered = _with_hand(scouted, remembered, keeps_picture=keeps_picture)
    with engine.open_cache() as cache:
        inspected = _inspect(scouted, cache, stages, notes)
        rest, inspections = look_around(remembered, request.sources, inspected.inspections, cache)
        policy, heard, relearned = _listen(scouted, remembered, inspections, rest, (cache, stages))
    _tell_made_anew(sink, engine, lang, is_made_anew=cache.is_made_anew)
    with stages.stage("places"):
        whole = _whole(scouted, remembered, inspections, rest, net)
        _tell_idle_clocks(sink, scouted, whole.records)
        library, scores = whole.narrowed(*(located := _located(scouted, remembered, whole.records.photos, net)))
        stages.items = len(library.photos)
    with stages.stage("assign"):
        standing, whole_decider = Standing.of(rest, remembered), Decider(*located, policy, hand, heard)
        whole_decider, by_hand = follow_corrections(scouted, whole_decider, remembered, whole.own, net)
        library, assignments, lifted = _decided(library, scores, whole_decider, remembered, standing, net=net)
        del located, scores, whole_decider  # 16 MB of a hundred thousand photos
        wording = _wording(policy, hand)
        filings, left_out = file_all(scouted, library, assignments, rest.beside(inspections), wording, net=net)
        filings = standing.stand(_to_file(filings, request, inspections, remembered))
        filings, left_out = _wanted(filings, left_out, library, remembered, hand)
        stages.items = len(assignments)
    skipped = _all_skipped(scouted.found, inspected, whole.records, [*left_out, *net.faults_among(inspections)])
    _tell_problems(sink, skipped, wording, lang)
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
        lifted=lifted,
        hand=hand,
        relearned=relearned,
        by_corrections=by_hand,
        waiting=scouted.waiting,
        picture=None if inspected.read_count else picture,
    )


def _inspect(scouted: Scouted, cache: InferenceCache, stages: Stages, notes: list[str]) -> InspectionResult:
    """All files, with other machines where some are asked; what is to be said of them is said in the run's language."""
    find, wording = scouted.request.find_others, load_wording()

    def find_others(engine: Engine) -> Others:
        assert find is not None  # noqa: S101 - only then is this passed on
        return find(engine, lambda reason: wording.say(reason, scouted.lang), stages.sink)

    with stages.stage("classify", len(scouted.files)):
        inspected = scouted.engine.inspect(
            scouted.files,
            cache,
            stages.progress,
            notes.append,
            on_conversion=stages.within("convert"),
            find_others=None if find is None else find_others,
        )
        stages.items = inspected.read_count
    return inspected


def _listen(
    scouted: Scouted,
    remembered: Remembered,
    inspections: Mapping[str, Inspection],
    rest: Rest,
    looking: tuple[InferenceCache, Stages],
) -> tuple[FilingPolicy, Heard, tuple[Lesson, ...]]:
    """What was taught says of these photos, the policy by which it files, and the lessons that had to be learned anew."""
    if not remembered.lessons:
        return scouted.policy, NOTHING_HEARD, ()
    filed = [row.content_id for row in remembered.records.ledger.values() if row.role is Role.PRIMARY]
    sought = Sought.under(scouted.policy.rules, scouted.policy.precision_target)
    (cache, stages), read = looking, (*inspections.values(), *rest.there.values())
    files = files_of(read, remembered.records.ledger, scouted.request.destination) if _looks_closer(remembered) else {}
    looker = CloserLooks(scouted.engine, cache, stages, files)
    lessons = learned_anew(remembered.lessons, filed, cache, scouted.engine.model_key, sought, looker=looker)
    policy = with_lessons(scouted.policy, lessons)
    contents = (each.content_id for each in read)
    heard = hear(remembered.lessons, lessons, policy.taught, contents, cache, looker=looker).under(policy.rules)
    return policy, heard, tuple(one for one in lessons if one not in remembered.lessons)


def _looks_closer(remembered: Remembered) -> bool:
    return any(lesson.looks_closer for lesson in remembered.lessons)


def _with_hand(
    scouted: Scouted, remembered: Remembered, *, keeps_picture: bool
) -> tuple[HandReading, DestinationPicture | None, Remembered]:
    """What a person has done in the albums, by which picture, and what the destination remembers with that."""
    destination, now_utc = scouted.request.destination, scouted.request.now_utc
    hand, picture = look_for_hand(destination, remembered, scouted.layout, scouted.policy.rules, now_utc)
    # Of a million files it takes 300 MB.
    return hand, picture if keeps_picture else None, replace(remembered, corrections=hand.corrections)


def _decided(
    library: Library, scores: AlbumTable, whole: Decider, remembered: Remembered, standing: Standing, *, net: Net
) -> tuple[Library, tuple[Assignment, ...], str]:
    """The photos of the run with their albums, each for itself and then beside its neighbours, and whom these have lifted."""
    library, alone = assign_all(replace(whole, library=library, scores=scores), net)
    found, lifted = with_neighbours(library, alone, whole, remembered, net)
    return library, standing.keep(found), lifted


def _whole(
    scouted: Scouted, remembered: Remembered, inspections: Mapping[str, Inspection], rest: Rest, net: Net
) -> WholeLibrary:
    request, told = scouted.request, Told.of(remembered.facts)
    whole = records_of_all(inspections, rest, now_utc=request.now_utc, clocks=scouted.clocks, told=told, net=net)
    return whole if request.concerned is None else whole.as_own()


def _to_file(
    filings: Sequence[Filing], request: SortRequest, inspections: Mapping[str, Inspection], remembered: Remembered
) -> tuple[Filing, ...]:
    """Those that a run is about, or a change."""
    if request.concerned is None:
        return of_this_run(filings, inspections)
    return of_the_albums(filings, remembered.records.ledger.values(), request.concerned)


def _tell_made_anew(sink: EventSink, engine: Engine, lang: str, *, is_made_anew: bool) -> None:
    if is_made_anew:
        made_anew = Reason.of("notice.cache-made-anew", path=str(engine.cache_folder / CACHE_FILE))
        sink(Notice(load_wording().say(made_anew, lang)))


def _tell_idle_clocks(sink: EventSink, scouted: Scouted, records: Records) -> None:
    for idle in idle_clocks(scouted.clocks, records.photos):
        sink(Notice(load_wording().say(idle, scouted.lang)))


def _tell_problems(sink: EventSink, skipped: Sequence[Skipped], wording: Wording, lang: str) -> None:
    for one in skipped:
        if one.is_problem:
            sink(FileLeftOut(one, wording.say(one.reason, lang)))


def _wanted(
    filings: tuple[Filing, ...],
    left_out: Sequence[Skipped],
    library: Library,
    remembered: Remembered,
    hand: HandReading,
) -> tuple[tuple[Filing, ...], list[Skipped]]:
    """Without the photos that a person does not want in the albums; each file is left out for one reason.

    Where photos could not be looked at together, none that is filed moves.
    """
    filings, unwanted = without_unwanted_photos(filings, library.photos, hand)
    told = {one.path for one in unwanted}
    if library.is_apart:
        filings = new_only(filings, remembered)
    return filings, [*(one for one in left_out if one.path not in told), *unwanted]


def _located(
    scouted: Scouted, remembered: Remembered, records: Sequence[PhotoRecord], net: Net
) -> tuple[Library, AlbumTable]:
    """All photos with their places and trips, and the album probabilities by the network alone."""
    request, lang = scouted.request, scouted.lang
    context = LibraryContext(
        now_utc=request.now_utc,
        lang=lang,
        home=home_position(request.settings.home, lang),
        # where no run stands any more, no folder has the name of an earlier trip
        previous_trips=remembered.trips if lang == remembered.language else (),
        told_trips=Told.of(remembered.facts).trips,
    )
    _, found = net.together(
        records,
        lambda record: record.group.primary.path,
        lambda some: gather_facts(some, context, scouted.policy),
        apart=lambda some: gather_apart(some, context, scouted.policy),
    )
    return found


def _all_skipped(
    found: ScanResult, inspected: InspectionResult, records: Records, left_out: Sequence[Skipped]
) -> tuple[Skipped, ...]:
    orphans = [
        Skipped(file.path, Stage.METADATA, Reason.of("skip.orphan-sidecar"), is_problem=False)
        for file in records.orphans
    ]
    everything = (*found.skipped, *inspected.failed.values(), *orphans, *left_out)
    return tuple(sorted(everything, key=lambda one: one.path))


def _wording(policy: FilingPolicy, hand: HandReading) -> Wording:
    """All sentences, with the albums' titles as they are here: `explain` may speak another language than the folders."""
    wording = load_wording()
    return wording.retitled({lang: _titles(policy, lang, hand, wording) for lang in LANGUAGES})


def _titles(policy: FilingPolicy, lang: str, hand: HandReading, wording: Wording) -> dict[AlbumId, str]:
    titles = {album: album_title(policy, album, lang) for album in policy.rules.albums}
    return {**titles, KEPT: wording.word("folder", "kept", lang), **hand.titles}
