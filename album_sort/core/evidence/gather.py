"""Evidence beyond the network: what name, size, pixels, faces, exposure, time and place say about each album. Pure.

Each piece is a weight on an album's log-odds with its reason. Weights are rounded logarithms of likelihood ratios measured
across sources of photos (docs/decisions/0004-evidence.md); none decides alone unless a person would accept it alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from album_sort.core.evidence.camera import camera_evidence
from album_sort.core.evidence.documents import document_evidence
from album_sort.core.evidence.people import people_evidence
from album_sort.core.evidence.screenshots import screenshot_evidence
from album_sort.core.evidence.sky import sky_evidence
from album_sort.types.albums import AlbumId, Evidence, PhotoFacts


def gather_evidence(facts: PhotoFacts, album_scores: Mapping[AlbumId, float]) -> tuple[Evidence, ...]:
    """All evidence that bears on a photo; `album_scores` are the network's probabilities by album, 0 where absent."""
    found = [
        *screenshot_evidence(facts),
        *document_evidence(facts),
        *people_evidence(facts, album_scores),
        *sky_evidence(facts, album_scores),
        *camera_evidence(facts, album_scores),
    ]
    return tuple([piece for piece in found if piece.weight != 0.0])
