"""What a network is to us: its values, how it is built, where its weights come from, what arithmetic it has. Imports no torch."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from album_sort.types import BackboneSpec, Precision

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import nn

    from album_sort.classifier.rivals import Int16Form

CalibrationViews = Callable[[], "NDArray[np.uint8]"]
"""Gives pictures as a network sees them, (N, S, S, 3)."""

_HASH_IN_NAME = re.compile(r"[-_]([0-9a-f]{8})\.pth$")


def hash_in_name(file_name: str) -> str:
    """The eight digits in a weights file's name, with which its SHA-256 begins; empty for none."""
    match = _HASH_IN_NAME.search(file_name)
    return match.group(1) if match else ""


@dataclass(frozen=True, slots=True)
class OfficialWeights:
    """One of torchvision's weights enums; torchvision itself knows the address."""

    enum_name: str
    """Class and member below `torchvision.models` (`quantization.` first for int8)."""
    file_name: str
    runs_in: frozenset[Precision] = frozenset(Precision)
    """int8 weights run in few."""

    @property
    def sha256_prefix(self) -> str:
        """The beginning of its SHA-256."""
        return hash_in_name(self.file_name)


@dataclass(frozen=True, slots=True)
class ShippedWeights:
    """Weights inside a package that is installed with us."""

    distribution: str
    """As one installs it."""
    package: str
    """As one imports it; only looked for, never imported."""
    file: str
    """Below the package's folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backbone(BackboneSpec):
    """A network that we can run: its values, and all that is done for it alone."""

    build: Callable[[], nn.Module]
    """The network in fp32 with random weights, in evaluation mode: (N, 3, S, S) normalised -> (N, 1000) logits. Imports torch."""
    last_layer: str = "fc"
    """The layer that makes logits of pooled features, its parts joined by dots; what goes into it is the embedding."""
    shipped: ShippedWeights | None = None
    official: tuple[OfficialWeights, ...] = ()
    """What can be fetched, the best first."""
    build_quantizable: Callable[[], nn.Module] | None = None
    """The same with the stubs of static quantization, as in `torchvision.models.quantization`; None where int8 would lose accuracy."""
    convert_int16: Callable[..., tuple[Int16Form | None, float]] | None = None
    """(WeightsFile, CalibrationViews) -> the network for our own code in C, and how much it moved; None: it knows it not."""
    read_int16: Callable[[memoryview], Int16Form | None] | None = None
    """The same from what was kept of it; None for another file."""

    @property
    def precisions(self) -> frozenset[Precision]:
        """What it can be asked to run in, on a computer that has all of it."""
        integers = {Precision.INT8: self.build_quantizable, Precision.INT16: self.convert_int16}
        return frozenset(Precision) - {precision for precision, way in integers.items() if way is None}

    def official_for(self, precision: Precision) -> tuple[OfficialWeights, ...]:
        """Those that can run in it, the best first."""
        return tuple(official for official in self.official if precision in official.runs_in)
