"""The label files: found in a clone or in an installed wheel, checked as a whole, and read once.

Torch is not needed here: a run in which nothing is new reads labels without it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType

from album_sort.core.wording import Wording, read_wording
from album_sort.errors import AlbumSortError, UsageError, did_you_mean, nearest
from album_sort.reading import read_small
from album_sort.sentences import sentence
from album_sort.types import LANGUAGES, REVIEW, TRAVEL, Album, AlbumId, ClassAlbums, ClassIndex, ImageNetClass, LabelSet

CLASSES_FILE = "imagenet1k.tsv"
ALBUMS_FILE = "albums.toml"
CLASS_ALBUMS_FILE = "class_albums.tsv"
REASONS_FOLDER = "reasons"

CLASS_COUNT = 1000

_CLASSES_HEADER = ("index", "wnid", *(f"name_{lang}" for lang in LANGUAGES))
_CLASS_ALBUMS_HEADER = ("index", "name", "albums", "note")
_WNID = re.compile(r"n\d{8}")
_ALBUM_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

_PACKAGE = Path(__file__).resolve().parent.parent


def label_folder(package: Path = _PACKAGE) -> Path:
    """The label files of this very package: `labels/` beside it in a clone, `_labels` inside it when installed.

    A clone is known by its pyproject.toml: a `labels` folder that some other package left in `site-packages` is not ours,
    and a `_labels` that a build left inside a clone is older than the files people edit.
    """
    parent = package.parent
    is_clone = (parent / "pyproject.toml").is_file() and (parent / "labels" / CLASSES_FILE).is_file()
    folder = parent / "labels" if is_clone else package / "_labels"
    if not (folder / CLASSES_FILE).is_file():
        raise AlbumSortError(
            sentence("labels.label-files-not-found", value=folder / CLASSES_FILE),
            hint=sentence("labels.install-album-sort-again"),
        )
    return folder


def label_text(name: str) -> str:
    """Text of one label file, by its path below the label folder (`calibration/1a2b3c4d.toml`)."""
    path = label_folder() / name
    try:
        return read_small(path, 16 << 20).decode("utf-8")
    except FileNotFoundError as error:
        raise AlbumSortError(
            sentence("labels.no-such-label-file", path=path), hint=sentence("labels.install-album-sort-again")
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise AlbumSortError(
            sentence("labels.cannot-read", path=path, error=error), hint=sentence("labels.install-album-sort-again")
        ) from error


@cache
def load_labels() -> LabelSet:
    """The shipped classes and albums; raises `UsageError` with every fault of the files at once."""
    return parse_labels(label_text(CLASSES_FILE), label_text(ALBUMS_FILE), label_text(CLASS_ALBUMS_FILE))


def reason_texts() -> dict[str, str]:
    """The files with the sentences for reasons: name and TOML text, in the order of their names."""
    names = sorted(path.name for path in (label_folder() / REASONS_FOLDER).glob("*.toml"))
    return {name: label_text(f"{REASONS_FOLDER}/{name}") for name in names}


@cache
def load_wording() -> Wording:
    """The sentences for reasons, with the shipped titles and class names for their placeholders."""
    return read_wording(reason_texts(), load_labels())


def parse_labels(classes_text: str, albums_text: str, class_albums_text: str) -> LabelSet:
    """The three files as one value; raises `UsageError` with every fault: file, line, value and what may be meant."""
    faults = _Faults()
    classes = _parse_classes(classes_text, faults)
    albums = _parse_albums(albums_text, faults)
    class_albums = _parse_class_albums(class_albums_text, classes, albums, faults)
    faults.raise_if_any()
    return LabelSet(tuple(classes), tuple(albums), tuple(class_albums))


@dataclass(slots=True)
class _Faults:
    """What is wrong, gathered before anything is raised, so that a person mends everything in one go."""

    lines: list[str] = field(default_factory=list)

    def add(self, file: str, line: int, fault: str) -> None:
        self.lines.append(f"labels/{file}:{line}: {fault}")

    def raise_if_any(self) -> None:
        if self.lines:
            count = f"{len(self.lines)} fault{'s' if len(self.lines) > 1 else ''} in the label files"
            raise UsageError("\n".join((f"{count}:", *self.lines)), hint=sentence("labels.mend-these-lines-labels"))


def _rows(text: str, file: str, header: Sequence[str], faults: _Faults) -> Iterator[tuple[int, list[str]]]:
    """Rows with their line numbers, as many cells as the header names, in the order of their index."""
    lines = text.split("\n")
    if tuple(lines[0].split("\t")) != tuple(header):
        faults.add(file, 1, f"the header is {lines[0]!r}, not {chr(9).join(header)!r}")
    body = lines[1:-1] if lines[-1] == "" else lines[1:]
    for line, row in enumerate(body, start=2):
        cells = row.split("\t")
        if len(cells) != len(header):
            faults.add(file, line, f"{len(cells)} columns instead of {len(header)}: {row!r}")
            cells = [*cells, *[""] * len(header)][: len(header)]
        if cells[0] != str(line - 2):
            faults.add(file, line, f"index {cells[0]!r} where {line - 2} belongs")
        yield line, cells
    if len(body) != CLASS_COUNT:
        faults.add(file, len(lines), f"{len(body)} classes instead of {CLASS_COUNT}")


def _parse_classes(text: str, faults: _Faults) -> list[ImageNetClass]:
    classes: list[ImageNetClass] = []
    seen: dict[str, int] = {}
    for line, (_, wnid, *names) in _rows(text, CLASSES_FILE, _CLASSES_HEADER, faults):
        if not _WNID.fullmatch(wnid):
            faults.add(CLASSES_FILE, line, f"{wnid!r} is not a WordNet id; they look like n02123045")
        for lang, value in zip(LANGUAGES, names, strict=True):
            if not value or value != value.strip():
                faults.add(CLASSES_FILE, line, f"the {lang} name is empty or has spaces around it: {value!r}")
        for value in (wnid, *names):
            if value and seen.setdefault(value.casefold(), line) != line:
                faults.add(CLASSES_FILE, line, f"{value!r} is in line {seen[value.casefold()]} already")
        index = ClassIndex(line - 2)
        classes.append(ImageNetClass(index, wnid, MappingProxyType(dict(zip(LANGUAGES, names, strict=True)))))
    return classes


def _parse_albums(text: str, faults: _Faults) -> list[Album]:
    try:
        entries = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        faults.lines.append(f"labels/{ALBUMS_FILE}: {error}")
        return []
    albums: list[Album] = []
    seen: dict[str, str] = {}
    for order, (album_id, entry) in enumerate(entries.items()):
        line = next((at for at, row in enumerate(text.split("\n"), start=1) if row.strip() == f"[{album_id}]"), 1)
        if not _ALBUM_ID.fullmatch(album_id):
            faults.add(ALBUMS_FILE, line, f"{album_id!r} is not an album id; they look like winter-travel")
        titles, descriptions = (_texts(entry, key, line, faults) for key in ("title", "description"))
        for lang, title in titles.items():
            if seen.setdefault(f"{lang} {title.casefold()}", album_id) != album_id:
                owner = seen[f"{lang} {title.casefold()}"]
                faults.add(ALBUMS_FILE, line, f"{album_id}: {owner} has the {lang} title {title!r} too")
        albums.append(Album(AlbumId(album_id), titles, descriptions, order))
    for needed in (TRAVEL, REVIEW):
        if needed not in entries:
            faults.add(ALBUMS_FILE, 1, f"the album {needed!r} is missing")
    return albums


def _texts(entry: object, key: str, line: int, faults: _Faults) -> Mapping[str, str]:
    """Texts by language; a missing one is a fault and empty."""
    texts = entry.get(key) if isinstance(entry, dict) else None
    given = texts if isinstance(texts, dict) else {}
    for lang in LANGUAGES:
        if not isinstance(given.get(lang), str) or not given[lang].strip():
            faults.add(ALBUMS_FILE, line, f"no {lang} {key}: {given.get(lang)!r}")
    return MappingProxyType({lang: str(given.get(lang, "")) for lang in LANGUAGES})


def _parse_class_albums(
    text: str, classes: Sequence[ImageNetClass], albums: Sequence[Album], faults: _Faults
) -> list[ClassAlbums]:
    names = [known.names[LANGUAGES[0]] for known in classes]
    # No class speaks for these two: a trip gives the one, doubt the other.
    album_ids = [album.album_id for album in albums if album.album_id not in (TRAVEL, REVIEW)]
    table: list[ClassAlbums] = []
    for line, (_, name, shares, _note) in _rows(text, CLASS_ALBUMS_FILE, _CLASS_ALBUMS_HEADER, faults):
        expected = names[line - 2] if line - 2 < len(names) else None
        if expected is not None and name != expected:
            faults.add(
                CLASS_ALBUMS_FILE, line, f"class {line - 2} is {expected!r}, not {name!r}{_elsewhere(name, names)}"
            )
        table.append(_parse_shares(shares, album_ids, line, faults))
    return table


def _parse_shares(cell: str, album_ids: Sequence[AlbumId], line: int, faults: _Faults) -> ClassAlbums:
    """`food:0.6 home:0.3`; an album alone is an album with the share 1."""
    shares: dict[AlbumId, float] = {}
    for term in cell.split():
        name, colon, number = term.partition(":")
        if name not in album_ids:
            faults.add(CLASS_ALBUMS_FILE, line, f"unknown album {name!r}{did_you_mean(name, album_ids)}")
            continue
        if name in shares:
            faults.add(CLASS_ALBUMS_FILE, line, f"{name} is given twice: {cell!r}")
        try:
            share = float(number) if colon else 1.0
        except ValueError:
            share = float("nan")
        # Written so that "nan" fails it too.
        if not 0 < share <= 1:
            faults.add(CLASS_ALBUMS_FILE, line, f"{term!r}: a weight is a number above 0, at most 1, as in {name}:0.6")
        shares[AlbumId(name)] = share
    # Decimal fractions do not add up to exactly 1 in binary.
    if sum(shares.values()) > 1 + 1e-6:
        faults.add(CLASS_ALBUMS_FILE, line, f"the weights add up to {sum(shares.values()):.2f}, more than 1: {cell!r}")
    return tuple(shares.items())


def _elsewhere(name: str, names: Sequence[str]) -> str:
    """Where a class name that stands in the wrong row belongs."""
    near = nearest(name, names)
    return f" ({near!r} is class {names.index(near)})" if near else ""
