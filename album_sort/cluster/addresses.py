"""Where machines meet: `tls://nas:8786`, `local[2]`; and how their paths differ."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from dataclasses import dataclass

from album_sort.errors import UsageError
from album_sort.sentences import sentence

DEFAULT_PORT = 8786

_LOCAL = re.compile(r"local(?:\[(\d{1,3})\])?", re.ASCII)
_REMOTE = re.compile(r"(tls|tcp)://(\[[0-9a-fA-F:.]+\]|[^\s:/\[\]@]+)(?::(\d{1,5}))?/?", re.ASCII)
_EVERYWHERE = ("0.0.0.0", "[::]")  # noqa: S104 - compared with, not listened on


@dataclass(frozen=True, slots=True)
class Address:
    """Where machines meet, as somebody has said it."""

    processes: int
    """Of `local[N]`: workers that this run starts itself; 0 for a place where others come."""
    scheme: str = "tls"
    host: str = "127.0.0.1"
    """As in an address: that of IPv6 in brackets."""
    port: int = 0
    """0 for any that is free."""

    @property
    def is_local(self) -> bool:
        """Whether all of it is started by the run, and ends with it."""
        return self.processes > 0

    @property
    def text(self) -> str:
        """As a person writes it."""
        return f"local[{self.processes}]" if self.is_local else f"{self.scheme}://{self.host}:{self.port}"

    @property
    def to_connect(self) -> str:
        """Where to connect to; from the machine that listens everywhere that is this one."""
        host = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}.get(self.host, self.host)  # noqa: S104 - as above
        return f"{self.scheme}://{host}:{self.port}"


def parse_address(text: str) -> Address:
    """Raises `UsageError` for what is no place to meet, and for one where others on the network could listen or run code."""
    local = _LOCAL.fullmatch(text.strip())
    if local is not None:
        count = int(local[1]) if local[1] else 2
        if not 1 <= count <= 256:
            raise UsageError(sentence("cluster.how-many-processes", text=text), hint="local[2]")
        return Address(count)
    remote = _REMOTE.fullmatch(text.strip())
    port = int(remote[3] or DEFAULT_PORT) if remote else 0
    if remote is None or not 0 < port < 1 << 16:
        raise UsageError(sentence("cluster.no-place", text=text), hint=sentence("cluster.give-a-place"))
    address = Address(0, remote[1], remote[2], port)
    if address.scheme == "tcp" and not is_loopback(address.host):
        raise UsageError(
            sentence("cluster.anybody-could", text=text),
            hint=sentence("cluster.make-certificates-for", address=f"tls://{address.host}:{port}"),
        )
    return address


def is_loopback(host: str) -> bool:
    """Whether only programs of this machine can come there: by the number, for names may be made to lead anywhere."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def place_to_listen(address: Address) -> str | None:
    """The host on which this machine can take this address; None where it is another machine's, or taken already.

    A name that this machine gives itself often leads to loopback (Debian writes it to /etc/hosts), where no other machine comes: then it
    listens everywhere, which is what its name says to the others.
    """
    host = address.host.strip("[]")
    try:
        found = socket.getaddrinfo(host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        return None
    family, kind, protocol, _, place = found[0]
    try:
        with socket.socket(family, kind, protocol) as trial:
            # As the one that listens will: a place that was left a minute ago is free.
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(place)
            trial.listen(1)
    except OSError:
        return None
    number = str(place[0])
    if is_loopback(number) and not is_loopback(host):
        return "0.0.0.0"  # noqa: S104 - behind certificates
    return f"[{number}]" if ":" in number else number


@dataclass(frozen=True, slots=True)
class PathMap:
    """Where other machines see what lies here."""

    pairs: tuple[tuple[str, str], ...] = ()
    """(here, there), the longest first."""

    def there(self, path: str) -> str:
        """A path as the others see it; the same where nothing was said."""
        for here, there in self.pairs:
            if path == here or path.startswith(here if here.endswith("/") else f"{here}/"):
                return there.rstrip("/") + "/" + path[len(here) :].lstrip("/") if path != here else there
        return path


def parse_paths(texts: tuple[str, ...]) -> PathMap:
    """`LOCAL=REMOTE`; raises `UsageError` for anything else."""
    pairs = []
    for text in texts:
        here, equals, there = text.partition("=")
        if not equals or not os.path.isabs(here) or not os.path.isabs(there):
            raise UsageError(sentence("cluster.path-takes", text=text), hint=sentence("cluster.path-example"))
        pairs.append((os.path.normpath(here), os.path.normpath(there)))
    return PathMap(tuple(sorted(pairs, key=lambda pair: -len(pair[0]))))
