"""`explain PHOTO`: why a photo is where it is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from album_sort.cli._console import print_json, spare
from album_sort.config import read_layers
from album_sort.errors import ExitCode
from album_sort.operations.explain import explain
from album_sort.operations.order import settings_here
from album_sort.terminal.layout import out_console, printable, say


def run_explain(
    photo: str,
    destination: str,
    flags: Mapping[str, object],
    config_file: Path | None,
    *,
    as_json: bool,
    verbose: bool = False,
) -> ExitCode:
    """Prints all that led to a photo's album."""
    here = settings_here(destination, lambda kept: read_layers(config_file, os.environ, flags, kept))
    explained = explain(photo, destination, here, sink=spare, with_figures=verbose or as_json)
    if as_json:
        sections = {section.heading: list(section.lines) for section in explained.sections}
        print_json({"photo": explained.source, "sections": sections})
        return ExitCode.DONE
    console = out_console()
    console.out(printable(explained.source), style="bold")
    for section in explained.sections:
        console.print()
        say(console, section.heading)
        for line in section.lines:
            say(console, printable(line), indent=2, hanging=4)
    return ExitCode.DONE
