"""report.html: one file or a page with a folder, strict about what may run, and never over somebody's files."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from album_sort.classifier.labels import load_labels
from album_sort.errors import DestinationError
from album_sort.operations.reports import in_parts
from album_sort.report import HtmlReport, PageData, parse_words, write_page, write_reports
from album_sort.report._blocks import MARKER
from album_sort.types import (
    AlbumId,
    ClassIndex,
    ContentId,
    PhotoRow,
    ReportFooter,
    ReportHeader,
    ReportRow,
    RowAction,
    RunReport,
    SettingRow,
    SkippedRow,
    Stage,
    TakenRow,
    TimeSource,
    TopClass,
)
from tests.builders import make_jpeg
from tests.report_builders import INFO, OUTCOME, WORDS, WORDS_TEXT, photo_row

JPEG = b"\xff\xd8 a small picture \xff\xd9"
START = datetime(2025, 12, 28, 10)


def make_noise(seed: int, size: tuple[int, int]) -> bytes:
    """A JPEG with something to see everywhere."""
    buffer = io.BytesIO()
    Image.frombytes("RGB", size, np.random.default_rng(seed).bytes(size[0] * size[1] * 3)).save(
        buffer, "JPEG", quality=60
    )
    return buffer.getvalue()


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


def index_of(html: str) -> dict[str, Any]:
    found = data_block(html, "index")
    assert isinstance(found, dict)
    return found


def test_a_large_report_has_a_folder_beside_it_with_index_cards_and_thumbnails(tmp_path: Path) -> None:
    html = render(tmp_path / "report.html", photos(450), inline_limit_bytes=1000)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report-files", "report.html"]
    files = tmp_path / "report-files"
    packs = sorted(f"thumbnails-{number}.js" for number in range(38))
    assert sorted(path.name for path in files.iterdir() if path.suffix != ".jpg") == [
        MARKER,
        "index.js",
        "photos-0.js",
        "photos-1.js",
        "photos-2.js",
        *packs,
    ]
    assert base64.b64encode(JPEG).decode() not in html


def test_an_index_beside_the_page_is_what_one_in_the_page_is(tmp_path: Path) -> None:
    """Whatever a file is called: the text goes through one more pair of quotes."""
    rows = [photo_row(f"/in/{name}.jpg") for name in ("it's", 'a "b"', "back\\slash", "</script>", "日本\u2028")]
    inside = index_of(render(tmp_path / "one.html", rows))
    render(tmp_path / "many.html", rows, inline_limit_bytes=0)
    beside = (tmp_path / "many-files" / "index.js").read_text(encoding="utf-8")
    quoted = beside.removeprefix('albumSortData("index",JSON.parse(\'').removesuffix("'));\n")
    assert json.loads(re.sub(r"\\(['\\])", r"\1", quoted)) == inside
    assert not re.search(r"(?<!\\)(?:\\\\)*'", quoted), "no quote ends the text"


def test_photos_lie_by_month_newest_first_and_in_it_by_album_undated_ones_last(tmp_path: Path) -> None:
    """Both a wall of everything and one of an album then read few files."""
    january, december = datetime(2026, 1, 5), datetime(2025, 12, 30)
    rows = [
        photo_row("/in/undated.jpg", taken=None),
        photo_row("/in/a.jpg", taken=december),
        photo_row("/in/b.jpg", taken=january, album="food"),
        photo_row("/in/c.jpg", taken=january - timedelta(hours=1)),
        photo_row("/in/d.jpg", taken=january),
    ]
    index = index_of(render(tmp_path / "report.html", rows))
    assert index["name"] == ["d.jpg", "c.jpg", "b.jpg", "a.jpg", "undated.jpg"]
    assert index["time"][-1] is None
    assert index["time"][0] - index["time"][1] == 60, "minutes"
    cards = data_block(render(tmp_path / "report.html", rows), "photos-0")
    assert [card["s"].rpartition("/")[2] for card in cards] == index["name"], "the same position everywhere"


def test_the_index_has_what_the_wall_and_the_search_need(tmp_path: Path) -> None:
    rows = [
        dataclasses.replace(photo_row("/in/a.jpg", taken=datetime(1970, 1, 2)), damaged_share=0.5, people=("Anna",)),
        dataclasses.replace(photo_row("/in/b.jpg", sha256="cd" * 32, taken=None), by_hand="moved", size_px=None),
        photo_row("/in/film.mov", sha256="ef" * 32, taken=None),
        photo_row("/in/twin.jpg", action=RowAction.DUPLICATE, taken=None),
        dataclasses.replace(photo_row("/in/phone.heic", sha256="ef" * 32, taken=None), in_run=False),
    ]
    index = index_of(render(tmp_path / "report.html", rows))
    assert index["count"] == 5
    assert index["ids"] == "ab" * 8 + "cd" * 8 + "ef" * 8 + "ab" * 8 + "ef" * 8
    assert index["time"] == [1440, None, None, None, None]
    assert index["ratio"][0] == 133
    assert index["ratio"][1] == 0, "nobody knows, and the thumbnail is no JPEG"
    assert index["flags"] == [1 | 2, 1 | 4, 1 | 16, 8, 32]
    assert index["sure"] == [93] * 5
    assert index["places"] == [["Niseko, Japan", "Niseko", 42.805, 140.687]]
    assert index["cameras"] == ["Apple iPhone 12"]
    assert index["persons"] == ["Anna"]
    assert index["people"] == {"0": [0]}
    assert index["classNames"] == {"281": ["tabby"], "282": ["tiger cat"]}
    assert index["trip"] == [0, 0, 0, -1, 0], "a duplicate is on no wall"


def test_a_class_is_found_by_its_names_in_both_languages(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    with closing(
        HtmlReport(path, INFO, WORDS, thumbnail=lambda _: JPEG, labels=load_labels(), inline_limit_bytes=1_000_000)
    ) as report:
        report.add(photo_row())
        report.finish(OUTCOME)
    html = path.read_text(encoding="utf-8")
    assert index_of(html)["classNames"]["281"] == ["tabby", "tabby cat", "虎斑猫"]
    assert data_block(html, "page")["albums"][0]["also"] == ["pets", "Pets", "宠物"]


def test_the_index_takes_about_seventy_bytes_a_photo(tmp_path: Path) -> None:
    rows = photos(2000)
    html = render(tmp_path / "report.html", rows, inline_limit_bytes=100_000_000)
    match = re.search(r'id="index">(.*?)</script>', html, re.DOTALL)
    assert match
    assert len(match[1]) / len(rows) < 100


def test_an_older_report_has_its_shapes_from_the_thumbnails(tmp_path: Path) -> None:
    row = dataclasses.replace(photo_row(), size_px=None)
    html = render(tmp_path / "report.html", [row], thumbnail=lambda _: make_jpeg(1, (256, 128)))
    assert index_of(html)["ratio"] == [200]


def test_only_moments_with_several_shots_are_series(tmp_path: Path) -> None:
    alone, *series = (
        photo_row(f"{n}.jpg", similar_to=("aa" if n == 0 else "bb") * 32, taken=START + timedelta(seconds=n))
        for n in range(4)
    )
    html = render(tmp_path / "report.html", [alone, *series])
    assert index_of(html)["name"] == ["3.jpg", "2.jpg", "1.jpg", "0.jpg"]
    assert index_of(html)["bursts"] == [[2, 1, 0]], "in the order in which they were taken"
    assert "1 moment was photographed more than once." in html


def test_a_guess_has_the_per_cents_of_the_reason_beside_it(tmp_path: Path) -> None:
    unsure = dataclasses.replace(
        photo_row("/in/r.jpg", album="review"), scores=((AlbumId("pets"), 0.1349), (AlbumId("food"), 0.1147))
    )
    html = render(tmp_path / "report.html", [unsure])
    [card] = data_block(html, "photos-0")
    assert [f"{guess:.0%}" for _, guess in card["g"]] == ["13%", "11%"]
    assert [guess for _, guess in card["g"]] == [0.13, 0.11], "0.115, rounded again, would be 12%"
    assert index_of(html)["sure"] == [13], "that of the best guess"


def test_a_larger_picture_is_offered_where_one_is_kept(tmp_path: Path) -> None:
    kept = f".album-sort/previews/ab/{'ab' * 32}.jpg"
    rows = [dataclasses.replace(photo_row("/in/a.heic"), preview=kept), photo_row("/in/b.heic", sha256="cd" * 32)]
    html = render(tmp_path / "report.html", rows)
    index = index_of(html)
    assert dict(zip(index["name"], index["flags"], strict=True)) == {"a.heic": 1 | 32 | 64, "b.heic": 1 | 32}
    cards = {card["s"]: card.get("v") for card in data_block(html, "photos-0")}
    assert cards == {"/in/a.heic": kept, "/in/b.heic": None}


def cover_of(path: Path, rows: list[ReportRow], thumbnails: Mapping[ContentId, bytes], chosen: str = "") -> str:
    info = dataclasses.replace(INFO, covers=((AlbumId("home"), ContentId(chosen)),) if chosen else ())
    with closing(
        PageData(info, WORDS, thumbnail=lambda sha256: thumbnails.get(ContentId(sha256)), spool_folder=path)
    ) as data:
        for row in rows:
            data.add(row)
        data.arrange()
        return data.cover("home") or ""


def test_the_cover_of_an_album_is_sure_sharp_wide_and_no_paper(tmp_path: Path) -> None:
    def home(
        name: str, score: float, *, index: int = 500, paper: float = 0.0, damaged: float | None = None
    ) -> PhotoRow:
        return dataclasses.replace(
            photo_row(name, album="home", title="Home", sha256=hashlib.sha256(name.encode()).hexdigest()),
            scores=((AlbumId("home"), score), (AlbumId("documents"), paper)),
            top=(TopClass(ClassIndex(index), "x", 0.5),),
            damaged_share=damaged,
            size_px=(3000, 4000) if name == "upright" else (4000, 3000),
            taken=None,
        )

    sharp, blurred = make_noise(1, (256, 192)), make_jpeg(2, (256, 192))
    rows: list[PhotoRow] = [
        home("unsure", 0.6),
        home("receipt", 0.99, paper=0.2),
        home("toilet", 0.99, index=861),
        home("damaged", 0.99, damaged=0.4),
        home("blurred", 0.97),
        home("upright", 0.98),
        home("good", 0.96),
        home("without", 0.99),
    ]
    by_name = {row.source: row.sha256 for row in rows}
    pictures = {by_name[name]: sharp for name in by_name if name not in ("blurred", "upright", "without")}
    pictures |= {by_name["blurred"]: blurred, by_name["upright"]: make_noise(3, (192, 256))}
    for order in (rows, rows[::-1]):
        assert cover_of(tmp_path, [*order], pictures) == by_name["good"]
    assert cover_of(tmp_path, [home("toilet", 0.9, index=861)], {by_name["toilet"]: sharp}), "better than none"
    for chosen in ("toilet", "blurred"):
        assert cover_of(tmp_path, [*rows], pictures, by_name[chosen]) == by_name[chosen], "somebody wants it so"
    elsewhere = [*rows, dataclasses.replace(home("moved", 0.9), album=AlbumId("pets"))]
    for chosen in ("without", "moved", "gone"):
        gone = ContentId(hashlib.sha256(chosen.encode()).hexdigest())
        assert (
            cover_of(tmp_path, [*elsewhere], {**pictures, gone: sharp} if chosen == "moved" else pictures, gone)
            == by_name["good"]
        )


def test_lines_to_paste_begin_with_a_program_that_the_shell_finds(tmp_path: Path) -> None:
    info = dataclasses.replace(INFO, program_call="'/home/an na/album-sort/bin/album-sort'")
    assert (
        data_block(render(tmp_path / "report.html", [photo_row()], info=info), "page")["program"] == info.program_call
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
    assert data_block(html, "page")["photosBase"] == ""


def test_a_killed_run_says_that_it_did_not_finish(tmp_path: Path) -> None:
    assert "This run did not finish." in render(tmp_path / "report.html", photos(1), outcome=None)


def test_photos_are_linked_relative_to_a_report_inside_the_destination(tmp_path: Path) -> None:
    folder = tmp_path / ".album-sort" / "runs" / "1"
    folder.mkdir(parents=True)
    info = dataclasses.replace(INFO, destination=str(tmp_path))
    assert data_block(render(folder / "report.html", photos(1), info=info), "page")["photosBase"] == "../../../"


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


def test_a_page_by_itself_holds_two_thousand_photos_and_says_where_more_lie(tmp_path: Path) -> None:
    for count in (2000, 2001):
        path = tmp_path / f"{count}.html"
        report = RunReport(INFO, photos(count), OUTCOME)
        is_whole = write_page(report, path, thumbnail=lambda _: bytes(20_000), words=WORDS)
        assert is_whole == (count == 2000)
        assert (tmp_path / f"{count}-files").exists() != is_whole
    said = in_parts(tmp_path / "2001.html", "en")
    assert said.startswith("more than 2,000 photos")
    assert said.endswith("the folder 2001-files belongs to 2001.html; keep the two together")
