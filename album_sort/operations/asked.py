"""Who asks which album a picture would go to, and what they hear: an answer, or a refusal with a sentence that tells what to do."""

from __future__ import annotations

from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field, replace

from album_sort.classifier.labels import load_wording
from album_sort.core.albums.filing_policy import FilingPolicy
from album_sort.errors import PictureRefused
from album_sort.inspection.uploads import Upload
from album_sort.types import Assignment, FileEntry, Inspection, PhotoFacts, Prediction, Reason

SAID_TO_SENDERS = {
    "skip.wrong-content": "sent.wrong-content",
    "skip.no-picture": "sent.no-picture",
    "skip.needs-jxl": "sent.needs-jxl",
    "skip.raw-without-preview": "sent.raw-without-preview",
    "skip.too-many-pixels": "sent.too-many-pixels",
    "skip.no-pixels": "sent.no-pixels",
    "skip.memory-to-read": "sent.memory-to-read",
    "skip.memory-to-decode": "sent.memory-to-decode",
    "skip.too-slow": "sent.too-slow",
    "skip.crashed": "sent.crashed",
    "skip.not-understood": "sent.not-understood",
    "skip.orphan-sidecar": "sent.orphan-sidecar",
}
"""Reasons whose advice is for the owner of a library, by those that tell a sender what to do."""


@dataclass(frozen=True, slots=True, eq=False)
class Predicted:
    """What is thought of one picture."""

    inspection: Inspection
    """What was read of it: content, format, metadata, and the prediction."""
    assignment: Assignment
    """The album, the runners-up and the reasons."""
    facts: PhotoFacts
    """When and where it was taken, as far as it says so itself."""
    policy: FilingPolicy
    """By which it was decided."""
    thumbnail: bytes = b""
    """A small upright JPEG; empty for a film."""

    @property
    def prediction(self) -> Prediction | None:
        """What the network says; None for a film, which it does not look at."""
        return self.inspection.prediction


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """Who waits for an answer, in which language, about which file.

    A picture that they have sent is taken away before they hear anything: a callback of the future would run after that.
    """

    file: FileEntry
    lang: str
    upload: Upload | None = None
    """What they have sent; None for a file of this machine."""
    future: Future[Predicted] = field(default_factory=Future)

    def let_go(self) -> None:
        """Nothing is to be read any more."""
        if self.upload is not None:
            self.upload.drop()

    def answer(self, predicted: Predicted) -> None:
        """What they have waited for; whoever has called it off hears nothing."""
        self.let_go()
        with suppress(InvalidStateError):
            self.future.set_result(predicted)

    def fail(self, error: BaseException) -> None:
        """There will be no answer."""
        self.let_go()
        with suppress(InvalidStateError):
            self.future.set_exception(error)

    def refuse(self, reason: Reason) -> None:
        """The same, with what is wrong with the picture."""
        code = reason.code if self.upload is None else SAID_TO_SENDERS.get(reason.code, reason.code)
        self.fail(PictureRefused(load_wording().say(replace(reason, code=code), self.lang)))
