"""What a person said of photos and albums: what came of it, and the list of all of it."""

from __future__ import annotations

from collections.abc import Iterator

from album_sort.core.planning.renames import with_aliases
from album_sort.operations.as_json import said_in_words
from album_sort.operations.changes import ChangesPlan
from album_sort.operations.clock import local_time
from album_sort.operations.fix import Fixed, HandTold, SaidByHand
from album_sort.operations.words import Words, terminal_words
from album_sort.terminal.by_hand import print_by_hand, print_deleted_by_hand
from album_sort.terminal.layout import Last, err_console, out_console, print_table, printable, say
from album_sort.types.corrections import KEPT, Correction, CorrectionKind
from album_sort.types.told import About

SHOWN = 20
"""Moves of a plan; `--json` has them all."""

_KIND_WORDS = {
    CorrectionKind.FIX: "fix_kind_fix",
    CorrectionKind.MOVED: "fix_kind_moved",
    CorrectionKind.DELETED: "fix_kind_deleted",
    CorrectionKind.LEFT_OUT: "fix_kind_left_out",
}
_FACT_WORDS = {About.TAKEN: "fix_kind_taken", About.PLACE: "fix_kind_place", About.TRIP: "fix_kind_trip"}
_HEADINGS = ("fix_head_when", "fix_head_what", "fix_head_album", "fix_head_photo", "fix_head_place")

_Row = tuple[str, str, str, str, str]


def tell_hand(told: HandTold) -> None:
    """What a person did in the albums, found when the word was taken."""
    console = out_console()
    words = terminal_words(told.lang, console.encoding)
    print_by_hand(console, words, told.hand, told.destination, lambda album: told.titles.get(album, album))
    console = err_console()
    print_deleted_by_hand(console, terminal_words(told.lang, console.encoding), told.hand, told.destination)


def tell_fixed(fixed: Fixed, moved: int) -> None:
    """What was remembered or taken back; `moved`: files that were moved, -1 where the next run does it."""
    console = out_console()
    words = terminal_words(fixed.lang, console.encoding)
    if fixed.forgotten is not None:
        say(console, words.text("fix_forgotten", n=fixed.forgotten))
        if fixed.asked > fixed.forgotten:
            say(console, words.text("fix_nothing_to_forget", n=fixed.asked - fixed.forgotten))
        return
    key = "fix_belongs" if fixed.album else "fix_left_out"
    say(console, words.text(key, n=fixed.remembered, album=printable(fixed.title)))
    if moved < 0:
        say(console, words.text("fix_next_run" if fixed.album else "fix_next_run_out"))
    elif fixed.applied is None:
        say(console, words.text("fix_nothing_to_move"))
    else:
        say(console, words.text("fix_moved", n=moved))


def tell_changes(plan: ChangesPlan, moved: int) -> None:
    """What changes come to; `moved`: files that were moved, -1 for a plan that nobody has carried out."""
    console = out_console()
    words = terminal_words(plan.lang, console.encoding)
    for move in plan.moves[:SHOWN]:
        out = words.text("change_out")
        say(console, f"{printable(move.origin or '+')} -> {printable(move.target or out)}", indent=2, hanging=4)
    if len(plan.moves) > SHOWN:
        say(console, words.text("change_more", n=len(plan.moves) - SHOWN), indent=2)
    for note in plan.notes:
        say(console, printable(note))
    if moved >= 0 and plan.remembered:
        say(console, words.text("fix_moved", n=moved) if moved else words.text("fix_nothing_to_move"))
    elif moved < 0 and plan.files:
        say(console, words.text("change_planned", n=plan.files))
    else:
        say(console, words.text("fix_nothing_to_move" if plan.remembered else "change_known"))


def tell_said(said: SaidByHand) -> None:
    """Everything that was said or done by hand, oldest first."""
    console = out_console()
    words = terminal_words(said.lang, console.encoding)
    rows = list(_rows(said, words))
    if rows:
        print_table(console, [words.text(key) for key in _HEADINGS], rows, last=Last.WRAPPED)
    else:
        say(console, words.text("fix_list_empty"))


def _rows(said: SaidByHand, words: Words) -> Iterator[_Row]:
    for correction in said.corrections:
        yield _row(correction, said, words)
    for fact in said.facts:
        when, kind = f"{local_time(fact.created_utc):%Y-%m-%d %H:%M}", words.text(_FACT_WORDS[fact.about])
        yield when, kind, printable(said_in_words(fact.value)), printable(fact.note), ""
    for folder, actual in sorted(said.aliases.items()):
        yield "", words.text("fix_kind_renamed"), "", printable(folder), printable(actual)
    own = said.own_albums
    for key, pairs in (
        ("fix_kind_made", own.made),
        ("fix_kind_called", own.called),
        ("fix_kind_merged", own.merged),
        ("fix_kind_cover", own.covers),
    ):
        for album, now in pairs:
            yield "", words.text(key), printable(now), printable(album), ""


def _row(correction: Correction, said: SaidByHand, words: Words) -> _Row:
    album = correction.album
    title = words.text("fix_own_folder") if album == KEPT else said.titles.get(album, "")
    return (
        f"{local_time(correction.created_utc):%Y-%m-%d %H:%M}",
        words.text(_KIND_WORDS[correction.kind]),
        printable(title),
        printable(correction.note),
        printable(with_aliases(correction.place, said.aliases)) if not correction.keeps_out else "",
    )
