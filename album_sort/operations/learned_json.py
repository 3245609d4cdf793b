"""Learned albums as JSON objects, for `--json`."""

from __future__ import annotations

from album_sort.core.learning.values import Worth
from album_sort.operations.learn import Learned
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
