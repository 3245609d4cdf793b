"""What is thought of one picture, in words: for whoever shows it. The language is that of who asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from album_sort.classifier.labels import load_labels, load_wording
from album_sort.core.albums.filing_policy import FilingPolicy
from album_sort.core.wording import Wording
from album_sort.operations.predict import Predicted
from album_sort.pipeline.assigning import album_title
from album_sort.types import LANGUAGES, REVIEW, AlbumId, ClassIndex
from album_sort.types.report import PlaceRow, TakenRow


@dataclass(frozen=True, slots=True)
class NamedClass:
    """One of the network's classes."""

    index: ClassIndex
    names: Mapping[str, str]
    """By language."""
    probability: float
    """After softmax, 0 to 1."""


@dataclass(frozen=True, slots=True)
class NamedAlbum:
    """An album with the probability that it is the right one."""

    album: AlbumId
    title: str
    probability: float


@dataclass(frozen=True, slots=True)
class PictureAnswer:
    """The classes, the album and the reasons of one picture."""

    top: tuple[NamedClass, ...]
    """Most likely first; empty for a film."""
    album: NamedAlbum
    """`review` where the program is not sure enough."""
    albums: tuple[NamedAlbum, ...]
    """The likeliest, most likely first."""
    why: tuple[str, ...]
    taken: TakenRow | None
    place: PlaceRow | None

    @property
    def is_sure(self) -> bool:
        """Whether it would be filed."""
        return self.album.album != REVIEW


def in_words(predicted: Predicted, lang: str, most_classes: int) -> PictureAnswer:
    """What is thought of a picture, in this language."""
    policy = predicted.policy
    labels, wording = load_labels(), _wording(policy)
    facts, assignment = predicted.facts, predicted.assignment
    top = predicted.prediction.top(most_classes) if predicted.prediction else ()
    return PictureAnswer(
        top=tuple(NamedClass(one.class_index, labels.classes[one.class_index].names, one.probability) for one in top),
        album=NamedAlbum(assignment.album, album_title(policy, assignment.album, lang), assignment.probability),
        albums=tuple(
            NamedAlbum(one.album, album_title(policy, one.album, lang), one.probability)
            for one in policy.likeliest(assignment.scores)
        ),
        why=tuple(wording.say(reason, lang) for reason in assignment.reasons),
        taken=TakenRow.of(facts.capture_time, (wording.say(reason, lang) for reason in facts.time_why))
        if facts.capture_time and facts.capture_time.is_reliable
        else None,
        place=PlaceRow.of(facts.place) if facts.place else None,
    )


def _wording(policy: FilingPolicy) -> Wording:
    """All sentences, with the albums' titles as they are here."""
    titles = {lang: {album: album_title(policy, album, lang) for album in policy.rules.albums} for lang in LANGUAGES}
    return load_wording().retitled(titles)
