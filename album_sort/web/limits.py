"""How much anybody may ask of the server: nothing that a client sends can take memory, disk, processes or time without bound."""

from __future__ import annotations

from dataclasses import dataclass

MB = 1 << 20

LOCAL_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
"""Of this machine, for itself alone."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, times in seconds."""

    file_bytes: int = 200 * MB
    """Of one picture: the largest RAW files are 150 MB."""
    request_bytes: int = 1024 * MB
    """Of one request."""
    files: int = 100
    """Pictures in one request."""
    field_bytes: int = 4096
    """Of a form's field that is no picture; all of them are passed over."""
    fields: int = 20
    waiting_bytes: int = 2048 * MB
    """Of all pictures that lie on the disk and wait for an answer."""
    waiting_pictures: int = 64
    """Sent and not answered yet; further ones wait in their sockets."""
    requests: int = 64
    """With pictures, at the same time; further ones are told to come again."""
    retry_after_s: int = 2
    connections: int = 256
    head_bytes: int = 16 << 10
    """Of a request's line and headers."""
    head_s: float = 10.0
    """For a request's line and headers, and between two requests of a connection."""
    body_s: float = 15.0
    """That a client may keep us waiting for the parts of a body, beside the time that its bytes take at `body_bytes_per_s`."""
    body_bytes_per_s: int = 100_000
    """Of the slowest client that is waited for: a phone on a bad day."""
    write_s: float = 30.0
    """That a client may leave an answer unread."""
