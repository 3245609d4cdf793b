"""The other machines that a run may ask: nothing of them is imported where none is."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable

from album_sort.errors import UsageError
from album_sort.events import EventSink
from album_sort.inspection.others import Others
from album_sort.pipeline.engine import Engine
from album_sort.pipeline.scouting import FindOthers
from album_sort.sentences import sentence
from album_sort.settings import Settings
from album_sort.types import Reason

_NEEDED = ("distributed", "cryptography", "msgpack")


def others_for(settings: Settings) -> FindOthers | None:
    """What looks for them when there is something to read; raises `UsageError` for a place where none can be."""
    if not settings.cluster:
        return None
    check_extra("--cluster")
    from album_sort.cluster.order import ClusterOrder  # noqa: PLC0415 - the extra is there

    order = ClusterOrder.of(settings)

    def find(engine: Engine, say: Callable[[Reason], str], sink: EventSink) -> Others:
        from album_sort.cluster.coordinator import Cluster  # noqa: PLC0415 - imports Dask

        return Cluster(order, engine, say, sink)

    return find


def check_extra(what: str) -> None:
    """Raises `UsageError` where what the extra `cluster` brings is not installed."""
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(
            sentence("cluster.needs-extra", what=what, names=", ".join(missing)),
            hint=sentence("cluster.install-extra", python=sys.executable),
        )
