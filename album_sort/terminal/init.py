"""`init` from the call to what is written: asks what the call leaves open, shows what would be, and says what comes next."""

from __future__ import annotations

from dataclasses import dataclass

from album_sort.errors import UsageError, nearest
from album_sort.operations import init as operation
from album_sort.operations.nightly import Keeper
from album_sort.sentences import sentence, spoken
from album_sort.terminal import setup
from album_sort.terminal.questions import can_ask
from album_sort.types import LANGUAGES, Place


@dataclass(frozen=True, slots=True)
class InitCall:
    """The command line, as given."""

    photos: tuple[str, ...]
    albums: str
    lang: str
    home: str
    is_nightly: bool | None
    at: str
    keeper: str
    yes: bool
    is_preview: bool
    removes: bool


def set_up(call: InitCall) -> None:
    """Asks what the call leaves open, shows what would be written, and writes it when that is agreed to."""
    lang = call.lang or spoken()
    if not call.yes and not call.is_preview and not can_ask():
        key = "command.album-sort-init-remove" if call.removes else "command.album-sort-init-photos"
        raise UsageError(sentence("command.init-asks-and-nobody"), hint=sentence(key))
    if call.removes:
        planned = operation.plan_removal(call.albums)
    else:
        given = _given(call, lang)
        wishes = _wishes(given, lang) if call.yes or not can_ask() else setup.ask_wishes(given, lang)
        lang, planned = wishes.lang, operation.plan_setup(wishes)
    if not call.yes or call.is_preview or any(table.keeper is Keeper.PERSON for table in planned.timetables):
        setup.show_setup(planned, lang)
    if call.is_preview or (planned.is_needed and not call.yes and not setup.agrees_to_setup(lang)):
        return
    if not planned.is_needed:
        setup.tell_same(lang)
    operation.carry_out_setup(planned)
    (setup.tell_removed if call.removes else setup.tell_set_up)(planned, lang)


def _given(call: InitCall, lang: str) -> setup.Given:
    """What the options say, checked. Raises `UsageError`."""
    if call.lang and call.lang not in LANGUAGES:
        raise UsageError(sentence("command.lang-expected-one-of", lang=call.lang, languages=", ".join(LANGUAGES)))
    keepers = [keeper.value for keeper in Keeper]
    if call.keeper and call.keeper not in keepers:
        near = nearest(call.keeper, keepers)
        raise UsageError(
            sentence("command.keeper-expected-one-of", keeper=call.keeper, keepers=", ".join(keepers)),
            hint=sentence("command.did-you-mean", near=near) if near else "",
        )
    photos = operation.checked_photos(call.photos)
    albums = operation.checked_albums(call.albums, photos) if call.albums else ""
    is_nightly = True if call.at and call.is_nightly is None else call.is_nightly
    return setup.Given(
        photos,
        albums,
        call.lang,
        _town(call.home, lang),
        operation.checked_time(call.at) if call.at else None,
        is_nightly,
        Keeper(call.keeper) if call.keeper else None,
    )


def _town(name: str, lang: str) -> Place | None:
    """The largest town of that name, as `--home` of a run takes it."""
    if not name:
        return None
    towns = operation.towns_called(name, lang)
    if not towns:
        raise UsageError(sentence("command.home-no-town-of", name=name), hint=sentence("command.give-its-english-name"))
    return towns[0]


def _wishes(given: setup.Given, lang: str) -> operation.Wishes:
    """The same with nobody to ask. Raises `UsageError` for what has no usual answer."""
    if not given.photos or not given.albums:
        raise UsageError(sentence("command.init-needs-the-photos"), hint=sentence("command.album-sort-init-photos-out"))
    at = (given.nightly or operation.NIGHT) if given.is_nightly else None
    return operation.Wishes(given.photos, given.albums, given.lang or lang, given.home, at, given.keeper)
