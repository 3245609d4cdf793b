"""The server under load: so many requests by 32 clients on /predict, what they waited for, and whether memory stays flat.

    python benchmarks/bench_serve.py [--requests 10000] [--clients 32] [--model resnet18 --weights FILE]

Starts `album-sort serve` as a process, sends it pictures that packages ship (10 to 200 kB, each with a few bytes of its own, so that no
cache knows one), a new connection for every hundredth request, and asks /proc for the memory of the server and of its reading processes
(PSS: what several share counts once; the first row of the results, from before, has RSS, which counts it in each).
A 503 is waited out as `Retry-After` says and counted. Appends one line to benchmarks/results/serve.csv.
"""

from __future__ import annotations

import argparse
import csv
import io
import itertools
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import httpx
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.machine import RESULTS, machine_columns  # noqa: E402 (runs from a clone too)
from tests import pictures  # noqa: E402


def jpegs() -> list[bytes]:
    """Pictures of several sizes."""
    made = []
    for picture in (pictures.cat(), pictures.coffee(), pictures.flower(), pictures.temple(), pictures.portrait()):
        for side in (480, 1280):
            image = Image.fromarray(picture)
            image.thumbnail((side, side))
            target = io.BytesIO()
            image.save(target, "JPEG", quality=88)
            made.append(target.getvalue())
    return made


def pss_mb(pid: int) -> float:
    """Memory of a process that lies in RAM; of what several share, its part, so that a sum counts it once."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in text.splitlines() if line.startswith("Pss:")), 0.0)


def family(pid: int) -> list[int]:
    """The process and its children."""
    found = [pid]
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(one) for one in path.read_text(encoding="ascii").split()]
    return found


class Load:
    """What the clients share."""

    def __init__(self, address: str, requests: int) -> None:
        self.address = address
        self.numbers = iter(range(requests))
        self.lock = threading.Lock()
        self.seconds: list[float] = []
        self.statuses: Counter[str] = Counter()
        self.pictures = jpegs()

    def client(self) -> None:
        """One client: the next request as soon as the last is answered."""
        client = httpx.Client(base_url=self.address, timeout=120)
        for asked in itertools.count(1):
            with self.lock:
                number = next(self.numbers, None)
            if number is None:
                return
            if asked % 100 == 0:
                client.close()
                client = httpx.Client(base_url=self.address, timeout=120)
            body = self.pictures[number % len(self.pictures)] + number.to_bytes(8, "big")
            self._ask(client, body)

    def _ask(self, client: httpx.Client, body: bytes) -> None:
        began = time.monotonic()
        while True:
            try:
                answer = client.post("/predict", content=body, headers={"Content-Type": "image/jpeg"})
                status = str(answer.status_code)
            except httpx.HTTPError as error:
                status, answer = type(error).__name__, None
            with self.lock:
                self.statuses[status] += 1
            if answer is None or answer.status_code != 503:
                break
            time.sleep(float(answer.headers["Retry-After"]))
        with self.lock:
            self.seconds.append(time.monotonic() - began)


def main() -> None:
    """Runs the load and appends its line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--model", default="resnet18")
    parser.add_argument("--weights", default="")
    asked = parser.parse_args()
    words = ["serve", "--port", "0", "--offline", "--model", asked.model]
    words += ["--weights", asked.weights] if asked.weights else []
    with tempfile.TemporaryDirectory() as temporary:
        server = subprocess.Popen(
            [sys.executable, "-m", "album_sort", *words],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "TMPDIR": temporary},
        )
        address = server.stdout.readline().strip().rstrip("/") if server.stdout else ""
        load = Load(address, asked.requests)
        Load(address, 20).client()  # the network is made, and the processes are there
        samples: list[tuple[float, float]] = []
        threads = [threading.Thread(target=load.client) for _ in range(asked.clients)]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            mine = [pss_mb(pid) for pid in family(server.pid)]
            samples.append((mine[0], sum(mine)))
            time.sleep(0.5)
        seconds = time.monotonic() - began
        server.send_signal(signal.SIGTERM)
        server.wait(10)
        left = len(list(Path(temporary).iterdir()))
    later = samples[len(samples) // 3 :]
    row = {
        "network": asked.model,
        "requests": asked.requests,
        "clients": asked.clients,
        "per_s": f"{asked.requests / seconds:.1f}",
        "p50_ms": f"{1000 * statistics.median(load.seconds):.0f}",
        "p95_ms": f"{1000 * statistics.quantiles(load.seconds, n=20)[18]:.0f}",
        "most_ms": f"{1000 * max(load.seconds):.0f}",
        "answers": " ".join(f"{status}:{count}" for status, count in sorted(load.statuses.items())),
        "server_mb": f"{samples[-1][0]:.0f}",
        "all_mb": f"{samples[-1][1]:.0f}",
        "grown_mb": f"{samples[-1][1] - later[0][1]:.0f}",
        "files_left": left,
        **machine_columns(),
    }
    path = RESULTS / "serve.csv"
    is_new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as target:
        writer = csv.DictWriter(target, list(row), lineterminator="\n")
        if is_new:
            writer.writeheader()
        writer.writerow(row)
    print(row)


if __name__ == "__main__":
    main()
