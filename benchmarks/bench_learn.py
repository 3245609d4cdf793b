"""How well is an album learned from a few examples: by each method, with and without questions, and how fast.

    python -m benchmarks.bench_learn DATA.npz ... [--draws 10] [--examples 1 3 5 10 20] [--hidden 0 0.01 0.03 0.1]
    python -m benchmarks.bench_learn DATA.npz ... --methods
    python -m benchmarks.bench_learn DATA.npz ... --fine [--draws 10] [--examples 5 10]
    python -m benchmarks.bench_learn ../shared/photos/labelled.csv --work WORK [--weights WEIGHTS] --corrections [--draws 5]
    python -m benchmarks.bench_learn ../shared/photos/labelled.csv --work WORK [--weights WEIGHTS] --beside [--draws 5]

Each label of a data set (learn_data.py) is learned in turn. A half of the other photos is the library, in which so large a share more of
the label's own photos hides; counted is on all photos that were neither shown nor asked about, as if one in a hundred were of the label.
"""

from __future__ import annotations

import argparse
import csv
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from album_sort.core.learning.questions import answered, next_questions
from album_sort.core.learning.single import learn_one
from album_sort.core.learning.solver import fit
from album_sort.core.learning.space import Space
from album_sort.core.learning.training import RIDGE
from album_sort.core.learning.values import Examples, LearnedAlbum, Refusal
from benchmarks.learn_closer import compare_closer
from benchmarks.learn_corrections import run
from benchmarks.learn_data import DataSet

PREVALENCE = 0.01
TARGET = 0.95
RESULTS = Path(__file__).parent / "results" / "learn.csv"
CLOSER = Path(__file__).parent / "results" / "learn_closer.csv"
METHODS = Path(__file__).parent / "results" / "learn_methods.csv"

SPREAD = ("recall_at_95", "filed", "precision_of_filed")
"""Figures of which the standard deviation is told, too: over draws, and of `all` over labels and draws."""

Figures = dict[str, float]
Scorer = Callable[[NDArray[np.float16]], NDArray[np.floating]]


def recall_at_precision(ours: NDArray[np.floating], theirs: NDArray[np.floating]) -> float:
    """Most of ours found at a threshold where the precision is 0.95, if one in a hundred photos were ours."""
    order = np.argsort(-np.concatenate([ours, theirs]), kind="stable")
    is_ours = order < len(ours)
    found, false = np.cumsum(is_ours) / len(ours), np.cumsum(~is_ours) / len(theirs)
    enough = PREVALENCE * found >= TARGET * (PREVALENCE * found + (1 - PREVALENCE) * false)
    return float(found[enough].max(initial=0.0))


def average_precision(ours: NDArray[np.floating], theirs: NDArray[np.floating]) -> float:
    """Mean precision at each of ours, at the prevalence: smoother than one threshold."""
    order = np.argsort(-np.concatenate([ours, theirs]), kind="stable")
    is_ours = order < len(ours)
    found = PREVALENCE * np.cumsum(is_ours) / len(ours)
    false = (1 - PREVALENCE) * np.cumsum(~is_ours) / len(theirs)
    return float((found / (found + false))[is_ours].mean())


def calibration_error(ours: NDArray[np.float64], theirs: NDArray[np.float64], likely: float = 0.0) -> float:
    """Expected calibration error in ten bins, at the prevalence; of photos said to be at least so likely."""
    said = 1 / (1 + np.exp(-np.concatenate([ours, theirs])))
    belongs = np.arange(len(said)) < len(ours)
    share = np.where(belongs, PREVALENCE / len(ours), (1 - PREVALENCE) / len(theirs)) * (said >= likely)
    if share.sum() == 0:
        return 0.0
    place = np.minimum((said * 10).astype(int), 9)
    return float(np.abs(np.bincount(place, share * (said - belongs), 10)).sum() / share.sum())


def figures(album: LearnedAlbum, ours: NDArray[np.float16], theirs: NDArray[np.float16]) -> Figures:
    """What an album is worth on photos of which the truth is known."""
    said, other = album.score(ours), album.score(theirs)
    at = album.worth.threshold
    found, false = float(np.mean(said >= at)), float(np.mean(other >= at))
    right = PREVALENCE * found
    return {
        "recall_at_95": recall_at_precision(said, other),
        "filed": found,
        "precision_of_filed": right / (right + (1 - PREVALENCE) * false) if found else np.nan,
        "promised": album.worth.recall,
        "supports_filing": float(album.worth.supports_filing),
        "ece": calibration_error(said, other),
        "ece_likely": calibration_error(said, other, 0.1),
    }


def hidden_count(data: DataSet, concept: str, k: int, hidden: float) -> int:
    """How many photos of a label hide in the library: the share that is asked for, at most half of those that are not shown."""
    mine, others = data.split(concept)
    return min(round(hidden * len(others[::2])), (len(mine) - k) // 2)


class Draw:
    """Examples, a library and what is counted on."""

    def __init__(self, data: DataSet, concept: str, k: int, hidden: float, random: np.random.Generator) -> None:
        self.data, self.concept = data, concept
        mine, others = data.split(concept)
        mine, others = random.permutation(mine), random.permutation(others)
        known = others[::2]
        count = hidden_count(data, concept, k, hidden)
        self.examples = Examples(data.embedding[mine[:k]])
        self.rows = np.concatenate([known, mine[k : k + count]])
        self.library = data.embedding[self.rows]
        self.ours, self.theirs = mine[k:], others
        self.asked: NDArray[np.intp] = np.zeros(0, np.intp)
        self._learned: LearnedAlbum | Refusal | None = None

    @property
    def album(self) -> LearnedAlbum | Refusal:
        """By the examples and answers of now; learned once."""
        if self._learned is None:
            self._learned = learn_one(self.examples, self.library)
        return self._learned

    def ask(self, count: int) -> None:
        """Questions, answered as the labels say."""
        album = self.album
        if isinstance(album, LearnedAlbum):
            self._learned = None
            rows = next_questions(album, self.examples, self.library, count)
            is_ours = self.data.label[self.rows[rows]] == self.concept
            self.examples = answered(self.examples, self.library, rows, is_ours)
            self.asked = np.concatenate([self.asked, self.rows[rows]])

    def counted(self) -> tuple[NDArray[np.float16], NDArray[np.float16]]:
        """Embeddings that nobody has shown: of the label, and others."""
        ours, theirs = (np.setdiff1d(rows, self.asked) for rows in (self.ours, self.theirs))
        return self.data.embedding[ours], self.data.embedding[theirs]

    def figures(self) -> Figures | None:
        """None where learning was refused."""
        album = self.album
        return figures(album, *self.counted()) if isinstance(album, LearnedAlbum) else None


def scorers(draw: Draw) -> dict[str, Scorer]:
    """The methods that were compared."""
    space = Space.of(draw.library)
    positive, library = space.place(draw.examples.positive), space.place(draw.library)
    covariance = library.T @ library / len(library)
    spread = np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    middle = positive.mean(axis=0)
    within = (positive - middle).T @ (positive - middle) / max(len(positive) - 1, 1)
    ridge = np.linalg.solve(covariance + 0.3 * spread, middle)
    halves = np.linalg.solve(0.5 * covariance + 0.5 * within + 0.3 * spread, middle)
    rows = np.concatenate([positive, library])
    belongs = np.arange(len(rows)) < len(positive)
    shares = np.where(belongs, 0.5 / len(positive), 0.5 / len(library))
    logistic = fit(rows, belongs, shares, RIDGE)[:-1]
    nearest = min(3, len(positive))
    ours = draw.album
    found: dict[str, Scorer] = {
        "nearest prototype": lambda photos: space.place(photos) @ middle,
        "3 nearest neighbours": lambda photos: np.sort(space.place(photos) @ positive.T)[:, -nearest:].mean(axis=1),
        "ridge": lambda photos: space.place(photos) @ ridge,
        "LDA, half and half": lambda photos: space.place(photos) @ halves,
        "logistic": lambda photos: space.place(photos) @ logistic,
    }
    if isinstance(ours, LearnedAlbum):
        found["logistic, hidden ones left out"] = ours.against_library
    return found


def compare(data: DataSet, k: int, hidden: float, draws: int) -> list[dict[str, object]]:
    """A row for each method: means over labels and draws."""
    found: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for concept in data.concepts(k + 8):
        random = np.random.default_rng(7)
        for _ in range(draws):
            draw = Draw(data, concept, k, hidden, random)
            ours, theirs = draw.counted()
            for name, scorer in scorers(draw).items():
                said, other = scorer(ours), scorer(theirs)
                found[name].append((recall_at_precision(said, other), average_precision(said, other)))
    return [
        {
            "data": data.name,
            "examples": k,
            "hidden": hidden,
            "method": name,
            "draws": len(rows),
            "recall_at_95": round(float(np.mean([row[0] for row in rows])), 3),
            "average_precision": round(float(np.mean([row[1] for row in rows])), 3),
        }
        for name, rows in found.items()
    ]


def measure(data: DataSet, k: int, hidden: float, draws: int, questions: tuple[int, ...]) -> list[dict[str, object]]:
    """A row for each label and number of questions, and one over all labels."""
    found: defaultdict[tuple[str, int], list[Figures | None]] = defaultdict(list)
    start = time.process_time()
    learned = 0
    for concept in data.concepts(k + 8):
        random = np.random.default_rng(7)
        for _ in range(draws):
            draw = Draw(data, concept, k, hidden, random)
            for total in (0, *questions):
                if total:
                    draw.ask(total - len(draw.asked))
                found[concept, total].append(draw.figures())
                found["all", total].append(found[concept, total][-1])
                learned += 1
    seconds = (time.process_time() - start) / max(learned, 1)
    return [
        {"data": data.name, "label": concept, "examples": k, "hidden": hidden, "questions": total}
        | {"draws": len(got), "refused": sum(row is None for row in got)}
        | _means([row for row in got if row is not None])
        | {"cpu_s": round(seconds, 2)}
        for (concept, total), got in found.items()
    ]


def _means(rows: list[Figures]) -> Figures:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # no precision where nothing was filed
        means = {name: round(float(np.nanmean([row[name] for row in rows])), 3) for name in rows[0]} if rows else {}
        spread = {f"{name}_sd": round(float(np.nanstd([row[name] for row in rows])), 3) for name in SPREAD if rows}
        return means | spread


def keep(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """In place of earlier rows of the same data, number of examples and hidden share."""
    kept: list[Mapping[str, object]] = []
    key = [str(rows[0].get(name)) for name in ("data", "examples", "hidden")]
    if path.is_file():
        with path.open(newline="", encoding="utf-8") as handle:
            kept = [
                row for row in csv.DictReader(handle) if [row["data"], row["examples"], str(row.get("hidden"))] != key
            ]
    columns = list(dict.fromkeys(name for row in [*kept, *rows] for name in row))
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows([*kept, *rows])


def main() -> None:
    """Reads, learns, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="+")
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--examples", type=int, nargs="+", default=[1, 3, 5, 10, 20])
    parser.add_argument("--hidden", type=float, nargs="+", default=[0.0, 0.01, 0.03, 0.1])
    parser.add_argument("--questions", type=int, nargs="*", default=[10, 20])
    parser.add_argument("--methods", action="store_true", help="compare methods instead")
    parser.add_argument("--fine", action="store_true", help="siblings by closer looks; the data has parts")
    parser.add_argument("--corrections", action="store_true", help="what corrections teach; DATA is labelled.csv")
    parser.add_argument(
        "--beside", action="store_true", help="shipped albums beside learned ones; DATA is labelled.csv"
    )
    parser.add_argument("--model", default="efficientnet-lite0", help="for these two: the network")
    parser.add_argument("--weights", type=Path, help="for these two: its weights")
    parser.add_argument("--work", type=Path, help="for these two: folder for predictions")
    args = parser.parse_args()
    if args.corrections or args.beside:
        run(args)
        return
    for path in args.data:
        data = DataSet.read(path)
        if args.fine:
            for k in args.examples:
                keep(CLOSER, rows := compare_closer(data, k, args.draws))
                print(*rows, sep="\n", flush=True)
            continue
        for k in args.examples:
            measured: dict[tuple[int, ...], list[dict[str, object]]] = {}
            for hidden in args.hidden:
                hide = tuple(hidden_count(data, concept, k, hidden) for concept in data.concepts(k + 8))
                if args.methods:
                    rows = compare(data, k, hidden, args.draws)
                elif hide in measured:  # of few photos no more can hide: the same draws, to the last photo
                    rows = [row | {"hidden": hidden} for row in measured[hide]]
                else:
                    rows = measured[hide] = measure(
                        data, k, hidden, args.draws, tuple(args.questions) if hidden else ()
                    )
                if not rows:
                    print(f"{data.name}: no label has enough photos for {k} examples", flush=True)
                    continue
                keep(METHODS if args.methods else RESULTS, rows)
                for row in rows:
                    if row.get("label", "all") == "all":
                        print(row, flush=True)


if __name__ == "__main__":
    main()
