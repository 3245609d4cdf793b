"""What glibc does with memory that has been freed. Elsewhere nothing happens here, and nothing is lost by it."""

from __future__ import annotations

import contextlib
import ctypes
import gc

# Numbers of <malloc.h>.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3
_MB = 1 << 20


def keep_freed_memory() -> None:
    """Keeps what one photo has freed for the next: asking the system for it again costs a photo 320 page faults, one millisecond.

    Blocks above 32 MB still go back at once: one huge picture does not make a process large for good.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        library = ctypes.CDLL(None)
        library.mallopt(_M_MMAP_THRESHOLD, 32 * _MB)
        library.mallopt(_M_TRIM_THRESHOLD, 64 * _MB)
        library.mallopt(_M_TOP_PAD, 16 * _MB)


def give_memory_back() -> None:
    """The network's memory, before the plan needs its own: glibc keeps what is freed for itself unless it is asked."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
