"""Filings brought together into outputs, and each output with what the ledger remembers of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from album_sort.core.file_names import fold
from album_sort.core.formats import misfit_of_suffix
from album_sort.core.planning.naming import sanitise, split_stem
from album_sort.types import Action, AlbumId, AlbumRelPath, ContentId, FileKind, Filing, Role
from album_sort.types.ledger import DestinationPicture, LedgerRow


@dataclass(slots=True, eq=False)
class Output:
    """One file that should be in the destination: usually one filing, more where the same content was found twice."""

    filings: list[Filing]
    """The first one is stored, the others are its duplicates."""
    row: LedgerRow | None = None
    """What is remembered of it from earlier runs."""

    @property
    def chosen(self) -> Filing:
        """The filing that is stored."""
        return self.filings[0]


@dataclass(slots=True, eq=False)
class Bundle:
    """The outputs of one photo group in one folder: they keep their names in step."""

    group_id: ContentId
    album: AlbumId
    folder: AlbumRelPath
    """As rendered by the layout."""
    outputs: list[Output]
    stems: frozenset[str] = frozenset()
    """Sanitised stems of its pictures and videos; empty where it is a single file."""


def file_order(filing: Filing) -> tuple[int, str, int, str, str]:
    """Which of several files with the same content is stored: the one whose name says what it is, then the shortest name.

    So `a.jpg` wins over `a copy.jpg`, and `IMG_1.HEIC` over the same bytes named `IMG_1.MOV`, which no program would open.
    Copies may be dated differently, by their names or by what lies beside them. All go to one folder, and the copy that decides
    on it is the one that is stored (the first folder, so dated ones come first): as its source it is remembered, and a run over
    the folder of another copy knows it.
    """
    misfit = misfit_of_suffix(filing.file.suffix, filing.media_format)
    return (misfit, filing.folder, len(filing.file.name), filing.file.name, filing.file.path)


def bundle_filings(filings: Iterable[Filing]) -> Iterator[Bundle]:
    """Filings of primary albums as bundles, in an order that does not depend on theirs."""
    whole = attrgetter("filed.group_id", "filed.album")
    primary = sorted((filing for filing in filings if filing.filed.role is not Role.ALSO), key=whole)
    for (group_id, album), members in groupby(primary, key=whole):
        yield _bundle(group_id, album, list(members))


def _bundle(group_id: ContentId, album: AlbumId, filings: list[Filing]) -> Bundle:
    if len(filings) == 1:
        return Bundle(group_id, album, filings[0].folder, [Output(filings)])
    filings.sort(key=file_order)
    folder = next((one.folder for one in filings if one.content_id == group_id), filings[0].folder)
    stems = stems_of(filings)
    by_identity: dict[tuple[ContentId, str], list[Filing]] = {}
    for filing in filings:
        by_identity.setdefault(_identity(filing, stems), []).append(filing)
    return Bundle(group_id, album, folder, [Output(same) for same in by_identity.values()], stems)


def stems_of(filings: Iterable[Filing]) -> frozenset[str]:
    """Sanitised stems of the pictures and videos among the filings."""
    names = (filing.file.name for filing in filings if filing.file.kind is not FileKind.SIDECAR)
    return frozenset(split_stem(sanitise(name), ())[0] for name in names)


def _identity(filing: Filing, stems: frozenset[str]) -> tuple[ContentId, str]:
    """Sidecars with equal content are different files when they belong to different members (`.JPG.xmp`, `.CR2.xmp`)."""
    if filing.file.kind is not FileKind.SIDECAR:
        return filing.content_id, ""
    return filing.content_id, fold(split_stem(sanitise(filing.file.name), stems)[1])


RowsOf = Callable[[Output], Sequence[LedgerRow]]


class LedgerMatcher:
    """Finds for each output the ledger row of the file that it already is; a row belongs to one output at most."""

    def __init__(self, picture: DestinationPicture) -> None:
        self._by_identity: defaultdict[tuple[ContentId, ContentId], list[LedgerRow]] = defaultdict(list)
        self._by_content: defaultdict[ContentId, list[LedgerRow]] = defaultdict(list)
        self._by_link_source: dict[str, LedgerRow] = {}
        self._claimed: set[AlbumRelPath] = set()
        self._present = picture.present
        for row in picture.ledger.values():
            if row.role is Role.ALSO:
                continue
            self._by_identity[row.group_id, row.content_id].append(row)
            self._by_content[row.content_id].append(row)
            if row.action in (Action.SYMLINK, Action.HARDLINK):
                self._by_link_source[row.source] = row

    def match(self, bundles: Sequence[Bundle]) -> None:
        """Fill `Output.row`, the surest matches first."""
        self._pass(
            bundles, lambda output: self._by_identity.get((output.chosen.group_id, output.chosen.content_id), ())
        )
        # The group may have got another primary (a JPEG found beside a RAW): the content is still the same file.
        self._pass(bundles, lambda output: self._by_content.get(output.chosen.content_id, ()))
        # A link shows what its source is now: an edited source needs no second link.
        self._pass(bundles, self._linked_rows)

    def _linked_rows(self, output: Output) -> Sequence[LedgerRow]:
        row = self._by_link_source.get(output.chosen.file.path)
        if row is None or row.path not in self._present:
            return ()
        same_file = row.action is Action.SYMLINK or self._present[row.path].inode == output.chosen.file.inode
        return (row,) if same_file else ()

    def _pass(self, bundles: Sequence[Bundle], rows_of: RowsOf) -> None:
        for bundle in bundles:
            for output in bundle.outputs:
                if output.row is None and (rows := rows_of(output)):
                    free = [row for row in rows if row.path not in self._claimed]
                    if free:
                        output.row = (
                            free[0] if len(free) == 1 else min(free, key=lambda row: self._rank(row, bundle, output))
                        )
                        self._claimed.add(output.row.path)
                        _store_first(output, output.row, bundle.folder)

    def _rank(self, row: LedgerRow, bundle: Bundle, output: Output) -> tuple[bool, bool, bool, str]:
        sources = {filing.file.path for filing in output.filings}
        return (row.path not in self._present, row.folder != bundle.folder, row.source not in sources, row.path)


def _store_first(output: Output, row: LedgerRow, folder: AlbumRelPath) -> None:
    """Keep the file that was stored the last time as the one that is stored, unless another one decides on the folder by now."""
    if len(output.filings) > 1:
        output.filings.sort(key=lambda one: (one.folder != folder, one.file.path != row.source, file_order(one)))
