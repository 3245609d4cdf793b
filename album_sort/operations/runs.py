"""What was done in a destination."""

from __future__ import annotations

from album_sort.errors import DestinationError
from album_sort.events import EventSink, Notice
from album_sort.pipeline.holding import say_unreadable
from album_sort.pipeline.remembered import open_to_read
from album_sort.sentences import sentence, spoken
from album_sort.state.own_files import check_state_folder
from album_sort.types.ledger import DestinationPicture, RunRecord


def runs_of(destination: str) -> tuple[RunRecord, ...]:
    """The runs of a destination, oldest first; raises `DestinationError` where there are no albums of ours."""
    must_be_ours(destination)
    with open_to_read(destination) as state:
        return tuple(state.runs())


def must_be_ours(destination: str) -> None:
    """Raises `DestinationError` where there are no albums of ours."""
    if not check_state_folder(destination):
        raise DestinationError(
            sentence("order.holds-no-albums-made", destination=destination), hint=sentence("order.give-the-folder-that")
        )


def tell_unreadable(picture: DestinationPicture, lang: str | None, sink: EventSink) -> None:
    """A notice of the folders that could not be looked into, where there are any."""
    left_alone = say_unreadable(picture, lang or spoken())
    if left_alone:
        sink(Notice(left_alone))
