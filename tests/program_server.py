"""The program for tests that call it hundreds of times: imported once, forked for each call.

Two thirds of a call's time went into imports. Each call is still a process of its own, with its own arguments, folder, environment,
streams and exit code; what only a new interpreter can show (start-up, encodings, the first call of each command) has one.
"""

from __future__ import annotations

import atexit
import contextlib
import copy
import functools
import gc
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from album_sort.inspection import process
from tests.reader_server import ReaderServer

_AT_RUN_TIME = ("ALBUM_SORT_", "XDG_", "PYTEST_", "KMP_INIT_AT_FORK")
"""Beginnings of the names of variables that the program reads while it runs: others may matter to the interpreter's start.

The last one is set by torch where a test imports it: it must not send all calls that follow to interpreters of their own."""
_MOST_BYTES = 1 << 20


class ProgramServer:
    """The server as the tests see it; started by the first call that it can serve."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], readers: ReaderServer) -> None:
        """`command`: the interpreter with its options; `readers` reads photos for the forked programs."""
        self._command = [*command, "-m", "tests.program_server"]
        self._environment = dict(environment)
        self._readers = readers
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None

    def can_serve(self, environment: Mapping[str, str], folder: str) -> bool:
        """Whether a fork is as good as a new interpreter in that environment and folder."""
        changed = dict(environment.items() ^ self._environment.items())
        return all(name.startswith(_AT_RUN_TIME) for name in changed) and os.access(folder, os.R_OK | os.X_OK)

    def run(
        self, arguments: Sequence[str], environment: Mapping[str, str], folder: str, timeout: float
    ) -> subprocess.CompletedProcess[bytes]:
        """Runs the program to its end; raises `subprocess.TimeoutExpired`, and has killed it then."""
        pipes = [os.pipe() for _ in range(3)]
        request = json.dumps({"arguments": list(arguments), "environment": dict(environment), "folder": folder})
        try:
            socket.send_fds(self._connected(), [request.encode("utf-8", "surrogateescape")], [w for _, w in pipes])
        finally:
            for _, writing in pipes:
                os.close(writing)
        heard = _read_all([reading for reading, _ in pipes], timeout)
        pid, _, code = heard[2].partition(b"\n")
        if not code:
            with contextlib.suppress(OSError, ValueError):
                os.kill(int(pid), signal.SIGKILL)
            raise subprocess.TimeoutExpired(list(arguments), timeout, heard[0], heard[1])
        return subprocess.CompletedProcess(list(arguments), int(code), heard[0], heard[1])

    def close(self) -> None:
        """The server ends with its socket."""
        if self._socket is not None and self._process is not None:
            self._socket.close()
            self._process.wait()

    def _connected(self) -> socket.socket:
        if self._socket is None:
            self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                sockets = (theirs.fileno(), self._readers.connection.fileno())
                self._process = subprocess.Popen(
                    [*self._command, *map(str, sockets)],
                    pass_fds=sockets,
                    stdin=subprocess.DEVNULL,
                    env=self._environment,
                )
        return self._socket


def _read_all(sources: Sequence[int], timeout: float) -> list[bytes]:
    """What comes out of these pipes until all are closed, or time is up."""
    heard = {source: bytearray() for source in sources}
    end = time.monotonic() + timeout
    with selectors.DefaultSelector() as waiting:
        for source in sources:
            waiting.register(source, selectors.EVENT_READ)
        while waiting.get_map() and (left := end - time.monotonic()) > 0:
            for key, _ in waiting.select(left):
                part = os.read(key.fd, 1 << 16)
                heard[key.fd] += part
                if not part:
                    waiting.unregister(key.fd)
    for source in sources:
        os.close(source)
    return [bytes(part) for part in heard.values()]


def _serve(requests: socket.socket) -> None:
    """Forks for each request, until the other side has gone."""
    while True:
        message, streams, _, _ = socket.recv_fds(requests, _MOST_BYTES, 3)
        if not message:
            return
        if os.fork() == 0:
            _supervise(json.loads(message.decode("utf-8", "surrogateescape")), *streams)
        for stream in streams:
            os.close(stream)
        with contextlib.suppress(ChildProcessError):  # supervisors that have ended
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _supervise(request: Mapping[str, object], output: int, errors: int, status: int) -> None:
    """Runs the program in one more process, and says its number at once and its exit code at its end."""
    child = os.fork()
    if child == 0:
        os.close(status)
        _run(request, output, errors)
    os.close(output)
    os.close(errors)
    os.write(status, f"{child}\n".encode())
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.write(status, str(code).encode())
    os._exit(0)


def _run(request: Mapping[str, object], output: int, errors: int) -> None:
    """Is the program: as `python -m album_sort` with these arguments, from here to its exit code."""
    arguments, environment = request["arguments"], request["environment"]
    assert isinstance(arguments, list)
    assert isinstance(environment, dict)
    os.dup2(output, 1)
    os.dup2(errors, 2)
    os.close(output)
    os.close(errors)
    os.chdir(str(request["folder"]))
    for name in os.environ.keys() - environment.keys():
        del os.environ[name]
    os.environ.update(environment)
    sys.argv = ["album_sort", *arguments]
    code: object = 0
    try:
        runpy.run_module("album_sort", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001 - as the interpreter does
        sys.excepthook(*sys.exc_info())
        code = 1
    with contextlib.suppress(Exception):
        atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def _import_program() -> None:
    """All that a run may need, network included; nothing of it starts a thread."""
    import album_sort.cli.app  # noqa: PLC0415 - only in the server
    import album_sort.operations.sort  # noqa: PLC0415 - likewise
    from album_sort.classifier.torch_startup import import_torchvision  # noqa: PLC0415 - likewise

    import_torchvision()
    for module in (Path(album_sort.__file__).parent).glob("*/*.py"):
        # A cluster needs its extra, a second and threads.
        if module.stem != "__main__" and module.parent.name != "cluster":
            __import__(f"album_sort.{module.parent.name}.{module.stem}")
    _make_ready()
    # What is there stays: a fork that looks for circles among it would copy it all.
    gc.freeze()


def _make_ready() -> None:
    """What every call does before it gets to its own work: half of the time of a call that has nothing new to look at."""
    import typer._adapters  # noqa: PLC0415 - typer does, at the first command line
    import typer.main  # noqa: PLC0415 - likewise

    from album_sort.cli.app import app  # noqa: PLC0415 - only in the server

    typer.main.get_command = functools.cache(typer.main.get_command)
    program = typer.main.get_command(app)
    _read_options(program)
    # The program's own tables are read again and again; others by those who bring them.
    tomllib.loads = functools.partial(_read_once, functools.cache(tomllib.loads))
    keep_shipped_network()
    _try_everything(program)


def _read_options(command: Any) -> None:
    """What typer finds out of each option when it is first used."""
    for option in command.params:
        option.get_runtime_param()
    for part in getattr(command, "commands", {}).values():
        _read_options(part)


def _read_once(read: Callable[..., dict[str, Any]], text: str, /, **how: Any) -> dict[str, Any]:
    return copy.deepcopy(read(text, **how))


def _try_everything(program: Any) -> None:
    """One run and its undo, as the program does it: what is loaded late is there then; nothing else remains of them."""
    from tests.builders import make_jpeg, make_tree  # noqa: PLC0415 - only in the server

    former, threads = os.environ["ALBUM_SORT_CACHE_DIR"], _native_threads()
    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w", encoding="utf-8") as nowhere:
        os.environ["ALBUM_SORT_CACHE_DIR"] = f"{folder}/cache"
        photos, out = (
            make_tree(Path(folder, "photos"), {"one.jpg": make_jpeg(1), "two.jpg": make_jpeg(2)}),
            f"{folder}/albums",
        )
        sort = [str(photos), "--out", out, "--threads", "1", "--model", "efficientnet-lite0", "--offline"]
        for call in (sort, sort, ["undo", "--out", out]):
            with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
                assert not program.main(call, prog_name="album-sort", standalone_mode=False)
        os.environ["ALBUM_SORT_CACHE_DIR"] = former
    assert _native_threads() == threads, "a fork would miss a thread that has been started"


def _native_threads() -> int:
    """Those of libraries, too; none where the system does not tell."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return 0


def keep_shipped_network() -> None:
    """The network that ships is built from its file once and copied for each run: a third of a run with a new photo went into that."""
    from album_sort.classifier import precision, torch_network  # noqa: PLC0415 - only where programs run
    from album_sort.classifier.precision import PreparedNetwork  # noqa: PLC0415 - likewise
    from album_sort.classifier.weights import WeightsFile, WeightsQuery, find_weights  # noqa: PLC0415 - likewise
    from album_sort.types import Precision  # noqa: PLC0415 - likewise

    build, shipped = precision.prepare_network, find_weights(WeightsQuery("efficientnet-lite0"))
    kept: list[PreparedNetwork] = []

    def prepare(weights: WeightsFile, wanted: Precision, *how: Any) -> PreparedNetwork:
        if (weights, wanted) != (shipped, Precision.AUTO):
            return build(weights, wanted, *how)
        if not kept:
            kept.append(build(weights, wanted, *how))
        return replace(kept[0], network=copy.deepcopy(kept[0].network))

    setattr(torch_network, "prepare_network", prepare)  # noqa: B010 - for types it is not to be changed
    # On one thread nothing is started that a fork would miss.
    torch_network.TorchNetwork(shipped, Precision.AUTO, threads=1, converted=Path(), calibration=_no_pictures)


def _no_pictures() -> Any:
    raise AssertionError("this network is not converted")


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    setattr(process, "start_reader", ReaderServer(socket.socket(fileno=int(sys.argv[2]))).start)  # noqa: B010 - it is no class of its
    _import_program()
    _serve(socket.socket(fileno=int(sys.argv[1])))
