"""The command line: help, exit codes, clear errors that carry the value and say what to do next."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from album_sort.cli.app import app
from album_sort.errors import ExitCode
from tests.builders import fingerprint, make_jpeg, make_tree
from tests.conftest import REPOSITORY, Program


def _commands() -> dict[str, object]:
    found: dict[str, object] = {}
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        if inner:
            found.update({f"{name} {verb}": one for verb, one in inner.items()})
        else:
            found[name] = command
    return found


COMMANDS = _commands()


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_a_sentence_an_example_and_the_exit_codes(name: str) -> None:
    command = COMMANDS[name]
    shown = name.removesuffix(" album") if name == "learn album" else name  # what is meant where no verb is named
    assert f"album-sort {shown}" in command.help or name == "sort"  # type: ignore[attr-defined]
    assert "album-sort " in command.help  # type: ignore[attr-defined]
    for code in ExitCode:
        assert f"{int(code)} {code.meaning}" in command.epilog  # type: ignore[attr-defined]


def test_help_and_history_import_only_what_they_use(tmp_path: Path) -> None:
    """No network, no picture, no reader of metadata, no connection, no page, nothing that decides; to help, no arrays either."""
    script = (
        "import sys; sys.argv = ['album-sort', *{!r}]\n"
        "from album_sort.cli.app import main\n"
        "try:\n    main()\nexcept SystemExit: pass\n"
        "heavy = {{'torch', 'torchvision', 'PIL', 'exifread', 'ssl', 'jinja2', 'album_sort.pipeline.prepare'}}\n"
        "heavy |= {{'numpy', 'album_sort.types'}} if '--help' in sys.argv else set()\n"
        "heavy &= set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    for arguments in (
        ["--help"],
        ["sort", "--help"],
        ["runs", "--out", str(tmp_path)],
        ["undo", "--out", str(tmp_path)],
        ["verify", "--out", str(tmp_path)],
    ):
        subprocess.run(
            [sys.executable, "-c", script.format(arguments)],
            check=True,
            capture_output=True,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        )


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["Fotos", "--out", "Albums"], 2, ["Fotos", "no such"]),
        (["Photos", "--out", "Photos"], 2, ["Photos", "both"]),
        (["Photos", "--out", "file.txt"], 2, ["file.txt", "is a file"]),
        (["Photos", "--out", "A", "--layout", "{albun}/x"], 2, ["albun"]),
        (["Photos", "--out", "A", "--model", "resnet50"], 2, ["resnet50", "efficientnet-lite0"]),
        (["Photos", "--out", "A", "--weights", "none.pth"], 2, ["none.pth", "does not exist"]),
        (["Photos", "--out", "A", "--weights", "file.txt"], 1, ["file.txt"]),
        (
            ["Photos", "--out", "A", "--model", "resnet18", "--offline"],
            4,
            ["--weights", "models fetch", "efficientnet-lite0"],
        ),
        (["Photos", "--out", "A", "--albums", "bad.toml"], 2, ["bad.toml", "petz"]),
        (["Photos", "--out", "A", "--lang", "fr"], 2, ["fr", "en"]),
        (["Photos", "--out", "A", "--since", "yesterday"], 2, ["yesterday", "2025-12-31"]),
        (["Photos", "--out", "A", "--home", "here"], 2, ["here", "LAT,LON"]),
        (["Photos", "--out", "A", "--config", "bad-config.toml"], 2, ["layuot", "layout", "colour"]),
        (["undo", "--out", "Photos"], 1, ["Photos"]),
        (["verify", "--out", "Photos"], 1, ["Photos"]),
        (["apply", "file.txt"], 2, ["file.txt"]),
        (["fix", "Photos/1.jpg", "--album", "petz", "--out", "A"], 2, ["petz", "pets"]),
        (["explain", "Photos/9.jpg"], 2, ["9.jpg"]),
        ([], 2, ["album-sort ~/Photos --out ~/Albums"]),
    ],
)
def test_a_wrong_call_says_what_is_wrong_and_changes_nothing(
    tmp_path: Path, album_sort: Program, arguments: list[str], code: int, words: list[str]
) -> None:
    make_tree(
        tmp_path,
        {
            "Photos/1.jpg": make_jpeg(1),
            "file.txt": "not a folder",
            "bad.toml": '[album.x]\ntitle = "X"\nmerge = ["petz"]\n',
            "bad-config.toml": 'layuot = "{album}"\ncolour = 1\n',
        },
    )
    before = fingerprint(tmp_path)
    ran = album_sort(*arguments, cwd=tmp_path)
    assert ran.code == code, ran.stderr
    for word in words:
        assert word in ran.stderr + ran.stdout
    assert "Traceback" not in ran.stderr
    assert fingerprint(tmp_path) == before


def test_an_empty_folder_is_no_error_and_says_so(tmp_path: Path, album_sort: Program) -> None:
    (tmp_path / "Photos").mkdir()
    ran = album_sort("Photos", "--out", "Albums", "--offline", cwd=tmp_path)
    assert ran.code == 0
    assert "No photos found in" in ran.stdout
    assert str(tmp_path / "Photos") in ran.stdout
    assert not (tmp_path / "Albums").exists()


def test_quiet_is_silent_on_success(tmp_path: Path, album_sort: Program) -> None:
    make_tree(tmp_path, {"Photos/1.jpg": make_jpeg(1)})
    ran = album_sort("Photos", "--out", "Albums", "--quiet", "--offline", cwd=tmp_path)
    assert (ran.code, ran.stdout, ran.stderr) == (0, "", "")


def test_quiet_names_what_could_not_be_processed(tmp_path: Path, album_sort: Program) -> None:
    make_tree(tmp_path, {"Photos/1.jpg": make_jpeg(1), "Photos/2.jpg": "hello"})
    ran = album_sort("Photos", "--out", "Albums", "--quiet", "--offline", cwd=tmp_path)
    assert ran.code == 3
    assert ran.stdout == ""
    assert "2.jpg" in ran.stderr


def test_json_is_one_valid_object_a_line(tmp_path: Path, album_sort: Program) -> None:
    make_tree(tmp_path, {"Photos/1.jpg": make_jpeg(1)})
    ran = album_sort("Photos", "--out", "Albums", "--json", "--offline", cwd=tmp_path)
    events = [json.loads(line) for line in ran.stdout.splitlines()]
    assert events[-1]["event"] == "summary"
    assert events[-1]["photos"] == 1


def test_nothing_for_eyes_is_sent_to_a_pipe(tmp_path: Path, album_sort: Program) -> None:
    make_tree(tmp_path, {"Photos/1.jpg": make_jpeg(1)})
    ran = album_sort("Photos", "--out", "Albums", "--offline", cwd=tmp_path, NO_COLOR="")
    assert "\x1b" not in ran.stdout + ran.stderr


def test_a_log_file_keeps_what_happened(tmp_path: Path, album_sort: Program) -> None:
    make_tree(tmp_path, {"Photos/1.jpg": make_jpeg(1), "Photos/2.jpg": "hello"})
    album_sort("Photos", "--out", "Albums", "-q", "--log-file", "run.log", "--offline", cwd=tmp_path)
    log = (tmp_path / "run.log").read_text(encoding="utf-8")
    assert "2.jpg" in log
    assert "classify" in log


@pytest.mark.parametrize("option", ["--save-plan", "--log-file"])
def test_no_photo_is_taken_for_a_plan_or_a_log(tmp_path: Path, album_sort: Program, option: str) -> None:
    """A slip of the command line, and a photo would be overwritten, added to, or rotated away."""
    make_tree(
        tmp_path, {"Photos/1.jpg": make_jpeg(1), "Photos/1.xmp": "<x/>", "Photos/big.jpg": b"\xff\xd8" * 3_000_000}
    )
    before = fingerprint(tmp_path / "Photos")
    for name in ("1.jpg", "1.xmp", "big.jpg", ".", "nowhere/x"):
        ran = album_sort("Photos", "--out", "Albums", option, f"Photos/{name}", "--offline", cwd=tmp_path)
        assert (ran.code, "Traceback" in ran.stderr) == (2, False), ran.stderr
        assert option in ran.stderr
    assert fingerprint(tmp_path / "Photos") == before
    assert not (tmp_path / "Albums").exists()


def test_a_plan_and_a_log_are_written_again_and_again(tmp_path: Path, album_sort: Program) -> None:
    make_tree(tmp_path, {"Photos/1.jpg": make_jpeg(1), "of my script.log": "Begun\n"})
    for _ in range(2):
        for log in ("run.json", "of my script.log"):
            call = ("Photos", "--out", "Albums", "--save-plan", "plan.json", "--log-file", log, "--offline")
            assert album_sort(*call, cwd=tmp_path).code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Photos", "of my script.log", "plan.json", "run.json"]
    assert (tmp_path / "of my script.log").read_text().startswith("Begun\n2")


def test_a_name_moves_no_cursor_and_begins_no_line_in_a_log_or_a_message(tmp_path: Path, album_sort: Program) -> None:
    name = "\x1b[2Jx\n2026-01-01 INFO all is well\u202e.jpg"
    make_tree(tmp_path, {f"Photos/{name}": "hello", "Albums/.album-sort": "no folder"})
    album_sort("Photos", "--out", "Out", "-q", "--log-file", "run.log", "--offline", cwd=tmp_path)
    log = (tmp_path / "run.log").read_text(encoding="utf-8")
    assert "\\x1b[2Jx\\n2026-01-01 INFO all is well\\u202e.jpg" in log
    (tmp_path / "Photos" / f"{name}.toml").mkdir()
    told = album_sort("Photos", "--out", f"{name}/Out", "--files-from", f"Photos/{name}.toml", cwd=tmp_path).stderr
    assert "\x1b" not in told + log
    assert not any(line.startswith("2026-01-01 INFO") for line in (told + log).splitlines())


@pytest.mark.parametrize(
    "call",
    [
        ("Photos", "--out", "Albums", "--albums", "none.toml"),
        ("Photos", "--out", "Albums", "--albums", "Photos/1.jpg"),
        ("Photos", "--out", "Albums", "--config", "none.toml"),
        ("--out", "Albums", "--files-from", "none.txt"),
        ("apply", "none.jsonl"),
        ("apply", "Photos/1.jpg"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_once_with_the_way_out(
    call: tuple[str, ...], tmp_path: Path, album_sort: Program
) -> None:
    make_tree(tmp_path, {"Photos/1.jpg": b"\xff\xd8\xff"})
    ran = album_sort(*call, cwd=tmp_path)
    assert ran.code == 2
    message, hint = [line for line in ran.stderr.splitlines() if "ResNet-18" not in line]
    assert message.count(call[-1]) == 1
    assert "Errno" not in message
    assert hint.startswith("  ")


def test_config_show_tells_where_each_value_comes_from(tmp_path: Path, album_sort: Program) -> None:
    make_tree(tmp_path, {"mine.toml": 'mode = "symlink"\n'})
    ran = album_sort("config", "show", "--config", "mine.toml", cwd=tmp_path, ALBUM_SORT_LANG="zh")
    lines = {line.split()[0]: line for line in ran.stdout.splitlines() if line.strip()}
    assert "symlink" in lines["mode"]
    assert "mine.toml" in lines["mode"]
    assert "environment" in lines["lang"]
    assert "default" in lines["layout"]


def test_an_unwritable_destination_is_named(tmp_path: Path, album_sort: Program) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    make_tree(tmp_path, {"Photos/1.jpg": make_jpeg(1)})
    (tmp_path / "locked").mkdir(mode=0o500)
    ran = album_sort("Photos", "--out", "locked/Albums", "--offline", cwd=tmp_path)
    assert ran.code == 1
    assert "locked" in ran.stderr


def test_config_show_says_values_as_people_write_them(tmp_path: Path, album_sort: Program) -> None:
    ran = album_sort("config", "show", cwd=tmp_path, ALBUM_SORT_EXCLUDE="*.gif, raw/", XDG_CONFIG_HOME=str(tmp_path))
    values = {line.split()[0]: line.split("  ", 1)[1].strip() for line in ran.stdout.splitlines() if line.strip()}
    assert not re.search(r"None|False|True|\(|\[", ran.stdout)
    assert values["exclude"].startswith("*.gif, raw/")
    assert [values[name].split()[0] for name in ("also", "workers", "limit", "wait", "day-begins", "home")] == [
        "no",
        "auto",
        "-",
        "0",
        "0",
        "-",
    ]


def test_albums_list_and_show_know_every_album_by_any_of_its_names(album_sort: Program) -> None:
    listed = album_sort("albums", "list", "--lang", "zh").stdout
    assert {"pets", "videos", "travel", "review", "宠物", "待确认"} <= set(listed.split())
    by_id = album_sort("albums", "show", "pets").stdout
    assert "tabby" in by_id
    assert album_sort("albums", "show", "宠物").stdout == by_id
    assert album_sort("albums", "show", "PETS").stdout == by_id
    assert album_sort("albums", "show", "review").code == 0
    misspelled = album_sort("albums", "show", "petz")
    assert misspelled.code == 2
    assert "did you mean 'pets'?" in misspelled.stderr


def test_help_has_no_word_of_python() -> None:
    for name in COMMANDS:
        shown = CliRunner().invoke(app, [*name.split(), "--help"], prog_name="album-sort").stdout
        assert not re.search(r"<\w|list\[|\bNone\b", shown), name
        # what may be a page is the report alone: certificates are in a folder
        assert not re.search(r"(?m)^(?!.*--report).*FILE\.html", shown), name
