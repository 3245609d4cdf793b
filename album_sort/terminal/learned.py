"""What a person is told of an album that was learned: what it is worth, what would follow, or why it could not be."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from album_sort.core.learning.values import RefusalCode, Worth
from album_sort.operations.learn import Ask, EnoughAsked, Learned, LearnedNow, Question
from album_sort.operations.lessons import Forgotten, Taught, TaughtThere, taught_there
from album_sort.operations.teachings import ByCorrections
from album_sort.operations.words import Words, terminal_words
from album_sort.sentences import sentence
from album_sort.terminal.layout import Last, Terminal, out_console, print_table, printable, say

_HEADINGS = ("learn_head_album", "learn_head_examples", "learn_head_found", "learn_head_wrong", "learn_head_siblings")

_WELL = 0.8
"""Share of the left-out examples of a sibling that is found where nothing else need be tried."""

SHOWN = 20
"""Photos that are named."""


def tell_learned(learned: Learned, call: str) -> None:
    """What came of learning; `call` takes it back."""
    console = out_console()
    words = terminal_words(learned.lang, console.encoding)
    if learned.refused is not None:
        _tell_refusal(console, words, learned)
        return
    for one in learned.albums:
        _tell_album(console, words, one)
    if learned.looks_closer:
        say(console, words.text("learn_closer"))
    elif len(learned.albums) > 1 and any(one.worth.recall < _WELL for one in learned.albums):
        say(console, words.text("learn_try_fine"))
    if learned.unseen:
        say(console, words.text("learn_unseen", n=learned.unseen))
    if learned.run_id is None:
        say(console, words.text("learn_trial"))
        return
    say(console, words.text("learn_remembered", call=call), hanging=2, call=call)


def _tell_album(console: Terminal, words: Words, one: LearnedNow) -> None:
    worth = one.worth
    title = printable(one.taught.title)
    say(console, words.text("learn_learned", n=worth.examples, album=title))
    say(console, words.text("learn_worth", n=worth.examples, found=worth.found, wrong=per_1000(worth)), indent=2)
    for path in one.outliers[:SHOWN]:
        say(console, words.text("learn_outlier", path=printable(path)), indent=2, hanging=4)
    if not worth.supports_filing:
        say(console, words.text("learn_too_few"), indent=2)
        return
    say(console, words.text("learn_followers", n=len(one.followers)), indent=2)
    for follower in one.followers[:SHOWN]:
        say(console, f"{round(100 * follower.probability):3}%  {printable(follower.path)}", indent=4, hanging=10)
    if len(one.followers) > SHOWN:
        say(console, words.text("review_more", n=len(one.followers) - SHOWN), indent=4)


def per_1000(worth: Worth) -> str:
    """A number of photos in a thousand, as people say it."""
    wrong = worth.false_per_1000
    return f"{wrong:.0f}" if wrong >= 1 or wrong == 0 else f"{max(wrong, 0.1):.1f}"


def _tell_refusal(console: Terminal, words: Words, learned: Learned) -> None:
    refused = learned.refused
    if refused is None:
        return
    titles = [printable(one.title) for one in refused.albums]
    code = refused.refusal.code
    if code is RefusalCode.ALIKE:
        say(
            console,
            words.text("learn_alike", album=titles[0], other=titles[-1], percent=round(100 * refused.refusal.share)),
        )
    else:
        key = {
            RefusalCode.NO_EXAMPLES: "learn_no_examples",
            RefusalCode.NO_LIBRARY: "learn_no_library",
            RefusalCode.CONTRADICTION: "learn_contradiction",
            RefusalCode.SCATTERED: "learn_scattered",
        }[code]
        say(console, words.text(key, album=titles[0]))
    for path, other in learned.pairs[:SHOWN]:
        say(console, printable(f"{path}  |  {other}" if other else path), indent=2, hanging=4)
    if code is RefusalCode.ALIKE and not learned.looks_closer:
        say(console, words.text("learn_try_fine"))
    say(console, words.text("learn_nothing_remembered"))


def tell_all_learned(there: TaughtThere) -> None:
    """What was learned in a destination: a table of albums, then what corrections have taught."""
    console = out_console()
    words = terminal_words(there.lang, console.encoding)
    if not there.albums and not there.by_corrections:
        say(console, words.text("learn_list_empty"))
        return
    if there.albums:
        _tell_table(console, words, there)
    for one in there.by_corrections:
        say(console, _by_corrections(words, one), hanging=2)


def _by_corrections(words: Words, one: ByCorrections) -> str:
    key = "learn_corrections_away" if one.is_away else "learn_corrections"
    return words.text(key, n=one.corrections, album=printable(one.title))


def tell_corrections(there: TaughtThere, found: Sequence[ByCorrections]) -> None:
    """What corrections have taught of an album, with the places of the photos."""
    console = out_console()
    words = terminal_words(there.lang, console.encoding)
    for one in found:
        say(console, _by_corrections(words, one), hanging=2)
        worth = one.worth
        say(console, words.text("learn_worth", n=worth.examples, found=worth.found, wrong=per_1000(worth)), indent=2)
        for content in one.photos:
            say(console, printable(there.place_of(content)), indent=4, hanging=6)


def _tell_table(console: Terminal, words: Words, there: TaughtThere) -> None:
    heads = [words.text(key) for key in _HEADINGS]
    rows = [
        (
            printable(one.album.title) + (f" ({words.text('learn_passed_over')})" if one.is_passed_over else ""),
            f"{len(one.album.positive):,}",
            f"{one.worth.found} / {one.worth.examples}",
            per_1000(one.worth),
            printable(", ".join(one.siblings)),
        )
        for one in there.albums
    ]
    print_table(console, heads, rows, last=Last.WRAPPED)


def tell_examples(there: TaughtThere, found: Taught) -> None:
    """One album with the places of its examples."""
    console = out_console()
    words = terminal_words(there.lang, console.encoding)
    yes, no = there.examples_of(found)
    worth = found.worth
    say(console, words.text("learn_learned", n=worth.examples, album=printable(found.album.title)))
    say(console, words.text("learn_worth", n=worth.examples, found=worth.found, wrong=per_1000(worth)), indent=2)
    if found.looks_closer:
        say(console, words.text("learn_closer"), indent=2)
    for key, paths in (("learn_yes", yes), ("learn_no", no)):
        if paths:
            say(console, words.text(key, n=len(paths)), indent=2)
            for path in paths:
                say(console, printable(path), indent=4, hanging=6)


def asker(destination: str) -> Ask:
    """Asks on the terminal whether a photo belongs to an album; a line without an answer skips it, the end of the input ends it."""
    console = out_console()

    def asked(question: Question) -> bool | None:
        path, title = question.path, printable(question.title)
        place = path if os.path.isabs(path) else os.path.join(destination, path)
        say(console, printable(place))
        asking = sentence("command.does-it-belong", title=title, number=question.number, most=question.most)
        while True:
            sys.stdout.write(f"  {asking} ")
            sys.stdout.flush()
            line = sys.stdin.readline()
            said = line.strip().casefold()
            if not line or said in _ENOUGH:
                raise EnoughAsked
            if said in _ANSWERS:
                return _ANSWERS[said]

    return asked


_ANSWERS = {"y": True, "yes": True, "是": True, "n": False, "no": False, "否": False, "": None}
_ENOUGH = ("q", "quit", "结束")


def tell_titles(destination: str, key: str, titles: Sequence[str]) -> None:
    """A sentence about albums."""
    console = out_console()
    words = terminal_words(taught_there(destination).lang, console.encoding)
    say(console, words.text(key, albums=printable(", ".join(titles))))


def tell_forgotten(destination: str, forgotten: Forgotten) -> None:
    """What was forgotten, and what corrections have taught and is not heeded any more."""
    if forgotten.titles:
        tell_titles(destination, "learn_forgotten", forgotten.titles)
    if forgotten.by_corrections:
        tell_titles(destination, "learn_unheeded", (forgotten.by_corrections,))
