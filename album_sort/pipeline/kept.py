"""What a destination keeps of its settings, as a repository keeps a configuration: decided by its first run, or with `--save`.

Only what shapes folders: two runs that differ in it would move each other's photos to and fro. Which photos a run looks at, how
fast, and what it says is decided anew each time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from album_sort.config import ALBUMS_ORIGIN, DEFAULT, Layer, ResolvedSettings, check_setting, user_file
from album_sort.core.albums.own_albums import NO_OWN_ALBUMS, OwnAlbums
from album_sort.core.learning.lesson import Lesson
from album_sort.core.planning.layout import Layout
from album_sort.errors import UsageError
from album_sort.pipeline.lessons import KEY, lessons_of
from album_sort.pipeline.own_albums import read_own_albums
from album_sort.pipeline.remembered import LANGUAGE, MODEL, WEIGHTS, RememberedWeights, open_to_read
from album_sort.setting_values import Keeping
from album_sort.settings import SPECS, Settings
from album_sort.state.store import DestinationState

ALWAYS = tuple(name for name, spec in SPECS.items() if spec.keeping is Keeping.ALWAYS)
"""Kept even where nobody has said anything: a default of a later program must not move photos either."""

KEPT = tuple(name for name, spec in SPECS.items() if spec.keeping is not Keeping.NEVER)
"""The others are kept as soon as somebody has set them."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting in which a run differs from what its destination keeps."""

    name: str
    kept: str
    given: str


@dataclass(frozen=True, slots=True)
class KeptSettings:
    """The settings of a destination as texts, by name; empty where no run has decided any."""

    values: Mapping[str, str] = field(default_factory=dict)
    language: str = ""
    model: str = ""
    weights: RememberedWeights | None = None
    lessons: tuple[Lesson, ...] = ()
    """Albums that a person has taught."""
    own_albums: OwnAlbums = NO_OWN_ALBUMS
    """Albums that they have made, renamed and merged."""

    @property
    def is_decided(self) -> bool:
        """Whether a run has decided, be it one that has kept no more than the layout."""
        return bool(self.values)

    def layer(self) -> Layer:
        """As a layer of the settings, above the user's own file."""
        values: dict[str, object] = {name: _from_text(text) for name, text in self.values.items()}
        if self.language:
            values["lang"] = self.language
        return Layer(ALBUMS_ORIGIN, values)

    def differences(self, resolved: ResolvedSettings) -> tuple[Difference, ...]:
        """In what a run differs, where a run has decided before."""
        if not self.is_decided:
            return ()
        found = []
        for name in KEPT:
            kept = self.values.get(name, _as_text(getattr(Settings(), name)))
            given = _as_text(getattr(resolved.settings, name))
            # What is not kept follows the user's file, tonight as tomorrow: no run differs from the next by it.
            if given != kept and resolved.origins[name] not in (DEFAULT, ALBUMS_ORIGIN, str(user_file())):
                found.append(Difference(name, kept, given))
        return tuple(found)

    def overruled(self, own: ResolvedSettings) -> tuple[Difference, ...]:
        """What the user's own file says otherwise, and is not followed here; `own` are the settings without this destination's."""
        if not self.is_decided:
            return ()
        return tuple(
            Difference(name, kept, _as_text(getattr(own.settings, name)))
            for name, kept in self.values.items()
            if own.origins[name] == str(user_file()) and _as_text(getattr(own.settings, name)) != kept
        )

    def after(self, resolved: ResolvedSettings, *, save: bool) -> KeptSettings:
        """What is kept after a run with these settings."""
        if self.is_decided and not save:
            return self
        names = [name for name in KEPT if name in ALWAYS or resolved.origins[name] != DEFAULT]
        return replace(self, values={name: _as_text(getattr(resolved.settings, name)) for name in names})


def read_kept(destination: str) -> KeptSettings:
    """What a destination keeps; nothing is written. Values that no setting can have are passed over."""
    if not Path(destination).is_dir():
        return KeptSettings()
    with open_to_read(destination) as state:
        return kept_of(state)


def kept_of(state: DestinationState) -> KeptSettings:
    """The same from an open state."""
    values = {name: text for name in KEPT if (text := state.setting(name)) and _is_valid(name, text)}
    language = state.setting(LANGUAGE) or ""
    weights = RememberedWeights.of(state.setting(WEIGHTS) or "")
    return KeptSettings(
        values,
        language if _is_valid("lang", language) else "",
        state.setting(MODEL) or "",
        weights,
        lessons_of(state.settings_with(KEY)),
        read_own_albums(state),
    )


def in_words(value: str) -> str:
    """A kept text as a person writes it."""
    shown = _from_text(value)
    return ", ".join(shown) if isinstance(shown, list) else value


def _is_valid(name: str, text: str) -> bool:
    try:
        check_setting(name, _from_text(text))
        if name == "layout":
            Layout.parse(text)
    except (ValueError, TypeError, UsageError):
        return False
    return True


def _as_text(value: object) -> str:
    """A setting as one text; `_from_text` leads back to what its parser takes. Empty for a setting that is not set."""
    if value is None or value == ():
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple) and all(isinstance(part, float) for part in value):
        return ",".join(map(str, value))
    return json.dumps(value) if isinstance(value, Sequence) and not isinstance(value, str) else str(value)


def _from_text(text: str) -> str | list[str]:
    """A text, or the list of texts that it stands for."""
    if text.startswith("["):
        try:
            return [str(part) for part in json.loads(text)]
        except (ValueError, TypeError, RecursionError):
            return text
    return text
