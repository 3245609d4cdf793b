"""What a run starts of a cluster itself: the meeting point, where it is this machine's, and the workers of `local[N]`."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from distributed import Security

from album_sort.cluster.addresses import place_to_listen
from album_sort.cluster.certificates import make_certificates, security_for
from album_sort.cluster.children import Child
from album_sort.cluster.order import ClusterOrder
from album_sort.cluster.quiet import quiet_dask
from album_sort.cluster.wire import WireCutError
from album_sort.inspection.cores import available_cores, split_threads
from album_sort.pipeline.engine import Engine
from album_sort.sentences import sentence

_PATIENCE_S = 30.0
"""For the meeting point to listen: an interpreter and its libraries from a cold disk."""

_MOST_FAILED_STARTS = 3
"""Of workers, one after another, that have never come."""


class House:
    """Processes of this run; all of them end with it."""

    def __init__(self, order: ClusterOrder, engine: Engine) -> None:
        self._order = order
        self._engine = engine
        self._meeting: Child | None = None
        self._workers: dict[str, Child] = {}
        self._come: set[str] = set()
        self._failed_starts = 0
        self._passing: Path | None = None
        self._address = order.address

    @property
    def has_workers(self) -> bool:
        """Whether workers of its own are there, or will be."""
        return bool(self._workers)

    def open(self) -> tuple[str, Security]:
        """Where to connect, with which certificates; raises `UsageError` for those, `WireCutError` where nothing can be started."""
        quiet_dask()
        address = self._order.address
        folder = self._order.certificates
        if address.is_local:
            # Other users of this machine could come to loopback: certificates for this run alone.
            self._passing = Path(tempfile.mkdtemp(prefix="album-sort-cluster-"))
            folder = self._passing / "certificates"
            make_certificates(folder)
            host: str | None = address.host
            for number in range(1, address.processes + 1):
                self._workers[f"local {number}"] = Child("worker")
        else:
            host = place_to_listen(address)
        security = security_for(replace(address, processes=0), folder)
        if host is not None:
            self._listen(host, folder)
        for name, worker in self._workers.items():
            self._order_worker(name, worker)
        return self._address.to_connect, security

    def _listen(self, host: str, folder: Path) -> None:
        self._meeting = Child("meeting")
        self._address = replace(self._order.address, processes=0, host=host)
        self._meeting.order(
            {
                "scheme": self._address.scheme,
                "host": host.strip("[]"),
                "port": self._address.port,
                "certificates": str(folder),
            }
        )
        word = self._meeting.word(_PATIENCE_S)
        if word is None or "port" not in word:
            raise WireCutError(str(word["fault"]) if word else sentence("cluster.could-not-start"))
        self._address = replace(self._address, port=word["port"])

    def _order_worker(self, name: str, worker: Child) -> None:
        cores = max(1, available_cores() // self._order.address.processes)
        settings, weights = self._engine.settings, self._engine.weights
        split = split_threads(cores, settings.workers or None, settings.threads or None)
        folder = self._passing / "certificates" if self._passing is not None else self._order.certificates
        worker.order(
            {
                "scheme": self._address.scheme,
                "host": self._address.host,
                "port": self._address.port,
                "certificates": str(folder),
                "name": name,
                "model": weights.backbone.name,
                "weights": str(weights.path),
                "precision": settings.precision.value,
                "batch_size": settings.batch_size,
                "workers": split.workers,
                "threads": split.threads,
                "cache": str(self._engine.cache_folder),
            }
        )

    def has_come(self, name: str) -> None:
        """A worker of that name may look."""
        self._come.add(name)
        self._failed_starts = 0

    def tend(self) -> None:
        """A worker that has died is started again; those that never come are left at that."""
        for name, worker in list(self._workers.items()):
            if worker.is_alive:
                continue
            worker.end()
            self._failed_starts += name not in self._come
            self._come.discard(name)
            if self._failed_starts >= _MOST_FAILED_STARTS or self._meeting is None or not self._meeting.is_alive:
                del self._workers[name]
                continue
            self._workers[name] = Child("worker")
            self._order_worker(name, self._workers[name])

    def close(self) -> None:
        """Ends them all, at once."""
        children = [*self._workers.values(), *([self._meeting] if self._meeting is not None else [])]
        self._workers.clear()
        self._meeting = None
        for child in children:
            child.kill()
        for child in children:
            child.end()
        if self._passing is not None:
            shutil.rmtree(self._passing, ignore_errors=True)
            self._passing = None
