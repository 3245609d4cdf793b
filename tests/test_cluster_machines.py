"""Real workers over real TLS: what dies costs time and nothing else, who is different is refused, and all ends when it is told to."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from album_sort.errors import UsageError
from album_sort.events import MachineChanged, MachineLooked, Notice
from album_sort.inspection.messages import Looked
from album_sort.inspection.others import read_with_others
from album_sort.settings import Settings
from album_sort.types import FileEntry, Precision, Reason
from tests.builders import make_jpeg, make_tree
from tests.cluster_machines import Process, Trial, children, command_of, free_port, started, wait_until
from tests.conftest import SHARED
from tests.test_cluster import entry, seen, told_apart

pytest.importorskip("distributed", reason="needs the extra `cluster`")
pytest.importorskip("cryptography", reason="needs the extra `cluster`")

from album_sort.cluster.certificates import make_certificates
from album_sort.cluster.coordinator import Cluster
from album_sort.cluster.machines import Chunk, Machine, Standing
from album_sort.cluster.messages import pack_found, row_of_seen
from album_sort.cluster.wire import Answer

WEIGHTS = SHARED / "weights" / "resnet18-imagenet1k-standin.pth"
EXACT = ("--weights", WEIGHTS, "--precision", "int16")
"""In whole numbers answers do not depend on who is beside whom in a batch."""

long = pytest.mark.long
with_weights = pytest.mark.skipif(not WEIGHTS.is_file(), reason=f"needs the development weights {WEIGHTS}")
on_linux = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="finds processes through /proc")


# ---- what is in memory, and who is believed: no process is needed


class OneByOne:
    """Another machine that has answered at once, and whose answers are fetched when they are asked for."""

    does_all = True

    def __init__(self) -> None:
        self.chunks: list[Sequence[FileEntry]] = []
        self.fetched: list[weakref.ref[object]] = []
        self.alive: list[int] = []

    @property
    def in_hand(self) -> int:
        return sum(map(len, self.chunks))

    def begin(self, files: object, wake: Callable[[], None]) -> None:  # noqa: ARG002 - as `Others` has it
        self.wake = wake

    def tend(self) -> None:
        """Nobody comes, nobody goes."""

    close = tend

    def room(self) -> int:
        return max(0, 2 - len(self.chunks))

    def give(self, files: Sequence[FileEntry]) -> None:
        assert len(files) <= 64
        self.chunks.append(files)
        self.wake()

    def answered(self) -> Looked | None:
        if not self.chunks:
            return None
        self.alive.append(sum(ref() is not None for ref in self.fetched))
        answers = [seen(file) for file in self.chunks.pop(0)]
        self.fetched += [weakref.ref(one.inspection.statistics) for one in answers]
        return Looked(answers)

    def returned(self) -> list[FileEntry]:
        return []

    def given_up(self, *, is_idle: bool) -> list[FileEntry]:  # noqa: ARG002 - as `Others` has it
        return []


def test_never_are_two_chunks_of_answers_in_memory() -> None:
    files = [entry(f"/p/{number}.jpg") for number in range(300)]
    others = OneByOne()
    nobody: Any = SimpleNamespace(submit=lambda _file: Future())
    count = 0
    for looked in read_with_others(files, nobody, others, 8):
        assert isinstance(looked, Looked)
        count += len(looked.take())
    assert count == 300
    assert others.alive == [0] * len(others.alive)
    assert len(others.alive) >= 300 / 64


def cluster_of(*machines: Machine, local: bool = False) -> tuple[Cluster, list[object]]:
    """A run's side with machines that are there, and what it tells."""
    told: list[object] = []
    order: Any = SimpleNamespace(address=SimpleNamespace(is_local=local, text="tls://nas:8786"))
    engine: Any = SimpleNamespace(model_key="key")
    cluster = Cluster(order, engine, str, told.append)
    cluster._machines = {one.address: one for one in machines}
    return cluster, told


def looking(name: str, *files: FileEntry) -> Machine:
    chunks = [Chunk(files, Answer())] if files else []
    return Machine(f"tls://{name}:1", name, standing=Standing.LOOKING, chunks=chunks)


FILES = [entry("/p/a.jpg"), entry("/p/b.jpg")]


def test_what_a_lost_machine_had_goes_to_another_and_after_the_second_it_is_read_here() -> None:
    first, second = looking("laptop", *FILES), looking("desk")
    cluster, told = cluster_of(first, second)
    cluster._lose(first)
    assert cluster.returned() == FILES
    assert cluster.given_up(is_idle=False) == []
    second.chunks = [Chunk(FILES, Answer())]
    cluster._lose(second)
    assert cluster.returned() == []
    assert cluster.given_up(is_idle=False) == FILES
    assert Notice(str(Reason.of("notice.cluster-left", machine="laptop"))) in told
    assert MachineChanged("desk", "left") in told


def test_what_is_not_answered_or_of_another_file_is_read_here() -> None:
    """And a machine that again and again sees nothing of what it is given gets no more."""
    machine = looking("laptop", *FILES)
    cluster, told = cluster_of(machine)
    other_time = [*row_of_seen(1, FILES[1], seen(FILES[1]))]
    other_time[2] = str(FILES[1].mtime_ns - 10**11)
    rows = [row_of_seen(0, FILES[0], seen(FILES[0])), other_time]
    looked = cluster._checked(machine, machine.chunks[0], {"found": pack_found(rows)})
    assert looked is not None
    assert [one.inspection.file for one in looked.take()] == FILES[:1]  # type: ignore[union-attr]
    assert cluster.given_up(is_idle=False) == FILES[1:]
    for _ in range(3):
        machine.chunks.append(Chunk(FILES, Answer()))
        assert cluster._checked(machine, machine.chunks[-1], {"found": pack_found([])}) is None
    assert machine.standing is Standing.REFUSED
    why = str(Reason.of("notice.cluster-sees-nothing"))
    assert Notice(str(Reason.of("notice.cluster-faults", machine="laptop", said=why)), is_urgent=True) in told
    assert cluster.given_up(is_idle=False) == FILES * 3


def test_who_talks_nonsense_is_not_believed_and_a_machine_that_cannot_answer_is_refused() -> None:
    machine = looking("laptop", *FILES)
    cluster, told = cluster_of(machine)
    assert cluster._checked(machine, machine.chunks[0], {"found": b"\xc1"}) is None
    assert cluster.returned() == FILES
    cluster._may_look = True
    broken: Future[Any] = Future()
    broken.set_exception(TimeoutError())
    cluster._hear(machine, broken)
    assert machine.standing is Standing.REFUSED
    assert Notice(str(Reason.of("notice.cluster-cannot-answer", machine="laptop:1")), is_urgent=True) in told


# ---- real processes


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with certificates, and with a cache in which the network is converted."""
    folder = tmp_path_factory.mktemp("cluster")
    make_certificates(folder / "certs")
    cache = folder / "cache"
    Trial(
        folder, Settings(weights=str(WEIGHTS), offline=True, precision=Precision.INT16), cache
    ).engine().make_network()
    return folder


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """384 of them."""
    root = tmp_path_factory.mktemp("photos")
    return make_tree(root, {f"{n % 7}/{n}.jpg": make_jpeg(n, (320 + n % 5, 240)) for n in range(384)})


def settings_for(prepared: Path, cluster: str) -> Settings:
    certificates = str(prepared / "certs")
    return Settings(
        weights=str(WEIGHTS), offline=True, precision=Precision.INT16, cluster=cluster, cluster_certs=certificates
    )


def trial(prepared: Path, photos: Path, place: Path, cluster: str) -> Trial:
    """One with a cache of its own, that begins with the converted network."""
    place.mkdir()
    (place / "weights").symlink_to(prepared / "cache" / "weights")
    return Trial(photos, settings_for(prepared, cluster), place)


@pytest.fixture(scope="module")
def alone(prepared: Path, photos: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[object, ...]]:
    """What a run without others finds."""
    return trial(prepared, photos, tmp_path_factory.mktemp("alone") / "cache", "").look()


@contextlib.contextmanager
def worker(tmp_path: Path, prepared: Path, address: str, name: str, *options: str) -> Iterator[Process]:
    own = {"ALBUM_SORT_CACHE_DIR": str(tmp_path / f"cache of {name}")}
    words = ("worker", address, "--name", name, *EXACT, "--offline")
    with started(
        tmp_path / f"{name}.log", *words, "--cluster-certs", prepared / "certs", *options, environment=own
    ) as process:
        yield process


FIELDS = ("content", "format", "metadata", "pixels", "statistics", "prediction", "embedding", "thumbnail")


def assert_alike(found: dict[str, tuple[object, ...]], alone: dict[str, tuple[object, ...]]) -> None:
    """Complete and equal in everything that is kept of a photo."""
    assert found.keys() == alone.keys()
    different = {path: (one, alone[path]) for path, one in found.items() if one != alone[path]}
    told = {
        path: [name for name, mine, theirs in zip(FIELDS, one, other, strict=False) if mine != theirs]
        for path, (one, other) in different.items()
    }
    assert told == {}, different


@contextlib.contextmanager
def killing(seed: int, killed: list[int], events: Sequence[object]) -> Iterator[None]:
    """Kills one of the workers of this process's run, at any time from the first answer on, again and again."""
    dice, over = random.Random(seed), threading.Event()  # noqa: S311 - chance, not secrets

    def kill() -> None:
        while not over.wait(0.05) and not any(isinstance(event, MachineLooked) for event in list(events)):
            pass
        while not over.wait(dice.uniform(0, 6)):
            workers = [pid for pid in children(os.getpid()) if "album_sort.cluster.child worker" in command_of(pid)]
            if workers:
                victim = dice.choice(workers)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(victim, signal.SIGKILL)
                    killed.append(victim)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@long
@with_weights
@on_linux
@pytest.mark.parametrize("seed", range(20))
def test_workers_that_are_killed_at_any_time_cost_nothing(
    seed: int, prepared: Path, photos: Path, alone: dict[str, tuple[object, ...]], tmp_path: Path
) -> None:
    killed: list[int] = []
    one = trial(prepared, photos, tmp_path / "cache", "local[2]")
    with killing(seed, killed, one.events):
        found = one.look()
    assert_alike(found, alone)
    assert killed
    assert any(isinstance(event, MachineLooked) for event in one.events)


@long
@with_weights
@on_linux
def test_a_poisonous_file_kills_a_reading_process_and_no_worker(prepared: Path, tmp_path: Path) -> None:
    """Whoever has it in hand is killed, twice; the worker stays, and what it gives up is read by the run itself."""
    photos = make_tree(tmp_path / "photos", {f"{n}.jpg": make_jpeg(n) for n in range(20)})
    Image.fromarray(np.zeros((6000, 6000, 3), np.uint8)).save(photos / "slow.png")
    alone = trial(prepared, photos, tmp_path / "alone", "").look()
    one = trial(prepared, photos, tmp_path / "together", "local[1]")
    hit, over = set[int](), threading.Event()

    def crash() -> None:
        while not over.wait(0.005) and len(hit) < 2:
            for pid in children(os.getpid()):
                # its own process has the large picture in hand when it has grown
                with contextlib.suppress(OSError, IndexError):
                    grown = int(Path(f"/proc/{pid}/statm").read_text().split()[5]) * 4096 > 100 << 20
                    parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
                    is_theirs = "cluster.child worker" in command_of(parent)
                    if grown and is_theirs and "inspection.reader" in command_of(pid) and pid not in hit:
                        os.kill(pid, signal.SIGSEGV)
                        hit.add(pid)

    thread = threading.Thread(target=crash)
    thread.start()
    try:
        found = one.look()
    finally:
        over.set()
        thread.join()
    assert len(hit) == 2
    assert_alike(found, alone)
    assert [event for event in one.events if isinstance(event, MachineChanged)] == [MachineChanged("local 1", "joined")]


OTHER_VERSION = "import album_sort; album_sort.__version__ = '99.1'; from album_sort.cli.app import main; main()"


@long
@with_weights
@pytest.mark.parametrize("what", ["weights", "version", "mount", "other files", "precision"])
def test_a_machine_that_differs_is_refused_and_nothing_is_written(
    what: str, prepared: Path, photos: Path, tmp_path: Path
) -> None:
    """One sentence that names both sides, here and there; both end with 2."""
    address = f"tls://127.0.0.1:{free_port()}"
    certificates = ("--cluster-certs", prepared / "certs")
    there = make_tree(tmp_path / "there", {f"{n % 7}/{n}.jpg": b"another" for n in range(384)})
    mine = EXACT if what != "weights" else ("--model", "efficientnet-lite0")
    theirs = EXACT if what != "precision" else ("--weights", WEIGHTS, "--precision", "fp32")
    mount = {"mount": f"{photos}={tmp_path / 'empty'}", "other files": f"{photos}={there}"}.get(what)
    paths = ("--cluster-path", mount) if mount else ()
    program = (sys.executable, "-c", OTHER_VERSION) if what == "version" else (sys.executable, "-m", "album_sort")
    cache = {"ALBUM_SORT_CACHE_DIR": str(tmp_path / "cache")}
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "weights").symlink_to(prepared / "cache" / "weights")
    words = ("worker", address, "--name", "laptop", *theirs, "--offline", *certificates)
    with (
        started(tmp_path / "meeting.log", "cluster", "start", address, *certificates) as meeting,
        (tmp_path / "worker.log").open("wb") as sink,
    ):
        meeting.wait_for("machines can meet at")
        other = subprocess.Popen([*program, *map(str, words)], stdout=sink, stderr=sink, env={**os.environ, **cache})
        try:
            wait_until(lambda: "ready to look" in (tmp_path / "worker.log").read_text(), 90)
            out = tmp_path / "albums"
            options = ("--out", out, *mine, "--offline", "--cluster", address, *certificates, *paths)
            with started(tmp_path / "run.log", photos, *options, environment=cache) as run:
                assert run.process.wait(90) == 2, run.said
            assert other.wait(20) == 2
        finally:
            other.kill()
            other.wait()
    said, heard = run.said, (tmp_path / "worker.log").read_text()
    assert not out.exists(), said
    assert "laptop" in said
    assert "Nothing was written. Mend that, or leave out --cluster." in said
    sentence = next(line for line in said.splitlines() if "laptop" in line).removeprefix("album-sort: ")
    assert sentence in heard.replace("\n", " ") or sentence[:60] in heard
    both = {
        "weights": ("ResNet-18", "EfficientNet-Lite0"),
        "version": ("99.1", "0.1.0"),
        "mount": (str(tmp_path / "empty"), str(photos)),
        "other files": (str(there), str(photos)),
        "precision": ("fp32", "int16"),
    }[what]
    assert all(side in " ".join(said.split()) for side in both), said


@long
@with_weights
def test_who_has_certificates_of_another_cluster_is_refused_on_either_side(prepared: Path, tmp_path: Path) -> None:
    make_certificates(tmp_path / "certs")
    photos = make_tree(tmp_path / "photos", {"a.jpg": make_jpeg(1)})
    address = f"tls://127.0.0.1:{free_port()}"
    with started(
        tmp_path / "meeting.log", "cluster", "start", address, "--cluster-certs", prepared / "certs"
    ) as meeting:
        meeting.wait_for("machines can meet at")
        with worker(tmp_path, tmp_path, address, "stranger") as stranger:
            assert stranger.process.wait(60) == 2
        assert "certificates of different clusters" in " ".join(stranger.said.split())
        one = Trial(photos, settings_for(tmp_path, address), tmp_path / "cache")
        with pytest.raises(UsageError, match="certificates of different clusters"):
            one.look()


@long
@with_weights
def test_a_meeting_place_that_is_gone_is_told_once_and_the_run_goes_on(
    prepared: Path, photos: Path, alone: dict[str, tuple[object, ...]], tmp_path: Path
) -> None:
    address = f"tls://127.0.0.1:{free_port()}"
    one = trial(prepared, photos, tmp_path / "cache", address)
    with (
        started(
            tmp_path / "meeting.log", "cluster", "start", address, "--cluster-certs", prepared / "certs"
        ) as meeting,
        worker(tmp_path, prepared, address, "laptop") as laptop,
    ):
        laptop.wait_for("ready to look")

        def kill() -> None:
            wait_until(lambda: any(isinstance(event, MachineLooked) for event in one.events), 90)
            meeting.process.kill()

        thread = threading.Thread(target=kill)
        thread.start()
        found = one.look()
        thread.join()
        laptop.wait_for("waiting for", 20)
    assert_alike(found, alone)
    told = [event.text for event in one.events if isinstance(event, Notice)]
    assert told == [str(Reason.of("notice.cluster-lost", address=address))]


@long
@with_weights
@on_linux
def test_all_ends_within_two_seconds(prepared: Path, photos: Path, tmp_path: Path) -> None:
    """Ctrl-C at the run: its own processes are gone, another machine's worker has nothing in hand and waits. Ctrl-C there: gone, too."""
    address = f"tls://127.0.0.1:{free_port()}"
    cache = {"ALBUM_SORT_CACHE_DIR": str(tmp_path / "cache")}
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "weights").symlink_to(prepared / "cache" / "weights")
    words: list[str | Path] = [photos, "--out", tmp_path / "A", *EXACT, "--offline", "--json"]
    words += ["--cluster-certs", prepared / "certs", "--cluster"]
    with started(tmp_path / "local.log", *words, "local[2]", environment=cache) as run:
        run.wait_for('"looked"')
        own = children(run.process.pid)
        assert sum("cluster.child" in command_of(pid) for pid in own) == 3
        assert run.end(signal.SIGINT, 2) == 130
    wait_until(lambda: not any(map(command_of, own)), 1)
    with worker(tmp_path, prepared, address, "laptop") as laptop:
        with started(tmp_path / "run.log", *words, address, environment=cache) as run:
            run.wait_for('"looked"')
            assert run.end(signal.SIGINT, 2) == 130
        laptop.wait_for("waiting for", 2)
        readers = children(laptop.process.pid)
        assert readers
        assert laptop.end(signal.SIGINT, 2) == 130
    wait_until(lambda: not any(map(command_of, readers)), 1)


NAS, LAPTOP = "10.213.77.1", "10.213.77.2"


def can_part_networks() -> bool:
    try:
        made = subprocess.run(["ip", "netns", "add", "as-probe"], capture_output=True, check=False).returncode == 0
        subprocess.run(["ip", "netns", "del", "as-probe"], capture_output=True, check=False)
    except OSError:
        return False
    return made


@pytest.fixture
def two_networks() -> Iterator[tuple[list[str], list[str]]]:
    """Two machines as far as networks go, with a wire between them; gives what a command begins with on each."""
    if not can_part_networks():
        pytest.skip("takes root, and networks that can be parted")
    names = [f"as-{os.getpid()}-{which}" for which in "nl"]
    wires = [f"as{os.getpid() % 10**6}{which}" for which in "nl"]

    def ip(*words: str) -> None:
        subprocess.run(["ip", *words], check=True, capture_output=True)

    try:
        for name in names:
            ip("netns", "add", name)
        ip("link", "add", wires[0], "netns", names[0], "type", "veth", "peer", "name", wires[1], "netns", names[1])
        for name, wire, number in zip(names, wires, (NAS, LAPTOP), strict=True):
            ip("-n", name, "addr", "add", f"{number}/24", "dev", wire)
            for device in ("lo", wire):
                ip("-n", name, "link", "set", device, "up")
        nas, laptop = (["ip", "netns", "exec", name] for name in names)
        yield nas, laptop
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


@long
@with_weights
def test_a_nas_and_a_laptop_with_a_network_between(
    prepared: Path, photos: Path, two_networks: tuple[list[str], list[str]], tmp_path: Path
) -> None:
    """Two networks, TLS between them, another path there; the report is that of a run alone."""
    nas, laptop = two_networks
    mount = tmp_path / "mnt"
    mount.symlink_to(photos)
    address = f"tls://{NAS}:8786"
    caches = []
    for name in ("alone", "nas", "laptop"):
        folder = tmp_path / f"cache of {name}"
        folder.mkdir()
        if name != "laptop":
            (folder / "weights").symlink_to(prepared / "cache" / "weights")
        caches.append({"ALBUM_SORT_CACHE_DIR": str(folder)})
    words = (photos, *EXACT, "--offline", "--json", "--out")
    others = ("--cluster", address, "--cluster-path", f"{photos}={mount}", "--cluster-certs", prepared / "certs")
    with started(tmp_path / "alone.log", *words, tmp_path / "alone" / "A", environment=caches[0]) as run:
        assert run.process.wait(240) == 0, run.said
    own = ("--name", "laptop", *EXACT, "--offline", "--cluster-certs", prepared / "certs")
    log = tmp_path / "laptop.log"
    with started(log, "worker", address, *own, environment=caches[2], prefix=laptop) as worker_there:
        worker_there.wait_for("waiting for")
        options = (*words, tmp_path / "together" / "A", *others)
        with started(tmp_path / "run.log", *options, environment=caches[1], prefix=nas) as run:
            assert run.process.wait(240) == 0, run.said
    assert '"event": "looked", "worker": "laptop"' in run.said
    assert list(told_apart(tmp_path / "alone" / "A")) == list(told_apart(tmp_path / "together" / "A"))
