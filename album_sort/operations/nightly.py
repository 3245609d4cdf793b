"""Hands what `nightly_texts` has written to systemd or cron, and takes it back. Nothing of anybody else is touched."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from album_sort.errors import AlbumSortError, UsageError
from album_sort.operations.nightly_texts import MARK, cron_lines, service_text, timer_text, unit_name, with_cron_lines
from album_sort.sentences import sentence

_PATIENCE_S = 20


class Keeper(Enum):
    """Who keeps the timetable."""

    SYSTEMD = "systemd"
    CRON = "cron"
    PERSON = "paste"
    """Neither is there: a person is told what to put where."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file as it will be; None for a file that is not there."""

    path: Path
    before: str | None
    after: str | None

    @property
    def is_needed(self) -> bool:
        """Whether anything would change."""
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Timetable:
    """What is to be done to have a destination sorted every night, or no more."""

    keeper: Keeper
    files: tuple[FileChange, ...] = ()
    commands: tuple[tuple[str, ...], ...] = ()
    """After the files are written."""
    crontab: tuple[str, str] | None = field(default=None)
    """Before and after."""
    lines: tuple[str, ...] = ()
    """For cron: what is added; for a person: what is to be pasted."""


def keeper_here() -> Keeper:
    """Systemd where it manages this user's session, else cron where there is one."""
    if shutil.which("systemctl") and _run(("systemctl", "--user", "show-environment"))[0] == 0:
        return Keeper.SYSTEMD
    return Keeper.CRON if shutil.which("crontab") else Keeper.PERSON


def timetable(keeper: Keeper, words: Sequence[str], albums: str, hour: int, minute: int) -> Timetable:
    """To have it done every night. Raises `UsageError` where a file of somebody else has our name."""
    lines = cron_lines(words, hour, minute, albums)
    if keeper is Keeper.PERSON:
        return Timetable(keeper, lines=lines)
    if keeper is Keeper.CRON:
        before = read_crontab()
        return Timetable(keeper, crontab=(before, with_cron_lines(before, albums, lines)), lines=lines)
    name = unit_name(albums)
    texts = {"service": service_text(words, albums), "timer": timer_text(hour, minute, albums)}
    files = tuple(_own_file(unit_folder() / f"{name}.{kind}", text) for kind, text in texts.items())
    systemctl = ("systemctl", "--user")
    return Timetable(keeper, files, ((*systemctl, "daemon-reload"), (*systemctl, "enable", "--now", f"{name}.timer")))


def no_timetable(albums: str) -> tuple[Timetable, ...]:
    """To take it back, with whom it was."""
    name, found = unit_name(albums), []
    units = [unit_folder() / f"{name}.{kind}" for kind in ("service", "timer")]
    if any(_is_ours(path) for path in units):
        files = tuple(_own_file(path, None) for path in units)
        systemctl = ("systemctl", "--user")
        commands = ((*systemctl, "disable", "--now", f"{name}.timer"), (*systemctl, "daemon-reload"))
        found.append(Timetable(Keeper.SYSTEMD, files, commands))
    if shutil.which("crontab"):
        before = read_crontab()
        after = with_cron_lines(before, albums, ())
        if after != before:
            found.append(Timetable(Keeper.CRON, crontab=(before, after)))
    return tuple(found)


def carry_out(table: Timetable) -> None:
    """Writes it. Raises `AlbumSortError` with what systemd or cron says where it does not take it."""
    ends = any(change.after is None for change in table.files)
    if ends:  # stopped while systemd still knows what it is
        _tell_all(table.commands[:1], is_optional=True)
    for change in table.files:
        write_change(change)
    _tell_all(table.commands[1:] if ends else table.commands, is_optional=ends)
    if table.crontab is not None and table.crontab[0] != table.crontab[1]:
        if read_crontab() != table.crontab[0]:
            raise AlbumSortError(
                sentence("order.the-crontab-was-changed"), hint=sentence("order.nothing-was-written-to")
            )
        code, _, said = _run(("crontab", "-"), table.crontab[1])
        if code != 0:
            raise AlbumSortError(
                sentence("order.crontab-does-not-take", said=said), hint=sentence("order.your-crontab-is-as")
            )


def write_change(change: FileChange) -> None:
    """Whole or not at all; a link stays one, and what it leads to is changed."""
    path = Path(os.path.realpath(change.path))
    if change.after is None:
        path.unlink(missing_ok=True)
        return
    if not change.is_needed:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_text(change.after, encoding="utf-8")
    part.replace(path)


def read_crontab() -> str:
    """This user's; empty where there is none. Raises `AlbumSortError` where it cannot be read: then it must not be written."""
    code, text, said = _run(("crontab", "-l"))
    if code != 0 and "no crontab" not in said.lower():
        raise AlbumSortError(
            sentence("order.the-crontab-cannot-be", said=said), hint=sentence("order.ask-with-keeper-paste")
        )
    return text if code == 0 else ""


def unit_folder() -> Path:
    """Where systemd looks for the units of a user."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "systemd" / "user"


def text_of(path: Path) -> str | None:
    """What is there; None for nothing."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def _is_ours(path: Path) -> bool:
    return (text_of(path) or "").startswith(f"# {MARK}")


def _own_file(path: Path, text: str | None) -> FileChange:
    before = text_of(path)
    if before is not None and not _is_ours(path):
        raise UsageError(sentence("order.was-not-written-by", path=str(path)), hint=sentence("order.it-stays-as-it"))
    return FileChange(path, before, text)


def _tell_all(commands: Sequence[tuple[str, ...]], *, is_optional: bool) -> None:
    for command in commands:
        code, _, said = _run(command)
        if code != 0 and not is_optional:
            raise AlbumSortError(f"{' '.join(command)}: {said}", hint=sentence("order.the-files-are-written"))


def _run(command: Sequence[str], given: str | None = None) -> tuple[int, str, str]:
    """Its exit code, output, and complaint in one line."""
    try:
        done = subprocess.run(  # noqa: S603 - names of ours
            command,
            input=given or "",
            capture_output=True,
            timeout=_PATIENCE_S,
            check=False,
            env={**os.environ, "LC_ALL": "C"},
            # Unchanged lines must come out of it as they went in, whatever bytes they hold.
            encoding="utf-8",
            errors="surrogateescape",
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return 127, "", str(error)
    return done.returncode, done.stdout, " ".join(done.stderr.split())
