"""`album-sort init`: five answers become settings and a timetable; shown before, taken back after, and nothing of others is touched."""

from __future__ import annotations

import json
import shlex
import shutil
import stat
import subprocess
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from album_sort.config import user_file
from album_sort.errors import AlbumSortError, UsageError
from album_sort.operations.init import plan_removal
from album_sort.operations.known_albums import known_albums, known_albums_file
from album_sort.operations.nightly_texts import (
    cron_lines,
    nightly_words,
    service_text,
    timer_text,
    unit_name,
    with_cron_lines,
)
from album_sort.terminal.init import InitCall, set_up
from tests.terminals import on_a_terminal

OTHERS = "# mine\nMAILTO=me@example.org\n\n*/5 * * * * backup --out /disk  # no newline below\n@daily \x85odd\xa0one"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's home with photos, and nothing that keeps a timetable."""
    (tmp_path / "Pictures").mkdir()
    programs = tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PATH", f"{programs}")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.delenv("LANG", raising=False)
    return tmp_path


def put_program(home: Path, name: str, text: str) -> None:
    path = home / "programs" / name
    path.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def cron(home: Path) -> Path:
    """The file in which this home's crontab lies, read and written by a program that speaks as Debian's does."""
    table = home / "crontab-of-me"
    put_program(
        home,
        "crontab",
        f'if [ "$1" = -l ]; then [ -f {table} ] || {{ echo "no crontab for me" >&2; exit 1; }}; exec cat {table}; fi\nexec cat > {table}',
    )
    return table


@pytest.fixture
def systemd(home: Path) -> Path:
    """The file in which it is written what systemd was told."""
    told = home / "told-systemd"
    put_program(home, "systemctl", f'[ "$2" = show-environment ] || echo "$*" >> {told}')
    return told


def call(at_home: Path, **more: object) -> InitCall:
    values: dict[str, object] = {
        "photos": (str(at_home / "Pictures"),),
        "albums": str(at_home / "Albums"),
        "lang": "",
        "home": "",
        "is_nightly": True,
        "at": "",
        "keeper": "",
        "yes": True,
        "is_preview": False,
        "removes": False,
    }
    return InitCall(**{**values, **more})  # type: ignore[arg-type] # values by name


def files_of(home: Path) -> dict[str, str]:
    """All that lies in the home but the programs and their diaries."""
    found = [path for path in home.rglob("*") if path.is_file() and "programs" not in path.parts]
    return {str(path.relative_to(home)): path.read_text() for path in found if path.name != "told-systemd"}


def test_cron_gets_one_line_and_keeps_all_others(home: Path, cron: Path) -> None:
    cron.write_text(OTHERS)
    set_up(call(home))
    mark, line = cron.read_text().splitlines()[-2:]
    assert cron.read_text() == f"{OTHERS}\n{mark}\n{line}\n"
    assert line.startswith("30 2 * * * /")
    assert line.endswith(f"/album-sort {home}/Pictures --out {home}/Albums --quiet --nice 10")


def test_it_can_be_done_again_and_changed(home: Path, cron: Path) -> None:
    set_up(call(home))
    once = files_of(home)
    set_up(call(home))
    assert files_of(home) == once
    set_up(call(home, at="04:15"))
    assert [line[:11] for line in cron.read_text().splitlines()][1:] == ["15 4 * * * "]
    set_up(call(home, is_nightly=False))
    assert cron.read_text() == ""


@pytest.mark.usefixtures("systemd")
def test_what_was_set_up_is_taken_back_and_nothing_else(home: Path, cron: Path) -> None:
    cron.write_text(OTHERS)
    user_file().parent.mkdir(parents=True)
    user_file().write_text('# my own\nexclude = ["*.gif"]\n')
    before = files_of(home)
    for keeper in ("systemd", "cron"):
        set_up(call(home, keeper=keeper, lang="zh"))
        assert tomllib.loads(user_file().read_text()) == {"exclude": ["*.gif"], "lang": "zh"}
        set_up(call(home, photos=(), albums="", removes=True))
        assert files_of(home) == {**before, "crontab-of-me": OTHERS + ("\n" if keeper == "cron" else "")}


def test_without_settings_of_ones_own_none_are_left_behind(home: Path, cron: Path) -> None:
    set_up(call(home))
    set_up(call(home, photos=(), removes=True))
    assert files_of(home) == {"crontab-of-me": ""}
    assert cron.is_file()


def test_systemd_gets_two_units_that_it_accepts_and_is_told(home: Path, systemd: Path) -> None:
    photos, albums = home / "50 % of $HOME", home / 'Al"bums\\'
    photos.mkdir()
    set_up(call(home, photos=(str(photos),), albums=str(albums)))
    name = unit_name(str(albums))
    assert systemd.read_text().splitlines() == ["--user daemon-reload", f"--user enable --now {name}.timer"]
    units = home / "config" / "systemd" / "user"
    assert sorted(path.name for path in units.iterdir()) == [f"{name}.service", f"{name}.timer"]
    assert f'"{home}/50 %% of $$HOME" --out "{home}/Al\\"bums\\\\" --quiet' in (units / f"{name}.service").read_text()
    analyze = shutil.which("systemd-analyze", path="/usr/bin:/bin")
    if analyze:
        checked = subprocess.run(
            [analyze, "verify", units / f"{name}.timer"], capture_output=True, text=True, check=False
        )
        assert name not in checked.stderr, checked.stderr


def test_a_unit_or_a_crontab_of_somebody_else_stays(home: Path, systemd: Path, cron: Path) -> None:
    unit = home / "config" / "systemd" / "user" / f"{unit_name(str(home / 'Albums'))}.timer"
    unit.parent.mkdir(parents=True)
    unit.write_text("[Timer]\nOnCalendar=daily\n")
    with pytest.raises(UsageError, match="not written by album-sort"):
        set_up(call(home))
    assert unit.read_text() == "[Timer]\nOnCalendar=daily\n"
    assert not systemd.exists()
    put_program(home, "crontab", "echo 'you are not allowed to use this program' >&2; exit 1")
    with pytest.raises(AlbumSortError, match="not allowed"):
        set_up(call(home, keeper="cron"))
    assert not known_albums_file().exists()
    assert not cron.exists()


def test_with_neither_the_line_is_told(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    set_up(call(home))
    told = capsys.readouterr()
    assert "Neither systemd nor cron is here" in told.err
    assert f"30 2 * * * {shlex.split(told.err.splitlines()[-1])[5]} {home}/Pictures --out" in told.err


def test_a_preview_writes_nothing_and_shows_all(home: Path, cron: Path, capsys: pytest.CaptureFixture[str]) -> None:
    set_up(call(home, is_preview=True, home="Springfield, Illinois", lang="en"))
    told = capsys.readouterr().err
    assert 'home = "39.8017,-89.6437"  # Springfield, Illinois, United States' in told
    assert "30 2 * * *" in told
    assert files_of(home) == {}
    assert not cron.exists()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('lang = "en" # mine\nmode = "copy"\n', {"lang": "zh", "mode": "copy"}),
        ('mode = "copy"', {"lang": "zh", "mode": "copy"}),
        ('exclude = [\n  "lang = 1",\n]\n', {"lang": "zh", "exclude": ["lang = 1"]}),
    ],
)
def test_settings_that_somebody_has_written_stay(home: Path, text: str, expected: dict[str, object]) -> None:
    real = home / "dotfiles" / "settings.toml"
    real.parent.mkdir()
    real.write_text(text)
    user_file().parent.mkdir(parents=True)
    user_file().symlink_to(real)
    set_up(call(home, lang="zh", is_nightly=False))
    assert user_file().is_symlink()
    assert tomllib.loads(real.read_text()) == expected


def test_settings_that_cannot_be_changed_safely_are_left_alone(home: Path) -> None:
    user_file().parent.mkdir(parents=True)
    for text in ('exclude = ["""\nlang = 1"""]\nhome = [\n 1, 2]', "no toml"):
        user_file().write_text(text)
        with pytest.raises(UsageError):
            set_up(call(home, home="Munich", lang="en", is_nightly=False))
        assert user_file().read_text() == text
    assert not known_albums_file().exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"photos": ("/no/such/folder",)},
        {"albums": "/etc/hostname"},
        {"home": "Xyzzyville"},
        {"at": "25:00"},
        {"keeper": "launchd"},
        {"lang": "fr"},
        {"photos": ()},
        {"albums": ""},
    ],
)
def test_a_wrong_answer_writes_nothing(home: Path, cron: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(AlbumSortError):
        set_up(call(home, **wrong))
    assert files_of(home) == {}
    assert not cron.exists()


def test_a_name_that_no_timetable_can_hold_is_refused(home: Path, cron: Path) -> None:
    (home / "two\nlines").mkdir()
    with pytest.raises(UsageError, match="no timetable"):
        set_up(call(home, photos=(str(home / "two\nlines"),)))
    assert not cron.exists()


def test_two_destinations_are_two_and_are_taken_back_one_by_one(home: Path, cron: Path) -> None:
    set_up(call(home, lang="en"))
    set_up(call(home, albums=str(home / "Others"), lang="en"))
    assert [one.albums for one in known_albums()] == [str(home / "Albums"), str(home / "Others")]
    with pytest.raises(UsageError, match="several"):
        plan_removal("")
    set_up(call(home, removes=True))
    assert [one.albums for one in known_albums()] == [str(home / "Others")]
    assert tomllib.loads(user_file().read_text()) == {"lang": "en"}, "the other albums were set up with it, too"
    assert cron.read_text().count("* * *") == 1


def test_what_is_remembered_may_be_damaged(home: Path) -> None:
    known_albums_file().parent.mkdir(parents=True)
    for text in (
        "",
        "{}",
        "[1]",
        '[{"albums": 3, "photos": ["x"], "settings": []}]',
        '[{"albums": "a", "photos": [], "settings": []}]',
    ):
        known_albums_file().write_text(text)
        assert known_albums() == ()
    assert home.is_dir()


def test_five_answers_on_a_terminal_are_all_it_takes(home: Path, cron: Path) -> None:
    """Munich is one of several towns of that name; the language of what follows is that of the third answer."""
    answers = [
        ("1/5", str(home / "Pictures")),
        ("2/5", ""),
        ("3/5", "zh"),
        ("4/5", "Springfield"),
        ("是哪一个", "3"),
        ("5/5", ""),
        ("写入以上内容", "是"),
    ]
    code, shown = on_a_terminal(("init",), answers, cwd=home)
    assert code == 0, shown
    [known] = json.loads(known_albums_file().read_text())
    assert (known["photos"], known["albums"]) == ([str(home / "Pictures")], str(home / "Albums"))
    settings = tomllib.loads(user_file().read_text())
    assert settings["lang"] == "zh"
    assert "Illinois" not in user_file().read_text()
    assert shown.count("Springfield") >= 3
    assert cron.read_text().count("* * *") == 1


def test_no_means_no(home: Path, cron: Path) -> None:
    answers = [("1/5", ""), ("2/5", ""), ("3/5", ""), ("4/5", ""), ("5/5", "n"), ("Write that?", "n")]
    code, _ = on_a_terminal(("init",), answers, cwd=home)
    assert (code, files_of(home)) == (0, {})
    assert not cron.exists()


ODD = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=12).map(
    lambda text: f"/{text}"
)


@given(photos=ODD, albums=ODD)
def test_the_line_says_to_a_shell_what_was_meant(photos: str, albums: str) -> None:
    """cron hands on what stands before an unescaped `%`, without the backslash of an escaped one, as `crontab(5)` says."""
    if not (photos + albums).isprintable():
        return
    words = nightly_words(("/bin/album-sort",), (photos,), albums)
    _, line = cron_lines(words, 2, 30, albums)
    command = line.split(" ", 5)[5].replace("\\%", "%")
    assert tuple(shlex.split(command)) == words
    assert "%" not in line.replace("\\%", "")


@given(st.text(), ODD, st.booleans())
def test_a_crontab_of_others_comes_through_unchanged(others: str, albums: str, is_there: bool) -> None:
    if not albums.isprintable():
        return
    lines = cron_lines(nightly_words(("/bin/album-sort",), ("/a",), albums), 1, 2, "/albums")
    before = with_cron_lines(others, "/albums", lines) if is_there else others
    after = with_cron_lines(before, "/albums", lines)
    assert with_cron_lines(after, "/albums", lines) == after
    assert after.startswith(others)
    assert with_cron_lines(after, "/albums", ()) in (others, f"{others}\n")


def test_texts_of_units_name_the_night() -> None:
    assert "OnCalendar=02:05\nPersistent=true\n" in timer_text(2, 5, "/a")
    assert "Description=Sort new photos into /50%% of\n" in service_text(("x",), "/50% of")
