"""While a run decides, nobody looks for garbage among what lives to its end; before and afterwards it is looked for."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from album_sort.cli._printer import make_printer
from album_sort.events import StageStarted


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    was = gc.isenabled()
    yield
    if was:
        gc.enable()


def test_garbage_is_not_looked_for_while_a_run_decides() -> None:
    seen = []
    with make_printer(quiet=True, as_json=False, with_progress=False) as printer:
        for stage in ("scan", "classify", "places", "assign", "plan", "apply", "report"):
            printer(StageStarted(stage))
            seen.append(gc.isenabled())
    assert seen == [True, True, False, False, False, True, True]


def test_it_is_looked_for_again_after_a_preview_which_files_nothing() -> None:
    with make_printer(quiet=True, as_json=False, with_progress=False) as printer:
        printer(StageStarted("places"))
    assert gc.isenabled()
