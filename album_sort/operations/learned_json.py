"""Learned albums as JSON objects, for `--json`."""

from __future__ import annotations

from collections.abc import Iterator

from album_sort.core.learning.values import Worth
from album_sort.operations.learn import Learned
from album_sort.operations.lessons import Taught, TaughtThere
from album_sort.operations.teachings import ByCorrections


def learned_as_json(learned: Learned) -> dict[str, object]:
    """What came of learning, for a program."""
    if learned.refused is not None:
        return {
            "event": "not_learned",
            "reason": str(learned.refused.refusal.code),
            "photos": [*map(list, learned.pairs)],
        }
    albums = [
        {
            "album": one.taught.album,
            "title": one.taught.title,
            **worth_as_json(one.worth),
            "outliers": list(one.outliers),
            "follow": [{"path": each.path, "probability": round(each.probability, 4)} for each in one.followers],
        }
        for one in learned.albums
    ]
    return {"event": "learned", "run": learned.run_id, "looks_closer": learned.looks_closer, "albums": albums}


def by_corrections_as_json(one: ByCorrections) -> dict[str, object]:
    """What corrections have taught, for a program: `goes` is where photos like the corrected ones go, `there` or `elsewhere`."""
    goes = "elsewhere" if one.is_away else "there"
    return {
        "album": one.album,
        "title": one.title,
        "corrections": one.corrections,
        "goes": goes,
        **worth_as_json(one.worth),
    }


def worth_as_json(worth: Worth) -> dict[str, object]:
    """What a learned album is worth, for a program."""
    return {
        "examples": worth.examples,
        "found": worth.found,
        "wrong_per_1000": round(worth.false_per_1000, 2),
        "files": worth.supports_filing,
    }


def all_learned_as_json(there: TaughtThere) -> Iterator[dict[str, object]]:
    """What was learned in a destination: albums, then what corrections have taught."""
    for one in there.albums:
        yield {"album": one.album.album, "title": one.album.title, **worth_as_json(one.worth)}
    yield from map(by_corrections_as_json, there.by_corrections)


def corrections_as_json(there: TaughtThere, one: ByCorrections) -> dict[str, object]:
    """What corrections have taught of an album, with the places of the photos."""
    return {**by_corrections_as_json(one), "photos": [there.place_of(photo) for photo in one.photos]}


def examples_as_json(there: TaughtThere, found: Taught) -> dict[str, object]:
    """One album with the places of its examples."""
    yes, no = there.examples_of(found)
    row = {"album": found.album.album, "title": found.album.title, **worth_as_json(found.worth)}
    return {**row, "yes": yes, "no": no, "siblings": list(found.siblings), "looks_closer": found.looks_closer}
