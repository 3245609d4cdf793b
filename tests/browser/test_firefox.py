"""The essential path in Firefox: the pages open without a complaint, and photos are looked at, found, corrected and taken back."""

from __future__ import annotations

import base64
import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import pictures
from tests.browser.firefox import FIREFOX, FirefoxTab, running_firefox
from tests.builders import picture_jpeg
from tests.serve_server import Running
from tests.served_albums import SURE, UNSURE, all_files, served

SHOWN = """(() => {
  const shown = [...document.querySelectorAll("#view .photo img")];
  return shown.length > 5 && shown.every((one) => one.naturalWidth);
})()"""
SHARP = "document.querySelector('#viewer[open] .picture.is-sharp img.full')?.naturalWidth"

DROP = """(async (files) => {
  const transfer = new DataTransfer();
  for (const [name, text] of files) transfer.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name));
  for (const type of ["dragenter", "dragover", "drop"]) {
    dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
  }
})"""


@pytest.fixture(scope="module")
def firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FirefoxTab]:
    if FIREFOX is None:
        pytest.skip("no Firefox on this machine: apt-get install firefox-esr, or name one in ALBUM_SORT_FIREFOX")
    if importlib.util.find_spec("websockets") is None:
        pytest.skip("websockets drives Firefox: pip install album-sort[browser]")
    with running_firefox(FIREFOX, tmp_path_factory.mktemp("firefox")) as tab:
        tab.size(1280, 900)
        yield tab


@pytest.fixture
def tab(firefox: FirefoxTab) -> Iterator[FirefoxTab]:
    """A tab of which nobody complains in the end."""
    firefox.complaints.clear()
    yield firefox
    assert firefox.complaints == []


@pytest.fixture(scope="module")
def server(many_albums: Path, session_cache: Path) -> Iterator[Running]:
    with served(many_albums, session_cache) as running:
        yield running


@pytest.mark.parametrize("kind", ["made_library", "parted_library"])
def test_a_report_is_looked_at_and_searched_from_the_disk(
    tab: FirefoxTab, kind: str, request: pytest.FixtureRequest
) -> None:
    address = request.getfixturevalue(kind).as_uri()
    tab.go(f"{address}#/all")
    tab.until(SHOWN)
    tab.evaluate("document.getElementById('search').focus()")
    tab.press(*"rome")
    tab.until("location.hash.includes('q=rome')")
    tab.until("document.querySelector('#view .viewhead').innerText.includes('of')")
    tab.go(f"{address}#/album/food?camera=Canon+EOS+700D")
    tab.until(SHOWN)
    tab.click("#view .frame")
    tab.until("document.querySelector('#viewer[open] .picture img')?.naturalWidth")
    first = tab.text("#viewer .where")
    tab.press("ArrowRight")
    tab.until(f"document.querySelector('#viewer .where').innerText !== {first!r}")
    tab.press("Escape")
    tab.until("!document.getElementById('viewer').open")


def test_a_review_from_the_disk_ends_in_one_command(tab: FirefoxTab, made_library: Path) -> None:
    tab.go(f"{made_library.as_uri()}#/review")
    tab.until("document.querySelector('.queue .choices')")
    tab.press("1", "2", "u", "1", " ")
    tab.until("document.querySelector('#pending .count')?.innerText.startsWith('2 ')")
    tab.click("#pending .button")
    tab.until("document.querySelector('#result[open] .line')?.innerText.includes('--now')")
    tab.press("Escape")
    tab.evaluate("localStorage.clear()")


def test_served_photos_are_seen_corrected_and_taken_back(tab: FirefoxTab, server: Running, many_albums: Path) -> None:
    before = all_files(many_albums)
    tab.go(f"{server.address}/?token={server.keys.token}")
    assert "token" not in str(tab.evaluate("location.href"))
    tab.go(f"{server.address}/#/album/food?q=cup&year=2024")
    tab.until(SHOWN)
    tab.click("#view .frame")
    tab.until(SHARP)
    tab.press("ArrowRight", "Escape")
    tab.until("!document.getElementById('viewer').open")
    tab.click("#view .tick")
    tab.click("#view .tick", SURE - 1, with_shift=True)
    tab.until(f"document.querySelector('#ticked .count')?.innerText.startsWith('{SURE}')")
    tab.choose("#ticked select", "pets")
    tab.go(f"{server.address}/#/review")
    tab.until("document.querySelector('.queue .choices')")
    tab.press(*"1" * UNSURE)
    tab.until(f"document.querySelector('#pending .count').innerText.startsWith('{SURE + UNSURE} ')")
    tab.click("#pending button.button")
    tab.until("document.querySelector('#apply:not([hidden])')")
    assert all_files(many_albums) == before
    tab.click("#apply")
    tab.until("document.getElementById('undo')")
    after = all_files(many_albums)
    assert len(before.keys() - after.keys()) == SURE + UNSURE
    tab.click("#undo")
    tab.until("!document.getElementById('undo') && document.querySelector('.live-job')?.innerText.includes('done')")
    assert all_files(many_albums) == before


def test_the_page_at_the_top_leads_on_with_all_that_its_address_says(tab: FirefoxTab, many_albums: Path) -> None:
    tab.go(f"{(many_albums / 'album-report.html').as_uri()}#/album/food?year=2024")
    tab.until("location.href.endsWith('/report.html#/album/food?year=2024')")
    tab.until(SHOWN)


def test_dropped_pictures_are_answered(tab: FirefoxTab, server: Running) -> None:
    tab.go(f"{server.address}/drop")
    files = [[f"{n}.jpg", base64.b64encode(picture_jpeg(pictures.coffee()[n::2, ::2])).decode()] for n in range(3)]
    tab.evaluate(f"{DROP}({files})")
    tab.until("document.querySelectorAll('.card').length === 3")
    tab.until("!document.querySelector('.card.busy')")
    assert tab.count(".card .bars") == 3
    assert tab.count(".card img") == 3
