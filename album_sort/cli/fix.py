"""`fix`: the user's word on photos: they belong to an album, stay out of the albums, or are decided on anew."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from album_sort import __version__
from album_sort.classifier.labels import load_labels
from album_sort.cli._by_hand import print_by_hand, print_deleted_by_hand
from album_sort.cli._console import Printer, err_console, make_printer, out_console, print_json
from album_sort.cli._layout import Last, print_table, printable, say
from album_sort.cli._process import stop_on_signals
from album_sort.core.albums.album_rules import AlbumRules
from album_sort.core.planning.album_names import find_album
from album_sort.core.planning.layout import Layout
from album_sort.core.planning.renames import with_aliases
from album_sort.errors import ExitCode, UsageError
from album_sort.fileops.apply import Applied
from album_sort.fileops.filesystem import RealFileSystem
from album_sort.operations.clock import local_time, utc_now
from album_sort.operations.pages import point_to_newest_page
from album_sort.operations.stop import StopRequest
from album_sort.operations.words import terminal_words
from album_sort.paths import given_path
from album_sort.pipeline.execute import apply_and_tell, status_of
from album_sort.pipeline.fixing import (
    Albums,
    find_before_undo,
    find_photos,
    forget,
    look_at,
    named_elsewhere,
    plan_at_once,
    remember_all,
    tell_album,
    tell_left_out,
)
from album_sort.pipeline.hand import all_albums, all_titles, names_by_hand, shape_of
from album_sort.pipeline.holding import held_destination
from album_sort.pipeline.kept import read_kept
from album_sort.pipeline.remembered import language_of, not_before, open_to_read
from album_sort.state.store import DestinationState
from album_sort.types import AlbumId, ContentId, OpStatus
from album_sort.types.corrections import KEPT, Correction, CorrectionKind
from album_sort.types.ledger import RunRecord, RunStatus

_KIND_WORDS = {
    CorrectionKind.FIX: "fix_kind_fix",
    CorrectionKind.MOVED: "fix_kind_moved",
    CorrectionKind.DELETED: "fix_kind_deleted",
    CorrectionKind.LEFT_OUT: "fix_kind_left_out",
}
_HEADINGS = ("fix_head_when", "fix_head_what", "fix_head_album", "fix_head_photo", "fix_head_place")


@dataclass(frozen=True, slots=True)
class FixCall:
    """The command line, as given."""

    photos: tuple[str, ...]
    destination: str
    album: str = ""
    leave_out: bool = False
    forget: bool = False
    at_once: bool = False
    albums_file: str = ""
    wait: float = 0.0
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class _Session:
    printer: Printer
    stop: StopRequest


def run_fix(call: FixCall) -> ExitCode:
    """Remembers what was said, by content, before everything else; with `--now` carries it out."""
    _check(call)
    layout, rules = shape_of(read_kept(call.destination), call.albums_file)
    paths = [given_path(photo) for photo in call.photos]
    # Before anything is locked or made: a misspelled name leaves no trace.
    with open_to_read(call.destination) as before:
        chosen = _chosen_album(call, before, layout, rules) if call.album else None
        _refuse_nothing(call)
        is_undone = any(run.status is RunStatus.UNDOING for run in before.runs())
        known = (
            find_before_undo(paths, look_at(call.destination, before, layout, rules, utc_now())) if is_undone else {}
        )
    with (
        stop_on_signals() as stop,
        make_printer(quiet=call.quiet, as_json=False, with_progress=False, log_file="") as printer,
        held_destination(call.destination, call.wait, printer) as state,
    ):
        if state.finished_undo is not None:
            point_to_newest_page(call.destination)
        lang = language_of(state)
        now = not_before(utc_now(), max((run.started_utc for run in state.runs()), default=None))
        albums = look_at(call.destination, state, layout, rules, now)
        titles = {album: rules.title(album, lang) or load_labels().title(album, lang) for album in all_albums(rules)}
        meant = find_photos(paths, albums, known if state.finished_undo is not None else {})
        remember_all(state, albums)
        if not call.quiet:
            _tell_hand(albums, lang, titles)
        if call.forget:
            count = forget(state, {one.content_id for one in meant}, albums)
            return _tell_forgotten(count, len(meant), call, lang)
        corrections = tell_left_out(meant, albums, now) if chosen is None else tell_album(meant, chosen, albums, now)
        state.add_corrections(corrections)
        applied = None
        if call.at_once:
            with stop.gently():
                again = look_at(call.destination, state, layout, rules, now)
                contents = frozenset(one.content_id for one in meant)
                again = named_elsewhere(state, again, contents, titles)
                applied = _carry_out(again, state, contents, titles, _Session(printer, stop))
    return _tell_remembered(corrections, titles | dict(albums.hand.titles), call, lang, applied)


def _check(call: FixCall) -> None:
    ways = (bool(call.album), call.leave_out, call.forget)
    hint = "album-sort fix PHOTO --album ID --out ALBUMS"
    if not call.photos:
        raise UsageError("no photos given", hint=hint)
    if sum(ways) != 1:
        raise UsageError("give one of --album, --leave-out and --forget", hint=hint)
    if call.forget and call.at_once:
        raise UsageError(
            "--now cannot be given with --forget: only a run decides anew where a photo belongs",
            hint="leave --now out; the next run moves the photo",
        )


def _chosen_album(call: FixCall, state: DestinationState, layout: Layout, rules: AlbumRules) -> AlbumId:
    """Raises `UsageError` for a name that no album has."""
    renamed = names_by_hand(state.records(), layout, rules)
    titles = {album: (*given, renamed.get(album, album)) for album, given in all_titles(rules).items()}
    return find_album(call.album, titles)


def _refuse_nothing(call: FixCall) -> None:
    missing = [photo for photo in call.photos if not os.path.lexists(photo)]
    if missing and not os.path.isdir(call.destination):
        raise UsageError(f"no such photo: {missing[0]!r}", hint="give paths of photos, in your photos or in the albums")


def _carry_out(
    again: Albums,
    state: DestinationState,
    contents: frozenset[ContentId],
    titles: Mapping[AlbumId, str],
    session: _Session,
) -> Applied | None:
    """A run of its own, which `undo` takes back; None where nothing has to move."""
    now = not_before(utc_now(), max((run.started_utc for run in state.runs()), default=None))
    plan = plan_at_once(again, contents, titles, now)
    if not plan.effects:
        return None
    run = RunRecord(
        plan.plan_id, "fix", now, None, RunStatus.RUNNING, plan.mode, plan.settings_digest, version=__version__
    )
    journal = state.begin_run(run, plan)
    applied = apply_and_tell(
        plan,
        RealFileSystem(),
        journal,
        language_of(state),
        sink=session.printer,
        stop=session.stop,
        on_result=lambda _op, _result: None,
    )
    state.finish_run(plan.plan_id, status_of(applied), utc_now())
    return applied


def _tell_hand(albums: Albums, lang: str, titles: Mapping[AlbumId, str]) -> None:
    console = out_console()
    words = terminal_words(lang, console.encoding)
    print_by_hand(console, words, albums.hand, albums.destination, lambda album: titles.get(album, album))
    console = err_console()
    print_deleted_by_hand(console, terminal_words(lang, console.encoding), albums.hand, albums.destination)


def _tell_forgotten(count: int, asked: int, call: FixCall, lang: str) -> ExitCode:
    if not call.quiet:
        console = out_console()
        words = terminal_words(lang, console.encoding)
        say(console, words.text("fix_forgotten", n=count))
        if asked > count:
            say(console, words.text("fix_nothing_to_forget", n=asked - count))
    return ExitCode.DONE


def _tell_remembered(
    corrections: Sequence[Correction],
    titles: Mapping[AlbumId, str],
    call: FixCall,
    lang: str,
    applied: Applied | None,
) -> ExitCode:
    done, failed = _counted(applied)
    if not call.quiet:
        console = out_console()
        words = terminal_words(lang, console.encoding)
        album = corrections[0].album
        key = "fix_belongs" if album else "fix_left_out"
        say(console, words.text(key, n=len(corrections), album=printable(titles.get(album, album))))
        if not call.at_once:
            say(console, words.text("fix_next_run" if album else "fix_next_run_out"))
        elif applied is None:
            say(console, words.text("fix_nothing_to_move"))
        else:
            say(console, words.text("fix_moved", n=done))
    for error in failed:
        say(err_console(), printable(error), indent=2, hanging=4)
    if applied is not None and applied.stopped_by:
        say(err_console(), printable(applied.stopped_by))
        return ExitCode.INTERRUPTED if applied.stopped_by == "interrupted" else ExitCode.FATAL
    return ExitCode.PARTIAL if failed or (applied is not None and applied.untidy) else ExitCode.DONE


def _counted(applied: Applied | None) -> tuple[int, list[str]]:
    results = applied.results if applied is not None else ()
    done = sum(result.status is OpStatus.DONE and result.action.has_effect for result in results)
    return done, [result.error for result in results if result.status is OpStatus.FAILED]


def run_fix_list(destination: str, albums_file: str, *, as_json: bool) -> ExitCode:
    """Everything that was said or done by hand, oldest first. Writes nothing."""
    layout, rules = shape_of(read_kept(destination), albums_file)
    with open_to_read(destination) as state:
        renamed = names_by_hand(state.records(), layout, rules)
        corrections = sorted(state.corrections().values(), key=lambda said: (said.created_utc, said.note))
        aliases = state.records().folder_aliases
        lang = language_of(state)
    if as_json:
        for said in corrections:
            print_json(_as_json(said))
        for folder, actual in sorted(aliases.items()):
            print_json({"kind": "renamed", "folder": folder, "now": actual})
        return ExitCode.DONE
    console = out_console()
    words = terminal_words(lang, console.encoding)
    if not corrections and not aliases:
        say(console, words.text("fix_list_empty"))
        return ExitCode.DONE

    def title(album: AlbumId) -> str:
        if album == KEPT:
            return words.text("fix_own_folder")
        if album in renamed:
            return renamed[album]
        return (rules.title(album, lang) or load_labels().title(album, lang)) if album else ""

    rows = [
        (
            f"{local_time(said.created_utc):%Y-%m-%d %H:%M}",
            words.text(_KIND_WORDS[said.kind]),
            printable(title(said.album)),
            printable(said.note),
            printable(with_aliases(said.place, aliases)) if not said.keeps_out else "",
        )
        for said in corrections
    ]
    rows += [
        ("", words.text("fix_kind_renamed"), "", printable(folder), printable(actual))
        for folder, actual in sorted(aliases.items())
    ]
    headings = [words.text(key) for key in _HEADINGS]
    print_table(console, headings, rows, last=Last.WRAPPED)
    return ExitCode.DONE


def _as_json(said: Correction) -> dict[str, object]:
    return {
        "kind": said.kind,
        "sha256": said.content_id,
        "album": said.album,
        "told_utc": said.created_utc.isoformat(),
        "photo": said.note,
        "place": said.place,
    }
