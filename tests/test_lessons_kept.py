"""Lessons as a destination keeps them: whatever its settings hold, only albums that can stand beside the others are heard of."""

from __future__ import annotations

import base64
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from album_sort.core.checked import NONSENSE
from album_sort.core.learning.lesson import Lesson, TaughtAlbum, kept_text, lesson_of_text, lesson_to_text
from album_sort.core.learning.portable import of_json, to_json
from album_sort.core.learning.single import learn_one
from album_sort.core.learning.values import Examples, LearnedAlbum, LearnedAlbums
from album_sort.errors import UsageError
from album_sort.pipeline.lessons import lessons_of, setting_of
from album_sort.pipeline.teaching import Shelf, Sought, learn_albums
from album_sort.state.store import DestinationState
from album_sort.types import EMBEDDING_SIZE, AlbumId, ContentId
from tests.conftest import REPOSITORY
from tests.learning_builders import crowd, photos_of

EXAMPLES = 8


def wide(rows: np.ndarray) -> np.ndarray:
    return np.pad(rows, ((0, 0), (0, EMBEDDING_SIZE - rows.shape[1])))


@cache
def learned() -> LearnedAlbum:
    """Numbers of a network's size: those of the small library, with zeros."""

    album = learn_one(Examples(wide(photos_of(1, EXAMPLES))), wide(crowd(400)))
    assert isinstance(album, LearnedAlbum)
    return album


def text_of(album: str = "bello", title: str = "Bello", shown: int = EXAMPLES) -> str:
    contents = tuple(ContentId(f"{number:064x}") for number in range(shown))
    return lesson_to_text(Lesson((TaughtAlbum(AlbumId(album), title, contents),), learned(), "network"))


def with_numbers(change: Callable[[dict[str, Any]], object]) -> str:
    values = json.loads(text_of())
    numbers = json.loads(values["numbers"])
    change(numbers)
    return json.dumps(values | {"numbers": json.dumps(numbers)})


def heard_of(*texts: tuple[str, str]) -> list[str]:
    settings = {setting_of(AlbumId(album)): text for album, text in texts}
    return [one.title for lesson in lessons_of(settings) for one in lesson.albums]


def test_what_was_learned_is_heard_of() -> None:
    assert heard_of(("bello", text_of())) == ["Bello"]


@pytest.mark.parametrize(
    ("album", "title"),
    [
        ("pets", "Bello"),
        ("review", "Bello"),
        ("travel", "Bello"),
        ("bello", "Pets"),
        ("bello", "宠物"),
        ("bello", "Review"),
        ("bello", "../x"),
        ("bello", ".album-sort"),
        ("bello", "a/b"),
        ("bello", "a\u2028b"),
    ],
)
def test_no_lesson_takes_the_place_of_another_album_or_of_no_folder(album: str, title: str) -> None:
    assert heard_of((album, text_of(album, title)), ("rex", text_of("rex", "Rex"))) == ["Rex"]


def test_of_two_lessons_that_cannot_both_stand_the_first_counts() -> None:
    assert heard_of(("a", text_of("a", "Rex")), ("b", text_of("b", "Rex"))) == ["Rex"]
    assert heard_of(("bello", text_of()), ("other", text_of())) == ["Bello"], "kept under an id that is not its own"


DAMAGE: list[Callable[[dict[str, Any]], object]] = [
    lambda numbers: numbers["worth"].update(found=10**4000),
    lambda numbers: numbers["worth"].update(examples=10**4000),
    lambda numbers: numbers["worth"].update(examples=-1),
    lambda numbers: numbers["worth"].update(false_per_1000=float("nan")),
    lambda numbers: numbers["worth"].update(false_per_1000="nan"),
    lambda numbers: numbers["worth"].update(threshold=float("inf")),
    lambda numbers: numbers["worth"].update(outliers=[99_999]),
    lambda numbers: numbers.update(curve=[[float("nan"), float("nan")]]),
    lambda numbers: numbers.update(curve=[["-inf", 1.0]]),
    lambda numbers: numbers.update(intercept=1e308),
    lambda numbers: numbers.update(intercept=10**400),
    lambda numbers: numbers.update(centre=numbers["weights"][:-8]),
]


@pytest.mark.parametrize("damage", DAMAGE)
def test_numbers_that_nobody_has_learned_are_no_lesson(damage: Callable[[dict[str, Any]], object]) -> None:
    assert heard_of(("bello", with_numbers(damage))) == []


@pytest.mark.parametrize("name", ["centre", "weights"])
def test_numbers_too_large_to_reckon_with_are_refused(name: str) -> None:
    far = base64.b64encode(np.full(EMBEDDING_SIZE, 3e38, "<f4").tobytes()).decode()
    with pytest.raises(ValueError, match="no numbers"):
        of_json(json.dumps(json.loads(to_json(learned())) | {name: far}))


def test_numbers_of_more_examples_than_were_shown_are_no_lesson() -> None:
    with pytest.raises(NONSENSE):
        lesson_of_text(text_of(shown=EXAMPLES - 1))
    assert heard_of(("bello", text_of(shown=0))) == []


def test_siblings_of_many_examples_are_kept_and_read_again() -> None:
    """Their numbers share what one lesson may take."""
    rows = [wide(photos_of(thing, 320)) for thing in range(3)]
    names = [[ContentId(f"{thing}{number:063x}") for number in range(320)] for thing in range(3)]
    taught = [TaughtAlbum(AlbumId(f"thing-{n}"), f"Thing {n}", tuple(names[n])) for n in range(3)]
    shown = Shelf(tuple(itertools.chain.from_iterable(names)), np.concatenate(rows))
    lesson = learn_albums(taught, Shelf((), wide(crowd(400))), shown, "network", Sought(0.95))
    assert isinstance(lesson, Lesson)
    assert heard_of((lesson.lesson_id, kept_text(lesson))) == ["Thing 0", "Thing 1", "Thing 2"]


def test_what_an_album_is_worth_is_said_at_the_precision_that_is_asked_of_it() -> None:
    """By the settings, or by the album's own rule."""
    names = tuple(ContentId(f"{number:064x}") for number in range(EXAMPLES))
    taught, shown = TaughtAlbum(AlbumId("bello"), "Bello", names), Shelf(names, wide(photos_of(1, EXAMPLES)))
    library = Shelf((), wide(np.concatenate([crowd(400), photos_of(1, 30, seed=3, spread=2.0)])))
    found = {}
    for asked in (Sought(0.6), Sought(0.6, {AlbumId("bello"): 0.95})):
        lesson = learn_albums([taught], library, shown, "network", asked)
        assert isinstance(lesson, Lesson)
        (model,) = lesson.models
        target = asked.of([taught])
        assert model.worth.threshold == model.threshold(target)
        found[target] = model.worth.threshold
    assert found[0.6] < found[0.95]


def test_a_lesson_too_large_to_be_kept_is_refused() -> None:
    contents = tuple(ContentId(f"{number:064x}") for number in range(3000))
    albums = tuple(TaughtAlbum(AlbumId(f"a-{n}"), f"A {n}", contents) for n in range(6))
    with pytest.raises(UsageError, match="6 albums with 18,000 examples"):
        kept_text(
            Lesson(albums, LearnedAlbums((learned(),) * 6, np.zeros((6, 512), np.float32), np.zeros(6)), "network")
        )


def test_no_lesson_has_an_album_or_an_example_twice() -> None:
    album = TaughtAlbum(AlbumId("a"), "Rex", (ContentId("a" * 64),))
    others = [
        TaughtAlbum(AlbumId("b"), "REX", (ContentId("b" * 64),)),
        TaughtAlbum(AlbumId("b"), "Bello", (ContentId("a" * 64),)),
    ]
    numbers = replace(learned(), examples=learned().examples[:1], alike_from=learned().alike_from[:1])
    model = LearnedAlbums((numbers,) * 2, np.zeros((2, EMBEDDING_SIZE), np.float32), np.zeros(2))
    sound = TaughtAlbum(AlbumId("b"), "Bello", (ContentId("b" * 64),))
    assert lesson_of_text(lesson_to_text(Lesson((album, sound), model, "network"))).albums == (album, sound)
    for other in others:
        with pytest.raises(ValueError, match="two albums of one title"):
            lesson_of_text(lesson_to_text(Lesson((album, other), model, "network")))


REMEMBERS = """
import sys
from itertools import count
from pathlib import Path
from album_sort.pipeline.remembered import remember_run
from album_sort.state.store import DestinationState

with DestinationState.open(Path(sys.argv[1])) as state:
    for number in count():
        remember_run(state, "r1", {"learned bello": str(number)})
        print(number, flush=True)
"""


def test_what_a_run_brings_is_remembered_with_the_run_or_not_at_all(tmp_path: Path) -> None:
    """Killed between the two, a lesson would stand that no undo takes back, and that the undo of any other run loses."""
    for kill in range(8):
        with subprocess.Popen(
            [sys.executable, "-c", REMEMBERS, str(tmp_path)], cwd=REPOSITORY, stdout=subprocess.PIPE
        ) as remembering:
            assert remembering.stdout is not None
            for _ in range(20 + kill):
                remembering.stdout.readline()
            time.sleep(0.0002 * kill)
            remembering.kill()
        with DestinationState.open(tmp_path) as state:
            assert state.setting("learned bello") == state.setting("learned bello of r1")
