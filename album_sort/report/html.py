"""`report.html`: the report people look at. One file while its thumbnails are few, else a page with a folder of data beside it.

The data is that of pagedata.py; here it becomes blocks in the page, or script files beside it. Everything that comes from photos passes
`visible` and then either jinja2's escaping or `textContent`; the page's Content-Security-Policy names the one script and the one style
sheet by hash, and allows no network at all.
"""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import closing
from pathlib import Path

from album_sort.errors import DestinationError
from album_sort.report._blocks import MARKER, Blocks, fits_into_page
from album_sort.report._output import atomic_text, refuse_foreign
from album_sort.report._page import Page, Setting, is_our_page
from album_sort.report.pagedata import PageData, Thumbnail
from album_sort.report.sinks import ReportBrief
from album_sort.report.words import Words
from album_sort.sentences import sentence
from album_sort.types import LabelSet, ReportFooter, ReportHeader, ReportRow

INLINE_LIMIT_BYTES = 24 * 1024 * 1024
"""Up to about 1,800 photos the page is one file; beyond it would take seconds to open."""

MOST_IN_ONE_FILE = 2_000
"""Of a page that is to be one file, whatever the size of its thumbnails: some 30 MB."""


class HtmlReport:
    """A report.html in the making: `add` every row, then `finish`."""

    def __init__(
        self,
        path: Path,
        info: ReportHeader,
        words: Words,
        *,
        thumbnail: Thumbnail,
        labels: LabelSet | None = None,
        inline_limit_bytes: int = INLINE_LIMIT_BYTES,
        most_in_one_file: int = 0,
    ) -> None:
        """`most_in_one_file`: so many photos are in the page itself, whatever `inline_limit_bytes` says."""
        refuse_foreign(path, is_our_page)
        self._path = path
        self._info = info
        self._files = path.with_name(f"{path.stem}-files")
        _refuse_foreign_folder(self._files)
        self._new_files = path.with_name(f".{path.stem}-files.{secrets.token_hex(4)}.tmp")
        self._thumbnail = thumbnail
        self._inline_limit_bytes = inline_limit_bytes
        self._most_in_one_file = most_in_one_file
        self.is_one_file = True
        """Once it is finished: whether no folder belongs to it."""
        self._data = PageData(info, words, thumbnail=thumbnail, spool_folder=path.parent, labels=labels)

    def add(self, row: ReportRow) -> None:
        """Takes one row."""
        self._data.add(row)

    def finish(self, outcome: ReportFooter | None) -> None:
        """Writes the page; the data folder, where there is one, takes its name just before."""
        try:
            self._data.arrange()
            blocks = self._blocks()
            setting = Setting(blocks.picture, self._photos_base(), blocks.address, blocks.in_page)
            page = Page(self._data, outcome, setting)
            with atomic_text(self._path, is_ours=is_our_page) as stream:
                for piece in page.pieces():
                    stream.write(piece)
                self._publish_files(is_inline=blocks.is_inline)
        except OSError as error:
            raise DestinationError(
                sentence("report.cannot-write-the-report-2", path=self._path, error=error),
                hint=f"check {self._path.parent}",
            ) from error

    def close(self) -> None:
        """Takes away what is only temporary."""
        self._data.close()
        shutil.rmtree(self._new_files, ignore_errors=True)

    def _publish_files(self, *, is_inline: bool) -> None:
        if self._files.exists():
            shutil.rmtree(self._files)
        if not is_inline:
            os.replace(self._new_files, self._files)

    def _blocks(self) -> Blocks:
        """The index, the cards and the thumbnails where the page will find them."""
        data = self._data
        is_inline = data.count <= self._most_in_one_file or fits_into_page(
            data.hashes(), self._thumbnail, limit_bytes=self._inline_limit_bytes
        )
        self.is_one_file = is_inline
        blocks = Blocks(self._new_files, self._thumbnail, is_inline=is_inline, address=self._files.name)
        blocks.put_large("index", data.index())
        for chunk in data.chunks:
            blocks.put(f"photos-{chunk}", b"[", b",".join(data.cards(chunk)), b"]")
        for pack in data.packs:
            blocks.put_thumbnails(f"thumbnails-{pack}", data.hashes(pack))
        return blocks

    def _photos_base(self) -> str:
        """Where the filed photos are, seen from the page; "" in a preview, which files none."""
        if self._info.is_preview:
            return ""
        destination = Path(self._info.destination).absolute()
        folder = self._path.parent.absolute()
        if folder.is_relative_to(destination):
            # relative, so that the links live on when the whole destination is moved
            return "../" * len(folder.relative_to(destination).parts) or "./"
        return destination.as_uri() + "/"


def html_report(path: Path, brief: ReportBrief) -> closing[HtmlReport]:
    """A report.html, and the folder beside it where there are many photos."""
    return closing(HtmlReport(path, brief.info, brief.words, thumbnail=brief.thumbnail, labels=brief.labels))


def _refuse_foreign_folder(folder: Path) -> None:
    """A folder without our marker is somebody's: it is never replaced."""
    if folder.exists() and not (folder / MARKER).is_file():
        raise DestinationError(
            sentence("report.is-there-already-and-is", folder=folder),
            hint=sentence("report.choose-another-folder-for-the"),
        )
