"""What a destination keeps of an album that was learned there: whose examples, and the numbers; one text, which is also the export."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from album_sort.core import checked
from album_sort.core.file_names import fold
from album_sort.core.learning.portable import of_json, siblings_of_json, siblings_to_json, to_json
from album_sort.core.learning.values import CAP, LearnedAlbum, LearnedAlbums
from album_sort.core.looks import LOOK_SIZE
from album_sort.errors import UsageError
from album_sort.sentences import sentence
from album_sort.types import EMBEDDING_SIZE, AlbumId, ContentId

FORMAT = "album-sort lesson 1"
CLOSER_FORMAT = "album-sort lesson 2"
"""Of siblings that are told apart by a closer look: older programs refuse it instead of deciding without one."""
CLASSES_FORMAT = "album-sort lesson 3"
"""Of an album that was learned on what classes say, too."""
_FORMATS = (FORMAT, CLOSER_FORMAT, CLASSES_FORMAT)
LONGEST_TITLE = 100
MOST_EXAMPLES = 3000
"""Of one album: a text of a third of a megabyte; far more than teach anything."""
MOST_SHOWN = 300
"""Examples of a lesson whose numbers are kept for `nearest`: half a megabyte."""
LONGEST_NUMBERS = 1 << 20

_ALBUM_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class NewerLessonError(ValueError):
    """A lesson of a kind that only later versions know."""


@dataclass(frozen=True, slots=True)
class TaughtAlbum:
    """One album and what a person has shown of it."""

    album: AlbumId
    title: str
    positive: tuple[ContentId, ...]
    """In the order of the rows that were learned from."""
    negative: tuple[ContentId, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """One album that was learned, or several siblings that were learned together."""

    albums: tuple[TaughtAlbum, ...]
    model: LearnedAlbum | LearnedAlbums
    model_key: str
    """Of the predictions whose embeddings it was learned from: another network has to learn anew."""

    @property
    def lesson_id(self) -> AlbumId:
        """Its name among others: that of its first album."""
        return self.albums[0].album

    @property
    def models(self) -> tuple[LearnedAlbum, ...]:
        """For each album its own."""
        return self.model.albums if isinstance(self.model, LearnedAlbums) else (self.model,)

    @property
    def looks_closer(self) -> bool:
        """Whether photos that may belong are looked at closer before that is decided."""
        return isinstance(self.model, LearnedAlbums) and self.model.closer_from is not None

    def worth_a_look(self, embeddings: NDArray[np.floating], least: Mapping[AlbumId, float]) -> NDArray[np.bool_]:
        """(N,) which of (N, D) photos are to be looked at closer; `least`: from which log-odds each album files that may.

        No others: whatever a look told of them, no album would be sure enough of them.
        """
        mine = [least[one.album] for one in self.albums if one.album in least]
        if not isinstance(self.model, LearnedAlbums) or self.model.closer_from is None or not mine:
            return np.zeros(len(embeddings), np.bool_)
        return self.model.any_of_them(embeddings) >= max(self.model.closer_from, min(mine))

    def score(
        self, embeddings: NDArray[np.floating], closer: NDArray[np.floating] | None = None
    ) -> NDArray[np.float64]:
        """(N, A) log-odds that each of (N, D) photos belongs to each of the albums; `closer`: (N, V, D) where it looks closer."""
        if isinstance(self.model, LearnedAlbums):
            return self.model.score(embeddings, closer)
        return self.model.score(embeddings)[:, None]


def lesson_to_text(lesson: Lesson) -> str:
    """As it is kept, and exported: numbers and content ids, no pictures."""
    albums = [
        {"id": one.album, "title": one.title, "yes": list(one.positive), "no": list(one.negative)}
        for one in lesson.albums
    ]
    numbers = siblings_to_json(lesson.model) if isinstance(lesson.model, LearnedAlbums) else to_json(lesson.model)
    values = {"format": _format_of(lesson), "network": lesson.model_key, "albums": albums, "numbers": numbers}
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def _format_of(lesson: Lesson) -> str:
    if lesson.looks_closer:
        return CLOSER_FORMAT
    return CLASSES_FORMAT if len(lesson.models[0].weights) == LOOK_SIZE else FORMAT


def kept_text(lesson: Lesson) -> str:
    """The same, if a destination can keep it; raises `UsageError` for a lesson that is too large."""
    text = lesson_to_text(lesson)
    if len(text) > checked.LONGEST_SETTING:
        raise UsageError(
            sentence(
                "learn.albums-with-examples-are",
                n=len(lesson.albums),
                total=sum(len(one.positive) + len(one.negative) for one in lesson.albums),
            ),
            hint=sentence("learn.show-fewer-photos-of"),
        )
    return text


def lesson_of_text(text: str | bytes) -> Lesson:
    """From such a text; raises ValueError, TypeError or KeyError for another one (`checked.NONSENSE`)."""
    values = checked.json_object(text)
    if re.fullmatch(r"album-sort lesson [1-9][0-9]{0,3}", str(values["format"])) and values["format"] not in _FORMATS:
        raise NewerLessonError(f"a lesson of format {values['format']!r}")
    if values["format"] not in _FORMATS:
        raise ValueError(f"a lesson of format {values['format']!r}")
    albums = tuple(map(_album_of, values["albums"]))
    if not albums or len({one.album for one in albums}) < len(albums):
        raise ValueError("a lesson of no album, or of one twice")
    shown = [content for one in albums for content in one.positive]
    if len({fold(one.title) for one in albums}) < len(albums) or len(set(shown)) < len(shown):
        raise ValueError("two albums of one title, or an example of two")
    numbers = checked.text(values["numbers"], LONGEST_NUMBERS)
    model = of_json(numbers) if len(albums) == 1 else siblings_of_json(numbers)
    lesson = Lesson(albums, model, checked.text(values["network"]))
    if values["format"] != _format_of(lesson):
        raise ValueError(f"a lesson of format {values['format']!r} with numbers of another")
    sizes = {len(one.weights) for one in lesson.models}
    if len(lesson.models) != len(albums) or sizes not in ({EMBEDDING_SIZE}, {LOOK_SIZE}):
        raise ValueError(f"a lesson of {len(albums)} albums with numbers of {len(lesson.models)}")
    if any(len(model.examples) > len(one.positive) for one, model in zip(albums, lesson.models, strict=True)):
        raise ValueError("numbers of examples that nobody has shown")
    return lesson


def _album_of(values: Mapping[str, object]) -> TaughtAlbum:
    album, title = checked.text(values["id"]), checked.text(values["title"])
    if not _ALBUM_ID.fullmatch(album) or not is_title(title):
        raise ValueError(f"{album!r}, {title!r}: not an album")
    return TaughtAlbum(AlbumId(album), title, _contents(values["yes"]), _contents(values["no"]))


def _contents(values: object) -> tuple[ContentId, ...]:
    if not isinstance(values, list) or len(values) > MOST_EXAMPLES:
        raise ValueError("examples are a list of contents")
    return tuple(map(checked.content, values))


def checked_title(title: str) -> str:
    """A title that can be one; raises `UsageError`, which carries it."""
    said = unicodedata.normalize("NFC", title).strip()
    if not is_title(said):
        raise UsageError(
            sentence("learn.cannot-be-the-title", title=title[:LONGEST_TITLE]),
            hint=sentence("learn.give-a-name-of", longest_title=LONGEST_TITLE),
        )
    return said


def is_title(title: str) -> bool:
    """Whether an album can be called so: no line breaks, nothing invisible."""
    is_printable = all(unicodedata.category(letter)[0] != "C" for letter in title)
    return 0 < len(title.strip()) <= len(title) <= LONGEST_TITLE and is_printable


def new_album_id(title: str, taken: Collection[AlbumId]) -> AlbumId:
    """An id for a title, which no other album has."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or f"album-{sha256(title.encode()).hexdigest()[:8]}"
    number, found = 1, stem
    while found in taken:
        number += 1
        found = f"{stem}-{number}"
    return AlbumId(found)


def overlay_text(lessons: Sequence[Lesson]) -> str:
    """The albums as a rules file, under which the user's own is laid: no class speaks for them, so only examples do."""
    lines = []
    for lesson in lessons:
        # A comment, so that rules with other numbers are other rules.
        lines.append(f"# {sha256(lesson_to_text(lesson).encode()).hexdigest()}")
        lines += [f"[album.{one.album}]\ntitle = {json.dumps(one.title, ensure_ascii=False)}" for one in lesson.albums]
    return "\n".join(lines)


def least_log_odds(lessons: Sequence[Lesson], targets: Mapping[AlbumId, float], usual: float) -> dict[AlbumId, float]:
    """From which log-odds each album files, at its precision target or the usual one; those that may not are left out."""
    return {
        taught.album: least
        for lesson in lessons
        for taught, model in zip(lesson.albums, lesson.models, strict=True)
        if model.worth.supports_filing and (least := model.threshold(targets.get(taught.album, usual))) < CAP
    }
