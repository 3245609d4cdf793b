"""What corrections teach, and what learned albums cost the shipped ones, on labelled photos: for bench_learn.py.

A person files some photos of one kind elsewhere. Each kind is a label or an album of labelled.csv, of which half, at most twenty, are put
into an album that is not theirs by the program, or the photos of an album that a run would leave in review. Counted is how many of the
other photos of the kind follow (`mended`), and of all photos that lie right or in review how many go wrong (`new_mistakes`).
"""

from __future__ import annotations

import argparse
import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from album_sort.core.albums.assignment import assign
from album_sort.core.albums.filing_policy import FilingPolicy
from album_sort.core.learning.corrections import Corrected, kinds_of, learn_kind
from album_sort.core.learning.lesson import Lesson, TaughtAlbum
from album_sort.core.learning.single import learn_one
from album_sort.core.learning.values import Examples, LearnedAlbum
from album_sort.core.looks import look_of
from album_sort.pipeline.lessons import evidence_of_lesson
from album_sort.pipeline.policy import load_policy
from album_sort.state.codec import pack_prediction, unpack_embedding, unpack_prediction
from album_sort.types import EMBEDDING_SIZE, REVIEW, AlbumId, ContentId, Precision
from benchmarks.accuracy import merge_csv
from benchmarks.labelled import LabelledPhoto, evidence_of, look_once, read_labelled

RESULTS = Path(__file__).parent / "results" / "learn_corrections.csv"
BESIDE = Path(__file__).parent / "results" / "learn_beside.csv"
MOST_CORRECTED = 20
TARGET = 0.95

_BY_LABEL = (("cat", "wildlife"), ("dog", "farm-animals"), ("bathroom", "documents"))
_BY_ALBUM = (
    ("sports", "people"),
    ("food", "home"),
    ("indoor_home", "city"),
    ("pets", "wildlife"),
    ("people", "sports"),
)
"""What a person might want otherwise: unlikely on purpose, so that the program is sure of the opposite."""
_TAUGHT = {"cat": {"cat"}, "dog": {"dog"}, "bathroom": {"toilet", "sink"}, "bedroom": {"bed"}, "frontal": {"house"}}
"""Labels of which the labelled photos have enough to teach, with the words in labels of other sources that say the same."""
EXAMPLES = 10

Row = dict[str, str | int | float]


@dataclass(frozen=True, eq=False)
class Library:
    """The labelled photos as a run sees them."""

    network: str
    weights: str
    photos: list[LabelledPhoto]
    label: NDArray[np.str_]
    expected: NDArray[np.str_]
    embedding: NDArray[np.float16]
    looks: NDArray[np.float16]
    """What albums are learned on: the same, or with what the classes say where the embedding was cut."""
    policy: FilingPolicy
    album: NDArray[np.str_]
    """Where each lies."""

    @classmethod
    def read(cls, args: argparse.Namespace) -> Library:
        """From labelled.csv."""
        weights, photos = read_labelled(args)
        with args.labelled.open(newline="", encoding="utf-8") as handle:
            rows = list(csv.DictReader(handle))
        looked = look_once([Path(photo.facts.group.primary.path) for photo in photos], weights, args)
        policy = load_policy(weights.sha256, "", TARGET)
        seen = [looked[photo.facts.group.primary.path] for photo in photos]
        embedding = np.stack([unpack_embedding(one[3]) for one in seen])
        kept = [unpack_prediction("", pack_prediction(one[0])) for one in seen]
        is_cut = weights.backbone.embedding_size > EMBEDDING_SIZE
        return cls(
            weights.backbone.name,
            weights.sha256[:8],
            photos,
            np.array([row["source_label"] for row in rows]),
            np.array([photo.expected for photo in photos]),
            embedding,
            np.stack([*map(look_of, embedding, kept)]) if is_cut else embedding,
            policy,
            np.array(decide(photos, policy, [])),
        )


def decide(
    photos: Sequence[LabelledPhoto], policy: FilingPolicy, lessons: Sequence[tuple[Lesson, NDArray[np.float64]]]
) -> list[str]:
    """The album of each photo, with lessons and their (N, A) scores."""
    heard: dict[int, tuple[object, ...]] = {}
    for lesson, scores in lessons:
        for number, piece in evidence_of_lesson(lesson, policy.taught, scores):
            heard[number] = (*heard.get(number, ()), piece)
    base = policy.score([photo.prediction for photo in photos]).tolist()
    return [
        str(assign(photo.facts, row, policy, (*evidence_of(photo, row, policy.rules), *heard.get(number, ()))).album)  # type: ignore[arg-type]
        for number, (photo, row) in enumerate(zip(photos, base, strict=True))
    ]


def _content(number: int) -> ContentId:
    return ContentId(sha256(str(number).encode()).hexdigest())


def corrections(library: Library, draws: int) -> list[Row]:
    """A row for each kind."""
    tasks = [(f"{name} to {to}", np.flatnonzero(library.label == name), to) for name, to in _BY_LABEL]
    tasks += [(f"{name} to {to}", np.flatnonzero(library.expected == name), to) for name, to in _BY_ALBUM]
    for name, to in (("sports", "sports"), ("food", "food")):
        waiting = np.flatnonzero((library.expected == name) & (library.album == REVIEW))
        tasks.append((f"{name} in review", waiting, to))
    rows: list[Row] = []
    for name, kind, to in tasks:
        mistakes = kind[library.album[kind] != to]
        if len(mistakes) >= 16:
            rows.append({"kind": name, "photos": len(mistakes)} | _measured(library, mistakes, to, draws))
    return rows


def _measured(library: Library, mistakes: NDArray[np.intp], to: str, draws: int) -> Row:
    random = np.random.default_rng(7)
    count = min(MOST_CORRECTED, len(mistakes) // 2)
    found = []
    for _ in range(draws):
        order = random.permutation(mistakes)
        follows = _following(library, order[:count], to)
        rest = np.setdiff1d(np.arange(len(library.photos)), mistakes)
        is_right = np.array([library.photos[n].is_right(str(library.album[n])) for n in rest])
        would_be = np.array([library.photos[n].is_right(to) for n in rest])
        wrong = follows[rest] & ~would_be
        found.append(
            (
                follows[order[count:]].mean(),
                (wrong & is_right).sum() / max(is_right.sum(), 1),
                (wrong & (is_right | (library.album[rest] == REVIEW))).sum() / len(rest),
                follows.any(),
            )
        )
    means = np.array(found, float).mean(axis=0)
    names = ("mended", "right_ones_lost", "new_mistakes", "proved")
    return {"corrected": count, "draws": draws} | {
        name: round(float(value), 4) for name, value in zip(names, means, strict=True)
    }


def _following(library: Library, corrected: NDArray[np.intp], to: str) -> NDArray[np.bool_]:
    """(N,) which photos go to the album."""
    told = [Corrected(_content(number), AlbumId(to), AlbumId(library.album[number])) for number in corrected.tolist()]
    nothing = np.zeros(len(library.photos), np.bool_)
    kinds = kinds_of(told, {})
    if not kinds:
        return nothing
    rows = {_content(number): library.embedding[number] for number in corrected.tolist()}
    others = np.setdiff1d(np.flatnonzero(library.album != to), corrected)
    lie_in = [AlbumId(album) for album in library.album[others].tolist()]
    teaching = learn_kind(kinds[0], rows, (library.embedding[others], lie_in), "benchmark", TARGET)
    if teaching is None:
        return nothing
    is_near = np.isin(library.album, kinds[0].sources)
    return (teaching.score(library.embedding) >= teaching.model.threshold(TARGET)) & is_near & (library.album != to)


def beside(library: Library, draws: int) -> list[Row]:
    """How the shipped albums fare beside five learned ones, on photos that are of none of these."""
    random = np.random.default_rng(7)
    is_other = ~np.isin(library.label, [*_TAUGHT]) & np.array([photo.counts for photo in library.photos])
    found = []
    for _ in range(draws):
        lessons = []
        for label in _TAUGHT:
            shown = random.permutation(np.flatnonzero(library.label == label))[:EXAMPLES]
            model = learn_one(Examples(library.looks[shown]), library.looks, TARGET)
            if isinstance(model, LearnedAlbum):
                taught = TaughtAlbum(AlbumId(f"my-{label}"), f"My {label}", tuple(map(_content, shown.tolist())))
                lessons.append(Lesson((taught,), model, "benchmark"))
        policy = load_policy(library.weights, "", TARGET, lessons)
        after = decide(library.photos, policy, [(one, one.score(library.looks)) for one in lessons])
        found.append(
            [
                photo.is_right(album) or _is_such(str(label), album)
                for photo, label, album in zip(library.photos, library.label, after, strict=True)
            ]
        )
    before = np.array([photo.is_right(str(album)) for photo, album in zip(library.photos, library.album, strict=True)])
    now = np.array(found)[:, is_other].mean()
    return [
        {
            "learned": len(_TAUGHT),
            "examples": EXAMPLES,
            "draws": draws,
            "photos": int(is_other.sum()),
            "right_before": round(float(before[is_other].mean()), 4),
            "right_beside": round(float(now), 4),
        }
    ]


def _is_such(label: str, album: str) -> bool:
    """Whether a photo of another source shows what a learned album was taught, by its own label."""
    words = set(re.split(r"[^a-z]+", label.lower()))
    return album.startswith("my-") and bool(words & _TAUGHT[album.removeprefix("my-")])


def run(args: argparse.Namespace) -> None:
    """Measures and writes."""
    args = argparse.Namespace(**vars(args), labelled=args.data[0], precision=Precision.AUTO)
    library = Library.read(args)
    key: Row = {"network": library.network, "weights": library.weights, "precision": str(args.precision)}
    found = corrections(library, args.draws) if args.corrections else beside(library, args.draws)
    merge_csv(RESULTS if args.corrections else BESIDE, [key | row for row in found])
    for row in found:
        print(", ".join(f"{name} {value}" for name, value in row.items()))
