"""Numbers that the kernel gives, in columns of SQLite: one encoding for ledger and cache.

An inode may have 64 bits without a sign (mergerfs, NFS, CIFS), and a modification time in nanoseconds leaves the signed 64 bits of
SQLite before 1677 and after 2262 (an NTFS null is 1601, a wrong clock 2446). What fits is an INTEGER as ever, so that databases of
before stay as they are; what does not is a BLOB of its sixteen bytes, which no affinity of a column turns into a rounded REAL.
"""

from __future__ import annotations

_LOWEST, _HIGHEST = -(1 << 63), (1 << 63) - 1
_BYTES = 16


def number_to_column(number: int) -> int | bytes:
    """As SQLite takes it: INTEGER, or its bytes where it has no room there. Raises `OverflowError` beyond 128 bits."""
    return number if _LOWEST <= number <= _HIGHEST else number.to_bytes(_BYTES, "big", signed=True)


def number_from_column(value: int | bytes) -> int:
    """The number of a column."""
    return int.from_bytes(value, "big", signed=True) if isinstance(value, bytes) else value
