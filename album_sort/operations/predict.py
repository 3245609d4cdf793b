"""What a server asks: which album would this picture go to? Each picture for itself, as many at once as people send.

Reading goes on in processes that may die without harm, the network runs in one thread of this one, in batches of what has been
read meanwhile. Nothing is written: what people send is in no cache and in no album.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from typing import Self

import numpy as np
from numpy.typing import NDArray

from album_sort.classifier.labels import load_wording
from album_sort.config import cache_folder
from album_sort.core.albums.filing_policy import FilingPolicy
from album_sort.errors import PictureRefused
from album_sort.inspection.held_folders import take_away_left
from album_sort.inspection.memory import give_memory_back
from album_sort.inspection.messages import Answer, Failed, Known, Read
from album_sort.inspection.pool import ReaderPool
from album_sort.inspection.uploads import PREFIX as UPLOADS
from album_sort.inspection.uploads import Upload
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
from album_sort.state.readings import look_as_remembered, read_as_remembered
from album_sort.types import (
    LANGUAGES,
    Assignment,
    ContentId,
    FileEntry,
    Inspection,
    PhotoFacts,
    Prediction,
    Reason,
    Skipped,
)

__all__ = ["Predicted", "Predictor", "Upload", "take_away_left_uploads"]

_MOST_AT_ONCE = 8
"""Pictures in a batch: twice as many are no faster, and take 30 MB more for good."""

SAID_TO_SENDERS = {
    "skip.wrong-content": "sent.wrong-content",
    "skip.no-picture": "sent.no-picture",
    "skip.needs-jxl": "sent.needs-jxl",
    "skip.raw-without-preview": "sent.raw-without-preview",
    "skip.too-many-pixels": "sent.too-many-pixels",
    "skip.no-pixels": "sent.no-pixels",
    "skip.memory-to-read": "sent.memory-to-read",
    "skip.memory-to-decode": "sent.memory-to-decode",
    "skip.too-slow": "sent.too-slow",
    "skip.crashed": "sent.crashed",
    "skip.not-understood": "sent.not-understood",
    "skip.orphan-sidecar": "sent.orphan-sidecar",
}
"""Reasons whose advice is for the owner of a library, by those that tell a sender what to do."""

_BEFORE_TIDYING = 200
"""Pictures after which freed memory goes back to the system: it is cut into pieces that glibc keeps, twenty kilobytes a picture."""

_PATIENCE_S = 1.0
"""For the batch in hand when all ends."""


@dataclass(frozen=True, slots=True, eq=False)
class Predicted:
    """What is thought of one picture."""

    inspection: Inspection
    """What was read of it: content, format, metadata, and the prediction."""
    assignment: Assignment
    """The album, the runners-up and the reasons."""
    facts: PhotoFacts
    """When and where it was taken, as far as it says so itself."""
    policy: FilingPolicy
    """By which it was decided."""
    thumbnail: bytes = b""
    """A small upright JPEG; empty for a film."""

    @property
    def prediction(self) -> Prediction | None:
        """What the network says; None for a film, which it does not look at."""
        return self.inspection.prediction


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
        self._read: queue.SimpleQueue[tuple[_Asked, Answer] | None] = queue.SimpleQueue()
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
        future: Future[Predicted] = Future()
        asked = _Asked(future, lang or self.lang, is_sent=not isinstance(picture, FileEntry))
        match picture:
            case bytes():
                read = self._pool.submit_bytes(picture, name)
            case Upload():
                read = self._pool.submit_upload(picture)
            case _:
                read = self._pool.submit(picture)

        def pass_on(answer: Future[Answer]) -> None:
            if answer.cancelled():
                return
            error = answer.exception()
            if error is not None:
                _fail(future, error)
            else:
                self._read.put((asked, answer.result()))

        read.add_done_callback(pass_on)
        future.add_done_callback(lambda ended: read.cancel() if ended.cancelled() else None)
        return future

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
        while (first := self._read.get()) is not None:
            batch, is_last = [first], False
            with suppress(queue.Empty):
                while len(batch) < min(self._engine.settings.batch_size, _MOST_AT_ONCE):
                    following = self._read.get_nowait()
                    if following is None:
                        is_last = True
                        break
                    batch.append(following)
            try:
                self._answer(batch)
            except Exception as error:  # noqa: BLE001 - handed to those who wait; the next batch is another one
                for asked, _ in batch:
                    _fail(asked.future, error)
            if is_last:
                return
            answered += len(batch)
            del first, batch
            if answered >= _BEFORE_TIDYING:
                answered = 0
                give_memory_back()

    def _answer(self, batch: Sequence[tuple[_Asked, Answer]]) -> None:
        """One pass of the network for all pictures that it has not seen."""
        bearings = self._bearings()
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
                    self._decide(asked, inspection, known.thumbnails.get(path, b""), bearings, picture)
                case Read(inspection, _, thumbnail):
                    inspection = replace(inspection, prediction=predictions.get(id(answer)))
                    self._decide(asked, inspection, thumbnail, bearings, picture)

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
        """What runs have seen of these contents by closer looks; what is sent here is not looked at again."""
        if not bearings.looks_closer:
            return {}
        with self._engine.open_cache() as store:
            return store.closer_of(contents)

    def _decide(
        self, asked: _Asked, inspection: Inspection, thumbnail: bytes, bearings: Bearings, picture: Picture
    ) -> None:
        """The album of one picture, without neighbours, homes and trips; a fault of the program is this picture's alone."""
        now_utc = utc_now()
        try:
            records = build_records({inspection.file.path: inspection}, now_utc=now_utc).photos
            if not records:
                asked.refuse(Reason.of("skip.orphan-sidecar"))
                return
            context = LibraryContext(now_utc, asked.lang, gazetteer=self._gazetteer)
            library, scores = gather_apart(records, context, bearings.policy)
            assignment = bearings.decide(library, scores, picture)
        except Exception as error:  # noqa: BLE001 - the border of one picture
            _fail(asked.future, error)
            return
        with suppress(InvalidStateError):
            asked.future.set_result(Predicted(inspection, assignment, library.photos[0], bearings.policy, thumbnail))


@dataclass(frozen=True, slots=True, eq=False)
class _KnownFiles:
    """What is known of files."""

    inspections: Mapping[str, Inspection]
    """By path, as the thumbnails."""
    thumbnails: Mapping[str, bytes]
    looks: Mapping[ContentId, NDArray[np.float16]]


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who waits for an answer, in which language, and whether they have sent the picture."""

    future: Future[Predicted]
    lang: str
    is_sent: bool

    def refuse(self, reason: Reason) -> None:
        """There will be none."""
        code = SAID_TO_SENDERS.get(reason.code, reason.code) if self.is_sent else reason.code
        _fail(self.future, PictureRefused(load_wording().say(replace(reason, code=code), self.lang)))


def take_away_left_uploads() -> None:
    """What killed servers have left of what was sent to them."""
    take_away_left(UPLOADS)


def _fail(future: Future[Predicted], error: BaseException) -> None:
    with suppress(InvalidStateError):
        future.set_exception(error)
