"""`albums`, `models`, `config`: what there is to choose from."""

from __future__ import annotations

import os
from dataclasses import fields
from pathlib import Path

from rich.markup import escape
from rich.progress import DownloadColumn, Progress, TransferSpeedColumn
from rich.table import Table

from album_sort.classify.backbones import BACKBONES, EFFICIENTNET_LITE0, RESNET18
from album_sort.classify.labels import load_labels
from album_sort.classify.weights import (
    OFFICIAL_INT8,
    THREE_WAYS,
    WeightsFile,
    cached_resnet18,
    fetch_resnet18,
    shipped_weights,
)
from album_sort.cli._console import err_console, out_console
from album_sort.config import Settings, cache_folder, read_layers, resolve_settings
from album_sort.errors import ExitCode, UsageError, WeightsUnavailable
from album_sort.pipeline.policy import load_calibration, load_rules
from album_sort.types import AlbumId, ClassIndex

DOWNLOAD_PATIENCE_S = 60.0
"""Somebody who asks for a download is ready to wait."""


def run_albums_list(albums_file: str, lang: str) -> ExitCode:
    """All albums with their titles."""
    labels, rules = load_labels(), load_rules(albums_file)
    described = {album.album_id: album for album in labels.albums}
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Id", no_wrap=True)
    table.add_column("Title", no_wrap=True)
    table.add_column("What is in it", overflow="fold")
    for album in rules.albums:
        known = described.get(album)
        about = known.descriptions.get(lang, "") if known else "yours"
        table.add_row(album, escape(rules.title(album, lang) or labels.title(album, lang)), escape(about))
    out_console().print(table)
    return ExitCode.DONE


def run_albums_show(album: str, albums_file: str, lang: str) -> ExitCode:
    """The classes that speak for an album, with their weights."""
    labels, rules = load_labels(), load_rules(albums_file)
    if album not in rules.albums:
        raise UsageError(f"unknown album {album!r}", hint="`album-sort albums list` shows all albums")
    column = rules.albums.index(AlbumId(album))
    console = out_console()
    console.print(rules.title(AlbumId(album), lang) or labels.title(AlbumId(album), lang), style="bold", markup=False)
    for index in rules.weights[:, column].nonzero()[0].tolist():
        weight = float(rules.weights[index, column])
        console.print(f"{index:4} {weight:4.2f}  {labels.class_name(ClassIndex(index), lang)}", markup=False)
    return ExitCode.DONE


def run_albums_check(albums_file: str) -> ExitCode:
    """Checks a rules file; raises `UsageError` with all its faults."""
    rules = load_rules(albums_file)
    out_console().print(f"{albums_file}: fine; {len(rules.albums)} albums, {len(rules.rules)} rules.", markup=False)
    return ExitCode.DONE


def run_models_list() -> ExitCode:
    """The networks, and whether their weights are at hand."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Model", "Title", "Weights"):
        table.add_column(heading, no_wrap=heading != "Weights", overflow="fold")
    for name, spec in BACKBONES.items():
        weights = _at_hand(name)
        told = f"{weights.path} ({weights.origin})" if weights else "not here: album-sort models fetch"
        table.add_row(name, spec.title, escape(told))
    out_console().print(table)
    return ExitCode.DONE


def _at_hand(name: str) -> WeightsFile | None:
    if name == EFFICIENTNET_LITE0.name:
        return shipped_weights()
    return cached_resnet18(cache_folder() / "weights")


def run_models_fetch() -> ExitCode:
    """Fetches the official ResNet-18 weights into the cache."""
    cached = _at_hand(RESNET18.name)
    if cached is None:
        with Progress(
            *Progress.get_default_columns(), DownloadColumn(), TransferSpeedColumn(), console=err_console()
        ) as bar:
            task = bar.add_task(OFFICIAL_INT8.file_name, total=None)
            try:
                cached = fetch_resnet18(
                    cache_folder() / "weights",
                    DOWNLOAD_PATIENCE_S,
                    lambda done, total: bar.update(task, completed=done, total=total),
                )
            except WeightsUnavailable as error:
                raise WeightsUnavailable(str(error), hint=THREE_WAYS) from error
    out_console().print(f"{cached.path} ({cached.origin})", markup=False, soft_wrap=True)
    return ExitCode.DONE


def run_models_verify() -> ExitCode:
    """Checks the hashes of all weights at hand, and says whether they are calibrated."""
    for name in BACKBONES:
        weights = _at_hand(name)
        if weights is None:
            out_console().print(f"{name}: no weights here")
        else:
            known = (
                "calibrated" if load_calibration(weights.sha256).weights_sha256 else "not calibrated: careful defaults"
            )
            out_console().print(f"{name}: ok, SHA-256 {weights.sha256[:16]}…, {known}", markup=False)
    return ExitCode.DONE


def run_config_show(config_file: Path | None) -> ExitCode:
    """Every setting with its value and where it comes from."""
    resolved = resolve_settings(read_layers(config_file, os.environ, {}))
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Setting", "Value", "From"):
        table.add_column(heading, overflow="fold")
    for setting in fields(Settings):
        value = getattr(resolved.settings, setting.name)
        table.add_row(setting.name.replace("_", "-"), escape(str(value)), escape(resolved.origins[setting.name]))
    out_console().print(table)
    return ExitCode.DONE
