"""The Python API: its documentation runs, it agrees with the command line, and importing it costs nothing."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import album_sort
from album_sort.errors import PictureRefused, UsageError
from album_sort.events import Event, FileLeftOut, OpFinished
from album_sort.pipeline.engine import SteadyClassifier, make_engine
from album_sort.settings import Settings
from tests import pictures
from tests.builders import make_tree, picture_jpeg
from tests.conftest import REPOSITORY, Program
from tests.doc_blocks import Block, blocks_by
from tests.test_sort import SHIPPED, album_tree

GUIDE = REPOSITORY / "docs" / "reference" / "api.md"
NETWORK: dict[str, Any] = {"model": "efficientnet-lite0", "offline": True}


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tree(
        tmp_path_factory.mktemp("api") / "photos",
        {
            "cat.jpg": picture_jpeg(pictures.cat(), taken=datetime(2024, 5, 1, 10)),
            "coffee.jpg": picture_jpeg(pictures.coffee(), taken=datetime(2023, 5, 1, 10)),
        },
    )


@pytest.fixture(scope="module")
def predictor() -> Iterator[album_sort.Predictor]:
    with album_sort.Predictor.of(Settings(model="efficientnet-lite0", offline=True)) as service:
        yield service


@pytest.mark.parametrize("block", blocks_by("python"), ids=str)
def test_the_documented_lines_run(
    block: Block, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "photos").symlink_to(photos)
    monkeypatch.chdir(tmp_path)
    exec(compile(block.text, block.page, "exec"), {"__name__": "example"})  # noqa: S102 - our own documentation
    assert "pets" in capsys.readouterr().out.lower()


def test_everything_that_is_exported_is_documented() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    for name in set(album_sort.__all__) - {"__version__"}:
        assert name in text, name
        assert getattr(album_sort, name)


def test_what_nobody_exports_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="no attribute 'teleport'"):
        album_sort.teleport  # noqa: B018 - asked for


def test_importing_it_imports_nothing_large() -> None:
    code = "import album_sort, sys; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, check=True, capture_output=True, text=True
    ).stdout.split()
    assert not {"numpy", "torch", "PIL", "typer", "rich", "album_sort.api"} & set(loaded)


def test_no_operation_imports_what_belongs_to_the_command_line() -> None:
    code = (
        "import pkgutil, importlib, sys, album_sort.api, album_sort.operations as o\n"
        "for one in pkgutil.iter_modules(o.__path__): importlib.import_module(f'album_sort.operations.{one.name}')\n"
        "print(*sys.modules)"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, check=True, capture_output=True, text=True
    ).stdout.split()
    assert not {"typer", "rich", "torch", "torchvision", "album_sort.cli"} & set(loaded)


def test_it_files_as_the_command_line_does(photos: Path, tmp_path: Path, album_sort_program: Program) -> None:
    events: list[Event] = []
    outcome = album_sort.sort(photos, tmp_path / "by-api", on_event=events.append, **NETWORK)
    assert outcome.exit_code == 0
    assert album_sort_program(photos, "--out", tmp_path / "by-hand", *SHIPPED).code == 0
    assert album_tree(tmp_path / "by-api") == album_tree(tmp_path / "by-hand")
    assert sum(isinstance(event, OpFinished) for event in events) == 2
    again = album_sort.preview([str(photos)], str(tmp_path / "by-api"), **NETWORK)
    assert again.is_preview
    assert {album.album: album.new for album in again.summary.albums} == {"pets": 0, "food": 0}


@pytest.fixture
def album_sort_program(album_sort: Program) -> Program:  # the fixture of this name would hide the package
    return album_sort


def test_what_the_albums_keep_holds_and_the_users_own_file_does_not(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALBUM_SORT_LANG", "zh")
    outcome = album_sort.sort(photos / "cat.jpg", tmp_path / "albums", layout="{album}", **NETWORK)
    assert outcome.lang == "en"
    assert set(album_tree(tmp_path / "albums")) == {"Pets/cat.jpg"}
    album_sort.sort([photos / "coffee.jpg"], tmp_path / "albums", **NETWORK)
    assert set(album_tree(tmp_path / "albums")) == {"Pets/cat.jpg", "Food/coffee.jpg"}


def test_a_wrong_setting_is_named_with_what_would_be_right(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="call: mode = move: album-sort never moves") as caught:
        album_sort.sort(photos, tmp_path / "albums", mode="move", teleport=True)
    assert "unknown setting 'teleport'" in str(caught.value)
    assert not (tmp_path / "albums").exists()
    with pytest.raises(UsageError, match="no photos given"):
        album_sort.sort([], tmp_path / "albums")


def test_what_cannot_be_read_is_an_answer(photos: Path, tmp_path: Path) -> None:
    folder = make_tree(
        tmp_path / "mixed", {"broken.jpg": b"\xff\xd8nonsense", "cat.jpg": (photos / "cat.jpg").read_bytes()}
    )
    broken, cat = album_sort.classify(folder, **NETWORK)
    assert (Path(broken.path).name, broken.album, broken.prediction) == ("broken.jpg", "", None)
    assert broken.refused
    assert (Path(cat.path).name, cat.album, cat.refused) == ("cat.jpg", "pets", "")
    left_out: list[str] = []
    outcome = album_sort.preview(
        folder,
        tmp_path / "albums",
        on_event=lambda event: left_out.append(event.said) if isinstance(event, FileLeftOut) else None,
        **NETWORK,
    )
    assert left_out == [broken.refused]
    assert outcome.exit_code == 3


def test_a_server_gets_the_album_of_bytes(predictor: album_sort.Predictor, photos: Path) -> None:
    prediction, assignment = predictor.predict((photos / "cat.jpg").read_bytes(), "cat.jpg")
    assert prediction is not None
    assert assignment.album == "pets"
    assert assignment.reasons
    with pytest.raises(PictureRefused) as caught:
        predictor.predict(b"\xff\xd8nonsense", "cat.jpg")
    assert caught.value.exit_code == 3


def test_a_picture_alone_is_judged_as_in_a_run(predictor: album_sort.Predictor, tmp_path: Path) -> None:
    """By class map and learned head alike, whether it was sent, or is a file that nobody or that the cache knows."""
    shown = {
        "cat": pictures.cat(),
        "temple": pictures.temple(),
        "flower": pictures.flower(),
        "rocket": pictures.rocket(),
    }
    folder = make_tree(tmp_path, {f"{name}.jpg": picture_jpeg(pixels[::2, ::2]) for name, pixels in shown.items()})
    files = sorted(folder.iterdir())
    sent = [predictor.predict(file.read_bytes(), file.name)[1] for file in files]
    new = [one.assignment for one in album_sort.classify(files, **NETWORK)]
    preparation = album_sort.preview(folder, tmp_path / "albums", **NETWORK).preparation
    assert preparation is not None
    known = [one.assignment for one in album_sort.classify(files, **NETWORK)]
    decided = {
        Path(facts.group.primary.path): assignment
        for facts, assignment in zip(preparation.library.photos, preparation.assignments, strict=True)
    }
    for file, *answers in zip(files, sent, new, known, strict=True):
        for answer in answers:
            assert answer is not None
            assert (answer.album, list(answer.scores)) == (decided[file].album, list(decided[file].scores)), file.name


def test_several_threads_are_answered_each_its_own_picture(predictor: album_sort.Predictor) -> None:
    """Each picture is one that nobody has seen; the answers go to those who asked."""
    data = {seed: picture_jpeg(pictures.cat(), taken=datetime(2024, 1, 1, seed)) for seed in range(12)}
    found: dict[int, str] = {}

    def ask(seed: int) -> None:
        found[seed] = predictor.submit(data[seed], f"{seed}.jpg").result(timeout=120).inspection.file.name

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in data]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert found == {seed: f"{seed}.jpg" for seed in data}


def test_several_at_once_answer_in_order_and_one_refusal_costs_no_other(
    predictor: album_sort.Predictor, photos: Path
) -> None:
    cat, coffee = ((photos / name).read_bytes() for name in ("cat.jpg", "coffee.jpg"))
    first, refused, last = predictor.predict_all([cat, b"nonsense", coffee])
    assert isinstance(refused, PictureRefused)
    assert not isinstance(first, PictureRefused)
    assert not isinstance(last, PictureRefused)
    assert [first.assignment.album, last.assignment.album] == ["pets", "food"]


def test_who_waits_for_a_closed_service_gets_an_error(photos: Path) -> None:
    service = album_sort.Predictor.of(Settings(model="efficientnet-lite0", offline=True))
    service.close()
    with pytest.raises(album_sort.AlbumSortError, match="was ended"):
        service.predict((photos / "cat.jpg").read_bytes())


class Busy:
    """A network that notices when two threads are in it at once."""

    note = "double"

    def __init__(self) -> None:
        self.is_in_use = False
        self.most = 0

    def classify(self, views: list[object]) -> list[object]:
        assert not self.is_in_use, "two threads in one network"
        self.is_in_use = True
        self.most = max(self.most, len(views))
        time.sleep(0.01)
        self.is_in_use = False
        return views


def test_a_network_that_is_held_is_made_once_and_shown_one_batch_at_a_time() -> None:
    made: list[Busy] = []

    def make() -> Busy:
        made.append(Busy())
        return made[-1]

    held = SteadyClassifier(make)  # type: ignore[arg-type]  # a double
    threads = [threading.Thread(target=held.classify, args=([object()],)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(made) == 1
    assert held.note == "double"
    assert made[0].most == 1


def test_an_engine_holds_its_network_only_when_it_is_to_last(tmp_path: Path) -> None:
    engine = make_engine(Settings(model="efficientnet-lite0", offline=True), tmp_path)
    assert engine.held is None, "a run gives the network's memory back before it plans"
    lasting = engine.lasting()
    assert lasting.held is not None
    assert lasting.lasting() is lasting
    assert lasting == engine, "what it answers is the same"
