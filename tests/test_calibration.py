"""Scores become honest probabilities, and one wanted precision becomes a threshold."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from album_sort.core.albums.calibration import (
    DEFAULT,
    DEFAULT_PRECISION_TARGET,
    Calibration,
    CurvePoint,
    parse_calibration,
)
from album_sort.core.albums.filing_policy import FilingPolicy
from album_sort.errors import UsageError
from album_sort.pipeline.policy import load_calibration, load_head
from album_sort.types import REVIEW, Precision
from benchmarks import calibrate
from benchmarks.accuracy import measure
from benchmarks.labelled import file_all, read_labelled
from tests.album_cases import facts_of, file_photo, shipped_rules

FILES = sorted((Path(__file__).resolve().parent.parent / "labels" / "calibration").glob("*.toml"))

CURVE = (CurvePoint(0.3, 0.90, 0.95), CurvePoint(0.5, 0.94, 0.90), CurvePoint(0.7, 0.98, 0.70))
MEASURED = Calibration("ab", 1.0, 1.0, 0.0, CURVE, 100)

shares = st.floats(0.0, 1.0)


@given(shares, shares)
def test_a_higher_score_is_never_less_probable(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0.0 <= DEFAULT.probability(low) <= DEFAULT.probability(high) <= 1.0


@given(shares, shares)
def test_a_higher_target_never_files_more(one: float, other: float) -> None:
    """Neither on the curve nor beyond it."""
    low, high = sorted((one, other))
    for calibration in (DEFAULT, MEASURED):
        assert calibration.threshold(low) <= calibration.threshold(high)


def test_a_target_between_two_points_takes_its_share_of_the_way() -> None:
    assert MEASURED.threshold(0.96) == pytest.approx(0.6)


def test_a_target_below_the_curve_files_from_its_first_point() -> None:
    assert MEASURED.threshold(0.5) == 0.3


def test_a_target_beyond_the_curve_asks_for_itself() -> None:
    assert MEASURED.threshold(0.99) == 0.99


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
@pytest.mark.parametrize("target", [0.9, 0.95, 0.97])
def test_weights_nobody_calibrated_are_asked_for_more(path: Path, target: float) -> None:
    """The same score files a photo with unknown weights only if it would with calibrated ones."""
    calibrated = parse_calibration(path.read_text(encoding="utf-8"), path.name)
    for score in np.linspace(0.01, 0.99, 99).tolist():
        if DEFAULT.probability(score) >= DEFAULT.threshold(target):
            assert calibrated.probability(score) >= calibrated.threshold(target)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_shipped_calibrations_are_whole_and_say_what_they_were_made_from(path: Path) -> None:
    calibration = parse_calibration(path.read_text(encoding="utf-8"), path.name)
    assert calibration.weights_sha256.startswith(path.stem)
    assert len(calibration.weights_sha256) == 64
    assert calibration.photos >= 400
    assert calibration.error_after < calibration.error_before
    assert 0.2 < calibration.threshold(DEFAULT_PRECISION_TARGET) < 0.95
    probabilities = [point.probability for point in calibration.curve]
    precisions = [point.precision for point in calibration.curve]
    assert probabilities == sorted(set(probabilities))
    assert precisions == sorted(set(precisions))


@pytest.mark.parametrize(
    "text", ["", "temperature = ", 'weights_sha256 = "ab"\n', 'weights_sha256 = "ab"\ntemperature = "hot"\n']
)
def test_a_damaged_file_is_refused_with_its_name(text: str) -> None:
    with pytest.raises(UsageError, match=r"x\.toml is not a calibration"):
        parse_calibration(text, "x.toml")


# What a person is told


@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (1.5, 1.0), (0.5, -1.0)])
@pytest.mark.parametrize("share", [0.9, 0.5, 0.2])
def test_the_reason_and_the_figures_of_a_photo_say_the_same(slope: float, intercept: float, share: float) -> None:
    """A person compares them, and those of a photo to review with what is needed."""
    calibration = Calibration("", 1.0, slope, intercept)
    decided = file_photo(facts_of(classes={"pizza": share, "tabby cat": 0.05}), calibration=calibration)
    named = FilingPolicy(shipped_rules(), calibration, 0.6).likeliest(decided.scores)
    values = dict(decided.reasons[0].values)
    assert named[0].album == "food"
    assert values["percent"] == round(100 * named[0].probability) == round(100 * decided.probability)
    assert [one.probability for one in named] == sorted((one.probability for one in named), reverse=True)
    if decided.album == REVIEW:
        assert int(values["percent"]) <= int(values["needed_percent"])
        assert values["other_percent"] == round(100 * named[1].probability)


# How the files are made


def made_photos(count: int, slope: float, seed: int) -> tuple[calibrate.Floats, np.ndarray]:
    """Scores with outcomes that follow a known curve."""
    generator = np.random.default_rng(seed)
    scores = generator.beta(3, 1, count)
    return scores, generator.random(count) < calibrate.apply(scores, slope, 0.3)


def test_the_fit_finds_the_curve_that_made_the_photos() -> None:
    slope, intercept = calibrate.fit(*made_photos(20_000, 0.6, 1))
    assert slope == pytest.approx(0.6, abs=0.06)
    assert intercept == pytest.approx(0.3, abs=0.1)


def test_few_photos_change_little() -> None:
    slope, intercept = calibrate.fit(np.array([0.9, 0.2]), np.array([True, False]))
    assert slope == pytest.approx(1.0, abs=0.3)
    assert intercept == pytest.approx(0.0, abs=0.3)


def test_calibrating_lowers_the_error() -> None:
    scores, right = made_photos(5_000, 0.5, 2)
    after = calibrate.apply(scores, *calibrate.fit(scores, right))
    assert calibrate.calibration_error(after, right) < 0.5 * calibrate.calibration_error(scores, right)


def test_a_promised_precision_is_kept_by_other_photos() -> None:
    """Photos of the same kind, filed from the threshold on, keep the promise mostly."""
    kept = 0
    for seed in range(20):
        scores, right = made_photos(500, 1.2, seed)
        answer = calibrate.fit(scores, right)
        curve = calibrate.precision_curve(calibrate.apply(scores, *answer), right)
        threshold = Calibration("ab", 1.0, *answer, curve).threshold(0.9)
        other_scores, other_right = made_photos(5_000, 1.2, 1_000 + seed)
        kept += other_right[calibrate.apply(other_scores, *answer) >= threshold].mean() >= 0.9
    assert kept >= 13


def test_the_file_reads_back_as_it_was_written() -> None:
    text = calibrate.as_toml(MEASURED, "A network", 9)
    assert parse_calibration(text, "x.toml") == MEASURED


def test_a_source_that_is_always_wrong_lowers_what_may_be_promised() -> None:
    """Photos of one source are alike: a hundred of them are one piece of news, not a hundred."""
    right = np.array([True] * 900 + [False] * 100)
    sure = np.full(1000, 0.9)
    each_its_own = calibrate.precision_curve(sure, right)[-1].precision
    ten_sources = calibrate.precision_curve(sure, right, 1.0, np.repeat(np.arange(10).astype(str), 100))[-1].precision
    assert ten_sources < each_its_own - 0.05


SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


@pytest.mark.long
@pytest.mark.shared
@pytest.mark.skipif(not (SHARED / "photos" / "labelled.csv").is_file(), reason="needs ../shared/photos/labelled.csv")
@pytest.mark.parametrize(
    ("weights", "accuracy"), [(SHARED / "weights" / "resnet18-imagenet1k-standin.pth", 0.90), (None, 0.92)]
)
def test_everyday_photos_are_in_the_right_album(weights: Path | None, accuracy: float, tmp_path: Path) -> None:
    """With default settings: 98 of 100 filed photos are right, few go to review, and no dog is made of a sign."""
    (tmp_path / "weights").mkdir()
    arguments = argparse.Namespace(
        labelled=SHARED / "photos" / "labelled.csv",
        model="efficientnet-lite0",
        weights=weights,
        precision=Precision.AUTO,
        work=tmp_path,
    )
    used, photos = read_labelled(arguments)
    filed = file_all(photos, load_calibration(used.sha256), DEFAULT_PRECISION_TARGET, head=load_head(used.sha256))
    figures = measure(photos, [assignment.album for assignment in filed])
    assert float(figures["accuracy"]) >= accuracy
    assert float(figures["precision_of_filed"]) >= 0.98
    assert float(figures["coverage"]) >= 0.85
    assert figures["plain_mistakes"] == 0
