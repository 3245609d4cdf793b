"""What a run wants of a cluster, checked before anything of Dask is imported."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from album_sort.cluster.addresses import Address, PathMap, parse_address, parse_paths
from album_sort.config import user_file
from album_sort.paths import given_path
from album_sort.settings import Settings


@dataclass(frozen=True, slots=True)
class ClusterOrder:
    """Where machines meet, who may come, and where they find the photos."""

    address: Address
    certificates: Path
    paths: PathMap
    patience_s: float = 5.0
    """For the meeting point."""

    @classmethod
    def of(cls, settings: Settings) -> ClusterOrder:
        """Raises `UsageError` for what cannot be meant."""
        return cls(parse_address(settings.cluster), certificate_folder(settings), parse_paths(settings.cluster_path))


def certificate_folder(settings: Settings) -> Path:
    """Where the certificates lie: beside the user's own settings, where nothing else is said."""
    given = settings.cluster_certs
    return Path(given_path(given)) if given else user_file().parent / "cluster"
