"""The settings: each a field with all that is known of it. `--help` is made from them, so nothing large is imported here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any

from album_sort.choices import DEFAULT_LAYOUT, LANGUAGES, LEARN, Mode, Precision
from album_sort.setting_values import (
    Keeping,
    Spec,
    a_day,
    a_flag,
    a_home,
    a_mode,
    a_number,
    a_precision,
    a_text,
    an_integer,
    one_of,
    some_texts,
)

_ONCE_SET, _ALWAYS = Keeping.ONCE_SET, Keeping.ALWAYS


def _is(default: object, parse: Callable[[object], Any], help: str, **rest: Any) -> Any:  # noqa: A002, ANN401 - as `dataclasses.field`
    """A field of `Settings` with its `Spec`."""
    return field(default=default, metadata={"spec": Spec(parse, help, **rest)})


@dataclass(frozen=True, slots=True)
class Settings:
    """How to sort. Names are those of the flags, with underscores, in the order of `--help`.

    This is the one place to add a setting: options, configuration files, environment, what albums keep, and what makes a run another
    one are read from here.
    """

    mode: Mode = _is(Mode.COPY, a_mode, "help.copy-default-symlink-hardlink", metavar="MODE", keeping=_ALWAYS)
    layout: str = _is(DEFAULT_LAYOUT, a_text, "help.folders-default-album-trip", metavar="TEMPLATE", keeping=_ALWAYS)
    also: bool = _is(False, a_flag, "help.link-photos-into-secondary", switch="--also/--no-also", keeping=_ONCE_SET)
    albums: str = _is("", a_text, "help.your-own-album-rules", metavar="FILE", keeping=_ONCE_SET)
    """Empty for none."""
    lang: str = _is("", one_of(LANGUAGES), "help.language-of-folders-and", metavar="en|zh")
    """Empty takes the destination's, `en` for a new one."""
    precision_target: float = _is(
        0.95,
        a_number(0.5, 0.999),
        "help.share-of-filed-photos",
        metavar="SHARE",
        keeping=_ONCE_SET,
    )
    home: tuple[float, float] | str | None = _is(
        None, a_home, "help.where-you-live-instead", metavar="LAT,LON", keeping=_ONCE_SET
    )
    """Latitude and longitude in degrees, or a town's name."""
    day_begins: int = _is(0, an_integer(0, 12), "help.hour-at-which-a", metavar="HOUR", keeping=_ONCE_SET)
    """4 files a night out under the evening before."""
    clock: tuple[str, ...] = _is((), some_texts, "help.correct-a-camera-s", metavar="CAMERA=+1h30m", keeping=_ONCE_SET)
    learn: str = _is(
        "ask",
        one_of(LEARN),
        "help.what-corrections-teach-about",
        metavar="off|ask|auto",
        keeping=_ONCE_SET,
    )
    """`ask` says what would follow; `auto` files by it, and once confirmed the albums keep it."""
    include: tuple[str, ...] = _is((), some_texts, "help.only-files-that-match", metavar="GLOB")
    exclude: tuple[str, ...] = _is((), some_texts, "help.no-files-that-match", metavar="GLOB")
    since: date | None = _is(None, a_day(is_last=False), "help.taken-on-this-day", metavar="DATE")
    until: date | None = _is(None, a_day(is_last=True), "help.taken-on-this-day-or", metavar="DATE")
    limit: int = _is(0, an_integer(0, 10**9), "help.at-most-n-photos", metavar="N")
    """0 for all."""
    recheck: bool = _is(False, a_flag, "help.read-every-photo-again", is_idle=True)
    prune: bool = _is(False, a_flag, "help.take-outputs-whose-source")
    """In the state folder."""
    prune_limit: float = _is(0.2, a_number(0, 1), "help.largest-share-to-prune", metavar="SHARE")
    """Of the outputs."""
    model: str = _is("auto", a_text, "", metavar="NAME")
    """One of the registered networks, which its help lists."""
    weights: str = _is("", a_text, "help.your-own-weights-of", metavar="FILE")
    offline: bool = _is(False, a_flag, "help.never-open-a-connection", is_idle=True)
    precision: Precision = _is(
        Precision.AUTO, a_precision, "help.auto-int16-int8-bf16", metavar="KIND", keeping=_ONCE_SET
    )
    batch_size: int = _is(16, an_integer(1, 512), "help.photos-in-a-batch", metavar="N", is_idle=True)
    workers: int = _is(0, an_integer(0, 256), "help.decoding-processes", metavar="N", is_idle=True)
    """0 chooses."""
    threads: int = _is(0, an_integer(0, 256), "help.threads-of-the-network", metavar="N", is_idle=True)
    """0 chooses."""
    nice: int = _is(0, an_integer(0, 19), "help.give-way-to-other", metavar="0-19", is_idle=True)
    cluster: str = _is(
        "",
        a_text,
        "help.other-machines-look-at",
        metavar="ADDRESS",
        is_idle=True,
        is_reported=False,
    )
    """Where they meet: `album-sort worker` comes there."""
    cluster_certs: str = _is(
        "",
        a_text,
        "help.certificates-of-the-cluster",
        metavar="DIR",
        is_idle=True,
        is_reported=False,
    )
    """Empty takes the folder `cluster` beside the user's own settings."""
    cluster_path: tuple[str, ...] = _is(
        (),
        some_texts,
        "help.photos-in-local-are",
        metavar="LOCAL=REMOTE",
        is_idle=True,
        is_reported=False,
    )
    report: str = _is("", a_text, "help.write-the-report-there", metavar="DIR|FILE.html", is_idle=True)
    """Folder for a further copy."""
    previews: bool = _is(
        True,
        a_flag,
        "help.pictures-for-the-page",
        switch="--previews/--no-previews",
        is_idle=True,
    )
    """In the state folder, at most 2,048 px large: of HEIC, RAW, TIFF, JPEG XL."""
    log_file: str = _is("", a_text, "help.append-what-is-said", metavar="FILE", is_idle=True)
    progress: bool = _is(True, a_flag, "help.no-progress-line", switch="--no-progress", is_idle=True)
    wait: float = _is(0.0, a_number(0, 1e6), "help.wait-for-another-run", metavar="SECONDS", is_idle=True)
    strict: bool = _is(False, a_flag, "help.for-developers-end-at", is_idle=True)
    """Raise at the first fault of this program instead of leaving its photo out: for those who mend it."""


SPECS: Mapping[str, Spec] = {one.name: one.metadata["spec"] for one in fields(Settings)}
"""By the name of the setting, in the order of `--help`."""
