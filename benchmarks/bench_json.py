"""What a library for JSON would bring: rows of a plan and of a report, 100,000 each, written and read in three ways.

    python benchmarks/bench_json.py [--rows 100000]

`hand` is what the program does (core/planning/planfile.py, report/rows.py); `msgspec` and `cattrs` convert between the same values
and plain objects by the types' annotations: rows of a plan with the same checks as hooks, rows of a report without some of them and
without the file's own shapes (scores by album, offsets as text, rounded numbers), so that theirs is the least it can take. All three
leave the text itself to the standard library: only that takes a file name that is not UTF-8, and refuses a key that is there twice.
Each way runs in a process of its own, which says what its import takes and what reading adds to its memory. Needs
`pip install msgspec cattrs`; neither is part of the program.
Appends six lines to benchmarks/results/json.csv; docs/decisions/0011-json.md says what follows from them.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from album_sort.core import checked  # noqa: E402 (runs from a clone too)
from album_sort.core.bounded import finite  # noqa: E402
from album_sort.core.planning.planfile import op_from_json, op_to_json  # noqa: E402
from album_sort.core.reason_json import reason_from_json, reason_to_json  # noqa: E402
from album_sort.report.rows import photo_from_json, photo_to_json  # noqa: E402
from album_sort.types import (  # noqa: E402
    Action,
    AlbumId,
    AlbumRelPath,
    ClassIndex,
    ContentId,
    FiledContent,
    PhotoRow,
    PlaceRow,
    PlannedOp,
    Reason,
    Role,
    RowAction,
    TakenRow,
    TopClass,
    TripRow,
    inner_path,
    inner_path_or_none,
)
from benchmarks.machine import machine_columns  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "json.csv"
WAYS = ("hand", "msgspec", "cattrs")
KINDS = ("plan", "report")

Codec = tuple[Callable[[Any], dict[str, Any]], Callable[[dict[str, Any]], Any]]
"""A row to a plain object, and back."""


def ops(count: int) -> Iterable[PlannedOp]:
    """Rows of a plan: one in ten with a reason, one in a hundred with a name that is not UTF-8."""
    for number in range(count):
        name = f"IMG_{number:06}\udce9.jpg" if number % 100 == 0 else f"IMG_{number:06}.jpg"
        yield PlannedOp(
            op_id=number + 1,
            action=Action.COPY,
            filed=FiledContent(
                content_id=ContentId(f"{number:064x}"),
                group_id=ContentId(f"{number:064x}"),
                album=AlbumId("pets"),
                folder=inner_path("Pets/2024"),
                role=Role.PRIMARY,
                source=f"/home/anna/Photos/2024/{number % 12 + 1:02}/{name}",
            ),
            size_bytes=2_400_000 + number,
            mtime_ns=1_700_000_000_000_000_000 + number,
            target=inner_path(f"Pets/2024/{name}"),
            why=(Reason.of("plan.clash", name=name),) if number % 10 == 0 else (),
        )


def photos(count: int) -> Iterable[PhotoRow]:
    """Rows of a report, of a trip each."""
    trip = TripRow(
        "trip-1", "2025-12 Niseko, Japan", date(2025, 12, 26), date(2026, 1, 3), ("Starts 8,412 km from home.",)
    )
    local = datetime(2025, 12, 28, 10, 3, tzinfo=UTC).replace(tzinfo=None)
    for number in range(count):
        yield PhotoRow(
            source=f"/home/anna/Photos/2025/IMG_{number:06}.jpg",
            album=AlbumId("winter-travel"),
            title="Winter travel",
            path=inner_path(f"Winter travel/2025-12 Niseko, Japan/IMG_{number:06}.jpg"),
            action=RowAction.COPY,
            sha256=ContentId(f"{number:064x}"),
            why=("looks like skiing (0.93)", "in a cold season, away from home"),
            top=tuple(TopClass(ClassIndex(index), label, 0.3) for index, label in enumerate(("ski", "alp", "parka"))),
            scores=((AlbumId("winter-travel"), 0.93), (AlbumId("mountains"), 0.05)),
            taken=TakenRow(local, 540, "EXIF DateTimeOriginal", "second"),
            place=PlaceRow("Niseko", "Japan", "JP", 3.1, "EXIF GPS"),
            trip=trip,
            size_bytes=2_400_000,
        )


def _hand() -> dict[str, Codec]:
    return {"plan": (op_to_json, op_from_json), "report": (photo_to_json, photo_from_json)}


def _checked(name: str, value: object) -> str:
    """A value of a path's, content's or run's kind, as the program checks it."""
    return {"InnerPath": inner_path, "InnerPathOrNone": inner_path_or_none, "Content": checked.content}[name](value)


def _msgspec() -> dict[str, Codec]:
    """Its own checks of ranges and lengths where it has them; paths and reasons by hooks, for which they have to be classes.

    Names in a file are other ones than those of the fields, which only its own `Struct` can say: these stand in for the values.
    """
    msgspec = import_module("msgspec")

    class InnerPath(str):
        __slots__ = ()

    class InnerPathOrNone(str):
        __slots__ = ()

    class Content(str):
        __slots__ = ()

    text = Annotated[str, msgspec.Meta(max_length=checked.LONGEST_TEXT)]
    whole = Annotated[int, msgspec.Meta(ge=0, le=checked.LARGEST_SIZE)]

    op_type = msgspec.defstruct(
        "Op",
        [
            ("op_id", whole),
            ("action", Action),
            ("source", text),
            ("sha256", Content),
            ("size_bytes", whole),
            ("mtime_ns", int),
            ("target", InnerPath),
            ("origin", InnerPathOrNone),
            ("group", Content),
            ("album", text),
            ("role", Role),
            ("folder", InnerPathOrNone),
            ("why", tuple[Reason, ...]),
        ],
        frozen=True,
        tag_field="type",
        tag="op",
    )

    def read(kind: type, value: object) -> object:
        return reason_from_json(value) if kind is Reason else kind(_checked(kind.__name__, value))

    def write(value: Reason) -> object:
        return reason_to_json(value)

    def write_op(op: PlannedOp) -> dict[str, Any]:
        row = op_type(
            op.op_id, op.action, op.source, op.content_id, op.size_bytes, op.mtime_ns, op.target, op.origin, op.group_id,
            op.album, op.role, op.folder, op.why,
        )  # fmt: skip
        return msgspec.to_builtins(row, enc_hook=write)

    def read_op(row: dict[str, Any]) -> PlannedOp:
        one = msgspec.convert(row, op_type, dec_hook=read)
        checked.whole(one.mtime_ns, -checked.LARGEST_TIME_NS, checked.LARGEST_TIME_NS)
        checked.outer_path(one.source)
        filed = FiledContent(one.sha256, one.group, one.album, one.folder, one.role, one.source)
        return PlannedOp(one.op_id, one.action, filed, one.size_bytes, one.mtime_ns, one.target, one.origin, one.why)

    return {
        "plan": (write_op, read_op),
        "report": (msgspec.to_builtins, lambda row: msgspec.convert(row, PhotoRow, dec_hook=read)),
    }


def _cattrs() -> dict[str, Codec]:
    """Functions generated from the annotations; the types' names take the checks."""
    gen = import_module("cattrs.gen")
    converter = import_module("cattrs").Converter(detailed_validation=False)
    converter.register_structure_hook(AlbumRelPath, lambda value, _: inner_path_or_none(value))
    converter.register_structure_hook(ContentId, lambda value, _: checked.content(value))
    converter.register_structure_hook(AlbumId, lambda value, _: AlbumId(checked.text(value)))
    converter.register_structure_hook(str, lambda value, _: checked.text(value))
    converter.register_structure_hook(
        int, lambda value, _: checked.whole(value, -checked.LARGEST_TIME_NS, checked.LARGEST_TIME_NS)
    )
    converter.register_structure_hook(Reason, lambda value, _: reason_from_json(value))
    converter.register_unstructure_hook(Reason, reason_to_json)
    converter.register_structure_hook(bool, lambda value, _: checked.yes_or_no(value))
    converter.register_structure_hook(float, lambda value, _: finite(value))
    for kind in (datetime, date):
        converter.register_structure_hook(kind, lambda value, one: one.fromisoformat(value))
        converter.register_unstructure_hook(kind, lambda value: value.isoformat())
    converter.register_structure_hook(PlannedOp, gen.make_dict_structure_fn(PlannedOp, converter))
    converter.register_unstructure_hook(PlannedOp, gen.make_dict_unstructure_fn(PlannedOp, converter))
    return {
        "plan": (converter.unstructure, lambda row: converter.structure(row, PlannedOp)),
        "report": (converter.unstructure, lambda row: converter.structure(row, PhotoRow)),
    }


def _measure(way: str, kind: str, count: int) -> dict[str, str]:
    """One way with one kind of row, in this process."""
    values = list((ops if kind == "plan" else photos)(count))
    begun = time.process_time()
    write, read = {"hand": _hand, "msgspec": _msgspec, "cattrs": _cattrs}[way]()[kind]
    ready = time.process_time()
    lines = [json.dumps(write(value)) for value in values]
    written = time.process_time()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    back = [read(checked.json_object(line)) for line in lines]
    done = time.process_time()
    if back != values:
        raise SystemExit("what was read is not what was written")
    return {
        "way": way,
        "kind": kind,
        "rows": str(count),
        "ready_ms": f"{(ready - begun) * 1e3:.0f}",
        "write_s": f"{written - ready:.2f}",
        "read_s": f"{done - written:.2f}",
        "read_mb": f"{(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024:.0f}",
    }


def main() -> None:
    """Every way in a process of its own, and their figures on the screen and in the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--one", nargs=2, metavar=("WAY", "KIND"), help="only this one, here")
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(_measure(*arguments.one, arguments.rows)))
        return
    rows = []
    for kind in KINDS:
        for way in WAYS:
            command = [sys.executable, __file__, "--one", way, kind, "--rows", str(arguments.rows)]
            row = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            print(row)
            rows.append({**row, **machine_columns()})
    is_new = not RESULTS.exists()
    with RESULTS.open("a", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        if is_new:
            writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
