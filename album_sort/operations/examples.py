"""What a person shows of an album, read where it lies: examples, counter-examples, what was taught before, and what was put right."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from album_sort.core.file_names import fold
from album_sort.core.learning.lesson import (
    MOST_EXAMPLES,
    Lesson,
    TaughtAlbum,
    new_album_id,
)
from album_sort.errors import UsageError
from album_sort.operations.clock import now_there
from album_sort.paths import given_path
from album_sort.pipeline.closer import files_of
from album_sort.pipeline.fixing import Albums, Meant, find_photos, look_at
from album_sort.pipeline.hand import all_albums, all_titles, shape_of
from album_sort.pipeline.kept import kept_of
from album_sort.pipeline.lessons import Looker, primaries_of
from album_sort.pipeline.remembered import language_of
from album_sort.pipeline.teaching import NotLearned, Shelf, Sought, learn_albums
from album_sort.sentences import sentence
from album_sort.state.cache import InferenceCache
from album_sort.state.store import DestinationState
from album_sort.types import AlbumId, AlbumRelPath, ContentId
from album_sort.types.corrections import KEPT


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown of one album."""

    title: str
    positive: tuple[str, ...]
    """Paths of photos or folders."""
    negative: tuple[str, ...] = ()


def shown_by(words: Sequence[str], no: tuple[str, ...], *, from_fixes: bool) -> tuple[Shown, ...]:
    """A title and examples; or several folders, each an album called as it is. Raises `UsageError` for what shows nothing."""
    if len(words) > 1 and all(os.path.isdir(word) for word in words):
        if no:
            hint = sentence("command.leave-it-out-siblings")
            raise UsageError(sentence("command.not-is-for-one"), hint=hint)
        return tuple(Shown(os.path.basename(os.path.abspath(word)), (word,)) for word in words)
    title, *examples = words
    if not examples and not no and not from_fixes:
        what = (
            sentence("command.no-title-given-only", title=title)
            if os.path.lexists(title)
            else sentence("command.no-examples-given")
        )
        raise UsageError(what, hint=sentence("command.album-sort-learn-bello"))
    return (Shown(title, tuple(examples), no),)


@dataclass(frozen=True, slots=True)
class LearnOrder:
    """What somebody teaches: one album, or several siblings that are to be told apart."""

    albums: tuple[Shown, ...]
    destination: str
    is_trial: bool = False
    """Whether it is only to be said what it would be worth."""
    from_fixes: bool = False
    """Whether photos that a person has put into the album, or elsewhere, are examples, too."""
    looks_closer: bool = False
    """Whether siblings are to be told apart by a closer look."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What somebody has said of photos that they were asked about."""

    yes: tuple[ContentId, ...] = ()
    no: tuple[ContentId, ...] = ()


NO_ANSWERS = Answers()


@dataclass(frozen=True, slots=True, eq=False)
class Examined:
    """What is to be learned, in a destination as it is."""

    albums: tuple[TaughtAlbum, ...]
    paths: Mapping[ContentId, str]
    """Where the photos lie that are spoken of now."""
    there: Albums
    primaries: Mapping[ContentId, AlbumRelPath]
    """Where each photo of the destination lies."""
    lang: str
    looks_closer: bool = False
    """Whether siblings are told apart by a closer look, as was asked for now, or when they were taught."""

    @classmethod
    def read(cls, order: LearnOrder, titles: Sequence[str], state: DestinationState) -> Examined:
        """What an order speaks of; raises `UsageError` for what cannot be meant."""
        kept = kept_of(state)
        layout, rules = shape_of(kept)
        there = look_at(order.destination, state, layout, rules, now_there(state))
        if not there.picture.ledger:
            raise UsageError(
                sentence("learn.nothing-is-sorted-into", destination=order.destination),
                hint=sentence("learn.sort-your-photos-first"),
            )
        known = {fold(title): album for album, given in all_titles(rules).items() for title in (album, *given)}
        albums: list[TaughtAlbum] = []
        paths: dict[ContentId, str] = {}
        before = _taught_before([known.get(fold(title)) for title in titles], titles, kept.lessons)
        taken = {one.album for one in before.values()} | set(all_albums(rules)) | set(dict(rules.merged))
        for title, shown in zip(titles, order.albums, strict=True):
            yes = _found(shown.positive, there)
            no = _found(shown.negative, there)
            paths |= {one.content_id: one.path for one in (*yes, *no)}
            album = before.pop(title, None) or TaughtAlbum(new_album_id(title, taken), title, ())
            taken.add(album.album)
            album = with_examples(album, [one.content_id for one in yes], [one.content_id for one in no])
            albums.append(_with_fixes(album, there) if order.from_fixes else album)
        albums += before.values()
        refuse_shared(albums, kept.lessons, paths)
        mine = {one.album for one in albums}
        before_closer = any(one.looks_closer for one in kept.lessons if mine & {album.album for album in one.albums})
        looks_closer = order.looks_closer or before_closer
        if looks_closer and len(albums) == 1:
            raise UsageError(
                sentence("learn.is-taught-alone", title=albums[0].title),
                hint=sentence("learn.give-each-a-folder"),
            )
        return cls(tuple(albums), paths, there, primaries_of(there.picture.ledger), language_of(state), looks_closer)

    def shelf(self, cache: InferenceCache) -> Shelf:
        """All photos of the destination and all examples."""
        examples = (content for one in self.albums for content in (*one.positive, *one.negative))
        return Shelf.of({*self.primaries, *examples}, cache)

    def is_on(self, shelf: Shelf) -> bool:
        """Whether a shelf that was read before is still that of this destination."""
        examples = {content for one in self.albums for content in (*one.positive, *one.negative)}
        return shelf.asked == frozenset({*self.primaries, *examples})

    def files(self) -> dict[ContentId, list[str]]:
        """Paths that may hold each photo that can be spoken of."""
        found = files_of((), self.there.picture.ledger, self.there.destination)
        for content, path in self.paths.items():
            found[content] = [path, *found.get(content, ())]
        return found

    def learned(self, shelf: Shelf, model_key: str, precision_target: float, looker: Looker) -> Lesson | NotLearned:
        """What can be learned from it, against all photos of its shelf."""
        sought = Sought.under(self.there.rules, precision_target)
        examples = [content for one in self.albums for content in (*one.positive, *one.negative)]
        closer = looker if self.looks_closer else None
        return learn_albums(self.albums, shelf, shelf.of_those(examples), model_key, sought, looker=closer)

    def with_answers(self, answers: Answers) -> Examined:
        """With what was answered about its one album."""
        if answers == NO_ANSWERS:
            return self
        (album,) = self.albums
        return replace(self, albums=(with_examples(album, answers.yes, answers.no),))

    def path_of(self, content: ContentId) -> str:
        """Where a person finds a photo."""
        return self.primaries.get(content) or self.paths.get(content) or f"{content[:12]}…"


def _taught_before(
    known: Sequence[AlbumId | None], titles: Sequence[str], lessons: Sequence[Lesson]
) -> dict[str, TaughtAlbum]:
    """Albums of these titles that were taught before, and their siblings (by their own titles)."""
    concerned = {album: lesson for lesson in lessons for album in (one.album for one in lesson.albums)}
    found: dict[str, TaughtAlbum] = {}
    for album, title in zip(known, titles, strict=True):
        if album is None:
            continue
        if album not in concerned:
            raise UsageError(
                sentence("learn.is-an-album-already", title=title),
                hint=sentence("learn.give-another-name-or", album=album),
            )
        found |= {title if one.album == album else one.title: one for one in concerned[album].albums}
    if len({concerned[album].lesson_id for album in known if album is not None}) > 1:
        raise UsageError(
            sentence("learn.were-taught-apart-from", titles=" and ".join(map(repr, titles))),
            hint=sentence("learn.album-sort-learn-forget"),
        )
    return found


def _found(paths: Sequence[str], there: Albums) -> list[Meant]:
    return find_photos([given_path(path) for path in paths], there)


def with_examples(album: TaughtAlbum, yes: Sequence[ContentId], no: Sequence[ContentId]) -> TaughtAlbum:
    """What is said now beats what was said before."""
    positive = tuple(dict.fromkeys((*(one for one in album.positive if one not in no), *yes)))
    negative = tuple(dict.fromkeys((*(one for one in album.negative if one not in yes), *no)))
    both = set(yes) & set(no)
    if both:
        raise UsageError(
            sentence("learn.photos-are-shown-as", n=len(both), title=album.title),
            hint=sentence("learn.leave-them-out-of"),
        )
    if max(len(positive), len(negative)) > MOST_EXAMPLES:
        raise UsageError(
            sentence(
                "learn.examples-of-more-than",
                max=max(len(positive), len(negative)),
                title=album.title,
                most_examples=MOST_EXAMPLES,
            ),
            hint=sentence("learn.show-some-of-them"),
        )
    return replace(album, positive=positive, negative=negative)


def _with_fixes(album: TaughtAlbum, there: Albums) -> TaughtAlbum:
    """With what a person has put there or elsewhere, by hand or with `fix`; what is shown now counts more."""
    known = {*album.positive, *album.negative}
    said = {
        content: there.rules.resolve(one.album)
        for content, one in there.hand.corrections.items()
        if one.album and one.album != KEPT and content not in known
    }
    yes = tuple(content for content, to in said.items() if to == album.album)
    no = tuple(content for content, to in said.items() if to not in (album.album, None))
    return replace(album, positive=(*album.positive, *yes), negative=(*album.negative, *no))


def refuse_shared(albums: Sequence[TaughtAlbum], lessons: Sequence[Lesson], paths: Mapping[ContentId, str]) -> None:
    """A photo can be the example of one album only: it is filed there."""
    own = {one.album for one in albums}
    own_titles = {one.title for one in albums}
    owners = {
        content: one.title
        for lesson in lessons
        for one in lesson.albums
        if one.album not in own
        for content in one.positive
    }
    for one in albums:
        for content in one.positive:
            other = owners.setdefault(content, one.title)
            if other != one.title and other in own_titles:
                raise UsageError(
                    sentence("learn.is-in-two", get=paths.get(content, content[:12]), title=one.title, other=other),
                    hint=sentence("learn.leave-it-in-one", other=other),
                )
            if other != one.title:
                raise UsageError(
                    sentence("learn.is-an-example-of", get=paths.get(content, content[:12]), other=other),
                    hint=sentence("learn.take-it-back-there", other=other),
                )
