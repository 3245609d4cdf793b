"""What a run looks like in a terminal: narrow, wide, without colours, with few characters, or with nobody watching."""

from __future__ import annotations

import fcntl
import io
import json
import os
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from album_sort.events import MachineChanged, MachineLooked, StageProgress, StageStarted
from album_sort.terminal.layout import Last, print_table, say, shortened
from album_sort.terminal.progress import HumanPrinter
from tests.builders import make_jpeg, make_tree
from tests.conftest import REPOSITORY, Program

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\]8;[^\x1b]*\x1b\\")
ALBUMS = [
    ("宠物和其他动物", "1,204", "3", "宠物和其他动物/2025-12 日本二世古/IMG_0001.jpg"),
    ("Food", "7", "7", "Food/a.jpg"),
]
HEADINGS = ("Album", "Photos", "Filed now", "For example")


def terminal(width: int, encoding: str = "utf-8") -> tuple[Console, io.BytesIO]:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, errors="backslashreplace", write_through=True)
    return Console(file=stream, force_terminal=True, width=width, highlight=False, color_system=None), raw


def until_drawn(raw: io.BytesIO, words: bytes) -> None:
    """Waits for the line of progress, which draws itself ten times a second where the machine lets it."""
    end = time.monotonic() + 60
    while words not in ESCAPES.sub("", raw.getvalue().decode("latin-1")).encode("latin-1"):
        assert time.monotonic() < end, raw.getvalue()
        time.sleep(0.01)


def lines_of(raw: io.BytesIO, encoding: str = "utf-8") -> list[str]:
    return ESCAPES.sub("", raw.getvalue().decode(encoding)).splitlines()


def test_a_command_to_be_pasted_is_broken_by_nobody() -> None:
    console, raw = terminal(40)
    call = "album-sort undo --out '/home/me/Our Albums of all these years'"
    say(console, f"take all of it back: {call}", indent=2, hanging=4, call=call)
    say(console, f"undo: {call[:20]}", indent=2, hanging=4, call=call[:20])
    say(console, call, indent=2, call=call)
    assert lines_of(raw) == ["  take all of it back:", f"    {call}", f"  undo: {call[:20]}", f"  {call}"]


@given(
    text=st.text(st.characters(categories=["L", "N", "P", "Zs"])), width=st.integers(20, 200), indent=st.integers(0, 30)
)
def test_no_line_of_a_sentence_is_wider_than_the_terminal(text: str, width: int, indent: int) -> None:
    console, raw = terminal(width)
    say(console, text, indent=indent, hanging=indent + 2)
    assert all(cell_len(line) <= width for line in lines_of(raw))


@pytest.mark.parametrize("width", [40, 56, 80, 120, 200])
def test_no_line_of_a_table_is_wider_than_the_terminal(width: int) -> None:
    for last in Last:
        console, raw = terminal(width)
        print_table(console, HEADINGS, ALBUMS, right=(1, 2), last=last)
        assert all(cell_len(line) <= width for line in lines_of(raw)), last


def test_a_narrow_table_keeps_names_and_numbers_and_spares_the_example() -> None:
    console, raw = terminal(40)
    print_table(console, HEADINGS, ALBUMS, right=(1, 2), last=Last.SPARED)
    assert lines_of(raw) == [
        "Album           Photos  Filed now",
        "宠物和其他动物   1,204          3",
        "Food                 7          7",
    ]


@pytest.mark.parametrize("width", range(28, 80))
def test_a_table_whose_example_can_be_spared_stays_a_table(width: int) -> None:
    console, raw = terminal(width)
    print_table(console, HEADINGS, ALBUMS[1:] * 3, right=(1, 2), last=Last.SPARED)
    assert len(lines_of(raw)) == 4
    assert all(cell_len(line) <= width for line in lines_of(raw))


def test_a_table_that_cannot_be_narrow_becomes_records() -> None:
    console, raw = terminal(40)
    print_table(console, HEADINGS, ALBUMS[1:])
    assert lines_of(raw)[:2] == ["Album  Photos  Filed now  For example", "Food   7       7          Food/a.jpg"]
    print_table(console, HEADINGS, ALBUMS[:1])
    assert "  Photos: 1,204" in lines_of(raw)


def test_a_pipe_gets_whole_lines() -> None:
    raw = io.StringIO()
    console = Console(file=raw, width=40)
    print_table(console, HEADINGS, ALBUMS)
    say(console, "a sentence that is longer than forty characters by far", indent=2)
    table, sentence = raw.getvalue().splitlines()[1], raw.getvalue().splitlines()[-1]
    assert table.endswith("IMG_0001.jpg")
    assert sentence == "  a sentence that is longer than forty characters by far"


def test_what_is_cut_says_so_in_characters_that_the_terminal_has() -> None:
    assert shortened("Albums/2025/IMG_1.jpg", 10, terminal(80)[0]) == "…IMG_1.jpg"
    assert shortened("Albums/2025/IMG_1.jpg", 10, terminal(80, "cp1252")[0]) == "...G_1.jpg"


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "ascii"])
@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_progress_is_one_line_with_stage_rate_and_folder_as_far_as_there_is_room(width: int, encoding: str) -> None:
    console, raw = terminal(width, encoding)
    with HumanPrinter(console=console) as printer:
        printer(StageStarted("classify", 12482))
        printer(StageProgress("classify", 11690, 12482, "/home/anna/Photos/2025/12 二世古/IMG_0001.jpg"))
        until_drawn(raw, b"11,690/12,482")
    frames = [line for line in re.split(r"[\r\n]", ESCAPES.sub("", raw.getvalue().decode(encoding))) if line.strip()]
    assert all(cell_len(frame) <= width for frame in frames)
    [shown, *_] = [frame for frame in frames if "11,690/12,482" in frame]
    assert "reading" in shown
    assert re.search(r"[\d,]+/s", shown)
    assert ("reading and classifying" in shown) == (width >= 80)
    assert ("Photos/2025" in shown) == (width >= 120)
    if encoding == "ascii":
        assert "\\u" not in shown.replace("\\u4e8c\\u4e16\\u53e4", ""), "no drawing of characters that are not there"


def test_progress_names_other_machines_from_the_moment_they_come() -> None:
    console, raw = terminal(120)
    with HumanPrinter(console=console) as printer:
        printer(StageStarted("classify", 315))
        printer(MachineChanged("nas", "joined"))
        until_drawn(raw, b"nas")
        printer(MachineLooked("nas", 64, 16.0, 4.0))
        printer(StageProgress("classify", 64, 315, "/home/anna/Photos/a.jpg"))
        until_drawn(raw, b"nas 4/s")
    come, *_, looked = [line for line in re.split(r"[\r\n]", ESCAPES.sub("", raw.getvalue().decode())) if "nas" in line]
    assert "0/s" not in come
    assert "nas 4/s" in looked


def run_in_terminal(arguments: Sequence[str | Path], *, columns: int, cwd: Path, **environment: str) -> str:
    """All that the program writes to a terminal so wide; a terminal of its own is stdout and stderr."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    call = [sys.executable, "-m", "album_sort", *map(str, arguments)]
    process = subprocess.Popen(
        call,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=cwd,
        env={**inherited, "TERM": "xterm-256color", "PYTHONPATH": str(REPOSITORY), **environment},
    )
    os.close(theirs)
    written = b""
    while True:
        ready, _, _ = select.select([ours], [], [], 240)
        try:
            data = os.read(ours, 65536) if ready else b""
        except OSError:  # Linux says that the other end is closed in this way
            data = b""
        if not data:
            break
        written += data
    os.close(ours)
    process.wait(timeout=10)
    return written.decode("utf-8", "replace")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    make_tree(tmp_path, {f"Photos/a folder with a long name/二世古/{n}.jpg": make_jpeg(n) for n in range(6)})
    make_tree(tmp_path, {"Photos/a folder with a long name/broken picture.jpg": b"this is not a picture"})
    return tmp_path


@pytest.mark.parametrize("columns", [40, pytest.param(200, marks=pytest.mark.long)])
def test_a_run_fits_into_a_terminal(columns: int, photos: Path) -> None:
    for call in (["Photos", "-o", "A", "--offline", "-n"], ["Photos", "-o", "A", "--offline"], ["runs", "-o", "A"]):
        written = run_in_terminal(call, columns=columns, cwd=photos)
        lines = [line for line in re.split(r"[\r\n]+", ESCAPES.sub("", written)) if line]
        assert lines
        # A command that is made to be pasted is broken by the terminal alone.
        prose = [line for line in lines if not re.match(r"\s+\S*album-sort (review|undo|explain|init)\b", line)]
        too_wide = [line for line in prose if cell_len(line) > columns]
        assert not too_wide, too_wide


def test_no_color_is_obeyed_in_a_terminal(photos: Path) -> None:
    written = run_in_terminal(["Photos", "-o", "A", "--offline"], columns=80, cwd=photos, NO_COLOR="1")
    colours = [
        code for code in re.findall(r"\x1b\[([0-9;]*)m", written) if re.search(r"(^|;)([34]\d|9[0-7])(;|$)", code)
    ]
    assert colours == []
    assert "photos:" in written


def test_a_dumb_terminal_gets_no_escape_codes(photos: Path) -> None:
    written = run_in_terminal(["Photos", "-o", "A", "--offline"], columns=80, cwd=photos, TERM="dumb")
    assert "\x1b" not in written
    assert "photos:" in written


@pytest.mark.parametrize("encoding", ["ascii", pytest.param("cp1252", marks=pytest.mark.long)])
def test_a_terminal_without_the_characters_gets_escapes_and_no_traceback(
    encoding: str, photos: Path, album_sort: Program
) -> None:
    ran = album_sort("Photos", "-o", "A", "--offline", "--lang", "zh", "-v", cwd=photos, PYTHONIOENCODING=encoding)
    assert ran.code == 3, ran.stderr
    assert "Traceback" not in ran.stderr
    assert "\\u4e8c\\u4e16\\u53e4" in ran.stdout
    for call in (["albums", "list", "--lang", "zh"], ["runs", "-o", "A"], ["config", "show"], ["--help"]):
        assert album_sort(*call, cwd=photos, PYTHONIOENCODING=encoding).code == 0, call


def test_the_event_stream_is_ascii_whatever_the_terminal(photos: Path, album_sort: Program) -> None:
    ran = album_sort("Photos", "-o", "A", "--offline", "--json", cwd=photos, PYTHONIOENCODING="ascii")
    assert [json.loads(line)["event"] for line in ran.stdout.splitlines()][-1] == "summary"
