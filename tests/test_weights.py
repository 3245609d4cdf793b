"""Weights are found in a fixed order, checked by hash, and their absence is an answer with three ways out."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from album_sort.classifier import download
from album_sort.classifier import weights as weights_module
from album_sort.classifier.backbone import Backbone, OfficialWeights
from album_sort.classifier.backbones import BACKBONES
from album_sort.classifier.efficientnet_lite0 import EFFICIENTNET_LITE0
from album_sort.classifier.resnet18 import OFFICIAL_FP32, OFFICIAL_INT8, RESNET18
from album_sort.classifier.weights import WeightsQuery, find_weights
from album_sort.errors import ExitCode, ModelError, UsageError, WeightsUnavailable
from album_sort.types import Precision

SmallOfficial = tuple[dict[str, Backbone], OfficialWeights, bytes]


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        """Silent."""


@pytest.fixture(autouse=True)
def no_weights_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.delenv("ALBUM_SORT_WEIGHTS_MIRROR", raising=False)


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder served as ALBUM_SORT_WEIGHTS_MIRROR."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("ALBUM_SORT_WEIGHTS_MIRROR", f"http://127.0.0.1:{server.server_port}/")
        yield folder
        server.shutdown()


@pytest.fixture
def small_official() -> SmallOfficial:
    """The networks, their official int8 file, which no test may fetch, being a small one: same rules, its own hash in its name."""
    content = b"eleven megabytes of int8 weights"
    name = f"resnet18_fbgemm_{hashlib.sha256(content).hexdigest()[:8]}.pth"
    official = replace(OFFICIAL_INT8, file_name=name)
    resnet18 = replace(RESNET18, official=(official, OFFICIAL_FP32))
    return {**BACKBONES, "resnet18": resnet18}, official, content


def test_auto_without_a_network_connection_takes_the_network_that_ships(tmp_path: Path) -> None:
    found = find_weights(WeightsQuery(offline=True, cache_folder=tmp_path / "cache"))
    assert found.backbone is EFFICIENTNET_LITE0
    assert found.path.is_file()
    assert "ships with the install" in found.origin


def test_auto_tries_to_fetch_once_a_day_and_at_once_from_another_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each try imports torch and waits; a machine without a connection runs from cron every night all the same."""
    tried = []

    def fetch(url: str, *_: object, **__: object) -> Path:
        tried.append(url.rsplit("/", 1)[0])
        raise WeightsUnavailable("no connection")

    monkeypatch.setattr(download, "fetch", fetch)
    monkeypatch.setenv("ALBUM_SORT_WEIGHTS_MIRROR", "http://127.0.0.1:9/")
    query = WeightsQuery(cache_folder=tmp_path / "cache")
    for _ in range(2):
        assert find_weights(query).backbone is EFFICIENTNET_LITE0
    assert len(tried) == 1
    with pytest.raises(WeightsUnavailable):
        find_weights(replace(query, model="resnet18"))
    assert len(tried) == 2, "who asks for it by name gets a try"
    monkeypatch.setenv("ALBUM_SORT_WEIGHTS_MIRROR", "http://127.0.0.1:10")
    find_weights(query)
    assert tried[-1] == "http://127.0.0.1:10"
    for age_s, tries in ((weights_module.AGAIN_AFTER_S - 60, 3), (weights_module.AGAIN_AFTER_S + 60, 4), (-3600, 5)):
        then = time.time() - age_s
        os.utime(tmp_path / "cache" / "fetch-failed", (then, then))
        find_weights(query)
        assert len(tried) == tries, "a clock that was set back must not put it off for ever"


@pytest.mark.parametrize("offline", [True, False])
def test_resnet18_asked_for_and_not_to_be_had_ends_with_4_and_three_ways(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, offline: bool
) -> None:
    monkeypatch.setenv("ALBUM_SORT_WEIGHTS_MIRROR", "http://127.0.0.1:9")
    with pytest.raises(WeightsUnavailable) as caught:
        find_weights(WeightsQuery("resnet18", offline=offline, patience_s=1, cache_folder=tmp_path))
    assert caught.value.exit_code is ExitCode.NO_WEIGHTS
    for way in ("models fetch", "--weights FILE", "--model efficientnet-lite0"):
        assert way in caught.value.hint


def test_auto_fetches_from_the_mirror_once_and_then_uses_the_cache(
    tmp_path: Path, mirror: Path, small_official: SmallOfficial
) -> None:
    backbones, official, content = small_official
    (mirror / official.file_name).write_bytes(content)
    query, steps = WeightsQuery(cache_folder=tmp_path / "cache"), list[int]()
    found = find_weights(query, lambda done, _total: steps.append(done), backbones)
    assert (found.backbone, found.path) == (backbones["resnet18"], tmp_path / "cache" / official.file_name)
    assert steps[-1] == len(content)

    (mirror / official.file_name).unlink()
    again = find_weights(query, backbones=backbones)
    assert (again.sha256, again.path) == (found.sha256, found.path)
    assert "cached" in again.origin


def test_a_sign_in_page_in_place_of_the_weights_does_not_stop_auto(
    tmp_path: Path, mirror: Path, small_official: SmallOfficial
) -> None:
    backbones, official, _ = small_official
    (mirror / official.file_name).write_bytes(b"<html>welcome to the hotel</html>")
    assert find_weights(WeightsQuery(cache_folder=tmp_path / "c"), backbones=backbones).backbone is EFFICIENTNET_LITE0
    assert [path.name for path in (tmp_path / "c").iterdir()] == ["fetch-failed"], (
        "no half file, and the failure remembered"
    )


def test_what_torch_hub_has_fetched_is_used(tmp_path: Path, small_official: SmallOfficial) -> None:
    backbones, official, content = small_official
    hub = tmp_path / "torch" / "hub" / "checkpoints"
    hub.mkdir(parents=True)
    (hub / official.file_name).write_bytes(content)
    found = find_weights(WeightsQuery(offline=True, cache_folder=tmp_path / "cache"), backbones=backbones)
    assert found.path == hub / official.file_name


def test_a_damaged_file_in_the_cache_is_passed_over(tmp_path: Path, small_official: SmallOfficial) -> None:
    backbones, official, _ = small_official
    (tmp_path / official.file_name).write_bytes(b"cut")
    assert (
        find_weights(WeightsQuery(offline=True, cache_folder=tmp_path), backbones=backbones).backbone
        is EFFICIENTNET_LITE0
    )


@pytest.mark.parametrize(
    ("precision", "first"),
    [
        (Precision.AUTO, OFFICIAL_INT8),
        (Precision.INT8, OFFICIAL_INT8),
        (Precision.FP32, OFFICIAL_FP32),
        (Precision.BF16, OFFICIAL_FP32),
    ],
)
def test_weights_are_chosen_that_can_run_in_the_precision(precision: Precision, first: OfficialWeights) -> None:
    assert RESNET18.official_for(precision)[0] == first


def test_a_given_file_comes_first_and_auto_means_resnet18_for_it(tmp_path: Path) -> None:
    file = tmp_path / "mine.pth"
    file.write_bytes(b"weights")
    found = find_weights(WeightsQuery(file=file, cache_folder=tmp_path))
    assert (found.backbone, found.path) == (RESNET18, file)
    assert found.sha256 == hashlib.sha256(b"weights").hexdigest()
    assert find_weights(WeightsQuery("efficientnet-lite0", file)).backbone is EFFICIENTNET_LITE0


def test_a_given_file_must_exist_and_the_message_names_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.pth"):
        find_weights(WeightsQuery(file=tmp_path / "nowhere.pth"))
    with pytest.raises(UsageError, match="is a folder"):
        find_weights(WeightsQuery(file=tmp_path))


def test_a_hash_in_the_name_must_agree(tmp_path: Path) -> None:
    """torchvision's files carry the beginning of their hash in their name; a half copied one is found out by it."""
    whole = find_weights(WeightsQuery("efficientnet-lite0")).path
    cut = tmp_path / whole.name
    shutil.copy(whole, cut)
    with cut.open("r+b") as file:
        file.truncate(1_000_000)
    with pytest.raises(ModelError, match="damaged") as caught:
        find_weights(WeightsQuery("efficientnet-lite0", cut))
    assert "copy it again" in caught.value.hint


def test_an_unknown_model_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(UsageError, match="'resnet50'") as caught:
        find_weights(WeightsQuery("resnet50"))
    for name in ("auto", *BACKBONES):
        assert name in caught.value.hint


def test_finding_cached_or_shipped_weights_imports_no_torch(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from album_sort.classifier.weights import WeightsQuery, find_weights;"
        f"find_weights(WeightsQuery(offline=True, cache_folder=Path({str(tmp_path)!r})));"
        "assert not {'torch', 'torchvision'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
