"""The report as a person meets it: calm, quick, usable by everybody, and deaf to what file names say."""

from __future__ import annotations

import dataclasses
import io
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from album_sort.report import HtmlReport, parse_words
from album_sort.types import (
    AlbumId,
    AlbumRelPath,
    ChangedPhoto,
    ContentId,
    PlaceRow,
    RefusedDates,
    ReportFooter,
    ReportHeader,
    ReportRow,
    RowAction,
    RunChanges,
    SettingRow,
    SkippedRow,
    Stage,
    StageTiming,
    TakenRow,
    TimeSource,
    TopClass,
    TripRow,
)
from tests.browser.conftest import OpenPage, Watched
from tests.browser.hostile import HOSTILE
from tests.report_builders import INFO, NISEKO, OUTCOME, WORDS_TEXT, photo_row

VIEWS = ("", "#/album/pets", "#/album/food?2", "#/trip/0", "#/review", "#/duplicates", "#/similar")
START = datetime(2025, 12, 26, 9)
KINDS = pytest.mark.parametrize("inline_limit_bytes", [10_000_000, 0], ids=["one file", "with a folder"])


def picture(sha256: str) -> bytes:
    """A plain picture of a colour made from the hash."""
    buffer = io.BytesIO()
    red, green, blue = bytes.fromhex(sha256[:6])
    Image.new("RGB", (320, 240), (red, green, blue)).save(buffer, "JPEG")
    return buffer.getvalue()


def library() -> Iterator[ReportRow]:
    """Two albums, a trip, photos to review, duplicates, bursts, files left out."""
    for number in range(150):
        album = ("pets", "food", "review")[0 if number < 40 else 1 if number < 140 else 2]
        row = photo_row(
            f"/home/anna/Photos/IMG_{number:04}.jpg",
            album=album,
            title=album.capitalize(),
            sha256=f"{number * 977 % 4096:03x}" + "5a" * 10 + f"{number:041x}",
            taken=START + timedelta(hours=number * 7),
            action=RowAction.DUPLICATE if number % 50 == 9 else RowAction.COPY,
            similar_to=f"{number // 10:064x}" if number % 10 < 3 else None,
        )
        yield row if number % 2 else dataclasses.replace(row, trip=None)
    for number in range(5):
        yield SkippedRow(f"/home/anna/Photos/broken {number}.jpg", Stage.DECODE, "the file is empty")
    yield SkippedRow("/home/anna/Photos/.cache", Stage.SCAN, "hidden folder", is_problem=False)


def write(path: Path, rows: Iterator[ReportRow], *, info: ReportHeader = INFO, outcome: ReportFooter = OUTCOME, language: str = "en",
          inline_limit_bytes: int = 10_000_000) -> None:  # fmt: skip
    words = parse_words(WORDS_TEXT, language)
    info = dataclasses.replace(info, language=language)
    report = HtmlReport(path, info, words, thumbnail=picture, inline_limit_bytes=inline_limit_bytes)
    for row in rows:
        report.add(row)
    report.finish(outcome)
    report.close()


@KINDS
def test_every_view_opens_without_a_complaint_and_without_the_network(
    inline_limit_bytes: int, tmp_path: Path, open_page: OpenPage
) -> None:
    write(tmp_path / "report.html", library(), inline_limit_bytes=inline_limit_bytes)
    watched = open_page()
    for view in VIEWS:
        watched.show(tmp_path / "report.html", view)
        if view:
            watched.page.click(".frame >> nth=0")
            watched.page.wait_for_selector("dialog[open]")
            pictures = watched.page.eval_on_selector_all(
                "#view img", "all => all.slice(0, 4).map(one => one.naturalWidth)"
            )
            assert all(width == 320 for width in pictures), view
    assert watched.complaints == []
    assert watched.network_requests() == []


def hostile_run(text: str) -> tuple[ReportHeader, ReportFooter]:
    """A run with this text in every field that holds text."""
    trip = dataclasses.replace(OUTCOME.trips[0], title=text, place=text, relative=text, why=(text,))
    info = dataclasses.replace(
        INFO,
        run_id=text,
        destination=text,
        sources=(text,),
        program_version=text,
        settings=(SettingRow(text, text, text),),
    )
    assert info.model
    model = dataclasses.replace(info.model, name=text, title=text, weights_sha256=text, note=text)
    outcome = dataclasses.replace(
        OUTCOME,
        timings=(StageTiming(text, 1.0, 3),),
        trips=(trip,),
        refused_dates=(RefusedDates(text, 1, text, text, text, text),),
        changes=RunChanges(text, START, 1, 1, (ChangedPhoto(text, text, text),)),
    )
    return dataclasses.replace(info, model=model), outcome


def hostile_rows() -> Iterator[ReportRow]:
    for number, text in enumerate(HOSTILE):
        trip = TripRow(f"t{number}{text}", text, NISEKO.start, NISEKO.end, (text,))
        for album in ("pets", "review"):
            yield dataclasses.replace(
                photo_row(text, album=album, title=text, sha256=f"{number:02x}" * 32),
                path=AlbumRelPath(f"{text}/{text}"),
                why=(text, text),
                top=tuple(TopClass(top.index, text, top.probability) for top in photo_row().top),
                scores=((AlbumId("pets"), 0.5), (AlbumId("food"), 0.4)),
                place=PlaceRow(text, text, text, 1.0, text),
                trip=trip,
                also=(AlbumRelPath(text),),
                group=(text,),
                action=RowAction.DUPLICATE if album == "review" and number % 2 else RowAction.COPY,
                similar_to=ContentId(text),
            )
        yield SkippedRow(text, Stage.DECODE, text)


@KINDS
def test_no_name_or_exif_text_runs_anything(inline_limit_bytes: int, tmp_path: Path, open_page: OpenPage) -> None:
    assert len(HOSTILE) >= 40
    info, outcome = hostile_run("".join(HOSTILE))
    write(tmp_path / "report.html", hostile_rows(), info=info, outcome=outcome, inline_limit_bytes=inline_limit_bytes)
    watched = open_page()
    page = watched.page
    for view in (
        "",
        "#/album/pets",
        "#/review",
        "#/duplicates",
        "#/similar",
        "#/album/__proto__",
        "#/trip/constructor",
    ):
        watched.show(tmp_path / "report.html", view)
        # every name once large; in the other views a few, since all of them share the same code
        for frame in range(min(page.locator(".frame").count(), 60 if view == "#/album/pets" else 3)):
            page.locator(".frame").nth(frame).click()
            page.keyboard.press("Escape")
    page.goto((tmp_path / "report.html").as_uri())
    for number in range(page.locator("details").count()):
        page.locator("details > summary").nth(number).click()
    assert page.evaluate("window.pwned") is None
    assert page.evaluate("document.querySelectorAll('iframe, object, embed, form, base, svg script').length") == 0
    assert watched.complaints == []
    assert watched.network_requests() == []


def test_hidden_characters_are_spelled_out_on_the_page(tmp_path: Path, open_page: OpenPage) -> None:
    rows = iter([photo_row("/in/invoice\u202egpj.exe", album="review", title="Review")])
    write(tmp_path / "report.html", rows)
    watched = open_page()
    watched.show(tmp_path / "report.html", "#/review")
    shown = watched.page.inner_text("main")
    assert "invoice\\u202egpj.exe" in shown
    assert "\u202e" not in shown


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash on this machine")
def test_a_fix_line_names_exactly_the_photo_whatever_it_is_called(tmp_path: Path, open_page: OpenPage) -> None:
    names = [
        text.replace("\0", "") for text in (*HOSTILE, "it's.jpg", "a b.jpg", "-rf", "~/x.jpg", "$HOME.jpg", "\\n.jpg")
    ]
    assert len(names) <= 60, "one page shows them all"
    write(tmp_path / "report.html", iter([photo_row(name, album="review", title="Review") for name in names]))
    watched = open_page()
    watched.show(tmp_path / "report.html", "#/review")
    lines = watched.page.eval_on_selector_all(".command .line", "all => all.map(one => one.textContent)")
    script = "album-sort() { printf '%s\\0' \"$2\"; }\n" + "\n".join(lines)
    result = subprocess.run(["bash", "-c", script], stdout=subprocess.PIPE, check=True, env={"LC_ALL": "C.UTF-8"})
    pasted = {os.fsdecode(word) for word in result.stdout.split(b"\0")[:-1]}
    assert pasted == {os.path.join(os.getcwd(), name) for name in names}


def test_the_policy_stops_what_would_get_past_the_escaping(tmp_path: Path, open_page: OpenPage) -> None:
    """A second lock: scripts, handlers, styles and pictures that somehow came into the page do nothing."""
    write(tmp_path / "report.html", library())
    watched = open_page()
    watched.show(tmp_path / "report.html")
    outcome = watched.page.evaluate(
        """async () => {
          const tried = {};
          try { document.body.innerHTML += "<p>x</p>"; tried.html = "let in"; } catch { tried.html = "refused"; }
          const script = document.createElement("script");
          try { script.text = "window.pwned = 1"; document.body.append(script); } catch { /* refused as well */ }
          const button = document.createElement("button");
          try { button.setAttribute("onclick", "window.pwned = 2"); } catch { /* refused as well */ }
          document.body.append(button); button.click();
          tried.fetch = await fetch("http://127.0.0.1:9/").then(() => "let in", () => "refused");
          tried.pwned = window.pwned ?? null;
          return tried;
        }"""
    )
    assert outcome == {"html": "refused", "fetch": "refused", "pwned": None}


@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("zh", "dark")])
def test_the_page_has_no_serious_barrier(language: str, scheme: str, tmp_path: Path, open_page: OpenPage) -> None:
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-core checks: pip install album-sort[browser]"
    )
    info = dataclasses.replace(INFO, is_preview=True)
    write(tmp_path / "report.html", library(), info=info, language=language)
    watched = open_page(scheme=scheme)
    for view in VIEWS:
        watched.show(tmp_path / "report.html", view)
        if view == "#/album/pets":
            watched.page.click(".frame >> nth=0")
        found = axe.Axe().run(watched.page).response["violations"]
        serious = [
            (entry["id"], [(node["target"], node["failureSummary"]) for node in entry["nodes"][:3]])
            for entry in found
            if entry["impact"] in ("serious", "critical")
        ]
        assert serious == [], view


@pytest.mark.parametrize("width", [360, 390, 768, 1280])
def test_no_view_is_wider_than_the_screen(width: int, tmp_path: Path, open_page: OpenPage) -> None:
    write(tmp_path / "report.html", library())
    watched = open_page(width=width)
    for view in VIEWS:
        watched.show(tmp_path / "report.html", view)
        assert watched.page.evaluate("document.documentElement.scrollWidth") <= width, view


def focused(watched: Watched) -> str:
    label = watched.page.evaluate(
        "document.activeElement.getAttribute('aria-label') || document.activeElement.textContent"
    )
    return str(label).strip()


def test_everything_is_reached_with_the_keyboard(tmp_path: Path, open_page: OpenPage) -> None:
    write(tmp_path / "report.html", library())
    watched = open_page()
    page = watched.page
    watched.show(tmp_path / "report.html")
    page.keyboard.press("Tab")
    assert focused(watched) == "Skip to the photos"
    watched.show(tmp_path / "report.html", "#/album/pets")
    assert focused(watched) == "Pets", "a view tells where one is"
    page.locator(".frame").first.focus()
    page.keyboard.press("Enter")
    assert page.is_visible("dialog[open]")
    first = page.inner_text("#photo-title")
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#photo-title") != first
    page.keyboard.press("ArrowLeft")
    assert page.inner_text("#photo-title") == first
    page.keyboard.press("Escape")
    assert not page.is_visible("dialog[open]")
    assert focused(watched).startswith("Show "), "focus comes back to the photo"


def test_whoever_goes_on_with_enter_goes_on(tmp_path: Path, open_page: OpenPage) -> None:
    write(tmp_path / "report.html", library())
    page = (watched := open_page()).page
    watched.show(tmp_path / "report.html", "#/album/pets")
    page.locator(".frame").first.focus()
    page.keyboard.press("Enter")
    page.locator("dialog .next").focus()
    seen = [page.inner_text("#photo-title")]
    for _ in range(3):
        page.keyboard.press("Enter")
        seen.append(page.inner_text("#photo-title"))
    assert len(set(seen)) == 4, "the button keeps the focus"


@pytest.mark.parametrize("back", ["history", "link"])
def test_going_back_leads_to_where_one_was(back: str, tmp_path: Path, open_page: OpenPage) -> None:
    write(tmp_path / "report.html", library())
    watched = open_page(width=390, height=500)
    page = watched.page
    watched.show(tmp_path / "report.html")
    tile = page.locator("a.trip").last
    tile.scroll_into_view_if_needed()
    page.wait_for_timeout(250)
    before = page.evaluate("window.scrollY")
    assert before > 300
    tile.click()
    page.wait_for_selector("#view h1")
    assert page.evaluate("window.scrollY") == 0
    if back == "history":
        page.go_back()
    else:
        page.click("a.back")
    tile.wait_for(state="visible")
    page.wait_for_timeout(250)
    assert page.evaluate("document.activeElement.className") == "trip"
    after = page.evaluate("window.scrollY")
    assert abs(after - before) <= (0 if back == "history" else 500)
    page.click(".brand")
    page.wait_for_function("window.scrollY === 0")


def test_a_slow_page_does_not_take_the_place_of_a_later_one(tmp_path: Path, open_page: OpenPage) -> None:
    write(tmp_path / "report.html", library(), inline_limit_bytes=0)
    watched = open_page()
    watched.show(tmp_path / "report.html")
    watched.page.evaluate("location.hash = '#/album/pets'; setTimeout(() => { location.hash = '#albums'; }, 0)")
    watched.page.wait_for_timeout(500)
    assert watched.page.is_visible("#overview")
    assert "Pets" not in watched.page.title()


def test_pages_of_an_album_follow_each_other_and_back_works(tmp_path: Path, open_page: OpenPage) -> None:
    write(tmp_path / "report.html", library(), inline_limit_bytes=0)
    watched = open_page()
    page = watched.page
    watched.show(tmp_path / "report.html", "#/album/food")
    assert page.locator(".photo").count() == 60
    page.click("nav.pager >> nth=0 >> text=→")
    page.wait_for_selector("nav.pager >> nth=0 >> [aria-current]:text-is('2')")
    assert page.url.endswith("#/album/food?2")
    page.go_back()
    page.wait_for_selector("nav.pager >> nth=0 >> [aria-current]:text-is('1')")
    assert page.locator(".photo").count() == 60


def test_a_report_parted_from_its_folder_says_so(tmp_path: Path, open_page: OpenPage) -> None:
    write(tmp_path / "report.html", library(), inline_limit_bytes=0)
    shutil.rmtree(tmp_path / "report-files")
    watched = open_page()
    watched.show(tmp_path / "report.html", "#/album/pets")
    assert "Keep report.html and its folder together" in watched.page.inner_text("main")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_screenshots_for_people_to_look_at(
    width: int, scheme: str, tmp_path: Path, artefacts: Path, open_page: OpenPage
) -> None:
    write(tmp_path / "report.html", library())
    watched = open_page(width=width, scheme=scheme)
    for name, view in (("overview", ""), ("album", "#/album/pets"), ("trip", "#/trip/0"), ("review", "#/review")):
        watched.show(tmp_path / "report.html", view)
        target = artefacts / f"report-{name}-{width}-{scheme}.png"
        watched.page.screenshot(path=target, full_page=not view)
        assert target.stat().st_size > 5000


def test_a_preview_is_marked_on_the_page_and_in_its_title(tmp_path: Path, open_page: OpenPage) -> None:
    write(tmp_path / "report.html", library(), info=dataclasses.replace(INFO, is_preview=True), language="zh")
    watched = open_page()
    watched.show(tmp_path / "report.html")
    assert watched.page.title().startswith("album-sort 预览")
    assert "没有写入任何文件" in watched.page.inner_text(".hero")
    assert watched.page.get_attribute("html", "lang") == "zh-Hans"


def test_the_numbers_of_an_album_and_its_page_are_the_same(tmp_path: Path, open_page: OpenPage) -> None:
    """The overview counts files; the page shows a content once, and says how many more files have it."""
    write(tmp_path / "report.html", library())
    watched = open_page()
    watched.show(tmp_path / "report.html")
    assert "40 photos" in watched.page.inner_text("a.tile[href='#/album/pets']")
    watched.show(tmp_path / "report.html", "#/album/pets")
    assert watched.page.inner_text(".viewhead .lead") == "40 photos, 1 of them a duplicate, stored once"
    assert watched.page.locator(".photo").count() == 39
    watched.page.click(".viewhead .lead a")
    watched.page.wait_for_selector("h1 bdi:text-is('Duplicates')")


def test_a_photo_can_be_sent_to_an_album_that_has_no_photos_yet(tmp_path: Path, open_page: OpenPage) -> None:
    write(tmp_path / "report.html", iter([photo_row(), photo_row("/in/b.jpg", album="review", title="Review")]))
    watched = open_page()
    watched.show(tmp_path / "report.html", "#/album/pets")
    watched.page.click(".frame")
    watched.page.get_by_label("Wrong album?").select_option(label="Wildlife")
    assert "--album wildlife --out " in watched.page.inner_text("dialog .line")
    watched.show(tmp_path / "report.html", "#/review")
    assert "Home 5%" in watched.page.inner_text(".guesses"), "a guess has its title although the album is empty"


def test_a_photo_without_a_guess_can_be_sent_anywhere(tmp_path: Path, open_page: OpenPage) -> None:
    unknown = [
        dataclasses.replace(photo_row(f"/in/{name}.jpg", album="review", title="Review"), scores=()) for name in "ab"
    ]
    write(tmp_path / "report.html", iter(unknown))
    watched = open_page()
    watched.show(tmp_path / "report.html", "#/review")
    watched.page.get_by_label("Wrong album?").nth(1).select_option(label="Wildlife")
    lines = watched.page.eval_on_selector_all(".command .line", "all => all.map(one => one.textContent)")
    assert ["--album pets" in lines[0], "--album wildlife" in lines[1]] == [True, True]


def test_a_date_that_only_the_file_has_is_not_shown_as_the_day_of_the_photo(
    tmp_path: Path, open_page: OpenPage
) -> None:
    copied = dataclasses.replace(photo_row(), taken=TakenRow(START, None, TimeSource.MTIME, "second"))
    write(tmp_path / "report.html", iter([copied]))
    watched = open_page()
    watched.show(tmp_path / "report.html", "#/album/pets")
    assert watched.page.inner_text(".photo .when > span") == "undated"
    watched.page.click(".frame")
    assert "undated the file itself is of Dec 26, 2025" in " ".join(watched.page.inner_text("dialog").split())


@pytest.mark.parametrize("width", [390, 1280, 2560])
def test_the_large_view_never_blows_a_thumbnail_up_and_offers_the_photo(
    width: int, tmp_path: Path, open_page: OpenPage
) -> None:
    write(tmp_path / "report.html", iter([photo_row()]))
    watched = open_page(width=width)
    watched.show(tmp_path / "report.html", "#/album/pets")
    watched.page.click(".frame")
    watched.page.wait_for_function("document.querySelector('dialog img').naturalWidth")
    shown, natural = watched.page.eval_on_selector("dialog img", "image => [image.clientWidth, image.naturalWidth]")
    assert 0 < shown <= natural
    assert watched.page.is_visible("dialog a:text-is('Open the photo itself')")


def test_on_a_phone_the_chart_begins_with_the_newest_months(tmp_path: Path, open_page: OpenPage) -> None:
    write(tmp_path / "report.html", library())
    watched = open_page(width=390)
    watched.show(tmp_path / "report.html")
    hidden = watched.page.eval_on_selector(
        ".chart .scroll", "chart => chart.scrollWidth - chart.clientWidth - chart.scrollLeft"
    )
    assert abs(hidden) <= 1


def test_print_leaves_out_what_paper_cannot_do(tmp_path: Path, open_page: OpenPage) -> None:
    write(tmp_path / "report.html", library())
    watched = open_page()
    watched.show(tmp_path / "report.html", "#/review")
    watched.page.emulate_media(media="print")
    assert not watched.page.is_visible("header.bar")
    assert not watched.page.locator(".copy").first.is_visible()
    assert watched.page.locator(".photo").first.is_visible()
