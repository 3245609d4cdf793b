"""Learns albums from what the cache keeps of the photos that a person has shown.

No photo is looked at again, unless siblings are to be told apart by a closer look: then the examples are, and what may be any of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from album_sort.classifier.backbones import BACKBONES
from album_sort.core.albums.album_rules import AlbumRules
from album_sort.core.learning.lesson import MOST_SHOWN, Lesson, TaughtAlbum
from album_sort.core.learning.siblings import (
    Closer,
    Seen,
    find_alike,
    learn_siblings,
    likely_any,
    study_siblings,
    tell_apart,
)
from album_sort.core.learning.single import learn_one
from album_sort.core.learning.values import Examples, LearnedAlbum, LearnedAlbums, Refusal
from album_sort.core.looks import LOOK_SIZE
from album_sort.pipeline.lessons import Looker
from album_sort.state.cache import InferenceCache
from album_sort.types import EMBEDDING_SIZE, AlbumId, ContentId

MOST_LOOKED_AT = 1000
"""Photos of the library that siblings are measured on by a closer look; more change nothing, and a look takes a tenth of a second."""

_TOGETHER = 4096


@dataclass(frozen=True, slots=True)
class NotLearned:
    """Why nothing was learned, with the photos that show it."""

    refusal: Refusal
    pairs: tuple[tuple[ContentId, ...], tuple[ContentId, ...]]
    """The photos of `refusal.positive` and `refusal.negative`."""
    albums: tuple[TaughtAlbum, ...]
    """Those that it is about: the two that are alike, where it is that."""


@dataclass(frozen=True, slots=True, eq=False)
class Shelf:
    """The photos of a library with what one network has seen of them."""

    contents: tuple[ContentId, ...]
    rows: NDArray[np.float16]
    """(M, LOOK_SIZE), or (M, 512) of `embeddings`."""
    asked: frozenset[ContentId] = frozenset()
    """The photos that were looked for, found or not."""

    @classmethod
    def of(cls, contents: Iterable[ContentId], cache: InferenceCache) -> Shelf:
        """Of those of these photos that the network has seen; in the order of their ids, whatever the order was."""
        asked = sorted(set(contents))
        known: list[ContentId] = []
        rows = [np.zeros((0, LOOK_SIZE), np.float16)]
        for start in range(0, len(asked), _TOGETHER):
            found = cache.looks_of(asked[start : start + _TOGETHER])
            known += found
            rows += [np.stack(list(found.values()))] if found else []
        return cls(tuple(known), np.concatenate(rows), frozenset(asked))

    @property
    def embeddings(self) -> Shelf:
        """The same without what the classes say."""
        return replace(self, rows=self.rows[:, :EMBEDDING_SIZE])

    def of_those(self, contents: Sequence[ContentId]) -> Shelf:
        """Some of them, in the order asked for; those that are not there are left out."""
        places = {content: number for number, content in enumerate(self.contents)}
        found = [content for content in contents if content in places]
        return Shelf(tuple(found), self.rows[[places[content] for content in found]])


@dataclass(frozen=True, slots=True)
class Sought:
    """How sure learned albums have to be."""

    usual: float
    """Precision target of albums that have none of their own, 0..1."""
    targets: Mapping[AlbumId, float] = field(default_factory=dict)

    @classmethod
    def under(cls, rules: AlbumRules, usual: float) -> Sought:
        """By the user's rules."""
        return cls(usual, dict(rules.precision_targets))

    def of(self, albums: Sequence[TaughtAlbum]) -> float:
        """For albums that are learned together: the strictest of them."""
        return max(self.targets.get(one.album, self.usual) for one in albums)


def learn_albums(
    albums: Sequence[TaughtAlbum],
    library: Shelf,
    shown: Shelf,
    model_key: str,
    sought: Sought,
    *,
    looker: Looker | None = None,
) -> Lesson | NotLearned:
    """A lesson of one album, or of several siblings; `shown` has the examples. What no network has seen teaches nothing.

    With a `looker`, siblings are told apart by closer looks.
    """
    # What the classes say is about kinds of things, not about what tells two of a kind apart.
    if len(albums) > 1 or not _is_cut(model_key):
        library, shown = library.embeddings, shown.embeddings
    taken = [_Taken.of(one, shown) for one in albums]
    examples, target = [one.examples for one in taken], sought.of(albums)
    if len(albums) == 1:
        learned: LearnedAlbum | LearnedAlbums | Refusal = learn_one(examples[0], library.rows, target)
    elif looker is None:
        learned = learn_siblings(examples, library.rows, target)
    else:
        looks = looker.looks(content for one in taken for content in (*one.yes, *one.no))
        # What cannot be looked at closer any more does not say what is to be seen there.
        taken = [_Taken.of(one, shown.of_those([*looks])) for one in albums]
        learned = _learn_closer(taken, library, target, looker)
    if isinstance(learned, Refusal):
        return _not_learned(learned, taken)
    return Lesson(tuple(one.album for one in taken), _portable(learned), model_key)


def _learn_closer(taken: Sequence[_Taken], library: Shelf, target: float, looker: Looker) -> LearnedAlbums | Refusal:
    """Siblings by closer looks: first at the examples, then, if these can be told apart, at what may be any of them."""
    classes = [one.examples for one in taken]
    lesson = study_siblings(classes, library.rows)
    if isinstance(lesson, Refusal):
        return lesson
    rows, least = likely_any(lesson)
    yes = [content for one in taken for content in one.yes]
    no = [content for one in taken for content in one.no]
    looks = looker.looks((*yes, *no))
    parts = next(iter(looks.values()))[None]
    positive = np.stack([looks[content] for content in yes])
    negative = np.stack([looks[content] for content in no]) if no else parts[:0]
    alike = find_alike(lesson, classes, Seen.closer(lesson, Closer(positive, negative, rows[:0], parts[:0], least)))
    if alike is not None:
        return alike
    worth = rows[:: max(-(-len(rows) // MOST_LOOKED_AT), 1)].tolist()
    found = looker.looks(library.contents[row] for row in worth)
    seen = [row for row in worth if library.contents[row] in found]
    others = np.stack([found[library.contents[row]] for row in seen]) if seen else parts[:0]
    closer = Closer(positive, negative, np.asarray(seen, np.intp), others, least)
    return tell_apart(lesson, classes, Seen.closer(lesson, closer), target)


def learned_anew(
    lessons: Sequence[Lesson],
    library: Iterable[ContentId],
    cache: InferenceCache,
    model_key: str,
    sought: Sought,
    *,
    looker: Looker,
) -> tuple[Lesson, ...]:
    """The lessons for the network of this run: those of another one are learned again, from the same photos.

    One that cannot be learned with it is left out: its album has what was shown of it and nothing else, until it can be again.
    """
    if all(lesson.model_key == model_key for lesson in lessons):
        return tuple(lessons)
    shelf = Shelf.of(library, cache)
    found = []
    for lesson in lessons:
        if lesson.model_key != model_key:
            examples = {content for one in lesson.albums for content in (*one.positive, *one.negative)}
            closer = looker if lesson.looks_closer else None
            again = learn_albums(lesson.albums, shelf, Shelf.of(examples, cache), model_key, sought, looker=closer)
            if isinstance(again, NotLearned):
                continue
            lesson = again  # noqa: PLW2901 - the same, by the other network
        found.append(lesson)
    return tuple(found)


def _is_cut(model_key: str) -> bool:
    """Whether a network has more to say than an embedding holds; where it has not, its classes say the same once more."""
    return any(
        model_key.startswith(f"{name}-") and BACKBONES[name].embedding_size > EMBEDDING_SIZE for name in BACKBONES
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Taken:
    """An album with its examples as rows."""

    album: TaughtAlbum
    """Those examples first that there are rows for, in their order."""
    examples: Examples
    yes: tuple[ContentId, ...]
    """The photos of `examples.positive`."""
    no: tuple[ContentId, ...]

    @classmethod
    def of(cls, album: TaughtAlbum, shown: Shelf) -> _Taken:
        yes, no = shown.of_those(album.positive), shown.of_those(album.negative)
        known = set(yes.contents)
        rest = tuple(content for content in album.positive if content not in known)
        album = replace(album, positive=(*yes.contents, *rest))
        return cls(album, Examples(yes.rows, no.rows), yes.contents, no.contents)


def _not_learned(refusal: Refusal, taken: Sequence[_Taken]) -> NotLearned:
    concerned = [taken[number] for number in refusal.siblings] or list(taken)
    if len(refusal.siblings) == 2:
        first, other = (one.yes for one in concerned)
    else:
        first = tuple(content for one in concerned for content in one.yes)
        other = tuple(content for one in concerned for content in one.no)
    pairs = tuple(first[row] for row in refusal.positive), tuple(other[row] for row in refusal.negative)
    return NotLearned(refusal, pairs, tuple(one.album for one in concerned))


def _portable(learned: LearnedAlbum | LearnedAlbums) -> LearnedAlbum | LearnedAlbums:
    """With no more examples than are worth showing, siblings sharing them: the others have taught, and need not be carried about."""
    if isinstance(learned, LearnedAlbums):
        most = max(1, MOST_SHOWN // len(learned.albums))
        return replace(learned, albums=tuple(_with_few_examples(one, most) for one in learned.albums))
    return _with_few_examples(learned, MOST_SHOWN)


def _with_few_examples(album: LearnedAlbum, most: int) -> LearnedAlbum:
    return replace(album, examples=album.examples[:most], alike_from=album.alike_from[:most])
