"""The tutorials of docs/contributing/ are followed to the letter, in a copy of the package, and what they add works there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.doc_blocks import blocks_by


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The package with its labels, as it is installed."""
    shutil.copytree(REPOSITORY / "album_sort", tmp_path / "album_sort", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "album_sort/_labels").symlink_to(REPOSITORY / "labels")
    return tmp_path / "album_sort"


def blocks_of(tutorial: str) -> list[str]:
    """What it says to write into files, in its order; what it says to type is tried by tests/test_doc_consoles.py."""
    return [
        textwrap.dedent(block.text).strip("\n") + "\n"
        for block in blocks_by("tutorial", f"docs/contributing/{tutorial}")
    ]


def put_before(path: Path, anchor: str, block: str, indent: int = 0) -> None:
    """Writes a block into a file as the tutorial says: before the line that begins so."""
    text = path.read_text(encoding="utf-8")
    before, found, after = text.partition(f"\n{anchor}")
    assert found, f"{path.name} has no line {anchor!r}"
    path.write_text(f"{before}\n{textwrap.indent(block, ' ' * indent)}{anchor}{after}", encoding="utf-8")


def run(copy: Path, code: str) -> str:
    """What a program says that imports the copy."""
    surroundings = {**os.environ, "PYTHONPATH": f"{copy.parent}:{REPOSITORY}", "PYTHONDONTWRITEBYTECODE": "1"}
    head = f"import album_sort; assert album_sort.__file__.startswith({str(copy)!r})\n"
    done = subprocess.run(
        [sys.executable, "-c", head + textwrap.dedent(code)],
        env=surroundings,
        cwd=copy.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_add_a_network(copy: Path) -> None:
    module, row = blocks_of("add-a-network.md")
    (copy / "classifier/mobilenet_v3.py").write_text(module, encoding="utf-8")
    put_before(copy / "classifier/backbones.py", "    }\n)\n\nAUTO", row, 8)
    said = run(
        copy,
        """
        from album_sort.classifier.backbones import BACKBONES, model_choices
        print(model_choices(), *sorted(BACKBONES["mobilenet-v3"].precisions))
        """,
    )
    assert said == "auto, resnet18, efficientnet-lite0 or mobilenet-v3 auto bf16 fp32\n"


def test_add_a_condition(copy: Path) -> None:
    code, row, photo = blocks_of("add-a-condition.md")
    put_before(copy / "core/albums/conditions.py", "def _hour(", f"{code}\n\n")
    put_before(copy / "core/albums/conditions.py", '    ConditionKey(\n        "hour",', row, 4)
    said = run(
        copy,
        f"""
        from album_sort.classifier.labels import load_labels
        from album_sort.core.albums.conditions import guide_table
        from tests.test_every_condition import GALLERY, facts_of, photos_of
        from album_sort.core.albums.overlay import parse_overlay
        rules = '[[rule]]\\nid = "r"\\nalbum = "food"\\nwhen.weekday = "sat"'
        print(parse_overlay(rules, load_labels(), "albums.toml").rules[0].when.given)
        print("weekday" in guide_table())
        GALLERY |= {{{photo.strip()}}}
        print(*photos_of(("weekday", '["sat", "sun"]')))
        """,
    )
    assert said == "(('weekday', ('sat',)),)\nTrue\na Saturday\n"


def test_add_a_report(copy: Path, tmp_path: Path) -> None:
    module, imported, row, chapter = blocks_of("add-a-report.md")
    (copy / "report/txt.py").write_text(module, encoding="utf-8")
    put_before(copy / "report/formats.py", "\nSTREAMED", imported)
    put_before(copy / "report/formats.py", "    }\n)", row, 8)
    run(
        copy,
        f"""
        from pathlib import Path
        from album_sort.report import write_reports
        from album_sort.types import RunReport
        from tests.report_builders import INFO, OUTCOME, WORDS, photo_row
        report = RunReport(INFO, [photo_row("/in/a.jpg")], OUTCOME)
        write_reports(report, Path({str(tmp_path)!r}), thumbnail=lambda _: None, words=WORDS)
        """,
    )
    assert (tmp_path / "report.txt").read_text().splitlines()[1] == "/in/a.jpg: Pets"
    assert chapter.startswith("## report.txt\n"), "as tests/test_every_report_format.py looks for it"


def test_add_a_format(copy: Path) -> None:
    row, loader, sample = blocks_of("add-a-format.md")
    put_before(copy / "core/formats.py", '    _photo("avif"', row, 4)
    put_before(copy / "images/loaders.py", "        # LibRaw", loader, 8)
    said = run(
        copy,
        """
        import struct
        from album_sort.images import decode_picture
        from album_sort.types import Preprocessing
        qoi = b"qoif" + struct.pack(">IIBB", 300, 240, 3, 0) + 300 * 240 * b"\\xfe\\x30\\x60\\x90" + bytes(7) + b"\\1"
        found = decode_picture(qoi, Preprocessing(256, 224, "bilinear", (0, 0, 0), (1, 1, 1)))
        print(found.media_format, found.width_px, found.views[0, 100, 100].tolist())
        from tests.format_samples import _without_exif
        """
        f'print(*{{{sample.strip()}}}, _without_exif("QOI").head)\n',
    )
    assert said == "qoi 300 [48, 96, 144]\nqoi b''\n"


def test_add_a_language(copy: Path) -> None:
    (copy / "_labels").unlink()
    shutil.copytree(REPOSITORY / "labels", copy / "_labels")
    begun = [sys.executable, str(copy / "_labels/add_language.py"), "pl"]
    for _ in range(2):
        subprocess.run(begun, check=True)
    (line,) = blocks_of("translate.md")
    path = copy / "choices.py"
    text = re.sub(r"^LANGUAGES = .*\n", line.strip() + "\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    path.write_text(text, encoding="utf-8")
    faults = copy / "_labels/messages/rules.toml"
    said = {"": "{n} błędu w {file_name}:", "_one": "{n} błąd w {file_name}:", "_few": "{n} błędy w {file_name}:"}
    said |= {"_many": "{n} błędów w {file_name}:"}
    text = faults.read_text(encoding="utf-8")
    for form, polish in said.items():
        row = rf'(\["rules\.faults"\]\n(?:.+\n)*?pl{form} = ).*'
        text = re.sub(row, lambda found, polish=polish: f'{found[1]}"{polish}"', text)  # type: ignore[misc]
    faults.write_text(text, encoding="utf-8")
    told = run(
        copy,
        """
        from album_sort.classifier.labels import load_labels, reason_texts
        from album_sort.core.wording import wording_faults
        from album_sort.operations.words import terminal_words, web_words
        from album_sort.sentences import language_of, sentence, speak
        speak(language_of({"LANG": "pl_PL.UTF-8"}))
        for n in (1, 3, 12345):
            print(sentence("rules.faults", n=n, file_name="a"))
        print(load_labels().classes[1].names["pl"], wording_faults(reason_texts()), terminal_words("pl").text("trips", n=2))
        print(web_words("pl").language)
        """,
    )
    assert told.splitlines() == [
        "1 błąd w a:",
        "3 błędy w a:",
        "12\xa0345 błędów w a:",
        "goldfish () 2 trips found.",
        "pl",
    ]
