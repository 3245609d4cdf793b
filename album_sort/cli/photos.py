"""`explain PHOTO` and `fix PHOTO --album ID`: why a photo is where it is, and the user's word that it belongs elsewhere."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from album_sort.classify.labels import load_labels
from album_sort.cli._clock import utc_now
from album_sort.cli._console import make_printer, out_console, print_json
from album_sort.cli._layout import printable, say
from album_sort.config import read_layers, resolve_settings
from album_sort.core.explain import Section, explain
from album_sort.errors import AlbumSortError, ExitCode, UsageError
from album_sort.paths import given_path
from album_sort.pipeline.kept import KeptSettings, read_kept
from album_sort.pipeline.prepare import Preparation, prepare
from album_sort.pipeline.remembered import Remembered, remember_nothing_written
from album_sort.pipeline.scouting import SortRequest, scout
from album_sort.report import read_report


def run_explain(
    photo: str, destination: str, flags: Mapping[str, object], config_file: Path | None, *, as_json: bool
) -> ExitCode:
    """Prints all that led to a photo's album. Nothing is written but the cache."""
    kept = read_kept(destination) if destination else KeptSettings()
    settings = resolve_settings(read_layers(config_file, os.environ, flags, kept.layer())).settings
    path = given_path(_existing(photo))
    remembered = remember_nothing_written(destination) if destination else Remembered()
    source = _source_of(path, destination, remembered)
    sources = _with_its_files(source)
    request = SortRequest(sources, destination or os.path.dirname(source), settings, utc_now())
    with make_printer(quiet=True, as_json=False, with_progress=False, log_file="") as printer:
        preparation = prepare(scout(request, remembered, printer), remembered, printer)
    sections = _sections(preparation, source)
    if as_json:
        print_json({"photo": source, "sections": {section.heading: list(section.lines) for section in sections}})
        return ExitCode.DONE
    console = out_console()
    console.out(printable(source), style="bold")
    for section in sections:
        console.print()
        say(console, section.heading)
        for line in section.lines:
            say(console, printable(line), indent=2, hanging=4)
    return ExitCode.DONE


def _sections(preparation: Preparation, source: str) -> Sequence[Section]:
    library = preparation.library
    for facts, assignment, choice in zip(library.photos, preparation.assignments, library.positions, strict=True):
        if any(
            os.path.samefile(file.path, source) for file in facts.group.files if file.name == os.path.basename(source)
        ):
            lang = preparation.lang
            return explain(assignment, facts, load_labels(), lang, preparation.wording, choice.why)
    left_out = (preparation.say(one.reason) for one in preparation.skipped if one.path == source)
    reason = next(left_out, "it was not found by the scan")
    raise UsageError(f"{source!r} is not among the photos: {reason}")


def _existing(photo: str) -> str:
    if not os.path.isfile(photo):
        raise UsageError(f"no such photo: {photo!r}", hint="give a photo's path, in your photos or in the albums")
    return photo


def _source_of(path: str, destination: str, remembered: Remembered) -> str:
    """The source of a photo in the albums; any other path is a source itself."""
    if destination:
        relative = os.path.relpath(os.path.abspath(path), os.path.abspath(destination))
        row = next((row for row in remembered.records.ledger.values() if row.path == relative), None)
        if row is not None and os.path.isfile(row.source):
            return row.source
    return path


def _with_its_files(source: str) -> tuple[str, ...]:
    """A photo with the files beside it that may belong to it: of all others, what is remembered tells homes and trips."""
    folder, name = os.path.split(source)
    stem = name.partition(".")[0]
    try:
        names = [one for one in os.listdir(folder) if one.partition(".")[0] == stem]
    except OSError:
        names = []
    beside = (os.path.join(folder, one) for one in names if one != name)
    return (source, *sorted(path for path in beside if os.path.isfile(path)))


def _sources_of(report: Path) -> tuple[str, ...]:
    """The folders that a run looked at; none where its report cannot be read."""
    try:
        return read_report(report).info.sources
    except AlbumSortError:
        return ()
