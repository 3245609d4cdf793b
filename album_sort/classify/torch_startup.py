"""Imports torch and torchvision so that they work together, and only when a network is really needed.

The torchvision wheel of the package index is built against CUDA. Beside a CPU-only torch its C++ library does not load, and
`import torchvision` fails with `operator torchvision::nms does not exist` because it registers meta kernels for two
operators that nobody defined. We use neither, so declaring their schemas first is enough. A matching pair is left alone.
"""

from __future__ import annotations

import contextlib
import functools
import sys
import warnings
from collections.abc import Iterator
from types import ModuleType
from typing import Any, cast

_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)

# Kept for the life of the process: a Library that is garbage-collected takes its schemas with it.
_kept: list[Any] = []


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Keeps torch's warnings of its own coming deprecations from the user, who can do nothing about them.

    Importing, loading quantized weights and converting all warn; pyproject.toml pins the versions that still have what we use.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@functools.cache
def import_torch() -> ModuleType:
    """`torch`, imported on first use: it takes a second, which `--help` and a run with nothing new must not pay."""
    with silence():
        import torch  # noqa: PLC0415 - late on purpose
    return torch


@functools.cache
def import_torchvision() -> ModuleType:
    """`torchvision` beside any torch, matched or not."""
    torch = import_torch()
    with silence():
        try:
            import torchvision  # noqa: PLC0415
        except RuntimeError as error:
            if "torchvision::" not in str(error):
                raise
        else:
            return cast("ModuleType", torchvision)
        _forget_half_imported()
        library = torch.library.Library("torchvision", "DEF")
        for schema in _SCHEMAS:
            library.define(schema)
        _kept.append(library)
        import torchvision  # noqa: PLC0415
    return cast("ModuleType", torchvision)


def _forget_half_imported() -> None:
    for name in [name for name in sys.modules if name == "torchvision" or name.startswith("torchvision.")]:
        del sys.modules[name]
