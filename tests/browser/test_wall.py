"""The wall, the filters and the search: pictures first, and every state of it in the address."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from album_sort.types import AlbumId, PhotoRow, ReportRow, RowAction
from tests.browser.conftest import OpenPage
from tests.browser.libraries import library, write, years
from tests.report_builders import photo_row

IN_VIEW = """[...document.querySelectorAll('.photos .photo')].filter((one) => {
  const { top, bottom } = one.getBoundingClientRect();
  return bottom > 0 && top < window.innerHeight;
}).length"""
LEAD = ".viewhead .lead"


@pytest.fixture(scope="module")
def long_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three thousand photos of eight years."""
    return write(tmp_path_factory.mktemp("long") / "report.html", years(3000), inline_limit_bytes=0)


def shown(rows: Iterable[ReportRow]) -> list[PhotoRow]:
    """What is on walls: duplicates are another photo's content."""
    return [row for row in rows if isinstance(row, PhotoRow) and row.action is not RowAction.DUPLICATE]


def names_in_order(page: object) -> list[str]:
    """File names of the tiles, as they stand on the wall."""
    assert hasattr(page, "evaluate")
    found: list[str] = page.evaluate(
        """[...document.querySelectorAll('.photos .photo')]
        .sort((a, b) => a.offsetTop - b.offsetTop || a.offsetLeft - b.offsetLeft)
        .map((one) => one.querySelector('.frame').getAttribute('aria-label'))"""
    )
    return found


def test_a_large_screen_shows_forty_to_sixty_photos(long_library: Path, open_page: OpenPage) -> None:
    watched = open_page(width=1440, height=900)
    watched.show(long_library, "#/all")
    assert 40 <= watched.page.evaluate(IN_VIEW) <= 60


def test_a_phone_shows_three_a_row(long_library: Path, open_page: OpenPage) -> None:
    watched = open_page(width=390, height=844)
    watched.show(long_library, "#/album/pets")
    tops = watched.page.eval_on_selector_all(".photos .photo", "all => all.map((one) => one.offsetTop)")
    assert max(tops.count(top) for top in tops) == 3
    assert sum(tops.count(top) == 3 for top in set(tops)) > len(set(tops)) * 0.6


def test_rows_fill_the_width_and_no_photo_is_stretched(made_library: Path, open_page: OpenPage) -> None:
    watched = open_page(width=1440)
    watched.show(made_library, "#/album/food")
    tiles = watched.page.eval_on_selector_all(
        ".photos .photo", "all => all.map((one) => [one.offsetTop, one.offsetLeft + one.offsetWidth, one.offsetWidth / one.offsetHeight])"
    )  # fmt: skip
    width = watched.page.evaluate("document.querySelector('.photos').clientWidth")
    ends = {top: max(right for other, right, _ in tiles if other == top) for top, _, _ in tiles}
    months = watched.page.locator(".photos h2").count()
    assert sum(abs(end - width) <= 2 for end in ends.values()) >= len(ends) - months, "all but the last of a long month"
    assert all(min(abs(ratio - 4 / 3), abs(ratio - 3 / 4)) < 0.03 for _, _, ratio in tiles)


def test_only_what_is_near_the_screen_is_in_the_document(long_library: Path, open_page: OpenPage) -> None:
    watched = open_page(width=1440)
    watched.show(long_library, "#/all")
    page = watched.page
    assert page.inner_text(LEAD) == "3,000 photos"
    for share in (0, 0.5, 1):
        page.evaluate(f"window.scrollTo(0, document.querySelector('.photos').offsetHeight * {share})")
        watched.until(f"{IN_VIEW} > 20")
        assert page.locator(".photos .photo").count() < 200
    watched.until("[...document.querySelectorAll('.photos .photo img')].every((one) => one.naturalWidth === 320)")
    assert page.locator(".scrubber").get_attribute("aria-valuetext") == "Oct 2017"


def test_what_is_on_the_screen_gets_its_picture_first(long_library: Path, open_page: OpenPage) -> None:
    """A wall draws around the screen, too: after a leap that must not come before what somebody looks at."""
    watched = open_page(width=1440, height=900)
    watched.show(long_library, "#/all")
    watched.requests.clear()
    watched.page.evaluate("""async () => {
      const each = albumSort.page.packThumbnails;
      const wish = (n) => albumSort.source.thumbnail({ position: (200 + n) * each }, () => true, () => n === 3 || n === 5);
      await Promise.all([...Array(20).keys()].map(wish));
    }""")
    packs = [address.rpartition("/")[2] for address in watched.requests if "thumbnails-" in address]
    assert packs[:4] == ["thumbnails-205.js", "thumbnails-203.js", "thumbnails-219.js", "thumbnails-218.js"]


def test_the_scrubber_leads_to_a_month_with_pointer_and_keyboard(long_library: Path, open_page: OpenPage) -> None:
    watched = open_page(width=1440)
    watched.show(long_library, "#/all")
    page, scrubber = watched.page, watched.page.locator(".scrubber")
    assert scrubber.locator(".year").all_inner_texts()[:3] == ["2025", "2024", "2023"]
    box = scrubber.bounding_box()
    page.mouse.click(box["x"] + 10, box["y"] + box["height"] / 2)
    watched.until("document.querySelector('.scrubber').getAttribute('aria-valuetext').includes('2021')")
    assert page.evaluate("window.scrollY") > 1000
    before = scrubber.get_attribute("aria-valuenow")
    page.keyboard.press("ArrowDown")
    watched.until(f"document.querySelector('.scrubber').getAttribute('aria-valuenow') === '{int(before or 0) + 1}'")
    page.keyboard.press("Home")
    watched.until("document.querySelector('.scrubber').getAttribute('aria-valuetext') === 'Dec 2025'")
    assert page.locator(".photos h2").first.inner_text() == "Dec 2025"


def test_the_arrow_keys_go_over_the_wall(made_library: Path, open_page: OpenPage) -> None:
    watched = open_page(width=1440)
    watched.show(made_library, "#/album/food")
    page = watched.page
    page.locator(".photos .frame[tabindex='0']").focus()
    order = names_in_order(page)

    def focused() -> str:
        label: str = page.evaluate("document.activeElement.getAttribute('aria-label')")
        return label

    assert focused() == order[0]
    page.keyboard.press("ArrowRight")
    assert focused() == order[1]
    page.keyboard.press("ArrowDown")
    below = focused()
    assert below in order[5:], "in the row below"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    assert focused() == order[0]
    page.keyboard.press("End")
    watched.until("document.activeElement.matches('.photos .frame')")
    page.keyboard.press("Home")
    assert focused() == order[0]
    assert page.locator(".photos [tabindex='0']").count() == 1, "one stop for the Tab key"


def test_a_trip_has_its_days_from_the_first_on_and_its_own_map(made_library: Path, open_page: OpenPage) -> None:
    watched = open_page(width=1440)
    watched.show(made_library, "#/trip/0")
    page = watched.page
    assert page.locator(".photos h2").first.inner_text() == "Fri, Dec 26"
    assert "last winter in Japan" in page.inner_text(LEAD)
    watched.until("document.querySelectorAll('#view .map .marks a').length >= 1")
    # of its own towns, and the filter stays on the trip
    page.locator("#view .map .marks a").last.click()
    watched.until("document.querySelector('.viewhead .lead').textContent.includes(' of ')")
    assert "#/trip/0?" in page.url


def test_filters_have_counts_and_stand_in_the_address(made_library: Path, open_page: OpenPage) -> None:
    watched = open_page(width=1440)
    watched.show(made_library, "#/all")
    page = watched.page
    assert page.inner_text(LEAD) == "147 photos"
    canon = [row for row in shown(library()) if row.camera.startswith("Canon")]
    cameras = page.locator("select[aria-label='Camera'] option").all_inner_texts()
    assert cameras == ["Camera", f"Apple iPhone 12 ({147 - len(canon)})", f"Canon EOS 700D ({len(canon)})"]
    page.get_by_label("Camera", exact=True).select_option("Canon EOS 700D")
    page.wait_for_selector(f"{LEAD}:text-is('{len(canon)} of 147 photos')")
    assert "camera=Canon+EOS+700D" in page.url
    albums = page.locator("select[aria-label='Album'] option").all_inner_texts()
    of_each = Counter(row.title for row in canon).most_common()
    assert albums[1:] == [f"{title} ({count})" for title, count in of_each], "counted under the other filters"
    pets = dict(of_each)["Pets"]
    page.get_by_label("Album", exact=True).select_option("pets")
    page.wait_for_selector(f"{LEAD}:text-is('{pets} of 147 photos')")
    page.go_back()
    page.wait_for_selector(f"{LEAD}:text-is('{len(canon)} of 147 photos')")
    page.go_back()
    page.wait_for_selector(f"{LEAD}:text-is('147 photos')")
    page.go_forward()
    page.wait_for_selector(f"{LEAD}:text-is('{len(canon)} of 147 photos')")
    page.get_by_role("button", name="All again").click()
    page.wait_for_selector(f"{LEAD}:text-is('147 photos')")


@pytest.mark.parametrize(
    ("name", "address", "count"),
    [("Damaged (1)", "only=damaged", 1), ("Moved by hand (1)", "only=hand", 1), ("New (98)", "only=new", 98)],
)
def test_what_is_new_damaged_or_moved_is_a_click_away(
    name: str, address: str, count: int, made_library: Path, open_page: OpenPage
) -> None:
    watched = open_page(width=1440)
    watched.show(made_library, "#/all")
    watched.page.get_by_role("button", name=name, exact=True).click()
    watched.page.wait_for_selector(f"{LEAD}:text-is('{count} of 147 photos')")
    assert address in watched.page.url


def test_the_least_sure_come_first(tmp_path: Path, open_page: OpenPage) -> None:
    scores = (0.7, 0.95, 0.5)
    rows = [
        dataclasses.replace(photo_row(f"/in/{n}.jpg", sha256=f"{n:064x}"), scores=((AlbumId("pets"), score),), top=())
        for n, score in enumerate(scores)
    ]
    watched = open_page()
    watched.show(write(tmp_path / "report.html", rows), "#/album/pets")
    watched.page.get_by_role("button", name="Least sure first").click()
    watched.until("document.querySelectorAll('.photos h2').length === 3")
    assert [name.split()[1].rstrip(",") for name in names_in_order(watched.page)] == ["2.jpg", "0.jpg", "1.jpg"]


def searched() -> Iterator[ReportRow]:
    yield from library()
    yield dataclasses.replace(
        photo_row("/in/Schöne Aussicht.jpg", sha256="cd" * 32, album="home", title="Home"), people=("Zoë",), top=()
    )


def is_of(year: int, month: int = 0) -> Callable[[PhotoRow], bool]:
    """Whether a photo was taken then."""
    return lambda row: row.taken is not None and row.taken.local.year == year and month in (0, row.taken.local.month)


def is_at(town: str) -> Callable[[PhotoRow], bool]:
    """Whether a photo was taken there."""
    return lambda row: row.place is not None and row.place.name == town


WORDS: dict[str, Callable[[PhotoRow], bool]] = {
    "pets": lambda row: row.album == "pets",
    "宠物": lambda row: row.album == "pets",
    "tabby": lambda row: bool(row.top),
    "虎斑": lambda row: bool(row.top),
    "cat": lambda row: bool(row.top),
    "dog": lambda _: False,
    "Rome": is_at("Rome"),
    "italy canon": lambda row: not is_at("Niseko")(row) and row.camera.startswith("Canon"),
    "2026": is_of(2026),
    "january 2026": is_of(2026, 1),
    "2026年1月": is_of(2026, 1),
    "2026-01 pets": lambda row: is_of(2026, 1)(row) and row.album == "pets",
    "IMG_0007": lambda row: row.source.endswith("0007.jpg"),
    "schone": lambda row: "Schöne" in row.source,
    "zoe": lambda row: "Zoë" in row.people,
    "last winter": lambda row: row.trip is not None,
    "nothing like that": lambda _: False,
}


def test_words_find_albums_classes_places_dates_cameras_names_and_people(tmp_path: Path, open_page: OpenPage) -> None:
    """Whatever the language of the page, and without accents."""
    watched = open_page(width=1440)
    watched.show(write(tmp_path / "report.html", searched()), "#/all")
    rows = shown(searched())
    found = {
        words: watched.page.evaluate(
            """(text) => albumSort.search.filter(albumSort.photos.newestFirst, new URLSearchParams({ q: text })).items.length""",
            words,
        )
        for words in WORDS
    }
    assert found == {words: sum(map(fits, rows)) for words, fits in WORDS.items()}


def test_the_field_at_the_top_searches_everything_and_back_leads_back(made_library: Path, open_page: OpenPage) -> None:
    watched = open_page(width=1440)
    watched.show(made_library, "#/album/pets")
    page = watched.page
    page.keyboard.press("/")
    page.keyboard.type("rome food", delay=5)
    page.wait_for_selector(f"{LEAD}:text-is('33 of 147 photos')")
    assert page.inner_text("#view h1") == "“rome food”"
    assert page.evaluate("document.activeElement.id") == "search", "whoever types goes on typing"
    assert "q=rome+food" in page.url
    page.go_back()
    page.wait_for_selector("h1 bdi:text-is('Pets')")
    page.go_forward()
    page.wait_for_selector(f"{LEAD}:text-is('33 of 147 photos')")
    watched.show(made_library, "#/all?q=nothing+like+it")
    assert page.is_visible("text=No photo fits.")


def test_a_bar_of_the_chart_and_a_mark_of_the_map_show_their_photos(made_library: Path, open_page: OpenPage) -> None:
    watched = open_page(width=1440)
    watched.show(made_library)
    page = watched.page
    page.locator(".chart a.bin").nth(1).click()
    page.wait_for_selector("h1 bdi:text-is('January 2026')")
    assert "when=2026-01" in page.url
    page.go_back()
    watched.until("document.querySelectorAll('#map .marks a').length === 2")
    assert page.locator("#map .marks a").evaluate_all("all => all.map((one) => one.getAttribute('aria-label'))") == [
        "Arezzo, Italy and 1 more: 98 photos",
        "Niseko, Japan: 49 photos",
    ]
    for _ in range(6):
        page.locator("#map .zoom button").first.click()
    page.evaluate("albumSort.map.draw(document.getElementById('map'), albumSort.photos.newestFirst, '#/all')")
    page.locator("#map .marks a").last.click()
    page.wait_for_selector(f"{LEAD}:text-is('49 of 147 photos')")
    assert page.inner_text("#view h1") == "Niseko, Japan"


@pytest.mark.parametrize("width", [390, 1440])
def test_the_map_zooms_and_its_names_keep_their_size(width: int, made_library: Path, open_page: OpenPage) -> None:
    watched = open_page(width=width)
    watched.show(made_library)
    page = watched.page
    watched.until("document.querySelectorAll('#map .marks a').length === 2")

    def text_px() -> list[float]:
        sizes: list[float] = page.eval_on_selector_all(
            "#map .marks text:not(.count)", "all => all.map((one) => one.getBoundingClientRect().height)"
        )
        return sizes

    before = text_px()
    assert before
    assert all(11 <= size <= 24 for size in before)
    box = page.locator("#map > svg").bounding_box()
    mark = page.locator("#map .marks a").first.bounding_box()
    assert box
    assert mark
    page.locator("#map").scroll_into_view_if_needed()
    # A wheel that is turned while the page scrolls past the map does not zoom.
    watched.still("window.scrollY")
    page.wait_for_timeout(450)
    mark = page.locator("#map .marks circle").first.bounding_box()
    page.mouse.move(mark["x"] + mark["width"] / 2, mark["y"] + mark["height"] / 2)
    parted = "[...document.querySelectorAll('#map .marks a')].some((one) => one.getAttribute('aria-label') === 'Rome, Italy: 49 photos')"
    for _ in range(20):
        page.mouse.wheel(0, -150)
        if watched.still(parted):
            break
    assert page.evaluate(parted), "what was one mark is two"
    assert all(11 <= size <= 24 for size in text_px())


def test_series_of_similar_shots_stand_together(made_library: Path, open_page: OpenPage) -> None:
    watched = open_page(width=1440)
    watched.show(made_library, "#/similar")
    assert watched.page.inner_text(LEAD) == "15 moments were photographed more than once."
    assert watched.page.locator(".photos h2").first.inner_text() == "Dec 26, 2025"


def test_duplicates_are_a_list_with_what_is_stored(tmp_path: Path, open_page: OpenPage) -> None:
    twins = [
        dataclasses.replace(
            photo_row(f"/in/twin {n}.jpg", action=RowAction.DUPLICATE),
            duplicate_of="/in/a.jpg",
            size_bytes=1200,
            freed_bytes=1200 * (n > 9),
        )
        for n in range(70)
    ]
    watched = open_page()
    watched.show(write(tmp_path / "report.html", [photo_row("/in/a.jpg"), *twins]), "#/duplicates")
    page = watched.page
    assert page.locator(".rows .row").count() == 60
    first = page.inner_text(".rows .row >> nth=0")
    assert "/in/twin" in first
    assert "(1.2 kB)" in first
    assert "same content as /in/a.jpg" in first
    page.click("nav.pager >> nth=0 >> text=→")
    page.wait_for_selector("nav.pager >> nth=0 >> [aria-current]:text-is('2')")
    assert page.locator(".rows .row").count() == 10
    assert page.inner_text("ul.rows").count("would free nothing") == 10
    page.go_back()
    page.wait_for_selector("nav.pager >> nth=0 >> [aria-current]:text-is('1')")


def test_the_numbers_of_an_album_and_its_page_are_the_same(made_library: Path, open_page: OpenPage) -> None:
    """The overview counts files; the page shows a content once, and says how many more files have it."""
    watched = open_page()
    watched.show(made_library)
    assert "40 photos" in watched.page.inner_text("a.tile[href='#/album/pets']")
    watched.show(made_library, "#/album/pets")
    assert watched.page.inner_text(LEAD) == "40 photos, 1 of them a duplicate, stored once"
    watched.page.click(f"{LEAD} a")
    watched.page.wait_for_selector("h1 bdi:text-is('Duplicates')")
