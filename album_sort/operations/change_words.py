"""Each kind of change, checked and laid over a draft of the destination."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from album_sort.config import cache_folder
from album_sort.core.file_names import fold
from album_sort.core.learning.lesson import Lesson, TaughtAlbum, kept_text, new_album_id
from album_sort.errors import UsageError
from album_sort.operations.examples import refuse_shared, with_examples
from album_sort.operations.learn import folder_title
from album_sort.pipeline.changing import Draft
from album_sort.pipeline.engine import make_engine
from album_sort.pipeline.fixing import Meant
from album_sort.pipeline.lessons import primaries_of, setting_of
from album_sort.pipeline.own_albums import MADE
from album_sort.pipeline.teaching import NotLearned, Shelf, learn_albums
from album_sort.settings import Settings
from album_sort.types import Reason
from album_sort.types.changes import BelongsTo, Change, Forget, KeepOut, NewAlbum


@dataclass(slots=True)
class Drafted:
    """A draft while changes are laid over it."""

    draft: Draft
    settings: Settings
    taught: list[Lesson] = field(default_factory=list)
    notes: list[Reason] = field(default_factory=list)

    def lessons(self, before: Sequence[Lesson]) -> tuple[Lesson, ...]:
        """Those that hold once the changes are made."""
        now = {lesson.lesson_id: lesson for lesson in (*before, *self.taught)}
        return tuple(now[lesson_id] for lesson_id in sorted(now))


def with_change(drafted: Drafted, change: Change) -> None:
    """Lays one change over the draft; raises `UsageError` for what cannot be meant."""
    draft = drafted.draft
    match change:
        case BelongsTo(photos, album):
            draft.belong(draft.photos(photos), draft.album(album))
        case KeepOut(photos):
            draft.leave_out(draft.photos(photos))
        case Forget(photos):
            draft.forget(draft.photos(photos))
        case NewAlbum(title, photos):
            _make_album(drafted, folder_title(title), draft.photos(photos))


def _make_album(drafted: Drafted, title: str, photos: Sequence[Meant]) -> None:
    """Learned from its photos where that can be; else they are placed there, and it is told why. One of theirs gets more photos."""
    draft = drafted.draft
    known = {fold(name): album for album, given in draft.titles.items() for name in (album, *given)}
    album = known.get(fold(title))
    lessons = {one.album: (lesson, one) for lesson in drafted.lessons(draft.before.lessons) for one in lesson.albums}
    is_made = bool(draft.kept(f"{MADE}{album}"))
    if album is not None and album not in lessons and not is_made:
        raise UsageError(
            f"{title!r} is an album already", hint="say that the photos belong to it, or give another name"
        )
    if album in lessons:
        _teach_more(drafted, *lessons[album], photos)
        return
    if album is None:
        album = new_album_id(title, {*draft.titles, *dict(draft.albums.rules.merged), *draft.albums.rules.albums})
    placed = [said.content_id for said in draft.corrections.values() if said.album == album]
    new = {one.content_id for one in photos} - set(placed)
    if is_made and not new:
        return
    taught = TaughtAlbum(album, title, tuple(placed))
    learned = _learned(drafted, [with_examples(taught, sorted(new), [])], photos)
    if isinstance(learned, Lesson):
        draft.keeps[f"{MADE}{album}"] = ""
        # The album has them by what was shown; an older word on them, or a place by hand, would count more.
        draft.forget([*photos, *draft.meant(placed)], with_facts=False)
        _keep(drafted, learned)
        return
    draft.keeps[f"{MADE}{album}"] = title
    draft.belong(photos, album)
    drafted.notes.append(_takes_no_others(title, len(photos)))


def _teach_more(drafted: Drafted, lesson: Lesson, album: TaughtAlbum, photos: Sequence[Meant]) -> None:
    """More examples of an album that was taught."""
    new = [one.content_id for one in photos if one.content_id not in album.positive]
    drafted.draft.forget(photos, with_facts=False)
    if not new:
        return
    albums = [with_examples(one, new, []) if one is album else one for one in lesson.albums]
    learned = _learned(drafted, albums, photos)
    if isinstance(learned, Lesson):
        _keep(drafted, learned)
        return
    drafted.draft.belong(photos, album.album)
    drafted.notes.append(_takes_no_others(album.title, len(photos)))


def _keep(drafted: Drafted, learned: Lesson) -> None:
    drafted.taught.append(learned)
    drafted.draft.keeps[setting_of(learned.lesson_id)] = kept_text(learned)
    for album, model in zip(learned.albums, learned.models, strict=True):
        if not model.worth.supports_filing:
            drafted.notes.append(_takes_no_others(album.title, len(album.positive)))


def _takes_no_others(title: str, photos: int) -> Reason:
    return Reason.of("notice.album-not-learned", title=title, photos=photos)


def _learned(drafted: Drafted, albums: Sequence[TaughtAlbum], photos: Sequence[Meant]) -> Lesson | NotLearned:
    before = drafted.draft.before
    refuse_shared(albums, drafted.lessons(before.lessons), {one.content_id: one.path for one in photos})
    engine = make_engine(
        drafted.settings, cache_folder(), remembered_model=before.model, remembered_weights=before.weights
    )
    examples = {content for one in albums for content in (*one.positive, *one.negative)}
    with engine.open_cache() as cache:
        library = Shelf.of(primaries_of(drafted.draft.ledger), cache)
        return learn_albums(albums, library, Shelf.of(examples, cache), engine.model_key)
