"""The pages of docs/reference that are made from the program, so that they cannot say anything else than it does."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

from album_sort import errors
from album_sort.classifier.labels import load_labels
from album_sort.core.albums.conditions import CONDITIONS, guide_table
from album_sort.core.planning.layout import FIELDS, Layout
from album_sort.errors import ExitCode
from album_sort.events import Event, FileLeftOut, OpFinished
from album_sort.operations.as_json import event_as_json
from album_sort.report.schema import schema_text
from album_sort.sentences import sentence
from album_sort.setting_values import Keeping
from album_sort.settings import SPECS, Settings
from album_sort.types import Action, OpResult, OpStatus, Reason, Skipped, Stage

MADE = "Made from the program by `tests/test_reference.py` (`UPDATE_DOCS=1`); do not edit."


def _page(title: str, *parts: str) -> str:
    return "\n\n".join((f"# {title}", MADE, *parts)) + "\n"


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    cells = [heads, tuple("--" for _ in heads), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in cells)


def settings_page() -> str:
    """Every setting."""
    kept = {
        Keeping.ALWAYS: "always",
        Keeping.ONCE_SET: "once set",
        Keeping.NEVER: "",
    }
    rows = []
    for name, spec in SPECS.items():
        default = getattr(Settings(), name)
        shown = "" if default in ("", None, ()) else "" if isinstance(default, bool) else f"`{default}`"
        value = f"`{spec.metavar}`" if spec.metavar else "yes or no"
        words = sentence(spec.help) if spec.help else "A network, as `album-sort models list` names them."
        rows.append((f"`{name.replace('_', '-')}`", value, shown, kept[spec.keeping], words))
    heads = ("setting", "value", "default", "kept by the albums", "what it does")
    return _page(
        "Settings",
        "In a file `name = value`, in the environment `ALBUM_SORT_NAME`, on the command line `--name value`. "
        "Which of them wins, and what albums keep: [the guide](../guides/settings.md).",
        _table(heads, rows),
    )


def exit_codes_page() -> str:
    """Every exit code, with the errors that end so."""
    ends: dict[int, list[str]] = {}
    for name, kind in vars(errors).items():
        if isinstance(kind, type) and issubclass(kind, errors.AlbumSortError):
            about = (kind.__doc__ or "").strip().partition("\n")[0]
            ends.setdefault(int(kind.exit_code), []).append(f"`{name}`: {about}")
    rows = [(str(int(code)), code.meaning, "<br>".join(ends.get(int(code), []))) for code in ExitCode]
    return _page("Exit codes", _table(("code", "meaning", "errors of the Python API"), rows))


def layout_page() -> str:
    """Fields of a layout, with what becomes of some."""
    photo = {
        "album": "Food",
        "trip": "2025-07 Tuscany, Italy",
        "year": "2025",
        "month": "07",
        "day": "14",
        "country": "Italy",
        "city": "Arezzo",
        "season": "Summer",
        "camera": "FUJIFILM X-T1",
    }
    assert tuple(photo) == FIELDS
    rows = [(f"`{{{name}}}`", photo[name]) for name in FIELDS]
    templates = ("{album}/{trip|year|undated}", "{trip|album}", "{year}/{month}/{album}", "{country|album}/{city|year}")
    shown = []
    for template in templates:
        layout = Layout.parse(template)
        home = {name: value for name, value in photo.items() if name not in ("trip", "country", "city")}
        shown.append((f"`{template}`", f"`{layout.render(photo)}`", f"`{layout.render(home)}`"))
    return _page(
        "Fields of a layout",
        "`--layout` says what the folders are called. Of several choices in braces the first that is known counts; the last may be a word.",
        _table(("field", "for example"), rows),
        _table(("layout", "on a journey", "without a place"), shown),
    )


def rules_page() -> str:
    """Shipped albums, and what a rule may ask."""
    albums = [
        (f"`{one.album_id}`", one.titles["en"], one.titles["zh"], one.descriptions["en"])
        for one in load_labels().albums
    ]
    return _page(
        "Albums and rules",
        "How to write rules: [your own albums](../guides/albums.md).",
        "## Shipped albums",
        _table(("id", "English", "中文", "what is in it"), albums),
        f"## Conditions of a rule\n\nKeys of `when`; all {len(CONDITIONS)} that there are.",
        guide_table().rstrip(),
    )


_VALUES: Mapping[str, Any] = {
    "stage": "classify",
    "text": "97 photos would follow your corrections",
    "worker": "nas",
    "state": "joined",
    "said": "the file is damaged",
    "run_id": "20251231T023000Z-a1b2c3",
    "current": "2024/",
}


def _example(kind: type) -> Event:
    values: dict[str, Any] = {}
    for name, field in kind.__dataclass_fields__.items():  # type: ignore[attr-defined]
        values[name] = _VALUES.get(name, False if field.type == "bool" else 1.5 if field.type == "float" else 97)
    if kind is FileLeftOut:
        values["skipped"] = Skipped("/home/me/Photos/broken.jpg", Stage.DECODE, Reason.of("skip.damaged"))
    made: Event = kind(**values)
    return made


def events_page() -> str:
    """What `--json` prints of each event."""
    parts = []
    for kind in get_args(Event):
        about = (kind.__doc__ or "").strip()
        parts.append(f"## {kind.__name__}\n\n{about}")
        if kind is OpFinished:
            shown: dict[str, object] | None = {
                "event": "file",
                "source": "/home/me/Photos/a.jpg",
                "target": "Pets/2024/a.jpg",
                "action": Action.COPY,
                "status": OpStatus.DONE,
                "error": OpResult(1, OpStatus.DONE, Action.COPY).error,
            }
        else:
            shown = event_as_json(_example(kind))
        parts.append(f"```json\n{json.dumps(shown)}\n```" if shown else "For eyes: no line of `--json`.")
    return _page(
        "Events",
        "With `--json` a command prints one JSON object a line on standard output, and `summary` at the end. From Python, "
        "the same come to an `EventSink` ([API](api.md)).",
        *parts,
    )


def report_fields_page() -> str:
    """The rows of report.jsonl."""
    schema = json.loads(schema_text())
    parts = []
    for name, row in schema["$defs"].items():
        if row.get("type") != "object":
            continue
        required = set(row.get("required", ()))
        rows = [
            (f"`{key}`", _kind_of(one), "" if key in required else "may be missing", one.get("description", ""))
            for key, one in row["properties"].items()
        ]
        parts += [f"## {name}\n\n{row.get('description', '')}".rstrip(), _table(("field", "type", "", "what"), rows)]
    return _page(
        "Fields of the report",
        "The rows of `report.jsonl`, from its [schema](report-schema.json); what the files are for: [report](report.md).",
        *parts,
    )


def _kind_of(one: Mapping[str, Any]) -> str:
    if "const" in one:
        return f"`{one['const']}`"
    if "enum" in one:
        return ", ".join(f"`{value}`" for value in one["enum"])
    if "oneOf" in one or "anyOf" in one:
        return " or ".join(_kind_of(part) for part in one.get("oneOf") or one["anyOf"])
    if "$ref" in one:
        return str(one["$ref"]).rpartition("/")[2]
    kind = one.get("type", "anything")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


PAGES: Mapping[str, Callable[[], str]] = {
    "settings": settings_page,
    "exit-codes": exit_codes_page,
    "layout": layout_page,
    "rules": rules_page,
    "events": events_page,
    "report-fields": report_fields_page,
}
"""By the name of the file in docs/reference."""
