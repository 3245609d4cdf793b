"""Two calls that Python has no words for: a rename that never replaces, and a copy that shares its blocks."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

_AT_FDCWD = -2 if sys.platform == "darwin" else -100
_RENAME_NOREPLACE = 1
_RENAME_EXCL = 4
_FICLONE = 0x40049409
"""`_IOW(0x94, 9, int)` of linux/fs.h."""

_CANNOT = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EPERM, errno.ENOTTY}


def rename_without_replacing(
    source: str, target: str, from_folder: int = _AT_FDCWD, to_folder: int = _AT_FDCWD
) -> bool:
    """Rename in one step, by path or below two folders; False where the system cannot do it.

    Raises FileExistsError when the target exists.
    """
    rename = _rename_function()
    if rename is None:
        return False
    code = rename(from_folder, os.fsencode(source), to_folder, os.fsencode(target))
    if code == 0:
        return True
    if code in _CANNOT:
        return False
    raise OSError(code, os.strerror(code), source, None, target)


@cache
def _rename_function() -> Callable[[int, bytes, int, bytes], int] | None:
    """The system's call: takes two folders and two names in them, returns 0 or an errno."""
    library = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "darwin":  # pragma: no cover - macOS
        return _with_flag(getattr(library, "renameatx_np", None), _RENAME_EXCL)
    return _with_flag(getattr(library, "renameat2", None), _RENAME_NOREPLACE)


def _with_flag(rename: Any, flag: int) -> Callable[[int, bytes, int, bytes], int] | None:  # noqa: ANN401 - a C function
    if rename is None:
        return None
    rename.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]
    return lambda *names: _errno_of(rename(*names, flag))


def _errno_of(result: int) -> int:
    return 0 if result == 0 else ctypes.get_errno()


def clone(reading: int, writing: int) -> bool:
    """Let `writing` share all blocks of `reading`; False where the file system cannot (other device, no reflinks)."""
    if not sys.platform.startswith("linux"):  # pragma: no cover - other systems clone by other calls
        return False
    try:
        fcntl.ioctl(writing, _FICLONE, reading)
    except OSError:
        # Whatever the reason: the plain copy that follows tells if something is really wrong.
        return False
    return True
