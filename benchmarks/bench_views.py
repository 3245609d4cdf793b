"""Which parts of a picture the network should see: one centre crop, mirrored as well, several crops, or all of it squashed.

    python benchmarks/bench_views.py LABELLED.csv --weights FILE --work FOLDER

First the labelled photos as they are, then as panoramas: three times as wide as high, cut from the middle of each photo that is large
enough. Each way files them by the network alone, with the shipped calibration. Writes results/views.csv: share of photos in a
right album, of those filed, and the time of the network relative to one crop.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from labelled import LabelledPhoto, add_arguments, file_all, read_labelled
from machine import write_rows
from numpy.typing import NDArray
from PIL import Image, ImageOps

from album_sort.classifier.labels import label_folder
from album_sort.classifier.runner import Classifier
from album_sort.classifier.weights import WeightsFile
from album_sort.images import decode_picture
from album_sort.pipeline.policy import load_calibration
from album_sort.types import DecodedPicture, Preprocessing

PANORAMA_ASPECT = 3
LEAST_WIDTH_PX = 1000

Views = NDArray[np.uint8]
Way = Callable[[DecodedPicture, Preprocessing], Views]


def centre(picture: DecodedPicture, spec: Preprocessing) -> Views:
    """The network's own recipe."""
    return _crops(picture, spec, (0.5,))


def mirrored(picture: DecodedPicture, spec: Preprocessing) -> Views:
    """The centre crop and its mirror image."""
    views = centre(picture, spec)
    return np.concatenate((views, views[:, :, ::-1]))


def ends(picture: DecodedPicture, spec: Preprocessing) -> Views:
    """The centre crop, and one at either end."""
    return _crops(picture, spec, (0.0, 0.5, 1.0))


def squashed(picture: DecodedPicture, spec: Preprocessing) -> Views:
    """The whole picture, its sides brought to one length."""
    side = (spec.crop_px, spec.crop_px)
    return np.asarray(Image.fromarray(picture.small).resize(side, Image.Resampling.BILINEAR))[np.newaxis]


def shipped(picture: DecodedPicture, _spec: Preprocessing) -> Views:
    """What the program does: up to four windows along a wide picture, else the centre crop."""
    return picture.views


ORDINARY: dict[str, Way] = {"centre": centre, "mirrored": mirrored, "ends": ends, "squashed": squashed}
PANORAMAS: dict[str, Way] = {"shipped": shipped, "centre": centre, "ends": ends, "squashed": squashed}


def _crops(picture: DecodedPicture, spec: Preprocessing, places: Sequence[float]) -> Views:
    """Squares at these places along the longer side, with the margin of the network's recipe."""
    image = Image.fromarray(picture.small)
    side = min(image.size) * spec.crop_px / spec.resize_px
    crops = []
    for place in places:
        along = place if len(places) > 1 else 0.5
        left = (image.width - side) * (along if image.width >= image.height else 0.5)
        top = (image.height - side) * (along if image.height > image.width else 0.5)
        box = (left, top, left + side, top + side)
        crops.append(np.asarray(image.resize((spec.crop_px, spec.crop_px), Image.Resampling.BILINEAR, box=box)))
    return np.stack(crops)


def panorama(photo: LabelledPhoto) -> bytes | None:
    """A strip from the middle of a photo, as a JPEG; None where it is too small."""
    with Image.open(photo.facts.group.primary.path) as picture:
        upright = ImageOps.exif_transpose(picture).convert("RGB")
    if upright.width < LEAST_WIDTH_PX or upright.width < upright.height:
        return None
    height = upright.width // PANORAMA_ASPECT
    top = (upright.height - height) // 2
    sink = io.BytesIO()
    upright.crop((0, top, upright.width, top + height)).save(sink, "JPEG", quality=92)
    return sink.getvalue()


def classifier_of(weights: WeightsFile, args: argparse.Namespace) -> Classifier:
    """As the program makes it."""
    pictures = sorted((label_folder() / "calibration" / "pictures").glob("*.jpg"))
    spec = weights.backbone.preprocessing
    return Classifier(
        weights,
        args.precision,
        model_key="benchmark",
        threads=2,
        converted=args.work / "weights",
        calibration=lambda: np.concatenate([decode_picture(path.read_bytes(), spec).views for path in pictures]),
    )


def rows_of(
    kind: str,
    photos: Sequence[LabelledPhoto],
    pictures: Sequence[DecodedPicture],
    ways: Mapping[str, Way],
    args: argparse.Namespace,
) -> list[dict[str, object]]:
    """One row for each way."""
    weights, _ = read_labelled(args)
    spec, classifier = weights.backbone.preprocessing, classifier_of(weights, args)
    calibration = load_calibration(weights.sha256)
    rows: list[dict[str, object]] = []
    for name, way in ways.items():
        views = [way(picture, spec) for picture in pictures]
        answers = [
            answer for start in range(0, len(views), 16) for answer in classifier.classify(views[start : start + 16])
        ]
        seen = [
            replace(photo, prediction=answer.prediction, facts=replace(photo.facts, prediction=answer.prediction))
            for photo, answer in zip(photos, answers, strict=True)
        ]
        albums = [assignment.album for assignment in file_all(seen, calibration, 0.95, with_evidence=False)]
        right = sum(photo.is_right(album) for photo, album in zip(seen, albums, strict=True))
        filed = sum(album != "review" for album in albums)
        rows.append(
            {
                "photos": kind,
                "way": name,
                "count": len(seen),
                "right": f"{right / len(seen):.3f}",
                "filed": f"{filed / len(seen):.3f}",
                "right_of_filed": f"{right / max(1, filed):.3f}",
                "network_time": f"{sum(len(view) for view in views) / len(views):.2f}",
                "weights": weights.sha256[:8],
            }
        )
        print(rows[-1])
    return rows


def main() -> None:
    """Both kinds of photos."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    args = parser.parse_args()
    weights, photos = read_labelled(args)
    photos = [photo for photo in photos if photo.counts]
    spec = weights.backbone.preprocessing
    pictures = [decode_picture(Path(photo.facts.group.primary.path).read_bytes(), spec) for photo in photos]
    rows = rows_of("ordinary", photos, pictures, ORDINARY, args)
    strips = [(photo, data) for photo in photos if (data := panorama(photo)) is not None]
    wide = [decode_picture(data, spec) for _, data in strips]
    rows += rows_of("panoramas", [photo for photo, _ in strips], wide, PANORAMAS, args)
    write_rows("views", rows)


if __name__ == "__main__":
    main()
