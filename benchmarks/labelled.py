"""Labelled photos for accuracy.py and calibrate.py: read, decoded and classified as in a run, each alone, without trips.

labelled.csv has the columns path (below its own folder), expected_album, also_ok, must_not (albums between semicolons), source;
`other` means that no album of ours is right.
"""

from __future__ import annotations

import argparse
import csv
import pickle
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from album_sort.classifier.labels import label_folder
from album_sort.classifier.weights import WeightsFile, WeightsQuery, find_weights
from album_sort.core.albums.album_rules import AlbumRules
from album_sort.core.albums.assignment import assign
from album_sort.core.albums.calibration import Calibration
from album_sort.core.albums.filing_policy import FilingPolicy
from album_sort.core.albums.head import Head
from album_sort.core.evidence.gather import gather_evidence
from album_sort.images import decode_picture
from album_sort.metadata.files import read_metadata
from album_sort.pipeline.policy import load_head, load_rules
from album_sort.state.codec import pack_embedding, pack_prediction, unpack_embedding, unpack_prediction
from album_sort.types import (
    Assignment,
    ContentId,
    Evidence,
    FileEntry,
    FileKind,
    ImageStatistics,
    PhotoFacts,
    PhotoGroup,
    Precision,
    Prediction,
)

if TYPE_CHECKING:
    from album_sort.classifier.runner import Classifier

# Words of labelled.csv and the albums of ours that are right for them: a bird is wild, and snowy mountains are mountains.
RIGHT_ALBUMS: dict[str, frozenset[str]] = {
    "pets": frozenset({"pets"}),
    "wildlife": frozenset({"wildlife", "birds"}),
    "birds": frozenset({"birds", "wildlife"}),
    "farm_animals": frozenset({"farm-animals", "wildlife"}),
    "food": frozenset({"food"}),
    "flowers_garden": frozenset({"flowers"}),
    "forest_nature": frozenset({"forest-nature"}),
    "mountains": frozenset({"mountains", "winter-travel"}),
    "beach_sea": frozenset({"beach-sea"}),
    "winter": frozenset({"winter-travel"}),
    "city_architecture": frozenset({"city"}),
    "indoor_home": frozenset({"home"}),
    "vehicles": frozenset({"vehicles"}),
    "sports": frozenset({"sports"}),
    "people": frozenset({"people"}),
    "documents_receipts": frozenset({"documents"}),
    "screenshots": frozenset({"screenshots"}),
    "night_sky": frozenset({"night-sky"}),
    "sunset_sky": frozenset({"sunsets"}),
}

Looked = tuple[Prediction, dict[str, float], str, bytes]
"""What was seen of a picture: prediction, statistics by name, format, packed embedding."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelledPhoto:
    """A photo with what people say of it and what the network sees."""

    facts: PhotoFacts
    prediction: Prediction
    expected: str
    right: frozenset[str]
    """Albums that are right; empty where none of ours is."""
    forbidden: frozenset[str]
    """Albums that would be a plain mistake."""
    source: str
    """Where the picture comes from: what is left out as a whole when something is fitted."""

    @property
    def counts(self) -> bool:
        """Whether an album of ours is right for it."""
        return bool(self.right)

    def is_right(self, album: str) -> bool:
        """Whether a person would accept this album."""
        return album in self.right


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments that all benchmarks on labelled photos share."""
    parser.add_argument("labelled", type=Path, help="labelled.csv; its photos lie below its folder")
    parser.add_argument("--model", default="efficientnet-lite0", help="network (default: %(default)s)")
    parser.add_argument("--weights", type=Path, help="weights file; default: the network's own")
    parser.add_argument("--precision", type=Precision, default=Precision.AUTO, choices=list(Precision))
    parser.add_argument("--work", type=Path, required=True, help="folder for predictions, to be asked again at no cost")


def weights_of(args: argparse.Namespace) -> WeightsFile:
    """The weights that the arguments name."""
    model = "auto" if args.weights else args.model
    return find_weights(WeightsQuery(model=model, file=args.weights, offline=True, cache_folder=args.work / "weights"))


def read_labelled(args: argparse.Namespace) -> tuple[WeightsFile, list[LabelledPhoto]]:
    """All labelled photos; predictions are taken from the work folder where they are known."""
    weights = weights_of(args)
    with args.labelled.open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    folder = args.labelled.resolve().parent
    paths = [folder / row["path"] for row in rows]
    known = look_once(paths, weights, args)
    head = load_head(weights.sha256)
    return weights, [_photo(row, path, known[str(path)], head) for row, path in zip(rows, paths, strict=True)]


def look_once(paths: Sequence[Path], weights: WeightsFile, args: argparse.Namespace) -> dict[str, Looked]:
    """What was seen of pictures, by path; taken from the work folder where it is known."""
    kept = args.work / f"{weights.sha256[:8]}-{args.precision}-2.pickle"
    known: dict[str, Looked] = pickle.loads(kept.read_bytes()) if kept.is_file() else {}  # noqa: S301 - made by us
    missing = [path for path in paths if str(path) not in known]
    if missing:
        known |= look_at(missing, weights, args.precision, args.work)
        kept.write_bytes(pickle.dumps(known))
    return known


def classifier_of(weights: WeightsFile, precision: Precision, work: Path) -> Classifier:
    """The network, ready to run."""
    from album_sort.classifier.runner import Classifier  # noqa: PLC0415 - imports torch, which known predictions spare

    spec = weights.backbone.preprocessing
    pictures = sorted((label_folder() / "calibration" / "pictures").glob("*.jpg"))
    return Classifier(
        weights,
        precision,
        model_key="benchmark",
        threads=2,
        converted=work / "weights",
        calibration=lambda: np.concatenate([decode_picture(path.read_bytes(), spec).views for path in pictures]),
    )


def look_at(paths: Sequence[Path], weights: WeightsFile, precision: Precision, work: Path) -> dict[str, Looked]:
    """Decodes and classifies pictures in batches of 16."""
    classifier, spec = classifier_of(weights, precision, work), weights.backbone.preprocessing
    print(f"{weights.backbone.title}: {classifier.note}; {len(paths)} pictures to look at")
    found: dict[str, Looked] = {}
    for start in range(0, len(paths), 16):
        batch = paths[start : start + 16]
        decoded = [decode_picture(path.read_bytes(), spec, suffix=path.suffix.lower()) for path in batch]
        answers = classifier.classify([picture.views for picture in decoded])
        for path, picture, answer in zip(batch, decoded, answers, strict=True):
            embedding = pack_embedding(answer.embedding)
            found[str(path)] = (answer.prediction, asdict(picture.statistics), picture.media_format, embedding)
    return found


def _photo(row: dict[str, str], path: Path, looked: Looked, head: Head | None) -> LabelledPhoto:
    seen, statistics, media_format, embedding = looked
    # As the cache gives it back, and as a run decides by it.
    prediction = unpack_prediction(seen.model_key, pack_prediction(seen))
    if head is not None:
        prediction = prediction.read_as(head.read(prediction, unpack_embedding(embedding)))
    file = FileEntry(str(path), str(path.parent), path.stat().st_size, 0, 0, 0, FileKind.PHOTO)
    numbers = ImageStatistics(**statistics)
    metadata = read_metadata(path.read_bytes(), media_format)
    facts = PhotoFacts(
        group=PhotoGroup(file, ContentId("0" * 64)),
        metadata=replace(metadata, width_px=int(numbers.width_px), height_px=int(numbers.height_px)),
        capture_time=None,
        position=None,
        place=None,
        season=None,
        away_from_home=None,
        trip=None,
        statistics=numbers,
        prediction=prediction,
        media_format=media_format,
    )
    also = _albums(row["also_ok"])
    right = frozenset() if row["expected_album"] == "other" else RIGHT_ALBUMS[row["expected_album"]] | also
    forbidden = _albums(row["must_not"]) - right - also
    source = Path(row["path"]).parts[-3]
    return LabelledPhoto(facts, prediction, row["expected_album"], right, forbidden, source)


def _albums(words: str) -> frozenset[str]:
    return frozenset().union(*(RIGHT_ALBUMS.get(word, frozenset()) for word in words.split(";")))


def file_all(
    photos: Sequence[LabelledPhoto],
    calibration: Calibration,
    precision_target: float,
    rules: AlbumRules | None = None,
    *,
    with_evidence: bool = True,
    head: Head | None = None,
) -> list[Assignment]:
    """Where the photos go, each decided alone; by the class map alone where no head is given."""
    policy = FilingPolicy(rules or load_rules(), calibration, precision_target, head)
    base = policy.score([photo.prediction for photo in photos]).tolist()
    return [
        assign(photo.facts, scores, policy, evidence_of(photo, scores, policy.rules) if with_evidence else ())
        for photo, scores in zip(photos, base, strict=True)
    ]


def evidence_of(photo: LabelledPhoto, scores: Sequence[float], rules: AlbumRules) -> tuple[Evidence, ...]:
    """Evidence beyond the network for one photo."""
    return gather_evidence(photo.facts, dict(zip(rules.albums, scores, strict=True)))
