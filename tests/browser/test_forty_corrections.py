"""Forty photos are corrected in a browser as a person would: few actions, little time, and all of it can be taken back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.builders import read_tree
from tests.serve_server import Running
from tests.served_albums import all_files, served

playwright = pytest.importorskip("playwright.sync_api")

MOST_ACTIONS = 60
MOST_SECONDS = 120


@dataclass
class Hand:
    """Someone at the page; every key, click and choice is an action."""

    page: Any
    actions: int = 0

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.actions += 1

    def click(self, what: Any, **how: Any) -> None:
        what.click(**how)
        self.actions += 1

    def choose(self, album: str) -> None:
        """Where all that is ticked belongs."""
        self.page.locator("#ticked select").select_option(album)
        self.actions += 1

    def apply(self) -> None:
        """Looks at the plan, and has it carried out."""
        self.click(self.page.locator("#pending button.button"))
        self.click(self.page.locator("#apply"))
        self.page.locator("#undo").wait_for()

    def undo(self) -> None:
        """Takes it back, and waits for the page to have it."""
        self.click(self.page.locator("#undo"))
        playwright.expect(self.page.locator("#undo")).to_have_count(0)
        playwright.expect(self.page.locator(".live-job")).to_contain_text("done")


@pytest.fixture(scope="module")
def server(many_albums: Path, session_cache: Path) -> Iterator[Running]:
    with served(many_albums, session_cache) as running:
        yield running


@pytest.fixture
def hand(chromium: Any, server: Running) -> Iterator[Hand]:
    """At a page in which nothing goes wrong."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(60_000)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"{server.address}/?token={server.keys.token}")
    yield Hand(page)
    context.close()
    assert faults == []


def in_review_queue(hand: Hand, count: int) -> None:
    """So many photos get the first album that is offered."""
    hand.click(hand.page.locator("#overview a[href='#/review']").first)
    hand.page.locator(".queue .choices").wait_for()
    for _ in range(count):
        hand.press("1")
    playwright.expect(hand.page.locator("#pending .count")).to_contain_text(str(count))


def in_album(hand: Hand, count: int, album: str) -> None:
    """The first so many photos of an album belong to another one: the first and the last are ticked."""
    ticks = hand.page.locator("#view .tick")
    ticks.first.wait_for(state="attached")
    hand.click(ticks.first, force=True)
    hand.click(ticks.nth(count - 1), force=True, modifiers=["Shift"])
    playwright.expect(hand.page.locator("#ticked .count")).to_contain_text(str(count))
    hand.choose(album)


def test_forty_photos_are_corrected_in_sixty_actions_and_taken_back(hand: Hand, many_albums: Path) -> None:
    before, sources = all_files(many_albums), read_tree(many_albums.parent / "photos")
    began = time.monotonic()
    in_review_queue(hand, 26)
    hand.click(hand.page.locator("a.brand"))
    hand.click(hand.page.locator("#overview a[href='#/album/food']").first)
    in_album(hand, 14, "pets")
    hand.apply()
    after = all_files(many_albums)
    assert len(before.keys() - after.keys()) == 40, "forty photos lie elsewhere"
    assert hand.actions <= MOST_ACTIONS
    assert time.monotonic() - began < MOST_SECONDS
    hand.undo()
    assert all_files(many_albums) == before
    assert read_tree(many_albums.parent / "photos") == sources


@pytest.mark.long
def test_forty_photos_at_once_are_five_actions(hand: Hand, many_albums: Path) -> None:
    before = all_files(many_albums)
    hand.page.evaluate("albumSort.router.go('#/all')")
    in_album(hand, 40, "pets")
    hand.apply()
    assert len(before.keys() - all_files(many_albums).keys()) == 40
    assert hand.actions == 5
    hand.undo()
    assert all_files(many_albums) == before
