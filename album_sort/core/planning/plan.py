"""The plan: what has to happen so that every photo is where it was filed. Pure; the picture of the destination is an argument.

The order of the filings does not matter, no two rows share a target, and planning again after applying finds nothing to do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from album_sort.core.file_names import split_suffix
from album_sort.core.planning.claims import Claimant, Folders, NameClaims, NameParts, distinct, known_forms
from album_sort.core.planning.links import LinkPlanner
from album_sort.core.planning.matching import Bundle, LedgerMatcher, Output, bundle_filings, stems_of
from album_sort.core.planning.naming import LONGEST_SUFFIX, SUFFIX_LENGTHS, compose, sanitise, split_stem, tag_of
from album_sort.core.planning.renames import folder_of
from album_sort.types import (
    Action,
    AlbumRelPath,
    ContentId,
    FileKind,
    Filing,
    Mode,
    Plan,
    PlannedOp,
    Reason,
    Role,
    RunId,
    Skipped,
)
from album_sort.types.inner_paths import NOWHERE
from album_sort.types.ledger import DestinationPicture, LedgerRow
from album_sort.types.plan import refiled

# Moves first: they free nothing, but a killed run then leaves fewer photos in two minds. Links last: they point to the rest.
_ORDER = {Action.ADOPT: 0, Action.MOVE: 1, Action.TRASH: 4, Action.RELINK: 3, Action.KEEP: 5, Action.DUPLICATE: 5}


def plan_filings(
    filings: Iterable[Filing],
    picture: DestinationPicture,
    *,
    mode: Mode,
    destination: str,
    created_utc: datetime,
    plan_id: RunId,
    settings_digest: str = "",
    skipped: Sequence[Skipped] = (),
) -> Plan:
    """Everything that a run will do; one row for each filing, and more where links of ours have become stale."""
    filings = list(filings)
    planner = _Planner(picture, mode)
    ops = planner.plan_primaries(filings)
    also = [filing for filing in filings if filing.filed.role is Role.ALSO]
    ops += LinkPlanner(picture, planner.folders, planner.claims).plan(also, ops)
    del planner  # the claimed names are the most that a plan takes but for its rows
    ops.sort(key=op_order)
    for number, op in enumerate(ops, 1):
        # Only now is its number known, and nobody has seen it yet: half a million copies would take seconds.
        object.__setattr__(op, "op_id", number)
    return Plan(plan_id, created_utc, destination, mode, settings_digest, tuple(ops), tuple(skipped))


def op_order(op: PlannedOp) -> tuple[int, str, str, str]:
    """The order of a plan's rows: by kind of work, then by place; moves by group, as their names were claimed."""
    filed = op.filed
    default = 3 if filed.role is Role.ALSO else 2
    group = filed.group_id if op.action is Action.MOVE else ""
    return (_ORDER.get(op.action, default), group, op.target, filed.source)


class _Planner:
    """One planning of the primary albums: the claims fill up as it goes."""

    def __init__(self, picture: DestinationPicture, mode: Mode) -> None:
        self.picture = picture
        self.mode = mode
        self.folders = Folders(picture)
        self.claims = NameClaims(picture, limit=picture.name_max_bytes)
        self._foreign = _foreign_contents(picture)

    def plan_primaries(self, filings: Iterable[Filing]) -> list[PlannedOp]:
        """Rows of all filings but those in secondary albums."""
        ops: list[PlannedOp] = []
        # Names last: what moves away makes room, and a run that was killed half-way sees the same room.
        for bundle, outputs in self._place_all(bundle_filings(filings), ops):
            targets, has_suffix = self._name(bundle, outputs)
            for output, target in zip(outputs, targets, strict=True):
                ops += _with_duplicates(self._make(bundle, output, target, has_suffix=has_suffix), output)
        return ops

    def _place_all(self, bundles: Iterable[Bundle], ops: list[PlannedOp]) -> Iterable[tuple[Bundle, list[Output]]]:
        """Add the rows of all outputs that have a name; those that need one are returned."""
        if not self._foreign and not self.picture.ledger:
            # As in every first run. One after the other: the bundles of half a million files take hundreds of megabytes.
            return ((bundle, bundle.outputs) for bundle in bundles)
        bundles = list(bundles)
        LedgerMatcher(self.picture).match(bundles)
        for bundle in bundles:
            self._reserve_lost(bundle)
        return [(bundle, outputs) for bundle in bundles if (outputs := self._place(bundle, ops))]

    def _reserve_lost(self, bundle: Bundle) -> None:
        """A name whose file the user deleted still belongs to it: it comes back under the same name."""
        for output in bundle.outputs:
            row = output.row
            if row and row.path not in self.picture.present:
                if folder_of(row.path) == self._folder_for(bundle) and self.claims.is_free(row.path):
                    self.claims.reserve(row.path)
                else:
                    output.row = None

    def _place(self, bundle: Bundle, ops: list[PlannedOp]) -> list[Output]:
        """Add the rows of outputs that have a name; those that need one are returned."""
        folder = self._folder_for(bundle)
        unnamed = []
        for output in bundle.outputs:
            if placed := self._placed(bundle, output, folder):
                ops += _with_duplicates(placed, output)
                continue
            unnamed.append(output)
            if output.row and self._is_untouched(output.row):
                self.claims.release(output.row.path, bundle.group_id)
        return unnamed

    def _folder_for(self, bundle: Bundle) -> AlbumRelPath:
        """Where the files of a bundle belong: with their photo, where the user has put that somewhere."""
        return self._pin_of(bundle) or self.folders.resolve(bundle.folder)

    def _pin_of(self, bundle: Bundle) -> AlbumRelPath | None:
        if not self.picture.pinned:
            return None
        groups = (bundle.group_id, *(output.row.group_id for output in bundle.outputs if output.row))
        return next((pin for group in groups if (pin := self.picture.pinned.get(group))), None)

    def _is_untouched(self, row: LedgerRow) -> bool:
        """Whether it is sure that a file of ours can be moved away (else it is read first, and may have to stay)."""
        present = self.picture.present[row.path]
        same_size = row.action is Action.SYMLINK or present.size_bytes == row.size_bytes
        return same_size and (present.mtime_ns, present.inode) == (row.mtime_ns, row.inode)

    def _placed(self, bundle: Bundle, output: Output, folder: AlbumRelPath) -> PlannedOp | None:
        """The row of an output that needs no name; None for one that does."""
        row = output.row
        if row is None:
            return self._adopted(bundle, output, folder)
        if row.path not in self.picture.present:
            action, *why = self._making(output)
            return _op(bundle, output, action, row.path, Reason.of("plan.deleted-by-hand", path=row.path), *why)
        is_bound = row.group_id in self.picture.freed or self._pin_of(bundle) is not None
        is_in_place = folder_of(row.path) == folder or (row.folder == bundle.folder and not is_bound)
        kept_because = None if is_in_place else self._stays(row)
        leaves = not is_in_place and kept_because is None
        # A symlink that leaves is made anew in its new album anyway.
        if (stale := self._stale_because(output, row)) and not (leaves and row.action is Action.SYMLINK):
            return _op(bundle, output, Action.RELINK, row.path, stale, origin=row.path)
        if leaves:
            return None
        return _op(bundle, output, Action.KEEP, row.path, *([kept_because] if kept_because else []), origin=row.path)

    def _adopted(self, bundle: Bundle, output: Output, folder: AlbumRelPath) -> PlannedOp | None:
        """The row of an output whose content lies in the folder already, put there by somebody else."""
        paths = self._foreign.get((folder, output.chosen.content_id))
        if not paths:
            return None
        part = NameParts(*split_stem(sanitise(output.chosen.file.name), bundle.stems))
        forms = known_forms(part, (bundle.group_id, output.chosen.content_id), limit=self.picture.name_max_bytes)
        own = [path for path in paths if path.rpartition("/")[2] in forms]
        # Sidecars of different photos may be equal: only the name tells whose one is.
        found = own or (paths if output.chosen.file.kind is not FileKind.SIDECAR else [])
        if not found:
            return None
        adopted = found[0]
        paths.remove(adopted)
        return _op(bundle, output, Action.ADOPT, adopted, Reason.of("plan.found-there", path=adopted))

    def _stays(self, row: LedgerRow) -> Reason | None:
        """Why a file whose album has changed is not moved there; None for one that is."""
        is_freed = row.group_id in self.picture.freed
        if row.action is Action.ADOPT or (folder_of(row.path) != self.folders.resolve(row.folder) and not is_freed):
            return Reason.of("plan.placed-by-hand", path=row.path)
        is_other = row.action is not Action.SYMLINK and self.picture.present[row.path].size_bytes != row.size_bytes
        if is_other or row.path in self.picture.changed_links:
            return Reason.of("plan.changed-by-hand", path=row.path)
        return None

    def _stale_because(self, output: Output, row: LedgerRow) -> Reason | None:
        """Why a link has to be pointed anew; None for one that shows its photo, or that the user has pointed elsewhere."""
        if row.action not in (Action.SYMLINK, Action.HARDLINK) or row.path in self.picture.changed_links:
            return None
        sources = {filing.file.path for filing in output.filings}
        source_moved = row.action is Action.SYMLINK and row.source not in sources
        if source_moved or row.content_id != output.chosen.content_id:
            return Reason.of("plan.source-moved", path=row.source)
        return Reason.of("plan.link-misplaced") if row.path in self.picture.misplaced_links else None

    def _making(self, output: Output) -> tuple[Action, *tuple[Reason, ...]]:
        """How a new file is made, with a reason where it is not the way that was asked for."""
        if self.mode is Mode.HARDLINK and output.chosen.file.device != self.picture.device:
            return Action.COPY, Reason.of("plan.other-device", path=output.chosen.file.path)
        return (Action(self.mode),)

    def _make(self, bundle: Bundle, output: Output, target: AlbumRelPath, *, has_suffix: bool) -> PlannedOp:
        clash = (Reason.of("plan.clash", name=output.chosen.file.name),) if has_suffix else ()
        if output.row is not None:
            moved = Reason.of("plan.moved", origin=output.row.path)
            return _op(bundle, output, Action.MOVE, target, moved, *clash, origin=output.row.path)
        action, *why = self._making(output)
        return _op(bundle, output, action, target, *clash, *why)

    def _name(self, bundle: Bundle, outputs: list[Output]) -> tuple[list[AlbumRelPath], bool]:
        """Targets of the outputs: in step with each other, and with members of their group that are already there."""
        folder = self._folder_for(bundle)
        if len(bundle.outputs) == 1 and not bundle.stems and bundle.outputs[0].row is None:
            # A new file on its own, as most are: nothing to keep in step with.
            name, has_suffix = sanitise(bundle.outputs[0].chosen.file.name), False
            if not self.claims.take(folder, name):
                (name,), has_suffix = self.claims.claim(
                    folder, [NameParts(*split_suffix(name, LONGEST_SUFFIX))], Claimant(bundle.group_id)
                )
            return [AlbumRelPath(f"{folder}/{name}")], has_suffix
        stems = bundle.stems or stems_of(output.chosen for output in outputs)
        settled = [output for output in bundle.outputs if output not in outputs and output.row]
        group_tag, renamed = self._as_settled(bundle, settled, stems, folder)
        parts = [self._parts(output, stems, renamed) for output in outputs]
        content_ids = [output.chosen.content_id for output in outputs]
        claimant = Claimant(
            # The suffix of those who came first is theirs: a latecomer takes one of its own.
            owner=content_ids[0] if settled else bundle.group_id,
            group_tag=group_tag,
            mover=bundle.group_id if any(output.row for output in outputs) else None,
        )
        names, has_suffix = self.claims.claim(folder, distinct(parts, content_ids), claimant)
        return [AlbumRelPath(f"{folder}/{name}") for name in names], has_suffix

    def _parts(self, output: Output, stems: frozenset[str], renamed: dict[str, str]) -> NameParts:
        stem, tail = split_stem(sanitise(output.chosen.file.name), stems)
        part = NameParts(stem, tail)
        if output.row is not None:
            name = output.row.path.rpartition("/")[2]
            owners = (output.row.content_id, output.row.group_id)
            if name not in known_forms(part, owners, limit=self.picture.name_max_bytes):
                return NameParts(*split_stem(name, ()))
        return NameParts(renamed.get(stem, stem), tail)

    def _as_settled(
        self, bundle: Bundle, settled: list[Output], stems: frozenset[str], folder: str
    ) -> tuple[str, dict[str, str]]:
        """How the members that are there are called: the group's suffix, and stems that the user changed (old -> new)."""
        group_tag = ""
        renamed: dict[str, str] = {}
        for output in settled:
            if output.row and folder_of(output.row.path) == folder:
                stem, tail = split_stem(sanitise(output.chosen.file.name), stems)
                name = output.row.path.rpartition("/")[2]
                tag = self._tag_in(name, NameParts(stem, tail), bundle.group_id)
                if tag is not None:
                    group_tag = group_tag or tag
                elif name.endswith(tail) and len(name) > len(tail):
                    renamed[stem] = name[: len(name) - len(tail)]
        return group_tag, renamed

    def _tag_in(self, name: str, part: NameParts, owner: ContentId) -> str | None:
        """The suffix with which a name was made; None when the user has changed it."""
        candidates = (tag_of(owner, digits) for digits in (0, *SUFFIX_LENGTHS))
        limit = self.picture.name_max_bytes
        return next((tag for tag in candidates if compose(part.stem, tag, part.tail, limit=limit) == name), None)


def _foreign_contents(picture: DestinationPicture) -> defaultdict[tuple[str, str], list[AlbumRelPath]]:
    """(folder, content) -> the files with it that we did not make."""
    found: defaultdict[tuple[str, str], list[AlbumRelPath]] = defaultdict(list)
    for path, content_id in sorted(picture.contents.items()):
        if path not in picture.ledger:
            found[folder_of(path), content_id].append(path)
    return found


def _op(
    bundle: Bundle,
    output: Output,
    action: Action,
    target: AlbumRelPath,
    *why: Reason,
    origin: AlbumRelPath = NOWHERE,
) -> PlannedOp:
    chosen = output.chosen
    filed = refiled(chosen.filed, folder=bundle.folder)
    return PlannedOp(0, action, filed, chosen.file.size_bytes, chosen.file.mtime_ns, target, origin, why)


def _with_duplicates(op: PlannedOp, output: Output) -> list[PlannedOp]:
    """The row of an output, and one without effect for every other file with the same content."""
    if len(output.filings) == 1:
        return [op]
    why = (Reason.of("plan.duplicate", path=op.source),)
    return [
        op,
        *(
            replace(
                op,
                action=Action.DUPLICATE,
                filed=refiled(op.filed, source=other.source, role=other.role),
                mtime_ns=other.file.mtime_ns,
                origin=NOWHERE,
                why=why,
            )
            for other in output.filings[1:]
        ),
    ]
