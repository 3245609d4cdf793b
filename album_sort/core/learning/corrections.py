"""What a person's corrections teach about the photos that they have not touched: nothing, unless the corrections prove it themselves.

A *mistake* is a corrected photo that would lie in another album had nobody said anything. Mistakes that belong to one album are
learned as its examples (`single.learn_one`): against the other photos, without those that lie in that album anyway, with those that
were taken out of it as counter-examples. Each mistake left out in turn shows whether the others would have mended it; less than half
of them mended, or more than one wrong photo in a hundred to be expected, and nothing is taught. What was learned counts for photos that
lie where the mistakes lay, and for no others: from cats taken out of "review" nothing follows for a photo that is surely a receipt.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from album_sort.core import checked
from album_sort.core.learning.portable import of_json, to_json
from album_sort.core.learning.single import learn_one
from album_sort.core.learning.values import CAP, Examples, LearnedAlbum
from album_sort.types import EMBEDDING_SIZE, AlbumId, ContentId

LEAST_CORRECTIONS = 8
"""From which anything is proved."""
MOST_CORRECTIONS = 1000
"""Of one kind that are learned from; more teach nothing more."""
MOST_SHOWN = 300
"""Whose numbers are kept for `nearest`: a third of a megabyte."""
LEAST_FROM = 0.1
"""Share of the mistakes that must have lain in an album for its other photos to follow."""
MOST_WRONG_PER_1000 = 10.0
"""Expected wrong ones among 1,000 photos of the library, beyond which nothing is taught."""

FORMAT = "album-sort corrections 1"
_LONGEST_NUMBERS = 1 << 20


@dataclass(frozen=True, slots=True)
class Corrected:
    """One photo that a person has spoken of."""

    content_id: ContentId
    told: AlbumId | None
    """The album that it was given; None for a place that is no album of the rules (review, a folder of one's own)."""
    unaided: AlbumId
    """Where it would lie, had nobody said anything."""


def _key(album: AlbumId, *, is_away: bool) -> str:
    return f"-{album}" if is_away else album


@dataclass(frozen=True, slots=True)
class Kind:
    """Mistakes of one kind: what belongs to one album and lay elsewhere, or what lay in one album and belongs to none."""

    album: AlbumId
    is_away: bool
    """Whether they were only taken out of the album; else they belong to it."""
    positive: tuple[ContentId, ...]
    """The mistakes, in an order of their own."""
    negative: tuple[ContentId, ...]
    """Of the album, what was taken out of it; where mistakes were taken out of it, what was confirmed there."""
    sources: tuple[AlbumId, ...]
    """Albums in which so many of the mistakes lay that others there may follow."""

    @property
    def key(self) -> str:
        """Among the kinds of a destination."""
        return _key(self.album, is_away=self.is_away)


@dataclass(frozen=True, slots=True, eq=False)
class Teaching:
    """A kind of mistake, with what was learned from it."""

    kind: Kind
    model: LearnedAlbum
    model_key: str
    """Of the predictions whose embeddings it was learned from."""

    def score(self, embeddings: NDArray[np.floating]) -> NDArray[np.float64]:
        """(N,) log-odds that each of (N, D) photos is such a mistake, as far as looks go."""
        return self.model.score(embeddings)


@dataclass(frozen=True, slots=True)
class Proof:
    """What leaving each mistake out in turn has shown."""

    wrong: int
    mended: int
    """Of the mistakes, how many the others would have put right."""
    false_per_1000: float
    """Of 1,000 photos of the library, how many would be filed wrongly by it."""

    @classmethod
    def of(cls, model: LearnedAlbum, library: NDArray[np.floating], follows: NDArray[np.bool_]) -> Proof:
        """Of (M, D) photos those that may follow (M,), by the precision target that it was learned with."""
        said = model.against_library(library[follows])
        along = said[said >= model.worth.threshold]
        wrong = float(np.exp(-np.logaddexp(0.0, along)).sum())
        return cls(model.worth.examples, model.worth.found, 1000.0 * wrong / len(library))

    @property
    def helps(self) -> bool:
        """Whether anything is taught."""
        is_enough = self.wrong >= LEAST_CORRECTIONS and 2 * self.mended >= self.wrong
        return is_enough and self.false_per_1000 <= MOST_WRONG_PER_1000


def kinds_of(
    corrected: Iterable[Corrected],
    examples: Mapping[AlbumId, Sequence[ContentId]],
    unheeded: Mapping[str, Collection[ContentId]] = MappingProxyType({}),
) -> tuple[Kind, ...]:
    """The kinds of mistakes that are frequent enough to teach, by their keys.

    `examples`: of albums that were learned from examples; these count beside the mistakes. `unheeded`: mistakes that are to teach
    nothing more, by the key of their kind: it takes as many new ones as at first.
    """
    into: defaultdict[AlbumId, list[Corrected]] = defaultdict(list)
    away: defaultdict[AlbumId, list[Corrected]] = defaultdict(list)
    confirmed: defaultdict[AlbumId, list[ContentId]] = defaultdict(list)
    for one in sorted(corrected, key=lambda one: one.content_id):
        if one.told == one.unaided:
            confirmed[one.unaided].append(one.content_id)
        elif one.told is not None:
            into[one.told].append(one)
        if one.told != one.unaided:
            away[one.unaided].append(one)
    found = []
    for album, all_mistakes in into.items():
        mistakes = _heeded(all_mistakes, unheeded.get(_key(album, is_away=False), ()))
        if not mistakes:
            continue  # the examples of a learned album are no mistakes
        taken_out = [one.content_id for one in away[album]] if album in away else []
        shown = [*(one.content_id for one in mistakes), *examples.get(album, ())]
        found.append(_kind(album, mistakes, shown, taken_out, is_away=False))
    for album, mistakes in away.items():
        out = _heeded(mistakes, unheeded.get(_key(album, is_away=True), ()))
        homeless = [one for one in out if one.told is None]
        found.append(_kind(album, homeless, [one.content_id for one in homeless], confirmed[album], is_away=True))
    return tuple(sorted((one for one in found if len(one.positive) >= LEAST_CORRECTIONS), key=lambda one: one.key))


def _heeded(mistakes: Sequence[Corrected], unheeded: Collection[ContentId]) -> list[Corrected]:
    return [one for one in mistakes if one.content_id not in unheeded]


def _kind(
    album: AlbumId,
    mistakes: Sequence[Corrected],
    shown: Sequence[ContentId],
    negative: Sequence[ContentId],
    *,
    is_away: bool,
) -> Kind:
    lay_in = Counter(one.unaided for one in mistakes)
    sources = tuple(sorted(source for source, count in lay_in.items() if count >= LEAST_FROM * len(mistakes)))
    positive = tuple(sorted(set(shown)))
    # No more than there are mistakes: a hundred of them would say more about the album than what was put into it.
    against = tuple(sorted(set(negative) - set(positive)))[: len(positive)]
    return Kind(album, is_away, positive[:MOST_CORRECTIONS], against[:MOST_CORRECTIONS], sources)


def standing(kind: Kind, contents: Collection[ContentId]) -> Kind:
    """The same without the mistakes that are none any more: taken back, or no longer made."""
    positive = tuple(content for content in kind.positive if content in contents)
    negative = tuple(content for content in kind.negative if content in contents)
    return replace(kind, positive=positive, negative=negative)


def learn_kind(
    kind: Kind,
    rows: Mapping[ContentId, NDArray[np.float16]],
    library: tuple[NDArray[np.floating], Sequence[AlbumId]],
    model_key: str,
    precision_target: float,
) -> Teaching | None:
    """What a kind of mistake teaches; None where nothing is proved.

    `library`: (M, D) other photos that do not lie in its album, with the albums in which they lie.
    """
    positive = tuple(content for content in kind.positive if content in rows)
    negative = tuple(content for content in kind.negative if content in rows)
    if len(positive) < LEAST_CORRECTIONS:
        return None
    shown = np.stack([rows[content] for content in positive])
    against = np.stack([rows[content] for content in negative]) if negative else shown[:0]
    # They were not looked for as the likeliest of a crowd: who has put right so many has many more, and they lie where these lay.
    others, lie_in = library
    model = learn_one(Examples(shown, against), others, precision_target, expected_share=1.0)
    if not isinstance(model, LearnedAlbum) or model.threshold(precision_target) >= CAP:
        return None
    follows = np.fromiter((album in kind.sources for album in lie_in), np.bool_, len(others))
    if not Proof.of(model, others, follows).helps:
        return None
    model = replace(model, examples=model.examples[:MOST_SHOWN], alike_from=model.alike_from[:MOST_SHOWN])
    return Teaching(replace(kind, positive=positive, negative=negative), model, model_key)


def teaching_to_text(teaching: Teaching) -> str:
    """As a destination keeps it."""
    kind = teaching.kind
    values = {
        "format": FORMAT,
        "network": teaching.model_key,
        "album": kind.album,
        "away": kind.is_away,
        "from": list(kind.sources),
        "yes": list(kind.positive),
        "no": list(kind.negative),
        "numbers": to_json(teaching.model),
    }
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def teaching_of_text(text: str) -> Teaching:
    """From such a text; raises ValueError, TypeError or KeyError for another one (`checked.NONSENSE`)."""
    values = checked.json_object(text)
    if values["format"] != FORMAT:
        raise ValueError(f"corrections of format {values['format']!r}")
    kind = Kind(
        AlbumId(checked.text(values["album"])),
        checked.yes_or_no(values["away"]),
        _contents(values["yes"]),
        _contents(values["no"]),
        tuple(AlbumId(checked.text(source)) for source in _list(values["from"])),
    )
    model = of_json(checked.text(values["numbers"], _LONGEST_NUMBERS))
    if len(model.weights) != EMBEDDING_SIZE or len(model.examples) > len(kind.positive):
        raise ValueError(f"corrections with {len(model.weights)} numbers of {len(model.examples)} photos")
    return Teaching(kind, model, checked.text(values["network"]))


def _contents(values: object) -> tuple[ContentId, ...]:
    return tuple(map(checked.content, _list(values)))


def _list(values: object) -> list[object]:
    if not isinstance(values, list) or len(values) > MOST_CORRECTIONS:
        raise ValueError("corrections are a list")
    return values
