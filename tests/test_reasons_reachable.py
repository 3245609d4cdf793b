"""Every reason has a sentence because somebody can read it: each code is made by the program, and a scene makes it appear.

A scene (reason_scenes.py, reason_scenes_of_files.py) yields what values carry that are shown; that what they carry is shown
is proven here once for each of them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest

import album_sort
from album_sort.classifier.labels import load_labels, load_wording, reason_texts
from album_sort.core.albums.explain import explain
from album_sort.core.albums.filing_policy import FilingPolicy
from album_sort.core.groups.grouping import group_files
from album_sort.core.wording import WORD_PLACEHOLDERS, read_wording, reason_faults
from album_sort.pipeline.reporting import RowMaker
from album_sort.settings import Settings
from album_sort.types import (
    AlbumId,
    Assignment,
    Evidence,
    PhotoFacts,
    PhotoRow,
    Plan,
    Reason,
    Skipped,
    SkippedRow,
    Stage,
)
from tests import reason_scenes, reason_scenes_of_files
from tests.album_cases import PLAIN, facts_of, file_photo, shipped_rules, trip_of
from tests.conftest import REPOSITORY
from tests.destination_builders import filing, plan_on_paper
from tests.messages import messages
from tests.test_grouping import item
from tests.test_predict_words import CODES

PACKAGE = Path(album_sort.__file__).parent
WORDING = load_wording()

Shown = Iterable[Reason | str]

SCENES: tuple[Callable[[], Shown], ...] = (
    reason_scenes.groups,
    reason_scenes.positions,
    reason_scenes.times,
    reason_scenes.trips,
    reason_scenes.evidence,
    reason_scenes.assignments,
    reason_scenes.damage,
    reason_scenes.relative,
    reason_scenes.seasons,
    reason_scenes.explained,
)
SCENES_OF_FILES: tuple[Callable[[Path], Shown], ...] = (
    reason_scenes_of_files.plans,
    reason_scenes_of_files.scanned,
    reason_scenes_of_files.refused,
    reason_scenes_of_files.decided,
    reason_scenes_of_files.idle,
    reason_scenes_of_files.notices,
    reason_scenes_of_files.damaged,
    reason_scenes_of_files.runs,
)

SEEN_BY_TEST = {
    "explain.file-date": ("test_rules.py", "the file was last changed"),
    "albums.example": ("test_learn.py", "you showed it as an example of"),
    "albums.like-examples": ("test_learn.py", "looks like your examples of"),
    "albums.like-corrections": ("test_corrections_teach.py", "photos that you moved to"),
    "albums.like-taken-out": ("test_corrections_teach.py", "photos that you took out of"),
    "albums.neighbours": ("test_neighbours.py", "albums.neighbours"),
    "albums.neighbours-before": ("test_neighbours.py", "albums.neighbours-before"),
    "explain.examples": ("test_learn.py", "What you have shown"),
    "explain.like-examples": ("test_learn.py", "; nearest:"),
    "plan.filed-elsewhere": ("test_apply_again.py", "is in the albums by now as"),
    "plan.corrected-since": (
        "test_apply_again.py",
        "you have given it another album since the plan was made; the next run goes by that",
    ),
    "plan.source-back": ("test_apply_again.py", "is there again; it stays in the albums"),
    "plan.not-left-out": ("test_apply_again.py", "you keep it out of the albums no more; it stays there"),
    "notice.cluster-other-version": ("test_cluster.py", "notice.cluster-other-version"),
    "notice.cluster-other-network": ("test_cluster.py", "notice.cluster-other-network"),
    "notice.cluster-other-weights": ("test_cluster.py", "notice.cluster-other-weights"),
    "notice.cluster-other-precision": ("test_cluster.py", "notice.cluster-other-precision"),
    "notice.cluster-other-labels": ("test_cluster.py", "notice.cluster-other-labels"),
    "notice.cluster-other-readers": ("test_cluster.py", "notice.cluster-other-readers"),
    "notice.cluster-other-file": ("test_cluster.py", "notice.cluster-other-file"),
    "notice.cluster-sees-none": ("test_cluster.py", "notice.cluster-sees-none"),
    "notice.cluster-not-there": ("test_cluster.py", "notice.cluster-not-there"),
    "notice.cluster-nobody": ("test_cluster_machines.py", "Nothing was written. Mend that, or leave out --cluster."),
    "notice.cluster-lost": ("test_cluster_machines.py", "notice.cluster-lost"),
    "notice.cluster-left": ("test_cluster_machines.py", "notice.cluster-left"),
    "notice.cluster-faults": ("test_cluster_machines.py", "notice.cluster-faults"),
    "notice.cluster-sees-nothing": ("test_cluster_machines.py", "notice.cluster-sees-nothing"),
    "notice.cluster-cannot-answer": ("test_cluster_machines.py", "notice.cluster-cannot-answer"),
    "notice.town-meant": ("test_changes.py", "is taken as "),
    "notice.album-not-learned": ("test_changes.py", "takes no others by itself"),
    "notice.no-home": ("test_surroundings.py", "no home folder"),
    "notice.no-previews": ("test_previews.py", "not all pictures for the page could be made"),
    "notice.other-network": ("test_download.py", "`album-sort models fetch`"),
    "notice.stale-native-code": ("test_native.py", "of another version and is not used"),
    "position.told": ("test_changes.py", "you said where it was taken"),
    "skip.crashed": ("test_inspection_pool.py", "skip.crashed"),
    "skip.damaged-or-cut": ("test_decode.py", "skip.damaged-or-cut"),
    "skip.memory-to-decode": ("test_inspection.py", "skip.memory-to-decode"),
    "skip.needs-jxl": ("test_decode.py", "skip.needs-jxl"),
    **{code: ("test_predict_words.py", code) for code in CODES},
    "skip.too-slow": ("test_inspection_pool.py", "skip.too-slow"),
    "time.told-shift": ("test_changes.py", "you said its date is wrong"),
    "trip.told-one": ("test_changes.py", "you said that these"),
    "trip.told-title": ("test_changes.py", "you called it"),
}
"""What takes a process of its own, or a package that may be missing: the tests that look at it, and the words they look for."""


def codes_in(file: str) -> frozenset[str]:
    return frozenset(read_wording({file: reason_texts()[file]}).sentences)


@cache
def made() -> tuple[frozenset[str], tuple[str, ...]]:
    """Texts of the package's syntax tree, docstrings apart; and the patterns of texts that are put together (`time.from-{}`)."""
    texts: set[str] = set()
    patterns: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        apart = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                apart.update(map(id, node.values))
                patterns.add("".join(_part(part) for part in node.values))
        texts.update(
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in apart
        )
    return frozenset(texts), tuple(pattern for pattern in patterns if re.match(r"[a-z]+\\\.[a-z]", pattern))


def _part(part: ast.expr) -> str:
    return re.escape(part.value) if isinstance(part, ast.Constant) and isinstance(part.value, str) else "[a-z-]+"


@pytest.mark.parametrize("file", sorted(reason_texts()))
def test_every_code_is_made_somewhere(file: str) -> None:
    """In a line of code, not in a comment."""
    texts, patterns = made()
    words = {f"{kind}.{word}" for kind in (*WORD_PLACEHOLDERS, "folder") for word in texts}
    unmade = {
        code for code in codes_in(file) - texts - words if not any(re.fullmatch(pattern, code) for pattern in patterns)
    }
    assert unmade == set(), "no line of album_sort gives these: delete their sentences"


def test_every_code_that_is_made_has_its_sentence() -> None:
    """Whatever looks like a code: an area that there is, a dot, words."""
    areas = {code.partition(".")[0] for code in WORDING.sentences}
    codes = {text for text in made()[0] if re.fullmatch(rf"({'|'.join(areas)})(\.[a-z0-9-]+)+", text)}
    assert {
        code for code in codes - WORDING.sentences.keys() - messages().keys() if not code.endswith(_SUFFIXES)
    } == set()


_SUFFIXES = (".css", ".csv", ".html", ".jinja", ".js", ".jsonl", ".toml")


def codes_seen(shown: Iterable[Reason | str]) -> Iterator[str]:
    """The codes of reasons, and of the sentences that were said; with the words that their values are."""
    for one in shown:
        if isinstance(one, Reason):
            yield one.code
            yield from (f"{name}.{value}" for name, value in one.values if name in WORD_PLACEHOLDERS)
        else:
            yield from _codes_of_sentence(one)


def _codes_of_sentence(sentence: str) -> frozenset[str]:
    return _reading(sentence)[1]


def _reading(sentence: str) -> tuple[int, frozenset[str]]:
    """The codes whose sentences this is made of: of several readings the one with the most letters that are the sentences' own."""
    best: tuple[int, frozenset[str]] = (-1, frozenset())
    for code, own, pattern in _templates():
        found = pattern.fullmatch(sentence)
        if found is not None:
            gaps = found.groupdict()
            inner, codes = _reading(gaps["said"]) if "said" in gaps else (0, frozenset())
            words = {f"{name}.{_word(name, gaps[name])}" for name in WORD_PLACEHOLDERS & gaps.keys()}
            best = max(best, (own + max(inner, 0), codes | words | {code}), key=lambda one: one[0])
    return best


def _word(kind: str, shown: str) -> str:
    """The word of ours behind what is shown for it."""
    known = {texts["en"]: code for code, texts in WORDING.sentences.items() if code.startswith(f"{kind}.")}
    return known.get(shown, shown).removeprefix(f"{kind}.")


@cache
def _templates() -> tuple[tuple[str, int, re.Pattern[str]], ...]:
    found = []
    for code, texts in WORDING.sentences.items():
        parts = re.split(r"\{(\w+)\}", texts["en"])
        pattern = "".join(
            (f"(?P={part})" if part in parts[1:at:2] else f"(?P<{part}>.+?)") if at % 2 else re.escape(part)
            for at, part in enumerate(parts)
        )
        found.append((code, sum(map(len, parts[::2])), re.compile(pattern)))
    return tuple(found)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> list[Reason | str]:
    """All that the scenes show."""
    of_files = [one for scene in SCENES_OF_FILES for one in scene(tmp_path_factory.mktemp("scene"))]
    return [one for scene in SCENES for one in scene()] + of_files


@pytest.fixture(scope="module")
def seen(shown: list[Reason | str]) -> frozenset[str]:
    return frozenset(codes_seen(shown))


@pytest.mark.parametrize("file", sorted(reason_texts()))
def test_every_code_is_seen(file: str, seen: frozenset[str]) -> None:
    unseen = codes_in(file) - seen - SEEN_BY_TEST.keys()
    assert unseen == set(), "nobody has seen these: add a scene to tests/reason_scenes*.py, or delete code and sentence"


def test_every_reason_that_is_shown_has_the_values_of_its_sentence(shown: list[Reason | str]) -> None:
    assert reason_faults(WORDING, {one for one in shown if isinstance(one, Reason) and one.code != "test.said"}) == ()


@pytest.mark.parametrize("code", sorted(SEEN_BY_TEST))
def test_what_no_scene_shows_is_looked_for_by_a_test(code: str) -> None:
    file, words = SEEN_BY_TEST[code]
    assert code in WORDING.sentences
    assert words == code or words in WORDING.sentences[code]["en"]
    tree = ast.parse((REPOSITORY / "tests" / file).read_text(encoding="utf-8"))
    assert any(isinstance(node, ast.Constant) and node.value == words for node in ast.walk(tree))


def photo_that_says_all() -> tuple[PhotoFacts, Assignment, Plan]:
    """One with a reason, named after it, in each value that carries one."""
    (group,) = group_files([item("a.JPG", 0), item("a.CR2", 0)], []).groups
    facts = facts_of(
        group=replace(group, why=(Reason("in.group"),)),
        time_why=(Reason("in.time"),),
        position_why=(Reason("in.position"),),
        trip=replace(trip_of("Rome"), why=(Reason("in.trip"),)),
        taken="2024-05-01",
    )
    piece = Evidence(AlbumId("pets"), 1.0, Reason("in.evidence"))
    assignment = replace(file_photo(facts_of()), reasons=(Reason("in.assignment"),), evidence=(piece,))
    plan = plan_on_paper([filing(group.primary.path, b"dog", "Pets")])
    ops = tuple(replace(op, why=(Reason("in.plan"),)) for op in plan.ops)
    return facts, assignment, replace(plan, ops=ops, skipped=(Skipped("/p/b", Stage.SCAN, Reason("in.skipped")),))


def test_explain_shows_every_reason_that_a_photo_carries() -> None:
    facts, assignment, _ = photo_that_says_all()
    for with_figures in (True, False):
        sections = explain(assignment, facts, load_labels(), "zh", WORDING, with_figures=with_figures)
        said = "\n".join(line for section in sections for line in section.lines)
        for carrier in ("assignment", "evidence", "time", "position", "group"):
            assert f"in.{carrier}" in said


def test_the_report_shows_every_reason_that_a_photo_a_trip_and_a_file_left_out_carry() -> None:
    facts, assignment, plan = photo_that_says_all()
    preparation = SimpleNamespace(
        library=SimpleNamespace(photos=(facts,), trips=(facts.trip,)),
        assignments=(assignment,),
        records=SimpleNamespace(photos=()),
        request=SimpleNamespace(settings=Settings()),
        hand=SimpleNamespace(pinned=frozenset()),
        wording=WORDING,
        lang="zh",
        policy=FilingPolicy(shipped_rules(), PLAIN),
        title=str,
        say=lambda reason: WORDING.say(reason, "zh"),
    )
    skipped, photo = RowMaker.of(preparation, plan, lambda _: "").rows()  # type: ignore[arg-type] # what rows need of it
    assert isinstance(skipped, SkippedRow)
    assert isinstance(photo, PhotoRow)
    assert photo.taken is not None
    assert photo.trip is not None
    assert skipped.reason == "in.skipped"
    assert photo.why[:2] == ("in.assignment", "in.plan")
    assert "in.group" in photo.why[2]
    assert (photo.taken.why, photo.trip.why) == (("in.time",), ("in.trip",))
