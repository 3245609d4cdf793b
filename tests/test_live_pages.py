"""The page that a server shows: made once after a run, kept in a file, ready before anybody asks."""

from __future__ import annotations

import io
import json
import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from album_sort.errors import DestinationError
from album_sort.operations.live_pages import LivePages
from album_sort.report import SHORT, JsonlReport, PageData, PageFile, Setting, write_page_file
from album_sort.types import ReportRow
from tests.report_builders import INFO, OUTCOME, WORDS, photo_row


def run(albums: Path, run_id: str, *names: str, is_over: bool = True) -> Path:
    """A run's report; its page is written last."""
    folder = albums / ".album-sort" / "runs" / run_id
    folder.mkdir(parents=True)
    with JsonlReport(folder / "report.jsonl", INFO) as report:
        for number, name in enumerate(names):
            report.add(photo_row(f"/in/{name}", sha256=f"{number:02x}" * 32))
        report.finish(OUTCOME if is_over else None)
    if is_over:
        (folder / "report.html").write_text("a page")
    return folder


@contextmanager
def pages(albums: Path, cache: Path) -> Iterator[LivePages]:
    folder = albums.parent / f"temporary{time.monotonic_ns()}"
    folder.mkdir()
    shown = LivePages(str(albums), cache, folder)
    try:
        yield shown
    finally:
        shown.close()


def names(shown: LivePages) -> list[str]:
    return sorted(json.loads(shown.newest().page.index())["name"])


def kept(cache: Path) -> Path:
    [found] = (cache / "serve").glob("*.page")
    return found


FIRST, SECOND = "20261122-203300-a1b2", "20261123-203300-a1b2"


def test_another_server_finds_the_page_made(tmp_path: Path) -> None:
    run(tmp_path / "A", FIRST, "a.jpg", "b.jpg")
    with pages(tmp_path / "A", tmp_path) as shown:
        assert names(shown) == ["a.jpg", "b.jpg"]
        version = shown.newest().version
    made = kept(tmp_path).stat()
    with pages(tmp_path / "A", tmp_path) as shown:
        assert (names(shown), shown.newest().version) == (["a.jpg", "b.jpg"], version)
    assert kept(tmp_path).stat().st_mtime_ns == made.st_mtime_ns
    assert made.st_mode & 0o077 == 0, "for nobody else"


@pytest.mark.parametrize("damage", [b"", b"album-sort page 2\n", bytes(1000)])
def test_a_kept_page_that_is_none_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    run(tmp_path / "A", FIRST, "a.jpg")
    with pages(tmp_path / "A", tmp_path) as shown:
        shown.newest()
    whole = kept(tmp_path).read_bytes()
    kept(tmp_path).write_bytes(damage or whole[:-3])
    with pages(tmp_path / "A", tmp_path) as shown:
        assert names(shown) == ["a.jpg"]
    assert kept(tmp_path).read_bytes() == whole


def test_a_cache_that_takes_nothing_costs_only_time(tmp_path: Path) -> None:
    run(tmp_path / "A", FIRST, "a.jpg")
    (tmp_path / "serve").write_text("in the way of the folder")
    with pages(tmp_path / "A", tmp_path) as shown:
        assert names(shown) == ["a.jpg"]
        assert shown.newest() is shown.newest()


def test_while_a_run_goes_on_the_page_is_that_of_the_run_before(tmp_path: Path) -> None:
    run(tmp_path / "A", FIRST, "a.jpg")
    with pages(tmp_path / "A", tmp_path) as shown:
        before = shown.newest()
        growing = run(tmp_path / "A", SECOND, "c.jpg", is_over=False)
        assert shown.newest() is before
        (growing / "report.html").write_text("a page")
        assert names(shown) == ["c.jpg"]
        assert json.loads(before.page.index())["name"] == ["a.jpg"], "who still reads the one before goes on"


def test_a_run_of_others_is_made_into_a_page_before_anybody_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("album_sort.operations.live_pages._WATCH_S", 0.02)
    with pages(tmp_path / "A", tmp_path) as shown:
        with pytest.raises(DestinationError, match="nothing has been sorted") as refused:
            shown.newest()
        assert refused.value.hint == f"album-sort PHOTOS --out {tmp_path / 'A'}"
        shown.begin(lambda _: Setting(lambda _: ""))
        run(tmp_path / "A", FIRST, "a.jpg")
        end = time.monotonic() + 60
        while shown.known is None:
            assert time.monotonic() < end
            time.sleep(0.01)
        assert json.loads(shown.known.page.index())["name"] == ["a.jpg"]


def page_file(folder: Path, places: list[tuple[bytes, str]], rows: list[ReportRow]) -> PageFile:
    with closing(PageData(INFO, WORDS, thumbnail=lambda _: None, spool_folder=folder)) as data:
        for row in rows:
            data.add(row)
        data.arrange()
        sink = io.BytesIO()
        write_page_file(sink, "key", data, ["<p>", "页"], places)
    (folder / "page").write_bytes(sink.getvalue())
    return PageFile(folder / "page", "key")


@given(
    places=st.lists(
        st.tuples(
            st.binary(min_size=9, max_size=9).map(lambda some: (some[:1] * 8 + some[1:]).ljust(32, b"\0")),
            st.text(st.characters(exclude_categories=["Cs"]), max_size=9).map(lambda text: text + os.fsdecode(b"\xff")),
        ),
        max_size=40,
    )
)
def test_every_photo_is_found_by_its_first_digits_and_no_other(
    places: list[tuple[bytes, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp()
    page = page_file(folder, places, [])
    known: dict[str, tuple[str, str]] = {}
    for content, path in places:
        known.setdefault(content.hex()[:SHORT], (content.hex(), path))
    for short, found in known.items():
        assert page.place(short) == found
    for short in ("", "zz" * 8, "00" * 7, "../../../../etc/", "0" * 17, "ab" * 8, "f" * 16):
        assert page.place(short) == known.get(short)


def test_the_parts_are_those_of_the_data(tmp_path: Path) -> None:
    rows: list[ReportRow] = [photo_row(f"/in/{n}.jpg", sha256=f"{n:064x}") for n in range(450)]
    page = page_file(tmp_path, [], rows)
    assert page.page() == "<p>页"
    assert (page.trips, page.language) == (("trip-1",), "en")
    cards = [json.loads(page.cards(chunk) or b"") for chunk in range(3)]
    assert [len(some) for some in cards] == [200, 200, 50]
    assert {card["s"] for some in cards for card in some} == {f"/in/{n}.jpg" for n in range(450)}
    assert page.cards(3) is page.cards(-1) is None
    packs = [page.pack(number) or [] for number in range(38)]
    assert [len(pack) for pack in packs] == [12] * 37 + [6]
    ids = json.loads(page.index())["ids"]
    assert [content[:SHORT] for pack in packs for content in pack] == [
        ids[n : n + SHORT] for n in range(0, len(ids), SHORT)
    ]
    assert page.pack(38) is page.pack(-1) is None
    with pytest.raises(ValueError, match="no page"):
        PageFile(tmp_path / "page", "another key")


def test_earlier_reports_are_shown_as_they_were_while_the_newest_goes_on(tmp_path: Path) -> None:
    albums, cache = tmp_path / "A", tmp_path / "cache"
    run(albums, FIRST, "cat.jpg")
    run(albums, SECOND, "cat.jpg", "dog.jpg")
    with pages(albums, cache) as shown:
        assert names(shown) == ["cat.jpg", "dog.jpg"]
        earlier = shown.earlier(FIRST)
        assert earlier is not None
        assert json.loads(earlier.page.index())["name"] == ["cat.jpg"]
        newest = shown.newest()
        assert shown.of_version(earlier.version) is earlier is shown.earlier(FIRST)
        assert shown.of_version(newest.version) is newest
        assert earlier.version != newest.version
        assert FIRST in newest.page.page()
        assert f"/{FIRST}" not in earlier.page.page()
        for odd in ("", "..", f"../{FIRST}", f"{FIRST}/report.jsonl", "20000101-000000-0000"):
            assert shown.earlier(odd) is None
