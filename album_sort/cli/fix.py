"""`fix`: what a person says of photos, and the list of all that was said."""

from __future__ import annotations

from album_sort.cli._console import make_printer, print_json
from album_sort.core.planning.renames import with_aliases
from album_sort.errors import ExitCode
from album_sort.operations.apply import count_done, failed_of
from album_sort.operations.as_json import correction_as_json
from album_sort.operations.clock import local_time
from album_sort.operations.fix import Fixed, FixOrder, HandTold, SaidByHand, fix, said_by_hand
from album_sort.operations.words import terminal_words
from album_sort.process.effects import stop_on_signals
from album_sort.report import Words
from album_sort.terminal.by_hand import print_by_hand, print_deleted_by_hand
from album_sort.terminal.layout import Last, err_console, out_console, print_table, printable, say
from album_sort.types.corrections import KEPT, Correction, CorrectionKind

_KIND_WORDS = {
    CorrectionKind.FIX: "fix_kind_fix",
    CorrectionKind.MOVED: "fix_kind_moved",
    CorrectionKind.DELETED: "fix_kind_deleted",
    CorrectionKind.LEFT_OUT: "fix_kind_left_out",
}
_HEADINGS = ("fix_head_when", "fix_head_what", "fix_head_album", "fix_head_photo", "fix_head_place")


def run_fix(order: FixOrder, *, wait: float, quiet: bool) -> ExitCode:
    """Has the word remembered, or carried out, and says what came of it."""
    printer = make_printer(quiet=quiet, as_json=False, with_progress=False, log_file="")
    with stop_on_signals() as stop, printer:
        fixed = fix(
            order,
            wait_seconds=wait,
            sink=printer,
            stop=stop,
            tell_hand=lambda told: None if quiet else _tell_hand(told),
        )
    if not quiet:
        _tell(fixed, at_once=order.at_once)
    failed, stopped_by = failed_of(fixed.applied), fixed.applied.stopped_by if fixed.applied is not None else ""
    for result in failed:
        say(err_console(), printable(result.error), indent=2, hanging=4)
    if stopped_by:
        say(err_console(), printable(stopped_by))
        return ExitCode.INTERRUPTED if stopped_by == "interrupted" else ExitCode.FATAL
    is_untidy = fixed.applied is not None and bool(fixed.applied.untidy)
    return ExitCode.PARTIAL if failed or is_untidy else ExitCode.DONE


def _tell_hand(told: HandTold) -> None:
    console = out_console()
    words = terminal_words(told.lang, console.encoding)
    print_by_hand(console, words, told.hand, told.destination, lambda album: told.titles.get(album, album))
    console = err_console()
    print_deleted_by_hand(console, terminal_words(told.lang, console.encoding), told.hand, told.destination)


def _tell(fixed: Fixed, *, at_once: bool) -> None:
    console = out_console()
    words = terminal_words(fixed.lang, console.encoding)
    if fixed.forgotten is not None:
        say(console, words.text("fix_forgotten", n=fixed.forgotten))
        if fixed.asked > fixed.forgotten:
            say(console, words.text("fix_nothing_to_forget", n=fixed.asked - fixed.forgotten))
        return
    key = "fix_belongs" if fixed.album else "fix_left_out"
    say(console, words.text(key, n=fixed.remembered, album=printable(fixed.title)))
    if not at_once:
        say(console, words.text("fix_next_run" if fixed.album else "fix_next_run_out"))
    elif fixed.applied is None:
        say(console, words.text("fix_nothing_to_move"))
    else:
        say(console, words.text("fix_moved", n=count_done(fixed.applied)))


def run_fix_list(destination: str, albums_file: str, *, as_json: bool) -> ExitCode:
    """Everything that was said or done by hand, oldest first. Writes nothing."""
    said = said_by_hand(destination, albums_file)
    if as_json:
        for correction in said.corrections:
            print_json(correction_as_json(correction))
        for folder, actual in sorted(said.aliases.items()):
            print_json({"kind": "renamed", "folder": folder, "now": actual})
        return ExitCode.DONE
    console = out_console()
    words = terminal_words(said.lang, console.encoding)
    if not said.corrections and not said.aliases:
        say(console, words.text("fix_list_empty"))
        return ExitCode.DONE
    rows = [_row(correction, said, words) for correction in said.corrections]
    rows += [
        ("", words.text("fix_kind_renamed"), "", printable(folder), printable(actual))
        for folder, actual in sorted(said.aliases.items())
    ]
    print_table(console, [words.text(key) for key in _HEADINGS], rows, last=Last.WRAPPED)
    return ExitCode.DONE


def _row(correction: Correction, said: SaidByHand, words: Words) -> tuple[str, str, str, str, str]:
    album = correction.album
    title = words.text("fix_own_folder") if album == KEPT else said.titles.get(album, "")
    return (
        f"{local_time(correction.created_utc):%Y-%m-%d %H:%M}",
        words.text(_KIND_WORDS[correction.kind]),
        printable(title),
        printable(correction.note),
        printable(with_aliases(correction.place, said.aliases)) if not correction.keeps_out else "",
    )
