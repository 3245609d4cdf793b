"""A picture that is sent to a served destination is looked at closer where a run would do so, and nothing of it is left."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from album_sort.classifier.runner import Classified
from album_sort.config import resolve_settings
from album_sort.events import silent
from album_sort.operations.asked import Predicted
from album_sort.operations.predict import Predictor
from album_sort.pipeline.assigning import Decider
from album_sort.pipeline.bearings import Bearings
from album_sort.pipeline.clock import utc_now
from album_sort.pipeline.closer import CloserLooks
from album_sort.pipeline.engine import Engine, SteadyClassifier, make_engine
from album_sort.pipeline.facts import LibraryContext, gather_apart
from album_sort.pipeline.lessons import hear
from album_sort.pipeline.records import build_records
from album_sort.pipeline.remembered import Remembered
from album_sort.pipeline.stages import Stages
from album_sort.types import CLOSER_VIEWS, EMBEDDING_SIZE, AlbumId, Assignment
from tests.builders import make_tree, picture_jpeg
from tests.learning_builders import crowd, like
from tests.network_builders import FakeClassifier
from tests.test_inspection import entries
from tests.test_learning_closer import THING, lesson, wholes

RED, GREEN = AlbumId("a"), AlbumId("b")


class LabelReader(FakeClassifier):
    """Sees that there is a label in a picture, but its colour only where the label is large: as a network sees print."""

    def __init__(self, model_key: str) -> None:
        super().__init__(model_key)
        self.before: Callable[[], object] = lambda: None
        """What happens before it looks at whole pictures."""

    def classify(self, views: Sequence[NDArray[np.uint8]]) -> list[Classified]:
        """One answer for each photo."""
        if len(views) != CLOSER_VIEWS:
            self.before()
        return super().classify(views)

    def _answer(self, views: NDArray[np.uint8]) -> Classified:
        red, green = ((views.astype(int) @ colour > 100).mean() for colour in ((1, -1, 0), (-1, 1, 0)))
        seen = wholes(1, 70) if red + green else crowd(1, 3)
        if max(red, green) > 0.1:
            seen = like(THING, 20 + int(green > red), 0.45, 1, 70)
        embedding = np.pad(seen[0], (0, EMBEDDING_SIZE - seen.shape[1]))
        return Classified(super()._answer(views).prediction, embedding)


def labelled(colour: tuple[int, int, int], grey: int, size: tuple[int, int] = (448, 448)) -> bytes:
    """A JPEG with a label in its corner; the grey around it makes it a content of its own."""
    pixels = np.full((*size, 3), grey, np.uint8)
    pixels[: size[0] // 4, : size[0] // 4] = colour
    return picture_jpeg(pixels)


def red(grey: int) -> bytes:
    return labelled((220, 20, 20), grey)


def green(grey: int) -> bytes:
    return labelled((20, 220, 20), grey)


@dataclass
class Served:
    """A destination with two albums that a closer look tells apart, as it is served."""

    engine: Engine
    classifier: LabelReader
    bearings: Bearings
    predictor: Predictor
    uploads: Path

    @property
    def left(self) -> list[Path]:
        """Files of what was sent."""
        return [path for path in self.uploads.rglob("*") if path.is_file() and path.suffix]

    def submit(self, data: bytes, name: str = "a.jpg") -> Future[Predicted]:
        return self.predictor.submit(data, name)

    def ask(self, data: bytes) -> Assignment:
        return self.submit(data).result(60).assignment


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    settings = resolve_settings([]).settings
    engine = make_engine(settings, tmp_path / "cache")
    classifier = LabelReader(engine.model_key)
    engine = replace(engine, held=SteadyClassifier(lambda: classifier))  # type: ignore[arg-type, return-value] # a double
    remembered = Remembered(lessons=(replace(lesson(), model_key=engine.model_key),))
    bearings = Bearings.of(settings, remembered, engine.weights.sha256, engine.model_key)
    with Predictor(engine, lambda: bearings) as predictor:
        yield Served(engine, classifier, bearings, predictor, tmp_path / "temporary")


def filed_by_a_run(served: Served, folder: Path) -> dict[str, Assignment]:
    """What a run over these photos decides of each, by its name: they are inspected, looked at closer and heard of as in a run."""
    engine, bearings = served.engine, served.bearings
    with engine.open_cache() as store:
        read = engine.inspect(entries(folder), store, lambda *_: None, lambda _: None).inspections
        records = build_records(read, now_utc=utc_now()).photos
        library, scores = gather_apart(records, LibraryContext(utc_now(), "en"), bearings.policy)
        files = {one.content_id: [one.file.path] for one in read.values()}
        looker = CloserLooks(engine, store, Stages(silent), files)
        heard = hear(bearings.lessons, bearings.usable, bearings.policy.taught, files, store, looker=looker)
    decided = Decider(library, scores, bearings.policy, bearings.hand, heard).decide(range(len(records)))
    names = {one.content_id: one.file.name for one in read.values()}
    return {names[one.content_id]: one for one in decided}


def test_the_answer_is_what_the_next_run_files(served: Served, tmp_path: Path) -> None:
    sent = {f"red{grey}.jpg": red(grey) for grey in (90, 110)} | {f"green{grey}.jpg": green(grey) for grey in (90, 110)}
    sent["plain.jpg"] = picture_jpeg(np.full((448, 448, 3), 120, np.uint8))
    futures = {name: served.submit(data, name) for name, data in sent.items()}
    answers = {name: future.result(60).assignment for name, future in futures.items()}
    assert served.left == []
    assert served.classifier.shown == len(sent) + 4 * CLOSER_VIEWS, "nobody looks closer at what is no sibling"
    with served.engine.open_cache() as store:
        assert not store.closer_of([one.content_id for one in answers.values()]), "what is sent is in no cache"

    filed = filed_by_a_run(served, make_tree(tmp_path / "photos", sent))
    albums = {name: one.album for name, one in answers.items()}
    assert albums == {name: one.album for name, one in filed.items()}
    assert {name: one.evidence for name, one in answers.items()} == {name: one.evidence for name, one in filed.items()}
    assert [albums[name] for name in sent][:4] == [RED, RED, GREEN, GREEN]
    assert albums["plain.jpg"] not in (RED, GREEN)

    shown = served.classifier.shown
    assert served.ask(sent["red90.jpg"]).evidence == filed["red90.jpg"].evidence
    assert served.classifier.shown - shown < CLOSER_VIEWS, (
        "what a run has looked at closer is not looked at closer again"
    )


def test_a_picture_that_the_cache_knows_is_looked_at_closer_too(served: Served, tmp_path: Path) -> None:
    photos = make_tree(tmp_path / "photos", {"a.jpg": green(90)})
    with served.engine.open_cache() as store:
        served.engine.inspect(entries(photos), store, lambda *_: None, lambda _: None)
    assert served.ask(green(90)).album == GREEN
    (file,) = entries(photos)
    assert served.predictor.submit(file).result(60).assignment.album == GREEN
    assert Path(file.path).read_bytes() == green(90), "a file of this machine is not taken away"


def test_what_cannot_be_read_at_that_size_is_answered_by_the_first_look(served: Served, tmp_path: Path) -> None:
    """A strip of 4 by 9,000 pixels is gigabytes at twice the size; and a file may be another one by the second look."""
    strip = np.full((4, 9000, 3), 110, np.uint8)
    strip[:, 4450:4470] = (220, 20, 20)
    answer = served.ask(picture_jpeg(strip))
    assert answer.album not in (RED, GREEN)
    assert served.classifier.shown == 1
    assert served.left == []

    photos = make_tree(tmp_path / "photos", {"a.jpg": red(90)})
    (file,) = entries(photos)
    served.classifier.before = lambda: make_tree(photos, {"a.jpg": green(91)})
    assert served.predictor.submit(file).result(60).assignment.album not in (RED, GREEN)
    assert served.ask(red(92)).album == RED, "the next one is another one"


def test_what_waits_for_a_closer_look_when_all_ends_is_answered_by_the_first(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("album_sort.operations.predict._PATIENCE_S", 0.0)

    def close() -> None:
        closing = threading.Thread(target=served.predictor.close)
        closing.start()
        closing.join(30)

    served.classifier.before = close
    assert served.ask(red(90)).album not in (RED, GREEN)
    assert list(served.uploads.iterdir()) == []


def test_an_upload_is_gone_before_its_answer_is_heard(served: Served) -> None:
    plain = picture_jpeg(np.full((64, 64, 3), 120, np.uint8))
    for data in (red(90), plain, b"no picture at all"):
        found: queue.SimpleQueue[list[Path]] = queue.SimpleQueue()
        served.submit(data).add_done_callback(lambda _, found=found: found.put(served.left))  # type: ignore[misc] # its own
        assert found.get(timeout=60) == []


def test_an_upload_that_was_called_off_is_taken_away(served: Served) -> None:
    """Before it is read, while it is, and while it waits for a closer look."""
    sent = [served.submit(red(40 + number)) for number in range(20)]
    assert sum(one.cancel() for one in sent[1:]) > 0
    assert sent[0].result(60).assignment.album == RED
    late: list[Future[Predicted]] = []
    served.classifier.before = lambda: [one.cancel() for one in late]
    late.append(served.submit(red(70)))
    assert served.ask(red(71)).album == RED
    until = time.monotonic() + 60
    while served.left and time.monotonic() < until:
        time.sleep(0.01)  # one that was called off while it was read is read to its end
    assert served.left == []
