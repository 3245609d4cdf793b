"""`runs`, `undo`, `verify`: what was done in a destination, taking it back, and whether it is still whole. No network."""

from __future__ import annotations

from collections.abc import Sequence

from album_sort.cli._console import Printer, err_console, make_printer, out_console, print_json
from album_sort.cli._layout import number_of, print_table, printable, say
from album_sort.cli._process import stop_on_signals
from album_sort.errors import DestinationError, ExitCode, UsageError
from album_sort.events import Notice
from album_sort.fileops.filesystem import RealFileSystem
from album_sort.fileops.picture import take_picture
from album_sort.fileops.undo import Undone
from album_sort.fileops.verify import Verdict, Verified, counted, verify
from album_sort.operations.clock import utc_now
from album_sort.operations.pages import REPORT_PAGE, point_to_newest_page, remake_newest_page
from album_sort.operations.words import terminal_words
from album_sort.pipeline.hand import without_unwanted
from album_sort.pipeline.holding import held_destination, say_unreadable
from album_sort.pipeline.remembered import language_of, open_to_read
from album_sort.pipeline.undoing import take_back
from album_sort.state.own_files import check_state_folder
from album_sort.state.store import DestinationState
from album_sort.types import LANGUAGES, OpStatus, RunId
from album_sort.types.ledger import DestinationPicture, RunRecord, RunStatus

SHOWN_FOREIGN = 5
"""Files that are not ours, named without -v: they are no fault, but somebody wants to know which they are."""


def run_runs(destination: str, *, as_json: bool) -> ExitCode:
    """Lists the runs of a destination, oldest first."""
    _must_be_ours(destination)
    with open_to_read(destination) as state:
        runs = state.runs()
    if as_json:
        for run in runs:
            print_json(
                {
                    "run": run.run_id,
                    "command": run.command,
                    "started_utc": run.started_utc.isoformat(),
                    "finished_utc": run.finished_utc.isoformat() if run.finished_utc else None,
                    "status": run.status,
                    "mode": run.mode,
                    "done": run.done,
                    "failed": run.failed,
                }
            )
        return ExitCode.DONE
    rows = [
        (
            run.run_id,
            f"{run.started_utc:%Y-%m-%d %H:%M:%S}",
            run.command,
            run.mode,
            run.status,
            f"{run.done:,}",
            f"{run.failed:,}",
        )
        for run in runs
    ]
    headings = ("Run", "Started (UTC)", "Command", "Mode", "Status", "Files", "Failed")
    print_table(out_console(), headings, rows, right=(5, 6))
    return ExitCode.DONE


def run_undo(destination: str, run_id: str, *, wait: float, quiet: bool, as_json: bool) -> ExitCode:
    """Takes a run back; without an id, the last one that still has an effect."""
    _must_be_ours(destination)
    printer = make_printer(quiet=quiet, as_json=as_json, with_progress=False, log_file="")
    with stop_on_signals() as stop, printer, held_destination(destination, wait, printer) as state:
        if state.finished_undo is not None and state.finished_undo.startswith(run_id):
            _show_newest_page(destination)
            return _tell_finished(state, state.finished_undo, quiet=quiet, as_json=as_json)
        run = _chosen(state.runs(), run_id, destination)
        told = state.notice
        state.check(run.run_id)
        if state.notice != told:
            # Its journal made no sense: what the tree tells of the run counts now.
            printer(Notice(state.notice))
            run = _chosen(state.runs(), run.run_id, destination)
        with stop.gently():
            undone = take_back(
                destination,
                state,
                run.run_id,
                utc_now(),
                fs=RealFileSystem(),
                stop=stop,
                tidy=lambda: _show_newest_page(destination),
                on_picture=lambda picture: _tell_left_alone(picture, language_of(state), printer),
            )
        if not quiet and not as_json:
            _tell_corrections(state)
        # While the destination is still held: killed from here on, it has been told.
        return _tell_undone(run, undone, quiet=quiet, as_json=as_json)


def _show_newest_page(destination: str) -> None:
    remake_newest_page(destination)
    point_to_newest_page(destination)


def _tell_finished(state: DestinationState, run_id: RunId, *, quiet: bool, as_json: bool) -> ExitCode:
    """An undo that was killed and is finished by now: repeating it takes nothing else back."""
    is_complete = all(run.status is RunStatus.UNDONE for run in state.runs() if run.run_id == run_id)
    if as_json:
        print_json({"event": "undone", "run": run_id, "undone": 0, "left": 0, "was_killed": True})
    elif not quiet:
        say(
            out_console(),
            f"The undo of run {run_id}, which had not come to its end, is finished; nothing else was taken back.",
        )
    return ExitCode.DONE if is_complete else ExitCode.PARTIAL


def _tell_corrections(state: DestinationState) -> None:
    """An undo takes back what the program did, not what a person said: the next run still goes by that."""
    count = len(state.corrections())
    if count:
        console = out_console()
        words = terminal_words(language_of(state), console.encoding)
        say(console, words.text("undo_corrections_stay", n=count))


def _chosen(runs: Sequence[RunRecord], run_id: str, destination: str) -> RunRecord:
    if run_id:
        found = [run for run in runs if run.run_id == run_id or run.run_id.startswith(run_id)]
        if len(found) != 1:
            known = ", ".join(run.run_id for run in runs[-5:]) or "none"
            raise UsageError(f"no run {run_id!r} in {destination!r}", hint=f"the last runs are: {known}")
        return found[0]
    alive = [run for run in runs if run.status is not RunStatus.UNDONE and run.done]
    if not alive:
        raise UsageError(f"there is no run to undo in {destination!r}", hint="`album-sort runs` lists them all")
    return alive[-1]


def _tell_undone(run: RunRecord, undone: Undone, *, quiet: bool, as_json: bool) -> ExitCode:
    left = [result for result in undone.results if result.status is not OpStatus.DONE]
    if as_json:
        print_json({"event": "undone", "run": run.run_id, "undone": len(undone.results) - len(left), "left": len(left)})
    elif not quiet or left:
        console = out_console()
        taken = len(undone.results) - len(left)
        stay = "1 left as it is" if len(left) == 1 else f"{len(left):,} left as they are"
        say(console, f"Run {run.run_id}: {number_of(taken, 'file')} taken back, {stay}.")
        for result in left:
            say(console, printable(result.error), indent=2, hanging=4)
    for error in undone.untidy:
        say(err_console(), printable(f"an empty folder could not be removed ({error}); the next run tries again"))
    if undone.is_half_done:
        say(err_console(), "The disk stopped this undo half way; the next run, or the next undo, finishes it first.")
    if undone.stopped:
        return ExitCode.INTERRUPTED
    return ExitCode.PARTIAL if left or undone.untidy else ExitCode.DONE


def run_verify(destination: str, *, quiet: bool, verbose: bool, as_json: bool) -> ExitCode:
    """Reads every file of the albums again; exit code 3 where one is missing or damaged."""
    _must_be_ours(destination)
    fs = RealFileSystem()
    with open_to_read(destination) as state:
        picture = take_picture(destination, fs, without_unwanted(state.records(), state.corrections()))
        lang = language_of(state)
    _tell_left_alone(picture, lang, make_printer(quiet=quiet, as_json=as_json, with_progress=False, log_file=""))
    verified = [file for file in verify(destination, fs, picture) if file.path != REPORT_PAGE]
    bad = [file for file in verified if file.verdict not in (Verdict.OK, Verdict.FOREIGN)]
    if as_json:
        for file in verified:
            print_json({"path": file.path, "verdict": file.verdict, "detail": file.detail})
    else:
        foreign = [file for file in verified if file.verdict is Verdict.FOREIGN]
        shown = verified if verbose else [*bad, *foreign[:SHOWN_FOREIGN]]
        _print_verified(bad if quiet and not verbose else shown, verified, quiet=quiet)
        if not quiet and not verbose and len(foreign) > SHOWN_FOREIGN:
            more = f"and {number_of(len(foreign) - SHOWN_FOREIGN, 'foreign file')} more; -v names them all"
            say(out_console(), more, indent=2)
    return ExitCode.PARTIAL if bad else ExitCode.DONE


def _tell_left_alone(picture: DestinationPicture, lang: str | None, printer: Printer) -> None:
    left_alone = say_unreadable(picture, lang or LANGUAGES[0])
    if left_alone:
        printer(Notice(left_alone))


def _print_verified(shown: Sequence[Verified], verified: Sequence[Verified], *, quiet: bool) -> None:
    console = out_console()
    for file in shown:
        detail = f" ({file.detail})" if file.detail else ""
        say(console, f"{file.verdict:12} {printable(file.path)}{printable(detail)}", hanging=13)
    if not quiet:
        counts = counted(verified)
        told = ", ".join(f"{count:,} {verdict}" for verdict, count in counts.items() if count)
        say(console, told or "nothing filed yet")


def _must_be_ours(destination: str) -> None:
    if not check_state_folder(destination):
        raise DestinationError(
            f"{destination!r} holds no albums made by album-sort", hint="give the folder that was given to --out"
        )
