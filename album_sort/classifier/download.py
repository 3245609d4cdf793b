"""Fetches a weights file over HTTP(S): progress, patience, hash check, and never a half file under the final name."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import http.client
import os
import queue
import socket
import ssl
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from album_sort.errors import WeightsUnavailable
from album_sort.sentences import sentence

_CHUNK_BYTES = 1 << 16

_SLOWEST_BYTES_PER_S = 20_000
"""The int8 weights would take ten minutes; who has less is better served by the network that ships with the install."""

_MOST_BYTES = 256 << 20
"""Where the server does not say how many there are: five times the largest weights."""

DEADLINE_S = 1200.0
_LONGEST_LENGTH = 16
_PIECES_AHEAD = 16

Progress = Callable[[int, int | None], None]
"""Called with bytes so far and, where the server says it, bytes in all."""


def fetch(
    url: str,
    target: Path,
    sha256_prefix: str,
    *,
    patience_s: float,
    deadline_s: float = DEADLINE_S,
    progress: Progress | None = None,
) -> Path:
    """Downloads `url` to `target`, which appears only when it is complete and its hash begins with `sha256_prefix`.

    `patience_s` bounds the wait for the answer, name look-up included, and for each further piece; `deadline_s` the whole. Raises
    `WeightsUnavailable` when the server cannot be reached, the connection is cut or too slow, the content has another
    hash, or the file cannot be kept.
    """
    if not url.startswith(("https://", "http://")):
        raise WeightsUnavailable(sentence("network.weights-address-is-neither", url=url))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    except OSError as error:
        raise WeightsUnavailable(
            sentence("network.cannot-keep-weights-in", parent=str(target.parent), why=error.strerror)
        ) from error
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as sink:
            digest = _stream(url, sink.write, patience_s, deadline_s, progress)
            sink.flush()
            os.fsync(sink.fileno())
        if not digest.startswith(sha256_prefix):
            raise WeightsUnavailable(
                sentence("network.has-sha-256-expected", url=url, digest=digest[:16], sha256_prefix=sha256_prefix)
            )
        part.replace(target)
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
        raise WeightsUnavailable(sentence("network.cannot-fetch", url=url, in_words=_in_words(error))) from error
    finally:
        part.unlink(missing_ok=True)
    return target


_KEYS: tuple[tuple[type[Exception], str], ...] = (
    (socket.gaierror, "network.no-such-server"),
    (ssl.SSLError, "network.not-trusted"),
    (ConnectionRefusedError, "network.refused"),
    (TimeoutError, "network.no-answer"),
    (ConnectionError, "network.cut"),
    (http.client.HTTPException, "network.cut"),
)


def _in_words(error: Exception) -> str:
    """Why, for somebody who knows what a connection is and no more."""
    if isinstance(error, urllib.error.HTTPError):
        return sentence(
            "network.the-server-answered", code=error.code, get=http.client.responses.get(error.code, "unknown")
        )
    reason: Any = getattr(error, "reason", error)
    if (
        type(reason) in {TimeoutError, ConnectionError}
        and reason.errno is None
        and str(reason) not in {"", "timed out"}
    ):
        return str(reason)  # raised below, in words
    if isinstance(reason, OSError) and reason.errno in (errno.ENOSPC, errno.EDQUOT):
        return sentence("network.the-disk-is-full")
    return sentence(next((key for kind, key in _KEYS if isinstance(reason, kind)), "network.no-connection"))


def _stream(
    url: str, write: Callable[[bytes], object], patience_s: float, deadline_s: float, progress: Progress | None
) -> str:
    digest, received, began = hashlib.sha256(), 0, time.monotonic()
    delivery = _Delivery(url, patience_s)
    try:
        expected = delivery.length
        while chunk := delivery.next_piece():
            write(chunk)
            digest.update(chunk)
            received += len(chunk)
            if progress:
                progress(received, expected)
            passed = time.monotonic() - began
            if passed > patience_s and received < passed * _SLOWEST_BYTES_PER_S:
                raise TimeoutError(sentence("network.too-slow-bytes-in", received=received, passed=f"{passed:.0f}"))
            if passed > deadline_s:
                raise TimeoutError(sentence("network.not-done-within-s", deadline_s=f"{deadline_s:g}"))
            if received > (_MOST_BYTES if expected is None else expected):
                raise ConnectionError(sentence("network.the-server-sends-more", received=received))
    finally:
        delivery.give_up()
    if expected is not None and received != expected:
        raise ConnectionError(sentence("network.the-connection-was-cut", received=received, expected=expected))
    return digest.hexdigest()


class _Delivery:
    """A response that is read in a thread of its own.

    A time limit of a socket starts anew with each byte, and covers no look-up of a name: a server that trickles the lines of
    its answer, or the marks between its pieces, would never be given up.
    """

    def __init__(self, url: str, patience_s: float) -> None:
        self._patience_s = patience_s
        self._request = urllib.request.Request(url, headers={"User-Agent": "album-sort"})  # noqa: S310 - scheme checked by `fetch`
        self._given_up = threading.Event()
        self._pieces: queue.Queue[int | bytes | Exception | None] = queue.Queue(maxsize=_PIECES_AHEAD)
        threading.Thread(target=self._read, name="fetch-weights", daemon=True).start()
        length = self._next()
        self.length = length if isinstance(length, int) else None
        """What the server says that there will be, in bytes."""

    def next_piece(self) -> bytes:
        """The next bytes; empty at the end. Raises what reading has raised, TimeoutError where nothing comes."""
        piece = self._next()
        return piece if isinstance(piece, bytes) else b""

    def give_up(self) -> None:
        """Ends the thread, with the next byte that it gets."""
        self._given_up.set()

    def _next(self) -> int | bytes | None:
        try:
            piece = self._pieces.get(timeout=self._patience_s)
        except queue.Empty:
            self.give_up()
            raise TimeoutError(sentence("network.no-answer-within-s", patience_s=f"{self._patience_s:g}")) from None
        if isinstance(piece, Exception):
            raise piece
        return piece

    def _read(self) -> None:
        try:
            with urllib.request.urlopen(self._request, timeout=self._patience_s) as response:  # noqa: S310
                length = response.headers.get("Content-Length")
                self._put(int(length) if length and length.isdigit() and len(length) < _LONGEST_LENGTH else None)
                while not self._given_up.is_set() and (chunk := response.read1(_CHUNK_BYTES)):
                    self._put(chunk)
                self._put(b"")
        except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
            if isinstance(error, urllib.error.HTTPError):
                error.close()  # it is a response too
            self._put(error)

    def _put(self, piece: int | bytes | Exception | None) -> None:
        while not self._given_up.is_set():
            with contextlib.suppress(queue.Full):
                self._pieces.put(piece, timeout=0.2)
                return
