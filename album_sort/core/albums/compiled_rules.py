"""Album rules compiled for many photos: everything about them that is the same for each photo, computed once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from album_sort.core.albums.album_rules import AlbumRules, Condition, FilingRule
from album_sort.core.albums.conditions import CONDITIONS, ConditionKey, JudgedPhoto
from album_sort.core.albums.scoring import odds_factors, raise_odds, sum_log_odds, with_evidence
from album_sort.types import AlbumId, Evidence, PhotoFacts


@dataclass(frozen=True, slots=True)
class ConditionCheck:
    """A condition compiled to be asked about many photos: only what it gives is looked at."""

    asked: tuple[tuple[ConditionKey[Any], Any], ...]
    columns: Mapping[AlbumId, int]
    """Of the scores."""

    @classmethod
    def of(cls, condition: Condition, columns: Mapping[AlbumId, int]) -> ConditionCheck:
        """The check of a condition, for scores with these columns."""
        # From the last on: what costs most, classes and albums, stands first in the table, which is in the order of the guide.
        return cls(tuple((CONDITIONS[name], value) for name, value in reversed(condition.given)), columns)

    def rows(self, indices: NDArray[np.uint16], probabilities: NDArray[np.float32]) -> Sequence[int]:
        """Rows of `Prediction.stack` of which the condition can hold at all."""
        possible = [key.possible(value, indices, probabilities) for key, value in self.asked if key.possible]
        if not possible:
            return range(len(indices))
        found: list[int] = np.flatnonzero(np.logical_and.reduce(possible)).tolist()
        return found

    def holds(self, facts: PhotoFacts, scores: Sequence[float]) -> bool:
        """Whether all that is given holds; `scores` are the album probabilities by column, evidence included."""
        photo = JudgedPhoto(facts, scores, self.columns)
        for key, value in self.asked:  # noqa: SIM110 - asked of every photo by every rule: `all` takes twice the time
            if key.holds is not None and not key.holds(value, photo):
                return False
        return True


@dataclass(frozen=True, slots=True)
class EvidenceRule:
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
class CompiledRules:
    """What `AlbumRules` say, compiled: in the form in which it is asked for."""

    rules: AlbumRules
    columns: dict[AlbumId, int]
    whole: tuple[AlbumId, ...]
    """Albums that are not part of another, in the order of the rules."""
    parts: tuple[tuple[int, int], ...]
    """Columns of the others, each with the column of its family."""
    parts_of: dict[AlbumId, tuple[AlbumId, ...]]
    """The same by name."""
    whole_columns: NDArray[np.intp]
    """Those of `whole`."""
    prior_log_odds: NDArray[np.float64]
    """(A,): what the prior of each album (its usual share) adds to its log-odds."""
    prior_factors: NDArray[np.float64]
    """(A,): what that multiplies its odds by."""
    family_weights: NDArray[np.float32]
    """(A, 1000): the share of a class's probability that speaks for an album or one of its parts."""
    leaning: tuple[EvidenceRule, ...]
    filing: tuple[DecidingRule, ...]
    renaming: dict[AlbumId, tuple[DecidingRule, ...]]
    """By the album that a decision is for."""

    @staticmethod
    @lru_cache(maxsize=8)
    def of(rules: AlbumRules) -> CompiledRules:
        """These rules, compiled."""
        parts_of: defaultdict[AlbumId, list[AlbumId]] = defaultdict(list)
        renaming: defaultdict[AlbumId, list[DecidingRule]] = defaultdict(list)
        columns = {album: column for column, album in enumerate(rules.albums)}
        parts = [(column, family) for column, family in enumerate(rules.families) if column != family]
        for column, family in parts:
            parts_of[rules.albums[family]].append(rules.albums[column])
        for rule in rules.rules:
            if rule.album is not None and rule.instead_of is not None:
                renaming[rule.instead_of].append(_deciding(rule, rule.album, columns))
        whole = tuple(album for album in rules.albums if album not in rules.parts)
        prior_log_odds = np.array(rules.prior_log_odds, dtype=np.float64)
        members = [[i for i, own in enumerate(rules.families) if own == column] for column in range(len(rules.albums))]
        return CompiledRules(
            rules,
            columns=columns,
            whole=whole,
            parts=tuple(parts),
            parts_of={album: tuple(names) for album, names in parts_of.items()},
            whole_columns=np.array([columns[album] for album in whole], dtype=np.intp),
            prior_log_odds=prior_log_odds,
            prior_factors=odds_factors(prior_log_odds),
            family_weights=np.stack([rules.weights[:, of_album].sum(axis=1) for of_album in members]),
            leaning=tuple(_leaning(rule, columns) for rule in rules.rules if rule.leans),
            filing=tuple(
                _deciding(rule, rule.album, columns)
                for rule in rules.rules
                if rule.album is not None and rule.instead_of is None
            ),
            renaming={album: tuple(found) for album, found in renaming.items()},
        )

    def scores(self, base: NDArray[np.float64], evidence: Sequence[Sequence[Evidence]]) -> NDArray[np.float64]:
        """(N, A) probability of each album for each photo; an album with parts has that of all of them together.

        `base`: (N, A) by the network alone; `evidence`: that of each photo.
        """
        said = sum_log_odds(self.columns, evidence)
        log_odds = self.prior_log_odds + said
        for column, family in self.parts:  # what speaks for food speaks for pasta too
            log_odds[:, column] += said[:, family]
        factors = np.tile(self.prior_factors, (len(base), 1))
        is_moved = log_odds != self.prior_log_odds
        factors[is_moved] = odds_factors(log_odds[is_moved])
        return self._with_parts(with_evidence(base, factors))

    def prior_order(self, base: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N, A) numbers in the order that the probabilities of a photo's albums have without any evidence."""
        # The order of probabilities is that of the odds: what both are divided by need not be known.
        return self._with_parts(raise_odds(base, self.prior_factors))

    def _with_parts(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        together = scores.copy()
        for column, family in self.parts:
            together[:, family] += scores[:, column]
        return together


def _leaning(rule: FilingRule, columns: Mapping[AlbumId, int]) -> EvidenceRule:
    pieces = tuple(Evidence.of(album, weight, "albums.rule", rule=rule.rule_id) for album, weight in rule.leans)
    return EvidenceRule(ConditionCheck.of(rule.when, columns), pieces)


def _deciding(rule: FilingRule, album: AlbumId, columns: Mapping[AlbumId, int]) -> DecidingRule:
    return DecidingRule(rule.rule_id, ConditionCheck.of(rule.when, columns), album)
