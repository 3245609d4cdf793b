"""Album rules made ready for many photos: everything about them that is the same for each photo, computed once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from album_sort.core.album_rules import AlbumRules, FilingRule
from album_sort.core.conditions import ConditionCheck
from album_sort.core.scoring import odds_factor, raise_odds, sum_log_odds, with_evidence
from album_sort.types import AlbumId, Evidence


@dataclass(frozen=True, slots=True)
class LeaningRule:
    """A rule that is a piece of evidence."""

    check: ConditionCheck
    leans: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class DecidingRule:
    """A rule that files a photo, or renames a decision."""

    rule_id: str
    check: ConditionCheck
    album: AlbumId


@dataclass(frozen=True, slots=True, eq=False)
class ReadyRules:
    """What `AlbumRules` say, in the form in which it is asked for."""

    rules: AlbumRules
    columns: dict[AlbumId, int]
    whole: tuple[AlbumId, ...]
    """Albums that are no part of another, in the order of the rules."""
    parts: tuple[tuple[int, int], ...]
    """Columns of the others, each with the column of its family."""
    parts_of: dict[AlbumId, tuple[AlbumId, ...]]
    """The same by name."""
    usual_factors: tuple[float, ...]
    """For each column, what its usual share multiplies its odds by."""
    family_weights: NDArray[np.float32]
    """(A, 1000): the share of a class's probability that speaks for an album or one of its parts."""
    leaning: tuple[LeaningRule, ...]
    filing: tuple[DecidingRule, ...]
    renaming: dict[AlbumId, tuple[DecidingRule, ...]]
    """By the album that a decision is for."""

    @staticmethod
    @lru_cache(maxsize=8)
    def of(rules: AlbumRules) -> ReadyRules:
        """These rules, ready."""
        parts_of: defaultdict[AlbumId, list[AlbumId]] = defaultdict(list)
        renaming: defaultdict[AlbumId, list[DecidingRule]] = defaultdict(list)
        parts = [(column, family) for column, family in enumerate(rules.families) if column != family]
        for column, family in parts:
            parts_of[rules.albums[family]].append(rules.albums[column])
        for rule in rules.rules:
            if rule.album is not None and rule.instead_of is not None:
                renaming[rule.instead_of].append(_deciding(rule, rule.album))
        members = [[i for i, own in enumerate(rules.families) if own == column] for column in range(len(rules.albums))]
        return ReadyRules(
            rules,
            columns={album: column for column, album in enumerate(rules.albums)},
            whole=tuple(album for album in rules.albums if album not in rules.parts),
            parts=tuple(parts),
            parts_of={album: tuple(names) for album, names in parts_of.items()},
            usual_factors=tuple(odds_factor(log_odds) for log_odds in rules.prior_log_odds),
            family_weights=np.stack([rules.weights[:, columns].sum(axis=1) for columns in members]),
            leaning=tuple(_leaning(rule) for rule in rules.rules if rule.leans),
            filing=tuple(
                _deciding(rule, rule.album)
                for rule in rules.rules
                if rule.album is not None and rule.instead_of is None
            ),
            renaming={album: tuple(found) for album, found in renaming.items()},
        )

    def scores(self, base: Sequence[float], evidence: Iterable[Evidence]) -> dict[AlbumId, float]:
        """Probability of each album; an album with parts has that of all of them together."""
        factors, usual = list(self.usual_factors), self.rules.prior_log_odds
        said = sum_log_odds(self.columns, evidence)
        for column, weight in said.items():
            factors[column] = odds_factor(usual[column] + weight)
        if not self.parts:
            return dict(zip(self.rules.albums, with_evidence(base, factors), strict=True))
        return self._with_parts(base, factors, said)

    def is_first(self, album: AlbumId, base: Sequence[float]) -> bool:
        """Whether no album is more likely than this one without any evidence."""
        # The order of probabilities is that of the odds: what both are divided by need not be known.
        raised = raise_odds(base, self.usual_factors)
        for column, family in self.parts:
            raised[family] += raised[column]
        return max(raised) == raised[self.columns[album]]

    def _with_parts(
        self, base: Sequence[float], factors: list[float], said: Mapping[int, float]
    ) -> dict[AlbumId, float]:
        albums = self.rules.albums
        for column, family in self.parts:
            if family in said:  # what speaks for food speaks for pasta too
                own = self.rules.prior_log_odds[column] + said.get(column, 0.0)
                factors[column] = odds_factor(own + said[family])
        columns = with_evidence(base, factors)
        scores = dict(zip(albums, columns, strict=True))
        for column, family in self.parts:
            scores[albums[family]] += columns[column]
        return scores


def _leaning(rule: FilingRule) -> LeaningRule:
    pieces = tuple(Evidence.of(album, weight, "albums.rule", rule=rule.rule_id) for album, weight in rule.leans)
    return LeaningRule(ConditionCheck.of(rule.when), pieces)


def _deciding(rule: FilingRule, album: AlbumId) -> DecidingRule:
    return DecidingRule(rule.rule_id, ConditionCheck.of(rule.when), album)
