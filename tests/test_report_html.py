"""report.html: one file or a page with a folder, strict about what may run, and never over somebody's files."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from album_sort.errors import DestinationError
from album_sort.report import HtmlReport, parse_words, write_reports
from album_sort.report._blocks import MARKER
from album_sort.types import (
    AlbumId,
    ReportFooter,
    ReportHeader,
    ReportRow,
    RunReport,
    SettingRow,
    SkippedRow,
    Stage,
    TakenRow,
    TimeSource,
)
from tests.report_builders import INFO, OUTCOME, WORDS, WORDS_TEXT, photo_row

JPEG = b"\xff\xd8 a small picture \xff\xd9"
START = datetime(2025, 12, 28, 10)


def photos(count: int) -> list[ReportRow]:
    return [
        photo_row(
            f"/in/{n}.jpg",
            sha256=hashlib.sha256(bytes([n % 256, n // 256])).hexdigest(),
            taken=START + timedelta(days=n),
        )
        for n in range(count)
    ]


def render(
    path: Path,
    rows: Iterable[ReportRow],
    *,
    info: ReportHeader = INFO,
    outcome: ReportFooter | None = OUTCOME,
    language: str = "en",
    inline_limit_bytes: int = 1_000_000,
    thumbnail: Callable[[str], bytes | None] = lambda _: JPEG,
) -> str:
    report = HtmlReport(
        path, info, parse_words(WORDS_TEXT, language), thumbnail=thumbnail, inline_limit_bytes=inline_limit_bytes
    )
    for row in rows:
        report.add(row)
    report.finish(outcome)
    report.close()
    return path.read_text(encoding="utf-8")


def data_block(html: str, name: str) -> Any:
    match = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', html, re.DOTALL)
    assert match, name
    return json.loads(match[1])


def test_a_small_report_is_one_file(tmp_path: Path) -> None:
    html = render(tmp_path / "report.html", photos(3))
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    assert base64.b64encode(JPEG).decode() in html


def test_a_large_report_has_a_folder_beside_it_and_thumbnails_as_files(tmp_path: Path) -> None:
    html = render(tmp_path / "report.html", photos(450), inline_limit_bytes=1000)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report-files", "report.html"]
    files = tmp_path / "report-files"
    packs = sorted(f"thumbnails-{number}.js" for number in range(15))
    assert sorted(path.name for path in files.iterdir() if path.suffix != ".jpg") == [
        MARKER,
        "bursts.js",
        "new.js",
        "photos-0.js",
        "photos-1.js",
        *packs,
        "trip-0.js",
    ]
    assert base64.b64encode(JPEG).decode() not in html


def test_albums_show_the_newest_photo_first_and_undated_ones_last(tmp_path: Path) -> None:
    rows = [*photos(2), photo_row("/in/undated.jpg", taken=None)]
    html = render(tmp_path / "report.html", rows)
    cards = data_block(html, "photos-0")
    assert isinstance(cards, list)
    assert [card["s"] for card in cards] == ["/in/1.jpg", "/in/0.jpg", "/in/undated.jpg"]


def test_a_trip_is_told_from_its_first_photo_on_across_albums(tmp_path: Path) -> None:
    """Pets hold photos 0, 2, 3 (newest first: 3, 2, 0), food holds photo 1; a stretch runs backwards in its album."""
    rows = [
        dataclasses.replace(row, album=AlbumId("food" if number == 1 else "pets"))
        for number, row in enumerate(photos(4))
        if not isinstance(row, SkippedRow)
    ]
    html = render(tmp_path / "report.html", rows)
    assert data_block(html, "trip-0") == [[0, 2, 1], [1, 0, 1], [0, 1, 2]]


def test_only_moments_with_several_shots_are_series(tmp_path: Path) -> None:
    alone, *series = (photo_row(f"{n}.jpg", similar_to=("aa" if n == 0 else "bb") * 32) for n in range(4))
    html = render(tmp_path / "report.html", [alone, *series])
    assert data_block(html, "bursts") == [[[0, 2, 3]]]
    assert "1 moment was photographed more than once." in html


def test_a_guess_has_the_per_cents_of_the_reason_beside_it(tmp_path: Path) -> None:
    unsure = dataclasses.replace(
        photo_row("/in/r.jpg", album="review"), scores=((AlbumId("pets"), 0.1349), (AlbumId("food"), 0.1147))
    )
    [card] = data_block(render(tmp_path / "report.html", [unsure]), "photos-0")
    assert [f"{guess:.0%}" for _, guess in card["g"]] == ["13%", "11%"]
    assert [guess for _, guess in card["g"]] == [0.13, 0.11], "0.115, rounded again, would be 12%"


def test_lines_to_paste_begin_with_a_program_that_the_shell_finds(tmp_path: Path) -> None:
    info = dataclasses.replace(INFO, program_call="'/home/an na/album-sort/bin/album-sort'")
    assert (
        data_block(render(tmp_path / "report.html", [photo_row()], info=info), "index")["program"] == info.program_call
    )


def test_totals_are_said_in_words(tmp_path: Path) -> None:
    rows = [*photos(3), photo_row("/in/r.jpg", album="review", title="Review"), SkippedRow("x", Stage.READ, "empty")]
    html = render(tmp_path / "report.html", rows)
    assert "5 photos" in html
    assert "3 in 1 album, 1 to review, 1 skipped." in html
    chinese = render(tmp_path / "zh.html", rows, language="zh")
    assert "3 张归入 1 个相册，1 张待确认，1 个被跳过。" in chinese


def test_where_dates_and_settings_come_from_is_said_in_the_language_of_the_page(tmp_path: Path) -> None:
    named = dataclasses.replace(photo_row(), taken=TakenRow(datetime(2025, 1, 2), None, TimeSource.FILE_NAME, "day"))
    settings = (SettingRow("mode", "copy", "flags"), SettingRow("also", "false", "default"))
    page = render(tmp_path / "zh.html", [named], language="zh", info=dataclasses.replace(INFO, settings=settings))
    [card] = data_block(page, "photos-0")
    assert card["ts"] == "文件名"
    assert '<td class="quiet">命令行</td>' in page
    assert '<td class="quiet">默认值</td>' in page


def test_a_preview_says_so_and_links_to_no_photo(tmp_path: Path) -> None:
    html = render(tmp_path / "report.html", photos(1), info=dataclasses.replace(INFO, is_preview=True))
    assert "This is a preview." in html
    index = data_block(html, "index")
    assert isinstance(index, dict)
    assert index["photosBase"] == ""


def test_a_killed_run_says_that_it_did_not_finish(tmp_path: Path) -> None:
    assert "This run did not finish." in render(tmp_path / "report.html", photos(1), outcome=None)


def test_photos_are_linked_relative_to_a_report_inside_the_destination(tmp_path: Path) -> None:
    folder = tmp_path / ".album-sort" / "runs" / "1"
    folder.mkdir(parents=True)
    info = dataclasses.replace(INFO, destination=str(tmp_path))
    index = data_block(render(folder / "report.html", photos(1), info=info), "index")
    assert isinstance(index, dict)
    assert index["photosBase"] == "../../../"


@pytest.mark.parametrize("limit", [0, 1_000_000])
def test_the_policy_names_script_and_style_by_hash_and_allows_no_network(limit: int, tmp_path: Path) -> None:
    html = render(tmp_path / "report.html", photos(2), inline_limit_bytes=limit)
    match = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', html)
    assert match
    policy = dict(part.split(" ", 1) for part in match[1].replace("&#39;", "'").split("; "))
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert "http" not in match[1].replace("http-equiv", "")
    assert "unsafe" not in match[1]
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        [content] = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy[directive]
    assert not re.findall(r"<[^>]+\s(?:on\w+|style)=", html), "neither handlers nor styles in tags"


def test_names_are_escaped_everywhere(tmp_path: Path) -> None:
    evil = "</script><script>alert(1)</script>\u2028"
    rows: list[ReportRow] = [
        dataclasses.replace(photo_row(evil, title=evil), why=(evil,), group=(evil,)),
        SkippedRow(evil, Stage.READ, evil),
    ]
    html = render(tmp_path / "report.html", rows, info=dataclasses.replace(INFO, destination=evil, sources=(evil,)))
    assert "<script>alert" not in html
    assert "\u2028" not in html


def test_somebody_elses_page_or_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("<p>my page</p>")
    with pytest.raises(DestinationError, match=r"report\.html is there already"):
        write_reports(RunReport(INFO, [], OUTCOME), tmp_path, thumbnail=lambda _: None, words=WORDS, formats=("html",))
    (tmp_path / "report.html").unlink()
    (tmp_path / "report-files").mkdir()
    (tmp_path / "report-files" / "diary.txt").write_text("dear diary")
    with pytest.raises(DestinationError, match="report-files is there already"):
        write_reports(RunReport(INFO, [], OUTCOME), tmp_path, thumbnail=lambda _: None, words=WORDS, formats=("html",))
    assert (tmp_path / "report-files" / "diary.txt").read_text() == "dear diary"


def test_a_new_report_replaces_an_old_one_with_its_folder(tmp_path: Path) -> None:
    render(tmp_path / "report.html", photos(5), inline_limit_bytes=0)
    render(tmp_path / "report.html", photos(2))
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_a_report_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    def rows() -> Iterable[ReportRow]:
        yield from photos(3)
        raise KeyboardInterrupt

    report = RunReport(INFO, rows(), OUTCOME)
    with pytest.raises(KeyboardInterrupt):
        write_reports(report, tmp_path, thumbnail=lambda _: JPEG, words=WORDS, formats=("csv", "html"))
    assert list(tmp_path.iterdir()) == []


def test_a_photo_without_a_thumbnail_is_still_listed(tmp_path: Path) -> None:
    html = render(tmp_path / "report.html", photos(1), thumbnail=lambda _: None)
    cards = data_block(html, "photos-0")
    assert isinstance(cards, list)
    assert len(cards) == 1
    assert data_block(html, "thumbnails-0") == [""]


def test_a_thousand_reasons_do_not_make_a_thousand_lists(tmp_path: Path) -> None:
    """A reason may carry a value of its file; report.csv has them all."""
    rows = [SkippedRow(f"{n}.jpg", Stage.DECODE, f"broken at byte {n}") for n in range(1000)]
    html = render(tmp_path / "report.html", rows)
    assert html.count("broken at byte") == 100
    assert "and 900 more" in html
