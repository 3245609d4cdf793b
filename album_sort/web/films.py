"""A film in the parts that a browser asks for."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from fastapi.responses import Response, StreamingResponse

from album_sort.operations.live import Film

_AT_ONCE = 256 << 10
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)
_TYPES = {"mp4": "video/mp4", "mov": "video/quicktime", "webm": "video/webm", "mkv": "video/x-matroska"}


def film_answer(film: Film, wanted: str) -> Response:
    """The part that `Range` names, or all; what is read is what was opened, whatever becomes of its name meanwhile."""
    headers = {"Accept-Ranges": "bytes", "Cache-Control": "private, no-cache"}
    start, end, status = 0, film.size_bytes - 1, 200
    if match := _RANGE.fullmatch(wanted.strip()):
        start, end = _bounds(match[1], match[2], film.size_bytes)
        status = 206
        if not 0 <= start <= end:
            os.close(film.descriptor)
            return Response(status_code=416, headers=headers | {"Content-Range": f"bytes */{film.size_bytes}"})
        headers["Content-Range"] = f"bytes {start}-{end}/{film.size_bytes}"
    headers["Content-Length"] = str(end - start + 1)
    content_type = _TYPES.get(film.media_format, "video/mp4")
    return StreamingResponse(_parts(film.descriptor, start, end), status, headers, content_type)


def _bounds(first: str, last: str, size_bytes: int) -> tuple[int, int]:
    """First and last byte; the first is beyond the last where there is no such part."""
    if not first:
        return (max(0, size_bytes - int(last)), size_bytes - 1) if last and int(last) else (1, 0)
    end = min(int(last), size_bytes - 1) if last else size_bytes - 1
    return (int(first), end) if int(first) < size_bytes else (1, 0)


def _parts(descriptor: int, start: int, end: int) -> Iterator[bytes]:
    try:
        while start <= end:
            part = os.pread(descriptor, min(_AT_ONCE, end - start + 1), start)
            if not part:
                return
            start += len(part)
            yield part
    finally:
        os.close(descriptor)
