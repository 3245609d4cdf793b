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
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from album_sort.inspection import process
from tests import forking
from tests.reader_server import AT_RUN_TIME, ReaderServer, native_threads

INTERPRETER = (sys.executable, "-W", "error::UserWarning:album_sort")
"""Runs the program and its server."""


class ProgramServer:
    """The server as the tests see it; started by the first call that it can serve."""

    def __init__(
        self, environment: Mapping[str, str], readers: ReaderServer, connection: socket.socket | None = None
    ) -> None:
        """`readers` reads photos for the forked programs; `connection`: to a server that others have started in this environment."""
        self._environment = dict(environment)
        self._readers = readers
        self._process: subprocess.Popen[bytes] | None = None
        self._socket = connection

    def can_serve(self, environment: Mapping[str, str], folder: str) -> bool:
        """Whether a fork is as good as a new interpreter in that environment and folder."""
        changed = dict(environment.items() ^ self._environment.items())
        return all(name.startswith(AT_RUN_TIME) for name in changed) and os.access(folder, os.R_OK | os.X_OK)

    def run(
        self, arguments: Sequence[str], environment: Mapping[str, str], folder: str, timeout: float
    ) -> subprocess.CompletedProcess[bytes]:
        """Runs the program to its end; raises `subprocess.TimeoutExpired`, and has killed it then."""
        pipes = [os.pipe() for _ in range(3)]
        request = {"arguments": list(arguments), "environment": dict(environment), "folder": folder}
        try:
            forking.ask(self._connected(), request, [w for _, w in pipes])
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

    def start(self, listener: socket.socket | None = None) -> socket.socket:
        """Begins to import the program; others may ask it by the listener."""
        self._socket, self._process = forking.start(
            [*INTERPRETER, "-m", "tests.program_server"], self._environment, listener, self._readers.connection
        )
        return self._socket

    def close(self) -> None:
        """The server ends with its owner's socket."""
        if self._socket is not None:
            self._socket.close()
        if self._process is not None:
            self._process.wait()

    def _connected(self) -> socket.socket:
        return self._socket or self.start()


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


def _run(request: Mapping[str, object], output: int, errors: int) -> NoReturn:
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
    # What is there stays: a fork that looks for circles among it, or takes torch's tables apart at its end, would copy it all.
    for end in list(getattr(weakref.finalize, "_registry")):  # noqa: B009 - not declared
        end.atexit = False
    gc.collect()
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

    former, threads = os.environ["ALBUM_SORT_CACHE_DIR"], native_threads()
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
    assert native_threads() == threads, "a fork would miss a thread that has been started"


def keep_shipped_network() -> None:
    """The network that ships is made of its file once and handed to each run, whatever its cache: a third of a run with a new photo."""
    from album_sort.classifier import lite0_conversion, precision, torch_network  # noqa: PLC0415 - only where programs run
    from album_sort.classifier.int16_network import int16_runs_here  # noqa: PLC0415 - likewise
    from album_sort.classifier.precision import PreparedNetwork  # noqa: PLC0415 - likewise
    from album_sort.classifier.weights import WeightsFile, WeightsQuery, find_weights  # noqa: PLC0415 - likewise
    from album_sort.types import Precision  # noqa: PLC0415 - likewise

    shipped = find_weights(WeightsQuery("efficientnet-lite0"))
    convert = lite0_conversion.convert_weights
    if int16_runs_here():
        converted = convert(shipped, _no_pictures)

        def convert_once(weights: WeightsFile, calibration: Any) -> Any:
            return converted if weights == shipped else convert(weights, calibration)

        setattr(lite0_conversion, "convert_weights", convert_once)  # noqa: B010 - for types it is not to be changed
        return
    build, kept = precision.prepare_network, list[PreparedNetwork]()

    def prepare(weights: WeightsFile, wanted: Precision, *how: Any) -> PreparedNetwork:
        if (weights, wanted) != (shipped, Precision.AUTO):
            return build(weights, wanted, *how)
        if not kept:
            kept.append(build(weights, wanted, *how))
        return replace(kept[0], network=copy.deepcopy(kept[0].network))

    setattr(torch_network, "prepare_network", prepare)  # noqa: B010 - likewise
    # On one thread nothing is started that a fork would miss.
    torch_network.TorchNetwork(shipped, Precision.AUTO, threads=1, converted=Path(), calibration=_no_pictures)


def _no_pictures() -> Any:
    raise AssertionError("this network is not measured")


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    owner, listener, readers = map(int, sys.argv[1:])
    setattr(process, "start_reader", ReaderServer(socket.socket(fileno=readers)).start)  # noqa: B010 - it is no class of its
    _import_program()
    forking.ForkServer(owner, listener, descriptors=3, become=_run).serve()
