"""Decodes mutation after mutation under limits of memory and time; run as a process of its own by the fuzz test.

    python -m tests.fuzz.decode_many FIRST COUNT

Writes the number of each mutation before it is tried: when the process dies, the last line names the culprit. The
last line of a good run is JSON with the numbers of decoded and refused files.
"""

from __future__ import annotations

import contextlib
import json
import resource
import signal
import sys
import time
import warnings
from pathlib import Path, PurePath

from album_sort.images import UndecodableError, decode_picture
from tests.decode_samples import RESNET
from tests.fuzz.mutations import mutated, seeds

MEMORY_BYTES = 3 << 30
"""Of address space: the libraries and their threads reserve 1.5 GB that they never touch."""
RESIDENT_BYTES = 1 << 30
SECONDS = 10


def peak_bytes() -> int:
    """Most resident memory of this process. `ru_maxrss` may be that of the process which started it: exec hands it on."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main(first: int, count: int) -> None:
    """Decode mutations first .. first + count - 1, over all seeds in turn."""
    warnings.simplefilter("error")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    files = list(seeds().items())
    decoded = refused = 0
    slowest = 0.0
    for number in range(first, first + count):
        name, data = files[number % len(files)]
        sys.stdout.write(f"{number} {name}\n")
        sys.stdout.flush()
        # The default action of SIGALRM ends the process even when a C library does not come back.
        signal.alarm(SECONDS)
        started = time.monotonic()
        try:
            decode_picture(mutated(data, number), RESNET, suffix=PurePath(name).suffix, thumbnail_px=64)
        except UndecodableError:
            refused += 1
        else:
            decoded += 1
        slowest = max(slowest, time.monotonic() - started)
    signal.alarm(0)
    counts = {"decoded": decoded, "refused": refused, "slowest_s": round(slowest, 2), "peak_bytes": peak_bytes()}
    sys.stdout.write(json.dumps(counts) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
