"""What `learn` says no to, tells what to do instead: what it tells would do."""

from __future__ import annotations

import pytest

from album_sort.core.learning.lesson import TaughtAlbum
from album_sort.core.planning.album_names import find_album
from album_sort.errors import UsageError
from album_sort.operations.examples import refuse_shared
from album_sort.operations.learn import folder_title
from album_sort.types import AlbumId, ContentId

PHOTO = ContentId("a" * 64)


@pytest.mark.parametrize("title", ["Con", "nul", "LPT1.x", "a/b", "..", "...", ".hidden", "trailing.", "???"])
def test_the_name_that_is_proposed_is_one_that_is_taken(title: str) -> None:
    with pytest.raises(UsageError) as refused:
        folder_title(title)
    proposed = refused.value.hint.split("'")[1]
    assert folder_title(proposed) == proposed


def test_a_photo_in_two_siblings_is_to_be_shown_for_one_of_them() -> None:
    cats, dogs = (TaughtAlbum(AlbumId(title.lower()), title, (PHOTO,)) for title in ("Cats", "Dogs"))
    with pytest.raises(UsageError, match="'/p' is shown for 'Dogs' and for 'Cats'") as refused:
        refuse_shared([cats, dogs], [], {PHOTO: "/p"})
    assert refused.value.hint.startswith("a photo is in one album only: show it for the one where it belongs")


def test_a_misspelled_album_that_was_learned_is_looked_up_among_those() -> None:
    with pytest.raises(UsageError) as refused:
        find_album("Nope", {AlbumId("bello"): ("Bello",)}, listed_by="learn.album-sort-learn-list")
    assert "learn list" in refused.value.hint
