"""The promises of docs/concepts/safety.md are tests, by name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "concepts" / "safety.md"
PAGES = (PAGE, PAGE.with_name("serve-security.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_test_that_the_page_names_exists(page: Path) -> None:
    named = set(re.findall(r"`(test_\w+)`", page.read_text(encoding="utf-8")))
    code = "\n".join(path.read_text(encoding="utf-8") for path in TESTS.rglob("test_*.py"))
    written = set(re.findall(r"^def (test_\w+)\(", code, flags=re.MULTILINE))
    assert named - written == set()


def test_every_promise_names_its_test() -> None:
    text = PAGE.read_text(encoding="utf-8")
    promises = re.split(r"\n- |\n\| ", text.split("## Against what", maxsplit=1)[0])[1:]
    assert [promise for promise in promises if "`test_" not in promise] == []


def test_every_measure_of_the_server_names_its_test() -> None:
    rows = [line for line in PAGES[1].read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    measures = [row for row in rows if not row.startswith("| measure")]
    assert len(measures) >= 15
    assert [row for row in measures if "`test_" not in row] == []
