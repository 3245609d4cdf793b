"""What a person wants to have changed, laid over what a destination remembers: the same for a plan to look at and for the run."""

from __future__ import annotations

import os
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property

from album_sort.classifier.labels import load_labels
from album_sort.core.file_names import fold
from album_sort.core.planning.album_names import find_album
from album_sort.core.planning.renames import folder_of, with_aliases
from album_sort.core.quoting import out_option
from album_sort.errors import UsageError
from album_sort.pipeline.fixing import Albums, Meant, counted_as_ours, tell_album, tell_left_out
from album_sort.pipeline.hand import all_titles, folders_of
from album_sort.pipeline.own_albums import CALLED, MERGED, own_albums_of
from album_sort.pipeline.remembered import Remembered
from album_sort.sentences import sentence
from album_sort.state.words import alias_word, correction_word, fact_word, filed_word
from album_sort.types import LANGUAGES, AlbumId, AlbumRelPath, ContentId, KnownTrip, Role, inner_path
from album_sort.types.corrections import KEPT, Correction, CorrectionKind
from album_sort.types.ledger import LedgerRow
from album_sort.types.plan import refiled
from album_sort.types.told import About, FactKey, ToldFact, ToldTrip, ToldValue, Word

FEWEST_DIGITS = 12
"""Of a content id, for it to be told from all others."""

_ID = re.compile(rf"[0-9a-f]{{{FEWEST_DIGITS},64}}")


@dataclass
class Draft:
    """A destination as it will be once changes are made; they come one after the other, and the later one counts."""

    there: Albums
    """As they lie there, with what was done by hand."""
    before: Remembered
    settings: Mapping[str, str]
    """All that the destination keeps, by key."""
    now_utc: datetime
    corrections: dict[ContentId, Correction] = field(init=False)
    facts: dict[FactKey, ToldFact] = field(init=False)
    ledger: dict[AlbumRelPath, LedgerRow] = field(init=False)
    aliases: dict[AlbumRelPath, AlbumRelPath] = field(init=False)
    """Folders that the user renamed."""
    keeps: dict[str, str] = field(default_factory=dict)
    """What it keeps from now on, by key."""
    concerned: set[ContentId] = field(default_factory=set)
    """Photos that the changes speak of."""

    def __post_init__(self) -> None:
        """As it is."""
        self.corrections = dict(self.there.hand.corrections)
        self.facts = dict(self.before.facts)
        self.ledger = dict(self.there.picture.ledger)
        self.aliases = {old: new for old, new in self.there.aliases.items() if old != new}

    @property
    def albums(self) -> Albums:
        """As they lie there, with what counts from now on of what was done by hand."""
        picture = replace(self.there.picture, ledger=self.ledger, folder_aliases=self.aliases, new_aliases={})
        return replace(self.there, picture=picture, hand=replace(self.there.hand, corrections=self.corrections))

    def photos(self, ids: Iterable[str]) -> list[Meant]:
        """The photos of these contents; raises `UsageError` naming one that is not there, or could be several."""
        found = list(dict.fromkeys(map(self._photo, ids)))
        if not found:
            raise UsageError(sentence("order.no-photos-given"), hint=sentence("order.name-photos-by-the"))
        return self.meant(found)

    def meant(self, contents: Iterable[ContentId]) -> list[Meant]:
        """Photos by their whole ids, as those that the changes speak of."""
        contents = list(contents)
        self.concerned.update(contents)
        return [Meant(content, self._path_of(content)) for content in contents]

    def kept(self, key: str) -> str:
        """What is kept under a key, once the changes are made."""
        return self.keeps.get(key, self.settings.get(key, ""))

    def kept_anew(self, key: str) -> bool:
        """Whether the changes say something of a key."""
        return key in self.keeps

    def _photo(self, given: str) -> ContentId:
        named = given.lower()
        if not _ID.fullmatch(named):
            raise UsageError(sentence("order.names-no-photo", given=given[:80]), hint=sentence("order.give-12-to-64"))
        at = bisect_left(self._contents, named)
        groups = set()
        while at < len(self._contents) and self._contents[at].startswith(named):
            groups.add(self._groups[self._contents[at]])
            at += 1
        if not groups:
            raise UsageError(sentence("order.there-is-no-photo", given=given), hint=sentence("order.look-again-it-may"))
        if len(groups) > 1:
            raise UsageError(
                sentence("order.names-photos", given=given, n=len(groups)), hint=sentence("order.give-more-digits-of")
            )
        return groups.pop()

    @cached_property
    def _groups(self) -> dict[ContentId, ContentId]:
        """Every content that is known here, with that of its group's primary."""
        known = {content: content for content in (*self.corrections, *(content for content, _ in self.facts))}
        return known | {row.content_id: row.group_id for row in self.ledger.values() if row.role is not Role.ALSO}

    @cached_property
    def _contents(self) -> list[ContentId]:
        return sorted(self._groups)

    def _path_of(self, content: ContentId) -> str:
        """Where it lies, or lay."""
        if (path := self._primaries.get(content)) is not None:
            return os.path.join(self.there.destination, path)
        said = self.corrections.get(content)
        return said.note if said is not None else ""

    @cached_property
    def _primaries(self) -> dict[ContentId, AlbumRelPath]:
        rows = sorted(self.there.picture.ledger.items(), reverse=True)
        return {row.group_id: path for path, row in rows if row.role is Role.PRIMARY}

    def album(self, name: str) -> AlbumId:
        """The album of that id or title, or the one into which that has gone; raises `UsageError` for a name that none has."""
        return self._gone_into(self.album_named(name))

    def _gone_into(self, album: AlbumId) -> AlbumId:
        merged = dict(own_albums_of({**self.settings, **self.keeps}).merged)
        for _ in merged:
            album = merged.get(album, album)
        return album

    def album_named(self, name: str) -> AlbumId:
        """The same, be it that it has gone into another."""
        own = own_albums_of({**self.settings, **self.keeps})
        labels = load_labels()
        gone = {album: tuple(labels.title(album, lang) for lang in LANGUAGES) for album, _ in own.merged}
        return find_album(name, gone | self.titles, out=out_option(self.there.destination))

    def title_before(self, album: AlbumId) -> str:
        """What an album is called without the changes, in the language of the destination."""
        lang = self.before.language or LANGUAGES[0]
        rules, labels = self.there.rules, load_labels()
        return self.there.hand.titles.get(album) or rules.title(album, lang) or labels.title(album, lang)

    @property
    def titles(self) -> dict[AlbumId, tuple[str, ...]]:
        """Every title of each album, the one that it has now first."""
        rules = self.there.rules
        own = own_albums_of({**self.settings, **self.keeps})
        known = all_titles(rules) | {album: (title,) for album, title in own.made}
        given = {**dict(own.called), **self.there.hand.titles}
        given |= {album: title for album, title in own.called if self.kept_anew(f"{CALLED}{album}")}
        for album, title in given.items():
            known[album] = (title, *known.get(album, ()))
        return {album: given for album, given in known.items() if album not in dict(own.merged)}

    def belong(self, photos: Iterable[Meant], album: AlbumId) -> None:
        """They belong to an album."""
        for said in tell_album(photos, album, self.albums, self.now_utc):
            known = self.corrections.get(said.content_id)
            if known is None or (known.kind, known.album) != (CorrectionKind.FIX, album):
                self.corrections[said.content_id] = said

    def leave_out(self, photos: Iterable[Meant]) -> None:
        """They are not wanted."""
        for said in tell_left_out(photos, self.albums, self.now_utc):
            known = self.corrections.get(said.content_id)
            if known is None or known.kind is not CorrectionKind.LEFT_OUT:
                self.corrections[said.content_id] = said

    def tell(self, photos: Iterable[Meant], values: Mapping[ContentId, ToldValue]) -> None:
        """Facts of them."""
        for one in photos:
            fact = ToldFact(one.content_id, values[one.content_id], self.now_utc, one.path)
            known = self.facts.get((one.content_id, fact.about))
            if known is None or known.value != fact.value:
                self.facts[one.content_id, fact.about] = fact

    def forget(self, photos: Iterable[Meant], *, with_facts: bool = True) -> None:
        """Nothing counts that was said of them, or done with them by hand: they are decided on anew."""
        contents = {one.content_id for one in photos}
        for content in contents:
            self.corrections.pop(content, None)
            for about in About if with_facts else ():
                self.facts.pop((content, about), None)
        removed, changed = counted_as_ours(contents, self.albums)
        for path in removed:
            self.ledger.pop(path, None)
        self.ledger |= {row.path: row for row in changed}

    def call(self, album: AlbumId, title: str) -> None:
        """An album is called otherwise, also where a person has renamed its folder before."""
        albums = self.albums
        folders = folders_of(albums.picture, albums.layout, albums.rules)
        own = [
            rendered
            for rendered, actual in self.aliases.items()
            if folders.root_of(rendered) == rendered and folders.album_of(actual) == album
        ]

        def now(folder: AlbumRelPath) -> AlbumRelPath:
            is_renamed = any(folder == root or folder.startswith(f"{root}/") for root in own)
            return with_aliases(folder, self.aliases) if is_renamed else folder

        for path, row in list(self.ledger.items()):
            if now(row.folder) != row.folder:
                self.ledger[path] = replace(row, filed=refiled(row.filed, folder=now(row.folder)))
        for content, said in list(self.corrections.items()):
            if said.place and now(folder_of(said.place)) != folder_of(said.place):
                place = inner_path(f"{now(folder_of(said.place))}/{said.place.rpartition('/')[2]}")
                self.corrections[content] = replace(said, place=place)
        self.aliases = {old: new for old, new in self.aliases.items() if now(old) == old}
        self.keeps[f"{CALLED}{album}"] = title
        self._follow(album, album)

    def merge(self, album: AlbumId, into: AlbumId) -> None:
        """What belongs to an album belongs to another one from now on."""
        self.keeps[f"{MERGED}{album}"] = into
        self._follow(album, into)

    def _follow(self, album: AlbumId, into: AlbumId) -> None:
        """Photos that a person moved into an album's folder go with it; in a folder of their own, they stay."""
        moved = [content for content, said in self.corrections.items() if said.kind is CorrectionKind.MOVED]
        resolve = self.there.rules.resolve
        placed = [content for content in moved if not self.corrections[content].album]
        self.concerned.update(content for content in placed if self._album_of(content) == album)
        self.belong(self.meant(content for content in moved if resolve(self.corrections[content].album) == album), into)

    def _album_of(self, content: ContentId) -> AlbumId | None:
        return next((row.album for row in self.ledger.values() if row.group_id == content), None)

    def album_of(self, content: ContentId) -> AlbumId | None:
        """Where a photo belongs by what was said of it, the changes included; else where it lies."""
        said = self.corrections.get(content)
        if said is not None and said.keeps_out:
            return None
        is_told = said is not None and said.album not in ("", KEPT)
        album = said.album if said is not None and is_told else self._album_of(content)
        return None if album is None else self._gone_into(album)

    def trip_members(self, trip_id: str) -> list[Meant]:
        """The photos of a trip, by its id; raises `UsageError` for a trip that there is not."""
        found = {member for trip in self.before.trips if trip.trip_id == trip_id for member in trip.members}
        found |= {content for content, trip in self._told_trips() if trip.trip_id == trip_id}
        one = {trip.trip_id for content, trip in self._told_trips() if content in found and trip.is_one}
        found |= {content for content, trip in self._told_trips() if trip.trip_id in one}
        if not found:
            raise UsageError(
                sentence("order.there-is-no-trip", trip_id=trip_id[:80]), hint=sentence("order.look-again-it-may-have")
            )
        return self.meant(sorted(found))

    def _told_trips(self) -> list[tuple[ContentId, ToldTrip]]:
        facts = ((content, fact.value) for (content, _), fact in self.facts.items())
        return [(content, value) for content, value in facts if isinstance(value, ToldTrip)]

    def is_one_trip(self, members: Iterable[Meant]) -> bool:
        """Whether a person has made one of several of these photos' trips."""
        known = dict(self._told_trips())
        return any(known[one.content_id].is_one for one in members if one.content_id in known)

    def title_of_trip(self, members: Iterable[Meant]) -> str:
        """The title that a person gave to these photos' trip; empty for none."""
        known = dict(self._told_trips())
        return next((known[one.content_id].title for one in members if one.content_id in known), "")

    def trip_called(self, title: str) -> str | None:
        """The id of the trip of a title."""
        wanted = fold(title)
        told = {trip.trip_id: trip.title for _, trip in self._told_trips() if trip.title}
        known = {trip.trip_id: trip.title for trip in self.before.trips} | told
        return next((trip_id for trip_id, called in known.items() if fold(called) == wanted), None)

    def first_of(self, trips: Sequence[str]) -> str:
        """Of several trips, the id of the first in time."""
        order = {trip.trip_id: (trip.start, trip.trip_id) for trip in self.before.trips}
        return min(trips, key=lambda trip_id: (trip_id not in order, order.get(trip_id, (date.min, trip_id))))

    def words(self) -> Iterator[Word]:
        """What has to be remembered, each as before and after."""
        before = self.there.hand.corrections
        for content in sorted({*before, *self.corrections}):
            if before.get(content) != self.corrections.get(content):
                yield correction_word(content, before.get(content), self.corrections.get(content))
        for key in sorted({*self.before.facts, *self.facts}):
            if self.before.facts.get(key) != self.facts.get(key):
                yield fact_word(*key, self.before.facts.get(key), self.facts.get(key))
        for path, row in sorted(self.there.picture.ledger.items()):
            if self.ledger.get(path) != row:
                yield filed_word(row, self.ledger.get(path))
        for folder, actual in sorted(self.there.aliases.items()):
            if folder != actual and folder not in self.aliases:
                yield alias_word(folder, actual)

    @property
    def news(self) -> dict[str, str]:
        """Of what it keeps, what is not known yet."""
        return {key: value for key, value in self.keeps.items() if self.settings.get(key, "") != value}

    def remembered(self) -> Remembered:
        """What the destination remembers once this is done."""
        settings = {**self.settings, **self.keeps}
        records = replace(
            self.before.records,
            ledger=self.ledger,
            folder_aliases=self.aliases,
        )
        return replace(
            self.before,
            records=records,
            corrections=self.corrections,
            facts=self.facts,
            own_albums=own_albums_of(settings),
        )


def changed_trips(
    before: Iterable[KnownTrip], after: Iterable[KnownTrip]
) -> Iterator[tuple[KnownTrip | None, KnownTrip | None]]:
    """Trips that are known otherwise than before, as they were and as they are."""
    old = {trip.trip_id: trip for trip in before}
    new = {trip.trip_id: KnownTrip(trip.trip_id, trip.title, trip.start, trip.end, trip.members) for trip in after}
    for trip_id in sorted({*old, *new}):
        if old.get(trip_id) != new.get(trip_id):
            yield old.get(trip_id), new.get(trip_id)
