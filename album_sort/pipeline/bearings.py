"""What decides about one picture that no run has looked at: rules, what was taught, and what a person has said of this very picture.

It is the album that a run over this picture alone would choose: without neighbours, homes and trips.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from album_sort.core.albums.album_rules import AlbumRules
from album_sort.core.albums.filing_policy import FilingPolicy
from album_sort.core.learning.corrections import Kind, Teaching
from album_sort.core.learning.lesson import Lesson
from album_sort.pipeline.assigning import Decider
from album_sort.pipeline.facts import AlbumTable, Library
from album_sort.pipeline.hand import all_albums
from album_sort.pipeline.heeding import evidence_of_teaching, likely_followers, may_follow
from album_sort.pipeline.lessons import Heard, Looks, hear, worth_a_look
from album_sort.pipeline.policy import load_policy, with_lessons
from album_sort.pipeline.remembered import Remembered
from album_sort.settings import Settings
from album_sort.types import LEARN_OFF, Assignment, ContentId
from album_sort.types.corrections import HandReading


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture, as the network and earlier runs have seen it."""

    seen: Mapping[ContentId, NDArray[np.float16]] = field(default_factory=dict)
    """What is learned on (LOOK_SIZE,), of its content; nothing of a film."""
    closer: Looks = field(default_factory=dict)
    """What closer looks have told of it."""

    def looks_of(self, contents: Sequence[ContentId]) -> Mapping[ContentId, NDArray[np.float16]]:
        """Of those of these contents that it has."""
        return {content: self.seen[content] for content in contents if content in self.seen}

    def looks(self, contents: Iterable[ContentId]) -> Looks:
        """The same of closer looks."""
        return {content: self.closer[content] for content in contents if content in self.closer}

    def looked_at(self, content: ContentId, told: NDArray[np.float16]) -> Self:
        """The same with what a closer look has told of it (CLOSER_VIEWS, 512)."""
        return replace(self, closer={**self.closer, content: told})


@dataclass(frozen=True, slots=True, eq=False)
class Bearings:
    """All of it, of a destination or of none."""

    policy: FilingPolicy
    lessons: tuple[Lesson, ...] = ()
    usable: tuple[Lesson, ...] = ()
    """Those in the terms of this network: the others, the next run learns anew."""
    teachings: tuple[Teaching, ...] = ()
    hand: HandReading = field(default_factory=HandReading)

    @classmethod
    def of(cls, settings: Settings, remembered: Remembered, weights_sha256: str, model_key: str) -> Self:
        """Those of a destination; raises as `load_policy` does."""
        policy = load_policy(
            weights_sha256, settings.albums, settings.precision_target, remembered.lessons, remembered.own_albums
        )
        usable = tuple(one for one in remembered.lessons if one.model_key == model_key)
        policy = with_lessons(policy, usable)
        heeds = settings.learn != LEARN_OFF
        teachings = tuple(
            one
            for one in (remembered.teachings if heeds else ())
            if one.model_key == model_key
            and one.kind.album in policy.rules.albums
            and is_still_told(one.kind, remembered, policy.rules)
        )
        known = all_albums(policy.rules)
        corrections = {content: one for content, one in remembered.corrections.items() if one.album in known}
        return cls(policy, remembered.lessons, usable, teachings, HandReading(corrections))

    @property
    def looks_closer(self) -> bool:
        """Whether closer looks tell anything."""
        return any(one.looks_closer for one in self.usable)

    def wants_closer(self, content: ContentId, picture: Picture) -> bool:
        """Whether a run over this picture would look closer at it, and nobody has."""
        if content in picture.closer:
            return False
        return any(worth_a_look(self.usable, self.policy.taught, (content,), picture))

    def decide(self, library: Library, scores: AlbumTable, picture: Picture) -> Assignment:
        """The album of a library's only photo."""
        content = library.photos[0].group.content_id
        heard = hear(self.lessons, self.usable, self.policy.taught, (content,), picture, looker=picture)
        heard = heard.under(self.policy.rules)
        decider = Decider(library, scores, self.policy, self.hand, heard)
        if self.teachings and content in picture.seen and content not in {**self.hand.corrections, **heard.shown}:
            heard = self._heeding(heard, decider.decide([0])[0], picture.seen[content])
            decider = replace(decider, heard=heard)
        return decider.decide([0])[0]

    def _heeding(self, heard: Heard, unaided: Assignment, embedding: NDArray[np.float16]) -> Heard:
        content = unaided.content_id
        for _, teaching, log_odds in likely_followers(self.teachings, embedding[None], self.policy):
            if may_follow(teaching, unaided):
                # Whoever asks for a picture need not learn where others lie.
                piece = evidence_of_teaching(
                    teaching, log_odds, unaided, embedding, policy=self.policy, place=_abbreviated
                )
                evidence = {**heard.evidence, content: (*heard.evidence.get(content, ()), piece)}
                away = {content: piece.reason} if teaching.kind.is_away else {}
                return replace(heard, evidence=evidence, away=away)
        return heard


def is_still_told(kind: Kind, remembered: Remembered, rules: AlbumRules) -> bool:
    """Whether a person still says of each photo what was learned from it.

    A run learns anew without what was taken back. Until there is one, nothing is said by what had part in it.
    """
    shown = {content: one.album for lesson in remembered.lessons for one in lesson.albums for content in one.positive}
    told = {
        content: rules.resolve(one.album) or one.album for content, one in remembered.corrections.items() if one.album
    }
    there = {content: told.get(content, shown.get(content)) for content in (*kind.positive, *kind.negative)}
    belongs = {*kind.negative} if kind.is_away else {*kind.positive}
    return all(album is not None and (album == kind.album) == (content in belongs) for content, album in there.items())


def _abbreviated(content: ContentId) -> str:
    return f"{content[:12]}…"
