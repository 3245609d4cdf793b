"""What there is to choose from, on a terminal: albums, networks, settings."""

from __future__ import annotations

from collections.abc import Iterable

from album_sort.operations.catalogue import KnownAlbums, KnownNetwork, KnownSetting, fetch
from album_sort.operations.words import terminal_words
from album_sort.sentences import sentence
from album_sort.terminal.layout import Last, out_console, print_table, printable, say
from album_sort.terminal.progress import download_line


def tell_albums(known: KnownAlbums) -> None:
    """All albums with their titles; as a person has renamed their folders."""
    console = out_console()
    words = terminal_words(known.lang, console.encoding)
    rows = []
    for album in known.all():
        about = known.description(album)
        said = words.text("album_yours") if about is None else about
        rows.append((album, printable(known.title(album)), printable(said)))
    heads = [words.text(f"albums_{key}") for key in ("id", "title", "about")]
    print_table(console, heads, rows, last=Last.WRAPPED)


def tell_album(known: KnownAlbums, name: str) -> None:
    """The classes that speak for an album, with their weights; the album by any of its names, as `fix` takes it."""
    album = known.find(name)
    console = out_console()
    console.out(printable(known.title(album)), style="bold")
    classes = list(known.classes(album))
    if not classes:
        say(console, terminal_words(known.lang, console.encoding).text("album_without_classes"))
    for index, weight, title in classes:
        say(console, f"{index:4} {weight:4.2f}  {title}", hanging=11)


def tell_fine(albums_file: str, albums: int, rules: int) -> None:
    """That a file of rules has no fault."""
    said = sentence("command.fine-albums-rules", albums_file=printable(albums_file), n=albums, n2=rules)
    say(out_console(), said)


def tell_networks(networks: Iterable[KnownNetwork], native: str) -> None:
    """The networks, and whether their weights are at hand; `native`: what is said of the native code."""
    rows = []
    for network in networks:
        weights = network.weights
        told = f"{weights.path} ({weights.origin})" if weights else sentence("command.not-here-album-sort")
        rows.append((network.backbone.name, network.backbone.title, printable(told)))
    print_table(out_console(), [sentence(f"command.head-{name}") for name in ("model", "title", "weights")], rows)
    say(out_console(), sentence("command.native-code", told=printable(native)))


def tell_fetched(network: KnownNetwork) -> None:
    """Where a network's weights lie; fetches them, with a line of progress, where they do not."""
    weights = network.weights
    if weights is None:
        with download_line(network.backbone.official[0].file_name) as on_progress:
            weights = fetch(network, on_progress)
    say(out_console(), f"{printable(str(weights.path))} ({weights.origin})")


def tell_checked(network: KnownNetwork) -> None:
    """That a network's weights are as they should be, and whether they are calibrated."""
    name, weights = network.backbone.name, network.weights
    if weights is None:
        say(out_console(), sentence("command.no-weights-here", name=name))
    else:
        how = "calibrated" if network.is_calibrated else "not-calibrated-careful-defaults"
        known = sentence(f"command.{how}")
        say(out_console(), sentence("command.ok-sha-256", name=name, sha256=weights.sha256[:16], known=known))


def tell_settings(settings: Iterable[KnownSetting]) -> None:
    """Every setting with its value and where it comes from."""
    rows = []
    for one in settings:
        is_zero = one.value == 0 and one.value is not False
        shown = _SHOWN_FOR_ZERO.get(one.name, "0") if is_zero else _shown(one.value)
        rows.append((one.name.replace("_", "-"), printable(shown), printable(one.origin)))
    print_table(out_console(), [sentence(f"command.head-{name}") for name in ("setting", "value", "from")], rows)


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
