"""What `--help` and a call that is wrong say, in the language that is spoken; laid out in cells, since a Chinese character takes two."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from album_sort.errors import ExitCode, nearest
from album_sort.sentences import has_sentence, sentence
from album_sort.terminal.help_page import fault_in_our_words, in_our_words, indented, listed

WRONG_CALL: type[Exception] = typer.BadParameter.__mro__[1]
"""The error of a call that cannot be understood: of typer's own copy of click, or of click, as typer's version has it."""

EXIT_CODES = "help.exit-codes"
"""What stands at the end of a command's help."""


class _Helped:
    """Names and sentences are keys; here they become words."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - whatever typer gives
        super().__init__(*args, **kwargs)
        put_into_words(self)

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - typer's own classes are private
        """The whole page."""
        formatter.write(help_page(self, ctx, formatter.width))


class PlainCommand(_Helped, TyperCommand):
    """A command whose help names its arguments without the types that they have in Python."""


class PlainGroup(_Helped, TyperGroup):
    """The same of a group of commands."""


def exit_codes() -> str:
    """All of them, in a sentence."""
    told = (sentence("help.exit-code", code=int(code), meaning=code.meaning) for code in ExitCode)
    return sentence(EXIT_CODES, codes=sentence("help.between").join(told))


def put_into_words(command: Any) -> None:  # noqa: ANN401 - as above
    """Replaces the keys of a command and of its options by their sentences."""
    name = getattr(command.callback, "__name__", "")
    own = f"help.run-{name.replace('_', '-')}"
    command.help = sentence(own) if has_sentence(own) else _said(command.help)
    command.short_help = _said(command.short_help) or _first_sentence(command.help or "")
    command.epilog = exit_codes() if command.epilog == EXIT_CODES else _said(command.epilog)
    command.options_metavar = sentence("help.metavar-OPTIONS")
    if hasattr(command, "subcommand_metavar"):
        command.subcommand_metavar = sentence("help.metavar-COMMAND")
    for parameter in command.params:
        parameter.help = _said(getattr(parameter, "help", None))
        parameter.metavar = _metavar(parameter.metavar)


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=\.)\s|(?<=。)", text.partition("\n")[0])[0]


def _said(key: str | None) -> str | None:
    return sentence(key) if key and has_sentence(key) else key


_METAVARS = {"LAT,LON": "LAT-LON", "CAMERA=+1h30m": "CAMERA", "DIR|FILE.html": "DIR-OR", "FILE|-": "FILE-OR"}


def _metavar(given: str | None) -> str | None:
    if not given:
        return given
    bare = given.strip("[]")
    key = f"help.metavar-{_METAVARS.get(bare, bare)}"
    return given.replace(bare, sentence(key)) if has_sentence(key) else given


def help_page(command: Any, ctx: Any, width: int) -> str:  # noqa: ANN401 - as above
    """Usage, what it does, its arguments, options and commands, and what stands at the end."""
    lines = [usage(command, ctx), ""]
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        lines += [*indented(paragraph, width), ""]
    for heading, rows in _sections(command, ctx):
        if rows:
            lines += [sentence(heading), *listed(rows, width), ""]
    if command.epilog:
        lines += indented(command.epilog, width)
    return "\n".join(lines).rstrip("\n") + "\n"


def usage(command: Any, ctx: Any) -> str:  # noqa: ANN401 - as above
    """How it is called."""
    pieces = command.collect_usage_pieces(ctx)
    return sentence("help.usage", call=" ".join((ctx.command_path, *pieces)).replace("[[", "[").replace("]]", "]"))


def _sections(command: Any, ctx: Any) -> Iterable[tuple[str, list[tuple[str, str]]]]:  # noqa: ANN401 - as above
    params = command.get_params(ctx)
    for kind in ("argument", "option"):
        records = (one.get_help_record(ctx) for one in params if one.param_type_name == kind)
        yield (
            f"help.{kind}s",
            [(re.sub(r" <[^<>]*>$", "", name), in_our_words(said)) for name, said in filter(None, records)],
        )
    inner = getattr(command, "commands", {})
    yield "help.commands", [(name, one.short_help or "") for name, one in inner.items() if not one.hidden]


# ---- a wrong call


def wrong_call(error: Any) -> str:  # noqa: ANN401 - as above
    """What is wrong with a call, how the command is called, and where more is said."""
    ctx, kind = getattr(error, "ctx", None), type(error).__name__
    if kind == "NoArgsIsHelpError":
        return f"{error.format_message()}\n"
    lines = []
    if ctx is not None:
        lines.append(usage(ctx.command, ctx))
        lines.append(sentence("command.more-help", call=f"{ctx.command_path} --help"))
    return "\n".join([*lines, "", f"album-sort: {_what(error, kind)}"]).lstrip("\n") + "\n"


def _what(error: Any, kind: str) -> str:  # noqa: ANN401 - as above
    message = error.format_message()
    match kind:
        case "NoSuchOption":
            return _no_such_option(error)
        case "MissingParameter":
            kind = "argument" if error.param.param_type_name == "argument" else "option"
            if "--out" in error.param.opts:
                return sentence("command.missing-out")
            return sentence(f"command.missing-{kind}", name=_name_of(error))
        case "BadParameter":
            return sentence("command.not-a-value", name=_name_of(error), why=fault_in_our_words(error.message))
        case _:
            unknown = re.fullmatch(r"No such command '(.*?)'\..*", message, re.DOTALL)
            return no_such_command(error.ctx, unknown[1]) if unknown else fault_in_our_words(message)


LIKENESS = 0.7
"""Of a word and the command that it may mean: `undoo`, `sorrt`, `verfy`, but not `Ruins`."""


def no_such_command(ctx: Any, word: str) -> str:  # noqa: ANN401 - as above
    """That a group has none of this name, with the one that may be meant."""
    near = nearest(word.lower(), ctx.command.commands, LIKENESS)
    meant = sentence("command.did-you-mean-album", full=" ".join([*_groups(ctx), near])) if near else ""
    return sentence("command.there-is-no-command", words=word, meant=meant)


def _groups(ctx: Any) -> list[str]:  # noqa: ANN401 - as above
    """Below the program, which may be called in several ways."""
    return [*_groups(ctx.parent), ctx.info_name] if ctx.parent is not None else []


def _no_such_option(error: Any) -> str:  # noqa: ANN401 - as above
    known = [word for one in error.ctx.command.get_params(error.ctx) for word in (*one.opts, *one.secondary_opts)]
    if error.option_name in ("--out", "-o") and any(
        "ALBUMS" in (one.metavar or "") for one in error.ctx.command.params
    ):
        return sentence("command.albums-without-out", call=f"{' '.join(_groups(error.ctx))} ~/Albums")
    near = nearest(error.option_name, known)
    return sentence(
        "command.no-such-option-near" if near else "command.no-such-option", name=error.option_name, near=near
    )


def _name_of(error: Any) -> str:  # noqa: ANN401 - as above
    param = error.param
    return " / ".join(param.opts) if param.param_type_name == "option" else (param.metavar or param.name).strip("[].")
