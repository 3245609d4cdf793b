"""`bin/mutants`: puts each fault of the lists beside this file into a copy, and fails when the tests meant for it pass.

A list is TOML: `[[mutant]]` with `id`, `file`, `old` (a text that stands in the file once), `new`, `tests` (pytest's own
arguments), `why` (what the line guards) and, for those that CI runs each time, `quick = true`. A text that is no longer in
its file fails, too: the list has to follow the code.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).resolve().parents[2]
LISTS = Path(__file__).parent
TABLE = ROOT / "docs" / "reference" / "mutants.md"

SECONDS = 300
"""A fault may make a test wait for ever; that, too, is noticed."""


def copied() -> list[str]:
    """What a source distribution has: all that tests read (tests/test_version.py compares it with the clone)."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    told: list[str] = settings["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    return ["pyproject.toml", *(name.removeprefix("/") for name in told)]


@dataclass(frozen=True)
class Mutant:
    """One fault: a text of a file replaced by another."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    why: str
    is_quick: bool = False

    def put_into(self, root: Path) -> None:
        """Raises `ValueError` when the text does not stand in the file exactly once."""
        path = root / self.file
        text = path.read_text(encoding="utf-8")
        found = text.count(self.old)
        if found != 1:
            raise ValueError(f"{self.name}: its text stands {found} times in {self.file}, not once: adapt the list")
        write_anew(path, text.replace(self.old, self.new))


def write_anew(path: Path, text: str) -> None:
    """Changes a file of the program; its compiled form goes, which would be taken for a file of the same size within a second."""
    path.write_text(text, encoding="utf-8")
    for compiled in path.parent.glob(f"__pycache__/{path.stem}.*"):
        compiled.unlink()


def read_lists(folder: Path = LISTS) -> list[Mutant]:
    """All kept faults, by list and in their order; raises `ValueError` when two have one name."""
    mutants = [
        Mutant(
            row["id"],
            row["file"],
            row["old"],
            row["new"],
            tuple(row["tests"]),
            row["why"],
            bool(row.get("quick", False)),
        )
        for path in sorted(folder.glob("*.toml"))
        for row in tomllib.loads(path.read_text(encoding="utf-8"))["mutant"]
    ]
    names = [mutant.name for mutant in mutants]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"more than one fault is called {sorted(twice)}")
    return mutants


def failure_of(root: Path, tests: Sequence[str], seconds: float = SECONDS) -> str:
    """What the first failing test says in this copy; empty when all pass."""
    environment = {**os.environ, "PYTHONPATH": str(root)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    call = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    try:
        done = subprocess.run(call, cwd=root, env=environment, capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        return "it took too long"
    said = done.stdout.decode(errors="replace")[-2000:]
    if done.returncode not in (0, 1):
        raise RuntimeError(f"pytest {' '.join(tests)} ended with {done.returncode}: {said}")
    return said if done.returncode else ""


def copies(count: int, folder: Path) -> Iterator[Path]:
    """Copies of the program, so that no fault ever gets into the repository itself."""
    for number in range(count):
        root = folder / f"copy{number}"
        root.mkdir()
        for name in copied():
            source = ROOT / name
            if source.is_dir():
                # With what is compiled: it stays true, since times are copied, too (and see `write_anew`).
                shutil.copytree(source, root / name)
            elif source.exists():
                shutil.copyfile(source, root / name)
        yield root


def survivors(mutants: Sequence[Mutant], jobs: int) -> list[str]:
    """The names of the faults that no test noticed; tells of each as it is tried. Raises when the tests fail without any fault."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        free: SimpleQueue[Path] = SimpleQueue()
        for root in copies(jobs, Path(folder)):
            free.put(root)

        def said_without_fault() -> str:
            root = free.get()
            try:
                return failure_of(root, sorted({test for mutant in mutants for test in mutant.tests}), 10 * SECONDS)
            finally:
                free.put(root)

        def is_noticed(mutant: Mutant) -> bool:
            root = free.get()
            before = (root / mutant.file).read_text(encoding="utf-8")
            try:
                mutant.put_into(root)
                return bool(failure_of(root, mutant.tests))
            finally:
                write_anew(root / mutant.file, before)
                free.put(root)

        alive = []
        with ThreadPoolExecutor(jobs) as pool:
            whole = pool.submit(said_without_fault)
            tried = pool.map(is_noticed, mutants)
            if said := whole.result():
                pool.shutdown(cancel_futures=True)
                raise RuntimeError(f"the tests fail without any fault: mend that first\n{said}")
            for mutant, noticed in zip(mutants, tried, strict=True):
                print(f"{'noticed ' if noticed else 'SURVIVED'}  {mutant.name}: {mutant.why}", flush=True)  # noqa: T201
                if not noticed:
                    alive.append(mutant.name)
        return alive


def _table_row(mutant: Mutant) -> str:
    tests = ", ".join(f"`{test.rpartition('::')[2]}`" for test in mutant.tests)
    mark = " (quick)" if mutant.is_quick else ""
    return f"| {mutant.name}{mark} | `{mutant.file}` | {mutant.why} | {tests} |"


def table(mutants: Sequence[Mutant]) -> str:
    """docs/reference/mutants.md: every kept fault with what it breaks and where it is noticed."""
    rows = "\n".join(_table_row(mutant) for mutant in mutants)
    return f"""# Faults that the tests notice

<!-- Made by tests/mutants; do not edit. Fresh copy: bin/mutants --table -->

Each row is a fault that `bin/mutants` puts into a copy of the program; the tests named beside it have to fail then. It is kept in
`tests/mutants/*.toml`. CI runs those marked *quick*; `bin/mutants` runs all {len(mutants)}.

| fault | file | what the line guards | noticed by |
|--|--|--|--|
{rows}
"""


def main() -> int:
    """Returns the exit code: 0 when every fault was noticed."""
    parser = argparse.ArgumentParser(prog="bin/mutants", description="Puts kept faults into a copy and runs the tests.")
    parser.add_argument("ids", nargs="*", help="only these faults")
    parser.add_argument("--quick", action="store_true", help="only those that CI runs each time")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--table", action="store_true", help=f"write {TABLE.relative_to(ROOT)} and run nothing")
    asked = parser.parse_args()
    mutants = read_lists()
    if asked.table:
        TABLE.write_text(table(mutants), encoding="utf-8")
        return 0
    unknown = set(asked.ids) - {mutant.name for mutant in mutants}
    if unknown:
        parser.error(f"no fault is called {', '.join(sorted(unknown))}")
    chosen = [
        mutant
        for mutant in mutants
        if (mutant.is_quick or not asked.quick) and (not asked.ids or mutant.name in asked.ids)
    ]
    alive = survivors(chosen, max(1, min(asked.jobs, len(chosen))))
    print(f"{len(chosen) - len(alive)} of {len(chosen)} faults noticed")  # noqa: T201
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main())
