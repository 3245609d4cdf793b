"""Settings: defaults < user's config file < what the albums keep < --config FILE < environment < flags, each with its origin.

As in git, what belongs to one destination goes before what belongs to its user, and what belongs to one call before both.
All faults of all layers are reported at once.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import stat
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import platformdirs

from album_sort.errors import UsageError, nearest
from album_sort.reading import read_given
from album_sort.sentences import sentence
from album_sort.settings import SPECS, Settings

ENVIRONMENT_PREFIX = "ALBUM_SORT_"
_OWN_VARIABLES = {"ALBUM_SORT_CACHE_DIR", "ALBUM_SORT_PYTHON", "ALBUM_SORT_WEIGHTS_MIRROR"}
"""Variables of ours that are not settings."""

DEFAULT = "default"
"""Origin of a value that nobody has set."""
FLAGS = "flags"
"""Origin of a value that the command line gives."""
ALBUMS_ORIGIN = "albums"
"""Origin of a value that the destination keeps."""


@dataclass(frozen=True, slots=True)
class Layer:
    """Values from one place, unparsed."""

    origin: str
    """`defaults`, `/home/me/.config/album-sort/config.toml`, `environment`, `flags`."""
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ResolvedSettings:
    """The settings and where each value came from."""

    settings: Settings
    origins: Mapping[str, str] = field(default_factory=dict)


def resolve_settings(layers: Sequence[Layer]) -> ResolvedSettings:
    """The last layer that names a setting wins; raises `UsageError` with every fault of every layer."""
    known = [*SPECS]
    values: dict[str, Any] = {}
    origins = dict.fromkeys(known, DEFAULT)
    faults = []
    for layer in layers:
        for key, value in layer.values.items():
            name = key.replace("-", "_")
            if name not in known:
                near = nearest(name, known)
                faults.append(
                    sentence("settings.unknown-setting", origin=layer.origin, name=key)
                    + (sentence("settings.did-you-mean", near=near) if near else "")
                )
                continue
            try:
                values[name] = SPECS[name].parse(value)
                origins[name] = layer.origin
            except (ValueError, TypeError) as error:
                faults.append(f"{_named(layer.origin, key, value)}: {error}")
    since, until = values.get("since"), values.get("until")
    if since and until and since > until:
        faults.append(sentence("settings.since-is-later-than", since=since, until=until))
    if faults:
        raise UsageError("\n".join(faults), hint=sentence("settings.album-sort-config-show"))
    return ResolvedSettings(Settings(**values), origins)


def _named(origin: str, key: str, value: object) -> str:
    """A setting as the user wrote it there."""
    said = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    if origin == FLAGS:
        return f"--{key.replace('_', '-')} {said}"
    if origin == "environment":
        return f"{ENVIRONMENT_PREFIX}{key.upper()}={said}"
    return f"{origin}: {key} = {said}"


def user_file() -> Path:
    """The user's own configuration, whether or not it is there."""
    try:
        return Path(platformdirs.user_config_dir("album-sort")) / "config.toml"
    except RuntimeError:
        # No home folder, and no entry for the user that names one.
        return Path(os.devnull) / "config.toml"


def read_layers(
    config_file: Path | None,
    environment: Mapping[str, str],
    flags: Mapping[str, object],
    albums: Layer | None = None,
) -> list[Layer]:
    """All layers above the defaults; flags that were not given are None and left out. `albums` is what the destination keeps."""
    layers = []
    if user_file().is_file():
        layers.append(Layer(str(user_file()), _read_toml(user_file())))
    if albums is not None:
        layers.append(albums)
    if config_file is not None:
        layers.append(Layer(str(config_file), _read_toml(config_file)))
    given = {
        name.removeprefix(ENVIRONMENT_PREFIX).lower(): value
        for name, value in sorted(environment.items())
        if name.startswith(ENVIRONMENT_PREFIX) and name not in _OWN_VARIABLES
    }
    layers.append(Layer("environment", given))
    layers.append(Layer(FLAGS, {name: value for name, value in flags.items() if value is not None}))
    return layers


def check_setting(name: str, value: object) -> None:
    """Raises ValueError or TypeError for what is not a value of this setting."""
    SPECS[name].parse(value)


def cache_folder() -> Path:
    """`ALBUM_SORT_CACHE_DIR`, else the user's cache folder for this program."""
    given = os.environ.get("ALBUM_SORT_CACHE_DIR")
    try:
        return Path(given or platformdirs.user_cache_dir("album-sort"))
    except RuntimeError:
        return _homeless_cache()[0]


def new_homeless_cache() -> Path | None:
    """The folder that this call of the program has made for want of a home folder, of which its user should be told; mostly None."""
    if not _homeless_cache.cache_info().currsize:
        return None
    folder, is_new = _homeless_cache()
    return folder if is_new else None


@cache
def _homeless_cache() -> tuple[Path, bool]:
    """Where the user has no home folder (a container's bare number): a folder of theirs among the temporary files.

    One that somebody else has made there is not trusted: then what is remembered lasts for this run only. Whether it was made now.
    """
    folder = Path(tempfile.gettempdir(), f"album-sort-{os.getuid()}")
    with contextlib.suppress(OSError):
        is_new = not folder.exists()
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
        if stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o022:
            return folder, is_new
    passing = tempfile.mkdtemp(prefix="album-sort-")
    atexit.register(shutil.rmtree, passing, ignore_errors=True)
    return Path(passing), True


_MOST_BYTES = 1 << 20


def _read_toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(read_given(path, _MOST_BYTES).decode("utf-8"))
    except OSError as error:
        raise UsageError(
            sentence("settings.cannot-read-configuration", path=str(path), why=error.strerror),
            hint=sentence("settings.album-sort-config-show-lists"),
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(sentence("settings.configuration-is-not-valid", path=str(path), error=error)) from error
