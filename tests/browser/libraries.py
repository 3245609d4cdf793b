"""Made-up libraries for the pages of a report, and how they are written."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from PIL import Image

from album_sort.classifier.labels import load_labels
from album_sort.report import HtmlReport, parse_words
from album_sort.types import (
    AlbumRelPath,
    ContentId,
    PlaceRow,
    ReportFooter,
    ReportHeader,
    ReportRow,
    RowAction,
    SkippedRow,
    Stage,
)
from tests.report_builders import INFO, OUTCOME, WORDS_TEXT, photo_row

START = datetime(2025, 12, 26, 9)
TOWNS = (("Niseko", "Japan", 42.805, 140.687), ("Rome", "Italy", 41.9, 12.5), ("Arezzo", "Italy", 43.46, 11.88))


def picture(sha256: str, size: tuple[int, int] = (320, 240)) -> bytes:
    """A plain picture of a colour made from the hash."""
    buffer = io.BytesIO()
    red, green, blue = bytes.fromhex(sha256[:6])
    Image.new("RGB", size, (red, green, blue)).save(buffer, "JPEG")
    return buffer.getvalue()


def library() -> Iterator[ReportRow]:
    """Two albums, a trip, photos to review, duplicates, bursts, towns, cameras, files left out."""
    for number in range(150):
        album = ("pets", "food", "review")[0 if number < 40 else 1 if number < 140 else 2]
        name, country, lat, lon = TOWNS[number % 3]
        row = dataclasses.replace(
            photo_row(
                f"/home/anna/Photos/IMG_{number:04}.jpg",
                album=album,
                title=album.capitalize(),
                sha256=f"{number * 977 % 4096:03x}" + "5a" * 10 + f"{number:041x}",
                taken=START + timedelta(hours=number * 7),
                action=RowAction.DUPLICATE if number % 50 == 9 else RowAction.COPY,
                similar_to=f"{number // 10:064x}" if number % 10 < 3 else None,
            ),
            place=PlaceRow(name, country, country[:2].upper(), 2.0, "EXIF GPS", lat, lon),
            camera="Apple iPhone 12" if number % 4 else "Canon EOS 700D",
            size_px=((4000, 3000), (3000, 4000))[number % 5 == 0],
            damaged_share=0.4 if number == 3 else None,
            by_hand="moved" if number == 5 else "",
            in_run=number < 100,
        )
        yield row if number % 2 else dataclasses.replace(row, trip=None)
    for number in range(5):
        yield SkippedRow(f"/home/anna/Photos/broken {number}.jpg", Stage.DECODE, "the file is empty")
    yield SkippedRow("/home/anna/Photos/.cache", Stage.SCAN, "hidden folder", is_problem=False)


def years(count: int, *, days: float = 1.0) -> Iterator[ReportRow]:
    """Photos one after the other, all in one album, as many as asked for."""
    for number in range(count):
        yield photo_row(
            f"/home/anna/Photos/IMG_{number:05}.jpg",
            sha256=f"{number * 977 % 4096:03x}" + "5a" * 10 + f"{number:041x}",
            taken=START - timedelta(days=number * days),
        )


def filed(folder: Path, names: Iterable[str], *, size: tuple[int, int] = (1600, 1200)) -> Iterator[ReportRow]:
    """Photos whose files lie in the albums at `folder`, each with its own content."""
    for number, name in enumerate(names):
        sha256 = f"{(number + 1) * 4919:064x}"[::-1]
        path = AlbumRelPath(f"Pets/{name}")
        (folder / "Pets").mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(picture(sha256, size))
        row = photo_row(f"/in/{name}", taken=START - timedelta(hours=number), sha256=sha256)
        yield dataclasses.replace(row, path=path, sha256=ContentId(sha256), size_px=size)


def write(
    path: Path,
    rows: Iterable[ReportRow],
    *,
    info: ReportHeader = INFO,
    outcome: ReportFooter | None = OUTCOME,
    language: str = "en",
    inline_limit_bytes: int = 10_000_000,
) -> Path:
    """A page of these rows; with a limit of 0 its data lies in a folder beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    info = dataclasses.replace(info, language=language)
    report = HtmlReport(
        path,
        info,
        parse_words(WORDS_TEXT, language),
        thumbnail=picture,
        labels=load_labels(),
        inline_limit_bytes=inline_limit_bytes,
    )
    with closing(report):
        for row in rows:
            report.add(row)
        report.finish(outcome)
    return path
