"""The library compiled from the package's C files when the project was installed (hatch_build.py).

Nothing depends on it: where it is missing, or is not the one that these sources make, the slower way gives the same answers.
"""

from __future__ import annotations

import contextlib
import ctypes
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from album_sort.native_stamp import source_stamp
from album_sort.sentences import sentence

PACKAGE = Path(__file__).parent
LIBRARY = PACKAGE / "_native.so"
"""Where the build puts it."""
BUILD_NOTE = "_native.txt"
"""Beside it: why the build made none, in a sentence."""

# Numbers that both sides need; C has them under the names of SHARED_CONSTANTS.
CODE_BYTES = 16 + 256
"""Of a Huffman code as it is handed over: how many of each length, then the symbols."""
LEAST_POSITIONS = 16
"""So many neighbouring positions of a convolution are summed at once."""
SCRATCH_A_PIXEL = 20
"""Values that the proposal network needs."""
MOST_POOLED = 64
"""Values in a row that is pooled."""
PRECISION_BITS = 22
"""Behind the point of a resizing weight."""
INT16_MOST = 480
"""Steps of an activation: 68 times as many, the most that Winograd's input transform makes of them, are an int16."""
INT16_OUTS = 16
"""Channels that are summed at once."""
INT16_SPOTS = 36
"""Positions of a transformed tile."""
INT16_STEM_SUM = 7 * 22
"""Weights of one of the stem's outputs: 7 rows of 7 pixels of 3 channels, and one more, since they go in pairs."""
INT16_SIDE, INT16_FEATURES, INT16_CLASSES = 224, 512, 1000
LITE0_MOST, LITE0_FARTHEST = 4095, 8191
"""Steps of what ReLU6 leaves, and of what a block hands on, either way."""
LITE0_FEATURES = 1280
LITE0_NUMBERS = 10
"""That say what a layer is."""
LITE0_STEM_VALUES = 28
"""3 rows of 3 pixels of 3 channels, and one value more, since they go in pairs."""

SHARED_CONSTANTS = {
    "jpeg_eighth_code_bytes": CODE_BYTES,
    "convolution_least_positions": LEAST_POSITIONS,
    "convolution_scratch_a_pixel": SCRATCH_A_PIXEL,
    "convolution_most_pooled": MOST_POOLED,
    "resample_precision": PRECISION_BITS,
    "int16_most": INT16_MOST,
    "int16_outs": INT16_OUTS,
    "int16_spots": INT16_SPOTS,
    "int16_stem_sum": INT16_STEM_SUM,
    "int16_side": INT16_SIDE,
    "int16_features": INT16_FEATURES,
    "int16_classes": INT16_CLASSES,
    "lite0_most": LITE0_MOST,
    "lite0_farthest": LITE0_FARTHEST,
    "lite0_features": LITE0_FEATURES,
    "lite0_numbers": LITE0_NUMBERS,
    "lite0_stem_values": LITE0_STEM_VALUES,
}

_ARRAY, _INT, _SIZE, _BYTES = ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t, ctypes.c_char_p
FUNCTIONS: dict[str, tuple[type | None, tuple[type, ...]]] = {
    "native_stamp": (_BYTES, ()),
    "native_has_avx2": (_INT, ()),
    "jpeg_eighth_1": (_INT, (_ARRAY, _SIZE, *[_INT] * 5, _BYTES, _ARRAY, _ARRAY)),
    "convolve_1": (None, (_ARRAY, *[_INT] * 5, _ARRAY, _ARRAY)),
    "propose_1": (None, (_ARRAY, _INT, _INT, *[_ARRAY] * 3)),
    "max_pool_1": (None, (_ARRAY, _INT, _SIZE, _INT, _INT, _SIZE, *[_INT] * 5, _ARRAY)),
    "resample_1": (_INT, (_ARRAY, _INT, _INT, *(_ARRAY, _ARRAY, _INT, _INT) * 2, _ARRAY)),
    "resnet18_int16_scratch": (_SIZE, (_INT,)),
    "lite0_int16_scratch": (_SIZE, ()),
    "lite0_int16": (None, (_ARRAY, _INT, *[_ARRAY] * 4, ctypes.c_float, _ARRAY, _INT, *[_ARRAY] * 3)),
    "resnet18_int16": (None, (*[_ARRAY] * 6, _INT, *[_ARRAY] * 3)),
}
"""What every function of the library gives and takes."""


@dataclass(frozen=True, slots=True, eq=False)
class Native:
    """What there is of the library."""

    library: ctypes.CDLL | None
    """Ready to be called; None where it must not be."""
    is_stale: bool = False
    """Whether one lies there that these sources did not make: installing again mends it."""
    why_not: str = ""
    """Why there is none, in words."""

    @property
    def has_avx2(self) -> bool:
        """Whether this processor runs what is written for AVX2."""
        return self.library is not None and bool(self.library.native_has_avx2())

    @property
    def told(self) -> str:
        """In words, for `models list`."""
        if self.library is None:
            return (
                sentence("network.not-built", why_not=self.why_not)
                if not self.is_stale
                else sentence("network.not-used", why_not=self.why_not)
            )
        return sentence("network.built-avx2") if self.has_avx2 else sentence("network.built-this-processor-has")


def load_native(package: Path = PACKAGE) -> Native:
    """The library in that folder, which holds the sources too."""
    path = package / LIBRARY.name
    if not path.is_file():
        return Native(None, why_not=_note_of_build(package))
    try:
        library = ctypes.CDLL(str(path))
        for name, (gives, takes) in FUNCTIONS.items():
            function = getattr(library, name)
            function.restype, function.argtypes = gives, takes
    except OSError as error:
        return Native(None, is_stale=True, why_not=sentence("network.it-cannot-be-loaded", error=error))
    except AttributeError:
        return Native(None, is_stale=True, why_not=sentence("network.it-was-built-from-other"))
    return _checked(library, package)


def _checked(library: ctypes.CDLL, package: Path) -> Native:
    """Whether it is the one that these sources make, and takes its constants as Python does: otherwise it would write where it must not."""
    built_from = library.native_stamp().decode("ascii", "replace")
    try:
        expected = source_stamp(package)
    except OSError as error:
        return Native(None, is_stale=True, why_not=sentence("network.its-sources-cannot-be", error=error))
    if built_from != expected:
        why_not = sentence("network.it-was-built-from", built_from=built_from, expected=expected)
        return Native(None, is_stale=True, why_not=why_not)
    for name, value in SHARED_CONSTANTS.items():
        found = _constant(library, name)
        if found != value:
            return Native(
                None, is_stale=True, why_not=sentence("network.its-is-but-here", name=name, found=found, value=value)
            )
    return Native(library)


def _constant(library: ctypes.CDLL, name: str) -> int | None:
    try:
        return ctypes.c_int.in_dll(library, name).value
    except ValueError:
        return None


def _note_of_build(package: Path) -> str:
    """What the build left a note of."""
    with contextlib.suppress(OSError):
        note = (package / BUILD_NOTE).read_text(encoding="utf-8").strip()
        if note:
            return note
    return sentence("network.no-c-compiler-was")


@lru_cache(maxsize=1)
def native() -> Native:
    """The library of this installation, loaded and checked once."""
    return load_native()


def native_library() -> ctypes.CDLL | None:
    """The library, to be called; None where numpy, Pillow and torch are to do the work."""
    return native().library


def pointer(array: NDArray[np.generic]) -> int:
    """Where an array begins: C-contiguous, of the type that the C function takes."""
    # `array.ctypes.data_as` takes five times as long, and is called a hundred times for a photo.
    address: int = array.__array_interface__["data"][0]
    return address
