"""What docs/guides/cron.md tells people to put into their crontab and their units is what works: taken from the page and tried."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests import pictures
from tests.builders import fingerprint, make_tree, picture_jpeg
from tests.conftest import REPOSITORY, Program
from tests.doc_blocks import Block, blocks_by
from tests.test_sort import SHIPPED, album_tree

PAGE = (REPOSITORY / "docs" / "guides" / "cron.md").read_text(encoding="utf-8")
FIELDS = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)]
"""Minute, hour, day of the month, month, day of the week."""


def blocks(heading: str) -> list[str]:
    """The indented blocks of a chapter."""
    chapter = PAGE.split(f"## {heading}\n", maxsplit=1)[1].split("\n## ", maxsplit=1)[0]
    found = re.findall(r"(?:^(?:    .*)?\n)+", chapter, flags=re.MULTILINE)
    return ["\n".join(line[4:] for line in block.strip("\n").splitlines()) for block in found if block.strip()]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with photos, and the program where the page says that it is."""
    program = tmp_path / "album-sort" / "bin" / "album-sort"
    program.parent.mkdir(parents=True)
    shipped = " ".join(SHIPPED)
    program.write_text(
        f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(REPOSITORY))} exec {shlex.quote(sys.executable)} -m album_sort "$@" {shipped}\n'
    )
    program.chmod(0o755)
    make_tree(tmp_path / "Photos", {"cat.jpg": picture_jpeg(pictures.cat())})
    return tmp_path


def run_as_cron(command: str, home: Path) -> subprocess.CompletedProcess[str]:
    """With what cron gives a command: a shell, hardly any environment, the home as working folder."""
    environment = {"HOME": str(home), "LOGNAME": "me", "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"}
    environment["ALBUM_SORT_CACHE_DIR"] = os.environ["ALBUM_SORT_CACHE_DIR"]
    return subprocess.run(
        ["/bin/sh", "-c", command.replace("/home/me", str(home))],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def crontab_line() -> tuple[list[str], str]:
    """The time fields, and the command."""
    (line,) = blocks("crontab")
    *fields, command = line.split(maxsplit=5)
    return fields, command


def test_the_crontab_line_has_five_times_that_cron_takes() -> None:
    fields, command = crontab_line()
    for field, (least, most) in zip(fields, FIELDS, strict=True):
        assert field == "*" or least <= int(field) <= most
    assert "%" not in command


def test_its_command_sorts_in_silence_and_a_second_time_writes_nothing(home: Path) -> None:
    _, command = crontab_line()
    first = run_as_cron(command, home)
    assert (first.returncode, first.stdout, first.stderr) == (0, "", "")
    assert list(album_tree(home / "Albums")) == ["Pets/undated/cat.jpg"]
    assert (home / "album-sort.log").is_file()
    before = fingerprint(home / "Albums")
    again = run_as_cron(command, home)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert fingerprint(home / "Albums") == before


def test_what_it_says_when_something_needs_you_is_what_cron_mails(home: Path) -> None:
    make_tree(home / "Photos", {"broken.jpg": "no picture"})
    ran = run_as_cron(crontab_line()[1], home)
    assert ran.returncode == 3
    assert "broken.jpg" in ran.stdout + ran.stderr


def test_a_night_without_the_disk_begins_no_albums(home: Path) -> None:
    (line,) = blocks("Albums on a disk that may be absent")
    command = line.split(maxsplit=5)[5]
    (home / "nas").mkdir()
    absent = run_as_cron(command.replace("/mnt/nas", str(home / "nas")), home)
    assert (absent.stdout, absent.stderr, os.listdir(home / "nas")) == ("", "", [])
    # Where a disk is mounted, the program is called; the albums need not be on it.
    there = command.replace("mountpoint -q /mnt/nas", "mountpoint -q /proc").replace("/mnt/nas", str(home / "nas"))
    assert run_as_cron(there, home).returncode == 0
    assert list(album_tree(home / "nas/Albums")) == ["Pets/undated/cat.jpg"]


@pytest.mark.parametrize("block", [one for one in blocks_by("crontab") if "/nas" not in one.text], ids=str)
def test_every_line_for_a_crontab_sorts_in_silence(block: Block, home: Path) -> None:
    ran = run_as_cron(block.text.split(maxsplit=5)[5], home)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    assert list(album_tree(home / "Albums")) == ["Pets/undated/cat.jpg"]


@pytest.mark.parametrize("block", blocks_by("log"), ids=str)
def test_the_log_has_the_lines_that_the_page_shows(block: Block, home: Path, album_sort: Program) -> None:
    """A night with a damaged photo, one with a new photo beside, and one with nothing new: but for numbers, dates and ids."""
    call = (home / "Photos", "--out", home / "Albums", "--quiet", "--log-file", home / "log", *SHIPPED)
    make_tree(home / "Photos", {"broken.jpg": "no picture"})
    assert album_sort(*call).code == 3
    make_tree(home / "Photos", {"coffee.jpg": picture_jpeg(pictures.coffee())})
    assert [album_sort(*call).code, album_sort(*call).code] == [3, 3]
    kept = [line.partition("  ")[2] or line for line in (home / "log").read_text().splitlines()]

    def bare(line: str) -> str:
        return re.sub(r"\d+", "0", re.sub(r"run [\w-]+:", "run:", line))

    logged = "\n".join(map(bare, kept))
    for line in block.text.splitlines():
        assert bare(line) in logged


def verify_units(home: Path, units: Mapping[str, str]) -> None:
    """That systemd has nothing to say of units, by name, of somebody with this home."""
    make_tree(home / "units", {name: text + "\n" for name, text in units.items()})
    (home / "run").mkdir(mode=0o700)
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--user", *(f"./{name}" for name in units)],
        cwd=home / "units",
        env={**os.environ, "HOME": str(home), "XDG_RUNTIME_DIR": str(home / "run")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (verified.returncode, verified.stdout, verified.stderr) == (0, "", "")


def test_the_units_are_what_systemd_takes(home: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze")
    units = dict(zip(re.findall(r"`~/\.config/systemd/user/([\w.-]+)`", PAGE), blocks("systemd"), strict=True))
    assert set(units) == {"album-sort.service", "album-sort.timer"}
    verify_units(home, units)
    (time,) = re.findall(r"^OnCalendar=(.*)$", units["album-sort.timer"], flags=re.MULTILINE)
    assert subprocess.run(["systemd-analyze", "calendar", time], capture_output=True, check=False).returncode == 0
