"""The blocks of code in README, CONTRIBUTING and docs, and by what each of them is carried out.

A block that has nobody to carry it out is a failure of tests/test_doc_blocks.py: add its line to `CARRIED_OUT`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import REPOSITORY

_FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?:^(?: {4}.*)?\n)+", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a page."""

    page: str
    """Below the repository."""
    number: int
    """On its page, from 0."""
    kind: str
    """`json`, `toml` ... of a fence; empty for an indented block."""
    text: str

    @property
    def commands(self) -> list[str]:
        """Its lines that call the program."""
        joined = self.text.replace("\\\n", " ")
        return [line for line in joined.splitlines() if re.match(r"(bin/)?album-sort( |$)", line)]

    def __str__(self) -> str:
        return f"{self.page}:{self.number}"


def blocks_of(page: Path) -> Iterator[Block]:
    """In their order."""
    return blocks_in(page.read_text(encoding="utf-8"), page.relative_to(REPOSITORY).as_posix())


def blocks_in(text: str, page: str) -> Iterator[Block]:
    """Those of a text in Markdown."""
    found = [(one.start(), one[2], one[3]) for one in _FENCE.finditer(text)]
    plain = _FENCE.sub(lambda one: re.sub(r"[^\n]", "`", one[0]), text)
    for one in _INDENTED.finditer(plain):
        lines = one[0]
        # Within a paragraph or a list an indented line goes on with it.
        before = plain[: one.start()].rstrip("\n").rpartition("\n")[2]
        if not lines.startswith("\n") and before and not before.startswith("#"):
            lines = lines.partition("\n\n")[2]
        block = "\n".join(line[4:] for line in lines.strip("\n").splitlines())
        if block.strip():
            found.append((one.start(), "", block))
    for number, (_, kind, block) in enumerate(sorted(found)):
        yield Block(page, number, kind, block)


PAGES = sorted([*REPOSITORY.glob("README*.md"), REPOSITORY / "CONTRIBUTING.md", *(REPOSITORY / "docs").rglob("*.md")])

_FOLLOWED = ("tutorial", "tutorial", "bin/test")

CARRIED_OUT: dict[str, tuple[str, ...]] = {
    "CONTRIBUTING.md": ("set-up",),
    "README.md": ("tree", "newcomer"),
    "README.zh.md": ("tree", "newcomer"),
    "docs/concepts/architecture.md": ("flow",),
    "docs/concepts/calibration.md": ("benchmarks",),
    "docs/concepts/scale.md": ("formulas",),
    "docs/contributing/add-a-condition.md": (*_FOLLOWED, "tutorial", "bin/test"),
    "docs/contributing/add-a-format.md": ("tutorial", *_FOLLOWED),
    "docs/contributing/add-a-network.md": (*_FOLLOWED, "bin/test"),
    "docs/contributing/add-a-report.md": ("tutorial", "tutorial", *_FOLLOWED),
    "docs/contributing/translate.md": ("message", "bin/test", "tutorial"),
    "docs/guides/albums.md": ("console", "rules", "rules"),
    "docs/guides/cluster.md": (*("console",) * 4, "unit", *("console",) * 3),
    "docs/guides/correcting.md": ("console", "console"),
    "docs/guides/cron.md": ("console", "crontab", "unit", "unit", "crontab", "log"),
    "docs/guides/faq.md": ("newcomer", "newcomer"),
    "docs/guides/learn.md": ("console", "said", "console", "said", "console"),
    "docs/guides/nas.md": ("newcomer",),
    "docs/guides/phone.md": ("newcomer", "newcomer"),
    "docs/guides/serve.md": (
        "console",
        "console",
        "curl",
        "answer",
        "console",
        "console",
        "proxy",
        "unit",
        "console",
        "docker",
    ),
    "docs/guides/takeout.md": ("newcomer",),
    "docs/guides/tutorial.md": ("newcomer",) * 6,
    "docs/reference/api.md": ("python",) * 3,
    "docs/reference/cli.md": ("made",) * 30,
    "docs/reference/events.md": ("made",) * 7,
    "docs/reference/page-data.md": ("flow",),
    "docs/reference/report.md": ("jq", "jq"),
    "docs/reference/state-schema.md": ("sql",),
    "docs/zh/correcting.md": ("newcomer", "newcomer"),
    "docs/zh/cron.md": ("newcomer", "crontab"),
    "docs/zh/faq.md": ("newcomer", "newcomer"),
    "docs/zh/tutorial.md": ("newcomer",) * 6,
}
"""Of each page, for its blocks in their order: what carries them out. Whatever does asks for them with `blocks_by`."""

IN: dict[str, str] = {
    "set-up": "test_doc_consoles",
    "tree": "test_doc_blocks",
    "newcomer": "test_doc_blocks",
    "flow": "test_doc_blocks",
    "benchmarks": "test_doc_consoles",
    "formulas": "test_doc_blocks",
    "tutorial": "test_tutorials",
    "bin/test": "test_doc_consoles",
    "message": "test_doc_blocks",
    "console": "test_doc_consoles",
    "rules": "test_doc_blocks",
    "unit": "test_doc_consoles",
    "crontab": "test_cron_guide",
    "log": "test_cron_guide",
    "said": "test_doc_consoles",
    "curl": "test_doc_servers",
    "answer": "test_doc_servers",
    "proxy": "test_doc_servers",
    "docker": "test_doc_servers",
    "python": "test_api",
    "made": "test_doc_blocks",
    "jq": "test_doc_blocks",
    "sql": "test_doc_blocks",
}
"""The module of tests that carries each kind out."""

ALL = tuple(block for page in PAGES for block in blocks_of(page))


def blocks_by(way: str, page: str = "") -> list[Block]:
    """The blocks that this carries out, of all pages or of one."""
    return [
        block
        for block in ALL
        if (not page or block.page == page)
        and CARRIED_OUT.get(block.page, ())[block.number : block.number + 1] == (way,)
    ]
