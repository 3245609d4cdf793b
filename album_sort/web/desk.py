"""Where pictures that were sent wait for their answers: only so many at a time, in only so much room."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager

from album_sort.errors import PictureRefused
from album_sort.operations.predict import Predicted, Predictor, Upload
from album_sort.web.limits import MB, Limits
from album_sort.web.refusals import Refused


class Sent:
    """One picture: on its way, then complete, then being looked at. Its bytes are on the disk, in a folder of our own, until that ends."""

    def __init__(self, name: str, upload: Upload, desk: Desk) -> None:
        self.name = name
        self._upload: Upload | None = upload
        self._desk = desk
        self.size_bytes = 0
        self.is_too_large = False

    def write(self, part: bytes) -> None:
        """The next bytes; those of a picture that is too large go nowhere. Raises `Refused` where there is no room."""
        self.size_bytes += len(part)
        if self._upload is None:
            return
        if self.size_bytes > self._desk.limits.file_bytes:
            self.drop()
            self.is_too_large = True
            return
        self._desk.take_room(len(part))
        try:
            self._upload.write(part)
        except OSError as error:
            raise Refused(503, "room", retry_after_s=self._desk.limits.retry_after_s) from error

    def drop(self) -> None:
        """It is wanted no more."""
        if self._upload is not None:
            self._desk.give_room(self._upload.size_bytes)
            self._upload.drop()
            self._upload = None

    def submit(self, lang: str) -> Future[Predicted]:
        """Has it looked at; raises `Refused` where there is no room."""
        upload, self._upload = self._upload, None
        if upload is None:
            raise Refused(413, "file", {"n": self._desk.limits.file_bytes // MB})
        return self._desk.submit(upload, lang)


class Desk:
    """The predictor as the server asks it. Used from the event loop alone."""

    def __init__(self, predictor: Predictor, limits: Limits) -> None:
        self.predictor = predictor
        self.limits = limits
        self._requests = 0
        self._room = limits.waiting_bytes
        self._places = asyncio.Semaphore(limits.waiting_pictures)

    @asynccontextmanager
    async def request(self) -> AsyncIterator[None]:
        """One request with pictures; raises `Refused` when there are enough."""
        if self._requests >= self.limits.requests:
            raise Refused(503, "busy", retry_after_s=self.limits.retry_after_s)
        self._requests += 1
        try:
            yield
        finally:
            self._requests -= 1

    def begin(self, name: str) -> Sent:
        """A picture that is about to come; raises `Refused` where there is no room."""
        try:
            return Sent(name, self.predictor.receive(name), self)
        except OSError as error:
            raise Refused(503, "room", retry_after_s=self.limits.retry_after_s) from error

    async def look_at(self, sent: Sent, lang: str) -> asyncio.Future[Predicted]:
        """Has a picture looked at, as soon as there is a place for it; raises `Refused` for what cannot be."""
        await self._places.acquire()
        try:
            future = sent.submit(lang)
        except BaseException:
            self._places.release()
            raise
        self._when_ended(future, self._places.release)
        return asyncio.wrap_future(future)

    def submit(self, upload: Upload, lang: str) -> Future[Predicted]:
        """Has bytes looked at, whose room is free when that has ended."""
        try:
            future = self.predictor.submit(upload, lang=lang)
        except BaseException as error:
            upload.drop()
            self.give_room(upload.size_bytes)
            if isinstance(error, OSError):
                raise Refused(503, "room", retry_after_s=self.limits.retry_after_s) from error
            raise
        self._when_ended(future, lambda: self.give_room(upload.size_bytes))
        return future

    def take_room(self, size_bytes: int) -> None:
        """On the disk; raises `Refused` where there is none left."""
        if size_bytes > self._room:
            raise Refused(503, "busy", retry_after_s=self.limits.retry_after_s)
        self._room -= size_bytes

    def give_room(self, size_bytes: int) -> None:
        """Gives it back."""
        self._room += size_bytes

    @staticmethod
    def _when_ended(future: Future[Predicted], then: Callable[[], object]) -> None:
        loop = asyncio.get_running_loop()

        def tell(_: Future[Predicted]) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(then)

        future.add_done_callback(tell)


async def answer_of(looked_at: asyncio.Future[Predicted]) -> Predicted | PictureRefused:
    """What came of it; raises what else went wrong."""
    try:
        return await looked_at
    except PictureRefused as refused:
        return refused
