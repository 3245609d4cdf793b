"""Which photos to ask about next: a yes or no to these teaches most."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from album_sort.core.learning.space import order
from album_sort.core.learning.values import Examples, LearnedAlbum

_ALIKE = 0.85
"""Cosine from which two photos would be one question."""
_LOOKED_AT = 40
"""Candidates for each question, best first."""


def next_questions(
    album: LearnedAlbum, examples: Examples, library: NDArray[np.floating], n: int = 20
) -> NDArray[np.intp]:
    """At most n rows of the library (M, D), the most useful question first; nothing that was shown or answered is asked again.

    In turns a photo that likely belongs, which a yes makes an example of, and one of which the album is least sure; no two that
    look alike. Small n is meant: after ten answers there is more to ask.
    """
    said = album.score(library)
    shown = {row.tobytes() for rows in (examples.positive, examples.negative) for row in np.asarray(rows, np.float16)}
    is_open = np.fromiter(
        (row.tobytes() not in shown for row in np.asarray(library, np.float16)), np.bool_, len(library)
    )
    open_rows: NDArray[np.intp] = np.flatnonzero(is_open & np.isfinite(library).all(axis=1))
    # Equal scores are asked in an order of the photos' own.
    open_rows = open_rows[order(np.ascontiguousarray(library[open_rows]))]
    likely = open_rows[np.argsort(-said[open_rows], kind="stable")][: _LOOKED_AT * n]
    unsure = likely[np.argsort(np.abs(said[likely]), kind="stable")]
    return _in_turns((likely, unsure), album.space.place(library[likely]), likely, n)


def _in_turns(
    queues: tuple[NDArray[np.intp], ...], placed: NDArray[np.float32], rows: NDArray[np.intp], n: int
) -> NDArray[np.intp]:
    """One of each queue in turn, leaving out what looks like one that was taken."""
    place_of = {row: place for place, row in enumerate(rows.tolist())}
    waiting = [list(queue) for queue in queues]
    taken: list[int] = []
    alike = np.zeros(len(rows), np.bool_)
    turn = 0
    while len(taken) < n and any(waiting):
        queue = waiting[turn % len(waiting)]
        turn += 1
        while queue and alike[place_of[queue[0]]]:
            queue.pop(0)
        if queue:
            row = queue.pop(0)
            taken.append(row)
            alike |= placed @ placed[place_of[row]] >= _ALIKE
            alike[place_of[row]] = True
    return np.array(taken, np.intp)


def answered(
    examples: Examples, library: NDArray[np.floating], rows: NDArray[np.intp], belongs: NDArray[np.bool_]
) -> Examples:
    """The examples with answers to questions about rows of the library: yes (R,) or no."""
    yes, no = library[rows[belongs]], library[rows[~belongs]]
    groups = examples.groups
    if groups is not None:
        first = int(groups.max(initial=-1)) + 1
        groups = np.concatenate([groups, np.arange(first, first + len(yes))])
    negative = np.concatenate([examples.negative, no]) if len(examples.negative) else no
    return Examples(np.concatenate([examples.positive, yes]), negative, groups)
