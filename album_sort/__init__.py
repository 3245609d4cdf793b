"""album-sort: turns a folder of photos into human albums, offline, on an ordinary CPU.

    import album_sort

    outcome = album_sort.sort("Photos", "Albums")

docs/reference/api.md tells of the rest. What is exported here is imported when it is first used: `import album_sort` is cheap.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from album_sort.api import (
        Changed,
        ChangesPlan,
        Outcome,
        PhotoClass,
        Predictor,
        StopRequest,
        apply_changes,
        classify,
        preview,
        preview_changes,
        sort,
    )
    from album_sort.errors import AlbumSortError


def _version() -> str:
    """As the build has written it (version.py); that of unreleased code where nothing was built."""
    try:
        with open(os.path.join(os.path.dirname(__file__), "_version.txt"), encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return "0.1.0.dev0"


__version__ = _version()

__all__ = [
    "AlbumSortError",
    "Changed",
    "ChangesPlan",
    "Outcome",
    "PhotoClass",
    "Predictor",
    "StopRequest",
    "__version__",
    "apply_changes",
    "classify",
    "preview",
    "preview_changes",
    "sort",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever is exported
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = importlib.import_module("album_sort.errors" if name == "AlbumSortError" else "album_sort.api")
    return getattr(home, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
