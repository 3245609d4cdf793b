"""Finds a network's weights: a file given by the user, the cache, the installed package, or the official download."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from album_sort.cached_file import write_cached
from album_sort.classifier.backbone import Backbone, OfficialWeights, hash_in_name
from album_sort.classifier.backbones import AUTO, BACKBONES, preferred, shipping
from album_sort.errors import ModelError, UsageError, WeightsUnavailable
from album_sort.reading import open_regular, read_small, sha256_of
from album_sort.sentences import sentence
from album_sort.types import Precision

if TYPE_CHECKING:
    from album_sort.classifier.download import Progress

AGAIN_AFTER_S = 24 * 3600
"""`auto` tries to fetch weights once a day: a try imports torch and waits for a connection, which every cron run would do."""
_FAILED_FILE = "fetch-failed"
"""In the cache folder; its time tells when `auto` last tried, its text from where."""


def three_ways() -> str:
    """What to do without weights, for whoever asked for a network that needs a connection."""
    return sentence("network.three-ways-to-get", name=shipping().name)


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """Weights at hand."""

    backbone: Backbone
    path: Path
    sha256: str
    origin: str
    """In words, for the terminal and the report."""


@dataclass(frozen=True, slots=True)
class WeightsQuery:
    """What the user asked for."""

    model: str = AUTO
    """`auto` or a name of `BACKBONES`."""
    file: Path | None = None
    """`--weights FILE`."""
    offline: bool = False
    patience_s: float = 5.0
    cache_folder: Path = Path()
    """Where fetched weights are kept."""
    precision: Precision = Precision.AUTO
    """Decides between int8 and fp32 weights: int8 ones cannot run otherwise."""


def find_weights(
    query: WeightsQuery, progress: Progress | None = None, backbones: Mapping[str, Backbone] = BACKBONES
) -> WeightsFile:
    """Weights for the query, from a file, the cache, a download or the package, in this order.

    Raises `UsageError` for an unknown model or a missing file, `WeightsUnavailable` (exit code 4) when a network was asked
    for whose weights cannot be had.
    """
    if query.model != AUTO and query.model not in backbones:
        raise UsageError(
            sentence("network.unknown-model", model=query.model),
            hint=sentence("network.choose-one-of-auto", backbones=", ".join(backbones)),
        )
    if query.file is not None:
        return _given(query.file, preferred(backbones) if query.model == AUTO else backbones[query.model])
    if query.model != AUTO:
        return _asked_for(backbones[query.model], query, progress)
    for backbone in backbones.values():
        found = weights_at_hand(backbone, query.cache_folder, query.precision)
        if found is not None:
            return found
        if query.offline or _has_failed_lately(query.cache_folder):
            continue
        try:
            return fetch_weights(backbone, query.cache_folder, query.patience_s, progress, query.precision)
        except WeightsUnavailable:
            _remember_failure(query.cache_folder)
    raise WeightsUnavailable(sentence("network.there-are-no-weights"), hint=three_ways())


def _asked_for(backbone: Backbone, query: WeightsQuery, progress: Progress | None) -> WeightsFile:
    found = weights_at_hand(backbone, query.cache_folder, query.precision)
    if found is not None:
        return found
    try:
        if query.offline:
            raise WeightsUnavailable(sentence("network.weights-are-not-in", title=backbone.title))
        return fetch_weights(backbone, query.cache_folder, query.patience_s, progress, query.precision)
    except WeightsUnavailable as error:
        raise WeightsUnavailable(str(error), hint=three_ways()) from error


def _has_failed_lately(cache_folder: Path) -> bool:
    """Whether the last try with the same address is less than a day ago."""
    try:
        path = cache_folder / _FAILED_FILE
        return (
            read_small(path, 1 << 16).decode() == _mirror() and 0 <= time.time() - path.stat().st_mtime < AGAIN_AFTER_S
        )
    except (OSError, ValueError):
        return False


def _remember_failure(cache_folder: Path) -> None:
    # A folder that cannot be written to costs time, nothing else.
    write_cached(cache_folder / _FAILED_FILE, lambda sink: sink.write(_mirror().encode()))


def _mirror() -> str:
    """What the user named in place of the official address, without the last slash; empty for nothing."""
    return os.environ.get("ALBUM_SORT_WEIGHTS_MIRROR", "").rstrip("/")


def weights_at_hand(
    backbone: Backbone, cache_folder: Path, precision: Precision = Precision.AUTO
) -> WeightsFile | None:
    """Those that need no connection: in the package, or fetched before; raises `WeightsUnavailable` where the package is not installed."""
    return _shipped(backbone) or _cached(backbone, cache_folder, precision)


def _shipped(backbone: Backbone) -> WeightsFile | None:
    """From their package, found without importing it."""
    shipped = backbone.shipped
    if shipped is None:
        return None
    package = importlib.util.find_spec(shipped.package)
    if package is None or package.origin is None:
        raise WeightsUnavailable(
            sentence("network.the-package-is-not", package=shipped.package),
            hint=sentence("network.reinstall-album-sort"),
        )
    origin = sentence("network.origin-shipped", package=shipped.distribution)
    return _checked(backbone, Path(package.origin).parent / shipped.file, origin)


def _cached(backbone: Backbone, cache_folder: Path, precision: Precision) -> WeightsFile | None:
    """Fetched before, by us or by torch.hub; files that are damaged or unreadable are passed over."""
    for official in backbone.official_for(precision):
        for folder in (cache_folder, _hub_folder()):
            path = folder / official.file_name
            try:
                return _checked(backbone, path, sentence("network.origin-cached", name=official.enum_name))
            except ModelError:
                continue
    return None


def _hub_folder() -> Path:
    """Where torch.hub keeps what it fetches."""
    # Without a home folder there is none: a `~` of the working folder is not meant.
    home = os.path.expanduser("~")
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(home if os.path.isabs(home) else os.devnull, ".cache")
    return Path(os.environ.get("TORCH_HOME") or Path(cache, "torch")) / "hub" / "checkpoints"


def fetch_weights(
    backbone: Backbone,
    cache_folder: Path,
    patience_s: float,
    progress: Progress | None = None,
    precision: Precision = Precision.AUTO,
) -> WeightsFile:
    """Downloads the official weights into the cache; a mirror may be named in ALBUM_SORT_WEIGHTS_MIRROR."""
    from album_sort.classifier.download import fetch  # noqa: PLC0415 - connections only when fetching

    official = next(iter(backbone.official_for(precision)), None)
    if official is None:
        raise WeightsUnavailable(sentence("network.there-are-no-official", title=backbone.title, precision=precision))
    mirror = _mirror()
    url = f"{mirror}/{official.file_name}" if mirror else _address_of(official)
    path = fetch(
        url, cache_folder / official.file_name, official.sha256_prefix, patience_s=patience_s, progress=progress
    )
    return _checked(backbone, path, sentence("network.origin-fetched", name=official.enum_name))


def _address_of(official: OfficialWeights) -> str:
    from album_sort.classifier.torch_startup import import_torchvision  # noqa: PLC0415 - torch only when fetching

    try:
        import_torchvision()
    except ModuleNotFoundError as error:
        raise WeightsUnavailable(sentence("network.the-package-is-not", package=error.name)) from error
    from torchvision import models  # noqa: PLC0415

    member: object = models
    for name in official.enum_name.split("."):
        member = getattr(member, name)
    return str(member.url)  # type: ignore[attr-defined] # a WeightsEnum


def _given(path: Path, backbone: Backbone) -> WeightsFile:
    if not path.is_file():
        raise UsageError(
            sentence(
                "network.weights-is-no-file" if path.exists() else "network.weights-file-does-not", path=str(path)
            ),
            hint=sentence("network.give-the-path-of"),
        )
    return _checked(backbone, path, sentence("network.origin-given"))


def _checked(backbone: Backbone, path: Path, origin: str) -> WeightsFile:
    """The file with its hash; where the file name carries a hash, it must agree."""
    digest, named = file_sha256(path), hash_in_name(path.name)
    if not digest.startswith(named):
        raise ModelError(
            sentence("network.weights-file-is-damaged", path=str(path), digest=digest[:8], named=named),
            hint=sentence("network.fetch-or-copy-it"),
        )
    return WeightsFile(backbone, path, digest, origin)


def weights_by_hash(backbone: Backbone, sha256: str, place: Path, query: WeightsQuery) -> WeightsFile | None:
    """Weights that were used before, by their hash: where they were, or wherever else weights are kept; None where they are not."""
    with contextlib.suppress(WeightsUnavailable, ModelError):
        shipped = _shipped(backbone)
        if shipped is not None and shipped.sha256 == sha256:
            return WeightsFile(backbone, shipped.path, sha256, sentence("network.origin-last-run"))
    known = [place]
    for folder in (query.cache_folder, _hub_folder()):
        known += [folder / official.file_name for official in backbone.official]
        known.append(folder / place.name)
    for path in dict.fromkeys(known):
        with contextlib.suppress(ModelError):
            if path.is_file() and file_sha256(path) == sha256:
                return WeightsFile(backbone, path, sha256, sentence("network.origin-last-run"))
    return None


def can_run(backbone: Backbone, sha256: str, precision: Precision) -> bool:
    """Whether weights can run in this precision: official int8 ones run in few."""
    return all(
        precision in official.runs_in for official in backbone.official if sha256.startswith(official.sha256_prefix)
    )


def is_official(backbone: Backbone, sha256: str) -> bool:
    """Whether these weights can be fetched."""
    return any(sha256.startswith(official.sha256_prefix) for official in backbone.official)


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, 64 hexadecimal digits; raises `ModelError` when it cannot be read."""
    try:
        descriptor = open_regular(path)
        try:
            return sha256_of(descriptor, path)[0]
        finally:
            os.close(descriptor)
    except OSError as error:
        raise ModelError(sentence("network.cannot-read-weights-file", path=str(path), why=error.strerror)) from error
