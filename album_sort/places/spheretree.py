"""Exact nearest neighbour on the unit sphere for many positions at once: a balanced tree of bounding balls, numpy alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from album_sort.core.geo import chord_to_km

LEAF_POINTS = 16
"""About this many points are compared one by one at the end; below it the tree costs more than it saves."""

QUERY_CHUNK = 1_024
"""Cells looked up together: bounds memory to some megabytes however many there are."""

CELL = 2.0**-12
"""Side of a cell in Earth radii, 1.6 km: where photos are taken many are, and the tree is asked once for all of them."""

CELL_SLACK = CELL * 3**0.5 + 1e-9
"""A cell's diagonal: so much farther from its middle than the point nearest there may lie what is nearest to a place in it."""

Vectors = NDArray[np.float64]
Indices = NDArray[np.intp]


def depth_for(count: int) -> int:
    """Levels below the root so that a leaf holds about LEAF_POINTS points."""
    depth = 0
    while count >> (depth + 1) >= LEAF_POINTS:
        depth += 1
    return depth


def node_bounds(count: int, level: int) -> Indices:
    """First point of each node of a level and the end: node j covers points bounds[j] to bounds[j + 1]."""
    bounds: Indices = (count * np.arange(2**level + 1, dtype=np.int64) // 2**level).astype(np.intp)
    return bounds


def tree_order(points: Vectors) -> Indices:
    """Permutation of points (N, 3) in which every node of every level is a contiguous stretch."""
    count = len(points)
    order = np.arange(count, dtype=np.intp)
    for level in range(depth_for(count)):
        outer, inner = node_bounds(count, level), node_bounds(count, level + 1)
        for node in range(2**level):
            start, split, end = outer[node], inner[2 * node + 1], outer[node + 1]
            members = order[start:end]
            block = points[members]
            axis = int(np.argmax(block.max(axis=0) - block.min(axis=0)))
            order[start:end] = members[np.argpartition(block[:, axis], split - start)]
    return order


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """The nodes of one level of the tree."""

    centre: Vectors
    """(K, 3): middle of each node's ball."""
    radius: NDArray[np.float64]
    """(K,): straight distance from the centre to the farthest point of the node."""
    axis: Indices
    """(K,): coordinate along which the node is split into its two children; of leaves (0,)."""
    split: NDArray[np.float64]
    """(K,): children to the left have no larger coordinate, those to the right no smaller one; of leaves (0,)."""


@dataclass(frozen=True, slots=True, eq=False)
class SphereTree:
    """Points in tree order with the nodes of each level."""

    points: Vectors
    """(N, 3) on the unit sphere, in `tree_order`."""
    levels: tuple[Level, ...]

    @classmethod
    def of(cls, points: Vectors) -> SphereTree:
        """The tree over points that already are in `tree_order`; at least two of them."""
        return cls(points, tuple(_levels(points)))

    def nearest(self, queries: Vectors) -> tuple[Indices, NDArray[np.float64]]:
        """For queries (M, 3) on the unit sphere the index of the nearest point and its great-circle distance in km.

        Of equally near points the first in tree order wins.
        """
        corner = np.floor(queries / CELL).astype(np.int64)
        distinct, cell_of = np.unique(corner @ _CELL_CODE, return_inverse=True)
        order = np.argsort(cell_of, kind="stable")
        firsts = np.searchsorted(cell_of[order], np.arange(0, len(distinct) + QUERY_CHUNK, QUERY_CHUNK))
        index, km = np.empty(len(queries), dtype=np.intp), np.empty(len(queries))
        for start, rows in enumerate(np.split(order, firsts[1:-1])):
            if len(rows):
                index[rows], km[rows] = self._nearest_in_cells(queries[rows], cell_of[rows] - start * QUERY_CHUNK)
        return index, km

    def _nearest_in_cells(self, queries: Vectors, cell_of: Indices) -> tuple[Indices, NDArray[np.float64]]:
        """The same for queries that come sorted by their cell, 0 to C - 1."""
        first_of_cell = np.flatnonzero(np.diff(cell_of, prepend=-1))
        middles = (np.floor(queries[first_of_cell] / CELL) + 0.5) * CELL
        cell, point = self._near_cells(middles)
        count = np.bincount(cell, minlength=len(middles))
        owner, at = _spread(count[cell_of], (np.cumsum(count) - count)[cell_of])
        gap = _gaps(queries[owner], self.points[point[at]])
        best, least = _least(owner, gap, len(queries))
        return point[at[best]], chord_to_km(least)

    def _near_cells(self, middles: Vectors) -> tuple[Indices, Indices]:
        """Pairs of a cell and a point that may be the nearest one to a place in it, sorted by cell, then by point."""
        # Go down level by level with all (cell, node) pairs that may still hold such a point.
        reach = self._some_near_point(middles)
        cell, node = np.arange(len(middles), dtype=np.intp), np.zeros(len(middles), dtype=np.intp)
        for level in self.levels[1:]:
            cell, node = np.repeat(cell, 2), np.repeat(node * 2, 2)
            node[1::2] += 1
            gap, radius = _gaps(middles[cell], level.centre[node]), level.radius[node]
            # A ball that lies wholly within reach shortens it: far out at sea the first guess is a poor one.
            firsts = np.flatnonzero(np.diff(cell, prepend=-1))
            reach = np.minimum(reach, np.minimum.reduceat(gap + radius, firsts) + 1e-9)
            keep = gap - radius <= reach[cell] + CELL_SLACK
            cell, node = cell[keep], node[keep]
        owner, point, gap = self._leaf_points(middles, cell, node)
        _, least = _least(owner, gap, len(middles))
        keep = gap <= least[owner] + CELL_SLACK
        return owner[keep], point[keep]

    def _some_near_point(self, middles: Vectors) -> NDArray[np.float64]:
        """Straight distance to the nearest point of the leaf on whose side of every split a place lies: an upper bound."""
        rows, node = np.arange(len(middles), dtype=np.intp), np.zeros(len(middles), dtype=np.intp)
        for level in self.levels[:-1]:
            node = node * 2 + (middles[rows, level.axis[node]] > level.split[node])
        owner, _, gap = self._leaf_points(middles, rows, node)
        # Rounding must never shut out the leaf that holds the nearest point.
        return _least(owner, gap, len(middles))[1] + 1e-9

    def _leaf_points(self, middles: Vectors, cell: Indices, node: Indices) -> tuple[Indices, Indices, Vectors]:
        """Each place with the points of the leaves left to it, and how far they are; pairs come sorted by place, then by node."""
        bounds = node_bounds(len(self.points), len(self.levels) - 1)
        pair, point = _spread(np.diff(bounds)[node], bounds[:-1][node])
        owner = cell[pair]
        return owner, point, _gaps(middles[owner], self.points[point])


def _levels(points: Vectors) -> list[Level]:
    """The levels over points in `tree_order`, the root first.

    The leaves are measured at their points, each node above at its two children: a ball around theirs, somewhat larger than one
    around its points, at a fifth of the cost.
    """
    sizes = np.diff(bounds := node_bounds(len(points), depth_for(len(points))))
    centre = np.add.reduceat(points, bounds[:-1]) / sizes[:, None]
    radius = np.maximum.reduceat(_gaps(points, np.repeat(centre, sizes, axis=0)), bounds[:-1])
    least, most = np.minimum.reduceat(points, bounds[:-1]), np.maximum.reduceat(points, bounds[:-1])
    levels = [Level(centre, radius, np.zeros(0, np.intp), np.zeros(0))]
    while len(sizes) > 1:
        rows = np.arange(len(sizes) // 2)
        axis = np.argmax(least[1::2] - most[0::2], axis=1)
        split = (most[0::2][rows, axis] + least[1::2][rows, axis]) / 2
        weighed, sizes = centre * sizes[:, None], sizes[0::2] + sizes[1::2]
        below, centre = centre, (weighed[0::2] + weighed[1::2]) / sizes[:, None]
        reach = _gaps(below, np.repeat(centre, 2, axis=0)) + radius
        radius = np.maximum(reach[0::2], reach[1::2])
        least, most = np.minimum(least[0::2], least[1::2]), np.maximum(most[0::2], most[1::2])
        levels.append(Level(centre, radius, axis, split))
    return levels[::-1]


_CELL_CODE = np.array([1, 1 << 20, 1 << 40])
"""Makes one number of a cell's three coordinates."""


def _spread(sizes: Indices, starts: Indices) -> tuple[Indices, Indices]:
    """Runs of consecutive numbers, one behind the other: for each number which run it belongs to, and itself."""
    owner = np.repeat(np.arange(len(sizes), dtype=np.intp), sizes)
    return owner, np.arange(len(owner)) + np.repeat(starts - (np.cumsum(sizes) - sizes), sizes)


def _least(owner: Indices, gap: Vectors, count: int) -> tuple[Indices, NDArray[np.float64]]:
    """For each of `count` owners, each with pairs and these in a row, the first pair of the smallest gap, and that gap."""
    firsts = np.flatnonzero(np.diff(owner, prepend=-1))
    least = np.minimum.reduceat(gap, firsts)
    hits = np.flatnonzero(gap == np.repeat(least, np.diff(firsts, append=len(owner))))
    return hits[np.searchsorted(owner[hits], np.arange(count))], least


def _gaps(a: Vectors, b: Vectors) -> NDArray[np.float64]:
    """Straight distances, row by row."""
    between = a - b
    result: NDArray[np.float64] = np.sqrt(np.einsum("ij,ij->i", between, between))
    return result
