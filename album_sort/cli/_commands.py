"""How the first words of a call are understood: `album-sort PHOTOS...` sorts, `help` helps, misspelled words are recognised."""

from __future__ import annotations

import os
import re
from itertools import pairwise
from typing import Any

from album_sort.errors import nearest
from album_sort.sentences import sentence
from album_sort.shell.help import LIKENESS, PlainGroup

_ABOUT_US = frozenset({"--help", "-h", "--version"})
_OUT = frozenset({"--out", "-o"})


class DefaultCommandGroup(PlainGroup):
    """`album-sort PHOTOS...` is `album-sort sort PHOTOS...`."""

    default_command = "sort"

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - typer's own context class is private
        """Puts the default command before arguments that name none; refuses what nobody can have meant."""
        if not args:
            from album_sort.cli.here import words_for_here  # noqa: PLC0415 - seldom needed, and slow to load

            args = words_for_here()
        if args and args[0] == "help" and not _OUT & set(args):
            args = self._helped(ctx, args[1:])
        if args and args[0] not in self.commands and args[0] not in _ABOUT_US:
            self._refuse_misspelled(ctx, args)
            args = [self.default_command, *args]
        self._refuse_single_dash(ctx, args)
        _refuse_empty_out(ctx, args)
        return super().parse_args(ctx, args)

    def _helped(self, ctx: Any, words: list[str]) -> list[str]:  # noqa: ANN401 - as above
        """`help undo` is `undo --help`."""
        if words and words[0] not in self.commands:
            ctx.fail(sentence("command.there-is-no-command", words=words[0], meant=self._meant(words[0])))
        return [*words, "--help"]

    def _refuse_misspelled(self, ctx: Any, args: list[str]) -> None:  # noqa: ANN401 - as above
        """A word that is not a path is a command in somebody's mind."""
        word = args[0]
        if word.startswith("-") or "/" in word or not word or os.path.lexists(word):
            return
        meant = self._meant(word)
        if meant or not _OUT & set(args):
            ctx.fail(sentence("command.there-is-no-command-file", word=word, meant=meant))

    def _meant(self, word: str) -> str:
        full = {name: name for name in self.commands}
        for name, command in self.commands.items():
            full |= {verb: f"{name} {verb}" for verb in getattr(command, "commands", ()) if verb not in full}
        near = nearest(word.lower(), full, LIKENESS)
        return sentence("command.did-you-mean-album", full=full[near]) if near else ""

    def _refuse_single_dash(self, ctx: Any, args: list[str]) -> None:  # noqa: ANN401 - as above
        """`-out X` would be `-o ut`, with X among the photos."""
        command: Any = self.commands.get(args[0]) if args else None
        command = getattr(command, "commands", {}).get(args[1] if len(args) > 1 else "", command)
        long = {
            option for parameter in getattr(command, "params", ()) for option in parameter.opts if option[:2] == "--"
        }
        for word in args[: args.index("--") if "--" in args else None]:
            single = re.match(r"-(\w[\w-]+)", word)
            meant = single[1].lower().replace("_", "-") if single else ""
            if single and f"--{meant}" in long:
                ctx.fail(sentence("command.no-such-option-did", single=single[1], meant=meant))


def _refuse_empty_out(ctx: Any, args: list[str]) -> None:  # noqa: ANN401 - as above
    """An empty folder would be the one that somebody happens to be in."""
    is_empty = any(word in {"--out=", "-o="} for word in args)
    if is_empty or any(before in _OUT and not word for before, word in pairwise(args)):
        ctx.fail(sentence("command.out-is-empty-give"))
