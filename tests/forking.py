"""Servers that fork for each request: what takes long to import is imported once, for all processes that run tests.

A fork is a child of its server, which says its number at once and its exit code at its end; it knows nothing of the server's other work.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

_MOST_BYTES = 1 << 20


def listen(path: Path) -> socket.socket:
    """A place where processes ask a server that is about to be started; raises `OSError` where the path is too long."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(str(path))
    listener.listen(64)
    return listener


def connect(path: Path) -> socket.socket:
    """To a server that listens there, or will."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.connect(str(path))
    return connection


def start(
    command: Sequence[str], environment: Mapping[str, str], listener: socket.socket | None, *more: socket.socket
) -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """Starts a server; it ends when the returned connection is closed everywhere, whoever else is connected.

    Its last arguments are the numbers of its side of the connection, of the listener (-1 without) and of `more`.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        handed = [theirs, *([listener] if listener else []), *more]
        numbers = [theirs.fileno(), listener.fileno() if listener else -1, *(each.fileno() for each in more)]
        process = subprocess.Popen(
            [*command, *map(str, numbers)],
            pass_fds=[each.fileno() for each in handed],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env=dict(environment),
        )
    return ours, process


def ask(connection: socket.socket, request: Mapping[str, object], descriptors: Sequence[int]) -> None:
    """One request; the last of the descriptors is a pipe for the fork's number and exit code."""
    socket.send_fds(connection, [json.dumps(request).encode("utf-8", "surrogateescape")], descriptors)


Become = Callable[..., NoReturn]
"""What a fork does with the request and all descriptors but the last."""


class ForkServer:
    """The server's own side."""

    def __init__(self, owner: int, listener: int, *, descriptors: int, become: Become) -> None:
        """The numbers that `start` has handed over; each request brings so many descriptors."""
        self._owner = socket.socket(fileno=owner)
        self._listener = socket.socket(fileno=listener) if listener >= 0 else None
        self._descriptors = descriptors
        self._become = become
        self._waiting = selectors.DefaultSelector()
        self._running: dict[int, int] = {}

    def serve(self) -> None:
        """Until its owner has gone."""
        ends, ended = os.pipe()
        os.set_blocking(ends, False)
        os.set_blocking(ended, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(ended, warn_on_full_buffer=False)
        self._own = (ends, ended)
        for source in (self._owner, self._listener, ends):
            if source is not None:
                self._waiting.register(source, selectors.EVENT_READ)
        while True:
            for key, _ in self._waiting.select():
                if not isinstance(key.fileobj, socket.socket):
                    os.read(ends, 1 << 12)
                    self._tell_ends()
                elif key.fileobj is self._listener:
                    self._waiting.register(key.fileobj.accept()[0], selectors.EVENT_READ)
                elif not self._answer(key.fileobj) and key.fileobj is self._owner:
                    return

    def _answer(self, source: socket.socket) -> bool:
        """Forks for one request; False when there will be no other from there."""
        try:
            message, descriptors, _, _ = socket.recv_fds(source, _MOST_BYTES, self._descriptors)
        except ConnectionResetError:
            message = b""
        if not message:
            self._waiting.unregister(source)
            source.close()
            return False
        *handed, status = descriptors
        child = os.fork()
        if child == 0:
            self._be_a_fork(message, handed, status)
        with contextlib.suppress(BrokenPipeError):  # nobody waits any more
            os.write(status, f"{child}\n".encode())
        self._running[child] = status
        for descriptor in handed:
            os.close(descriptor)
        return True

    def _be_a_fork(self, message: bytes, handed: Sequence[int], status: int) -> NoReturn:
        """With nothing of the server's: whoever held a pipe of another fork would hide that fork's end."""
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for key in self._waiting.get_map().values():
                if isinstance(key.fileobj, socket.socket):
                    key.fileobj.close()
            self._waiting.close()
            for descriptor in (*self._own, status, *self._running.values()):
                os.close(descriptor)
            self._become(json.loads(message.decode("utf-8", "surrogateescape")), *handed)
        finally:
            os._exit(1)

    def _tell_ends(self) -> None:
        """The exit code of each fork that has ended."""
        with contextlib.suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                status = self._running.pop(found[0], None)
                if status is not None:
                    with contextlib.suppress(BrokenPipeError):  # nobody waits any more
                        os.write(status, str(os.waitstatus_to_exitcode(found[1])).encode())
                    os.close(status)
