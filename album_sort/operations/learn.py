"""Albums that a person teaches from examples: learned, measured, remembered as a run of its own, forgotten, handed on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from album_sort.config import cache_folder
from album_sort.core.file_names import fold
from album_sort.core.learning.lesson import (
    Lesson,
    TaughtAlbum,
    checked_title,
    kept_text,
    least_log_odds,
)
from album_sort.core.learning.questions import next_questions
from album_sort.core.learning.values import Examples, Worth
from album_sort.core.planning.naming import is_name, sanitise
from album_sort.core.planning.plan import plan_filings
from album_sort.errors import UsageError
from album_sort.events import EventSink
from album_sort.operations.clock import now_there
from album_sort.operations.examples import NO_ANSWERS, Answers, Examined, LearnOrder
from album_sort.operations.order import SettingsHere
from album_sort.operations.pages_now import show_as_they_lie
from album_sort.pipeline.clock import utc_now
from album_sort.pipeline.closer import CloserLooks
from album_sort.pipeline.engine import Engine, make_engine
from album_sort.pipeline.execute import begin_run, new_run_id
from album_sort.pipeline.fixing import Albums, remember_all
from album_sort.pipeline.holding import held_destination
from album_sort.pipeline.lessons import probability_of, scores_of, setting_of
from album_sort.pipeline.remembered import open_to_read, remember_run
from album_sort.pipeline.stages import Stages
from album_sort.pipeline.teaching import NotLearned, Shelf
from album_sort.scan import scan
from album_sort.sentences import sentence
from album_sort.state.cache import InferenceCache
from album_sort.state.store import DestinationState
from album_sort.types import AlbumId, AlbumRelPath, ContentId, Mode, RunId
from album_sort.types.ledger import LEARN, RunStatus

QUESTIONS = 20


@dataclass(frozen=True, slots=True)
class Question:
    """Whether a photo belongs to an album."""

    path: str
    title: str
    number: int
    """Of this question, from 1."""
    most: int
    """Questions that there may be."""


class EnoughAsked(Exception):
    """Somebody wants no more questions; what they have answered counts."""


Ask = Callable[[Question], bool | None]
"""Puts a question; None where nobody wants to say. Raises `EnoughAsked` for an end of the questions."""


@dataclass(frozen=True, slots=True)
class Follower:
    """A photo that would be filed in a taught album at the next run."""

    path: AlbumRelPath
    """Where it lies now."""
    probability: float


@dataclass(frozen=True, slots=True)
class LearnedNow:
    """One album, with what it is worth."""

    taught: TaughtAlbum
    worth: Worth
    followers: tuple[Follower, ...]
    """The surest first; photos that a person has placed follow nobody."""
    outliers: tuple[str, ...]
    """Examples that are unlike the others, where they lie."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What came of it."""

    lang: str
    albums: tuple[LearnedNow, ...] = ()
    refused: NotLearned | None = None
    pairs: tuple[tuple[str, str], ...] = ()
    """Paths of the photos that show why it was refused; the second is empty where one alone shows it."""
    looks_closer: bool = False
    """Whether siblings are told apart by a closer look."""
    unseen: int = 0
    """Photos that are likely enough any of the siblings to be looked at closer, and will be by the next run only."""
    run_id: RunId | None = None
    """What `undo` takes back; None where nothing was remembered."""


def learn(
    order: LearnOrder, here: SettingsHere, *, wait_seconds: float, sink: EventSink, ask: Ask | None = None
) -> Learned:
    """Learns from the examples and remembers it; with `is_trial` it only says what it would be worth.

    Raises `UsageError` for photos that are not there, titles that other albums have, and a destination without photos.
    """
    titles = [folder_title(shown.title) for shown in order.albums]
    if len({fold(title) for title in titles}) < len(titles):
        raise UsageError(
            sentence("learn.two-albums-of-one", titles=", ".join(map(repr, titles))),
            hint=sentence("learn.give-each-its-own"),
        )
    engine = make_engine(
        here.settings, cache_folder(), remembered_model=here.kept.model, remembered_weights=here.kept.weights
    )
    target = here.settings.precision_target
    with engine.open_cache() as cache:
        with open_to_read(order.destination) as state:
            lesson = Examined.read(order, titles, state)
        _look_at_new(engine, cache, lesson, sink)
        shelf = lesson.shelf(cache)
        looker = CloserLooks(engine, cache, Stages(sink), lesson.files())
        room = _Room(shelf, engine.model_key, target, looker)
        answers = NO_ANSWERS if ask is None else _ask(lesson, room, ask)
        if order.is_trial:
            return _outcome(lesson.with_answers(answers), room)[0]
        with held_destination(order.destination, wait_seconds, sink) as state:
            lesson = Examined.read(order, titles, state).with_answers(answers)
            if not lesson.is_on(shelf):  # another run has come in between
                room = replace(room, shelf=lesson.shelf(cache))
            outcome, learned = _outcome(lesson, room)
            if not isinstance(learned, Lesson):
                return outcome
            text = kept_text(learned)
            remember_all(state, lesson.there)
            run_id = remember(state, lesson.there, {setting_of(learned.lesson_id): text})
            if lesson.there.picture.has_news:
                show_as_they_lie(order.destination, state)
            return replace(outcome, run_id=run_id)


@dataclass(frozen=True, slots=True, eq=False)
class _Room:
    """What is learned with."""

    shelf: Shelf
    """All photos of the destination, and the examples: read once."""
    model_key: str
    precision_target: float
    looker: CloserLooks

    def learned(self, lesson: Examined) -> Lesson | NotLearned:
        return lesson.learned(self.shelf, self.model_key, self.precision_target, self.looker)


def _look_at_new(engine: Engine, cache: InferenceCache, lesson: Examined, sink: EventSink) -> None:
    """Has examples looked at that are in no library of ours."""
    known = cache.embeddings_of(list(lesson.paths))
    missing = tuple(sorted(path for content, path in lesson.paths.items() if content not in known))
    if not missing:
        return
    files = scan(missing, destination=None).files
    stages = Stages(sink)
    with stages.stage("classify", len(files)):
        engine.inspect(files, cache, stages.progress, lambda _note: None)
    cache.commit()


def _ask(lesson: Examined, room: _Room, ask: Ask) -> Answers:
    """Asks about the photos whose answers teach most, two rounds of ten: the second is chosen with the answers of the first."""
    answers = NO_ANSWERS
    if len(lesson.albums) > 1:
        raise UsageError(sentence("learn.ask-is-for-one"), hint=sentence("learn.leave-it-out-or"))
    told: set[ContentId] = set()
    is_over = False
    while len(told) < QUESTIONS and not is_over:
        taught = lesson.with_answers(answers)
        learned = room.learned(taught)
        if not isinstance(learned, Lesson):
            return answers
        (album,), (model,) = taught.albums, learned.models
        known = {*album.positive, *album.negative, *told}
        primaries = lesson.primaries
        shelf = room.shelf.of_those([content for content in primaries if content not in known])
        nothing = Examples(shelf.rows[:0], shelf.rows[:0])  # what was shown is not on the shelf
        rows = next_questions(model, nothing, shelf.rows, QUESTIONS // 2).tolist()
        most = min(QUESTIONS, len(told) + len(shelf.contents))
        asked = {
            shelf.contents[row]: Question(primaries[shelf.contents[row]], album.title, number, most)
            for number, row in enumerate(rows, len(told) + 1)
        }
        told.update(asked)
        said, is_over = _answered(asked, ask)
        answers = Answers(
            (*answers.yes, *(content for content, answer in said.items() if answer)),
            (*answers.no, *(content for content, answer in said.items() if not answer)),
        )
        is_over = is_over or not said
    return answers


def _answered(asked: Mapping[ContentId, Question], ask: Ask) -> tuple[dict[ContentId, bool], bool]:
    """What was answered, and whether somebody wants no more questions."""
    said: dict[ContentId, bool] = {}
    try:
        for content, question in asked.items():
            answer = ask(question)
            if answer is not None:
                said[content] = answer
    except EnoughAsked:
        return said, True
    return said, False


def _outcome(lesson: Examined, room: _Room) -> tuple[Learned, Lesson | NotLearned]:
    learned = room.learned(lesson)
    if isinstance(learned, NotLearned):
        yes, no = learned.pairs
        pairs = tuple((lesson.path_of(one), lesson.path_of(other)) for one, other in zip(yes, no, strict=False))
        pairs = pairs or tuple((lesson.path_of(one), "") for one in yes)
        refused = Learned(lesson.lang, refused=learned, pairs=pairs, looks_closer=lesson.looks_closer)
        return refused, learned
    found, unseen = _followers(learned, lesson, room)
    followers = dict(found)
    albums = tuple(
        LearnedNow(
            taught,
            model.worth,
            followers.get(taught.album, ()),
            tuple(lesson.path_of(taught.positive[row]) for row in model.worth.outliers),
        )
        for taught, model in zip(learned.albums, learned.models, strict=True)
    )
    return Learned(lesson.lang, albums, looks_closer=lesson.looks_closer, unseen=unseen), learned


def _followers(
    learned: Lesson, lesson: Examined, room: _Room
) -> tuple[list[tuple[AlbumId, tuple[Follower, ...]]], int]:
    """For each album the photos that it would take, by what was learned alone; and how many have still to be looked at closer."""
    primaries = lesson.primaries
    shown = {content for one in learned.albums for content in (*one.positive, *one.negative)}
    placed = {*lesson.there.hand.corrections, *lesson.there.hand.pinned, *shown}
    shelf = room.shelf.of_those([content for content in primaries if content not in placed])
    least = least_log_odds([learned], dict(lesson.there.rules.precision_targets), room.precision_target)
    # Learning has looked at as many as it takes to say what it is worth; the others are for the run.
    contents, scores, unseen = scores_of(learned, least, shelf.contents, shelf.rows, room.looker.kept)
    found = []
    for column, taught in enumerate(learned.albums):
        if taught.album in least:
            order = (-scores[:, column]).argsort(kind="stable").tolist()
            rows = [row for row in order if scores[row, column] >= least[taught.album]]
            some = [Follower(primaries[contents[row]], probability_of(float(scores[row, column]))) for row in rows]
            found.append((taught.album, tuple(some)))
    return found, unseen


def folder_title(given: str) -> str:
    """A title under which a folder can be found again; raises `UsageError` for another one."""
    title = checked_title(given)
    if not is_name(title):
        raise UsageError(
            sentence("learn.cannot-be-the-name", title=title),
            hint=sentence("learn.give-another-name-for", strip=_name_instead(title)),
        )
    return title


def _name_instead(title: str) -> str:
    """A name like it that holds everywhere: `Con` without its underscore would be refused again."""
    safe = sanitise(title)
    return next((name for name in (safe.strip("._ "), safe) if name.strip("._ ") and is_name(name)), "Bello")


def remember(state: DestinationState, there: Albums, keeps: Mapping[str, str]) -> RunId:
    """Keeps lessons, by key (an empty text: none any more), by a run that moves nothing: `undo` takes it back."""
    now = now_there(state)
    plan = plan_filings(
        (), there.picture, mode=Mode.COPY, destination=there.destination, created_utc=now, plan_id=new_run_id(now)
    )
    begin_run(state, plan, LEARN, now)
    remember_run(state, plan.plan_id, keeps)
    state.finish_run(plan.plan_id, RunStatus.DONE, utc_now())
    return plan.plan_id
