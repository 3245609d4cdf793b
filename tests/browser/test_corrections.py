"""Putting photos right: the queue, ticks on the wall, and one command for all of it."""

from __future__ import annotations

import dataclasses
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from album_sort.types import AlbumId, PhotoRow
from tests.browser.conftest import OpenPage, Watched
from tests.browser.hostile import HOSTILE
from tests.browser.libraries import write
from tests.report_builders import INFO, photo_row

needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="no bash on this machine")


def unsure(names: Iterable[str]) -> list[PhotoRow]:
    """Photos to review, each with two guesses."""
    return [
        dataclasses.replace(
            photo_row(name, album="review", title="Review", sha256=f"{number + 1:064x}"[::-1], taken=None),
            scores=((AlbumId("pets"), 0.4), (AlbumId("wildlife"), 0.3)),
        )
        for number, name in enumerate(names)
    ]


def command_of(watched: Watched) -> str:
    """The one command that the bar at the bottom offers."""
    watched.page.locator("#pending .button").click()
    watched.page.wait_for_selector("#result[open] .line")
    [line] = watched.page.locator("#result .line").all_text_contents()
    watched.page.keyboard.press("Escape")
    return str(line)


def carried_out(command: str) -> dict[str, set[str]]:
    """The photos that each album gets when a person pastes this."""
    script = 'album-sort() { printf "%s\\0" "" "$@"; }\n' + command
    result = subprocess.run(["bash", "-c", script], stdout=subprocess.PIPE, check=True, env={"LC_ALL": "C.UTF-8"})
    found: dict[str, set[str]] = {}
    for call in os.fsdecode(result.stdout).removeprefix("\0").removesuffix("\0").split("\0\0"):
        verb, *words = call.split("\0")
        at = words.index("--album")
        assert verb == "fix"
        assert words[at + 2 :] == ["--out", INFO.destination, "--now"]
        found.setdefault(words[at + 1], set()).update(words[:at])
    return found


@needs_bash
def test_the_queue_puts_forty_photos_right_with_a_key_each(tmp_path: Path, open_page: OpenPage) -> None:
    rows = unsure(f"/in/{n:02}.jpg" for n in range(40))
    watched = open_page(width=1440)
    watched.show(write(tmp_path / "report.html", rows), "#/review")
    page = watched.page
    page.wait_for_selector(".queue .albums button")
    albums = page.locator(".queue .albums button").all_inner_texts()
    assert [" ".join(text.split()) for text in albums] == ["1 Pets 40%", "2 Wildlife 30%", "3 Home"]
    assert page.inner_text(".queue .progress .number") == "1 of 40"
    for number in range(40):
        page.keyboard.press("1" if number % 4 else "2")
    page.wait_for_selector(".finished .line")
    fixed = carried_out(str(page.text_content(".finished .line")))
    assert {album: len(photos) for album, photos in fixed.items()} == {"wildlife": 10, "pets": 30}
    assert "40 corrections" in page.inner_text("#pending")


@needs_bash
def test_a_key_takes_back_another_skips_and_nothing_is_lost(tmp_path: Path, open_page: OpenPage) -> None:
    rows = unsure(f"/in/{n}.jpg" for n in range(3))
    path = write(tmp_path / "report.html", rows)
    watched = open_page(width=1440)
    watched.show(path, "#/review")
    page = watched.page
    page.wait_for_selector(".queue .albums button")
    page.keyboard.press("1")
    page.wait_for_selector(".queue .progress .number:text-is('2 of 3')")
    page.keyboard.press("u")
    page.wait_for_selector(".queue .progress .number:text-is('1 of 3')")
    assert not page.is_visible("#pending")
    for key in (" ", "2", " "):
        page.keyboard.press(key)
    page.wait_for_selector(".finished")
    assert carried_out(command_of(watched)) == {"wildlife": {"/in/1.jpg"}}
    page.goto("about:blank")
    page.goto(path.as_uri() + "#/review")
    page.wait_for_selector(".queue .albums button")
    # closing the page loses none
    watched.until("document.querySelector('#pending').innerText.includes('1 correction')")
    page.get_by_role("button", name="Discard").click()
    assert not page.is_visible("#pending")
    watched.show(write(tmp_path / "sure.html", [photo_row("/in/sure.jpg")]), "#/review")
    page.wait_for_selector(".finished h2:text-is('Nothing to review: every photo found its album.')")
    assert page.locator(".finished button").count() == 0, "nothing to begin again with"


@needs_bash
def test_a_cover_is_chosen_in_the_viewer_and_part_of_the_one_command(made_library: Path, open_page: OpenPage) -> None:
    watched = open_page(width=1440)
    watched.show(made_library, "#/album/pets")
    page = watched.page
    page.locator(".photos .frame").first.click()
    page.locator("#viewer .about-photo").click()
    cover = page.get_by_role("button", name="Use as cover")
    for number in (1, 2):
        page.wait_for_selector(f"#viewer .where .number:text-matches('^{number} of')")
        cover.click()
        assert cover.get_attribute("aria-pressed") == "true"
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    assert "1 correction" in page.inner_text("#pending"), "an album has one"
    page.locator("#pending .button").click()
    page.wait_for_selector("#result[open] .line")
    words = shlex.split(str(page.text_content("#result .line")))
    assert words[:4] == ["album-sort", "albums", "cover", "pets"]
    assert words[-2:] == ["--out", INFO.destination]
    watched.show(made_library, "#/album/pets")
    # closing the page loses none
    watched.until("document.querySelector('#pending').innerText.includes('1 correction')")
    page.get_by_role("button", name="Discard").click()
    assert not page.is_visible("#pending")


@needs_bash
def test_ticks_click_shift_and_one_choice_for_all(made_library: Path, open_page: OpenPage) -> None:
    watched = open_page(width=1440)
    watched.show(made_library, "#/album/food")
    page = watched.page
    page.locator(".photos .photo").first.hover()
    page.locator(".photos .tick").first.click()
    page.locator(".photos .frame").nth(9).click(modifiers=["Shift"])
    assert page.inner_text("#ticked .count") == "10 ticked"
    page.locator(".photos .frame").nth(2).click()
    assert page.inner_text("#ticked .count") == "9 ticked", "while photos are ticked a click ticks"
    page.locator("#ticked select").select_option(label="Wildlife")
    assert not page.is_visible("#ticked")
    watched.until("document.querySelectorAll('.photos .moves').length === 9")
    [(album, photos)] = carried_out(command_of(watched)).items()
    assert (album, len(photos)) == ("wildlife", 9)
    page.get_by_role("button", name="Discard").click()
    watched.until("document.querySelectorAll('.photos .moves').length === 0")


def test_a_drag_from_a_tick_ticks_what_it_passes(made_library: Path, open_page: OpenPage) -> None:
    watched = open_page(width=1440)
    watched.show(made_library, "#/album/food")
    page = watched.page
    first, fifth = (page.locator(".photos .photo").nth(number).bounding_box() for number in (0, 4))
    page.mouse.move(first["x"] + 18, first["y"] + 18)
    page.mouse.down()
    page.mouse.move(fifth["x"] + 30, fifth["y"] + 30, steps=6)
    page.mouse.up()
    assert page.inner_text("#ticked .count") == "5 ticked"
    page.get_by_role("button", name="Untick", exact=True).click()
    assert not page.is_visible("#ticked")


def test_ticks_with_the_keyboard_and_a_long_touch(made_library: Path, open_page: OpenPage) -> None:
    watched = open_page(width=1440)
    watched.show(made_library, "#/album/pets")
    page = watched.page
    page.locator(".photos .frame[tabindex='0']").focus()
    page.keyboard.press("x")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    assert page.inner_text("#ticked .count") == "4 ticked"
    page.keyboard.press("Escape")
    assert not page.is_visible("#ticked")
    phone = open_page(width=390, height=844, has_touch=True)
    phone.show(made_library, "#/album/pets")
    box = phone.page.locator(".photos .frame").nth(1).bounding_box()
    session = phone.page.context.new_cdp_session(phone.page)
    point = {"x": box["x"] + 40, "y": box["y"] + 40}
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    phone.page.wait_for_selector("#ticked .count:text-is('1 ticked')")
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    phone.page.locator(".photos .frame").nth(2).tap()
    assert phone.page.inner_text("#ticked .count") == "2 ticked"
    assert not phone.page.is_visible("#viewer")


@needs_bash
def test_the_command_names_exactly_the_photos_whatever_they_are_called(tmp_path: Path, open_page: OpenPage) -> None:
    odd = ("it's.jpg", "a b.jpg", "-rf", "~/x.jpg", "$HOME.jpg", "\\n.jpg")
    names = [text.replace("\0", "") for text in (*HOSTILE, *odd)]
    watched = open_page()
    info = dataclasses.replace(INFO, albums=(*INFO.albums, (AlbumId("it's $(touch x); &"), "Ours")))
    watched.show(write(tmp_path / "report.html", unsure(names), info=info), "#/review?as=wall")
    page = watched.page
    page.locator(".photos .frame").first.focus()
    page.keyboard.press("x")
    page.keyboard.press("Shift+End")
    assert page.inner_text("#ticked .count") == f"{len(names)} ticked"
    page.locator("#ticked select").select_option("pets")
    # an album of one's own may have any name, too
    page.evaluate("albumSort.fixes.belongsTo([albumSort.photos.idOf(0)], 'it\\'s $(touch x); &')")
    fixed = carried_out(command_of(watched))
    assert set(fixed) == {"pets", "it's $(touch x); &"}
    assert fixed["pets"] | fixed["it's $(touch x); &"] == {os.path.join(os.getcwd(), name) for name in names}
    assert watched.complaints == []


def test_one_photo_has_its_line_in_the_viewer(made_library: Path, open_page: OpenPage) -> None:
    watched = open_page()
    watched.show(made_library, "#/album/pets")
    page = watched.page
    page.locator(".photos .frame").first.click()
    page.keyboard.press("i")
    page.get_by_label("Wrong album?").select_option(label="Wildlife")
    page.wait_for_selector("#viewer .line")
    line = page.inner_text("#viewer .line")
    assert line.startswith("album-sort fix '/home/anna/Photos/IMG_00")
    assert line.endswith("--album wildlife --out '/home/anna/My Albums' --now")
    page.get_by_role("button", name="Take back").click()
    assert page.locator("#viewer .line").count() == 0


def test_where_a_server_is_behind_the_page_it_takes_the_corrections(made_library: Path, open_page: OpenPage) -> None:
    """`window.albumSortLive` is all that tells a live page from a static one."""
    watched = open_page(width=1440)
    watched.page.add_init_script(
        """window.albumSortLive = {
          fix: async (changes) => { window.taken = changes; },
          photoActions: [{ label: "Keep out", run: async (ids) => { window.out = ids; } }],
          links: [{ label: "Upload", href: "#/upload" }],
          views: { upload: (target) => { target.textContent = "Drop photos here"; } },
        };"""
    )
    watched.show(made_library, "#/album/pets")
    page = watched.page
    page.locator(".photos .photo").first.hover()
    page.locator(".photos .tick").first.click()
    page.get_by_role("button", name="Keep out").click()
    watched.until("window.out?.length === 1 && window.out[0].length === 16")
    page.locator(".photos .photo").first.hover()
    page.locator(".photos .tick").first.click()
    page.locator("#ticked select").select_option("wildlife")
    page.get_by_role("button", name="Apply").click()
    watched.until("window.taken?.[0].album === 'wildlife'")
    watched.until("document.getElementById('pending').hidden")
    page.click("nav >> text=Upload")
    page.wait_for_selector("text=Drop photos here")
