"""What a server asks: which album would this picture go to? Each picture for itself, as many at once as people send.

Reading goes on in processes that may die without harm, the network runs in one thread of this one, in batches of what has been
read meanwhile. A picture that may be one of siblings that differ by print is read once more, for a closer look, as a run would do.
Nothing is written: what people send is in no cache and in no album.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from typing import Self

import numpy as np
from numpy.typing import NDArray

from album_sort.config import cache_folder
from album_sort.core.albums.filing_policy import FilingPolicy
from album_sort.errors import PictureRefused, WeightsUnavailable
from album_sort.inspection.closer import told_of
from album_sort.inspection.held_folders import take_away_left
from album_sort.inspection.memory import give_memory_back
from album_sort.inspection.messages import Answer, Failed, Known, LookedCloser, Read, ReaderTask
from album_sort.inspection.pool import ReaderPool
from album_sort.inspection.uploads import PREFIX as UPLOADS
from album_sort.inspection.uploads import Upload
from album_sort.operations.asked import Asked, Predicted
from album_sort.operations.conversion import Conversion
from album_sort.pipeline.bearings import Bearings, Picture
from album_sort.pipeline.clock import utc_now
from album_sort.pipeline.engine import Engine, make_engine
from album_sort.pipeline.facts import LibraryContext, gather_apart
from album_sort.pipeline.lessons import Looks
from album_sort.pipeline.policy import load_policy
from album_sort.pipeline.records import build_records
from album_sort.places.gazetteer import Gazetteer
from album_sort.sentences import spoken
from album_sort.settings import Settings
from album_sort.state.readings import closer_as_remembered, look_as_remembered, read_as_remembered
from album_sort.types import (
    LANGUAGES,
    Assignment,
    ContentId,
    FileEntry,
    Inspection,
    Prediction,
    Reason,
    Skipped,
)

__all__ = ["Predicted", "Predictor", "Upload", "take_away_left_uploads"]

_MOST_AT_ONCE = 8
"""Pictures in a batch: twice as many are no faster, and take 30 MB more for good."""

_BEFORE_TIDYING = 200
"""Pictures after which freed memory goes back to the system: it is cut into pieces that glibc keeps, twenty kilobytes a picture."""

_PATIENCE_S = 1.0
"""For the batch in hand when all ends."""


class Predictor:
    """Answers for single pictures; lives as long as whoever asks. May be asked from several threads.

    To be closed, or used in a `with` block: it holds processes, and the network.
    """

    def __init__(self, engine: Engine, bearings: Callable[[], Bearings], *, lang: str = LANGUAGES[0]) -> None:
        """`bearings` tells what decides now; `lang` is that of the sentences of refusals, and of the names of places."""
        self._conversion = Conversion()
        self._engine = engine.lasting(self._conversion.run)
        self._bearings = bearings
        self.lang = lang
        self._gazetteer = cache(Gazetteer.load)
        self._pool = ReaderPool(self._engine.reader, self._engine.split.workers)
        self._read: queue.SimpleQueue[tuple[Asked, Answer] | _Closer | None] = queue.SimpleQueue()
        self._is_over = False
        self._thread = threading.Thread(target=self._answer_all, name="predictor", daemon=True)
        self._thread.start()

    @classmethod
    def of(cls, settings: Settings | None = None) -> Self:
        """With the network and the rules that these settings name; raises as `make_engine` does."""
        settings = settings or Settings()
        engine = make_engine(settings, cache_folder())
        policy = load_policy(engine.weights.sha256, settings.albums, settings.precision_target)
        bearings = Bearings(policy)
        return cls(engine, lambda: bearings, lang=settings.lang or spoken())

    @property
    def policy(self) -> FilingPolicy:
        """By which it decides now."""
        return self._bearings().policy

    @property
    def network(self) -> str:
        """What the network is called."""
        return self._engine.weights.backbone.title

    def warm(self) -> str:
        """Makes the network now instead of when the first picture comes (the first time ever takes half a minute); says what runs."""
        return self._engine.steady.note

    def receive(self, name: str = "") -> Upload:
        """Room for a picture that comes part by part, then to be submitted or dropped; raises OSError where there is none."""
        return self._pool.begin_upload(name)

    def submit(self, picture: bytes | Upload | FileEntry, name: str = "", *, lang: str = "") -> Future[Predicted]:
        """Has a picture looked at: bytes with the name that they were sent under, what was received, or a file.

        The future raises `PictureRefused` for one that cannot be read, `AlbumSortError` when nothing can be read any more. Called off,
        it is not read unless that has begun. `lang` is for this picture alone.
        """
        upload = self._pool.keep_upload(picture, name) if isinstance(picture, bytes) else picture
        if isinstance(upload, Upload):
            try:
                asked = Asked(upload.done(), lang or self.lang, upload)
            except OSError:
                upload.drop()
                raise
        else:
            asked = Asked(upload, lang or self.lang)

        def pass_on(answer: Future[Answer]) -> None:
            error = answer.exception()
            if error is not None:
                asked.fail(error)
            else:
                self._read.put((asked, answer.result()))

        self._have_read(asked, pass_on)
        return asked.future

    def _have_read(
        self, asked: Asked, pass_on: Callable[[Future[Answer]], None], task: ReaderTask | None = None
    ) -> None:
        """Has the file read, and what came of it passed on, unless whoever asked calls it off before that has begun."""
        read = self._pool.submit(asked.file, task)
        read.add_done_callback(lambda answer: asked.let_go() if answer.cancelled() else pass_on(answer))
        asked.future.add_done_callback(lambda ended: read.cancel() if ended.cancelled() else None)

    def predict(self, picture: bytes, name: str = "") -> tuple[Prediction | None, Assignment]:
        """What the network says of a picture, and the album; raises `PictureRefused` for one that cannot be read."""
        predicted = self.submit(picture, name).result()
        return predicted.prediction, predicted.assignment

    def predict_all(self, pictures: Iterable[bytes | FileEntry]) -> list[Predicted | PictureRefused]:
        """The same of several, in their order; what cannot be read costs no other its answer."""
        futures = [self.submit(picture) for picture in pictures]
        answers: list[Predicted | PictureRefused] = []
        for future in futures:
            try:
                answers.append(future.result())
            except PictureRefused as refused:
                answers.append(refused)
        return answers

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """As `close`."""
        self.close()

    def close(self) -> None:
        """Ends the processes and the thread; whoever still waits gets an error. A network that is just being made is not waited for."""
        self._conversion.end()
        self._pool.close()
        self._read.put(None)
        self._thread.join(_PATIENCE_S)

    def _answer_all(self) -> None:
        answered = 0
        while batch := self._batch():
            answered += len(batch)
            self._answer_batch(batch)
            del batch
            if answered >= _BEFORE_TIDYING:
                answered = 0
                give_memory_back()

    def _batch(self) -> list[tuple[Asked, Answer] | _Closer]:
        """What has been read meanwhile, at most so much: nothing when all has ended.

        Whatever this thread would have read after that is refused at once, so that it is in the queue before the queue is empty.
        """
        batch: list[tuple[Asked, Answer] | _Closer] = []
        with suppress(queue.Empty):
            while len(batch) < min(self._engine.settings.batch_size, _MOST_AT_ONCE):
                following = self._read.get(block=not batch and not self._is_over)
                if following is None:
                    self._is_over = True
                else:
                    batch.append(following)
        return batch

    def _answer_batch(self, batch: Sequence[tuple[Asked, Answer] | _Closer]) -> None:
        new = [one for one in batch if not isinstance(one, _Closer)]
        try:
            self._answer(new)
        except Exception as error:  # noqa: BLE001 - handed to those who wait; the next batch is another one
            for asked, _ in new:
                asked.fail(error)
        for one in batch:
            if isinstance(one, _Closer):
                self._answer_closer(one)

    def _answer(self, batch: Sequence[tuple[Asked, Answer]]) -> None:
        """One pass of the network for all pictures that it has not seen."""
        bearings = self._bearings()
        if not bearings.looks_closer:
            for asked, _ in batch:
                asked.let_go()  # before the network, which may have to be made first
        new = [answer for _, answer in batch if isinstance(answer, Read) and answer.views is not None]
        views = [answer.views for answer in new if answer.views is not None]
        classified = self._engine.steady.classify(views) if views else []
        predictions = {
            id(answer): read_as_remembered(one.prediction, one.embedding, bearings.policy.head)
            for answer, one in zip(new, classified, strict=True)
        }
        seen = {
            answer.inspection.content_id: look_as_remembered(one.prediction, one.embedding)
            for answer, one in zip(new, classified, strict=True)
        }
        known = self._known([answer for _, answer in batch if isinstance(answer, Known)], bearings)
        picture = Picture({**known.looks, **seen}, self._closer([*known.looks, *seen], bearings))
        for asked, answer in batch:
            match answer:
                case Failed(_, skipped) | Known(_, _, Skipped() as skipped):
                    asked.refuse(skipped.reason)
                case Known(_, _, Inspection() as one):
                    path = one.file.path
                    inspection = known.inspections.get(path, one)
                    thumbnail = known.thumbnails.get(path, b"")
                    self._decide_or_look(_Looked(asked, inspection, thumbnail, bearings, picture))
                case Read(inspection, _, thumbnail):
                    inspection = replace(inspection, prediction=predictions.get(id(answer)))
                    self._decide_or_look(_Looked(asked, inspection, thumbnail, bearings, picture))

    def _known(self, known: Sequence[Known], bearings: Bearings) -> _KnownFiles:
        """What is known of files, with what the head reads in it."""
        inspections = {answer.file.path: answer.what for answer in known if isinstance(answer.what, Inspection)}
        if not inspections:
            return _KnownFiles({}, {}, {})
        with self._engine.open_cache() as store:
            thumbnails = {path: store.thumbnail(one.content_id) or b"" for path, one in inspections.items()}
            looks = store.looks_of([one.content_id for one in inspections.values()])
            read = store.with_readings(inspections) if bearings.policy.head is not None else inspections
            return _KnownFiles(read, thumbnails, looks)

    def _closer(self, contents: Sequence[ContentId], bearings: Bearings) -> Looks:
        """What runs have seen of these contents by closer looks."""
        if not bearings.looks_closer:
            return {}
        with self._engine.open_cache() as store:
            return store.closer_of(contents)

    def _decide_or_look(self, looked: _Looked) -> None:
        """The album, now or after a closer look: what waits for that keeps no other picture waiting."""
        if not looked.wants_closer:
            self._decide(looked)
            return

        def pass_on(answer: Future[Answer]) -> None:
            self._read.put(_Closer(looked, None if answer.exception() else answer.result()))

        self._have_read(looked.asked, pass_on, ReaderTask.LOOK_CLOSER)

    def _answer_closer(self, closer: _Closer) -> None:
        """The album after a closer look; where there was none to be had, as a run would decide without."""
        looked, answer = closer.looked, closer.answer
        content = looked.inspection.content_id
        try:
            if isinstance(answer, LookedCloser) and answer.content_id == content:
                # Of a picture that the cache knows, the network is asked nothing else.
                with suppress(WeightsUnavailable):
                    told = closer_as_remembered(told_of([answer], self._engine.steady)[0])
                    looked = replace(looked, picture=looked.picture.looked_at(content, told))
        except Exception as error:  # noqa: BLE001 - the border of one picture
            looked.asked.fail(error)
            return
        self._decide(looked)

    def _decide(self, looked: _Looked) -> None:
        """The album of one picture, without neighbours, homes and trips; a fault of the program is this picture's alone."""
        asked, inspection, policy = looked.asked, looked.inspection, looked.bearings.policy
        now_utc = utc_now()
        try:
            records = build_records({inspection.file.path: inspection}, now_utc=now_utc).photos
            if not records:
                asked.refuse(Reason.of("skip.orphan-sidecar"))
                return
            context = LibraryContext(now_utc, asked.lang, gazetteer=self._gazetteer)
            library, scores = gather_apart(records, context, policy)
            assignment = looked.bearings.decide(library, scores, looked.picture)
        except Exception as error:  # noqa: BLE001 - the border of one picture
            asked.fail(error)
            return
        asked.answer(Predicted(inspection, assignment, library.photos[0], policy, looked.thumbnail))


@dataclass(frozen=True, slots=True, eq=False)
class _KnownFiles:
    """What is known of files."""

    inspections: Mapping[str, Inspection]
    """By path, as the thumbnails."""
    thumbnails: Mapping[str, bytes]
    looks: Mapping[ContentId, NDArray[np.float16]]


@dataclass(frozen=True, slots=True, eq=False)
class _Looked:
    """One picture as it was looked at, and what decides about it."""

    asked: Asked
    inspection: Inspection
    thumbnail: bytes
    bearings: Bearings
    picture: Picture

    @property
    def wants_closer(self) -> bool:
        """Whether a closer look may change the album."""
        return self.bearings.wants_closer(self.inspection.content_id, self.picture)


@dataclass(frozen=True, slots=True, eq=False)
class _Closer:
    """The same, read once more."""

    looked: _Looked
    answer: Answer | None
    """None where nothing is read any more."""


def take_away_left_uploads() -> None:
    """What killed servers have left of what was sent to them."""
    take_away_left(UPLOADS)
