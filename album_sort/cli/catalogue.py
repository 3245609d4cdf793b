"""`albums`, `models`, `config`: what there is to choose from."""

from __future__ import annotations

from pathlib import Path

from album_sort.classifier.weights import WeightsFile
from album_sort.errors import ExitCode
from album_sort.native import native
from album_sort.operations.catalogue import KnownNetwork, fetch, known_albums, known_networks, known_settings
from album_sort.operations.words import terminal_words
from album_sort.pipeline.policy import load_rules
from album_sort.sentences import sentence
from album_sort.terminal.layout import Last, out_console, print_table, printable, say
from album_sort.terminal.progress import download_line


def run_albums_list(albums_file: str, given_lang: str, destination: str) -> ExitCode:
    """All albums with their titles; in a destination, in its language and as a person has renamed their folders there."""
    known = known_albums(albums_file, given_lang, destination)
    console = out_console()
    words = terminal_words(known.lang, console.encoding)
    rows = []
    for album in known.all():
        about = known.description(album)
        said = words.text("album_yours") if about is None else about
        rows.append((album, printable(known.title(album)), printable(said)))
    heads = [words.text(f"albums_{key}") for key in ("id", "title", "about")]
    print_table(console, heads, rows, last=Last.WRAPPED)
    return ExitCode.DONE


def run_albums_show(name: str, albums_file: str, given_lang: str, destination: str) -> ExitCode:
    """The classes that speak for an album, with their weights; the album by any of its names, as `fix` takes it."""
    known = known_albums(albums_file, given_lang, destination)
    album = known.find(name)
    console = out_console()
    console.out(printable(known.title(album)), style="bold")
    classes = list(known.classes(album))
    if not classes:
        say(console, terminal_words(known.lang, console.encoding).text("album_without_classes"))
    for index, weight, title in classes:
        say(console, f"{index:4} {weight:4.2f}  {title}", hanging=11)
    return ExitCode.DONE


def run_albums_check(albums_file: str) -> ExitCode:
    """Checks a rules file; raises `UsageError` with all its faults."""
    rules = load_rules(albums_file)
    said = sentence(
        "command.fine-albums-rules", albums_file=printable(albums_file), n=len(rules.albums), n2=len(rules.rules)
    )
    say(out_console(), said)
    return ExitCode.DONE


def run_models_list() -> ExitCode:
    """The networks, and whether their weights are at hand."""
    rows = []
    for network in known_networks():
        weights = network.weights
        told = f"{weights.path} ({weights.origin})" if weights else sentence("command.not-here-album-sort")
        rows.append((network.backbone.name, network.backbone.title, printable(told)))
    print_table(out_console(), [sentence(f"command.head-{name}") for name in ("model", "title", "weights")], rows)
    say(out_console(), sentence("command.native-code", told=printable(native().told)))
    return ExitCode.DONE


def run_models_fetch() -> ExitCode:
    """Fetches the official weights of each network that has some into the cache."""
    for network in known_networks():
        if network.backbone.official:
            weights = network.weights or _fetched(network)
            say(out_console(), f"{printable(str(weights.path))} ({weights.origin})")
    return ExitCode.DONE


def _fetched(network: KnownNetwork) -> WeightsFile:
    with download_line(network.backbone.official[0].file_name) as on_progress:
        return fetch(network, on_progress)


def run_models_verify() -> ExitCode:
    """Checks the hashes of all weights at hand, and says whether they are calibrated."""
    for network in known_networks():
        name, weights = network.backbone.name, network.weights
        if weights is None:
            say(out_console(), sentence("command.no-weights-here", name=name))
        else:
            how = "calibrated" if network.is_calibrated else "not-calibrated-careful-defaults"
            known = sentence(f"command.{how}")
            say(out_console(), sentence("command.ok-sha-256", name=name, sha256=weights.sha256[:16], known=known))
    return ExitCode.DONE


def run_config_show(config_file: Path | None, destination: str) -> ExitCode:
    """Every setting with its value and where it comes from; with a destination, as the next run there would have it."""
    rows = []
    for one in known_settings(config_file, destination):
        is_zero = one.value == 0 and one.value is not False
        shown = _SHOWN_FOR_ZERO.get(one.name, "0") if is_zero else _shown(one.value)
        rows.append((one.name.replace("_", "-"), printable(shown), printable(one.origin)))
    print_table(out_console(), [sentence(f"command.head-{name}") for name in ("setting", "value", "from")], rows)
    return ExitCode.DONE


_SHOWN_FOR_ZERO = {"workers": "auto", "threads": "auto", "limit": "-"}
"""Settings whose 0 means that the program decides, or that there is none."""


def _shown(value: object) -> str:
    """A setting's value in words: as one would write it, a dash for none."""
    if isinstance(value, bool):
        return sentence("command.yes" if value else "command.no")
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "-"
    if isinstance(value, float):
        return f"{value:g}"
    return "-" if value in (None, "") else str(value)
