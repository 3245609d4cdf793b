"""What a run says of the settings that its destination keeps: in what it differs, what moves for it, and how to keep that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from album_sort.classifier.backbones import BACKBONES
from album_sort.config import ResolvedSettings
from album_sort.events import Notice
from album_sort.operations.words import terminal_words
from album_sort.pipeline.execute import Planned
from album_sort.pipeline.kept import Difference, KeptSettings, in_words
from album_sort.pipeline.prepare import Preparation
from album_sort.report import Words
from album_sort.types import LEARN_AUTO, Action


def say_overruled(kept: KeptSettings, own: ResolvedSettings, lang: str) -> Iterator[Notice]:
    """The user's own file says otherwise than these albums: they keep theirs."""
    words = terminal_words(lang)
    for one in kept.overruled(own):
        values = {"option": _option(one.name), "kept": _shown(one.kept), "given": _shown(one.given)}
        yield Notice(words.text("kept_before_file", **values))


def say_differences(
    kept: KeptSettings, resolved: ResolvedSettings, planned: Planned, preparation: Preparation, *, save: bool
) -> Iterator[Notice]:
    """What this run does otherwise than those before it; before it does so."""
    lang = preparation.lang
    words = terminal_words(lang)
    differences = kept.differences(resolved)
    moves = sum(op.action is Action.MOVE for op in planned.plan.ops)
    new = sum(op.action.makes_a_file for op in planned.plan.ops)
    if kept.language not in ("", lang):
        # Names of trips and folders go over into the language as a whole, so there is no run in one language only.
        values = {"kept": _language(kept.language, words), "given": _language(lang, words)}
        yield Notice(words.text("language_changes", **values, n=moves), is_urgent=bool(moves))
    weights = preparation.engine.weights
    if kept.weights is not None and kept.weights.sha256 != weights.sha256:
        before = f"{_network(kept.model)} ({kept.weights.sha256[:8]}…, {kept.weights.file})"
        given = f"{weights.backbone.title} ({weights.sha256[:8]}…)"
        key = "network_saved" if save else "network_differs"
        yield Notice(words.text(key, kept=before, given=given, n=moves), is_urgent=bool(moves))
    # `--learn auto` is kept without being told to: what was confirmed once holds.
    folders = [one for one in differences if one.name != "mode" and (one.name, one.given) != ("learn", LEARN_AUTO)]
    if folders:
        key = "settings_saved" if save else "settings_differ" if moves else "settings_differ_idly"
        values = {"kept": _all(folders, "kept", words), "given": _all(folders, "given", words)}
        yield Notice(words.text(key, **values, n=moves), is_urgent=bool(moves))
    for one in differences:
        if one.name == "mode":
            key = "mode_saved" if save else "mode_differs" if new else "mode_differs_idly"
            yield Notice(words.text(key, kept=one.kept, given=one.given, n=new))


def _all(differences: Sequence[Difference], side: str, words: Words) -> str:
    return ", ".join(_said(one.name, getattr(one, side), words) for one in differences)


def _said(name: str, value: str, words: Words) -> str:
    return f"{_option(name)} {_shown(value)}" if value else words.text("not_set", option=_option(name))


def _network(model: str) -> str:
    return BACKBONES[model].title if model in BACKBONES else model


def _language(lang: str, words: Words) -> str:
    return words.text("language_zh") if lang == "zh" else words.text("language_en")


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _shown(value: str) -> str:
    return f"'{in_words(value)}'" if value else "-"
