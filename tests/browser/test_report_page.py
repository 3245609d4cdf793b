"""The report as a person meets it: calm, quick, usable by everybody, and deaf to what file names say."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

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
    TopClass,
    TripRow,
)
from tests.browser.conftest import OpenPage, Watched
from tests.browser.hostile import HOSTILE
from tests.browser.libraries import START, library, write
from tests.report_builders import INFO, NISEKO, OUTCOME, photo_row

VIEWS = (
    "",
    "#/all",
    "#/album/pets",
    "#/trip/0",
    "#/new",
    "#/review",
    "#/duplicates",
    "#/similar",
    "#/technical",
    "#/all?q=rome",
)
KINDS = pytest.mark.parametrize("kind", ["made_library", "parted_library"], ids=["one file", "with a folder"])


@KINDS
def test_every_view_opens_without_a_complaint_and_without_the_network(
    kind: str, request: pytest.FixtureRequest, open_page: OpenPage
) -> None:
    path = request.getfixturevalue(kind)
    watched = open_page()
    for view in VIEWS:
        # each is an address of its own, which a person may keep; and a link
        (watched.show(path, view) if kind == "made_library" or not view else watched.turn(view))
        if view and watched.page.locator("#view .frame img").count():
            watched.until(
                "[...document.querySelectorAll('#view .frame img')].slice(0, 4).every((one) => one.naturalWidth === 320)"
            )
    # nobody has an album of these made-up photos, whose queue looks for them
    assert [told for told in watched.complaints if "ERR_FILE_NOT_FOUND" not in told] == []
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
                place=PlaceRow(text, text, text, 1.0, text, 10.0, number),
                camera=text,
                people=(text,),
                trip=trip,
                also=(AlbumRelPath(text),),
                group=(text,),
                action=RowAction.DUPLICATE if album == "review" and number % 2 else RowAction.COPY,
                similar_to=ContentId(text),
            )
        yield SkippedRow(text, Stage.DECODE, text)


OPEN_ALL_DETAILS = """async () => {
  for (const summary of document.querySelectorAll("#overview details:not([open]) > summary")) summary.click();
  await new Promise(requestAnimationFrame);
  await new Promise(done => setTimeout(done));
  return document.querySelectorAll("#overview details[open]").length;
}"""


@pytest.mark.parametrize("limit", [10_000_000, 0], ids=["one file", "with a folder"])
def test_no_name_or_exif_text_runs_anything(limit: int, tmp_path: Path, open_page: OpenPage) -> None:
    assert len(HOSTILE) >= 40
    info, outcome = hostile_run("".join(HOSTILE))
    info = dataclasses.replace(info, is_preview=True)
    path = write(tmp_path / "report.html", hostile_rows(), info=info, outcome=outcome, inline_limit_bytes=limit)
    watched = open_page()
    page = watched.page
    watched.show(path)
    for view in ("#/review", "#/duplicates", "#/similar", "#/all?q=<img src=x>", "#/album/__proto__", "#/trip/constructor", "#/technical",
                 "#/all?place=__proto__&camera=constructor&when=x..y..z&trip=toString"):  # fmt: skip
        watched.turn(view)
    watched.turn("#/album/pets")
    # every name once large, with all that is known of it
    page.locator("#view .frame").first.click()
    page.keyboard.press("i")
    for _ in HOSTILE:
        page.wait_for_selector("#viewer .details dl")
        page.keyboard.press("ArrowRight")
    page.goto(path.as_uri())
    page.locator("#overview details > summary").first.click()
    assert page.evaluate(OPEN_ALL_DETAILS) > len(HOSTILE)
    assert page.evaluate("window.pwned") is None
    assert page.evaluate("document.querySelectorAll('iframe, object, embed, form, base, svg script').length") == 0
    assert watched.complaints == []
    assert watched.network_requests() == []


def test_hidden_characters_are_spelled_out_on_the_page(tmp_path: Path, open_page: OpenPage) -> None:
    rows = [photo_row("/in/invoice\u202egpj.exe", album="review", title="Review")]
    watched = open_page()
    watched.show(write(tmp_path / "report.html", rows), "#/review")
    watched.page.wait_for_selector(".queue .choices")
    shown = watched.page.inner_text("main")
    assert "invoice\\u202egpj.exe" in shown
    assert "\u202e" not in shown


def test_the_policy_stops_what_would_get_past_the_escaping(made_library: Path, open_page: OpenPage) -> None:
    """A second lock: scripts, handlers, styles and pictures that somehow came into the page do nothing."""
    watched = open_page()
    watched.show(made_library)
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
    path = write(tmp_path / "report.html", library(), info=info, language=language)
    watched = open_page(scheme=scheme)
    watched.show(path)
    # the colours are what differs the second time
    for view in (*VIEWS, "open") if language == "en" else ("", "#/all", "#/review", "open"):
        if view:
            watched.turn("#/album/pets" if view == "open" else view)
        if view == "open":
            watched.page.locator("#view .frame").first.click()
            watched.page.keyboard.press("i")
            watched.page.wait_for_selector("#viewer .details dl")
        if view == "#/all":
            watched.page.locator("#view .frame").first.focus()
            watched.page.keyboard.press("x")
        found = axe.Axe().run(watched.page, options={"resultTypes": ["violations"]}).response["violations"]
        barriers = [
            (entry["id"], [(node["target"], node["failureSummary"]) for node in entry["nodes"][:3]]) for entry in found
        ]
        assert barriers == [], view


def test_no_view_is_wider_than_the_screen(made_library: Path, open_page: OpenPage) -> None:
    watched = open_page()
    watched.show(made_library)
    for view in VIEWS:
        if view:
            watched.turn(view)
        for width in (360, 390, 768, 1440):
            watched.page.set_viewport_size({"width": width, "height": 900})
            assert watched.page.evaluate("document.documentElement.scrollWidth") <= width, (view, width)


def focused(watched: Watched) -> str:
    label = watched.page.evaluate(
        "document.activeElement.getAttribute('aria-label') || document.activeElement.textContent"
    )
    return str(label).strip()


def test_everything_is_reached_with_the_keyboard(made_library: Path, open_page: OpenPage) -> None:
    watched = open_page()
    page = watched.page
    watched.show(made_library)
    page.keyboard.press("Tab")
    assert focused(watched) == "Skip to the photos"
    watched.show(made_library, "#/all")
    watched.until("document.activeElement.tagName === 'H1'")
    assert focused(watched) == "All photos", "a view tells where one is"
    seen: list[str] = []
    while not seen or not (seen[-1].startswith("Show ") or len(seen) > 40):
        page.keyboard.press("Tab")
        seen.append(focused(watched))
    assert {"Year", "Place", "Camera", "Least sure first"} <= set(seen)
    page.keyboard.press("Tab")
    assert focused(watched) == "Go to a month", "the wall is one stop"


@pytest.mark.parametrize("back", ["history", "link"])
def test_going_back_leads_to_where_one_was(back: str, made_library: Path, open_page: OpenPage) -> None:
    watched = open_page(width=390, height=500)
    page = watched.page
    watched.show(made_library)
    tile = page.locator("a.trip").last
    tile.scroll_into_view_if_needed()
    before = watched.still("window.scrollY")
    assert before > 300
    tile.click()
    page.wait_for_selector("#view h1")
    assert page.evaluate("window.scrollY") == 0
    if back == "history":
        page.go_back()
    else:
        page.click("a.back")
    watched.until("document.activeElement.className === 'trip'")
    after = watched.still("window.scrollY")
    assert abs(after - before) <= (0 if back == "history" else 500)
    page.click(".brand")
    watched.until("window.scrollY === 0")


def test_a_slow_page_does_not_take_the_place_of_a_later_one(parted_library: Path, open_page: OpenPage) -> None:
    watched = open_page()
    watched.show(parted_library)
    watched.page.evaluate("location.hash = '#/album/pets'; setTimeout(() => { location.hash = '#albums'; }, 0)")
    # By then the page of the album has what it waited for.
    watched.page.evaluate("albumSort.photos.load().then(() => true)")
    watched.still("document.title")
    assert watched.page.is_visible("#overview")
    assert "Pets" not in watched.page.title()


def test_technical_things_have_a_page_of_their_own(made_library: Path, open_page: OpenPage) -> None:
    watched = open_page()
    watched.show(made_library)
    assert not watched.page.is_visible("text=SHA-256")
    assert not watched.page.is_visible("text=hidden folder")
    watched.page.click("nav >> text=Technical")
    watched.page.wait_for_selector("h1:text-is('Technical details')")
    assert watched.page.is_visible("text=SHA-256")
    assert watched.page.is_visible("text=hidden folder")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_screenshots_for_people_to_look_at(
    width: int, scheme: str, made_library: Path, artefacts: Path, open_page: OpenPage
) -> None:
    watched = open_page(width=width, scheme=scheme)
    watched.show(made_library)
    for name, view in (("overview", ""), ("album", "#/album/pets"), ("trip", "#/trip/0"), ("review", "#/review")):
        if view:
            watched.turn(view)
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


def test_on_a_phone_the_chart_begins_with_the_newest_months(made_library: Path, open_page: OpenPage) -> None:
    watched = open_page(width=390)
    watched.show(made_library)
    hidden = watched.page.eval_on_selector(
        ".chart .scroll", "chart => chart.scrollWidth - chart.clientWidth - chart.scrollLeft"
    )
    assert abs(hidden) <= 1


def test_print_leaves_out_what_paper_cannot_do(made_library: Path, open_page: OpenPage) -> None:
    watched = open_page()
    watched.show(made_library, "#/album/pets")
    watched.page.emulate_media(media="print")
    for gone in ("header.bar", ".filters", ".scrubber", ".tick >> nth=0"):
        assert not watched.page.is_visible(gone)
    assert watched.page.locator(".photos .photo").first.is_visible()
    tops = watched.page.eval_on_selector_all(".photos .photo", "all => all.map((one) => one.offsetTop)")
    wall = watched.page.evaluate("document.querySelector('.photos').offsetHeight")
    assert wall < max(tops) + 200, "no white pages"
