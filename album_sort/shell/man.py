"""The manual page, made from the same source as --help."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from album_sort.errors import ExitCode

_REVISED = "2026-11-29"
"""A page without a date is no page; that of the build would make another page every day."""


def manual_page(app: Any) -> str:  # noqa: ANN401 - typer's own classes are private
    """As troff."""
    group: Any = get_command(app)
    return "\n".join(_page(group)) + "\n"


def _page(group: Any) -> Iterator[str]:  # noqa: ANN401 - as above
    yield f'.TH ALBUM-SORT 1 "{_REVISED}" "album-sort" "User Commands"'
    about, *examples = _paragraphs(group.help)
    yield from (".SH NAME", r"album\-sort \- turns folders of photos into human albums", ".SH SYNOPSIS")
    yield from (r".B album\-sort", r"\fIPHOTOS\fR... \fB\-\-out\fR \fIALBUMS\fR [\fIOPTIONS\fR]", ".br")
    yield from (r".B album\-sort", r"\fICOMMAND\fR [\fIARGUMENTS\fR]", ".SH DESCRIPTION", _plain(about))
    yield from _examples(examples)
    yield ".SH COMMANDS"
    for name, command in _commands(group):
        yield from _command(name, command)
    yield from (".SH EXIT STATUS",)
    for code in ExitCode:
        yield from (".TP", rf"\fB{int(code)}\fR", _plain(code.meaning))
    yield from (".SH FILES", ".TP", r"\fI~/.config/album\-sort/config.toml\fR", "Settings of your own.")
    yield from (".TP", r"\fIALBUMS/.album\-sort/\fR", "What the albums remember, and the reports.")


def _commands(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - as above
    for name, command in group.commands.items():
        if command.hidden:
            continue
        if hasattr(command, "commands"):
            yield from _commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


def _command(name: str, command: Any) -> Iterator[str]:  # noqa: ANN401 - as above
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    named = " ".join(_plain(one.metavar or one.name.upper()) for one in arguments)
    yield from (f".SS {_plain(f'album-sort {name}')} {named}".rstrip(),)
    about, *examples = _paragraphs(command.help)
    yield _plain(about)
    yield from _examples(examples)
    for one in command.params:
        if one.param_type_name == "option" and not one.hidden and one.help:
            words = ", ".join(rf"\fB{_plain(word)}\fR" for word in (*one.opts, *one.secondary_opts))
            value = "" if one.is_flag else rf" \fI{_plain(one.metavar or one.name.upper())}\fR"
            yield from (".TP", words + value, _plain(one.help))


def _examples(examples: list[str]) -> Iterator[str]:
    for example in examples:
        yield from (".PP", rf"\fB{_plain(example)}\fR")


def _paragraphs(text: str | None) -> list[str]:
    parts = [" ".join(part.split()) for part in (text or "").split("\n\n")]
    return [part for part in parts if part] or [""]


def _plain(text: str) -> str:
    """Text that is no command of troff."""
    lines = textwrap.wrap(text.replace("`", ""), 70, break_on_hyphens=False) or [""]
    escaped = (line.replace("\\", r"\e").replace("-", r"\-").replace("~", r"\(ti") for line in lines)
    return "\n".join(rf"\&{line}" if line.startswith((".", "'")) else line for line in escaped)
