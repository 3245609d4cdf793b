"""Completion in shells: what each of them is told, and where it looks for it. The candidates come from the program itself."""

from __future__ import annotations

import os
from enum import Enum
from pathlib import Path

from album_sort.operations.nightly import FileChange, text_of

_MARK = "# album-sort completion"

_BASH = """\
_album_sort() {
    local IFS=$'\\n'
    COMPREPLY=($("${COMP_WORDS[0]}" complete-words "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1))
}
complete -o bashdefault -o default -F _album_sort album-sort
"""

_ZSH = """\
#compdef album-sort
_album_sort() {
    local -a found
    local value said
    while IFS=$'\\t' read -r value said; do
        found+=("${value//:/\\\\:}${said:+:$said}")
    done < <("${words[1]}" complete-words "${(@)words[2,$CURRENT]}" 2>/dev/null)
    if (( $#found )); then _describe album-sort found; else _files; fi
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -u }
compdef _album_sort album-sort
"""

_FISH = """\
function __album_sort_found
    set -l typed (commandline -opc)
    set -g __album_sort_words ($typed[1] complete-words $typed[2..-1] (commandline -ct) 2>/dev/null)
    test (count $__album_sort_words) -gt 0
end
complete -c album-sort -f -n __album_sort_found -a '(printf "%s\\n" $__album_sort_words)'
"""


class Shell(Enum):
    """Those that are known."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion_script(shell: Shell) -> str:
    """What a shell reads."""
    return {Shell.BASH: _BASH, Shell.ZSH: _ZSH, Shell.FISH: _FISH}[shell]


def installed(shell: Shell) -> tuple[FileChange, ...]:
    """The script where the shell finds it: fish looks there by itself, the others get one line in the file that they read first."""
    home = Path.home()
    if shell is Shell.FISH:
        place = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "fish" / "completions" / "album-sort.fish"
        return (FileChange(place, text_of(place), _FISH),)
    data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    place = data / "album-sort" / f"completion.{shell.value}"
    begins = home / ".bashrc" if shell is Shell.BASH else Path(os.environ.get("ZDOTDIR") or home) / ".zshrc"
    before = text_of(begins)
    kept = [line for line in (before or "").splitlines(keepends=True) if _MARK not in line]
    if kept and not kept[-1].endswith("\n"):
        kept[-1] += "\n"
    after = "".join([*kept, f'[ -r "{place}" ] && . "{place}"  {_MARK}\n'])
    return (FileChange(place, text_of(place), completion_script(shell)), FileChange(begins, before, after))


def shell_of(environment_shell: str) -> Shell | None:
    """The user's shell by `SHELL`; None for another."""
    return next((shell for shell in Shell if os.path.basename(environment_shell) == shell.value), None)
