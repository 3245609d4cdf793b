"""What there is to choose from: albums, networks, settings."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from album_sort.classifier.backbone import Backbone
from album_sort.classifier.backbones import BACKBONES
from album_sort.classifier.labels import load_labels
from album_sort.classifier.weights import WeightsFile, fetch_weights, three_ways, weights_at_hand
from album_sort.config import ALBUMS_ORIGIN, DEFAULT, cache_folder, read_layers, resolve_settings
from album_sort.core.albums.album_rules import AlbumRules
from album_sort.core.planning.album_names import find_album
from album_sort.core.quoting import out_option
from album_sort.errors import WeightsUnavailable
from album_sort.operations.runs import must_be_ours
from album_sort.pipeline.hand import all_albums, all_titles, names_by_hand, shape_of
from album_sort.pipeline.kept import KeptSettings, read_kept
from album_sort.pipeline.policy import load_calibration, load_rules
from album_sort.pipeline.remembered import language_of, open_to_read
from album_sort.sentences import spoken
from album_sort.settings import SPECS
from album_sort.types import AlbumId, ClassIndex

DOWNLOAD_PATIENCE_S = 60.0
"""Somebody who asks for a download is ready to wait."""


@dataclass(frozen=True, slots=True)
class KnownAlbums:
    """The albums as a person knows them: the rules, the language, and the names that folders were given by hand."""

    rules: AlbumRules
    lang: str
    renamed: Mapping[AlbumId, str] = field(default_factory=dict)
    destination: str = ""
    """Whose albums these are; empty for those of the rules alone."""

    def all(self) -> tuple[AlbumId, ...]:
        """All of them, in the order of the rules."""
        return tuple(all_albums(self.rules))

    def title(self, album: AlbumId) -> str:
        """As its folder is called."""
        return self.renamed.get(album) or self.rules.title(album, self.lang) or load_labels().title(album, self.lang)

    def description(self, album: AlbumId) -> str | None:
        """What belongs there; None for an album of the user's own."""
        known = next((one for one in load_labels().albums if one.album_id == album), None)
        return known.descriptions.get(self.lang, "") if known else None

    def find(self, name: str) -> AlbumId:
        """The album by any of its names, as `fix` takes it; raises `UsageError` for a name that none has."""
        titles = {album: (*given, self.renamed.get(album, album)) for album, given in all_titles(self.rules).items()}
        return find_album(name, titles, out=out_option(self.destination))

    def classes(self, album: AlbumId) -> Iterator[tuple[int, float, str]]:
        """The classes that speak for an album, each with its weight and its name."""
        if album not in self.rules.albums:
            return
        weights = self.rules.weights[:, self.rules.albums.index(album)]
        for index in weights.nonzero()[0].tolist():
            yield index, float(weights[index]), load_labels().class_name(ClassIndex(index), self.lang)


def known_albums(albums_file: str, given_lang: str, destination: str) -> KnownAlbums:
    """The albums of the shipped rules, with those of a file of the user's; or of a destination, in its language.

    Raises `DestinationError` where there are no albums of ours.
    """
    own = resolve_settings(read_layers(None, os.environ, {})).settings.lang
    if not destination:
        return KnownAlbums(load_rules(albums_file), given_lang or own or spoken())
    must_be_ours(destination)
    layout, rules = shape_of(read_kept(destination), albums_file)
    with open_to_read(destination) as state:
        lang = given_lang or language_of(state)
        return KnownAlbums(rules, lang, names_by_hand(state.records(), layout, rules), destination)


@dataclass(frozen=True, slots=True)
class KnownNetwork:
    """A network, and its weights where they are at hand."""

    backbone: Backbone
    weights: WeightsFile | None

    @property
    def is_calibrated(self) -> bool:
        """Whether somebody has measured what its scores are worth."""
        return self.weights is not None and bool(load_calibration(self.weights.sha256).weights_sha256)


def known_networks() -> tuple[KnownNetwork, ...]:
    """All networks, in the order in which they are looked for; the hashes of the weights have been checked."""
    folder = cache_folder() / "weights"
    return tuple(KnownNetwork(backbone, weights_at_hand(backbone, folder)) for backbone in BACKBONES.values())


def fetch(network: KnownNetwork, on_progress: Callable[[int, int | None], None]) -> WeightsFile:
    """The official weights of a network, fetched into the cache; raises `WeightsUnavailable`."""
    try:
        return fetch_weights(network.backbone, cache_folder() / "weights", DOWNLOAD_PATIENCE_S, on_progress)
    except WeightsUnavailable as error:
        raise WeightsUnavailable(str(error), hint=three_ways()) from error


@dataclass(frozen=True, slots=True)
class KnownSetting:
    """A setting with its value and where it comes from."""

    name: str
    value: object
    origin: str


def known_settings(config_file: Path | None, destination: str) -> Iterator[KnownSetting]:
    """Every setting; with a destination, as the next run there would have it."""
    kept = read_kept(destination) if destination else KeptSettings()
    resolved = resolve_settings(read_layers(config_file, os.environ, {}, kept.layer()))
    for name in SPECS:
        value, origin = getattr(resolved.settings, name), resolved.origins[name]
        if name == "model" and kept.model and origin == DEFAULT:
            value, origin = kept.model, ALBUMS_ORIGIN
        if name == "weights" and kept.weights and origin == DEFAULT:
            value, origin = f"{kept.weights.sha256[:8]}… {kept.weights.file}", ALBUMS_ORIGIN
        yield KnownSetting(name, value, origin)
