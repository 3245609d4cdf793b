"""Pictures from the body of a request to the disk, part by part: memory does not grow with what is sent."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from album_sort.web.desk import Desk, Sent
from album_sort.web.limits import MB, Limits
from album_sort.web.refusals import Refused

MULTIPART = "multipart/form-data"
PICTURES = ("image/", "video/")
UNTYPED = "application/octet-stream"

# What a client has sent wrong is told to that client, in words; the terminal would fill with the parser's own.
logging.getLogger("python_multipart").addHandler(logging.NullHandler())


@dataclass(slots=True)
class _Part:
    """A part of a form."""

    headers: dict[bytes, bytes] = field(default_factory=dict)
    sent: Sent | None = None
    """None for a field that is no picture."""
    size_bytes: int = 0
    head_bytes: int = 0


class Form:
    """A multipart form as it comes."""

    def __init__(self, boundary: bytes, desk: Desk) -> None:
        self._limits = desk.limits
        self._desk = desk
        self._part = _Part()
        self._name, self._value = b"", b""
        self._files = self._fields = 0
        self.complete = deque[Sent]()
        """The pictures that have come as a whole, for whoever takes them."""
        self.is_ended = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._on_part,
                "on_header_field": self._on_name,
                "on_header_value": self._on_value,
                "on_header_end": self._on_header,
                "on_headers_finished": self._on_headers,
                "on_part_data": self._on_data,
                "on_part_end": self._on_end,
                "on_end": self._on_last,
            },
        )
        # Ours is counted part by part as it comes, and says what it is about. Earlier versions have none.
        self._parser.max_header_size = desk.limits.request_bytes

    def take(self, data: bytes) -> None:
        """The next bytes; raises `Refused` for what is no form, or too much of one."""
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise Refused(400, "form") from error

    def drop(self) -> None:
        """Takes away what nobody has taken."""
        for sent in (*self.complete, *([self._part.sent] if self._part.sent else [])):
            sent.drop()

    def _on_part(self) -> None:
        self._part = _Part()

    def _on_name(self, data: bytes, start: int, end: int) -> None:
        self._count_head(end - start)
        self._name += data[start:end]

    def _count_head(self, size_bytes: int) -> None:
        self._part.head_bytes += size_bytes
        if self._part.head_bytes > self._limits.head_bytes:
            raise Refused(413, "part_head", {"n": self._limits.head_bytes})

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._count_head(end - start)
        self._value += data[start:end]

    def _on_header(self) -> None:
        self._part.headers[self._name.lower()] = self._value
        self._name, self._value = b"", b""

    def _on_headers(self) -> None:
        _, options = parse_options_header(self._part.headers.get(b"content-disposition"))
        if b"filename" not in options:
            self._fields += 1
            if self._fields > self._limits.fields:
                raise Refused(413, "fields", {"n": self._limits.fields})
            return
        self._files += 1
        if self._files > self._limits.files:
            raise Refused(413, "files", {"n": self._limits.files})
        self._part.sent = self._desk.begin(sent_name(options[b"filename"].decode("utf-8", "replace")))

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        self._part.size_bytes += end - start
        if self._part.sent is not None:
            self._part.sent.write(data[start:end])
        elif self._part.size_bytes > self._limits.field_bytes:
            raise Refused(413, "field", {"n": self._limits.field_bytes})

    def _on_end(self) -> None:
        if self._part.sent is not None:
            self.complete.append(self._part.sent)
            self._part.sent = None

    def _on_last(self) -> None:
        self.is_ended = True


def sent_name(name: str) -> str:
    """A file's name as a form has it, without what browsers escape, and without folders."""
    return name.replace("%22", '"').replace("\\", "/").rpartition("/")[2][:255]


async def parts_of(request: Request, limits: Limits) -> AsyncIterator[bytes]:
    """The bytes of a body; raises `Refused` for a client that is too slow, or sends too much."""
    stream = request.stream()
    received, waited = 0, 0.0
    while True:
        patience = limits.body_s + received / limits.body_bytes_per_s - waited
        began = time.monotonic()
        try:
            async with asyncio.timeout(max(patience, 0.0)):
                part = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise Refused(408, "slow") from None
        except ClientDisconnect:
            raise Refused(400, "gone") from None
        # Only the time that the client takes: it may be we who are slow.
        waited += time.monotonic() - began
        received += len(part)
        if received > limits.request_bytes:
            raise Refused(413, "request", {"n": limits.request_bytes // MB})
        if part:
            yield part


async def sent_pictures(request: Request, desk: Desk, name: str) -> AsyncIterator[Sent]:
    """The pictures of a form, or the one that is the body itself, each as soon as it has come as a whole.

    Raises `Refused` for what is neither, too large, too slow, or where there is no room.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    content_type = kind.decode("latin-1").lower()
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared[:15]) > desk.limits.request_bytes:
        raise Refused(413, "request", {"n": desk.limits.request_bytes // MB})
    if content_type == MULTIPART:
        form = _form(options, desk)
        try:
            async for part in parts_of(request, desk.limits):
                form.take(part)
                while form.complete:
                    yield form.complete.popleft()
            if not form.is_ended:
                raise Refused(400, "form")
        finally:
            form.drop()
    elif content_type.startswith(PICTURES) or content_type == UNTYPED:
        yield await _whole_body(request, desk, sent_name(name))
    else:
        raise Refused(415, "type", {"type": content_type[:100] or "-"})


def _form(options: dict[bytes, bytes], desk: Desk) -> Form:
    boundary = options.get(b"boundary", b"")
    try:
        if boundary:
            return Form(boundary, desk)
    except FormParserError:  # longer than any
        pass
    raise Refused(400, "form")


async def _whole_body(request: Request, desk: Desk, name: str) -> Sent:
    sent = desk.begin(name)
    try:
        async for part in parts_of(request, desk.limits):
            sent.write(part)
    except BaseException:
        sent.drop()
        raise
    return sent
