"""What every network promises: a network is tested here because it is in the table.

With weights of random numbers, so that nothing has to be fetched.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from album_sort.classifier import weights as weights_module
from album_sort.classifier.backbone import Backbone, OfficialWeights
from album_sort.classifier.backbones import BACKBONES, model_choices
from album_sort.classifier.runner import Classifier
from album_sort.classifier.torch_startup import import_torchvision
from album_sort.classifier.weights import WeightsFile, WeightsQuery, find_weights
from album_sort.errors import ModelError, UsageError
from album_sort.types import EMBEDDING_SIZE, TOP_CLASSES, Precision
from tests.conftest import REPOSITORY
from tests.network_builders import calibration_views

each_network = pytest.mark.parametrize("name", BACKBONES)
OFFICIAL = [(name, official) for name, backbone in BACKBONES.items() for official in backbone.official]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("networks")


def random_weights(name: str, folder: Path) -> WeightsFile:
    """A file of weights that have learnt nothing, made once."""
    path = folder / f"{name}.pth"
    if not path.exists():
        torch.manual_seed(0)
        torch.save(BACKBONES[name].build().state_dict(), path)
    return find_weights(WeightsQuery(name, path))


def classifier_of(weights: WeightsFile, precision: Precision, folder: Path) -> Classifier:
    return Classifier(
        weights, precision, model_key="key", threads=1, converted=folder / "converted", calibration=calibration_views
    )


def photos() -> list[NDArray[np.uint8]]:
    """Three photos, the second with two views."""
    views = calibration_views()
    return [views[:1], views[1:3], views[3:4]]


@each_network
def test_it_is_called_as_in_the_table_and_has_a_title_of_its_own(name: str) -> None:
    assert BACKBONES[name].name == name
    assert name in model_choices()
    assert [backbone.title for backbone in BACKBONES.values()].count(BACKBONES[name].title) == 1


@each_network
def test_its_weights_come_from_somewhere(name: str) -> None:
    backbone = BACKBONES[name]
    assert backbone.shipped or backbone.official
    if backbone.shipped:
        assert find_weights(WeightsQuery(name, offline=True)).path.is_file()
    if backbone.official:
        assert backbone.official_for(Precision.AUTO), "auto has something to fetch"


@each_network
def test_what_goes_into_its_last_layer_is_the_embedding(name: str) -> None:
    backbone = BACKBONES[name]
    network, side = backbone.build(), backbone.preprocessing.crop_px
    last, seen = network.get_submodule(backbone.last_layer), []
    last.register_forward_pre_hook(lambda _layer, inputs: seen.append(inputs[0]))
    with torch.inference_mode():
        logits = network(torch.zeros(1, 3, side, side))
    assert logits.shape == (1, backbone.num_classes)
    assert seen[0].shape == (1, backbone.embedding_size)
    assert not network.training


@pytest.mark.parametrize("precision", Precision)
@each_network
def test_it_runs_in_each_of_its_precisions_and_refuses_others_in_words(
    name: str, precision: Precision, folder: Path
) -> None:
    """One that it has may still need another processor: then it is refused in words, too."""
    weights = random_weights(name, folder)
    try:
        classifier = classifier_of(weights, precision, folder)
    except UsageError as error:
        assert "--precision auto" in error.hint  # noqa: PT017 - not everywhere is there an error
        assert precision not in (Precision.AUTO, Precision.FP32)
        return
    assert precision in BACKBONES[name].precisions
    assert classifier.precision is precision or precision is Precision.AUTO
    answers = classifier.classify(photos())
    alone = [classifier.classify([photo])[0] for photo in photos()]
    for answer, again in zip(answers, alone, strict=True):
        assert len(answer.prediction) == TOP_CLASSES
        assert 0 < answer.prediction.probabilities.sum() <= 1 + 1e-5
        assert answer.embedding.shape == (EMBEDDING_SIZE,)
        assert np.isfinite(answer.embedding).all()
        assert answer.prediction.top(1)[0].probability == pytest.approx(
            again.prediction.top(1)[0].probability, abs=0.02
        )


@each_network
def test_weights_of_another_network_are_refused_with_its_title(name: str, folder: Path) -> None:
    for other in BACKBONES:
        if other != name:
            weights = find_weights(WeightsQuery(name, random_weights(other, folder).path))
            with pytest.raises(ModelError, match=f"does not fit {BACKBONES[name].title}"):
                classifier_of(weights, Precision.FP32, folder)


@each_network
def test_auto_takes_it_where_its_weights_alone_are_at_hand(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However the table goes on, and whatever stands before it there."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    content = b"weights"
    small = OfficialWeights("X.Y", f"small-{hashlib.sha256(content).hexdigest()[:8]}.pth")
    (tmp_path / small.file_name).write_bytes(content)
    backbones: dict[str, Backbone] = {other: replace(BACKBONES[other], shipped=None) for other in BACKBONES}
    if BACKBONES[name].shipped:
        backbones[name] = BACKBONES[name]
    else:
        backbones[name] = replace(backbones[name], official=(small,))
    query = WeightsQuery(offline=True, cache_folder=tmp_path)
    assert find_weights(query, backbones=backbones).backbone.name == name


@pytest.mark.parametrize(("name", "official"), OFFICIAL)
def test_its_official_weights_are_torchvisions(name: str, official: OfficialWeights) -> None:
    """Their names stand in our code only so that a look into the cache need not import torchvision."""
    member: object = import_torchvision().models
    for part in official.enum_name.split("."):
        member = getattr(member, part)
    assert member.url.endswith(f"/{official.file_name}")  # type: ignore[attr-defined] # a WeightsEnum
    assert weights_module._address_of(official) == member.url  # type: ignore[attr-defined]
    assert len(official.sha256_prefix) == 8
    assert official.runs_in & BACKBONES[name].precisions
    theirs, ours = member.transforms(), BACKBONES[name].preprocessing  # type: ignore[attr-defined]
    assert (theirs.resize_size, theirs.crop_size) == ([ours.resize_px], [ours.crop_px])
    assert theirs.interpolation.value == ours.interpolation
    assert (tuple(theirs.mean), tuple(theirs.std)) == (ours.mean, ours.std)


@each_network
def test_nobody_but_the_table_and_its_own_module_knows_its_name(name: str) -> None:
    """Code that asks for one network by name is code that the next one would have to find."""
    package = REPOSITORY / "album_sort"
    own = sys.modules[BACKBONES[name].build.__module__].__name__
    allowed = {package / "classifier/backbones.py", REPOSITORY / f"{own.replace('.', '/')}.py"}
    for path in set(package.rglob("*.py")) - allowed:
        text = path.read_text(encoding="utf-8")
        assert f'"{name}"' not in text, path
        assert f"from {own} import" not in text, path


def test_the_names_are_known_without_numpy_and_the_networks_without_torch() -> None:
    """`--help` shows the names; a run with nothing new looks for weights."""
    code = (
        "import sys; from album_sort.classifier.backbones import BACKBONES, model_choices; model_choices();"
        "assert 'numpy' not in sys.modules; list(BACKBONES.values());"
        "assert not {'torch', 'torchvision'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
