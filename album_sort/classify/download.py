"""Fetches a weights file over HTTP(S): progress, patience, hash check, and never a half file under the final name."""

from __future__ import annotations

import hashlib
import http.client
import os
import queue
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from album_sort.errors import WeightsUnavailable

_CHUNK_BYTES = 1 << 16

_SLOWEST_BYTES_PER_S = 20_000
"""The int8 weights would take ten minutes; who has less is better served by the network that ships with the install."""

Progress = Callable[[int, int | None], None]
"""Called with bytes so far and, where the server says it, bytes in all."""


def fetch(url: str, target: Path, sha256_prefix: str, *, patience_s: float, progress: Progress | None = None) -> Path:
    """Downloads `url` to `target`, which appears only when it is complete and its hash begins with `sha256_prefix`.

    `patience_s` bounds the wait for the connection, name look-up included, and for each further piece. Raises
    `WeightsUnavailable` when the server cannot be reached, the connection is cut or too slow, the content has another
    hash, or the file cannot be kept.
    """
    if not url.startswith(("https://", "http://")):
        raise WeightsUnavailable(f"weights address {url!r} is neither http nor https")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    except OSError as error:
        raise WeightsUnavailable(f"cannot keep weights in {str(target.parent)!r}: {error.strerror}") from error
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as sink:
            digest = _stream(url, sink.write, patience_s, progress)
            sink.flush()
            os.fsync(sink.fileno())
        if not digest.startswith(sha256_prefix):
            raise WeightsUnavailable(
                f"{url} has SHA-256 {digest[:16]}..., expected {sha256_prefix}...: a proxy may have answered in its place"
            )
        part.replace(target)
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
        raise WeightsUnavailable(f"cannot fetch {url}: {getattr(error, 'reason', error) or repr(error)}") from error
    finally:
        part.unlink(missing_ok=True)
    return target


def _stream(url: str, write: Callable[[bytes], object], patience_s: float, progress: Progress | None) -> str:
    digest, received, began = hashlib.sha256(), 0, time.monotonic()
    with _connect(url, patience_s) as response:
        length = response.headers.get("Content-Length")
        expected = int(length) if length and length.isdigit() else None
        while chunk := response.read1(_CHUNK_BYTES):
            write(chunk)
            digest.update(chunk)
            received += len(chunk)
            if progress:
                progress(received, expected)
            passed = time.monotonic() - began
            if passed > patience_s and received < passed * _SLOWEST_BYTES_PER_S:
                raise TimeoutError(f"too slow, {received} bytes in {passed:.0f} s")
    if expected is not None and received != expected:
        raise ConnectionError(f"the connection was cut after {received} of {expected} bytes")
    return digest.hexdigest()


def _connect(url: str, patience_s: float) -> http.client.HTTPResponse:
    """The response, in a thread of its own: no time limit of a socket covers the look-up of its name."""
    request = urllib.request.Request(url, headers={"User-Agent": "album-sort"})  # noqa: S310 - scheme checked by `fetch`
    outcome: queue.SimpleQueue[http.client.HTTPResponse | Exception] = queue.SimpleQueue()
    given_up = threading.Event()

    def connect() -> None:
        try:
            response = urllib.request.urlopen(request, timeout=patience_s)  # noqa: S310
        except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
            if isinstance(error, urllib.error.HTTPError):
                error.close()  # it is a response too
            outcome.put(error)
            return
        outcome.put(response)
        if given_up.is_set():
            response.close()

    threading.Thread(target=connect, name="fetch-weights", daemon=True).start()
    try:
        response = outcome.get(timeout=patience_s)
    except queue.Empty:
        given_up.set()
        raise TimeoutError(f"no answer within {patience_s:g} s") from None
    if isinstance(response, Exception):
        raise response
    return response
