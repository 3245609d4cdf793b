"""What `fileops` asks of a journal: the state gives one, tests give others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from album_sort.types import AlbumRelPath, PlannedOp, RunId
from album_sort.types.ledger import JournalEntry, LedgerRow, Phase


class Journal(Protocol):
    """The journal of one run. Every method returns when the disk has what it wrote."""

    run_id: RunId

    def intend(self, ops: Sequence[PlannedOp], folders: Sequence[AlbumRelPath]) -> None:
        """Write down what is going to happen: rows, and folders that will be made for them."""
        ...

    def settle(self, entries: Sequence[tuple[JournalEntry, str]]) -> None:
        """Write down what became of rows (entry, error), and bring the ledger up to it."""
        ...

    def entries(self, *phases: Phase) -> tuple[JournalEntry, ...]:
        """The rows of this run in these phases, in their order."""
        ...

    def each(self, phase: Phase, *, last_first: bool = False) -> Iterator[JournalEntry]:
        """The same one after the other, as they are when their turn comes: of a large run nobody holds all."""
        ...

    def ledger_row(self, path: AlbumRelPath) -> LedgerRow | None:
        """What is remembered of a file."""
        ...

    def present_row(self, made: LedgerRow) -> LedgerRow | None:
        """What is remembered now of a file that this run made, wherever the user or a later run has moved it."""
        ...

    def folders_made(self) -> tuple[AlbumRelPath, ...]:
        """Folders that this run made, deepest first."""
        ...

    def made_folder(self, path: AlbumRelPath) -> bool:
        """Whether any run made this folder."""
        ...

    def remember_folders(self, folders: Sequence[AlbumRelPath], run_id: RunId) -> None:
        """Folders that are made again for a file of another run: they count as that run's."""
        ...

    def forget_folders(self, folders: Sequence[AlbumRelPath]) -> None:
        """Folders that have been taken away again."""
        ...
