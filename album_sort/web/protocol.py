"""HTTP with patience that ends: whoever sends a header a letter a minute, or never reads an answer, holds no connection for ever.

uvicorn waits as long as a client likes for a request's head and for answers to be read; here both have their time. The time for a
body is kept where it is read (`body.py`).

A time that is over ends nothing before what has come meanwhile is read: where the machine stood still (it slept, or a library was
loaded), a request may lie in its socket that the client sent in time, and to cut the line then would be told to it as a reset.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from album_sort.web.guard import with_security
from album_sort.web.limits import Limits
from album_sort.web.refusals import Refused


class BoundedProtocol(H11Protocol):
    """One connection."""

    limits: ClassVar[Limits]
    lang: ClassVar[str]
    """Of refusals that no request has a language for."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(*args, **kwargs)
        self._head_timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        """A client has come; one too many is told to come again."""
        super().connection_made(transport)
        if len(self.connections) > self.limits.connections:
            self._refuse_raw(Refused(503, "busy", retry_after_s=self.limits.retry_after_s))
            return
        self._watch_head()

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        super().data_received(data)
        self._watch_head()

    def on_response_complete(self) -> None:
        """An answer has gone out."""
        super().on_response_complete()
        self._watch_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended."""
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        for timer in (self._head_timer, self._write_timer):
            if timer is not None:
                timer.cancel()

    def pause_writing(self) -> None:
        """The client does not read as fast as we write."""
        super().pause_writing()
        if self._write_timer is None:
            self._write_timer = self.loop.call_later(self.limits.write_s, self.transport.abort)

    def resume_writing(self) -> None:
        """It has caught up."""
        super().resume_writing()
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    def send_400_response(self, msg: str) -> None:
        """What came is no HTTP."""
        del msg  # a library's
        self._refuse_raw(Refused(400, "no_http"))

    def _watch_head(self) -> None:
        """While a request is answered its client has done its part; else it has so long to send one, or the rest of one refused."""
        cycle: RequestResponseCycle | None = self.cycle
        is_answering = cycle is not None and not cycle.response_complete
        if is_answering and self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
        elif not is_answering and self._head_timer is None:
            self._head_timer = self.loop.call_later(self.limits.head_s, self._end_of_patience)

    def timeout_keep_alive_handler(self) -> None:
        """Nothing has been asked for a while; whatever has come this moment is answered."""
        self.timeout_keep_alive_task = self.loop.call_later(0, super().timeout_keep_alive_handler)

    def _end_of_patience(self) -> None:
        # A timer that is due at once comes behind what can be read: `data_received` takes it back.
        self._head_timer = self.loop.call_later(0, self._end)

    def _end(self) -> None:
        is_idle = self.conn.our_state is h11.IDLE and not self.conn.trailing_data[0]
        if is_idle or self.conn.our_state is not h11.IDLE:
            self.transport.abort()
        else:
            self._refuse_raw(Refused(408, "slow"))

    def _refuse_raw(self, refused: Refused) -> None:
        """Where there is no request that could be answered."""
        headers, body = refused.answer(self.lang)
        headers = with_security([*headers, (b"connection", b"close")])
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            response = h11.Response(status_code=refused.status, headers=headers)
            for event in (response, h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


def bounded_protocol(limits: Limits, lang: str) -> type[BoundedProtocol]:
    """The protocol of each connection, with these limits."""
    return type("LimitedProtocol", (BoundedProtocol,), {"limits": limits, "lang": lang})
