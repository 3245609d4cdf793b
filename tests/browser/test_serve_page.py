"""The server's pages in a real browser: photos are dropped and answered, said where they belong, applied and taken back."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from album_sort.operations.live import LiveAlbums
from album_sort.operations.order import settings_here
from album_sort.operations.pending import Pending
from album_sort.operations.words import web_words
from tests import pictures
from tests.builders import picture_jpeg
from tests.serve_server import Running, running_server
from tests.test_serve_albums import album_sort_once, albums, tree  # noqa: F401 - fixtures

axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="axe looks at the page: pip install album-sort[browser]"
)
playwright = pytest.importorskip("playwright.sync_api")

DROP = """async ([files]) => {
  const transfer = new DataTransfer();
  for (const [name, text] of files) transfer.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name));
  for (const type of ["dragenter", "dragover", "drop"]) {
    dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
  }
  const shown = () => [...document.querySelectorAll(".card img")].filter((one) => one.naturalWidth).length;
  while (shown() < 11) await new Promise(requestAnimationFrame);
  return document.querySelectorAll(".card.busy").length;
}"""


BEGIN_ALBUM = """(title) => fetch("/changes", {
  method: "POST",
  headers: { "X-Album-Sort-Token": document.getElementById("album-sort-live").dataset.key },
  body: JSON.stringify({ changes: [{ kind: "new-album", title, photos: [albumSort.photos.idOf(1)] }] }),
})"""


@pytest.fixture(scope="module")
def server(albums: Path, session_cache: Path) -> Iterator[Running]:  # noqa: F811 - the fixture
    here = settings_here(str(albums), lambda kept: (kept,) if kept else ())
    live = LiveAlbums(str(albums), here)
    with running_server(live.predictor(), albums=live, pending=Pending(session_cache, str(albums))) as running:
        yield running


@pytest.fixture
def page(chromium: Any, server: Running) -> Iterator[Any]:
    """The printed address, opened; nothing may go wrong in the page."""
    context = chromium.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark", bypass_csp=True)
    context.set_default_timeout(60_000)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"{server.address}/?token={server.keys.token}")
    yield page
    context.close()
    assert faults == []


def look_at(page: Any) -> None:
    """No finding of axe, and nothing wider than a phone."""
    found = axe.Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_dropped_pictures_are_shown_at_once_and_answered_one_by_one(page: Any, server: Running) -> None:
    page.goto(f"{server.address}/drop?lang=zh")
    kinds = (pictures.cat(), pictures.coffee(), pictures.flower())
    files = [(f"{n}.jpg", base64.b64encode(picture_jpeg(kinds[n % 3][n:])).decode()) for n in range(11)]
    asked: list[Any] = []
    is_held = True

    def hold(route: Any) -> None:
        asked.append(route) if is_held else route.continue_()

    page.route("**/predict?*", hold)
    busy = page.evaluate(DROP, [[*files, ("broken.jpg", base64.b64encode(b"no picture").decode())]])
    assert busy == 12, "their previews need no answer"
    is_held = False
    for one in asked:
        one.continue_()
    playwright.expect(page.locator(".card.busy")).to_have_count(0)
    assert page.locator(".card .bars").count() == 11
    assert page.locator(".card .error").count() == 1
    assert page.locator(".card .album").first.inner_text() == "相册：宠物"
    page.locator("summary").first.press("Enter")
    look_at(page)


def test_what_only_the_served_page_has_is_on_a_phones_screen(page: Any) -> None:
    """And the bar shows where one is; the main button keeps its words under the mouse."""
    bar = page.locator(".bar nav")
    for _ in range(2):
        changes = bar.locator("a[href='#/changes']").bounding_box()
        assert changes["x"] + changes["width"] <= 390
        page.evaluate("window.location.hash = '#/technical'")
        playwright.expect(page.locator("#technical h1")).to_be_visible()
        current = bar.locator("[aria-current]").bounding_box()
        assert 0 <= current["x"] <= current["x"] + current["width"] <= 390
        page.evaluate("window.location.hash = '#/all'")
        playwright.expect(page.locator("#view h1")).to_be_visible()
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('button'), { className: 'button', id: 'probe' }))"
    )
    page.locator("#probe").evaluate(
        "one => { one.textContent = 'probe'; one.style.cssText = 'position:fixed;inset:0;z-index:9'; }"
    )
    resting = page.locator("#probe").evaluate("one => getComputedStyle(one).backgroundColor")
    page.locator("#probe").hover()
    assert page.locator("#probe").evaluate("one => getComputedStyle(one).backgroundColor") == resting


def test_a_cover_is_chosen_applied_shown_and_taken_back(page: Any, albums: Path) -> None:  # noqa: F811
    def cover() -> str:
        return str(page.locator("a[href='#/album/pets'] .cover img").get_attribute("src")).rpartition("/")[2]

    before, was = tree(albums), cover()
    index = page.evaluate("albumSort.photos.load().then(() => albumSort.photos.newestFirst.map(albumSort.photos.idOf))")
    pets = page.evaluate("albumSort.photos.newestFirst.map((i) => albumSort.photos.albumOf(i).id)")
    other = next(one for one, album in zip(index, pets, strict=True) if album == "pets" and one != was)
    page.evaluate(f"albumSort.router.go('#/album/pets', new URLSearchParams({{ photo: '{other}' }}))")
    page.locator("#viewer .about-photo").click()
    page.get_by_role("button", name="Use as cover").click()
    page.locator("#apply").click()
    undo = page.locator("#undo")
    undo.wait_for()
    assert (cover(), tree(albums)) == (other, before)
    undo.click()
    playwright.expect(undo).to_have_count(0)
    playwright.expect(page.locator(".live-job")).to_contain_text("done")
    assert cover() == was


def test_an_earlier_report_takes_no_correction(page: Any, server: Running, albums: Path) -> None:  # noqa: F811
    """Neither by key nor by mouse; what waits in the browser belongs to the newest page, and stays as it is."""
    runs = albums / ".album-sort" / "runs"
    newest = max(path.parent.name for path in runs.glob("*/report.jsonl"))
    earlier = "20250101-000000-0000"
    page.evaluate(
        "albumSort.photos.load().then(() => albumSort.fixes.belongsTo([albumSort.photos.idOf(0)], 'farm-animals'))"
    )
    waiting = page.evaluate("JSON.stringify(localStorage)")
    assert "farm-animals" in waiting
    shutil.copytree(runs / newest, runs / earlier)
    try:
        page.goto(f"{server.address}/runs/{earlier}#/all")
        page.locator(".photos .frame").first.focus()
        page.keyboard.press("x")
        page.locator(".photos .frame").nth(1).click(modifiers=["Shift"])
        page.locator("#viewer[open] .about-photo").click()
        playwright.expect(page.locator("#viewer dl").first).to_be_visible()
        assert page.locator(".tick, .fix, #ticked:visible, #pending:visible").count() == 0
        page.goto(f"{server.address}/runs/{earlier}#/review")
        page.locator("#view h1").wait_for()
        assert page.locator(".queue").count() == 0
        look_at(page)
        assert page.evaluate("JSON.stringify(localStorage)") == waiting
    finally:
        shutil.rmtree(runs / earlier)


def test_what_waits_changes_under_ones_eyes_and_speaks_one_language(chromium: Any, server: Running) -> None:
    """On the page of changes: one is removed, all are discarded, others come; the browser's language is not the albums'."""
    context = chromium.new_context(locale="zh-CN")
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto(f"{server.address}/?token={server.keys.token}")
    some = "albumSort.photos.load().then(() => albumSort.fixes.belongsTo([albumSort.photos.idOf(0)], 'farm-animals'))"
    page.goto(f"{server.address}/#/changes")
    page.locator("#view h1").wait_for()
    waiting, plan, add = (
        page.locator(".live-waiting li"),
        page.locator(".live-plan"),
        page.locator("#pending button.button"),
    )
    for title in ("One", "Food"):
        page.evaluate(some)
        add.click()
        playwright.expect(waiting).to_have_count(1)
        page.evaluate(BEGIN_ALBUM, title)
        page.evaluate("albumSort.router.refresh()")
        playwright.expect(waiting).to_have_count(2)
        if title == "One":
            waiting.nth(1).get_by_role("button").click()
            playwright.expect(waiting).to_have_count(1)
            page.get_by_role("button", name="Discard all").click()
            playwright.expect(waiting).to_have_count(0)
            playwright.expect(page.locator("#apply")).to_be_hidden()
    playwright.expect(plan.get_by_role("alert")).to_contain_text("Food")
    assert not any("\u4e00" <= one <= "\u9fff" for one in plan.get_by_role("alert").inner_text())
    page.get_by_role("button", name="Discard all").click()
    playwright.expect(waiting).to_have_count(0)
    context.close()


def test_what_cannot_be_the_name_of_a_folder_is_put_right_where_it_was_typed(page: Any, server: Running) -> None:
    page.goto(f"{server.address}/#/album/food")
    page.get_by_role("button", name="Rename").click()
    page.locator("#ask").fill("Coffee/Tea")
    page.keyboard.press("Enter")
    playwright.expect(page.locator(".live-ask [role=alert]")).to_contain_text("cannot be the name of a folder")
    look_at(page)
    assert page.locator("#ask").input_value() == "Coffee/Tea"
    page.locator("#ask").fill("Coffee and tea")
    page.keyboard.press("Enter")
    playwright.expect(page.locator(".live-waiting li")).to_have_count(1)
    assert page.locator("dialog.live-ask").count() == 0
    page.get_by_role("button", name="Discard all").click()
    playwright.expect(page.locator(".live-waiting li")).to_have_count(0)


def test_a_server_that_is_gone_is_told_where_its_progress_was(page: Any, server: Running) -> None:
    page.route("**/events", lambda route: route.abort())
    page.goto(f"{server.address}/#/changes")
    playwright.expect(page.locator(".live-job [role=alert]")).to_have_text(web_words("en").text("live_gone"))


def test_a_job_that_nobody_saw_running_makes_another_page_too(page: Any) -> None:
    """A quick one begins and ends between two words of the server: the page's data is that of the run before all the same."""
    told = [{"number": number, "kind": "apply", "status": "done", "result": {"run": ""}} for number in (1, 2)]
    words = "".join(f"data: {json.dumps(one)}\n\n" for one in told)
    page.route("**/events", lambda route: route.fulfill(content_type="text/event-stream", body=words), times=1)
    with page.expect_event("load"):
        page.evaluate("location.hash = '#/changes'")


def test_a_page_that_was_open_while_others_sorted_makes_itself_anew(page: Any, server: Running) -> None:
    """Once: a server that goes on saying so is not asked for ever."""
    page.route("**/photos-0.json", lambda route: route.fulfill(status=410, body="{}"))
    page.goto(f"{server.address}/#/album/food")
    with page.expect_event("load"):
        page.evaluate("albumSort.source.load('photos-0').catch(() => null)")
    page.locator("#view .frame").first.wait_for()
    assert page.evaluate("albumSort.source.load('photos-0').then(() => 'there', () => 'not there')") == "not there"


def test_photos_are_ticked_moved_and_taken_back(page: Any, server: Running, albums: Path) -> None:  # noqa: F811
    before = tree(albums)
    page.goto(f"{server.address}/#/album/food")
    ticks = page.locator("#view .tick")
    ticks.first.wait_for(state="attached")
    for number in range(2):
        ticks.nth(number).dispatch_event("click")
    page.locator("#ticked select").select_option("pets")
    page.locator("#pending button.button").click()
    apply = page.locator("#apply")
    playwright.expect(apply).to_be_visible()
    look_at(page)
    assert tree(albums) == before
    apply.click()
    undo = page.locator("#undo")
    undo.wait_for()
    assert sum("Pets/" in name for name in tree(albums)) == 4
    undo.click()
    # This first: "done" is what the page says of the job before, too.
    playwright.expect(undo).to_have_count(0)
    playwright.expect(page.locator(".live-job")).to_contain_text("done")
    assert tree(albums) == before
