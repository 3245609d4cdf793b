"""One photo that a decision fails for: it is named, and all the others are filed. Nothing that is filed moves because of it."""

from __future__ import annotations

import importlib
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from album_sort.errors import ExitCode, UsageError
from album_sort.events import silent
from album_sort.pipeline.execute import Planned, make_plan
from album_sort.pipeline.net import Net
from album_sort.pipeline.prepare import Preparation, prepare
from album_sort.pipeline.remembered import remember_nothing_written
from album_sort.pipeline.scouting import SortRequest, scout
from album_sort.settings import Settings
from album_sort.types import Stage
from tests.builders import make_jpeg, make_tree, read_tree
from tests.conftest import REPOSITORY, Program

NETWORK = ("--model", "efficientnet-lite0", "--offline")
NOW = datetime(2026, 11, 28, tzinfo=UTC).replace(tzinfo=None)

# --- the net itself ---


def failing_on(*bad: int) -> Callable[[Sequence[int]], int]:
    def decide(numbers: Sequence[int]) -> int:
        if any(number in bad for number in numbers):
            raise ZeroDivisionError
        return sum(numbers)

    return decide


@given(st.sets(st.integers(0, 60)), st.sets(st.integers(0, 60), max_size=12))
def test_those_that_fail_alone_are_found_and_no_others(numbers: set[int], bad: set[int]) -> None:
    net = Net()
    kept, total = net.together(sorted(numbers), str, failing_on(*bad))
    assert list(kept) == sorted(numbers - bad)
    assert total == sum(numbers - bad)
    assert set(net.faults) == {str(number) for number in numbers & bad}


@given(st.sets(st.integers(0, 60)), st.sets(st.integers(0, 60), max_size=12))
def test_single_decisions_are_made_for_all_others(numbers: set[int], bad: set[int]) -> None:
    net = Net()
    decided = net.each(sorted(numbers), str, lambda number: failing_on(*bad)([number]))
    assert decided == [(number, number) for number in sorted(numbers - bad)]
    assert set(net.faults) == {str(number) for number in numbers & bad}


def test_those_that_fail_only_with_others_cost_one_of_them() -> None:
    def decide(numbers: Sequence[int]) -> int:
        if {3, 7} <= set(numbers):
            raise ZeroDivisionError
        return len(numbers)

    net = Net()
    kept, count = net.together(range(100), str, decide)
    assert count == 99
    assert set(range(100)) - set(kept) == {7}
    assert set(net.faults) == {"7"}


def test_where_too_many_fail_together_each_is_decided_for_itself() -> None:
    def decide(numbers: Sequence[int]) -> str:
        if len(numbers) > 2:
            raise ZeroDivisionError
        return "together"

    kept, how = Net().together(range(100), str, decide, apart=lambda numbers: f"apart: {len(numbers)}")
    assert how == f"apart: {len(kept)}"


def test_faults_found_cost_few_further_attempts() -> None:
    """A hundred of ten thousand: on each level of the halving every photo is looked at once at most."""
    looked_at = 0
    chance = random.Random(1)  # noqa: S311 - any hundred
    decide = failing_on(*chance.sample(range(10_000), 100))

    def counted(numbers: Sequence[int]) -> int:
        nonlocal looked_at
        looked_at += len(numbers)
        return decide(numbers)

    Net().together(range(10_000), str, counted)
    assert looked_at < 10_000 * 18


@pytest.mark.parametrize("error", [UsageError("of the user's"), MemoryError(), OSError(5, "of the disk")])
def test_what_is_no_fault_of_the_program_passes_through(error: Exception) -> None:
    def decide(_: object) -> None:
        raise error

    for call in (lambda net: net.each([1], str, decide), lambda net: net.together([1], str, decide)):
        with pytest.raises(type(error)):
            call(Net())


def test_strict_is_a_traceback_again() -> None:
    with pytest.raises(ZeroDivisionError):
        Net(is_strict=True).together([1, 2], str, failing_on(2))
    with pytest.raises(ZeroDivisionError):
        Net(is_strict=True).each([1, 2], str, lambda number: failing_on(2)([number]))


def test_a_decision_about_nothing_that_fails_ends_the_run() -> None:
    with pytest.raises(ZeroDivisionError):
        Net().together([], str, lambda _: 1 // 0)


# --- under every decision of a run ---


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two cameras at home, a journey, and one photo that the fault is made for."""
    files = {
        f"{day}.jpg": make_jpeg(day, taken=datetime(2024, 5, day, 12), position=(48.1, 11.5), camera=("Canon", "EOS"))
        for day in range(1, 9)
    }
    files["odd.jpg"] = make_jpeg(99, taken=datetime(2024, 5, 9, 12), position=(48.1, 11.5), camera=("Canon", "ODD"))
    return make_tree(tmp_path_factory.mktemp("library") / "Photos", files)


def decided(photos: Path, albums: Path, *, strict: bool = False) -> tuple[Preparation, Planned]:
    settings = Settings(model="efficientnet-lite0", offline=True, strict=strict, progress=False)
    request = SortRequest((str(photos),), str(albums), settings, NOW)
    remembered = remember_nothing_written(str(albums))
    preparation = prepare(scout(request, remembered, silent), remembered, silent)
    return preparation, make_plan(preparation, remembered.records)


def mentions_odd(value: Any) -> bool:
    if isinstance(value, dict):
        return False  # what is known of all files, given along
    return "odd.jpg" in repr(value) or "'ODD'" in repr(value) or "Canon ODD" in repr(value)


DECISIONS = (
    "records.group_files", "records._choose", "facts.choose_positions", "facts.redate", "facts.in_likely_zones", "facts.find_homes",
    "facts.find_trips", "facts._facts", "assigning.gather_evidence", "assigning.assign_photos", "assigning.file_photo",
    "execute.plan_filings",
)  # fmt: skip


def make_faulty(monkeypatch: pytest.MonkeyPatch, decision: str) -> None:
    """The decision raises wherever the odd photo is among what it is given."""
    module_name, name = decision.split(".")
    module = importlib.import_module(f"album_sort.pipeline.{module_name}")
    true = getattr(module, name)

    def faulty(*given: Any, **named: Any) -> Any:
        given = tuple(list(one) if hasattr(one, "__next__") else one for one in given)
        if any(mentions_odd(one) for one in (*given, *named.values())):
            raise ZeroDivisionError("made for this test")
        return true(*given, **named)

    monkeypatch.setattr(module, name, faulty)


def test_without_a_fault_all_of_them_are_decided(photos: Path, tmp_path: Path) -> None:
    whole, _ = decided(photos, tmp_path / "Albums")
    assert not [one for one in whole.skipped if one.is_problem]


@pytest.mark.parametrize("decision", DECISIONS)
def test_a_fault_in_any_decision_costs_the_photo_that_it_is_about(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, decision: str
) -> None:
    make_faulty(monkeypatch, decision)
    preparation, planned = decided(photos, tmp_path / "Albums")
    (fault,) = (one for one in planned.plan.skipped if one.is_problem)
    assert (fault.path, fault.stage, fault.reason.code) == (str(photos / "odd.jpg"), Stage.DECIDE, "skip.fault")
    assert {Path(op.source).name for op in planned.plan.ops} == {f"{day}.jpg" for day in range(1, 9)}
    assert len(preparation.library.photos) == len(preparation.assignments)
    with pytest.raises(ZeroDivisionError):
        decided(photos, tmp_path / "Albums", strict=True)


FAULTY_PROGRAM = """
import sys
from album_sort.pipeline import assigning
from album_sort.cli.app import main
true = assigning.file_photo
def file_photo(facts, *given, **named):
    if facts.group.primary.name == "odd.jpg":
        raise RuntimeError("made for this test")
    return true(facts, *given, **named)
assigning.file_photo = file_photo
main()
"""


def test_the_program_names_the_photo_and_ends_with_3_and_nothing_that_is_filed_moves(
    photos: Path, tmp_path: Path, album_sort: Program
) -> None:
    albums = tmp_path / "Albums"
    call = ("sort", str(photos), "--out", str(albums), *NETWORK, "--prune", "--prune-limit", "1")
    assert album_sort(*call).code == ExitCode.DONE
    before = {name: mark for name, mark in read_tree(albums).items() if name.endswith(".jpg")}
    assert len(before) == 9

    def faulty(*more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", FAULTY_PROGRAM, *call, "--recheck", *more],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
        )

    done = faulty()
    assert done.returncode == ExitCode.PARTIAL
    assert "odd.jpg" in done.stderr
    assert "fault of album-sort" in done.stderr
    assert "Traceback" not in done.stderr
    assert {name: mark for name, mark in read_tree(albums).items() if name.endswith(".jpg")} == before
    assert "made for this test" in faulty("--strict").stderr


def test_looked_at_apart_nothing_that_is_filed_moves(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, album_sort: Program
) -> None:
    """Trips cannot be found at all: new photos are filed without one, those that are filed stay."""
    library = make_tree(
        tmp_path / "Photos", {f"{day}.jpg": (photos / f"{day}.jpg").read_bytes() for day in range(1, 9)}
    )
    albums = tmp_path / "Albums"
    assert album_sort("sort", library, "--out", albums, *NETWORK).code == ExitCode.DONE
    make_tree(library, {"odd.jpg": (photos / "odd.jpg").read_bytes()})
    facts = importlib.import_module("album_sort.pipeline.facts")
    true = facts.find_trips

    def faulty(several: Sequence[object], *given: Any, **named: Any) -> Any:
        if len(several) > 1:
            raise ZeroDivisionError
        return true(several, *given, **named)

    monkeypatch.setattr(facts, "find_trips", faulty)
    preparation, planned = decided(library, albums)
    assert preparation.library.is_apart
    assert all(op.action.makes_a_file or not op.action.has_effect for op in planned.plan.ops)
