"""What the site needs beside MkDocs: links to files of the repository that are no pages, and no word of other hosts.

In the repository such a link opens the file; in the site a picture is taken along and anything else is named.
"""

from __future__ import annotations

import posixpath
import re
import shutil
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
ASSETS = "assets/repository"

_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)#:\s]+)(#[^)\s]*)?\)")
_taken: dict[str, Path] = {}


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:  # noqa: ANN401 - MkDocs gives its own
    """Mends the links that lead out of docs/."""
    folder = posixpath.dirname(page.file.src_uri)

    def mended(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join("docs", folder, found[3]))
        if target.startswith("docs/") and posixpath.splitext(target)[1] not in ("", ".py"):
            return found[0]
        if not (REPOSITORY / target).exists():
            return found[0]  # the strict build complains
        if (REPOSITORY / target).suffix in (".svg", ".png"):
            _taken[f"{ASSETS}/{posixpath.basename(target)}"] = REPOSITORY / target
            up = posixpath.relpath(f"{ASSETS}/{posixpath.basename(target)}", folder or ".")
            return f"{found[1]}[{found[2]}]({up})" if not found[1] else f'<img src="{up}" alt="{found[2]}">'
        return f"{found[2]} (`{target}`)" if found[2] != target else f"`{target}`"

    return _LINK.sub(mended, markdown)


def on_post_build(config: Any, **_: Any) -> None:  # noqa: ANN401 - as above
    """Takes the pictures along."""
    for name, source in _taken.items():
        place = Path(config.site_dir) / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, place)
