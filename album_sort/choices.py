"""The words that some settings choose from. `--help` reads them, so nothing large is imported here."""

from __future__ import annotations

from enum import StrEnum

LANGUAGES = ("en", "zh")
"""The languages in which every name, title and sentence exists; the first stands in where another is missing."""

LEARN_OFF, LEARN_ASK, LEARN_AUTO = LEARN = ("off", "ask", "auto")
"""What corrections teach about other photos: nothing; what a person has confirmed, and more is offered; all that they prove."""

DEFAULT_LAYOUT = "{album}/{trip|year|undated}"
"""Of the folders in a destination; `core/planning/layout.py` reads it."""


class Mode(StrEnum):
    """How a photo gets into the destination."""

    COPY = "copy"
    SYMLINK = "symlink"
    HARDLINK = "hardlink"
    REFLINK = "reflink"


class Precision(StrEnum):
    """Arithmetic a network runs in."""

    AUTO = "auto"
    """The fastest that keeps the answers: for ResNet-18 int16 where it runs, else int8; then bf16 where the processor has it, or fp32."""
    INT16 = "int16"
    INT8 = "int8"
    BF16 = "bf16"
    FP32 = "fp32"
