"""The first run tells what it does and what to do next; later ones show what is new; `album-sort` alone does the remembered thing."""

from __future__ import annotations

import io
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console

from album_sort.errors import DestinationError, UsageError
from album_sort.events import StageStarted
from album_sort.operations.catalogue import known_albums as listed_albums
from album_sort.operations.here import albums_here, the_albums
from album_sort.operations.known_albums import KnownAlbums, known_albums, known_albums_file, known_albums_text
from album_sort.operations.known_problems import KnownProblems
from album_sort.operations.outcome import AlbumLine, Outcome, RunSummary
from album_sort.pipeline.stages import Stages
from album_sort.terminal.layout import say_link
from album_sort.terminal.summary import print_summary
from album_sort.types import AlbumId
from tests.builders import make_jpeg, make_tree
from tests.conftest import Program
from tests.terminals import on_a_terminal


@pytest.fixture(scope="module")
def sorted_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Photos and albums in one folder, and what the first run showed on a terminal."""
    folder = tmp_path_factory.mktemp("first")
    make_tree(folder / "Photos", {f"{n}.jpg": make_jpeg(n) for n in range(3)})
    code, shown = on_a_terminal(("Photos", "--out", "Albums", "--offline"), cwd=folder)
    assert code == 0
    return folder, shown


def test_the_first_run_says_first_what_it_will_do_and_last_what_to_do_next(sorted_once: tuple[Path, str]) -> None:
    folder, shown = sorted_once
    assert " ".join(shown.split()).startswith(
        f"Your photos in {folder}/Photos are looked at and copied into {folder}/Albums. The originals stay"
    )
    assert shown.index("copied into") < shown.index("Album ") < shown.index("Report: ") < shown.index("next:")
    after = shown[shown.index("next:") :]
    assert [word for word in ("review --out", "album-sort init", "undo --out") if word in after.replace("\n", " ")] == [
        "review --out",
        "album-sort init",
        "undo --out",
    ]


def test_the_report_can_be_clicked_on(sorted_once: tuple[Path, str]) -> None:
    folder, shown = sorted_once
    assert f";{(folder / 'Albums' / 'album-report.html').as_uri()}\x1b\\Report: " in shown


@pytest.mark.parametrize(("is_terminal", "term"), [(False, "xterm"), (True, "dumb")])
def test_where_nobody_can_click_a_link_is_text(is_terminal: bool, term: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", term)
    stream = io.StringIO()
    say_link(Console(file=stream, force_terminal=is_terminal, width=40), "Report: /a b/é.html", Path("/a b/é.html"))
    assert stream.getvalue() == "Report: /a b/é.html\n"


def test_a_link_that_is_wrapped_leads_to_the_same_place_from_each_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = io.StringIO()
    say_link(
        Console(file=stream, force_terminal=True, width=20), "Report: /a/long/way/to/[x]/é.html", Path("/[x]/é.html")
    )
    lines = stream.getvalue().splitlines()
    assert len(lines) > 1
    assert all(";file:///%5Bx%5D/%C3%A9.html\x1b\\" in line for line in lines)


def told(albums: Sequence[AlbumLine], capsys: pytest.CaptureFixture[str], *, verbose: bool = False) -> str:
    """What a later run prints of these albums."""
    summary = RunSummary(tuple(albums), (), 0, 0, 0, {})
    outcome = Outcome(None, None, None, ("in",), known_summary=summary)
    print_summary(outcome, KnownProblems.read(Path("/nowhere"), "/nowhere"), quiet=False, verbose=verbose)
    return capsys.readouterr().out


def test_a_later_run_shows_albums_with_news_and_all_for_those_who_ask(capsys: pytest.CaptureFixture[str]) -> None:
    albums = [AlbumLine(AlbumId(name), name.title(), 9, 0, f"{name}/x.jpg") for name in "abcdefgh"]
    news = [*albums[:5], AlbumLine(AlbumId("news"), "News", 8, 2, "News/new.jpg"), *albums[5:]]
    shown = told(news, capsys).partition("\n\n")[0].splitlines()
    assert [line.split() for line in shown[:2]] == [
        ["Album", "Photos", "Filed", "now", "For", "example"],
        ["News", "8", "2", "News/new.jpg"],
    ]
    assert shown[2:] == ["8 albums have nothing new (-v shows them)."]
    assert "For example" not in told(albums, capsys)
    assert "Nothing new" in told(albums, capsys)
    assert told(news, capsys, verbose=True).count(".jpg") == 9
    assert told(albums[:4], capsys).count(".jpg") == 4, "few albums are shown as they are"


def test_alone_it_asks_on_a_terminal_and_does_the_remembered_thing(sorted_once: tuple[Path, str]) -> None:
    folder, _ = sorted_once
    inside = next(path for path in (folder / "Albums").iterdir() if path.is_dir() and path.name != ".album-sort")
    question = f"Sort what is new in {folder}/Photos into {folder}/Albums?"
    code, shown = on_a_terminal((), [(question, "y")], cwd=inside)
    assert (code, "Nothing new: nothing was written." in shown) == (0, True)
    code, shown = on_a_terminal((), [(question, "n")], cwd=folder)
    assert (code, "photos:" in shown) == (0, False)


def test_alone_under_cron_it_sorts_from_inside_the_albums_and_only_tells_from_outside(
    sorted_once: tuple[Path, str], album_sort: Program
) -> None:
    folder, _ = sorted_once
    inside = album_sort(cwd=folder / "Albums")
    assert (inside.code, "Nothing new" in inside.stdout) == (0, True)
    above = album_sort(cwd=folder)
    assert (above.code, above.stdout) == (2, "")
    assert f"album-sort {folder}/Photos --out {folder}/Albums" in above.stderr.replace(
        f"{above.stderr.split()[0]} ", "", 0
    )


def test_alone_where_nothing_is_known_it_says_what_to_type(tmp_path: Path, album_sort: Program) -> None:
    told = album_sort(cwd=tmp_path, LC_ALL="C.UTF-8")
    assert told.code == 2
    assert "album-sort ~/Photos --out ~/Albums --dry-run" in told.stdout
    assert "可以输入" in album_sort(cwd=tmp_path, LC_ALL="zh_CN.UTF-8").stdout


def test_a_verb_without_out_is_about_the_albums_that_one_stands_in_else_the_only_ones_set_up(
    sorted_once: tuple[Path, str], tmp_path: Path, album_sort: Program
) -> None:
    albums, elsewhere = sorted_once[0] / "Albums", tmp_path / "elsewhere"
    elsewhere.mkdir()
    config = {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    runs = album_sort("runs", "--out", albums, cwd=elsewhere, **config)
    inside = next(path for path in albums.iterdir() if path.is_dir())
    assert album_sort("runs", cwd=inside, **config) == runs
    nowhere = album_sort("undo", cwd=elsewhere, **config)
    assert (nowhere.code, "--out is missing" in nowhere.stderr) == (2, True)
    known = tmp_path / "config" / "album-sort" / "known-albums.json"
    known.parent.mkdir(parents=True)
    one, other = (KnownAlbums(str(path), (str(tmp_path / f"photos of {path.name}"),)) for path in (albums, elsewhere))
    known.write_text(known_albums_text([one]), encoding="utf-8")
    told = album_sort("runs", cwd=elsewhere, **config)
    assert (told.code, told.stdout) == (0, runs.stdout)
    assert told.stderr.split() == f"In the albums {albums}:".split()
    known.write_text(known_albums_text([one, other]), encoding="utf-8")
    several = album_sort("verify", cwd=elsewhere.parent, **config)
    assert (several.code, f"{albums}, {elsewhere}" in several.stderr) == (2, True)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("verify {albums}", "album-sort verify --out {albums}"),
        ("learn list {albums}/", "album-sort learn list --out {albums}"),
        ("fix {albums}/Review/a.jpg --album Pets", "album-sort fix {albums}/Review/a.jpg --album Pets --out {albums}"),
        ("fix {albums}/../elsewhere --list", "Add --out ALBUMS, or call it from within the albums."),
        ("undo", "Add --out ALBUMS, or call it from within the albums."),
    ],
)
def test_without_out_the_call_that_was_meant_is_spelled_out(
    typed: str, meant: str, sorted_once: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    albums = str(sorted_once[0] / "Albums")
    with pytest.raises(UsageError) as refused:
        the_albums(str(tmp_path), typed.format(albums=albums).split())
    assert refused.value.hint == meant.format(albums=albums)


def test_known_albums_are_written_as_a_person_reads_them_and_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for path, shown in (("/home/相册", "/home/相册"), ("/home/\udcff", "/home/\\udcff")):
        text = known_albums_text([KnownAlbums(path, ("/photos",))])
        assert shown in text
        known_albums_file().parent.mkdir(exist_ok=True)
        known_albums_file().write_text(text, encoding="utf-8")
        assert [one.albums for one in known_albums()] == [path]


def test_albums_that_are_not_there_are_not_listed_and_serve_takes_them_without_out(
    tmp_path: Path, album_sort: Program
) -> None:
    with pytest.raises(DestinationError, match="holds no albums"):
        listed_albums("", "", str(tmp_path))
    assert "album-sort serve ~/Albums" in album_sort("serve", "--out", tmp_path).stderr


def test_albums_of_somebody_else_are_not_sorted_into_without_asking(
    sorted_once: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = tmp_path / "Albums"
    shutil.copytree(sorted_once[0] / "Albums", copied)
    assert albums_here(str(copied))[0].is_meant
    monkeypatch.setattr("os.getuid", lambda: 12345)
    assert not albums_here(str(copied))[0].is_meant


def test_a_stage_within_another_gives_the_line_back() -> None:
    told: list[object] = []
    stages = Stages(told.append)
    with stages.stage("classify", 7), stages.within("convert")():
        pass
    begun = [(event.stage, event.total) for event in told if isinstance(event, StageStarted)]
    assert begun == [("classify", 7), ("convert", None), ("classify", 7)]
    assert [timing.stage for timing in stages.timings] == ["classify"]
