"""What makes a computer sort every night: the texts of systemd's units and of a crontab. Pure: read and written by `nightly.py`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from album_sort.errors import UsageError
from album_sort.operations.program_call import command_line
from album_sort.sentences import sentence

MARK = "album-sort init"
"""Begins what is ours: lines and files without it belong to somebody else."""

OPTIONS = ("--quiet", "--nice", "10")


def nightly_words(program: Sequence[str], photos: Sequence[str], albums: str) -> tuple[str, ...]:
    """The command of a night. Raises `UsageError` for paths that neither cron nor systemd can be told."""
    words = (*program, *(("sort",) if photos[0].startswith("-") else ()), *photos, "--out", albums, *OPTIONS)
    odd = next((word for word in words if not word.isprintable()), None)
    if odd is not None:
        raise UsageError(
            sentence("order.has-characters-that-no", odd=odd), hint=sentence("order.rename-that-folder-or")
        )
    return words


def unit_name(albums: str) -> str:
    """Of the units of one destination: `album-sort-1a2b3c4d`."""
    return f"album-sort-{hashlib.sha256(albums.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"


def service_text(words: Sequence[str], albums: str) -> str:
    """What is done."""
    return (
        f"# {MARK}\n[Unit]\nDescription=Sort new photos into {_plain(albums)}\n\n[Service]\nType=oneshot\n"
        f"ExecStart={' '.join(map(_systemd_word, words))}\nIOSchedulingClass=idle\nSuccessExitStatus=3\n"
    )


def timer_text(hour: int, minute: int, albums: str) -> str:
    """When it is done."""
    return (
        f"# {MARK}\n[Unit]\nDescription=Sort new photos into {_plain(albums)} every night\n\n"
        f"[Timer]\nOnCalendar={hour:02}:{minute:02}\nPersistent=true\n\n[Install]\nWantedBy=timers.target\n"
    )


def cron_lines(words: Sequence[str], hour: int, minute: int, albums: str) -> tuple[str, str]:
    """A line that says whose the other one is, and the line that is carried out."""
    command = command_line(words).replace("%", "\\%")
    return f"# {MARK} {unit_name(albums)}", f"{minute} {hour} * * * {command}"


def with_cron_lines(crontab: str, albums: str, lines: Sequence[str]) -> str:
    """A crontab with these lines for a destination, in the place of those that it had; all others stay byte for byte.

    Without lines, it is taken out. What stands below our mark is only ours while it still sorts into these albums.
    """
    own, kept, found = f"# {MARK} {unit_name(albums)}", list[str](), False
    existing = re.findall(r"[^\n]*\n|[^\n]+", crontab)
    at = 0
    while at < len(existing):
        if existing[at].rstrip("\n") != own:
            kept.append(existing[at])
            at += 1
            continue
        has_command = at + 1 < len(existing) and "--out" in existing[at + 1] and "album" in existing[at + 1]
        if not found:
            kept += [f"{line}\n" for line in lines]
        found, at = True, at + (2 if has_command else 1)
    text = "".join(kept)
    if found or not lines:
        return text
    return text + ("" if not text or text.endswith("\n") else "\n") + "".join(f"{line}\n" for line in lines)


def _systemd_word(word: str) -> str:
    """As `systemd.service(5)` reads it: `%` and `$` stand for themselves only when they are doubled."""
    doubled = word.replace("%", "%%").replace("$", "$$")
    if re.fullmatch(r"[\w@%+=:,./~$-]+", doubled, re.ASCII):
        return doubled
    return '"' + doubled.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _plain(text: str) -> str:
    """In a description `%` begins a specifier, too."""
    return text.replace("%", "%%")
