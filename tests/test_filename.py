"""Dates in names: every scheme by its own examples, true names in a table, and names by chance that hold none."""

from __future__ import annotations

import base64
import hashlib
import unicodedata
import uuid
from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from album_sort.metadata.filename import FOLDER_SHAPES, NAME_SHAPES, candidates_from_folder, candidates_from_name
from album_sort.metadata.filename.not_dates import KINDS
from album_sort.types import TimeCandidate, TimePrecision

_SHOWN = {TimePrecision.YEAR: 4, TimePrecision.MONTH: 7, TimePrecision.DAY: 10}


def said(candidates: tuple[TimeCandidate, ...]) -> str:
    """`2023-01-02 10:11:12 second UTC`, no more than the precision says; empty where there is no date."""
    if not candidates:
        return ""
    (candidate,) = candidates
    moment = candidate.local or candidate.utc
    shown = str(moment)[: _SHOWN.get(candidate.precision, 99)]
    return f"{shown} {candidate.precision}{'' if candidate.local else ' UTC'}"


SHAPES = dict.fromkeys((*NAME_SHAPES, *FOLDER_SHAPES))
ALL: list[Any] = [*SHAPES, *KINDS]
NAMES = [row for kind in ALL for row in kind.examples.items()]
FOLDERS = [row for kind in ALL for row in kind.folder_examples.items()]


@pytest.mark.parametrize(("name", "expected"), NAMES)
def test_every_scheme_reads_the_names_that_show_it(name: str, expected: str) -> None:
    assert said(candidates_from_name(name)) == expected
    assert said(candidates_from_name(unicodedata.normalize("NFD", name))) == expected


@pytest.mark.parametrize(("folder", "expected"), FOLDERS)
def test_every_scheme_reads_the_folders_that_show_it(folder: str, expected: str) -> None:
    assert said(candidates_from_folder(folder)) == expected


def test_an_offset_in_a_name_and_seconds_since_1970_are_understood() -> None:
    (written,) = candidates_from_name("2023-01-02T10-11-12+0900.jpg")
    assert (str(written.local), written.utc_offset_minutes, str(written.utc)) == (
        "2023-01-02 10:11:12",
        540,
        "2023-01-02 01:11:12",
    )
    (counted,) = candidates_from_name("2023-01-02 10.11.12+0001.jpg")
    assert (str(counted.local), counted.utc) == ("2023-01-02 10:11:12", None)
    assert said(candidates_from_name("RPReplay_Final1557137472.mp4")) == "2019-05-06 10:11:12 second UTC"
    assert said(candidates_from_name("f1c1592588411002af340cbaedd6fc33-PXL_20230102_101112345.jpg")).endswith("UTC")


BY_CHANCE: dict[str, Callable[[Random], str]] = {
    "MD5": lambda random: hashlib.md5(random.randbytes(8), usedforsecurity=False).hexdigest(),
    "SHA-1": lambda random: hashlib.sha1(random.randbytes(8), usedforsecurity=False).hexdigest(),
    "SHA-256": lambda random: hashlib.sha256(random.randbytes(8)).hexdigest(),
    "HEX OF 16": lambda random: random.randbytes(8).hex().upper(),
    "hex of 24": lambda random: random.randbytes(12).hex(),
    "UUID": lambda random: str(uuid.UUID(int=random.getrandbits(128), version=4)),
    "UUID of Photos": lambda random: f"{uuid.UUID(int=random.getrandbits(128), version=4)}_1_105_c".upper(),
    "base64": lambda random: base64.urlsafe_b64encode(random.randbytes(16)).decode().rstrip("="),
    "base32": lambda random: base64.b32encode(random.randbytes(10)).decode().lower(),
    "Viber": lambda random: f"0-02-05-{random.randbytes(32).hex()}",
    "IMG of Viber": lambda random: f"IMG-{random.randbytes(16).hex()}-V",
    "Facebook": lambda random: (
        f"{random.randrange(10**7, 10**9)}_{random.randrange(10**14, 10**16)}_{random.randrange(10**18, 9 * 10**18)}_n"
    ),
    "hex of 8": lambda random: random.randbytes(4).hex(),
    "hex of 12": lambda random: random.randbytes(6).hex(),
    "versions": lambda random: f"App {random.randrange(30)}.{random.randrange(30)}.{random.randrange(30)}",
    "addresses": lambda random: ".".join(str(random.randrange(256)) for _ in range(4)),
    "telephone": lambda random: (
        f"{random.randrange(200, 999)}-{random.randrange(100, 999)}-{random.randrange(1000, 9999)}"
    ),
    "Twitter": lambda random: str(random.randrange(10**18, 2 * 10**18)),
}


@pytest.mark.parametrize("kind", BY_CHANCE)
def test_names_by_chance_hold_no_date(kind: str) -> None:
    """20,000 of each, since one in ten thousand is too many; a false date is worse than none."""
    random = Random(kind)  # noqa: S311  # the same names in every run
    names = [BY_CHANCE[kind](random) for _ in range(20_000)]
    assert [name for name in names if candidates_from_name(f"{name}.jpg")] == []
    assert [name for name in names[:2000] if candidates_from_folder(f"/p/{name}")] == []


@given(st.datetimes(datetime(1990, 1, 1), datetime(2039, 12, 31)), st.sampled_from("٠۰०০๐၀０"))
def test_every_time_stamp_is_read_back_in_all_digits(taken: datetime, zero: str) -> None:
    taken = taken.replace(microsecond=0)
    digits = {ord(str(number)): chr(ord(zero) + number) for number in range(10)}
    for pattern in (
        "IMG_%Y%m%d_%H%M%S.jpg",
        "IMG%Y%m%d%H%M%S.jpg",
        "%Y-%m-%d %H.%M.%S.jpg",
        "Screenshot_%Y-%m-%d-%H-%M-%S.png",
        "%Y年%m月%d日 %H时%M分%S秒.jpg",
        "%d.%m.%Y %H.%M.%S.jpg",
        "%d %B %Y %H-%M-%S.jpg",
    ):
        name = taken.strftime(pattern)
        for written in (name, name.translate(digits)):
            (candidate,) = candidates_from_name(written)
            assert (candidate.local, candidate.precision) == (taken, TimePrecision.SECOND), written


@given(st.datetimes(datetime(1990, 1, 1), datetime(2039, 12, 31)))
def test_no_order_of_numbers_is_guessed(taken: datetime) -> None:
    """Day first and month first are the day that was written, or a year."""
    for pattern in ("%d-%m-%Y.jpg", "%m-%d-%Y.jpg", "%d_%m_%Y x.jpg", "IMG_%d%m%Y_%H%M%S.jpg", "IMG_%m%d%Y_%H%M%S.jpg"):
        for candidate in candidates_from_name(taken.strftime(pattern)):
            assert candidate.local is not None
            assert candidate.local.year == taken.year
            if candidate.precision is not TimePrecision.YEAR:
                assert candidate.local.date() == taken.date()


@given(st.text(max_size=60))
def test_no_name_raises(name: str) -> None:
    candidates_from_name(name)
    candidates_from_folder(name)


@given(st.text(alphabet="0129-_. x年月T\u0663", max_size=40))
def test_numbers_and_signs_in_any_order_never_raise(name: str) -> None:
    candidates_from_name(name)
    candidates_from_folder(name)
