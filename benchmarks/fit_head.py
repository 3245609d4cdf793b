"""Makes labels/heads/NAME.npz, the learned heads, from what networks say of labelled photos of many sources.

    python -m benchmarks.head_features ../shared/photos/labelled.csv --work WORK [--weights WEIGHTS]    # once for each network
    python -m benchmarks.fit_head ../shared/photos/labelled.csv --work WORK --features ../shared/features --weights WEIGHTS

A multinomial logistic regression with the class map's log-odds (and the evidence of the development photos) as an offset; a
ridge keeps it near the map. Every figure is of sources that were left out; so is the choice of the ridge: for each group of sources
the one is taken that was best on all other groups. The rest (what is read, PER_CELL, BALANCE, DIRECTIONS) was chosen by looking at the
same left-out figures, and the directions of most variance are those of all photos. Twice the same input gives the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from album_sort.core.albums.compiled_rules import CompiledRules
from album_sort.core.albums.head import NONE_OF_THEM, UNHEARD
from album_sort.core.albums.scoring import PRIOR_FLOOR, score_predictions, sum_log_odds
from album_sort.core.looks import LEAST_PROBABILITY
from album_sort.pipeline.policy import load_calibration, load_rules
from album_sort.state.codec import pack_embedding, pack_prediction, unpack_embedding, unpack_prediction
from album_sort.types import VIDEOS, AlbumId, Prediction
from benchmarks.head_features import feature_file
from benchmarks.labelled import RIGHT_ALBUMS, add_arguments, evidence_of, read_labelled

RESULTS = Path("benchmarks/results/head.csv")
HEADS = Path("labels/heads")

RIDGES = (1.5e-3, 3e-3, 6e-3)
DIRECTIONS = 250
"""Of the classes and of the embedding each: more did not help."""
PER_CELL = 15
"""Photos of one source and album that are learned from: more of the same source teach nothing new."""
BALANCE = 0.5
"""0: an album weighs as much as its sources; 1: all albums weigh the same."""
KIN = {"birds": ("wildlife",), "wildlife": ("birds",), "farm-animals": ("wildlife",), "mountains": ("winter-travel",)}
"""Albums that are right too, as in labelled.py."""
SAME_PEOPLE = {"sunset": "flickr", "flickr_eye": "flickr"}
"""Two sources from one repository are left out together."""
SMALL = 45
"""Sources of fewer photos are left out several at a time, in eight groups."""

Floats = np.ndarray


@dataclass(frozen=True, eq=False)
class Collection:
    """Labelled photos as one network sees them: those of outside sources, then the development photos."""

    predictions: list[Prediction]
    embeddings: list[Floats]
    expected: np.ndarray
    """(N,) album ids, or `other`."""
    right: np.ndarray
    """(N, A) bool."""
    source: np.ndarray
    group: np.ndarray
    """Left out together."""
    kind: np.ndarray
    """`everyday` (the development photos), `data set` or `private`."""
    offset: Floats
    """(N, A + 1): logarithms of the odds by map, usual shares and evidence; last "none of them"."""
    evidence: Floats
    """(N, A)."""

    @property
    def counts(self) -> np.ndarray:
        """(N,) whether an album of ours is right."""
        return self.right.any(axis=1)


RULES = load_rules()
ALBUMS = list(RULES.albums)
COMPILED = CompiledRules.of(RULES)


def main() -> None:
    """Fits, measures, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    parser.add_argument("--features", type=Path, required=True, help="folder of outside-NETWORK.npz")
    parser.add_argument("--name", default="", help="file name below labels/heads (default: of the weights)")
    parser.add_argument("--classes-only", action="store_true", help="for weights that nobody knows")
    args = parser.parse_args()
    sha, collection = read_collection(args)
    if args.classes_only:
        args.weights, args.name = None, args.name or "any"
        collection = together(collection, read_collection(args)[1])
    features = Features.of(collection, with_embedding=not args.classes_only)
    runs = {ridge: left_out(collection, features, ridge) for ridge in RIDGES}
    chosen, rows = choose(collection, runs)
    ridge = max(RIDGES, key=lambda each: (mean_right(collection, runs[each]), each))
    weights, bias = fit(collection, features, np.ones(len(collection.source), bool), ridge)
    content = as_file(collection, features, weights, bias)
    path = HEADS / f"{args.name or sha[:8]}.npz"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    columns = [index for index, name in enumerate([*ALBUMS, NONE_OF_THEM]) if name not in (*UNHEARD, VIDEOS)]
    np.savez(left_out_file(args.work, path.stem), readings=np.clip(chosen[:, columns], -100, 100).astype(np.float16))
    write_rows(path.stem, [{"method": "map", **row} for row in measure(collection, np.zeros_like(chosen))] + rows)
    print(f"{path}: {len(content)} bytes, ridge {ridge}, sha256 {hashlib.sha256(content).hexdigest()}")


def left_out_file(work: Path, head: str) -> Path:
    """Where the readings of the photos are, each by a head that has seen no photo of its source: for calibrate.py."""
    return work / f"left-out-{head}.npz"


def read_collection(args: argparse.Namespace) -> tuple[str, Collection]:
    """All photos as the cache would give them back."""
    weights, photos = read_labelled(args)
    outside = np.load(args.features / f"outside-{weights.backbone.name.removeprefix('efficientnet-')}.npz")
    ours = np.load(feature_file(args.work, weights.sha256))
    logs = np.concatenate([outside["log_probabilities"], ours["log_probabilities"]]).astype(np.float32)
    pooled = np.concatenate([outside["embedding"], ours["embedding"]]).astype(np.float32)
    predictions = [kept_prediction(row) for row in logs]
    embeddings = kept_embeddings(pooled)
    expected = [*outside["album"].tolist(), *(expected_album(photo.expected) for photo in photos)]
    right = np.zeros((len(expected), len(ALBUMS)), bool)
    for row, album in enumerate(outside["album"].tolist()):
        for name in (album, *KIN.get(album, ())) if album != NONE_OF_THEM else ():
            right[row, ALBUMS.index(AlbumId(name))] = True
    first = len(outside["album"])
    for row, photo in enumerate(photos, start=first):
        right[row] = [album in photo.right for album in ALBUMS]
    source = np.array(
        [f"outside/{name}" for name in outside["source"].tolist()] + [f"labelled/{p.source}" for p in photos]
    )
    size = {name: int((source == name).sum()) for name in set(source.tolist())}
    kind = np.array(
        [
            "everyday" if name.startswith("labelled") else "private" if size[name] < SMALL else "data set"
            for name in source
        ]
    )
    base = score_predictions(predictions, RULES.weights, load_calibration(weights.sha256).temperature)
    evidence = np.zeros_like(base)
    evidence[first:] = sum_log_odds(
        COMPILED.columns, [evidence_of(p, row, RULES) for p, row in zip(photos, base[first:].tolist(), strict=True)]
    )
    known = np.maximum(base, PRIOR_FLOOR)
    rest = np.maximum(1.0 - known.sum(axis=1, keepdims=True), PRIOR_FLOOR)
    offset = np.log(np.hstack([known, rest]))
    offset[:, :-1] += COMPILED.prior_log_odds + evidence
    return (
        weights.sha256,
        Collection(
            predictions, embeddings, np.array(expected), right, source, groups(source, kind), kind, offset, evidence
        ),
    )


def together(one: Collection, other: Collection) -> Collection:
    """What two networks say of the same photos."""
    joined = {
        field.name: [*getattr(one, field.name), *getattr(other, field.name)]
        if isinstance(getattr(one, field.name), list)
        else np.concatenate([getattr(one, field.name), getattr(other, field.name)])
        for field in fields(one)
    }
    return Collection(**joined)


def expected_album(word: str) -> str:
    """The album that is learned for a word of labelled.csv."""
    names = RIGHT_ALBUMS.get(word, frozenset())
    return next((n for n in sorted(names) if n == word.replace("_", "-")), next(iter(sorted(names)), NONE_OF_THEM))


def kept_prediction(logs: Floats) -> Prediction:
    """As the cache keeps it."""
    order = np.argsort(-logs, kind="stable")[:64]
    prediction = Prediction("", order.astype(np.uint16), np.exp(logs[order]).astype(np.float32))
    return unpack_prediction("", pack_prediction(prediction))


def kept_embeddings(pooled: Floats) -> list[Floats]:
    """As the cache keeps them: 512 values."""
    from album_sort.classifier.runner import _projection  # noqa: PLC0415 - the same projection as in a run

    projection = _projection(pooled.shape[1])
    short = pooled if projection is None else pooled @ projection
    return [unpack_embedding(pack_embedding(row)).astype(np.float32) for row in short.astype(np.float16)]


def groups(source: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """What is left out together: a large source alone, small ones in eight groups."""
    small = sorted(set(source[kind == "private"].tolist()))
    group = {name: f"private {number % 8}" for number, name in enumerate(small)}
    return np.array([group.get(name, SAME_PEOPLE.get(name.split("/", 1)[1], name)) for name in source.tolist()])


@dataclass(frozen=True, eq=False)
class Features:
    """(N, D) numbers that the regression sees, and how they follow from classes and embedding."""

    table: Floats
    to_classes: Floats
    """(1000, D')."""
    to_embedding: Floats
    """(512, D'')."""
    mean: Floats
    """Of what is projected: (1000 + 512,)."""

    @classmethod
    def of(cls, collection: Collection, *, with_embedding: bool) -> Features:
        """Of all photos; with the classes alone for weights that nobody knows."""
        weight = cell_weights(collection.source, collection.expected, np.ones(len(collection.source), bool))
        classes = np.stack([all_classes(each) for each in collection.predictions])
        mean, basis = directions(classes, weight)
        table, means, to_embedding = (classes - mean) @ basis, mean, np.zeros((0, 0))
        if with_embedding:
            straight = np.stack(collection.embeddings).astype(np.float64)
            straight /= np.linalg.norm(straight, axis=1, keepdims=True)
            other, to_embedding = directions(straight, weight)
            table = np.hstack([table, (straight - other) @ to_embedding]) / np.sqrt(2)
            basis, to_embedding = basis / np.sqrt(2), to_embedding / np.sqrt(2)
            means = np.concatenate([mean, other])
        return cls(table.astype(np.float32), basis, to_embedding, means)


def all_classes(prediction: Prediction) -> Floats:
    """(1000,) logarithms as `core.head` has them, less their mean."""
    logs = np.log(np.maximum(prediction.probabilities.astype(np.float64), LEAST_PROBABILITY))
    rest = max((1.0 - float(prediction.probabilities.sum(dtype=np.float64))) / (1000 - len(logs)), LEAST_PROBABILITY)
    everything = np.full(1000, min(np.log(rest), logs.min()))
    everything[prediction.class_indices] = logs
    return everything - everything.mean()


def directions(table: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Mean, and the directions of most variance, scaled so that the first has the variance 1."""
    mean = table.mean(axis=0)
    spread = (table - mean) * np.sqrt(weight)[:, None]
    variance, vectors = np.linalg.eigh(spread.T @ spread)
    return mean, vectors[:, ::-1][:, :DIRECTIONS] / np.sqrt(variance[-1])


def cell_weights(source: np.ndarray, expected: np.ndarray, chosen: np.ndarray) -> Floats:
    """(N,) weights: each source counts once for each album, whatever its size; albums are half balanced."""
    weight = np.zeros(len(source))
    cells = np.char.add(np.char.add(source, "|"), expected)
    for cell in np.unique(cells[chosen]):
        mine = chosen & (cells == cell)
        weight[mine] = 1.0 / mine.sum()
    for album in np.unique(expected[chosen]):
        mine = chosen & (expected == album)
        weight[mine] *= weight[mine].sum() ** -BALANCE
    return weight / weight.sum()


def thinned(collection: Collection) -> np.ndarray:
    """(N,) bool: at most PER_CELL photos of each source and album, evenly taken."""
    cells = np.char.add(np.char.add(collection.source, "|"), collection.expected)
    keep = np.zeros(len(cells), bool)
    for cell in np.unique(cells):
        rows = np.flatnonzero(cells == cell)
        keep[rows[np.linspace(0, len(rows) - 1, min(PER_CELL, len(rows))).round().astype(int)]] = True
    return keep


def fit(collection: Collection, features: Features, train: np.ndarray, ridge: float) -> tuple[Floats, Floats]:
    """Weights (D, A + 1) and bias of the photos in `train`, by L-BFGS."""
    rows = np.flatnonzero(train & thinned(collection))
    weight = cell_weights(collection.source[rows], collection.expected[rows], np.ones(len(rows), bool)).astype(
        np.float32
    )
    names = [*ALBUMS, str(NONE_OF_THEM)]
    target = np.zeros((len(rows), len(names)), np.float32)
    target[np.arange(len(rows)), [names.index(name) for name in collection.expected[rows].tolist()]] = 1.0
    table = np.hstack([features.table[rows], np.ones((len(rows), 1), np.float32)])
    offset = collection.offset[rows].astype(np.float32)
    penalty = np.full((table.shape[1], 1), ridge, np.float32)
    penalty[-1] = 1e-3
    speaks = np.array([name not in (*UNHEARD, VIDEOS) for name in names], np.float32)

    def loss(flat: Floats) -> tuple[float, Floats]:
        matrix = flat.reshape(table.shape[1], -1)
        said = table @ (matrix * speaks) + offset
        said -= said.max(axis=1, keepdims=True)
        logs = said - np.log(np.exp(said).sum(axis=1, keepdims=True))
        value = -float((weight * (target * logs).sum(axis=1)).sum()) + 0.5 * float((penalty * matrix * matrix).sum())
        gradient = table.T @ ((np.exp(logs) - target) * weight[:, None]) * speaks + penalty * matrix
        return value, gradient.reshape(-1)

    matrix = minimise(loss, np.zeros(table.shape[1] * len(names), np.float32)).reshape(table.shape[1], -1) * speaks
    return matrix[:-1].astype(np.float64), matrix[-1].astype(np.float64)


def minimise(
    loss: Callable[[Floats], tuple[float, Floats]], point: Floats, most: int = 150, memory: int = 12
) -> Floats:
    """L-BFGS with backtracking."""
    value, gradient = loss(point)
    steps: list[tuple[Floats, Floats]] = []
    for _ in range(most):
        way, kept = gradient.copy(), []
        for step, change in reversed(steps):
            share = float(step @ way) / float(step @ change)
            kept.append(share)
            way -= share * change
        if steps:
            step, change = steps[-1]
            way *= float(step @ change) / float(change @ change)
        for (step, change), share in zip(steps, reversed(kept), strict=True):
            way += (share - float(change @ way) / float(step @ change)) * step
        slope, length = -float(gradient @ way), 1.0 if steps else min(1.0, 1.0 / float(np.abs(gradient).sum()))
        for _ in range(20):
            new_value, new_gradient = loss(point - length * way)
            if new_value <= value + 1e-4 * length * slope:
                break
            length *= 0.5
        step, change = -length * way, new_gradient - gradient
        if float(step @ change) > 1e-12:
            steps = [*steps, (step, change)][-memory:]
        is_done = abs(value - new_value) < 1e-7
        point, value, gradient = point + step, new_value, new_gradient
        if is_done:
            break
    return point


def left_out(collection: Collection, features: Features, ridge: float) -> Floats:
    """(N, A + 1): what a head says of each photo that has seen no photo of its group of sources."""
    said = np.zeros_like(collection.offset)
    for group in sorted(set(collection.group.tolist())):
        out = collection.group == group
        weights, bias = fit(collection, features, ~out, ridge)
        said[out] = features.table[out] @ weights + bias
    return said


def is_right(collection: Collection, said: Floats) -> np.ndarray:
    """(N,) whether the best guess is right, documents and screenshots decided by the map."""
    return collection.right[np.arange(len(said)), scores(collection, said)[:, :-1].argmax(axis=1)]


def scores(collection: Collection, said: Floats) -> Floats:
    """(N, A + 1) probabilities with evidence."""
    paper = np.isin(collection.offset[:, :-1].argmax(axis=1), [ALBUMS.index(album) for album in UNHEARD])
    # Only evidence, which outside photos do not have, makes paper and screens sure.
    firm = paper & collection.evidence.any(axis=1)
    total = collection.offset + np.where(firm[:, None], 0.0, said)
    total = np.exp(total - total.max(axis=1, keepdims=True))
    return total / total.sum(axis=1, keepdims=True)


def mean_right(collection: Collection, said: Floats, within: np.ndarray | None = None) -> float:
    """Share right, each source weighing as the square root of its photos, albums as in a usual collection."""
    chosen = collection.counts if within is None else collection.counts & within
    weight = usual_weights(collection, chosen)
    return float((weight * is_right(collection, said)).sum() / weight.sum())


def usual_weights(collection: Collection, chosen: np.ndarray) -> Floats:
    """(N,) weights as in a usual collection: albums by their usual shares, a source by the square root of its photos."""
    cells = np.char.add(np.char.add(collection.source, "|"), collection.expected)
    _, back, count = np.unique(cells, return_inverse=True, return_counts=True)
    weight = np.where(chosen, count[back] ** -0.5, 0.0)
    for album, share in RULES.usual_shares:
        mine = chosen & (collection.expected == album)
        if mine.any():
            weight[mine] *= share / weight[mine].sum()
    return weight


def choose(collection: Collection, runs: dict[float, Floats]) -> tuple[Floats, list[dict[str, object]]]:
    """For each group what the setting says that was best on all other groups, and the figures of it."""
    chosen = np.zeros_like(collection.offset)
    for group in sorted(set(collection.group.tolist())):
        out = collection.group == group
        best = max(runs, key=lambda ridge: (mean_right(collection, runs[ridge], ~out), ridge))
        chosen[out] = runs[best][out]
    return chosen, [{"method": "map and head", **row} for row in measure(collection, chosen)]


def measure(collection: Collection, said: Floats) -> list[dict[str, object]]:
    """Best guesses right by kind of source, and by album."""
    right, rows = is_right(collection, said), []
    for what, values in (("kind", collection.kind), ("album", collection.expected), ("source", collection.source)):
        for name in sorted(set(values.tolist())):
            mine = collection.counts & (values == name)
            if mine.sum() >= (30 if what == "source" else 1):
                rows.append(
                    {"by": what, "name": name, "photos": int(mine.sum()), "right": round(float(right[mine].mean()), 4)}
                )
    return rows


def as_file(collection: Collection, features: Features, weights: Floats, bias: Floats) -> bytes:
    """The head file: weights as small integers, a scale for each column, and what they were learned from."""
    names = [*ALBUMS, str(NONE_OF_THEM)]
    columns = [i for i, name in enumerate(names) if name not in (*UNHEARD, VIDEOS)]
    split = features.to_classes.shape[1]
    classes = features.to_classes @ weights[:split]
    embedding = features.to_embedding @ weights[split:] if len(features.to_embedding) else np.zeros((0, len(names)))
    shift = features.mean[:1000] @ classes + (features.mean[1000:] @ embedding if len(embedding) else 0.0)
    arrays = {
        "albums": np.array([names[i] for i in columns]),
        "bias": (bias - shift)[columns].astype(np.float32),
        "photos": np.array([int((collection.expected == names[i]).sum()) for i in columns], np.int32),
        "sources": np.array(
            [len(set(collection.source[collection.expected == names[i]].tolist())) for i in columns], np.int32
        ),
    }
    for name, matrix in (("class", classes[:, columns]), ("embedding", embedding[:, columns])):
        scales = np.abs(matrix).max(axis=0, initial=1e-6) / 127
        arrays[f"{name}_scales"] = scales.astype(np.float32)
        arrays[f"{name}_weights"] = np.round(matrix / scales).astype(np.int8)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def write_rows(head: str, rows: Sequence[dict[str, object]]) -> None:
    """Replaces the rows of this head."""
    kept: list[dict[str, object]] = []
    if RESULTS.is_file():
        with RESULTS.open(newline="", encoding="utf-8") as handle:
            kept = [row for row in csv.DictReader(handle) if row["head"] != head]
    with RESULTS.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, ["head", "method", "by", "name", "photos", "right"], lineterminator="\n")
        writer.writeheader()
        writer.writerows([*kept, *({"head": head, **row} for row in rows)])


if __name__ == "__main__":
    main()
