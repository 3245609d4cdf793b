"""Which photo a sidecar belongs to, by name: `IMG.JPG.xmp` before `IMG.xmp`, and all the names of Google Takeout."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Container, Iterable
from functools import cached_property

from album_sort.core.file_names import fold, split_suffix
from album_sort.core.groups.photo_names import (
    PhotoName,
    photo_name,
    split_counter,
    without_edit_mark,
)
from album_sort.core.groups.proxies import film_described
from album_sort.core.groups.same_folder import same_folder
from album_sort.types import FileEntry, FileKind, Reason

Match = tuple[FileEntry, Reason]
"""The photo, and why."""

# Settings of RAW developers belong to the RAW of a pair; thumbnails and sound notes to the video.
_SETTINGS_FIRST = (FileKind.RAW, FileKind.PHOTO, FileKind.VIDEO)
_VIDEO_FIRST = (FileKind.VIDEO, FileKind.RAW, FileKind.PHOTO)
_PHOTO_FIRST = (FileKind.PHOTO, FileKind.RAW, FileKind.VIDEO)
_PREFERENCE = {
    ".aae": _PHOTO_FIRST,
    ".json": _PHOTO_FIRST,
    ".thm": _VIDEO_FIRST,
    ".wav": _VIDEO_FIRST,
}

# Sony's notes, and the flight that DJI writes as subtitles (place and time of each second).
_OF_FILMS = (".xml", ".srt")

# darktable numbers the versions of one photo: `IMG_01.CR2.xmp` is the second of `IMG.CR2`.
_VERSION = re.compile(r"(.+)_\d\d(\.[^.]+)", re.ASCII)

_SUPPLEMENT = "supplemental-metadata"
# Takeout cuts the name before `.json` at 46 characters; of names beyond ASCII it has been seen to count differently.
_CUT_LENGTH = 44

# What Takeout calls an album's own file: never a photo's, even beside a `metadata.jpg`.
_ALBUM_FILES = frozenset(
    ("metadata", "metadaten", "métadonnées", "metadatos", "metadati", "metadados", "метаданные", "メタデータ", "元数据")
)


class _FolderNames:
    """Photos and videos of one folder by what sidecars call them; most libraries never ask for more than the first table."""

    def __init__(self) -> None:
        self.rows: list[tuple[FileEntry, PhotoName]] = []

    @cached_property
    def by_name(self) -> dict[str, list[FileEntry]]:
        """By folded name: several where names differ in case or in how accents are written, and in parts of a Takeout."""
        found: defaultdict[str, list[FileEntry]] = defaultdict(list)
        for file, _ in self.rows:
            found[fold(file.name)].append(file)
        return found

    @cached_property
    def by_stem(self) -> dict[str, list[FileEntry]]:
        """By folded name without its suffix."""
        found: defaultdict[str, list[FileEntry]] = defaultdict(list)
        for file, _ in self.rows:
            found[split_suffix(fold(file.name))[0]].append(file)
        return found

    @cached_property
    def by_key(self) -> dict[str, list[FileEntry]]:
        """By the key that all versions of a photo share."""
        found: defaultdict[str, list[FileEntry]] = defaultdict(list)
        for file, parts in self.rows:
            found[parts.key].append(file)
        return found

    @cached_property
    def by_original(self) -> dict[str, list[FileEntry]]:
        """Edited pictures by the name of their original."""
        found: defaultdict[str, list[FileEntry]] = defaultdict(list)
        for file, parts in self.rows:
            if parts.is_edited:
                stem, suffix = split_suffix(fold(file.name))
                bare, counter = split_counter(stem)
                found[without_edit_mark(bare)[0] + counter + suffix].append(file)
        return found

    @cached_property
    def ordered(self) -> list[str]:
        """Folded names in order."""
        return sorted(fold(file.name) for file, _ in self.rows)


class SidecarIndex:
    """The names of photos and videos by folder, to look sidecars up in; they come in path order."""

    def __init__(self, files: Iterable[tuple[FileEntry, PhotoName]]) -> None:
        self._folders: defaultdict[str, _FolderNames] = defaultdict(_FolderNames)
        for file, parts in files:
            self._folders[same_folder(file.folder)].rows.append((file, parts))

    def match(self, sidecar: FileEntry) -> Match | None:
        """The photo or video a sidecar belongs to; None for an orphan."""
        names, name = self._folders[same_folder(sidecar.folder)], fold(sidecar.name)
        stem, suffix = split_suffix(name)
        if suffix == ".json":
            found = self._takeout(names, sidecar, stem)
            return (found, Reason.of("group.takeout")) if found else None
        if suffix in _OF_FILMS:
            found = _film(names, sidecar, film_described(stem))
            return (found, Reason.of("group.film-notes", film=found.name)) if found else None
        exact = _nearest(names.by_name.get(stem), sidecar)
        if exact is None and (version := _VERSION.fullmatch(stem)):
            exact = _nearest(names.by_name.get(version[1] + version[2]), sidecar)
        if exact:
            return exact, Reason.of("group.sidecar", photo=exact.name)
        found = _preferred(names.by_stem.get(stem), sidecar, suffix)
        if found is None and suffix == ".aae":
            found = _preferred(names.by_key.get(photo_name(name).key), sidecar, suffix)
        return (found, Reason.of("group.sidecar-same-name", suffix=suffix)) if found else None

    def guess(self, sidecar: FileEntry, described: Container[str]) -> Match | None:
        """For a Takeout JSON whose picture is not there: the file of the same stem that no JSON describes (by path).

        A Live Photo's video has no JSON of its own, and a still may have been converted or lost.
        """
        name = fold(sidecar.name)
        base, counter = split_counter(split_suffix(name)[0])
        if not name.endswith(".json") or base in _ALBUM_FILES:
            return None
        stems = [split_suffix(title)[0] + counter for title in _titles(base)] if "." in base else [base + counter]
        for stem in stems:
            same = self._folders[same_folder(sidecar.folder)].by_stem.get(stem, ())
            files = [file for file in same if file.path not in described]
            if found := _preferred(files, sidecar, ".json"):
                return found, Reason.of("group.takeout-other-suffix")
        return None

    def _takeout(self, names: _FolderNames, sidecar: FileEntry, base: str) -> FileEntry | None:
        """By the base name of a JSON: exact, with its counter moved, without its supplement, of an edited picture, cut."""
        base, counter = split_counter(base)
        for title in _titles(base):
            stem, suffix = split_suffix(title)
            name = stem + counter + suffix
            found = _nearest(names.by_name.get(name), sidecar) or _preferred(
                names.by_original.get(name), sidecar, ".json"
            )
            if found:
                return found
        is_cut = len(base.encode("utf-8", "replace")) >= _CUT_LENGTH
        return _by_start(names, sidecar, base, counter) if is_cut else None


def _by_start(names: _FolderNames, sidecar: FileEntry, start: str, counter: str) -> FileEntry | None:
    """The only photo whose name begins so; None where several do, because a wrong date is worse than none."""
    found: list[FileEntry] = []
    for at in range(bisect_left(names.ordered, start), len(names.ordered)):
        name = names.ordered[at]
        if not name.startswith(start):
            break
        if split_counter(split_suffix(name)[0])[1] == counter:
            found += names.by_name[name]
    keys = {photo_name(file.name).key for file in found}
    return _preferred(found, sidecar, ".json") if len(keys) == 1 else None


def _film(names: _FolderNames, sidecar: FileEntry, stem: str) -> FileEntry | None:
    """The film of that stem: what else has such a suffix has nothing to do with photos."""
    films = [file for file in names.by_stem.get(stem, ()) if file.kind is FileKind.VIDEO]
    return _preferred(films, sidecar, split_suffix(sidecar.name)[1].lower())


def _nearest(files: Iterable[FileEntry] | None, sidecar: FileEntry) -> FileEntry | None:
    """Of files whose folded names are equal the one that is spelt as the sidecar is."""
    return min(files, key=lambda file: _strangeness(file, sidecar), default=None) if files else None


def _preferred(files: Iterable[FileEntry] | None, sidecar: FileEntry, suffix: str) -> FileEntry | None:
    """Of files of one stem: spelt as the sidecar is, then of the kind that such sidecars belong to."""
    order = _PREFERENCE.get(suffix, _SETTINGS_FIRST)

    def rank(file: FileEntry) -> tuple[bool, bool, int, bool, int, str]:
        is_elsewhere, is_other_stem, is_other_suffix, alike, path = _strangeness(file, sidecar)
        return (is_elsewhere, is_other_stem, order.index(file.kind), is_other_suffix, alike, path)

    return min(files, key=rank, default=None) if files else None


def _strangeness(file: FileEntry, sidecar: FileEntry) -> tuple[bool, bool, bool, int, str]:
    """How far a photo is from a sidecar whose folded name fits it: another folder, another stem, another suffix.

    `IMG_1.JPG` and `IMG_1.jpg` are two photos, and so are two spellings of `Café.jpg`: the exact name comes first.
    """
    stem, suffix = split_suffix(file.name)
    bare = split_counter(stem)[0]
    alike = next(
        (at for at, (one, other) in enumerate(zip(file.name, sidecar.name, strict=False)) if one != other), 999
    )
    return (file.folder != sidecar.folder, bare not in sidecar.name, suffix not in sidecar.name, -alike, file.path)


def _titles(base: str) -> list[str]:
    """The names a JSON may be of: `IMG.jpg` of `IMG.jpg`, `IMG.jpg.supplemental-metadata` and every beginning of that."""
    head, dot, tail = base.rpartition(".")
    return [head, base] if dot and "." in head and _SUPPLEMENT.startswith(tail) else [base]
