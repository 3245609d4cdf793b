"""Exact nearest neighbour on the unit sphere for many positions at once: a balanced tree of bounding balls, numpy alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from album_sort.core.geo import EARTH_RADIUS_KM, chord_to_km

LEAF_POINTS = 16
"""About this many points are compared one by one at the end; below it the tree costs more than it saves."""

QUERY_CHUNK = 4_096
"""Positions looked up together: bounds memory to some tens of megabytes however many there are."""

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
    """(K,): coordinate along which the node is split into its two children."""
    split: NDArray[np.float64]
    """(K,): children to the left have no larger coordinate, those to the right no smaller one."""

    @classmethod
    def of(cls, points: Vectors, level: int) -> Level:
        """The level of points that are in `tree_order`."""
        bounds, halves = node_bounds(len(points), level), node_bounds(len(points), level + 1)
        starts, sizes = bounds[:-1], np.diff(bounds)
        centre = np.add.reduceat(points, starts) / sizes[:, None]
        away = _gaps(points, np.repeat(centre, sizes, axis=0))
        left_most = np.maximum.reduceat(points, halves[:-1])[0::2]
        right_least = np.minimum.reduceat(points, halves[:-1])[1::2]
        axis = np.argmax(right_least - left_most, axis=1)
        rows = np.arange(len(starts))
        return cls(
            centre, np.maximum.reduceat(away, starts), axis, (left_most[rows, axis] + right_least[rows, axis]) / 2
        )


@dataclass(frozen=True, slots=True, eq=False)
class SphereTree:
    """Points in tree order with the nodes of each level."""

    points: Vectors
    """(N, 3) on the unit sphere, in `tree_order`."""
    levels: tuple[Level, ...]

    @classmethod
    def of(cls, points: Vectors) -> SphereTree:
        """The tree over points that already are in `tree_order`; at least two of them."""
        return cls(points, tuple(Level.of(points, level) for level in range(depth_for(len(points)) + 1)))

    def nearest(self, queries: Vectors) -> tuple[Indices, NDArray[np.float64]]:
        """For queries (M, 3) on the unit sphere the index of the nearest point and its great-circle distance in km.

        Of equally near points the first in tree order wins.
        """
        found = [self._nearest_chunk(queries[at : at + QUERY_CHUNK]) for at in range(0, len(queries), QUERY_CHUNK)]
        if not found:
            return np.empty(0, dtype=np.intp), np.empty(0)
        return np.concatenate([index for index, _ in found]), np.concatenate([km for _, km in found])

    def _nearest_chunk(self, queries: Vectors) -> tuple[Indices, NDArray[np.float64]]:
        """Go down level by level with all (query, node) pairs that may still hold the nearest point."""
        reach = self._some_near_point(queries)
        query, node = np.arange(len(queries), dtype=np.intp), np.zeros(len(queries), dtype=np.intp)
        for level in self.levels[1:]:
            query, node = np.repeat(query, 2), np.repeat(node * 2, 2)
            node[1::2] += 1
            gap, radius = _gaps(queries[query], level.centre[node]), level.radius[node]
            # A ball that lies wholly within reach shortens it: far out at sea the first guess is a poor one.
            firsts = np.flatnonzero(np.diff(query, prepend=-1))
            reach = np.minimum(reach, np.minimum.reduceat(gap + radius, firsts) + 1e-9)
            keep = gap - radius <= reach[query]
            query, node = query[keep], node[keep]
        return self._compare_leaves(queries, query, node)

    def _some_near_point(self, queries: Vectors) -> NDArray[np.float64]:
        """Straight distance to the nearest point of the leaf on whose side of every split a query lies: an upper bound."""
        rows, node = np.arange(len(queries), dtype=np.intp), np.zeros(len(queries), dtype=np.intp)
        for level in self.levels[:-1]:
            node = node * 2 + (queries[rows, level.axis[node]] > level.split[node])
        _, km = self._compare_leaves(queries, rows, node)
        # Rounding must never shut out the leaf that holds the nearest point.
        return 2 * np.sin(km / (2 * EARTH_RADIUS_KM)) + 1e-9

    def _compare_leaves(self, queries: Vectors, query: Indices, node: Indices) -> tuple[Indices, NDArray[np.float64]]:
        """Compare each query with the points of the leaves left to it; pairs come sorted by query, then by node."""
        bounds = node_bounds(len(self.points), len(self.levels) - 1)
        sizes = np.diff(bounds)[node]
        owner = np.repeat(query, sizes)
        offsets = np.arange(len(owner)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        point = np.repeat(bounds[:-1][node], sizes) + offsets
        gap = _gaps(queries[owner], self.points[point])
        firsts = np.flatnonzero(np.diff(owner, prepend=-1))
        least = np.minimum.reduceat(gap, firsts)
        hits = np.flatnonzero(gap == np.repeat(least, np.diff(firsts, append=len(owner))))
        best = hits[np.searchsorted(owner[hits], np.arange(len(queries)))]
        return point[best], chord_to_km(least)


def _gaps(a: Vectors, b: Vectors) -> NDArray[np.float64]:
    """Straight distances, row by row."""
    between = a - b
    result: NDArray[np.float64] = np.sqrt(np.einsum("ij,ij->i", between, between))
    return result
