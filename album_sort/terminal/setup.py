"""`init` on a terminal: five questions, and what would be written."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from album_sort.errors import AlbumSortError
from album_sort.operations.init import (
    NIGHT,
    Setup,
    Wishes,
    checked_albums,
    checked_photos,
    place_label,
    towns_called,
    usual_albums,
    usual_photos,
)
from album_sort.operations.nightly import FileChange, Keeper, Timetable
from album_sort.operations.program_call import called_with, program_call
from album_sort.operations.words import Words, terminal_words
from album_sort.terminal.layout import Terminal, err_console, out_console, printable, say
from album_sort.terminal.questions import agrees, ask
from album_sort.types import LANGUAGES, Place

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line has answered already; None asks."""

    photos: tuple[str, ...] = ()
    albums: str = ""
    lang: str = ""
    home: Place | None = None
    nightly: tuple[int, int] | None = None
    is_nightly: bool | None = None
    keeper: Keeper | None = None


def ask_wishes(given: Given, lang: str) -> Wishes:
    """The five questions, without those that are answered. Raises `KeyboardInterrupt` where nobody answers."""
    console = err_console()
    words = terminal_words(given.lang or lang, console.encoding)
    say(console, words.text("init_welcome"))
    photos = given.photos or _again(words.text("init_photos"), usual_photos(), _photos)
    albums = given.albums or _again(
        words.text("init_albums"), usual_albums(photos[0]), lambda answer: checked_albums(answer, photos)
    )
    spoken = given.lang or _ask_language(words, lang)
    words = terminal_words(spoken, console.encoding)
    home = given.home or _ask_home(words, spoken)
    is_nightly = agrees(words.text("init_nightly"), words) if given.is_nightly is None else given.is_nightly
    return Wishes(photos, albums, spoken, home, (given.nightly or NIGHT) if is_nightly else None, given.keeper)


def _photos(answer: str) -> tuple[str, ...]:
    """One folder; several are quoted as in a shell."""
    if os.path.isdir(os.path.expanduser(answer)):
        return checked_photos((answer,))
    return checked_photos(tuple(shlex.split(answer)))


def _again(question: str, default: str, check: Callable[[str], _Answer]) -> _Answer:
    """Asks until the answer will do; says what is wrong with one that does not."""
    while True:
        answer = ask(question, default)
        try:
            if answer:
                return check(answer)
        except AlbumSortError as error:
            say(err_console(), printable(f"{error}"), indent=2)
        except ValueError:
            continue


def _ask_language(words: Words, lang: str) -> str:
    names = {**{one: one for one in LANGUAGES}, "english": "en", "chinese": "zh", "中文": "zh", "英文": "en"}
    while (answer := ask(words.text("init_language"), lang).lower()) not in names:
        pass
    return names[answer]


def _ask_home(words: Words, lang: str) -> Place | None:
    """A town by its name; of several with that name the one that is chosen."""
    console = err_console()
    question = words.text("init_home")
    while answer := ask(question):
        say(console, words.text("init_looking"))
        towns = towns_called(answer, lang)
        if len(towns) == 1:
            say(console, printable(place_label(towns[0]), console.encoding), indent=2)
            return towns[0]
        if not towns:
            say(console, words.text("init_no_town"), indent=2)
            continue
        for number, town in enumerate(towns, 1):
            people = words.text("init_people", people=town.population)
            say(console, printable(f"{number}  {place_label(town)} ({people})", console.encoding), indent=2, hanging=5)
        chosen = ask(words.text("init_which"), "1")
        if chosen.isdecimal() and 1 <= int(chosen) <= len(towns):
            return towns[int(chosen) - 1]
    return None


def show_setup(setup: Setup, lang: str) -> None:
    """Every file and line that would be written, and every command that would be called."""
    console = err_console()
    words = terminal_words(lang, console.encoding)
    for change in setup.files:
        _show_change(console, words, change)
    for table in setup.timetables:
        _show_table(console, words, table)


def _show_change(console: Terminal, words: Words, change: FileChange) -> None:
    if not change.is_needed:
        return
    path = printable(str(change.path), console.encoding)
    if change.after is None:
        say(console, words.text("init_deletes", path=path))
        return
    say(console, words.text("init_writes", path=path))
    before = (change.before or "").splitlines()
    for line in change.after.splitlines():
        if line not in before:
            say(console, printable(line, console.encoding), indent=4, hanging=6)


def _show_table(console: Terminal, words: Words, table: Timetable) -> None:
    if table.keeper is Keeper.PERSON:
        say(console, words.text("init_paste"))
        for line in table.lines:
            console.out(f"    {printable(line, console.encoding)}", highlight=False)
        return
    for change in table.files:
        _show_change(console, words, change)
    for command in table.commands:
        say(console, words.text("init_calls", command=" ".join(command)))
    if table.crontab is not None and table.crontab[0] != table.crontab[1]:
        say(console, words.text("init_cron" if table.lines else "init_cron_out"))
        for line in table.lines:
            console.out(f"    {printable(line, console.encoding)}", highlight=False)


def agrees_to_setup(lang: str) -> bool:
    """Asks, and says what a no means."""
    words = terminal_words(lang, err_console().encoding)
    does = agrees(words.text("init_agree"), words)
    if not does:
        say(err_console(), words.text("init_not"))
    return does


def tell_same(lang: str) -> None:
    """That nothing is different from how it is."""
    console = out_console()
    say(console, terminal_words(lang, console.encoding).text("init_same"))


def tell_set_up(setup: Setup, lang: str) -> None:
    """What comes next: the first run by hand, and when the next ones are."""
    console = out_console()
    words = terminal_words(lang, console.encoding)
    photos: Sequence[str] = setup.known.photos
    call = called_with(*photos, "--out", setup.known.albums, *setup.save)
    say(console, words.text("init_done"))
    say(console, printable(call), indent=2, call=printable(call))
    say(console, words.text("init_alone", call=program_call()))
    if any(table.keeper is Keeper.SYSTEMD for table in setup.timetables):
        say(console, words.text("init_linger"))
    back = called_with("init", "--remove")
    say(console, words.text("init_back", call=back), hanging=2, call=back)


def tell_removed(setup: Setup, lang: str) -> None:
    """What stays."""
    console = out_console()
    words = terminal_words(lang, console.encoding)
    say(console, words.text("init_removed", albums=printable(setup.known.albums)))
