"""Addresses that a person can open: of a server that listens on all of a machine's, each of these."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

_NOWHERE = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
"""Addresses of nobody (RFC 5737, RFC 3849): the system tells from which of ours it would send, and nothing is sent."""
_SIOCGIFADDR = 0x8915
_IF_INET6 = Path("/proc/net/if_inet6")
_GLOBAL_SCOPE = "00"


def openable_hosts(host: str) -> tuple[str, ...]:
    """`host` itself, or where that means all addresses of this machine, those that others can open, and last its own."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return (host,)
    if not address.is_unspecified:
        return (host,)
    found = {*_own(socket.AF_INET), *(_own(socket.AF_INET6) if address.version == 6 else ())}
    of_machine = sorted(
        (one for one in map(ipaddress.ip_address, found) if _is_for_others(one)),
        key=lambda one: (one.version, int(one)),
    )
    return (*map(str, of_machine), "127.0.0.1" if address.version == 4 else "::1")


def _is_for_others(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return not (address.is_loopback or address.is_unspecified or address.is_link_local or address.is_multicast)


def _own(family: socket.AddressFamily) -> Iterator[str]:
    """What systems tell in one way or another; each that fails tells nothing."""
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((_NOWHERE[family], 9))
        yield probe.getsockname()[0]
    with contextlib.suppress(OSError, UnicodeError):
        for *_, address in socket.getaddrinfo(socket.gethostname(), None, family):
            yield str(address[0]).partition("%")[0]
    yield from _of_interfaces() if family == socket.AF_INET else _of_interfaces_6()


def _of_interfaces() -> Iterator[str]:
    """On Linux also those that no way out leads through."""
    with contextlib.suppress(OSError, ImportError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        import fcntl  # noqa: PLC0415 - not everywhere

        for _, name in socket.if_nameindex():
            with contextlib.suppress(OSError):
                told = fcntl.ioctl(asked.fileno(), _SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
                yield socket.inet_ntoa(told[20:24])


def _of_interfaces_6() -> Iterator[str]:
    with contextlib.suppress(OSError, ValueError):
        for line in _IF_INET6.read_text(encoding="ascii").splitlines():
            digits, _, _, scope, *_ = line.split()
            if scope == _GLOBAL_SCOPE:
                yield str(ipaddress.IPv6Address(bytes.fromhex(digits)))
