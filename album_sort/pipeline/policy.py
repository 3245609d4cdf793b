"""Loads what decides about albums: labels, shipped rules, the user's rules, and the calibration of the weights."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from io import BytesIO
from zipfile import BadZipFile

import numpy as np

from album_sort.classifier.labels import label_folder, label_text, load_labels
from album_sort.config import ALBUMS_ORIGIN, ResolvedSettings
from album_sort.core.albums.album_rules import AlbumRules
from album_sort.core.albums.calibration import DEFAULT, Calibration, parse_calibration
from album_sort.core.albums.filing_policy import FilingPolicy
from album_sort.core.albums.head import Head
from album_sort.core.albums.overlay import parse_overlay
from album_sort.core.albums.own_albums import NO_OWN_ALBUMS, OwnAlbums
from album_sort.core.learning.lesson import Lesson, least_log_odds, overlay_text
from album_sort.core.planning.naming import is_name
from album_sort.errors import AlbumSortError, UsageError, why_unreadable
from album_sort.reading import read_given, read_small
from album_sort.sentences import sentence
from album_sort.types import REVIEW, TRAVEL, LabelSet

RULES_FILE = "rules.toml"
SAME_WEIGHTS_FILE = "heads/same_weights.toml"
ANY_HEAD = "any.npz"
MOST_BYTES = 8 << 20
"""Of the user's rules."""


def load_rules(
    overlay: str = "", lessons: Sequence[Lesson] = (), *, own: OwnAlbums = NO_OWN_ALBUMS, is_kept: bool = False
) -> AlbumRules:
    """The shipped rules, the albums that were taught or made, the user's file over them, and what was renamed or merged.

    Raises `UsageError` with all faults of the file. One that the albums name (`is_kept`) must be a file: only a pipe that the user
    names is waited for.
    """
    labels = load_labels()
    below = _with_taught(_shipped_rules(label_text(RULES_FILE)), lessons, labels)
    below = _with_own(below, own.below(), labels)
    if overlay:
        try:
            text = (read_small if is_kept else read_given)(overlay, MOST_BYTES).decode("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(
                sentence("order.cannot-read-the-album", overlay=overlay, why=why_unreadable(error)),
                hint=sentence("order.give-albums-a-toml"),
            ) from error
        below = parse_overlay(text, labels, overlay, below)
    return _with_own(below, own.above(), labels)


def _with_own(rules: AlbumRules, texts: Iterable[str], labels: LabelSet) -> AlbumRules:
    for text in texts:
        with suppress(UsageError):  # the user's file may have taken the album away since
            rules = parse_overlay(text, labels, "", rules)
    return rules


@lru_cache(maxsize=1)
def _shipped_rules(text: str) -> AlbumRules:
    """Those of our own file: the same for every destination that a process serves."""
    return parse_overlay(text, load_labels(), RULES_FILE)


def _with_taught(rules: AlbumRules, lessons: Sequence[Lesson], labels: LabelSet) -> AlbumRules:
    for lesson in lessons:
        with suppress(UsageError):  # see `standing`
            rules = parse_overlay(overlay_text([lesson]), labels, lesson.lesson_id, rules)
    return rules


def standing(lessons: Sequence[Lesson]) -> tuple[Lesson, ...]:
    """The lessons whose albums can stand beside the shipped ones and each other, the first of two that cannot.

    An album of a later program may have the id or the title of one that was taught before, and a state may hold anything: neither
    may stop a run, nor call a shipped album otherwise, nor file where no album is.
    """
    if not lessons:
        return ()
    labels = load_labels()
    rules = _shipped_rules(label_text(RULES_FILE))
    found = []
    for lesson in lessons:
        taken = {*rules.albums, *dict(rules.merged), *labels.album_ids, TRAVEL, REVIEW}
        if taken.isdisjoint(one.album for one in lesson.albums) and all(is_name(one.title) for one in lesson.albums):
            with suppress(UsageError):
                rules = parse_overlay(overlay_text([lesson]), labels, lesson.lesson_id, rules)
                found.append(lesson)
    return tuple(found)


def check_kept_rules(resolved: ResolvedSettings) -> None:
    """Raises `UsageError` where the albums keep a file of rules that cannot be used.

    The albums may come from elsewhere, and name any file of this machine: it is not waited for, and nothing of it is repeated.
    """
    path = resolved.settings.albums
    if not path or resolved.origins["albums"] != ALBUMS_ORIGIN:
        return
    try:
        load_rules(path, is_kept=True)
    except (AlbumSortError, ValueError):
        raise UsageError(
            sentence("order.these-albums-were-made", path=path),
            hint=sentence("order.see-what-is-wrong", path=path),
        ) from None


def load_calibration(weights_sha256: str) -> Calibration:
    """How to read the scores of these weights; the conservative default where nobody has calibrated them."""
    name = f"calibration/{_measured(weights_sha256)}.toml"
    try:
        text = label_text(name)
    except AlbumSortError:
        return DEFAULT
    return parse_calibration(text, name)


@lru_cache(maxsize=4)
def load_head(weights_sha256: str) -> Head | None:
    """What was learned with these weights; for weights nobody has seen, the head that reads classes alone.

    None where the file is missing or damaged: the class map then decides alone, more carefully than well.
    """
    folder = label_folder() / "heads"
    named = folder / f"{_measured(weights_sha256)}.npz"
    path = named if named.is_file() else folder / ANY_HEAD
    try:
        content = path.read_bytes()
        with np.load(BytesIO(content), allow_pickle=False) as arrays:
            return Head.of(arrays, hashlib.sha256(content).hexdigest()[:16])
    except (OSError, ValueError, KeyError, BadZipFile):
        return None


def _measured(weights_sha256: str) -> str:
    """The first digits of the weights that head and calibration were made with, for others that say the same."""
    short = weights_sha256[:8]
    same = tomllib.loads(label_text(SAME_WEIGHTS_FILE))
    return str(same.get(short, short))


def load_policy(
    weights_sha256: str,
    overlay: str,
    precision_target: float,
    lessons: Sequence[Lesson] = (),
    own: OwnAlbums = NO_OWN_ALBUMS,
) -> FilingPolicy:
    """Rules, calibration, head, the wanted precision, and what was taught, together."""
    rules = load_rules(overlay, lessons, own=own)
    policy = FilingPolicy(rules, load_calibration(weights_sha256), precision_target, load_head(weights_sha256))
    return with_lessons(policy, lessons)


def with_lessons(policy: FilingPolicy, lessons: Sequence[Lesson]) -> FilingPolicy:
    """The same with what these lessons file from; their albums are in its rules."""
    if not lessons and not policy.taught:
        return policy
    least = least_log_odds(lessons, dict(policy.rules.precision_targets), policy.precision_target)
    return replace(policy, taught=least)
