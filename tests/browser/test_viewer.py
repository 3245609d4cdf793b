"""One photo as large as the screen, with everything that is known of it."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
from pathlib import Path

import pytest

from album_sort.types import AlbumRelPath, TakenRow, TimeSource
from tests.browser.conftest import OpenPage, Watched
from tests.browser.libraries import START, filed, picture, write
from tests.report_builders import INFO, photo_row

NAMES = ("a.jpg", "b.jpg", "ä b #1?.jpg", "d.jpg")
SHARP = "document.querySelector('.stage .full')?.naturalWidth === 1600"


@pytest.fixture(scope="module")
def albums(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Albums with four photos of 1600 x 1200 pixels and the page where a run leaves it."""
    folder = tmp_path_factory.mktemp("albums")
    info = dataclasses.replace(INFO, destination=str(folder))
    return write(folder / ".album-sort" / "runs" / "r" / "report.html", filed(folder, NAMES), info=info)


def opened(watched: Watched, page: Path, number: int = 0) -> Watched:
    watched.show(page, "#/album/pets")
    watched.page.locator(".photos .frame").nth(number).click()
    watched.page.wait_for_selector("#viewer[open] .stage > *")
    return watched


def shown(watched: Watched) -> str:
    title: str = watched.page.text_content("#viewer-title")
    return title


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_the_photo_itself_is_as_large_as_the_screen(width: int, height: int, albums: Path, open_page: OpenPage) -> None:
    watched = opened(open_page(width=width, height=height), albums)
    watched.until(SHARP)
    box = watched.page.locator(".stage .picture").bounding_box()
    assert box["width"] >= width - 1 or box["height"] >= (height - 60) * 0.98
    assert watched.complaints == []
    assert watched.network_requests() == []


def test_a_name_of_any_kind_has_an_address(albums: Path, open_page: OpenPage) -> None:
    watched = opened(open_page(), albums, 2)
    assert shown(watched) == NAMES[2]
    watched.until(SHARP)


def test_keys_and_buttons_go_on_and_back_closes(albums: Path, open_page: OpenPage) -> None:
    watched = opened(open_page(), albums)
    page = watched.page
    assert shown(watched) == NAMES[0]
    for key, name in (("ArrowRight", 1), ("End", 3), ("ArrowLeft", 2), ("Home", 0)):
        page.keyboard.press(key)
        assert shown(watched) == NAMES[name], key
    page.locator("#viewer .next").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert shown(watched) == NAMES[2], "the button keeps the focus"
    address = page.url
    assert "photo=" in address
    page.keyboard.press("Escape")
    page.wait_for_selector("#viewer", state="hidden")
    watched.until("!location.hash.includes('photo=')")
    label = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert label.startswith("Show "), "focus comes back to the photo"
    page.goto("about:blank")
    page.goto(address)
    page.wait_for_selector("#viewer[open]")
    assert shown(watched) == NAMES[2], "an address shows the same again"
    page.keyboard.press("Escape")
    page.wait_for_selector("h1 bdi:text-is('Pets')")
    page.locator(".photos .frame").first.click()
    page.wait_for_selector("#viewer[open]")
    page.go_back()
    page.wait_for_selector("#viewer", state="hidden")
    assert page.url.endswith("#/album/pets")


def zoom_of(watched: Watched) -> float:
    scale: float = watched.page.evaluate(
        "new DOMMatrix(getComputedStyle(document.querySelector('.stage .picture')).transform).a"
    )
    return scale


def test_it_zooms_with_keys_wheel_and_buttons_and_moves(albums: Path, open_page: OpenPage) -> None:
    watched = opened(open_page(), albums)
    page = watched.page
    watched.until(SHARP)
    page.keyboard.press("+")
    assert zoom_of(watched) == pytest.approx(1.5)
    page.keyboard.press("0")
    assert zoom_of(watched) == 1
    page.mouse.move(400, 400)
    page.mouse.wheel(0, -400)
    watched.until("new DOMMatrix(getComputedStyle(document.querySelector('.stage .picture')).transform).a > 2")
    before = page.evaluate("new DOMMatrix(getComputedStyle(document.querySelector('.stage .picture')).transform).e")
    page.mouse.down()
    page.mouse.move(300, 380, steps=3)
    page.mouse.up()
    after = page.evaluate("new DOMMatrix(getComputedStyle(document.querySelector('.stage .picture')).transform).e")
    assert after == pytest.approx(before - 100, abs=2)
    page.keyboard.press("-")
    page.get_by_role("button", name="Zoom out").click()
    page.get_by_role("button", name="Zoom out").click()
    assert zoom_of(watched) == 1, "no smaller than the screen"


def test_a_swipe_goes_on(albums: Path, open_page: OpenPage) -> None:
    watched = opened(open_page(width=390, height=844, has_touch=True), albums)
    session = watched.page.context.new_cdp_session(watched.page)
    for kind, x in (("touchStart", 300), ("touchMove", 200), ("touchMove", 80), ("touchEnd", None)):
        points = [] if x is None else [{"x": x, "y": 400}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    watched.until(f"document.getElementById('viewer-title').textContent === '{NAMES[1]}'")


def test_two_fingers_zoom(albums: Path, open_page: OpenPage) -> None:
    watched = opened(open_page(width=390, height=844, has_touch=True), albums)
    watched.until(SHARP)
    session = watched.page.context.new_cdp_session(watched.page)
    for kind, apart in (("touchStart", 40), ("touchMove", 60), ("touchMove", 120)):
        points = [{"x": 195 - apart, "y": 400, "id": 0}, {"x": 195 + apart, "y": 400, "id": 1}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert zoom_of(watched) > 1.5


def test_what_is_known_of_it_is_a_key_away(albums: Path, open_page: OpenPage) -> None:
    watched = opened(open_page(), albums)
    page = watched.page
    assert not page.is_visible("#viewer .details")
    page.keyboard.press("i")
    page.wait_for_selector("#viewer .details dl")
    said = " ".join(page.inner_text("#viewer .details").split())
    for part in ("a.jpg", "Dec 26, 2025", "+09:00", "Niseko, Japan", "Pets 93% sure", "2025-12 Niseko, Japan", "tabby speaks for Pets",
                 "tabby 61%", "tiger cat 20%", "Apple iPhone 12", "1600 × 1200", "/in/a.jpg", "Pets/a.jpg"):  # fmt: skip
        assert part in said, part
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("#viewer .details .title bdi:text-is('b.jpg')")
    page.keyboard.press("i")
    assert not page.is_visible("#viewer .details")


def test_a_date_that_only_the_file_has_is_not_shown_as_the_day_of_the_photo(
    tmp_path: Path, open_page: OpenPage
) -> None:
    copied = dataclasses.replace(photo_row(), taken=TakenRow(START, None, TimeSource.MTIME, "second"))
    watched = opened(
        open_page(), write(tmp_path / "report.html", [copied], info=dataclasses.replace(INFO, is_preview=True))
    )
    assert watched.page.inner_text(".photos h2") == "undated"
    watched.page.keyboard.press("i")
    watched.page.wait_for_selector("#viewer .details dl")
    assert "undated the file itself is of Dec 26, 2025" in " ".join(watched.page.inner_text("#viewer").split())


def kinds_of_files(tmp_path: Path) -> Path:
    """A HEIC with a preview, one without, and a photo that is not there."""
    info = dataclasses.replace(INFO, destination=str(tmp_path))
    with_preview, without, gone = "11" * 32, "22" * 32, "33" * 32
    address = f".album-sort/previews/11/{with_preview}.jpg"
    kept = tmp_path / address
    kept.parent.mkdir(parents=True)
    kept.write_bytes(picture(with_preview, (1600, 1200)))
    rows = [
        dataclasses.replace(photo_row(f"/in/{name}", sha256=sha256), path=AlbumRelPath(f"Pets/{name}"))
        for name, sha256 in (("kept.heic", with_preview), ("bare.heic", without), ("gone.jpg", gone))
    ]
    rows[0] = dataclasses.replace(rows[0], preview=address)
    return write(tmp_path / "report.html", rows, info=info)


def test_what_no_browser_shows_has_its_preview_or_its_small_picture(tmp_path: Path, open_page: OpenPage) -> None:
    page_path = kinds_of_files(tmp_path)
    watched = open_page()
    watched.show(page_path, f"#/all?photo={'11' * 8}")
    watched.until(SHARP)
    for sha256, sentence in (
        ("22" * 8, "No browser shows this kind of file"),
        ("33" * 8, "The photo is not where the albums are"),
    ):
        watched.show(page_path, f"#/all?photo={sha256}")
        watched.page.wait_for_selector(".stage .told")
        assert sentence in watched.page.inner_text(".stage .told")
        watched.until("document.querySelector('.stage img')?.naturalWidth === 320")
        width = watched.page.eval_on_selector(".stage img", "one => one.clientWidth")
        assert 0 < width <= 320, "never blown up"


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no ffmpeg on this machine to make a film with")
def test_a_film_plays_and_has_its_own_first_frame(tmp_path: Path, open_page: OpenPage) -> None:
    (tmp_path / "Videos").mkdir()
    for name, codec in (("film.webm", "libvpx"), ("old.avi", "mpeg4")):
        call = [
            "ffmpeg",
            "-v",
            "error",
            "-f",
            "lavfi",
            "-i",
            "testsrc=d=1:s=160x120:r=5",
            "-c:v",
            codec,
            str(tmp_path / "Videos" / name),
        ]
        if subprocess.run(call, check=False).returncode:
            pytest.skip(f"this ffmpeg makes no {codec}")
    rows = [
        photo_row(f"/in/{name}", sha256=f"{n:02x}" * 32, album="videos")
        for n, name in ((1, "film.webm"), (2, "old.avi"))
    ]
    rows = [dataclasses.replace(row, path=AlbumRelPath(f"Videos/{row.source[4:]}")) for row in rows]
    info = dataclasses.replace(INFO, destination=str(tmp_path))
    page_path = write(tmp_path / "report.html", rows, info=info)
    watched = open_page()
    watched.show(page_path, f"#/all?photo={'01' * 8}")
    watched.until("document.querySelector('#viewer video')?.videoWidth === 160")
    assert watched.page.get_attribute("#viewer video", "poster")
    watched.page.evaluate("document.querySelector('#viewer video').play()")
    watched.until("document.querySelector('#viewer video').currentTime > 0")
    watched.show(page_path, f"#/all?photo={'02' * 8}")
    watched.page.wait_for_selector(".told:has-text('cannot play')")
    assert watched.page.locator(".photos .film").count() == 2, "a mark on the wall"


def test_a_report_parted_from_its_folder_says_so(parted_library: Path, tmp_path: Path, open_page: OpenPage) -> None:
    shutil.copy(parted_library, tmp_path / "report.html")
    watched = open_page()
    watched.show(tmp_path / "report.html", "#/album/pets")
    assert "Keep report.html and its folder together" in watched.page.inner_text("main")
