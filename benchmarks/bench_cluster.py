"""Other machines: what the run's own side keeps up with, and what sharing costs on one machine.

    python benchmarks/bench_cluster.py instant [--photos 40000] [--workers 2] [--thumbnail 10000]
    python benchmarks/bench_cluster.py share PHOTOS --weights FILE [--rounds 3]

`instant` has real workers, over TLS, that answer at once, with answers of the size of real ones: what is measured is the
coordinator, which checks them and keeps them in the cache. `share` previews the same photos in turns alone (two cores in one
process) and with `local[2]` (two workers of one core each), each with a cache of its own in which the network is converted
already, and compares rates (of the stage, and after the first answers) and processor time. Appends to benchmarks/results/cluster.csv.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import csv
import ctypes
import hashlib
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from album_sort.cluster.addresses import parse_address  # noqa: E402 (runs from a clone too)
from album_sort.cluster.certificates import make_certificates, security_for  # noqa: E402
from album_sort.cluster.coordinator import Cluster  # noqa: E402
from album_sort.cluster.identity import Identity  # noqa: E402
from album_sort.cluster.messages import Wanted, pack_found, row_of_seen  # noqa: E402
from album_sort.cluster.order import ClusterOrder  # noqa: E402
from album_sort.cluster.quiet import quiet_dask  # noqa: E402
from album_sort.cluster.tasks import Machine  # noqa: E402
from album_sort.cluster.worker import WorkerOrder, work  # noqa: E402
from album_sort.events import MachineLooked  # noqa: E402
from album_sort.inspection.messages import Seen  # noqa: E402
from album_sort.pipeline.engine import Engine, make_engine  # noqa: E402
from album_sort.settings import Settings  # noqa: E402
from album_sort.state import codec  # noqa: E402
from album_sort.types import (  # noqa: E402
    ContentId,
    FileEntry,
    FileKind,
    ImageStatistics,
    Inspection,
    Metadata,
    PixelSource,
    Prediction,
)
from benchmarks.machine import RESULTS, machine_columns  # noqa: E402
from tests.cluster_machines import free_port  # noqa: E402


class Instant:
    """A machine that has looked at everything before it is asked."""

    cores = 1

    def __init__(self, identity: Identity, thumbnail_bytes: int) -> None:
        self._identity = identity
        random = np.random.default_rng(0)
        self._thumbnail = b"\xff\xd8" + random.bytes(thumbnail_bytes)
        self._embedding = codec.pack_embedding(np.maximum(random.standard_normal(512), 0).astype(np.float16))
        probabilities = (np.sort(random.random(64))[::-1] / 64).astype(np.float32)
        self._prediction = Prediction("", random.permutation(1000)[:64].astype(np.uint16), probabilities)
        self._statistics = ImageStatistics(*random.random(40).tolist())
        self._metadata = Metadata(camera_make="Apple", camera_model="iPhone 13", width_px=4032, height_px=3024)

    def lacks(self, _kept: object) -> list[str]:
        """It has no network."""
        return []

    def identity(self) -> Identity:
        """As the run's."""
        return self._identity

    @property
    def network_names(self) -> tuple[str, str]:
        """As the run's."""
        return self._identity.network, self._identity.weights

    def look(self, _key: str, chunk: Sequence[Wanted]) -> bytes:
        """Rows as a camera's photos have them."""
        return pack_found([row_of_seen(n, self._file(one), self._seen(self._file(one))) for n, one in enumerate(chunk)])

    def _file(self, one: Wanted) -> FileEntry:
        return FileEntry(os.fsdecode(one.path), "", one.size_bytes, one.mtime_ns, 0, 0, one.kind)

    def _seen(self, file: FileEntry) -> Seen:
        content = ContentId(hashlib.sha256(file.path.encode()).hexdigest())
        inspection = Inspection(
            file, content, "jpeg", self._metadata, PixelSource.SCALED, self._statistics, self._prediction
        )
        return Seen(inspection, self._embedding, self._thumbnail)

    def stop(self, _key: str) -> None:
        """It is never in the middle of anything."""

    def stop_all(self) -> None:
        """As above."""


def answer_at_once(address: str, certificates: str, identity: dict[str, str], thumbnail_bytes: int) -> None:
    """A worker's process."""
    quiet_dask()
    place = parse_address(address)
    looker: Any = Instant(Identity.from_plain(identity), thumbnail_bytes)
    order = WorkerOrder(place, security_for(place, Path(certificates)))
    asyncio.run(work(order, Machine(looker, f"instant {os.getpid()}"), lambda *, is_there: None))  # noqa: ARG005


def instant(photos: int, workers: int, thumbnail_bytes: int) -> dict[str, object]:
    """Photos a second that the run's side keeps up with."""
    with tempfile.TemporaryDirectory() as folder:
        make_certificates(Path(folder) / "certs")
        address = f"tls://127.0.0.1:{free_port()}"
        settings = Settings(
            model="efficientnet-lite0", offline=True, cluster=address, cluster_certs=str(Path(folder) / "certs")
        )
        engine = make_engine(settings, Path(folder) / "cache").lasting()
        precision = engine.held.precision if engine.held is not None else ""
        identity = Identity.of(engine.weights.backbone, engine.weights.sha256, precision).to_plain()
        context = multiprocessing.get_context("spawn")
        given = (address, settings.cluster_certs, identity, thumbnail_bytes)
        others = [context.Process(target=answer_at_once, args=given, daemon=True) for _ in range(workers)]
        for other in others:
            other.start()
        files = [FileEntry(f"/p/{n // 1000}/{n}.jpg", "/p", 3_000_000, n, n, 0, FileKind.PHOTO) for n in range(photos)]
        looked: list[tuple[float, int]] = []
        cpu = time.process_time()

        class OfOthersAlone(Cluster):
            """The run's own machine looks at nothing: these photos are none."""

            does_all = True

        def find(one: Engine) -> Cluster:
            def heard(event: object) -> None:
                if isinstance(event, MachineLooked):
                    looked.append((time.monotonic(), event.files))

            return OfOthersAlone(ClusterOrder.of(settings), one, str, heard)

        with closing(engine.open_cache()) as cache:
            found = engine.inspect(files, cache, lambda _done, _path: None, lambda _note: None, find_others=find)
        for other in others:
            other.kill()
        cpu = time.process_time() - cpu
        if len(found.inspections) != photos:
            raise SystemExit(f"{len(found.inspections)} of {photos} photos")
    (begun, first), (ended, _) = looked[0], looked[-1]
    per_s = (photos - first) / (ended - begun)
    return {"what": "instant", "photos": photos, "workers": workers, "per_s": round(per_s), "cpu_ms": _ms(cpu, photos)}


def _ms(seconds: float, photos: int) -> float:
    return round(seconds / photos * 1000, 3)


def share(photos: Path, weights: Path, rounds: int) -> list[dict[str, object]]:
    """Rates of a preview alone and with two workers of one core each, in turns."""
    rows = []
    _adopt_orphans()
    with tempfile.TemporaryDirectory() as folder:
        first = Path(folder) / "first"
        make_engine(Settings(weights=str(weights), offline=True), first).make_network()
        for number in range(rounds):
            for what, options in (("alone", ()), ("local[2]", ("--cluster", "local[2]"))):
                cache = Path(folder) / f"{what} {number}"
                cache.mkdir()
                (cache / "weights").symlink_to(first / "weights")
                rows.append({"round": number, **_preview(what, photos, weights, options, cache)})
    return rows


def _preview(what: str, photos: Path, weights: Path, options: Sequence[str], cache: Path) -> dict[str, object]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = subprocess.Popen(
        [
            *(sys.executable, "-m", "album_sort", str(photos), "--out", str(cache / "A"), "--dry-run", "--json"),
            *("--weights", str(weights), "--offline", *options),
        ],
        env={**os.environ, "ALBUM_SORT_CACHE_DIR": str(cache), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    seconds, count, looked = 0.0, 0, []
    for line in ran.stdout or ():
        event = json.loads(line)
        if event["event"] == "looked":
            looked.append((time.monotonic(), event["files"]))
        if event["event"] == "stage_finished" and event["stage"] == "classify":
            seconds, count = event["seconds"], event["done"]
    ran.wait()
    _wait_for_orphans()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    row = {"what": what, "photos": count, "per_s": round(count / seconds, 1), "cpu_ms": _ms(cpu, count)}
    if looked:
        (begun, first), (ended, _) = looked[0], looked[-1]
        row["steady_per_s"] = round((sum(n for _, n in looked) - first) / max(ended - begun, 1e-3), 1)
    return row


def _adopt_orphans() -> None:
    """Processes whose parents are gone become children of this one (PR_SET_CHILD_SUBREAPER, prctl(2)): their processor time counts."""
    if ctypes.CDLL(None, use_errno=True).prctl(36, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def _wait_for_orphans() -> None:
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


COLUMNS = ("what", "round", "photos", "workers", "per_s", "steady_per_s", "cpu_ms")


def main() -> None:
    """Measures one of the two."""
    parser = argparse.ArgumentParser(description=__doc__)
    parts = parser.add_subparsers(dest="part", required=True)
    of_instant = parts.add_parser("instant")
    of_instant.add_argument("--photos", type=int, default=40_000)
    of_instant.add_argument("--workers", type=int, default=2)
    of_instant.add_argument("--thumbnail", type=int, default=10_000)
    of_share = parts.add_parser("share")
    of_share.add_argument("photos", type=Path)
    of_share.add_argument("--weights", type=Path, required=True)
    of_share.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    if given.part == "instant":
        rows = [instant(given.photos, given.workers, given.thumbnail)]
    else:
        rows = share(given.photos, given.weights, given.rounds)
    columns = machine_columns()
    target = RESULTS / "cluster.csv"
    is_new = not target.exists()
    with target.open("a", newline="", encoding="utf-8") as sink:
        writer = csv.DictWriter(sink, [*COLUMNS, *columns], lineterminator="\n")
        if is_new:
            writer.writeheader()
        for row in rows:
            print(row)
            writer.writerow({**row, **columns})


if __name__ == "__main__":
    main()
