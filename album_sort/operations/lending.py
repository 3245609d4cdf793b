"""This machine for the runs of others: it looks at their photos, keeps the place where machines meet, makes their certificates."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from album_sort.config import cache_folder
from album_sort.errors import DestinationError, UsageError
from album_sort.operations.order import SettingsHere
from album_sort.operations.others import check_extra
from album_sort.operations.words import terminal_words
from album_sort.paths import given_path
from album_sort.pipeline.engine import make_engine
from album_sort.sentences import sentence

if TYPE_CHECKING:  # not every installation has the extra
    from album_sort.cluster.addresses import Address

EndOn = Callable[[asyncio.AbstractEventLoop, Callable[[], object]], None]
"""Has a function called in the loop when somebody wants it to end."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Lending:
    """A machine that looks at photos for others."""

    address: str
    here: SettingsHere
    name: str = ""
    """Empty for the machine's own."""
    port: int = 0
    """On which the others reach it; 0 for any that is free."""


def lend(lending: Lending, say: Say, end_on: EndOn) -> None:
    """Looks at photos for others until it is told to end; raises `AlbumSortError` for what keeps it from that, and when it is refused."""
    check_extra("worker")
    from album_sort.cluster.certificates import security_for  # noqa: PLC0415 - after the check
    from album_sort.cluster.identity import machine_name  # noqa: PLC0415 - likewise
    from album_sort.cluster.looking import Looker  # noqa: PLC0415 - likewise
    from album_sort.cluster.order import certificate_folder  # noqa: PLC0415 - likewise
    from album_sort.cluster.quiet import quiet_dask  # noqa: PLC0415 - likewise
    from album_sort.cluster.tasks import Machine  # noqa: PLC0415 - likewise
    from album_sort.cluster.worker import WorkerOrder, work  # noqa: PLC0415 - likewise

    settings = lending.here.settings
    address = _meeting_place(lending.address)
    quiet_dask()
    order = WorkerOrder(address, security_for(address, certificate_folder(settings)), lending.port)
    looker = Looker(make_engine(settings, cache_folder()))
    machine = Machine(looker, lending.name or machine_name())
    words = terminal_words(lending.here.lang)

    def tell(*, is_there: bool) -> None:
        say(words.text("worker_is_there" if is_there else "worker_waits", address=address.text))

    async def until_told() -> None:
        working = asyncio.ensure_future(work(order, machine, tell))
        end_on(asyncio.get_running_loop(), working.cancel)
        await asyncio.wait((working,))
        if not working.cancelled():
            working.result()

    try:
        asyncio.run(until_told())
    finally:
        looker.close()


def keep_meeting(address_text: str, here: SettingsHere, say: Say, end_on: EndOn) -> None:
    """Keeps a place where machines meet until it is told to end; raises `AlbumSortError` where that cannot be here."""
    check_extra("cluster start")
    from album_sort.cluster.addresses import place_to_listen  # noqa: PLC0415 - after the check
    from album_sort.cluster.certificates import security_for  # noqa: PLC0415 - likewise
    from album_sort.cluster.meeting import meet  # noqa: PLC0415 - likewise
    from album_sort.cluster.order import certificate_folder  # noqa: PLC0415 - likewise
    from album_sort.cluster.quiet import quiet_dask  # noqa: PLC0415 - likewise

    address = _meeting_place(address_text)
    quiet_dask()
    security = security_for(address, certificate_folder(here.settings))
    host = place_to_listen(address)
    if host is None:
        raise DestinationError(
            sentence("cluster.nobody-can-listen", address=address.text), hint=sentence("cluster.give-own-name")
        )
    said = terminal_words(here.lang).text("meeting_is_open", address=address.text)
    asyncio.run(meet(replace(address, host=host.strip("[]")), security, lambda _port: say(said), end_on))


def new_certificates(folder: Path | None, here: SettingsHere) -> tuple[Path, str]:
    """Makes them, in the usual folder where none is named; returns where they are, and what to do with them."""
    check_extra("cluster certs")
    from album_sort.cluster.certificates import make_certificates  # noqa: PLC0415 - after the check
    from album_sort.cluster.order import certificate_folder  # noqa: PLC0415 - likewise

    target = Path(given_path(str(folder))) if folder is not None else certificate_folder(here.settings)
    make_certificates(target)
    return target, terminal_words(here.lang).text("certificates_made")


def _meeting_place(text: str) -> Address:
    from album_sort.cluster.addresses import parse_address  # noqa: PLC0415 - the extra is there

    address = parse_address(text)
    if address.is_local:
        raise UsageError(sentence("cluster.for-cluster-alone", text=text), hint="tls://HOST:PORT")
    return address
