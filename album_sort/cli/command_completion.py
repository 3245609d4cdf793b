"""`completion`: Tab in bash, zsh and fish."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from album_sort.errors import UsageError
from album_sort.sentences import sentence


def completion(
    shell: Annotated[str, typer.Argument(metavar="[SHELL]", help="help.which-shell")] = "",
    install: Annotated[bool, typer.Option("--install", help="help.have-the-shell-read")] = False,
) -> None:
    """Prints what a shell needs to complete commands, options, albums and runs, or installs it."""
    from album_sort.operations.nightly import write_change  # noqa: PLC0415 - likewise
    from album_sort.shell.scripts import Shell, completion_script, installed, shell_of  # noqa: PLC0415 - seldom

    names = {one.value: one for one in Shell}
    wanted = names.get(shell) if shell else shell_of(os.environ.get("SHELL", ""))
    if wanted is None:
        raise UsageError(sentence("command.no-such-shell", shell=shell, shells=", ".join(names)))
    if not install:
        sys.stdout.write(completion_script(wanted))
        return
    for change in installed(wanted):
        write_change(change)
        typer.echo(str(change.path))
    typer.echo(sentence("command.completion-installed", shell=wanted.value))
