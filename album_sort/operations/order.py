"""What is asked of a run or a preview, checked before anything is read: photos, albums, and the settings that hold there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from album_sort.config import ALBUMS_ORIGIN, DEFAULT, Layer, ResolvedSettings, resolve_settings, user_file
from album_sort.errors import AlbumSortError, UsageError
from album_sort.paths import given_path
from album_sort.pipeline.holding import usable_destination
from album_sort.pipeline.kept import KeptSettings, read_kept
from album_sort.pipeline.policy import check_kept_rules
from album_sort.sentences import sentence, spoken
from album_sort.settings import Settings
from album_sort.types import LEARN_ASK, LEARN_OFF

LayersWith = Callable[[Layer | None], Sequence[Layer]]
"""Gives the settings from all places, the weakest first, with what the albums keep (None: without) among them."""


@dataclass(frozen=True, slots=True)
class SettingsHere:
    """The settings that hold in a destination."""

    resolved: ResolvedSettings
    kept: KeptSettings
    """What the destination keeps."""
    own: ResolvedSettings
    """The same without what the destination keeps."""

    @property
    def settings(self) -> Settings:
        """The values."""
        return self.resolved.settings

    @property
    def lang(self) -> str:
        """For what is said before the albums' own language is known."""
        return self.settings.lang or spoken()


def settings_here(destination: str, layers_with: LayersWith) -> SettingsHere:
    """The settings of a destination; an empty one keeps nothing.

    Raises `UsageError` with every fault of every layer, and for rules of the albums that cannot be used.
    """
    kept = read_kept(destination) if destination else KeptSettings()
    resolved = resolve_settings(layers_with(kept.layer()))
    check_kept_rules(resolved)
    return SettingsHere(resolved, kept, resolve_settings(layers_with(None)))


def settings_at_hand(destination: str, layers_with: LayersWith) -> Settings:
    """The same for what only asks how: where they are at fault, the usual ones, for an undo must not need a sound configuration."""
    try:
        return settings_here(destination, layers_with).settings
    except AlbumSortError:
        return Settings()


@dataclass(frozen=True, slots=True)
class SortOrder:
    """What to sort, where to, and how."""

    sources: tuple[str, ...]
    """Absolute: the albums remember where each photo came from, and the next run may start in another folder."""
    destination: str
    here: SettingsHere
    saves: bool = False
    """Whether the destination keeps this run's settings."""
    may_be_gone: frozenset[str] = frozenset()
    """Those of the sources that come from a list made before."""
    in_detail: bool = False
    """Whether each file is asked for, also of a library in which nothing is new."""
    is_attended: bool = False
    """Whether there is somebody to ask."""

    @property
    def settings(self) -> Settings:
        """The values."""
        return self.here.settings

    @property
    def learn(self) -> str:
        """What corrections teach in this run: where nobody is there to be asked, `ask` has to be said by the call itself."""
        resolved = self.here.resolved
        is_asked = self.is_attended or resolved.origins["learn"] not in (DEFAULT, ALBUMS_ORIGIN, str(user_file()))
        return LEARN_OFF if resolved.settings.learn == LEARN_ASK and not is_asked else resolved.settings.learn


def order_for(
    photos: Sequence[str],
    destination: str,
    here: SettingsHere,
    *,
    is_preview: bool,
    listed: Sequence[str] | None = None,
    saves: bool = False,
    in_detail: bool = False,
    is_attended: bool = False,
) -> SortOrder:
    """The order, checked; raises `UsageError` or `DestinationError` for one that nobody can carry out.

    `destination` and `listed` (photos from a list made before, None for no list) are absolute already, `photos` are as somebody
    typed them.
    """
    if not photos and listed is None:
        raise UsageError(sentence("order.no-photos-given"), hint=sentence("order.album-sort-photos-out-albums"))
    listed = listed or ()
    here = replace(here, resolved=_absolute(here.resolved))
    sources = (*map(given_path, photos), *listed)
    usable_destination(destination, sources, for_writing=not is_preview)
    return SortOrder(sources, destination, here, saves, frozenset(listed), in_detail, is_attended)


def _absolute(resolved: ResolvedSettings) -> ResolvedSettings:
    """With the file of album rules by its full path: the albums keep it, and the next run may start in another folder."""
    albums = resolved.settings.albums
    settings = replace(resolved.settings, albums=given_path(albums) if albums else "")
    return replace(resolved, settings=settings)
