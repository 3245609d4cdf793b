"""What faces say: the larger they are in the picture, the more it is a picture of people. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from album_sort.core.evidence.ramps import ramp, round_weight
from album_sort.types.albums import AlbumId, Evidence, PhotoFacts

PEOPLE = AlbumId("people")
NOT_ABOUT_FACES = (AlbumId("sports"), AlbumId("pets"), AlbumId("wildlife"), AlbumId("farm-animals"))

SMALLEST_SHARE = 0.003
"""Of the picture, from which a face says that people are its subject."""

_NO_FACE = Evidence.of(PEOPLE, -1.0, "evidence.people.no-face")


def people_evidence(facts: PhotoFacts, album_scores: Mapping[AlbumId, float]) -> Iterator[Evidence]:
    """Evidence for the album of people from faces found in the picture and names tagged."""
    names = facts.metadata.people
    if names:
        yield Evidence.of(PEOPLE, 2.0, "evidence.people.tagged", names=", ".join(names))
    pixels = facts.statistics
    if pixels is None or pixels.face_count < 0:
        return
    # A passer-by's face takes 0.1 % of a picture, a group's faces 1 % each, a portrait's 5 % and more.
    size = max(pixels.largest_face_share, 0.7 * pixels.faces_share)
    if size < SMALLEST_SHARE:
        # People are seen from behind as well: no face speaks only softly against them.
        yield _NO_FACE
        return
    weight = 1.5 + 4.5 * ramp(math.log10(size), math.log10(0.004), math.log10(0.1))
    # People at their sport belong to the sport, as far as the network sees one. Muzzles pass for faces, and a
    # pet in somebody's arms is a picture of the pet.
    weight *= 1.0 - 0.7 * sum(album_scores.get(album, 0.0) for album in NOT_ABOUT_FACES)
    percent = round(100 * pixels.faces_share, 1)
    count = round(pixels.face_count)
    code = "evidence.people.face" if count == 1 else "evidence.people.faces"
    yield Evidence.of(PEOPLE, round_weight(weight), code, count=count, percent=percent)
