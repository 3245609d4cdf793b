"""`learn`: what is said of albums that a person teaches."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from album_sort.cli._printer import make_printer
from album_sort.config import read_layers
from album_sort.errors import ExitCode, UsageError
from album_sort.operations.examples import LearnOrder
from album_sort.operations.learn import learn
from album_sort.operations.learned_json import corrections_as_json, examples_as_json, learned_as_json
from album_sort.operations.lessons import taught_there
from album_sort.operations.order import settings_here
from album_sort.operations.program_call import called_with
from album_sort.sentences import sentence
from album_sort.terminal.layout import printable
from album_sort.terminal.learned import asker, tell_corrections, tell_examples, tell_learned
from album_sort.terminal.printers import print_json


def run_learn(
    order: LearnOrder, config_file: Path | None, *, asks: bool, wait: float, quiet: bool, as_json: bool
) -> ExitCode:
    """Has albums learned, and says what they are worth. A refusal is an answer: exit code 3, nothing is remembered."""
    if asks and (as_json or not sys.stdin.isatty()):
        raise UsageError(sentence("command.ask-needs-a-terminal"), hint=sentence("command.leave-it-out-or"))
    here = settings_here(order.destination, lambda kept: read_layers(config_file, os.environ, {}, kept))
    with make_printer(quiet=quiet, as_json=as_json, with_progress=not asks) as printer:
        ask = asker(order.destination) if asks else None
        learned = learn(order, here, wait_seconds=wait, sink=printer, ask=ask)
    if as_json:
        print_json(learned_as_json(learned))
    elif learned.refused is not None or not quiet:
        tell_learned(learned, printable(called_with("undo", "--out", order.destination)))
    return ExitCode.DONE if learned.refused is None else ExitCode.PARTIAL


def show_learned(name: str, destination: str, *, as_json: bool) -> None:
    """One album with its examples, and what corrections have taught of it. Writes nothing."""
    there = taught_there(destination)
    by_corrections = there.find_by_corrections(name)
    if by_corrections and as_json:
        for each in by_corrections:
            print_json(corrections_as_json(there, each))
    elif by_corrections:
        tell_corrections(there, by_corrections)
    if by_corrections and not there.has(name):
        return
    found = there.find(name)
    if as_json:
        print_json(examples_as_json(there, found))
    else:
        tell_examples(there, found)
