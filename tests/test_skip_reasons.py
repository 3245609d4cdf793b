"""Why a file was left out is said in the language of the run: in the report, in the table, on the terminal, to programs."""

from __future__ import annotations

import csv
import json
import re
import tomllib
from pathlib import Path

import pytest

from album_sort.classifier.labels import load_wording, reason_texts
from album_sort.core.formats import HEAD_BYTES, describe
from album_sort.core.ignore import JUNK_FILES, JUNK_FOLDERS
from album_sort.core.reason_json import reason_from_json
from album_sort.core.unreadable import unreadable
from album_sort.pipeline.reporting import RowMaker
from album_sort.report.jsonl import read_lines
from album_sort.types import LANGUAGES, FileKind, OpResult, OpStatus, Reason, SkippedRow, Stage
from tests.builders import make_jpeg, make_tree
from tests.conftest import Program
from tests.destination_builders import filing, plan_on_paper
from tests.test_decode import BOMBS, REFUSED
from tests.test_wording import emitted

SENTENCES = tomllib.loads(reason_texts()["skipped.toml"])
WORDING = load_wording()

# Names of programs, formats and options, and units: they are not English.
NAMES = frozenset(
    re.findall(
        r"\S+",
        """album-sort --include --exclude --since --until pip install jxl nas windows macos itunes picasa lightroom apple iphoto
        aperture capture one mb raw jpeg png xl gzip pdf html svg xmp xml json postscript photoshop directdraw zip rar office x
        gb heic heif gif bmp tiff webp avif cr2 dng nef arw""",
    )
)


def english_words(sentence: str) -> set[str]:
    """Of a Chinese sentence, without what stands in parentheses (a library's own words), file names and suffixes."""
    bare = re.sub(r"（.*）|“[^”]*”|\{\w+\}|\.\w+", "", sentence)
    return {word.lower() for word in re.findall(r"[A-Za-z][A-Za-z0-9-]+|--[a-z]+", bare)} - NAMES


def placeholders(sentence: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", sentence))


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_each_code_is_said_in_both_languages_with_the_same_values(code: str) -> None:
    said = SENTENCES[code]
    assert set(said) == set(LANGUAGES)
    assert placeholders(said["en"]) == placeholders(said["zh"])
    assert not english_words(said["zh"])


def codes_given() -> dict[str, set[str]]:
    """Every code of a skipped file that the package gives, with the names of its values."""
    codes = {reason.code: {name for name, _ in reason.values} for reason in emitted()}
    return codes | {code: set() for code in (*JUNK_FOLDERS.values(), *JUNK_FILES.values())}


UNSAID = {"detail"}
"""What a library says is in no sentence, what the system says is."""


def test_every_code_has_its_sentence_and_every_sentence_its_code() -> None:
    given = {code: names - UNSAID for code, names in codes_given().items() if code.startswith("skip.")}
    said = {code: placeholders(texts["en"]) - UNSAID for code, texts in SENTENCES.items() if code.startswith("skip.")}
    assert given == said


# The first bytes of one file of each kind that is told apart.
HEADS = (
    b"", b"\0" * 64, b"\xff\xd8", b"hello", b"%PDF-", b"8BPS", b"\0\0\0\x0cjP  ", b"\0\0\1\0", b"DDS ", b"%!PS", b"PK\3\4",
    b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"\x7fELF", b"MZ", b"SQLite format 3", b"ID3", b"OggS", b"bplist", b"<html>",
    b"<svg", b"<x:xmpmeta", b"<?xml", b"{", make_jpeg(1), b"\0\0\0\x14ftypqt  \0\0\0\0qt  ",
)  # fmt: skip


def test_every_kind_of_content_has_its_word_and_every_word_its_content() -> None:
    # A picture of a known format is never refused by what it is.
    words = {describe(head[:HEAD_BYTES]) for head in HEADS} - {str(FileKind.PHOTO)}
    assert {f"content.{word}" for word in words} == {code for code in SENTENCES if code.startswith("content.")}


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), OSError(95, "Operation not supported")])
def test_what_the_system_says_is_said_in_words_of_ours(error: OSError) -> None:
    """A rare error keeps the system's text, in parentheses."""
    for lang in LANGUAGES:
        said = re.sub(r"[(（].*[)）]", "", WORDING.say(unreadable(error), lang))
        assert str(error.strerror) not in said
        assert not said.startswith("skip.")


def bad_files(folder: Path) -> Path:
    make_tree(
        folder,
        {
            "good.jpg": make_jpeg(3),
            **{
                f"{number}.jpg": data
                for number, data in enumerate((*(make() for make in REFUSED.values()), *BOMBS.values(), *HEADS[:25]))
            },
            **{f"unknown {number}": head for number, head in enumerate(HEADS[2:25])},
            ".hidden.jpg": make_jpeg(4),
            "@eaDir/thumb.jpg": make_jpeg(5),
            "cut.cr2": b"II*\0\x10\0\0\0CR\2\0" + b"\0" * 300,
            "cut.heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 40,
            "left/.albumignore": b"",
            "alone.xmp": b"<?xpacket begin=",
            "film/holiday.jpg": b"\0\0\0\x14ftypqt  \0\0\0\0qt  ",
        },
    )
    (folder / "dead.jpg").symlink_to(folder / "gone.jpg")
    (folder / "again").symlink_to(folder)
    return folder


def check_a_chinese_run(photos: Path, work: Path, album_sort: Program) -> set[str]:
    """No reason in English in any output; the codes that came up."""
    call = (photos, "--out", work / "Albums", "--offline", "--lang", "zh", "--dry-run")
    shown = album_sort(*call, "--report", work / "Report")
    rows = [row for row in read_lines(work / "Report" / "report.jsonl") if row["type"] == "skipped"]
    page = (work / "Report" / "report.html").read_text(encoding="utf-8")
    assert rows
    for row in rows:
        assert not english_words(row["reason"]), row["reason"]
        reason = reason_from_json({"code": row["code"], **row["values"]})
        assert row["reason"] == WORDING.say(reason, "zh")
        assert f"<span>{WORDING.say(reason, 'en')}</span>" not in page
    with (work / "Report" / "report.csv").open(encoding="utf-8-sig", newline="") as stream:
        table = [row["reason"] for row in csv.DictReader(stream) if row["type"] == "skipped"]
    assert not any(english_words(reason) for reason in table)
    problems = [row for row in rows if row["problem"]]
    assert any(row["reason"] in shown.stderr for row in problems)
    assert not any(WORDING.say(Reason(row["code"], tuple(row["values"].items())), "en") in shown.stderr for row in rows)
    events = [json.loads(line) for line in album_sort(*call, "--json").stdout.splitlines()]
    told = {event["source"]: (event["code"], event["reason"]) for event in events if event["event"] == "left_out"}
    assert told == {row["source"]: (row["code"], row["reason"]) for row in problems}
    return {row["code"] for row in rows}


def test_a_chinese_run_over_bad_files_says_why_in_chinese(tmp_path: Path, album_sort: Program) -> None:
    codes = check_a_chinese_run(bad_files(tmp_path / "Photos"), tmp_path, album_sort)
    assert codes >= {
        *REFUSED,
        "skip.too-many-pixels", "skip.wrong-content", "skip.foreign-format", "skip.hidden", "skip.synology-thumbnails",
        "skip.empty-ignore-file", "skip.broken-link", "skip.same-folder", "skip.orphan-sidecar", "skip.raw-without-preview",
    }  # fmt: skip


@pytest.mark.long
@pytest.mark.shared
def test_a_chinese_run_over_hostile_files_says_why_in_chinese(
    tmp_path: Path, album_sort: Program, shared_photos: Path
) -> None:
    assert len(check_a_chinese_run(shared_photos / "nasty", tmp_path, album_sort)) > 5


class ChineseRun:
    """As much of a preparation as a failed row needs."""

    def say(self, reason: Reason) -> str:
        return WORDING.say(reason, "zh")


def test_no_sentence_has_words_of_a_library() -> None:
    """They are English, and of its own kind; the values of a row keep them. What the system says, and earlier plans, may stand there."""
    from_the_system = {"skip.bad-ignore-file", "skip.unreadable", "skip.not-filed", "skip.said"}
    told = {code for code, said in WORDING.sentences.items() if "{detail}" in "".join(said.values())}
    assert told == from_the_system
    reason = Reason.of("skip.damaged", format="BMP", detail="Unsupported BMP pixel depth")
    assert WORDING.say(reason, "zh") == "BMP 文件已损坏；请从备份恢复，或重新保存"


def test_a_photo_that_cannot_be_filed_keeps_the_systems_words_in_parentheses() -> None:
    (op,) = plan_on_paper([filing("/p/a.jpg", b"dog", "宠物")]).ops
    maker = RowMaker(ChineseRun(), lambda _trip: "")  # type: ignore[arg-type]
    (row,) = maker.rows_of(op, OpResult(op.op_id, OpStatus.FAILED, op.action, error="No space left on device"))
    assert row == SkippedRow(
        "/p/a.jpg",
        Stage.APPLY,
        "未能归档（No space left on device）",
        coded=Reason.of("skip.not-filed", detail="No space left on device"),
    )
