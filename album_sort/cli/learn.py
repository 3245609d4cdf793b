"""`learn`: what is said of albums that a person teaches."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from album_sort.cli._console import make_printer, print_json
from album_sort.config import read_layers
from album_sort.errors import ExitCode, UsageError
from album_sort.events import silent
from album_sort.operations.examples import LearnOrder, Shown
from album_sort.operations.learn import learn
from album_sort.operations.learned_json import by_corrections_as_json, learned_as_json, worth_as_json
from album_sort.operations.lessons import export, forget, take_over, taught_there
from album_sort.operations.order import settings_here
from album_sort.operations.program_call import called_with
from album_sort.sentences import sentence
from album_sort.terminal.layout import printable
from album_sort.terminal.learned import (
    asker,
    tell_all_learned,
    tell_corrections,
    tell_examples,
    tell_learned,
    tell_titles,
)


@dataclass(frozen=True, slots=True)
class LearnCall:
    """The command line, as given."""

    words: tuple[str, ...]
    """A title and examples; or folders, each an album called as it is."""
    no: tuple[str, ...]
    destination: str
    config_file: Path | None
    from_fixes: bool
    fine: bool
    ask: bool
    dry_run: bool
    wait: float
    quiet: bool
    as_json: bool


def run_learn(call: LearnCall) -> ExitCode:
    """Has albums learned, and says what they are worth. A refusal is an answer: exit code 3, nothing is remembered."""
    order = LearnOrder(_shown(call), call.destination, call.dry_run, call.from_fixes, call.fine)
    if call.ask and (call.as_json or not sys.stdin.isatty()):
        raise UsageError(sentence("command.ask-needs-a-terminal"), hint=sentence("command.leave-it-out-or"))
    here = settings_here(call.destination, lambda kept: read_layers(call.config_file, os.environ, {}, kept))
    with make_printer(quiet=call.quiet, as_json=call.as_json, with_progress=not call.ask, log_file="") as printer:
        ask = asker(call.destination) if call.ask else None
        learned = learn(order, here, wait_seconds=call.wait, sink=printer, ask=ask)
    if call.as_json:
        print_json(learned_as_json(learned))
    elif learned.refused is not None or not call.quiet:
        tell_learned(learned, printable(called_with("undo", "--out", call.destination)))
    return ExitCode.DONE if learned.refused is None else ExitCode.PARTIAL


def _shown(call: LearnCall) -> tuple[Shown, ...]:
    if len(call.words) > 1 and all(os.path.isdir(word) for word in call.words):
        if call.no:
            hint = sentence("command.leave-it-out-siblings")
            raise UsageError(sentence("command.not-is-for-one"), hint=hint)
        return tuple(Shown(os.path.basename(os.path.abspath(word)), (word,)) for word in call.words)
    title, *examples = call.words
    if not examples and not call.no and not call.from_fixes:
        what = (
            sentence("command.no-title-given-only", title=title)
            if os.path.lexists(title)
            else sentence("command.no-examples-given")
        )
        raise UsageError(what, hint=sentence("command.album-sort-learn-bello"))
    return (Shown(title, tuple(examples), call.no),)


def run_learn_list(destination: str, *, as_json: bool) -> ExitCode:
    """What was learned in a destination. Writes nothing."""
    there = taught_there(destination)
    if as_json:
        for one in there.albums:
            print_json({"album": one.album.album, "title": one.album.title, **worth_as_json(one.worth)})
        for each in there.by_corrections:
            print_json(by_corrections_as_json(each))
        return ExitCode.DONE
    tell_all_learned(there)
    return ExitCode.DONE


def run_learn_show(name: str, destination: str, *, as_json: bool) -> ExitCode:
    """One album with its examples. Writes nothing."""
    there = taught_there(destination)
    by_corrections = there.find_by_corrections(name)
    if by_corrections and as_json:
        for each in by_corrections:
            print_json({**by_corrections_as_json(each), "photos": [there.place_of(one) for one in each.photos]})
    elif by_corrections:
        tell_corrections(there, by_corrections)
    if by_corrections and not there.has(name):
        return ExitCode.DONE
    found = there.find(name)
    yes = [there.place_of(content) for content in found.album.positive]
    no = [there.place_of(content) for content in found.album.negative]
    if as_json:
        row = {"album": found.album.album, "title": found.album.title, **worth_as_json(found.worth)}
        print_json({**row, "yes": yes, "no": no, "siblings": list(found.siblings), "looks_closer": found.looks_closer})
        return ExitCode.DONE
    tell_examples(found, yes, no, there.lang)
    return ExitCode.DONE


def run_learn_forget(name: str, destination: str, *, wait: float, quiet: bool) -> ExitCode:
    """Forgets an album and its siblings, and what corrections have taught of it."""
    forgotten = forget(destination, name, wait_seconds=wait, sink=silent)
    if not quiet and forgotten.titles:
        tell_titles(destination, "learn_forgotten", forgotten.titles)
    if not quiet and forgotten.by_corrections:
        tell_titles(destination, "learn_unheeded", (forgotten.by_corrections,))
    return ExitCode.DONE


def run_learn_export(name: str, file: Path, destination: str, *, quiet: bool) -> ExitCode:
    """Writes an album to a file."""
    found = export(destination, name, file)
    if not quiet:
        tell_titles(destination, "learn_exported", (found.album.title, *found.siblings))
    return ExitCode.DONE


def run_learn_import(file: str, destination: str, *, wait: float, quiet: bool) -> ExitCode:
    """Takes an album over from a file."""
    titles, _ = take_over(destination, file, wait_seconds=wait, sink=silent)
    if not quiet:
        tell_titles(destination, "learn_imported", titles)
    return ExitCode.DONE
