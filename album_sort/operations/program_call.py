"""How a person's shell starts this program: for the lines of a report that are made to be pasted."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from album_sort.report import shell_word

_NAME = "album-sort"


def program_words(executable: str = sys.executable) -> tuple[str, ...]:
    """What starts this program from anywhere, with no `PATH` to help: for cron and systemd."""
    known = _known_programs(executable)
    return (str(known[0]),) if known else (executable, "-m", "album_sort")


def command_line(words: Sequence[str]) -> str:
    """As a person would type it: options as they are, all else as a shell needs it."""
    return " ".join(word if word.startswith("--") and word[2:].isalpha() else shell_word(word) for word in words)


def called_with(*words: str) -> str:
    """This program with these words, to be pasted."""
    return f"{program_call()} {command_line(words)}"


def _known_programs(executable: str) -> list[Path]:
    """The files that start this program, the one that people know first."""
    own = Path(executable).with_name(_NAME)
    # bin/album-sort of a clone, whose environment is .venv beside it
    launcher = own.parent.parent.parent / "bin" / _NAME
    return [path for path in (launcher, own) if path.is_file()]


def program_call(executable: str = sys.executable, search_path: str | None = None) -> str:
    """`album-sort` where a shell finds this very program by that name, else its path, quoted.

    `search_path` is a `PATH`, that of this process where not given. Started from a clone by `bin/album-sort`, as the README says,
    the program is on no `PATH`: a line that begins with its bare name would end in `command not found`.
    """
    known = _known_programs(executable)
    found = shutil.which(_NAME, path=search_path)
    if not known or (found is not None and any(os.path.samefile(found, path) for path in known)):
        return _NAME
    return shell_word(str(known[0]))
