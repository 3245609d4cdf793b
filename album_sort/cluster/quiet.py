"""Dask as this program wants it: silent, without pages for browsers, without its own ideas about memory and work."""

from __future__ import annotations

import logging

import dask

# Importing it reads its own files of settings and sets up its log: ours come after.
import distributed

_SETTINGS: dict[str, object] = {
    # Pages that tell everybody on the network who works on what.
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.scheduler.dashboard.link": "",
    # Chunks are given to one machine each, by the run, and what a machine has lost is given anew by the run.
    "distributed.scheduler.work-stealing": False,
    "distributed.scheduler.active-memory-manager.start": False,
    "distributed.scheduler.worker-ttl": "30s",
    "distributed.scheduler.preload": [],
    "distributed.worker.preload": [],
    "distributed.client.preload": [],
    "distributed.nanny.preload": [],
    "distributed.worker.profile.enabled": False,
    "distributed.worker.use-file-locking": False,
    "distributed.comm.timeouts.connect": "10s",
    "distributed.comm.timeouts.tcp": "20s",
    "distributed.comm.require-encryption": None,
    "distributed.comm.compression": False,
    "distributed.diagnostics.nvml": False,
    "distributed.diagnostics.cudf": False,
    "distributed.client.heartbeat": "5s",
    "distributed.admin.log-length": 100,
    "distributed.admin.low-level-log-length": 100,
    "distributed.admin.tick.limit": "1h",
}


def quiet_dask() -> None:
    """Once in each process, before anything of Dask is made."""
    dask.config.set(_SETTINGS)
    # Dask gives some of its own a level and a handler each.
    known = [name for name in logging.root.manager.loggerDict if name.startswith("distributed.")]
    for name in ("distributed", "tornado", "asyncio", *known):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


assert distributed.__version__  # noqa: S101 - imported for what it does
