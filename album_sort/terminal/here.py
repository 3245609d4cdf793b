"""`album-sort` alone: asks whether the remembered thing is to be done, or says what to type."""

from __future__ import annotations

from album_sort.operations.here import Here
from album_sort.operations.program_call import called_with, program_call
from album_sort.operations.words import terminal_words
from album_sort.sentences import spoken
from album_sort.terminal.layout import err_console, out_console, printable, say
from album_sort.terminal.questions import agrees


def wants_to_sort(here: Here, lang: str) -> bool:
    """Asks."""
    console = err_console()
    words = terminal_words(lang, console.encoding)
    sources = ", ".join(printable(source, console.encoding) for source in here.photos)
    albums = printable(here.albums, console.encoding)
    return agrees(words.text("here_ask", sources=sources, albums=albums), words)


def tell_what_to_type(lang: str) -> None:
    """A short help."""
    console = out_console()
    words, call = terminal_words(lang, console.encoding), program_call()
    say(console, words.text("here_what"))
    for key, line in (
        ("here_preview", f"{call} ~/Photos --out ~/Albums --dry-run"),
        ("here_sort", f"{call} ~/Photos --out ~/Albums"),
        ("here_init", f"{call} init"),
        ("here_help", f"{call} --help"),
    ):
        say(console, line, indent=2)
        say(console, words.text(key), indent=6)


def tell_albums(albums: str) -> None:
    """Which ones are meant, to whoever has not named them and is elsewhere."""
    console = err_console()
    words = terminal_words(spoken(), console.encoding)
    say(console, words.text("here_albums", albums=printable(albums, console.encoding)))


def tell_which(several: tuple[Here, ...], lang: str) -> None:
    """The whole commands for albums of which one has to be named."""
    console = err_console()
    say(console, terminal_words(lang, console.encoding).text("here_which"))
    for here in several:
        said = called_with(*(here.photos or ("PHOTOS",)), "--out", here.albums)
        say(console, printable(said), indent=2, call=printable(said))
