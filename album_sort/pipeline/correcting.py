"""What a person's corrections do to photos that nobody has touched: learned, proved, kept by the destination, heard as evidence.

Every photo is first decided on as though no correction had taught anything; what they teach is measured against that, run after run,
so that a correction that is taken back un-teaches, and what moved by it moves back. What a person placed is decided by that alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from album_sort.core.learning.corrections import (
    LEAST_CORRECTIONS,
    Corrected,
    Kind,
    Teaching,
    kinds_of,
    learn_kind,
    standing,
    teaching_to_text,
)
from album_sort.core.learning.single import MOST_TRAINED
from album_sort.pipeline.assigning import Decider
from album_sort.pipeline.heeding import evidence_of_teaching, likely_followers, may_follow, target_of
from album_sort.pipeline.lessons import CORRECTED, Heard, primaries_of
from album_sort.pipeline.net import Net
from album_sort.pipeline.remembered import Remembered
from album_sort.pipeline.scouting import Scouted
from album_sort.pipeline.teaching import Shelf
from album_sort.state.cache import InferenceCache
from album_sort.types import LEARN_AUTO, LEARN_OFF, AlbumId, AlbumRelPath, Assignment, ContentId
from album_sort.types.corrections import HandReading

_TOGETHER = 1024


@dataclass(frozen=True, slots=True)
class Followed:
    """What became of the corrections in a run."""

    keeps: Mapping[str, str] = field(default_factory=dict)
    """What the destination keeps of it from now on, by key of its state; only what is new. Empty: nothing any more."""
    offered: int = 0
    """Photos of the run that would follow, if somebody said so."""


NOTHING_FOLLOWS = Followed()


def follow_corrections(
    scouted: Scouted, whole: Decider, remembered: Remembered, own: Collection[ContentId], net: Net
) -> tuple[Decider, Followed]:
    """The decider with what corrections teach, and what is to be kept and said of it; `own`: the photos of the run.

    With `--learn off` they teach nothing. With `ask` they teach what a person has confirmed here, and what more they would teach is
    counted. With `auto` they teach all that they prove.
    """
    request = scouted.request
    mode = request.settings.learn
    said = whole.hand.corrections
    if mode == LEARN_OFF or (not remembered.teachings and len(said) < LEAST_CORRECTIONS):
        return whole, NOTHING_FOLLOWS
    with scouted.engine.open_cache() as cache:
        class_room = _ClassRoom.of(whole, remembered, cache, scouted.engine.model_key, net)
        kinds = class_room.kinds()
        if mode == LEARN_AUTO:
            active = class_room.learned(kinds, remembered.teachings)
        else:
            active = class_room.learned(_confirmed(kinds, remembered.teachings), remembered.teachings)
        heard = class_room.hear(active)
        offered = 0
        if mode != LEARN_AUTO and request.offers:
            more = class_room.learned(kinds, (*remembered.teachings, *active))
            offered = class_room.differing(heard, class_room.hear(more), own)
    return replace(whole, heard=heard), Followed(_news(active, remembered.teachings), offered)


def _confirmed(kinds: Sequence[Kind], teachings: Sequence[Teaching]) -> list[Kind]:
    """What was confirmed, as far as the corrections stand that it was learned from."""
    by_key = {kind.key: kind for kind in kinds}
    return [
        standing(one.kind, {*now.positive, *now.negative})
        for one in teachings
        if (now := by_key.get(one.kind.key)) is not None
    ]


def _news(active: Sequence[Teaching], before: Sequence[Teaching]) -> dict[str, str]:
    known = {one.kind.key: one for one in before}
    news = {f"{CORRECTED}{one.kind.key}": teaching_to_text(one) for one in active if one is not known.get(one.kind.key)}
    gone = known.keys() - {one.kind.key for one in active}
    return news | {f"{CORRECTED}{key}": "" for key in sorted(gone)}


@dataclass(frozen=True, slots=True, eq=False)
class _ClassRoom:
    """All that is needed to learn from corrections, and to hear what was learned."""

    whole: Decider
    alone: Decider
    """Decides as though nobody had said anything of any photo."""
    numbers: Mapping[ContentId, int]
    """Of the library's photos."""
    places: Mapping[ContentId, AlbumRelPath]
    cache: InferenceCache
    model_key: str
    net: Net
    unheeded: Mapping[str, frozenset[ContentId]]
    """Corrections that teach nothing any more, by the key of a kind of mistake."""

    @classmethod
    def of(cls, whole: Decider, remembered: Remembered, cache: InferenceCache, model_key: str, net: Net) -> _ClassRoom:
        photos = whole.library.photos
        numbers = {facts.group.content_id: number for number, facts in reversed([*enumerate(photos)])}
        alone = replace(whole, hand=HandReading(titles=whole.hand.titles), heard=replace(whole.heard, shown={}))
        places = primaries_of(remembered.records.ledger)
        return cls(whole, alone, numbers, places, cache, model_key, net, remembered.unheeded)

    def unaided(self, contents: Iterable[ContentId]) -> dict[ContentId, Assignment]:
        """Where these photos would lie, had nobody said anything; in the order of their ids."""
        photos = self.whole.library.photos
        asked = sorted(self.numbers[content] for content in set(contents) if content in self.numbers)
        found: dict[ContentId, Assignment] = {}
        for start in range(0, len(asked), _TOGETHER):
            kept, decided = self.net.together(
                asked[start : start + _TOGETHER], lambda number: photos[number].group.primary.path, self.alone.decide
            )
            found |= {photos[number].group.content_id: one for number, one in zip(kept, decided, strict=True)}
        return found

    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of mistakes that the corrections of now show, of photos that the network has seen."""
        rules = self.whole.policy.rules
        told = {
            content: rules.resolve(one.album) or one.album
            for content, one in self.whole.hand.corrections.items()
            if one.album
        }
        seen = set(Shelf.of(told, self.cache).contents)
        corrected = [
            Corrected(content, album if album in rules.albums or album == one.album else None, one.album)
            for content, one in self.unaided(seen).items()
            for album in [told[content]]
        ]
        examples: dict[AlbumId, list[ContentId]] = {}
        shown = {content: album for content, album in self.whole.heard.shown.items() if content not in told}
        for content in Shelf.of(shown, self.cache).contents:
            examples.setdefault(shown[content], []).append(content)
        found = kinds_of(corrected, examples, self.unheeded)
        return tuple(kind for kind in found if kind.album in rules.albums)

    def learned(self, kinds: Sequence[Kind], before: Sequence[Teaching]) -> list[Teaching]:
        """What these kinds teach, as far as anything is proved; what was learned before from the same is taken as it is."""
        known = {one.kind.key: one for one in before}
        found = []
        library: tuple[Shelf, Mapping[ContentId, Assignment]] | None = None
        for kind in kinds:
            teaching = known.get(kind.key)
            if teaching is None or teaching.kind != kind or teaching.model_key != self.model_key:
                library = library or self._library()
                teaching = self._learn(kind, *library)
            if teaching is not None:
                found.append(teaching)
        return found

    def _library(self) -> tuple[Shelf, Mapping[ContentId, Assignment]]:
        """Some of the photos that nobody has spoken of, with where they would lie."""
        others = sorted(self.numbers.keys() - self.whole.hand.corrections.keys() - self.whole.heard.shown.keys())
        shelf = Shelf.of(others[:: max(-(-len(others) // MOST_TRAINED), 1)], self.cache).embeddings
        return shelf, self.unaided(shelf.contents)

    def _learn(self, kind: Kind, shelf: Shelf, lies: Mapping[ContentId, Assignment]) -> Teaching | None:
        others = [
            number
            for number, content in enumerate(shelf.contents)
            if content in lies and (kind.is_away or lies[content].album != kind.album)
        ]
        shown = Shelf.of((*kind.positive, *kind.negative), self.cache).embeddings
        rows = dict(zip(shown.contents, shown.rows, strict=True))
        lie_in = [lies[shelf.contents[number]].album for number in others]
        return learn_kind(
            kind, rows, (shelf.rows[others], lie_in), self.model_key, target_of(kind.album, self.whole.policy)
        )

    def hear(self, teachings: Sequence[Teaching]) -> Heard:
        """What is heard of all photos, with what these say."""
        heard = self.whole.heard
        if not teachings:
            return heard
        likely = dict(self._likely(teachings))
        unaided = self.unaided(likely)
        evidence, away = dict(heard.evidence), dict(heard.away)
        for content, (teaching, log_odds) in likely.items():
            one = unaided.get(content)
            if one is None or not may_follow(teaching, one):
                continue
            embedding = self.cache.embeddings_of([content])[content]
            piece = evidence_of_teaching(
                teaching, log_odds, one, embedding, policy=self.whole.policy, place=self._place
            )
            evidence[content] = (*evidence.get(content, ()), piece)
            if teaching.kind.is_away:
                away[content] = piece.reason
        return replace(heard, evidence=evidence, away=away)

    def _likely(self, teachings: Sequence[Teaching]) -> Iterator[tuple[ContentId, tuple[Teaching, float]]]:
        """Photos that look like corrected ones, nobody's word on them, with the surest of what was learned."""
        hand = self.whole.hand
        spoken_of = {*hand.corrections, *hand.pinned, *self.whole.heard.shown}
        asked = sorted(self.numbers.keys() - spoken_of)
        for start in range(0, len(asked), 4 * _TOGETHER):
            found = self.cache.embeddings_of(asked[start : start + 4 * _TOGETHER])
            if not found:
                continue
            contents = list(found)
            for row, teaching, log_odds in likely_followers(
                teachings, np.stack(list(found.values())), self.whole.policy
            ):
                yield contents[row], (teaching, log_odds)

    def _place(self, content: ContentId) -> str:
        """Where a person finds a photo."""
        said = self.whole.hand.corrections.get(content)
        return self.places.get(content) or (said.note if said is not None else f"{content[:12]}…")

    def differing(self, heard: Heard, more: Heard, own: Collection[ContentId]) -> int:
        """Photos of the run that go elsewhere by what is heard more."""
        changed = {
            content
            for content in heard.evidence.keys() | more.evidence.keys()
            if content in own and heard.evidence.get(content) != more.evidence.get(content)
        }
        numbers = sorted(self.numbers[content] for content in changed)
        now, then = (replace(self.whole, heard=one).decide(numbers) for one in (heard, more))
        return sum(one.album != other.album for one, other in zip(now, then, strict=True))
