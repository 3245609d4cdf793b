"""The generated reference is up to date, and the site is built strictly: every page in it, every link leads somewhere.

After a change of settings, rules, layout, events, exit codes or the report: `UPDATE_DOCS=1 bin/test tests/test_reference.py`.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.reference_pages import PAGES

REFERENCE = REPOSITORY / "docs" / "reference"


@pytest.mark.parametrize("name", PAGES)
def test_the_reference_is_as_the_program_is(name: str) -> None:
    path, made = REFERENCE / f"{name}.md", PAGES[name]()
    if os.environ.get("UPDATE_DOCS"):
        path.write_text(made, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == made


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as CI builds it; about three seconds."""
    if importlib.util.find_spec("mkdocs") is None:
        pytest.skip("the extra docs is not installed")
    folder = tmp_path_factory.mktemp("site")
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(
        build,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_every_document_is_a_page_of_the_site(site: Path) -> None:
    for path in (REPOSITORY / "docs").rglob("*.md"):
        name = "index.html" if path.name == "README.md" else path.with_suffix(".html").name
        assert (site / path.relative_to(REPOSITORY / "docs").parent / name).is_file(), path


def test_the_site_fetches_nothing_from_elsewhere(site: Path) -> None:
    """Neither letters nor scripts nor pictures: only what a reader clicks leads away."""
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        fetched = re.findall(r"<(?:script|img|link|iframe)[^>]*(?:src|href)=\"?(?:https?:)?//[^\s>\"]*", text)
        assert fetched == [], page
    for style in site.rglob("*.css"):
        assert not re.search(r"(url\(|@import)\s*[\"']?(https?:)?//", style.read_text(encoding="utf-8")), style
