"""What others do with 1000 classes, to compare with: the most likely label alone, and labels above thresholds of their own."""

from __future__ import annotations

from album_sort.types import REVIEW, AlbumId, ClassIndex, LabelSet, Prediction

PETS = AlbumId("pets")

# PhotoPrism's rules, in short (ANCHORS: thresholds have a median of 0.5, cats and dogs pass at 0.15 and come first, nothing
# below 0.1 is looked at; no label sums with its siblings).
LABEL_THRESHOLD = 0.5
PET_THRESHOLD = 0.15


def album_of_class(labels: LabelSet, index: int) -> AlbumId:
    """The album that a class speaks for most; `review` where it speaks for none."""
    shares = labels.class_albums[ClassIndex(index)]
    return max(shares, key=lambda share: share[1])[0] if shares else REVIEW


def top_label(labels: LabelSet, prediction: Prediction) -> AlbumId:
    """The album of the most likely class, however unlikely that is."""
    return album_of_class(labels, int(prediction.class_indices[0]))


def thresholded_labels(labels: LabelSet, prediction: Prediction) -> AlbumId:
    """The album of the best label above its threshold, pets first; `review` where no label passes."""
    found = [(album_of_class(labels, score.class_index), score.probability) for score in prediction.top(5)]
    if any(album == PETS and probability >= PET_THRESHOLD for album, probability in found):
        return PETS
    return next((album for album, probability in found if probability >= LABEL_THRESHOLD), REVIEW)
