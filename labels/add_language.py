"""Begins a language: gives every sentence, title and name a row in it, English to begin with (docs/contributing/translate.md).

usage: python labels/add_language.py pl          (in a clone; twice does nothing)
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from babel.core import Locale

LABELS = Path(__file__).resolve().parent
WITHOUT_WORDS = ("rules.toml", "heads", "calibration")


def begin(labels: Path, lang: str) -> None:
    """All files of a folder of labels."""
    forms = [*sorted(Locale.parse(lang).plural_form.tags), "other"]
    for path in labels.rglob("*.toml"):
        if path.relative_to(labels).parts[0] not in WITHOUT_WORDS:
            text = path.read_text(encoding="utf-8")
            path.write_text(with_language(text, lang, forms), encoding="utf-8")
    classes = labels / "imagenet1k.tsv"
    lines = classes.read_text(encoding="utf-8").splitlines()
    if f"name_{lang}" not in lines[0].split("\t"):
        rows = [f"{line}\t{line.split(chr(9))[2]}" for line in lines[1:]]
        classes.write_text("\n".join([f"{lines[0]}\tname_{lang}", *rows]) + "\n", encoding="utf-8")


def with_language(text: str, lang: str, forms: list[str]) -> str:
    """A file of rows with the language in each row that lacks it; `en_one` becomes a row for each form but the general one."""
    if re.search(rf"(^|[{{ ]){lang} = ", text, re.MULTILINE):
        return text
    special = "".join(rf"\n{lang}_{form} = \1" for form in forms if form not in ("one", "other"))
    text = re.sub(
        r"^en = (.*)\nen_one = (.*)$", rf"en = \1{special}\nen_one = \2\n{lang}_one = \2", text, flags=re.MULTILINE
    )
    text = re.sub(r"^en = (.*)$", rf"en = \1\n{lang} = \1", text, flags=re.MULTILINE)
    return re.sub(r'\{ en = ("[^"]*")', rf"{{ en = \1, {lang} = \1", text)


if __name__ == "__main__":
    begin(LABELS, sys.argv[1])
