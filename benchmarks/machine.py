"""What every row of a result says of the machine it was measured on, and how such rows are written."""

from __future__ import annotations

import csv
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "results"


def machine_columns() -> dict[str, str]:
    """Processor, cores, versions, and the load of others during the measurement."""
    return {
        "processor": processor(),
        "cores": str(len(os.sched_getaffinity(0))),
        "load": f"{os.getloadavg()[0]:.1f}",
        "python": platform.python_version(),
        "torch": version("torch"),
        "pillow": version("pillow"),
        "simplejpeg": version("simplejpeg"),
    }


def processor() -> str:
    """Its name and the instructions that matter to a network."""
    fields = {"model name": platform.machine(), "flags": ""}
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            if key.strip() in fields:
                fields[key.strip()] = value.strip()
    except OSError:
        pass
    known = ("avx2", "avx512_vnni", "avx512_bf16", "amx_int8", "asimddp")
    return " ".join([fields["model name"], *(flag for flag in known if flag in fields["flags"].split())])


def program_columns() -> dict[str, str]:
    """The day, and the commit of the program that was measured; `+` where it had been changed since."""
    said = [
        subprocess.run(["git", *words], cwd=RESULTS, capture_output=True, text=True, check=False).stdout.strip()
        for words in (["rev-parse", "--short", "HEAD"], ["status", "--porcelain", "--", "../../album_sort"])
    ]
    return {"day": f"{datetime.now(UTC):%Y-%m-%d}", "commit": said[0] + ("+" if said[1] else "")}


def write_rows(
    name: str, rows: Iterable[Mapping[str, object]], *, append: bool = False, key: Sequence[str] = ()
) -> None:
    """Writes rows with the machine's columns to results/<name>.csv.

    They take the place of those that the same kind of processor has measured before, and stand beside those of others; with
    `append` nothing is replaced, with a `key` only rows of the same values in these columns, each where it stood.
    """
    completed = [{**row, **machine_columns()} for row in rows]
    path = RESULTS / f"{name}.csv"
    RESULTS.mkdir(exist_ok=True)
    columns, processor_here = list(completed[0]), completed[0]["processor"]
    if key:
        columns, completed = _merged(path, columns, completed, (*key, "processor"))
    kept = [row for row in _read_rows(path, columns) if append or row["processor"] != processor_here]
    with path.open("w", newline="", encoding="utf-8") as sink:
        writer = csv.DictWriter(sink, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(completed if key else [*kept, *completed])


def _merged(
    path: Path, columns: list[str], rows: Sequence[Mapping[str, object]], key: Sequence[str]
) -> tuple[list[str], list[dict[str, object]]]:
    """All rows of a table with these in place of those of the same key, and all columns; nothing of another table is lost."""
    held: dict[tuple[str, ...], dict[str, object]] = {}
    if path.is_file():
        with path.open(newline="", encoding="utf-8") as source:
            for row in csv.DictReader(source):
                held[tuple(row[name] for name in key)] = dict(row)
    for new in rows:
        held[tuple(str(new[name]) for name in key)] = dict(new)
    return list(dict.fromkeys([*columns, *(name for row in held.values() for name in row)])), list(held.values())


def _read_rows(path: Path, columns: list[str]) -> list[dict[str, str]]:
    """The rows of a table; none where it is missing or has other columns."""
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as source:
        table = csv.DictReader(source)
        return list(table) if table.fieldnames == columns else []
