"""`review`: what waits for a person's word, and what to say to it."""

from __future__ import annotations

from album_sort.cli._console import print_json
from album_sort.errors import ExitCode
from album_sort.operations.review import waiting_for_a_person
from album_sort.terminal.review import tell_waiting


def run_review(destination: str, albums_file: str, *, as_json: bool) -> ExitCode:
    """Lists them, each kind with the commands that answer. Writes nothing."""
    waiting = waiting_for_a_person(destination, albums_file)
    if as_json:
        for kind, paths in (("unsure", waiting.unsure), ("deleted", waiting.deleted)):
            for path in paths:
                print_json({"kind": kind, "path": path})
        return ExitCode.DONE
    tell_waiting(waiting, destination)
    return ExitCode.DONE
