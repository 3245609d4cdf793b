"""What corrections teach: the kinds of mistakes that they show, the proof, and real runs in which other photos follow."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from album_sort.core.learning.corrections import (
    LEAST_CORRECTIONS,
    Corrected,
    Kind,
    Teaching,
    kinds_of,
    learn_kind,
    standing,
    teaching_of_text,
    teaching_to_text,
)
from album_sort.operations.live import LiveAlbums
from album_sort.operations.order import settings_here
from album_sort.operations.pending import Pending
from album_sort.types import AlbumId, ContentId
from tests.builders import make_tree
from tests.conftest import Program, Ran
from tests.learn_pictures import as_jpeg, crop, library, somewhere
from tests.learning_builders import crowd, photos_of
from tests.pictures import cat, rocket
from tests.serve_server import running_server

PETS, WILDLIFE, FOOD = AlbumId("pets"), AlbumId("wildlife"), AlbumId("food")


def content(number: int) -> ContentId:
    return ContentId(sha256(str(number).encode()).hexdigest())


def said(numbers: range, told: AlbumId | None, unaided: AlbumId) -> list[Corrected]:
    return [Corrected(content(number), told, unaided) for number in numbers]


# ---- kinds of mistakes


def test_what_was_put_into_an_album_is_an_example_and_what_was_taken_out_a_counter_example() -> None:
    mistakes = said(range(10), WILDLIFE, PETS)
    taken_out = said(range(20, 25), FOOD, WILDLIFE)
    (kind,) = kinds_of([*mistakes, *taken_out], {})
    assert (kind.album, kind.is_away, kind.sources) == (WILDLIFE, False, (PETS,))
    assert set(kind.positive) == {one.content_id for one in mistakes}
    assert set(kind.negative) == {one.content_id for one in taken_out}


def test_what_would_lie_there_anyway_is_no_mistake() -> None:
    assert kinds_of(said(range(30), PETS, PETS), {}) == ()


def test_few_corrections_are_no_kind_of_mistake_unless_an_album_was_shown_by_examples() -> None:
    few = said(range(LEAST_CORRECTIONS - 1), WILDLIFE, PETS)
    assert kinds_of(few, {}) == ()
    (kind,) = kinds_of(few, {WILDLIFE: [content(100)]})
    assert content(100) in kind.positive


def test_photos_of_an_album_follow_only_where_several_were_corrected() -> None:
    (kind,) = kinds_of([*said(range(20), WILDLIFE, PETS), *said(range(30, 31), WILDLIFE, FOOD)], {})
    assert kind.sources == (PETS,)


def test_what_went_to_no_album_was_taken_out_of_its_own() -> None:
    (kind,) = kinds_of([*said(range(10), None, PETS), *said(range(20, 30), PETS, PETS)], {})
    assert (kind.album, kind.is_away, kind.sources, len(kind.negative)) == (PETS, True, (PETS,), 10)


# ---- what they teach, and the proof


def kind_of(photos: np.ndarray, against: int = 0) -> tuple[Kind, dict[ContentId, np.ndarray]]:
    rows = {content(number): row for number, row in enumerate(photos)}
    names = tuple(rows)
    return Kind(WILDLIFE, False, names[against:], names[:against], (PETS,)), rows


def learned(photos: np.ndarray, library_rows: np.ndarray) -> Teaching | None:
    return learn_kind(*kind_of(photos), (library_rows, [PETS] * len(library_rows)), "network", 0.95)


def test_photos_of_the_same_kind_are_found_and_hardly_any_other() -> None:
    """More of them hide in the library, and count for nothing against what was put right."""
    mistaken = photos_of(1, 40, seed=1)
    teaching = learned(photos_of(1, 20), np.concatenate([crowd(1500), mistaken]))
    assert teaching is not None
    least = teaching.model.threshold(0.95)
    assert np.mean(teaching.score(mistaken) >= least) > 0.8
    assert np.mean(teaching.score(crowd(1500, seed=3)) >= least) < 0.01


def test_corrections_without_anything_in_common_teach_nothing() -> None:
    assert learned(crowd(20, seed=5), crowd(1500)) is None


def test_too_few_corrections_teach_nothing() -> None:
    assert learned(photos_of(1, LEAST_CORRECTIONS - 1), crowd(1500)) is None


def test_what_was_taken_back_is_not_learned_from() -> None:
    kind, _ = kind_of(photos_of(1, 12), against=2)
    left = standing(kind, set(kind.positive[:9]))
    assert (left.positive, left.negative) == (kind.positive[:9], ())


def padded(rows: np.ndarray) -> np.ndarray:
    """With as many numbers as a network gives."""
    return np.pad(rows, ((0, 0), (0, 512 - rows.shape[1])))


@pytest.fixture(scope="module")
def teaching() -> Teaching:
    found = learned(padded(photos_of(1, 12)), padded(crowd(400)))
    assert found is not None
    return found


def test_what_was_learned_is_the_same_after_a_journey_as_text(teaching: Teaching) -> None:
    back = teaching_of_text(teaching_to_text(teaching))
    assert (back.kind, back.model_key) == (teaching.kind, "network")
    photos = padded(crowd(50, seed=2))
    np.testing.assert_array_equal(back.score(photos), teaching.score(photos))


@pytest.mark.parametrize(
    "change", [{"format": "x"}, {"yes": "x"}, {"yes": []}, {"away": 1}, {"from": [1]}, {"numbers": "{}"}]
)
def test_a_damaged_text_is_refused(teaching: Teaching, change: dict[str, object]) -> None:
    with pytest.raises((ValueError, TypeError, KeyError)):
        teaching_of_text(json.dumps(json.loads(teaching_to_text(teaching)) | change))


# ---- runs


@dataclass(frozen=True)
class Home:
    """Twenty photos of a cat and 75 others, sorted; ten of the cats are said to be wildlife."""

    folder: Path
    photos: Path
    program: Program

    def call(self, *words: str) -> Ran:
        ran = self.program(*words, "--out", "A", cwd=self.folder)
        assert ran.code == 0, ran.stdout + ran.stderr
        return ran

    def sort(self, *more: str) -> Ran:
        return self.call(str(self.photos), "--offline", *more)

    def cats(self, numbers: range) -> list[str]:
        return [str(self.photos / f"cat/{number:02}.jpg") for number in numbers]

    def filed(self, album: str) -> set[str]:
        return {path.name for path in (self.folder / "A" / album).rglob("*.jpg")}


CATS = {f"{number:02}.jpg" for number in range(20)}
CORRECTED = {f"{number:02}.jpg" for number in range(10)}


@pytest.fixture(scope="module")
def corrected_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("teach")
    library(folder / "P")
    return folder


@pytest.fixture
def home(corrected_once: Path, tmp_path: Path, album_sort: Program) -> Home:
    if not (corrected_once / "A").is_dir():
        first = Home(corrected_once, corrected_once / "P", album_sort)
        first.sort()
        first.call("fix", *first.cats(range(10)), "--album", "wildlife")
        first.sort()
    shutil.copytree(corrected_once / "A", tmp_path / "A", symlinks=True)
    return Home(tmp_path, corrected_once / "P", album_sort)


def summary(ran: Ran) -> dict[str, object]:
    found: dict[str, object] = json.loads(ran.stdout.splitlines()[-1])
    return found


def test_a_run_says_what_would_follow_and_moves_nothing_until_it_is_told_to(home: Home) -> None:
    assert home.filed("Wildlife") == CORRECTED
    assert "would follow your corrections" not in home.sort().stdout, "nobody is there to be asked"
    offered = summary(home.sort("--learn", "ask", "--json"))["would_follow"]
    assert isinstance(offered, int)
    assert offered >= 5
    asked = home.sort("--learn", "ask").stdout
    assert f"{offered} photos would follow your corrections: preview with" in " ".join(asked.split())
    assert "--learn auto --dry-run" in asked
    assert home.filed("Wildlife") == CORRECTED
    home.sort("--learn", "auto")
    assert len(home.filed("Wildlife")) == 10 + offered, "what was offered came true"
    assert home.filed("Wildlife") <= CATS


def test_once_confirmed_it_holds_and_undo_takes_it_back(home: Home) -> None:
    home.sort("--learn", "auto")
    with_it = home.filed("Wildlife")
    assert with_it > CORRECTED
    assert "Nothing new" in home.sort().stdout, "no later run moves anything back"
    follower = min(with_it - CORRECTED)
    told = home.call("explain", str(home.photos / "cat" / follower), "--offline").stdout
    told = " ".join(told.split())
    assert "photos that you moved to" in told
    assert "; nearest: Wildlife/" in told
    (home.folder / "A/.album-sort/state.sqlite").unlink()
    home.sort("--recheck")
    assert home.filed("Wildlife") == with_it, "it survives the loss of the state"
    home.call("undo")
    assert home.filed("Wildlife") == CORRECTED
    home.sort()
    assert home.filed("Wildlife") == CORRECTED


def test_a_plan_carries_what_was_taught_and_undo_takes_it_back(home: Home) -> None:
    home.sort("--learn", "auto", "--save-plan", "plan.jsonl")
    assert home.filed("Wildlife") == CORRECTED
    applied = home.program("apply", "plan.jsonl", cwd=home.folder)
    assert applied.code == 0, applied.stdout + applied.stderr
    with_it = home.filed("Wildlife")
    assert with_it > CORRECTED
    again = home.sort("--learn", "ask", "--json", "--recheck")
    assert summary(again)["would_follow"] == 0
    home.sort()
    assert home.filed("Wildlife") == with_it, "no later run moves anything back"
    home.call("undo")
    assert home.filed("Wildlife") == CORRECTED
    home.sort()
    assert home.filed("Wildlife") == CORRECTED


def test_what_corrections_taught_is_listed_and_once_forgotten_not_taught_again_by_them(home: Home) -> None:
    home.sort("--learn", "auto")
    with_it = home.filed("Wildlife")
    told = " ".join(home.call("learn", "list").stdout.split())
    assert told == "“Wildlife”: from 10 of your corrections; photos like them go there."
    row = json.loads(home.call("learn", "list", "--json").stdout)
    assert (row["album"], row["title"], row["corrections"], row["goes"]) == ("wildlife", "Wildlife", 10, "there")
    shown = home.call("learn", "show", "wildlife").stdout
    assert all(f"/{name}" in shown for name in CORRECTED)
    assert "what your corrections taught of Wildlife" in " ".join(
        home.call("learn", "forget", "wildlife").stdout.split()
    )
    assert "Nothing has been learned" in home.call("learn", "list").stdout
    home.sort()
    assert home.filed("Wildlife") == CORRECTED, "what was corrected stays"
    assert summary(home.sort("--learn", "ask", "--json", "--recheck"))["would_follow"] == 0, "not offered again"
    home.sort("--learn", "auto")
    assert home.filed("Wildlife") == CORRECTED, "nor learned again"
    assert "Nothing has been learned" in home.call("learn", "list").stdout
    (home.folder / "A/.album-sort/state.sqlite").unlink()
    home.sort("--recheck")
    assert home.filed("Wildlife") == CORRECTED, "nor after the loss of the state"
    home.call("undo")
    while "10 of your corrections" not in home.call("learn", "list").stdout:
        home.call("undo")
    home.sort()
    assert home.filed("Wildlife") == with_it


def test_a_picture_that_is_sent_goes_where_a_run_over_it_alone_would_put_it(home: Home, session_cache: Path) -> None:
    albums = str(home.folder / "A")
    live = LiveAlbums(albums, settings_here(albums, lambda kept: (kept,) if kept else ()))
    sent = {f"cat-{seed}.jpg": somewhere(cat(), seed) for seed in (42, 50, 58, 66)}
    sent |= {f"rocket-{seed}.jpg": as_jpeg(crop(rocket(), seed)) for seed in (700, 701)}
    sent["corrected.jpg"] = (home.photos / "cat/00.jpg").read_bytes()

    def answers() -> dict[str, tuple[str, str]]:
        files = [("files", (name, data, "image/jpeg")) for name, data in sent.items()]
        images = client.post("/predict", files=files[:4]).json()["images"]
        images += client.post("/predict", files=files[4:]).json()["images"]
        return {one["name"]: (one["title"], one["why"][0]) for one in images}

    with (
        running_server(live.predictor(), albums=live, pending=Pending(session_cache, albums)) as server,
        server.client() as client,
    ):
        before = answers()
        assert before["corrected.jpg"][0] == "Wildlife", "you said so"
        assert not {"Wildlife", "Ariane"} & {before[name][0] for name in sent if name != "corrected.jpg"}
        home.sort("--learn", "auto")
        home.call("learn", "Ariane", *(str(home.photos / f"other/1-{number:02}.jpg") for number in range(12)))
        after = answers()
        make_tree(home.folder / "sent", sent)
        home.call("sort", str(home.folder / "sent"), "--offline", "--no-previews")
        filed = {path.name: path.relative_to(albums).parts[0] for path in Path(albums).rglob("*.jpg")}
    new = [name for name in sent if name != "corrected.jpg"]
    assert {name: after[name][0] for name in new} == {name: filed[name] for name in new}
    assert {"Ariane", "Wildlife"} <= {title for title, _ in after.values()}
    followers = [why for name, (title, why) in after.items() if title == "Wildlife" and name.startswith("cat")]
    assert followers
    assert all("photos that you moved to" in why and "Wildlife/" not in why for why in followers)


def test_forgotten_corrections_teach_nothing_and_as_many_new_ones_do() -> None:
    before, later = said(range(20), WILDLIFE, PETS), said(range(30, 30 + LEAST_CORRECTIONS), WILDLIFE, PETS)
    unheeded = {"wildlife": {one.content_id for one in before}}
    assert kinds_of([*before, *later[1:]], {}, unheeded) == ()
    (kind,) = kinds_of([*before, *later], {}, unheeded)
    assert set(kind.positive) == {one.content_id for one in later}
    away = said(range(10), None, PETS)
    (kind,) = kinds_of(away, {}, {"pets": {one.content_id for one in away}})
    assert kind.is_away, "another kind of mistake is another thing"
    assert kinds_of(away, {}, {"-pets": {one.content_id for one in away}}) == ()


def test_a_correction_that_is_taken_back_teaches_no_more(home: Home) -> None:
    home.sort("--learn", "auto")
    assert home.filed("Wildlife") > CORRECTED
    home.call("fix", "--forget", *home.cats(range(5)))
    home.sort()
    assert home.filed("Wildlife") == {f"{number:02}.jpg" for number in range(5, 10)}


def test_what_a_person_placed_stays_and_off_teaches_nothing(home: Home) -> None:
    kept = home.cats(range(10, 12))
    home.call("fix", *kept, "--album", "food")
    home.sort("--learn", "auto")
    assert {"10.jpg", "11.jpg"} <= home.filed("Food")
    assert home.filed("Wildlife") > CORRECTED
    home.sort("--learn", "off", "--save")
    assert home.filed("Wildlife") == CORRECTED
    assert "Nothing new" in home.sort().stdout


def test_a_move_by_hand_is_a_correction_like_any_other(home: Home) -> None:
    """Out of every album: others that look like it leave their album, too, and say why."""
    albums = home.folder / "A"
    home.call("fix", "--forget", *home.cats(range(10)))
    home.sort()
    own = albums / "My cat"
    own.mkdir()
    pets = sorted(path for path in albums.rglob("*.jpg") if path.name in CATS and path.parts[-3] == "Pets")
    for path in pets[:10]:
        path.rename(own / path.name)
    left = {path.name for path in pets[10:]}
    home.sort("--learn", "auto", "--report", str(home.folder / "R"))
    assert {path.name for path in own.iterdir()} == {path.name for path in pets[:10]}
    gone = left - home.filed("Pets")
    assert len(gone) >= len(left) / 2
    rows = [json.loads(line) for line in (home.folder / "R/report.jsonl").read_text().splitlines()]
    why = {Path(row["source"]).name: row["why"][0] for row in rows if row.get("type") == "photo"}
    assert all("photos that you took out of" in why[name] for name in gone)


@pytest.mark.long
def test_another_network_learns_the_same_corrections(home: Home, shared_weights: Path) -> None:
    home.sort("--learn", "auto")
    home.sort("--model", "resnet18", "--weights", str(shared_weights), "--save")
    assert CATS >= home.filed("Wildlife") > CORRECTED
