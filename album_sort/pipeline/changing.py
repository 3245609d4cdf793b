"""What a person wants to have changed, laid over what a destination remembers: the same for a plan to look at and for the run."""

from __future__ import annotations

import os
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from album_sort.core.planning.album_names import find_album
from album_sort.errors import UsageError
from album_sort.pipeline.fixing import Albums, Meant, counted_as_ours, tell_album, tell_left_out
from album_sort.pipeline.hand import all_titles, names_by_hand
from album_sort.pipeline.own_albums import own_albums_of
from album_sort.pipeline.remembered import Remembered
from album_sort.state.words import correction_word, fact_word, filed_word
from album_sort.types import AlbumId, AlbumRelPath, ContentId, KnownTrip, Role
from album_sort.types.corrections import Correction, CorrectionKind
from album_sort.types.ledger import LedgerRow
from album_sort.types.told import About, FactKey, ToldFact, ToldValue, Word

FEWEST_DIGITS = 12
"""Of a content id, for it to be told from all others."""

_ID = re.compile(rf"[0-9a-f]{{{FEWEST_DIGITS},64}}")


@dataclass
class Draft:
    """A destination as it will be once changes are made; they come one after the other, and the later one counts."""

    albums: Albums
    """As they lie there, with what was done by hand."""
    before: Remembered
    settings: Mapping[str, str]
    """All that the destination keeps, by key."""
    now_utc: datetime
    corrections: dict[ContentId, Correction] = field(init=False)
    facts: dict[FactKey, ToldFact] = field(init=False)
    ledger: dict[AlbumRelPath, LedgerRow] = field(init=False)
    keeps: dict[str, str] = field(default_factory=dict)
    """What it keeps from now on, by key."""
    concerned: set[ContentId] = field(default_factory=set)
    """Photos that the changes speak of."""

    def __post_init__(self) -> None:
        """As it is."""
        self.corrections = dict(self.albums.hand.corrections)
        self.facts = dict(self.before.facts)
        self.ledger = dict(self.albums.picture.ledger)

    def photos(self, ids: Iterable[str]) -> list[Meant]:
        """The photos of these contents; raises `UsageError` naming one that is not there, or could be several."""
        found = list(dict.fromkeys(map(self._photo, ids)))
        if not found:
            raise UsageError("no photos given", hint="name photos by the first 12 digits of their contents' SHA-256")
        return self.meant(found)

    def meant(self, contents: Iterable[ContentId]) -> list[Meant]:
        """Photos by their whole ids, as those that the changes speak of."""
        contents = list(contents)
        self.concerned.update(contents)
        return [Meant(content, self._path_of(content)) for content in contents]

    def kept(self, key: str) -> str:
        """What is kept under a key, once the changes are made."""
        return self.keeps.get(key, self.settings.get(key, ""))

    def _photo(self, given: str) -> ContentId:
        named = given.lower()
        if not _ID.fullmatch(named):
            raise UsageError(f"{given[:80]!r} names no photo", hint="give 12 to 64 digits of its content's SHA-256")
        at = bisect_left(self._contents, named)
        groups = set()
        while at < len(self._contents) and self._contents[at].startswith(named):
            groups.add(self._groups[self._contents[at]])
            at += 1
        if not groups:
            raise UsageError(f"there is no photo {given!r} in these albums", hint="look again: it may have gone since")
        if len(groups) > 1:
            raise UsageError(f"{given!r} names {len(groups)} photos", hint="give more digits of its content's SHA-256")
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
            return os.path.join(self.albums.destination, path)
        said = self.corrections.get(content)
        return said.note if said is not None else ""

    @cached_property
    def _primaries(self) -> dict[ContentId, AlbumRelPath]:
        rows = sorted(self.albums.picture.ledger.items(), reverse=True)
        return {row.group_id: path for path, row in rows if row.role is Role.PRIMARY}

    def album(self, name: str) -> AlbumId:
        """The album of that id or title; raises `UsageError` for a name that none has."""
        return find_album(name, self.titles)

    @property
    def titles(self) -> dict[AlbumId, tuple[str, ...]]:
        """Every title of each album, the one that it has now first."""
        rules = self.albums.rules
        renamed = names_by_hand(self.before.records, self.albums.layout, rules)
        known = {album: (*given, renamed.get(album, album)) for album, given in all_titles(rules).items()}
        own = own_albums_of({**self.settings, **self.keeps})
        for album, title in (*own.made, *own.called):
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

    def trip_members(self, trip_id: str) -> list[Meant]:
        """The photos of a trip, by its id; raises `UsageError` for a trip that there is not."""
        told = {content for (content, _), fact in self.facts.items() if getattr(fact.value, "trip_id", None) == trip_id}
        found = {member for trip in self.before.trips if trip.trip_id == trip_id for member in trip.members} | told
        if not found:
            raise UsageError(
                f"there is no trip {trip_id[:80]!r} here", hint="look again: it may have another id by now"
            )
        return self.meant(sorted(found))

    def words(self) -> Iterator[Word]:
        """What has to be remembered, each as before and after."""
        before = self.albums.hand.corrections
        for content in sorted({*before, *self.corrections}):
            if before.get(content) != self.corrections.get(content):
                yield correction_word(content, before.get(content), self.corrections.get(content))
        for key in sorted({*self.before.facts, *self.facts}):
            if self.before.facts.get(key) != self.facts.get(key):
                yield fact_word(*key, self.before.facts.get(key), self.facts.get(key))
        for path, row in sorted(self.albums.picture.ledger.items()):
            if self.ledger.get(path) != row:
                yield filed_word(row, self.ledger.get(path))

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
            folder_aliases={old: new for old, new in self.albums.aliases.items() if old != new},
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
