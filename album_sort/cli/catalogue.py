"""`albums`, `models`, `config`: what there is to choose from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from rich.progress import DownloadColumn, Progress, TransferSpeedColumn

from album_sort.classifier.backbone import Backbone
from album_sort.classifier.backbones import BACKBONES
from album_sort.classifier.labels import load_labels
from album_sort.classifier.weights import WeightsFile, fetch_weights, three_ways, weights_at_hand
from album_sort.cli._console import err_console, out_console
from album_sort.cli._layout import Last, print_table, printable, say
from album_sort.config import ALBUMS_ORIGIN, DEFAULT, cache_folder, read_layers, resolve_settings
from album_sort.core.albums.album_rules import AlbumRules
from album_sort.core.planning.album_names import find_album
from album_sort.errors import ExitCode, WeightsUnavailable
from album_sort.native import native
from album_sort.operations.words import terminal_words
from album_sort.pipeline.hand import all_albums, all_titles, names_by_hand, shape_of
from album_sort.pipeline.kept import KeptSettings, read_kept
from album_sort.pipeline.policy import load_calibration, load_rules
from album_sort.pipeline.remembered import language_of, open_to_read
from album_sort.settings import Settings
from album_sort.types import LANGUAGES, AlbumId, ClassIndex

DOWNLOAD_PATIENCE_S = 60.0
"""Somebody who asks for a download is ready to wait."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """The albums as a person knows them: the rules, the language, and the names that folders were given by hand."""

    rules: AlbumRules
    lang: str
    renamed: Mapping[AlbumId, str] = field(default_factory=dict)

    def title(self, album: AlbumId) -> str:
        return self.renamed.get(album) or _title(self.rules, album, self.lang)


def _shown_albums(albums_file: str, given_lang: str, destination: str) -> _Shown:
    own = resolve_settings(read_layers(None, os.environ, {})).settings.lang
    if not destination:
        return _Shown(load_rules(albums_file), given_lang or own or LANGUAGES[0])
    layout, rules = shape_of(read_kept(destination), albums_file)
    with open_to_read(destination) as state:
        lang = given_lang or language_of(state) or LANGUAGES[0]
        return _Shown(rules, lang, names_by_hand(state.records(), layout, rules))


def run_albums_list(albums_file: str, given_lang: str, destination: str) -> ExitCode:
    """All albums with their titles; in a destination, in its language and as a person has renamed their folders there."""
    shown = _shown_albums(albums_file, given_lang, destination)
    console = out_console()
    words = terminal_words(shown.lang, console.encoding)
    described = {album.album_id: album for album in load_labels().albums}
    rows = []
    for album in all_albums(shown.rules):
        known = described.get(album)
        about = known.descriptions.get(shown.lang, "") if known else words.text("album_yours")
        rows.append((album, printable(shown.title(album)), printable(about)))
    heads = [words.text(f"albums_{key}") for key in ("id", "title", "about")]
    print_table(console, heads, rows, last=Last.WRAPPED)
    return ExitCode.DONE


def run_albums_show(name: str, albums_file: str, given_lang: str, destination: str) -> ExitCode:
    """The classes that speak for an album, with their weights; the album by any of its names, as `fix` takes it."""
    shown = _shown_albums(albums_file, given_lang, destination)
    rules, labels = shown.rules, load_labels()
    titles = {album: (*given, shown.renamed.get(album, album)) for album, given in all_titles(rules).items()}
    album = find_album(name, titles)
    console = out_console()
    words = terminal_words(shown.lang, console.encoding)
    console.out(printable(shown.title(album)), style="bold")
    classes = rules.weights[:, rules.albums.index(album)].nonzero()[0].tolist() if album in rules.albums else ()
    if not classes:
        say(console, words.text("album_without_classes"))
    for index in classes:
        weight = float(rules.weights[index, rules.albums.index(album)])
        say(console, f"{index:4} {weight:4.2f}  {labels.class_name(ClassIndex(index), shown.lang)}", hanging=11)
    return ExitCode.DONE


def _title(rules: AlbumRules, album: AlbumId, lang: str) -> str:
    return rules.title(album, lang) or load_labels().title(album, lang)


def run_albums_check(albums_file: str) -> ExitCode:
    """Checks a rules file; raises `UsageError` with all its faults."""
    rules = load_rules(albums_file)
    said = f"{printable(albums_file)}: fine; {len(rules.albums)} albums, {len(rules.rules)} rules."
    say(out_console(), said)
    return ExitCode.DONE


def run_models_list() -> ExitCode:
    """The networks, and whether their weights are at hand."""
    rows = []
    for name, backbone in BACKBONES.items():
        weights = _at_hand(backbone)
        told = f"{weights.path} ({weights.origin})" if weights else "not here: album-sort models fetch"
        rows.append((name, backbone.title, printable(told)))
    print_table(out_console(), ("Model", "Title", "Weights"), rows)
    say(out_console(), f"native code: {printable(native().told)}")
    return ExitCode.DONE


def _at_hand(backbone: Backbone) -> WeightsFile | None:
    return weights_at_hand(backbone, cache_folder() / "weights")


def run_models_fetch() -> ExitCode:
    """Fetches the official weights of each network that has some into the cache."""
    for backbone in BACKBONES.values():
        if backbone.official:
            weights = _at_hand(backbone) or _fetched(backbone)
            say(out_console(), f"{printable(str(weights.path))} ({weights.origin})")
    return ExitCode.DONE


def _fetched(backbone: Backbone) -> WeightsFile:
    with Progress(
        *Progress.get_default_columns(), DownloadColumn(), TransferSpeedColumn(), console=err_console()
    ) as bar:
        task = bar.add_task(backbone.official[0].file_name, total=None)
        try:
            return fetch_weights(
                backbone,
                cache_folder() / "weights",
                DOWNLOAD_PATIENCE_S,
                lambda done, total: bar.update(task, completed=done, total=total),
            )
        except WeightsUnavailable as error:
            raise WeightsUnavailable(str(error), hint=three_ways()) from error


def run_models_verify() -> ExitCode:
    """Checks the hashes of all weights at hand, and says whether they are calibrated."""
    for name, backbone in BACKBONES.items():
        weights = _at_hand(backbone)
        if weights is None:
            say(out_console(), f"{name}: no weights here")
        else:
            known = (
                "calibrated" if load_calibration(weights.sha256).weights_sha256 else "not calibrated: careful defaults"
            )
            say(out_console(), f"{name}: ok, SHA-256 {weights.sha256[:16]}, {known}")
    return ExitCode.DONE


def run_config_show(config_file: Path | None, destination: str) -> ExitCode:
    """Every setting with its value and where it comes from; with a destination, as the next run there would have it."""
    kept = read_kept(destination) if destination else KeptSettings()
    resolved = resolve_settings(read_layers(config_file, os.environ, {}, kept.layer()))
    rows = []
    for setting in fields(Settings):
        value = getattr(resolved.settings, setting.name)
        origin = resolved.origins[setting.name]
        if setting.name == "model" and kept.model and origin == DEFAULT:
            value, origin = kept.model, ALBUMS_ORIGIN
        if setting.name == "weights" and kept.weights and origin == DEFAULT:
            value, origin = f"{kept.weights.sha256[:8]}… {kept.weights.file}", ALBUMS_ORIGIN
        shown = _SHOWN_FOR_ZERO.get(setting.name, "0") if value == 0 and value is not False else _shown(value)
        rows.append((setting.name.replace("_", "-"), printable(shown), printable(origin)))
    print_table(out_console(), ("Setting", "Value", "From"), rows)
    return ExitCode.DONE


_SHOWN_FOR_ZERO = {"workers": "auto", "threads": "auto", "limit": "-"}
"""Settings whose 0 means that the program decides, or that there is none."""


def _shown(value: object) -> str:
    """A setting's value in words: as one would write it, a dash for none."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "-"
    if isinstance(value, float):
        return f"{value:g}"
    return "-" if value in (None, "") else str(value)
