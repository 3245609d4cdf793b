"""Which files are one photo to a person: Live Photos, RAW+JPEG, edits and sidecars. Every join has its proof.

A shared name alone proves nothing: counters of cameras start again, and folders are merged. So two files join when
their content identifiers are equal, or when their names agree *and* their clocks do (or the name itself states the
relation, as `IMG_E1234` does). The original stays the primary even beside an edited version: a group's identity must
not change when somebody edits a photo; both are filed together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from album_sort.core.groups.photo_names import PhotoName, photo_name
from album_sort.core.groups.same_folder import same_folder
from album_sort.core.groups.sidecars import Match, SidecarIndex
from album_sort.core.groups.takeout_edits import edited_copies
from album_sort.types import FileEntry, FileKind, Inspection, Metadata, PhotoGroup, Reason, TimePrecision, TimeSource

# RAW and JPEG of one shot are written within a second or two; a Live Photo's video begins up to three before its still.
SAME_SHOT_S = 2.0
LIVE_PHOTO_S = 3.0
# A proxy's clock may be in UTC where its film's is not; of another day it is of another film.
_PROXY_CLOCK_S = 86_400.0
# Longer ones are films that happen to have the same name.
LIVE_VIDEO_S = 6.0


@dataclass(frozen=True, slots=True)
class Grouping:
    """All photos and videos in groups, by path of their primary, and the sidecars that belong to none."""

    groups: tuple[PhotoGroup, ...]
    orphans: tuple[FileEntry, ...]


@dataclass(frozen=True, slots=True)
class _Clock:
    """When a file says it was taken; either may be unknown."""

    local: datetime | None
    utc: datetime | None

    @property
    def is_known(self) -> bool:
        return self.local is not None or self.utc is not None


_NO_CLOCK = _Clock(None, None)
_Named = tuple[Inspection, PhotoName]


@dataclass(slots=True)
class _Cluster:
    """A group that grows: its leader, and its members, each with why it is one."""

    leader: Inspection
    clock: _Clock
    is_motion: bool
    """One of the names says that a short video belongs to the still."""
    members: list[tuple[Inspection, Reason]] = field(default_factory=list)
    sidecars: list[tuple[FileEntry, Reason]] = field(default_factory=list)

    @property
    def items(self) -> Iterator[Inspection]:
        yield self.leader
        yield from (item for item, _ in self.members)

    @property
    def has_video(self) -> bool:
        return any(item.file.kind is FileKind.VIDEO for item in self.items)


def group_files(items: Iterable[Inspection], sidecars: Iterable[FileEntry]) -> Grouping:
    """Groups of photos and videos with their sidecars; the same for every order of the input.

    Files with equal content at several paths are separate groups: what becomes of duplicates is for planning to decide.
    """
    ordered = sorted(sidecars, key=_by_path)
    folders_with_sidecars = {same_folder(sidecar.folder) for sidecar in ordered}
    named = [(item, photo_name(item.file.name)) for item in sorted(items, key=lambda item: item.file.path)]
    described = [row for row in named if same_folder(row[0].file.folder) in folders_with_sidecars]
    found = _Sidecars.of(ordered, described)
    buckets: defaultdict[tuple[str, str], list[_Named]] = defaultdict(list)
    for item, own_name in named:
        original = found.originals.get(item.file.path)
        name = own_name if original is None else own_name._replace(key=photo_name(original.name).key, is_edited=True)
        buckets[same_folder(item.file.folder), name.key].append((item, name))
    groups: list[PhotoGroup] = []
    clusters: list[_Cluster] = []
    for (folder, _), bucket in buckets.items():
        only = bucket[0][0]
        if len(bucket) == 1 and not only.metadata.content_identifier and folder not in folders_with_sidecars:
            groups.append(PhotoGroup(only.file, only.content_id))  # by far the most: nothing can join them
        else:
            clusters += _clusters(bucket)
    clusters = _joined_by_identifier(clusters)
    orphans = _attach(clusters, found)
    groups += [_finished(cluster) for cluster in clusters]
    groups.sort(key=lambda group: group.primary.path)
    return Grouping(tuple(groups), tuple(orphans))


@dataclass(frozen=True, slots=True)
class _Sidecars:
    """The sidecars in path order, each with its photo by name, and what their names say about edited copies."""

    matches: tuple[tuple[FileEntry, Match | None], ...]
    originals: Mapping[str, FileEntry]
    """Path of each edited copy in a Takeout with its original."""

    @classmethod
    def of(cls, ordered: Sequence[FileEntry], named: Sequence[_Named]) -> _Sidecars:
        """`named` are the photos and videos of the folders with sidecars."""
        if not ordered:
            return cls((), {})
        index = SidecarIndex((item.file, name) for item, name in named)
        sure = [(sidecar, index.match(sidecar)) for sidecar in ordered]
        described = {match[0].path for sidecar, match in sure if match and sidecar.suffix == ".json"}
        matches = tuple((sidecar, match or index.guess(sidecar, described)) for sidecar, match in sure)
        described |= {match[0].path for sidecar, match in matches if match and sidecar.suffix == ".json"}
        return cls(matches, edited_copies((item.file for item, _ in named), described) if described else {})


def _by_path(file: FileEntry) -> str:
    return file.path


def _clusters(bucket: list[_Named]) -> list[_Cluster]:
    """The groups among files of one folder whose names agree."""
    clusters: list[_Cluster] = []
    if len(bucket) == 1:  # needs no clock
        item, name = bucket[0]
        return [_Cluster(item, _NO_CLOCK, name.is_motion)]
    for item, name in sorted(bucket, key=lambda row: (_role(*row), row[0].file.path)):
        clock = _clock(item.metadata)
        # An exact name comes before one that differs in case or in how its accents are written.
        for cluster in (
            clusters if len(clusters) == 1 else sorted(clusters, key=lambda held: _is_spelt_apart(held, item))
        ):
            why = _why_together(cluster, item, name, clock)
            if why:
                cluster.members.append((item, why))
                cluster.is_motion = cluster.is_motion or name.is_motion
                if not cluster.clock.is_known:
                    cluster.clock = clock
                break
        else:
            clusters.append(_Cluster(item, clock, name.is_motion))
    return clusters


def _is_spelt_apart(cluster: _Cluster, item: Inspection) -> bool:
    return not item.file.stem.startswith(cluster.leader.file.stem)


def _role(item: Inspection, name: PhotoName) -> int:
    """Who leads: originals before RAW, RAW before edits, stills before videos, films before their proxies."""
    if name.is_proxy:
        return 5
    kinds = {FileKind.PHOTO: 0, FileKind.RAW: 1, FileKind.VIDEO: 3}
    role = kinds.get(item.file.kind, 0)
    if name.is_edited:
        return 4 if item.file.kind is FileKind.VIDEO else 2
    return role


def _why_together(cluster: _Cluster, item: Inspection, name: PhotoName, clock: _Clock) -> Reason | None:
    """The proof that a file of the same name belongs to a cluster; None where there is none."""
    if any(member.content_id == item.content_id for member in cluster.items):
        return None  # an exact duplicate
    apart = _seconds_apart(cluster.clock, clock)
    leader = cluster.leader.file.kind
    if name.is_proxy:
        is_of_film = leader is FileKind.VIDEO and not (apart is not None and apart > _PROXY_CLOCK_S)
        return Reason.of("group.proxy") if is_of_film else None
    if item.file.kind is FileKind.VIDEO and leader is not FileKind.VIDEO:
        return _why_live(cluster, item, name, apart)
    if name.is_edited:
        return None if apart is not None and apart > SAME_SHOT_S else Reason.of("group.edited")
    is_still = FileKind.VIDEO not in (leader, item.file.kind)
    return _why_same_shot(cluster, item, clock, apart) if is_still else None


def _why_same_shot(cluster: _Cluster, item: Inspection, clock: _Clock, apart: float | None) -> Reason | None:
    """The proof that a still of the same name is the same shot in another format."""
    is_raw = item.file.kind is FileKind.RAW
    if apart is None:
        # One clock is enough where the file types tell the relation; without any, the name would be the only proof.
        has_clock = clock.is_known or cluster.clock.is_known
        is_pair = is_raw and cluster.leader.file.kind is FileKind.PHOTO and has_clock
        return Reason.of("group.raw") if is_pair else None
    if apart > SAME_SHOT_S or item.media_format == cluster.leader.media_format:
        return None
    kind = "RAW" if is_raw else item.media_format.upper()
    return Reason.of("group.same-shot", kind=kind, seconds=round(apart))


def _why_live(cluster: _Cluster, video: Inspection, name: PhotoName, apart: float | None) -> Reason | None:
    """The proof that a video is the moving half of a still of the same name."""
    identifiers = {item.metadata.content_identifier for item in cluster.items} - {""}
    own = video.metadata.content_identifier
    if own and identifiers:
        return Reason.of("group.live-identifier") if own in identifiers else None
    duration = video.metadata.duration_s
    if apart is not None:
        # Some writers stamp a video when it ends.
        is_live = apart <= LIVE_PHOTO_S + min(duration or 0, 3.0)
        return Reason.of("group.live-time", seconds=round(apart)) if is_live else None
    # A broken or stripped half has no clock: then the other half, or the video's length, must show what it is.
    is_half = own or identifiers or name.is_motion or cluster.is_motion
    is_half = is_half or any(item.metadata.is_motion_photo for item in cluster.items)
    if is_half or (duration is not None and duration <= LIVE_VIDEO_S):
        return Reason.of("group.live-half")
    return None


_CLOCK_SOURCES = (TimeSource.EXIF_ORIGINAL, TimeSource.QUICKTIME, TimeSource.EXIF_DIGITIZED)


def _clock(metadata: Metadata) -> _Clock:
    """The moment of the shot, to the second. `DateTime` says when a file was changed, so it is not asked."""
    local: datetime | None = None
    utc: datetime | None = None
    for source in _CLOCK_SOURCES:
        for candidate in metadata.time_candidates:
            if candidate.source is source and candidate.precision is TimePrecision.SECOND:
                local, utc = local or candidate.local, utc or candidate.utc
    return _Clock(local, utc)


def _seconds_apart(one: _Clock, other: _Clock) -> float | None:
    """How far two clocks are apart; None where they cannot be compared."""
    if one.utc is not None and other.utc is not None:
        return abs((one.utc - other.utc).total_seconds())
    if one.local is not None and other.local is not None:
        return abs((one.local - other.local).total_seconds())
    local, utc = one.local or other.local, one.utc or other.utc
    if local is None or utc is None:
        return None
    # Wall time beside UTC: equal moments differ by the offset of some zone, a multiple of 15 minutes.
    difference = (local - utc).total_seconds()
    nearest = round(difference / 900) * 900
    return abs(difference - nearest) if -12 * 3600 <= nearest <= 14 * 3600 else abs(difference)


def _joined_by_identifier(clusters: list[_Cluster]) -> list[_Cluster]:
    """Videos whose name differs from their still's (renamed, or in another folder) join it by content identifier."""
    stills: dict[str, list[_Cluster]] = {}
    videos: list[tuple[str, _Cluster]] = []
    for cluster in clusters:
        identifier = cluster.leader.metadata.content_identifier
        if identifier and cluster.leader.file.kind is FileKind.VIDEO:
            videos.append((identifier, cluster))
        elif identifier and not cluster.has_video:
            stills.setdefault(identifier, []).append(cluster)
    taken: set[int] = set()
    # Same folder first, for all: else the video of one copy would take the still of another.
    for is_near_round in (True, False):
        for identifier, video in videos:
            near = [
                still for still in stills.get(identifier, ()) if _may_join(still, video, is_near_round=is_near_round)
            ]
            if id(video) in taken or not near:
                continue
            still = min(near, key=lambda held: _distance(held.leader.file, video.leader.file))
            still.members += [(item, Reason.of("group.live-identifier")) for item in video.items]
            taken.add(id(video))
    return [cluster for cluster in clusters if id(cluster) not in taken]


def _may_join(still: _Cluster, video: _Cluster, *, is_near_round: bool) -> bool:
    one, other = still.leader.file, video.leader.file
    if still.has_video or still.leader.content_id == video.leader.content_id:  # a still that was also saved as .MOV
        return False
    near = same_folder(one.folder) == same_folder(other.folder)
    return near if is_near_round else one.root == other.root


def _distance(one: FileEntry, other: FileEntry) -> tuple[int, str]:
    """Fewer shared folders are further; the path decides between equals."""
    shared = 0
    for left, right in zip(one.folder.split("/"), other.folder.split("/"), strict=False):
        if left != right:
            break
        shared += 1
    return -shared, one.path


def _attach(clusters: Iterable[_Cluster], found: _Sidecars) -> list[FileEntry]:
    """Gives each sidecar (in path order) to its photo's cluster; returns those that belong to none."""
    by_path = {item.file.path: cluster for cluster in clusters for item in cluster.items} if found.matches else {}
    orphans: list[FileEntry] = []
    for sidecar, match in found.matches:
        if match is None:
            orphans.append(sidecar)
        else:
            by_path[match[0].path].sidecars.append((sidecar, match[1]))
    return orphans


def _finished(cluster: _Cluster) -> PhotoGroup:
    primary = cluster.leader
    if not cluster.members and not cluster.sidecars:
        return PhotoGroup(primary.file, primary.content_id)
    rows = [(item.file, why) for item, why in cluster.members] + cluster.sidecars
    rows.sort(key=lambda row: row[0].path)
    return PhotoGroup(primary.file, primary.content_id, tuple(file for file, _ in rows), tuple(why for _, why in rows))
