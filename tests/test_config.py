"""Settings: the last layer wins, each value knows its origin, all faults are told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from album_sort.config import Layer, read_layers, resolve_settings
from album_sort.errors import UsageError
from album_sort.settings import Settings
from album_sort.types import Mode


def test_without_layers_the_defaults_hold() -> None:
    resolved = resolve_settings([])
    assert resolved.settings == Settings()
    assert set(resolved.origins.values()) == {"default"}


def test_the_last_layer_that_names_a_setting_wins() -> None:
    layers = [Layer("file", {"mode": "symlink", "lang": "zh"}), Layer("flags", {"mode": "hardlink"})]
    resolved = resolve_settings(layers)
    assert (resolved.settings.mode, resolved.settings.lang) == (Mode.HARDLINK, "zh")
    assert (resolved.origins["mode"], resolved.origins["lang"]) == ("flags", "file")


def test_all_faults_of_all_layers_come_at_once_with_a_guess() -> None:
    layers = [Layer("a.toml", {"layuot": "x", "batch-size": 0}), Layer("environment", {"home": "95,11"})]
    with pytest.raises(UsageError) as raised:
        resolve_settings(layers)
    message = str(raised.value)
    for word in ("a.toml", "layuot", "'layout'", "batch-size", "1 to 512", "ALBUM_SORT_HOME=95,11", "latitude"):
        assert word in message


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("batch_size", "32", 32),
        ("also", "yes", True),
        ("home", "48.1, 11.5", (48.1, 11.5)),
        ("exclude", "*.png, raw/", ("*.png", "raw/")),
        ("precision_target", "0.9", 0.9),
    ],
)
def test_environment_texts_are_read_like_toml_values(key: str, text: str, value: object) -> None:
    assert getattr(resolve_settings([Layer("environment", {key: text})]).settings, key) == value


def test_layers_come_in_their_order_and_flags_not_given_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "album-sort").mkdir()
    (tmp_path / "album-sort" / "config.toml").write_text('lang = "zh"\n', encoding="utf-8")
    given = tmp_path / "given.toml"
    given.write_text('mode = "symlink"\n', encoding="utf-8")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    layers = read_layers(
        given, {"ALBUM_SORT_LAYOUT": "{album}", "ALBUM_SORT_CACHE_DIR": "/x"}, {"lang": None, "also": True}
    )
    assert [dict(layer.values) for layer in layers] == [
        {"lang": "zh"},
        {"mode": "symlink"},
        {"layout": "{album}"},
        {"also": True},
    ]


def test_a_configuration_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("mode = ", encoding="utf-8")
    for path in (broken, tmp_path / "absent.toml"):
        with pytest.raises(UsageError, match=path.name):
            read_layers(path, {}, {})


def resolved_flags(**flags: object) -> Settings:
    return resolve_settings([Layer("flags", flags)]).settings


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024", "2024-01-01", "2024-12-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2024-02-03", "2024-02-03", "2024-02-03"),
        ("2025-6", "2025-06-01", "2025-06-30"),
    ],
)
def test_a_month_or_a_year_bounds_the_days(text: str, first: str, last: str) -> None:
    settings = resolved_flags(since=text, until=text)
    assert (str(settings.since), str(settings.until)) == (first, last)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2024-13", "2024-02-30", "24", "2024-1-1-1", "\u0662\u0660\u0662\u0664"]
)
def test_what_is_no_day_is_refused_with_examples(text: str) -> None:
    with pytest.raises(UsageError, match="2025-12-31, 2025-12 or 2025"):
        resolved_flags(since=text)


def test_days_that_end_before_they_begin_are_refused() -> None:
    with pytest.raises(UsageError, match="--since 2025-01-01 is later than --until 2024-12-31"):
        resolved_flags(since="2025", until="2024")


def test_faults_are_told_as_they_were_written() -> None:
    with pytest.raises(UsageError) as raised:
        resolved_flags(mode="move", batch_size="many")
    assert "--mode move: album-sort never moves your photos; hardlink or symlink needs no space" in str(raised.value)
    assert "--batch-size many: expected a whole number from 1 to 512" in str(raised.value)
    assert "flags" not in str(raised.value)


def test_a_home_may_be_a_town() -> None:
    assert resolved_flags(home="Munich").home == "Munich"
    assert resolved_flags(home="48.1,11.5").home == (48.1, 11.5)
    with pytest.raises(UsageError, match="give a town or LAT,LON"):
        resolved_flags(home="48.1")
