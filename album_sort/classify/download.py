"""Fetches a weights file over HTTP(S): progress, patience, hash check, and never a half file under the final name."""

from __future__ import annotations

import hashlib
import os
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from album_sort.errors import ModelError, WeightsUnavailable

_CHUNK_BYTES = 1 << 18

Progress = Callable[[int, int | None], None]
"""Called with bytes so far and, where the server says it, bytes in all."""


def fetch(url: str, target: Path, sha256_prefix: str, *, patience_s: float, progress: Progress | None = None) -> Path:
    """Downloads `url` to `target`, which appears only when it is complete and its hash begins with `sha256_prefix`.

    `patience_s` bounds the wait for the connection and for each further piece. Raises `WeightsUnavailable` when the server
    cannot be reached or the connection is cut, `ModelError` when the content has another hash.
    """
    if not url.startswith(("https://", "http://")):
        raise WeightsUnavailable(f"weights address {url!r} is neither http nor https")
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as sink:
            digest = _stream(url, sink.write, patience_s, progress)
            sink.flush()
            os.fsync(sink.fileno())
        if not digest.startswith(sha256_prefix):
            raise ModelError(
                f"{url} has SHA-256 {digest[:16]}..., expected {sha256_prefix}...",
                hint="a proxy may have answered in its place; fetch the file by hand and pass it with --weights FILE",
            )
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target


def _stream(url: str, write: Callable[[bytes], object], patience_s: float, progress: Progress | None) -> str:
    digest, received = hashlib.sha256(), 0
    request = urllib.request.Request(url, headers={"User-Agent": "album-sort"})  # noqa: S310 - scheme checked by the caller
    try:
        with urllib.request.urlopen(request, timeout=patience_s) as response:  # noqa: S310
            length = response.headers.get("Content-Length")
            expected = int(length) if length and length.isdigit() else None
            while chunk := response.read(_CHUNK_BYTES):
                write(chunk)
                digest.update(chunk)
                received += len(chunk)
                if progress:
                    progress(received, expected)
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise WeightsUnavailable(f"cannot fetch {url}: {getattr(error, 'reason', error)}") from error
    if expected is not None and received != expected:
        raise WeightsUnavailable(f"cannot fetch {url}: the connection was cut after {received} of {expected} bytes")
    return digest.hexdigest()
