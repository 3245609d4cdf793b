"""Settings: the last layer wins, each value knows its origin, all faults are told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from album_sort.config import Layer, Settings, read_layers, resolve_settings
from album_sort.errors import UsageError
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
    layers = [Layer("a.toml", {"layuot": "x", "batch-size": 0}), Layer("environment", {"home": "north"})]
    with pytest.raises(UsageError) as raised:
        resolve_settings(layers)
    message = str(raised.value)
    for word in ("a.toml", "layuot", "'layout'", "batch-size", "1 to 512", "environment", "LAT,LON"):
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
