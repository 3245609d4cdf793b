"""The networks we can run: the one table of them. docs/contributing/add-a-network.md adds one.

`--help` and `--model` need the names and no more, so that a network's own module is imported when it is asked for.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from album_sort.classifier.backbone import Backbone


class Backbones(Mapping[str, "Backbone"]):
    """Networks by name, in the order in which `--model auto` looks for their weights."""

    def __init__(self, values: Mapping[str, str]) -> None:
        """`values`: name, and where its `Backbone` is found, as `module.VALUE` of this package."""
        self._values = dict(values)

    def __getitem__(self, name: str) -> Backbone:
        """The network of this name."""
        module, _, value = self._values[name].partition(".")
        found: Backbone = getattr(importlib.import_module(f"album_sort.classifier.{module}"), value)
        return found

    def __iter__(self) -> Iterator[str]:
        """Their names."""
        return iter(self._values)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._values)


BACKBONES: Final = Backbones(
    {
        "resnet18": "resnet18.RESNET18",
        "efficientnet-lite0": "efficientnet_lite0.EFFICIENTNET_LITE0",
    }
)

AUTO: Final = "auto"
"""The first of them whose weights are at hand or can be fetched."""


def model_choices() -> str:
    """What `--model` takes, in words: `auto, resnet18 or efficientnet-lite0`."""
    *names, last = (AUTO, *BACKBONES)
    return f"{', '.join(names)} or {last}"


def preferred(backbones: Mapping[str, Backbone] = BACKBONES) -> Backbone:
    """The one that `auto` looks for first, and that weights given without a name belong to."""
    return next(iter(backbones.values()))


def shipping(backbones: Mapping[str, Backbone] = BACKBONES) -> Backbone:
    """The one whose weights ship with the install: a run never ends for want of a connection."""
    return next(backbone for backbone in backbones.values() if backbone.shipped is not None)
