"""A setting is one field of `Settings`: its option, its parser, whether albums keep it, and what runs differ by are read from there."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
import typer

from album_sort.cli.app import app
from album_sort.config import Layer, resolve_settings
from album_sort.pipeline.kept import ALWAYS, KEPT
from album_sort.pipeline.unchanged import IDLE_SETTINGS
from album_sort.sentences import sentence
from album_sort.setting_values import Keeping
from album_sort.settings import SPECS, Settings

OWN_OPTIONS_OF_SORT = {
    "out", "photos", "dry_run", "save_plan", "save", "files_from", "quiet", "verbose", "json", "config", "help",
}  # fmt: skip
"""What `sort` is asked beside settings: which photos, where to, and what to show."""


def options_of(name: str) -> dict[str, Any]:
    command: Any = typer.main.get_command(app)
    return {one.name: one for one in command.commands[name].params}


def test_sort_has_an_option_for_each_setting_and_a_setting_for_each_option() -> None:
    assert set(options_of("sort")) == set(SPECS) | OWN_OPTIONS_OF_SORT - {"help"}


@pytest.mark.parametrize("name", sorted(SPECS))
def test_an_option_is_not_given_by_default_and_says_what_it_does(name: str) -> None:
    option = options_of("sort")[name]
    assert not option.default, "what is not given must not go before what albums keep"
    assert option.help
    assert option.help == sentence(SPECS[name].help) or name == "model", "the networks are listed by their own registry"
    assert option.multiple == isinstance(getattr(Settings(), name), tuple)
    assert option.is_flag == (not SPECS[name].metavar)


@pytest.mark.parametrize("name", sorted(name for name in SPECS if getattr(Settings(), name) not in ("", None)))
def test_a_default_that_is_a_value_is_one_that_its_own_parser_takes(name: str) -> None:
    default = getattr(Settings(), name)
    assert getattr(resolve_settings([Layer("test", {name: default})]).settings, name) == default


def test_the_sets_of_settings_are_read_from_the_fields() -> None:
    assert list(SPECS) == [one.name for one in fields(Settings)]
    assert set(ALWAYS) <= set(KEPT) <= set(SPECS)
    assert set(SPECS) >= IDLE_SETTINGS
    kept_and_idle = [name for name in KEPT if name in IDLE_SETTINGS]
    assert not kept_and_idle, "what shapes folders makes a run another one"
    assert {name for name, spec in SPECS.items() if spec.keeping is Keeping.ALWAYS} == {"mode", "layout"}


def test_explain_takes_its_settings_from_the_same_table() -> None:
    shared = set(options_of("explain")) & set(SPECS)
    assert shared == {"albums", "lang", "model", "weights", "offline", "precision_target", "home"}
    for name in shared:
        assert options_of("explain")[name].help == options_of("sort")[name].help
