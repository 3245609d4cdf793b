"""A picture that is refused: who has sent it is told what a sender can do, the owner of a file what an owner can."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from album_sort.classifier.labels import load_wording
from album_sort.errors import PictureRefused
from album_sort.operations.asked import SAID_TO_SENDERS
from album_sort.operations.predict import Predictor
from album_sort.settings import Settings
from album_sort.types import LANGUAGES, FileEntry, FileKind

FOR_OWNERS = ("--", "pip install", "next run", "run again", "beside", "remove it", "旁边", "运行", "删除")
"""Words that help nobody who has only sent a file."""

CAN_DO = ("send", "restore", "save it", "发送", "改发", "换一张", "恢复")

CODES = (
    "sent.wrong-content",
    "sent.no-picture",
    "sent.needs-jxl",
    "sent.raw-without-preview",
    "sent.too-many-pixels",
    "sent.no-pixels",
    "sent.memory-to-read",
    "sent.memory-to-decode",
    "sent.too-slow",
    "sent.crashed",
    "sent.not-understood",
    "sent.orphan-sidecar",
)

PDF = b"%PDF-1.7\n" + bytes(300)


@pytest.fixture(scope="module")
def predictor() -> Iterator[Predictor]:
    with Predictor.of(Settings(model="efficientnet-lite0", offline=True)) as predictor:
        yield predictor


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_a_sender_is_told_helps_a_sender(code: str, lang: str) -> None:
    sentence = load_wording().sentences[code][lang]
    assert any(word in sentence for word in CAN_DO)
    assert not any(word in sentence for word in FOR_OWNERS)
    [owners] = [owners for owners, senders in SAID_TO_SENDERS.items() if senders == code]
    values = [set(re.findall(r"\{\w+\}", load_wording().sentences[one][lang])) for one in (code, owners)]
    assert values[0] <= values[1], "the reason has these values"


def test_a_reason_with_words_for_owners_alone_has_others_for_senders() -> None:
    """Of what a reading process can say of a file that was sent; the others come from a library alone."""
    begin = next(n for n, code in enumerate(load_wording().sentences) if code == "skip.memory-to-read")
    codes = list(load_wording().sentences)
    end = codes.index("skip.needs-jxl")
    for code in codes[begin : end + 1]:
        if any(word in text for text in load_wording().sentences[code].values() for word in FOR_OWNERS):
            assert code in SAID_TO_SENDERS


@pytest.mark.parametrize("lang", LANGUAGES)
def test_bytes_are_refused_for_a_sender_and_files_for_their_owner(
    predictor: Predictor, lang: str, tmp_path: Path
) -> None:
    with pytest.raises(PictureRefused) as sent:
        predictor.submit(PDF, "form.jpg", lang=lang).result(60)
    (tmp_path / "form.jpg").write_bytes(PDF)
    found = (tmp_path / "form.jpg").stat()
    entry = FileEntry(
        str(tmp_path / "form.jpg"),
        str(tmp_path),
        found.st_size,
        found.st_mtime_ns,
        found.st_ino,
        found.st_dev,
        FileKind.PHOTO,
    )
    with pytest.raises(PictureRefused) as owned:
        predictor.submit(entry, lang=lang).result(60)
    assert "--exclude" in str(owned.value)
    assert "PDF" in str(sent.value)
    assert not any(word in str(sent.value) for word in FOR_OWNERS)
