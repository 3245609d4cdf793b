"""Imports torch and torchvision so that they work together, and only when a network is really needed.

The torchvision wheel of the package index is built against CUDA. Beside a CPU-only torch its C++ library does not load, and
`import torchvision` fails with `operator torchvision::nms does not exist` because it registers meta kernels for two
operators that nobody defined. We use neither, so declaring their schemas first is enough. A matching pair is left alone.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import sys
import warnings
from collections.abc import Iterator
from types import ModuleType
from typing import Any, cast

_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)

_COMPILER = "torch._dynamo"

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
    with silence(), _without_garbage_collection():
        import torch  # noqa: PLC0415 - late on purpose
    return torch


@functools.cache
def import_torchvision() -> ModuleType:
    """`torchvision` beside any torch, matched or not."""
    torch = import_torch()
    with silence(), _without_compiler():
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


@contextlib.contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Looking for garbage among the hundred thousands of objects that torch makes, and keeps, takes a tenth of its import."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextlib.contextmanager
def _without_compiler() -> Iterator[None]:
    """Keeps torchvision from importing torch's compiler, which costs a second at every start.

    One function of RoIAlign, an operator that we do not use, asks the compiler whether it works here. While torchvision is
    imported a stand-in says no; afterwards it is gone, and who needs the compiler imports the real one.
    """
    if _COMPILER in sys.modules:
        yield
        return
    utils = ModuleType(f"{_COMPILER}.utils")
    utils.is_compile_supported = lambda _device_type: False  # type: ignore[attr-defined]
    places = {_COMPILER: ModuleType(_COMPILER), f"{_COMPILER}.utils": utils}
    sys.modules.update(places)
    try:
        yield
    finally:
        for name in places:
            sys.modules.pop(name, None)


def _forget_half_imported() -> None:
    for name in [name for name in sys.modules if name == "torchvision" or name.startswith("torchvision.")]:
        del sys.modules[name]
