"""Pictures of what browsers cannot show, after anything that files photos: one way for all verbs, so that the page has no hole.

A run looks through the albums for what has none; whoever files, moves or brings back a few photos looks at these alone.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass, replace
from pathlib import Path

from album_sort.classifier.labels import load_wording
from album_sort.config import cache_folder
from album_sort.errors import AlbumSortError
from album_sort.events import EventSink, Notice
from album_sort.fileops.apply import Applied
from album_sort.fileops.trouble import describe
from album_sort.pipeline.previewing import Missing, Read, make_previews, missing_in_albums, read_before
from album_sort.pipeline.remembered import language_of
from album_sort.settings import Settings
from album_sort.state.previews import PreviewStore, previews_of
from album_sort.state.store import DestinationState
from album_sort.types import ContentId, FileEntry, Plan, Reason

_AT_ONCE = 1_000
"""Photos of which it is asked together what earlier runs have read of them."""


@dataclass(frozen=True, slots=True)
class PreviewsKept:
    """What became of the previews of albums."""

    is_whole: bool = True
    """False where somebody asked to stop."""
    has_new: bool = False


@dataclass(frozen=True, slots=True)
class Previewer:
    """Makes previews, as the settings say; to be asked while the destination is held."""

    settings: Settings
    lang: str
    sink: EventSink
    stop: Callable[[], bool]

    def keep(self, destination: str, state: DestinationState, read: Read, store: PreviewStore) -> PreviewsKept:
        """Makes those that are missing in the albums, takes away those of what is there no more."""
        ledger = state.records().ledger.values()
        store.thin({row.content_id for row in ledger})
        missing = missing_in_albums(read, destination, ledger, store) if self.settings.previews else {}
        return PreviewsKept(self.make(missing, store), bool(missing))

    def make(self, missing: Missing, store: PreviewStore) -> bool:
        """False where somebody asked to stop. No run fails for them: what is filed is filed, and the next one tries again."""
        try:
            return not missing or make_previews(
                missing, store, cache_folder(), self.settings.workers, sink=self.sink, stop=self.stop
            )
        except (OSError, AlbumSortError) as error:
            why = describe(error) if isinstance(error, OSError) else str(error)
            said = load_wording().say(Reason.of("notice.no-previews", error=why), self.lang)
            self.sink(Notice(said, is_urgent=True))
            return True


def keep_previews(
    destination: str,
    state: DestinationState,
    contents: Set[ContentId],
    settings: Settings,
    *,
    sink: EventSink,
    stop: Callable[[], bool],
) -> bool:
    """After these contents were filed, moved, taken away or brought back without a look at them; False where somebody asked to stop."""
    if not contents:
        return True
    ledger = state.records().ledger
    store = previews_of(Path(destination))
    store.thin({row.content_id for row in ledger.values()})
    if not settings.previews:
        return True
    concerned = [row for row in ledger.values() if row.content_id in contents]
    missing: dict[ContentId, FileEntry] = {}
    # What is known of photos takes memory: of a large plan, little by little.
    for start in range(0, len(concerned), _AT_ONCE):
        part = concerned[start : start + _AT_ONCE]
        missing |= missing_in_albums(read_before(part, destination, cache_folder()), destination, part, store)
    return Previewer(settings, language_of(state), sink, stop).make(missing, store)


def with_previews(
    plan: Plan,
    applied: Applied,
    state: DestinationState,
    settings: Settings,
    *,
    sink: EventSink,
    stop: Callable[[], bool],
) -> Applied:
    """The same for what a plan was about, once it is carried out; as interrupted where somebody asked to stop."""
    if applied.stopped_by or applied.is_destination_gone:
        return applied
    contents = {op.content_id for op in plan.ops}
    is_whole = keep_previews(plan.destination, state, contents, settings, sink=sink, stop=stop)
    return applied if is_whole else replace(applied, stopped_by="interrupted")
