"""Different values among many: what `numpy.unique` says, without what that loads."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from album_sort.core.distinct import distinct


@given(st.lists(st.integers(-5, 5) | st.integers(-(2**62), 2**62)))
def test_it_is_what_numpy_says(values: list[int]) -> None:
    given_values = np.array(values, np.int64)
    assert distinct(given_values).tolist() == np.unique(given_values).tolist()


def test_it_loads_no_masked_arrays() -> None:
    code = "import sys, numpy; from album_sort.core.distinct import distinct; distinct(numpy.arange(3)); print('numpy.ma' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == "False\n"
