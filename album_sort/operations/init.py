"""What `init` would write: the user's settings, which albums they have, and a timetable. Shown first, written when it is agreed to."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from album_sort.config import check_setting, user_file
from album_sort.errors import UsageError
from album_sort.operations.known_albums import KnownAlbums, known_albums, known_albums_file, known_albums_text
from album_sort.operations.nightly import (
    FileChange,
    Keeper,
    Timetable,
    carry_out,
    keeper_here,
    no_timetable,
    text_of,
    timetable,
    write_change,
)
from album_sort.operations.nightly_texts import nightly_words
from album_sort.operations.program_call import program_words
from album_sort.paths import given_path
from album_sort.pipeline.holding import usable_destination
from album_sort.pipeline.kept import read_kept
from album_sort.places.gazetteer import Gazetteer
from album_sort.sentences import sentence
from album_sort.types import LANGUAGES, Place

NIGHT = (2, 30)
"""When most computers that are on have nothing else to do: hour and minute."""

_MOST_TOWNS = 8


@dataclass(frozen=True, slots=True)
class Wishes:
    """The answers to the five questions. Paths are absolute."""

    photos: tuple[str, ...]
    albums: str
    lang: str
    home: Place | None
    """None finds out."""
    nightly: tuple[int, int] | None
    """Hour and minute; None for not at all."""
    keeper: Keeper | None = None
    """None takes what is there."""


@dataclass(frozen=True, slots=True)
class Setup:
    """All that would be written."""

    known: KnownAlbums
    files: tuple[FileChange, ...]
    timetables: tuple[Timetable, ...]
    save: tuple[str, ...] = ()
    """Options that the next run needs, since albums that are there already keep something else."""

    @property
    def is_needed(self) -> bool:
        """Whether anything is different from how it is."""
        return (
            any(change.is_needed for change in self.files)
            or any(change.is_needed for table in self.timetables for change in table.files)
            or any(table.crontab is not None and table.crontab[0] != table.crontab[1] for table in self.timetables)
        )


def usual_photos() -> str:
    """Where this user's photos are likely to be; empty for nowhere that is there."""
    home = Path.home()
    found = (home / name for name in ("Photos", "Pictures", "图片", "Bilder", "Images"))
    return next((str(path) for path in found if path.is_dir()), "")


def usual_albums(photos: str) -> str:
    """Beside the photos: on the same disk, where a copy may cost no space."""
    return str(Path(photos).parent / "Albums")


def checked_photos(photos: Sequence[str]) -> tuple[str, ...]:
    """Their absolute paths. Raises `UsageError` for what is not there."""
    paths = tuple(map(given_path, map(os.path.expanduser, photos)))
    for path in paths:
        if not os.path.isdir(path):
            raise UsageError(sentence("order.is-not-a-folder", path=path), hint=sentence("order.give-the-folder-with"))
    return paths


def checked_albums(albums: str, photos: tuple[str, ...]) -> str:
    """Its absolute path. Raises `UsageError` or `DestinationError` for one that no run could write to."""
    path = given_path(os.path.expanduser(albums))
    usable_destination(path, photos)
    return path


def checked_time(text: str) -> tuple[int, int]:
    """Hour and minute."""
    found = re.fullmatch(r"(\d{1,2}):(\d{2})", text.strip(), re.ASCII)
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        raise UsageError(sentence("order.is-no-time-of", text=text), hint=sentence("order.write-it-as-02"))
    return int(found[1]), int(found[2])


def towns_called(name: str, lang: str) -> list[Place]:
    """The towns of a name, the largest first, as many as one can choose from."""
    for language in (lang, *(other for other in LANGUAGES if other != lang)):
        if found := Gazetteer.load(language).find_all(name):
            return found[:_MOST_TOWNS]
    return []


def plan_setup(wishes: Wishes) -> Setup:
    """What these wishes come to. Raises `UsageError` for what cannot be had."""
    settings = [("lang", wishes.lang)]
    if wishes.home is not None:
        settings.append(("home", f"{wishes.home.lat_deg:.4f},{wishes.home.lon_deg:.4f}"))
    known = KnownAlbums(wishes.albums, wishes.photos, tuple(settings))
    others = [one for one in known_albums() if one.albums != wishes.albums]
    notes = {"home": place_label(wishes.home)} if wishes.home is not None else {}
    files = (_settings_change(dict(settings), notes), _known_change([*others, known]))
    tables = tuple(table for table in no_timetable(wishes.albums) if wishes.nightly is None)
    if wishes.nightly is not None:
        words = nightly_words(program_words(), wishes.photos, wishes.albums)
        keeper = wishes.keeper or keeper_here()
        others_there = tuple(table for table in no_timetable(wishes.albums) if table.keeper is not keeper)
        tables = (*others_there, timetable(keeper, words, wishes.albums, *wishes.nightly))
    return Setup(known, files, tables, _to_save(wishes.albums, settings))


def plan_removal(albums: str) -> Setup:
    """What takes a setup back: the timetable, and of the settings what still is as it was written. Albums and photos stay."""
    known = known_albums()
    path = given_path(os.path.expanduser(albums)) if albums else ""
    found = [one for one in known if not path or one.albums == path]
    if len(found) > 1:
        raise UsageError(
            sentence("order.there-are-several-albums"), hint=sentence("order.name-one-out", albums=found[0].albums)
        )
    if not found and not path:
        raise UsageError(sentence("order.nothing-was-set-up"), hint=sentence("order.album-sort-init-sets"))
    one = found[0] if found else KnownAlbums(path, ())
    others = [other for other in known if other != one]
    needed = {key for other in others for key, _ in other.settings}
    gone = {key: value for key, value in one.settings if key not in needed}
    return Setup(one, (_without_settings(gone), _known_change(others)), no_timetable(one.albums))


def carry_out_setup(setup: Setup) -> None:
    """Writes it, what can fail first. Raises `AlbumSortError` with what was said."""
    for table in setup.timetables:
        carry_out(table)
    for change in setup.files:
        write_change(change)


def _known_change(known: Sequence[KnownAlbums]) -> FileChange:
    path = known_albums_file()
    return FileChange(path, text_of(path), known_albums_text(known) if known else None)


def _settings_change(values: dict[str, str], notes: dict[str, str]) -> FileChange:
    """The user's settings with these, all others as they are."""
    for key, value in values.items():
        check_setting(key, value)
    path = user_file()
    before = text_of(path)
    there = _settings_of(before or "", path)
    after = before or ""
    for key, value in reversed(values.items()):
        if there.get(key) == value:
            continue
        note = f"  # {notes[key]}" if notes.get(key) else ""
        line = f'{key} = "{value}"{note}\n'
        after, count = re.subn(rf"(?m)^[ \t]*{key}[ \t]*=[^\n]*\n?", lambda _: line, after, count=1)  # noqa: B023 - used at once
        if not count:
            after = line + after
    _check_others(path, there, after, set(values))
    return FileChange(path, before, after)


def _without_settings(values: dict[str, str]) -> FileChange:
    path = user_file()
    before = text_of(path)
    there = _settings_of(before or "", path)
    after = before or ""
    for key, value in values.items():
        if there.get(key) == value:
            after = re.sub(rf"(?m)^[ \t]*{key}[ \t]*=[^\n]*\n?", "", after, count=1)
    _check_others(path, there, after, set(values))
    return FileChange(path, before, after if after.strip() else None)


def _settings_of(text: str, path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(
            sentence("order.is-not-valid-toml", path=str(path), error=error),
            hint=sentence("order.mend-it-first-nothing"),
        ) from None


def _check_others(path: Path, before: dict[str, object], after: str, changed: set[str]) -> None:
    """What a person has written stays, or nothing is written."""
    now = _settings_of(after, path)
    if any(now.get(key) != before.get(key) for key in {*now, *before} - changed):
        raise UsageError(
            sentence("order.is-too-artful-to", path=str(path)),
            hint=sentence("order.set-there-yourself", changed=", ".join(sorted(changed))),
        )


def _to_save(albums: str, settings: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Options by which albums that are there already take over what they do not keep yet."""
    kept = read_kept(albums)
    if not kept.is_decided:
        return ()
    held = {**kept.values, "lang": kept.language}
    differing = [(key, value) for key, value in settings if not _is_same(held.get(key, ""), value)]
    words = [word for key, value in differing for word in (f"--{key}", value)]
    return (*words, "--save") if words else ()


def _is_same(kept: str, wanted: str) -> bool:
    """Positions by their numbers: they are kept as the settings print them."""
    try:
        return [float(part) for part in kept.split(",")] == [float(part) for part in wanted.split(",")]
    except ValueError:
        return kept == wanted


def place_label(place: Place) -> str:
    """`Springfield, Illinois, United States`."""
    return ", ".join(part for part in (place.name, place.admin1, place.country) if part)
