"""A run's side of the cluster: greets machines, gives them chunks, takes their answers, and gives back what they did not do.

Everything that is decided stays with the run; whatever a machine says is checked, and what none of them does is done here.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from album_sort.cluster import tasks
from album_sort.cluster.greeting import Greeting, Refusal, greet
from album_sort.cluster.house import House
from album_sort.cluster.machines import Chunk, Machine, Standing
from album_sort.cluster.messages import Wanted, pack_wanted, unpack_found
from album_sort.cluster.order import ClusterOrder
from album_sort.cluster.wire import Answer, MachineFaultError, Wire, WireCutError
from album_sort.cluster.worker import CHUNKS_AT_ONCE
from album_sort.core.checked import NONSENSE
from album_sort.errors import Interrupted, UsageError
from album_sort.events import EventSink, MachineChanged, MachineLooked, Notice
from album_sort.inspection.messages import Failed, Looked, Seen
from album_sort.pipeline.engine import Engine
from album_sort.types import FileEntry, Reason

_MOST_TRIES = 2
"""Machines that a file may have been with when they were lost: then it is read here."""

_MOST_FAULTS = 3
"""Of a machine, before it is left alone."""

_FIRST_S = 10.0
"""Machines that come so early are there at the beginning: where all of them have to be refused the run ends. Later it goes on without."""

_MOST_WAIT_S = 30.0
"""For what these say of themselves, when all else is done."""

Say = Callable[[Reason], str]


class Cluster:
    """Other machines, as `inspection.others.Others` wants them."""

    def __init__(self, order: ClusterOrder, engine: Engine, say: Say, sink: EventSink) -> None:
        self._order = order
        self._engine = engine
        self._say = say
        self._sink = sink
        self._house = House(order, engine)
        self._wire: Wire | None = None
        self._machines: dict[str, Machine] = {}
        self._greetings: dict[str, Future[Greeting]] = {}
        self._told: set[str] = set()
        self._returned: list[FileEntry] = []
        self._given_up: list[FileEntry] = []
        self._tries: Counter[str] = Counter()
        self._answered: deque[tuple[Machine, Answer]] = deque()
        self._files: Sequence[FileEntry] = ()
        self._wake: Callable[[], None] = lambda: None
        self._begun = 0.0
        self._may_look = False
        """Whether any machine has ever been allowed to look."""

    # ---- as `Others`

    @property
    def does_all(self) -> bool:
        """Whether this machine has nothing to do but what they give up: where the processes are its own."""
        return self._order.address.is_local and self._wire is not None and self._house.has_workers

    @property
    def in_hand(self) -> int:
        """Files that they have; and while nobody knows whether the first of them may look at all, the run is not over."""
        is_open = self._greetings and not self._may_look and time.monotonic() - self._begun < _MOST_WAIT_S
        return sum(len(chunk.files) for machine in self._machines.values() for chunk in machine.chunks) + bool(is_open)

    def begin(self, files: Sequence[FileEntry], wake: Callable[[], None]) -> None:
        """Comes to the meeting point; where there is none it is said once, and the run goes on alone."""
        self._files, self._wake, self._begun = files, wake, time.monotonic()
        try:
            address, security = self._house.open()
            self._wire = Wire(address, security, wake, self._order.patience_s)
        except WireCutError:
            self._tell(Reason.of("notice.cluster-not-there", address=self._order.address.text))

    def tend(self) -> None:
        """Looks who came and who went; raises `UsageError` at the beginning, where none that is there may look."""
        self._house.tend()
        wire = self._wire
        if wire is None:
            return
        if wire.is_cut:
            self._lose_everything()
            return
        present = wire.present
        for address in [address for address in self._machines if address not in present]:
            self._lose(self._machines.pop(address))
        for address in present - self._machines.keys():
            self._machines[address] = Machine(address)
            greeting = wire.run(greet(wire, address, self._engine, self._order, self._files))
            greeting.add_done_callback(lambda _: self._wake())
            self._greetings[address] = greeting
        for address in [address for address, greeting in self._greetings.items() if greeting.done()]:
            self._hear(self._machines.get(address), self._greetings.pop(address))

    def room(self) -> int:
        """How many chunks could be begun now."""
        return sum(CHUNKS_AT_ONCE - len(one.chunks) for one in self._looking())

    def give(self, files: Sequence[FileEntry]) -> None:
        """To the machine that has least in hand, the quickest of several."""
        wire = self._wire
        machine = min(self._looking(), key=lambda one: (len(one.chunks), -one.per_second), default=None)
        if wire is None or machine is None:
            self._given_up += files
            return
        if not machine.looked and not machine.chunks:
            machine.began = time.monotonic()
        key = wire.name("chunk")
        wanted = [Wanted.of(file, self._order.paths.there(file.path)) for file in files]
        work = (tasks.look, key, machine.token, pack_wanted(wanted))
        chunk = Chunk(files, wire.begin(machine.address, key, *work, heard=lambda answer: self._note(machine, answer)))
        machine.chunks.append(chunk)

    def answered(self) -> Looked | None:
        """The next answer, fetched now: until then it lies with the machine that has made it."""
        while self._answered and self._wire is not None:
            machine, answer = self._answered.popleft()
            chunk = next((one for one in machine.chunks if one.answer is answer), None)
            if chunk is None:
                continue  # taken back, or its machine is gone
            try:
                said = self._wire.fetch(machine.address, chunk.answer)
            except WireCutError:
                self._take_from(machine, chunk)
                if not self._wire.is_cut and machine.address in self._wire.present:
                    self._fault(machine, "")
                continue
            except (MachineFaultError, *NONSENSE) as error:
                self._take_from(machine, chunk)
                self._fault(machine, str(error))
                continue
            looked = self._checked(machine, chunk, said)
            if looked is not None:
                return looked
        return None

    def returned(self) -> list[FileEntry]:
        """Files of machines that are gone."""
        files, self._returned = self._returned, []
        return files

    def given_up(self, *, is_idle: bool) -> list[FileEntry]:
        """What is to be read here."""
        if is_idle:
            for machine in self._machines.values():
                for chunk in [one for one in machine.chunks if not one.answer.is_done and machine.is_overdue(one)]:
                    self._drop(machine, chunk)
                    self._given_up += chunk.files
        files, self._given_up = self._given_up, []
        return files

    def close(self) -> None:
        """Calls off what is in hand, and ends what was started."""
        if self._wire is not None:
            for machine in self._machines.values():
                for chunk in machine.chunks:
                    self._wire.forget(chunk.answer)
            self._wire.close()
            self._wire = None
        self._house.close()

    # ---- machines

    def _looking(self) -> list[Machine]:
        return [one for one in self._machines.values() if one.standing is Standing.LOOKING]

    def _note(self, machine: Machine, answer: Answer) -> None:
        """By a thread of Dask's."""
        answer.is_done = True
        self._answered.append((machine, answer))
        self._wake()

    def _hear(self, machine: Machine | None, greeting: Future[Greeting]) -> None:
        if machine is None:
            return
        try:
            said = greeting.result()
        except Refusal as refusal:
            self._refuse(machine, refusal.machine, refusal.reason)
        except Interrupted:  # came in this very moment
            raise
        except Exception:  # noqa: BLE001 - of the network, of Dask: that machine is not to be talked to
            where = machine.address.partition("://")[2]
            self._refuse(machine, where, Reason.of("notice.cluster-cannot-answer", machine=where))
        else:
            machine.name, machine.token = self._name_for(said.name), said.token
            machine.standing = Standing.LOOKING
            self._may_look = True
            self._house.has_come(said.name)
            self._sink(MachineChanged(machine.name, "joined"))

    def _name_for(self, name: str) -> str:
        """Several processes of one machine are told apart."""
        taken = {one.name for one in self._machines.values()}
        names = [name, *(f"{name} ({number})" for number in range(2, len(taken) + 3))]
        return next(one for one in names if one not in taken)

    def _refuse(self, machine: Machine, name: str, reason: Reason) -> None:
        """It is told why, the run tells why, and where it was the only one nothing begins."""
        machine.standing, machine.name = Standing.REFUSED, name
        sentence = self._say(reason)
        if self._wire is not None:
            self._wire.begin(machine.address, self._wire.name("refuse"), tasks.refuse, sentence)
        self._sink(MachineChanged(name, "refused"))
        if not self._may_look and not self._greetings and machine.came - self._begun < _FIRST_S:
            time.sleep(_TO_BE_TOLD_S)
            raise UsageError(sentence, hint=self._say(Reason.of("notice.cluster-nobody")))
        self._tell(reason, is_urgent=True)

    def _fault(self, machine: Machine, said: str) -> None:
        """A machine that cannot do what it is asked, again and again, is left alone."""
        machine.faults += 1
        if machine.faults >= _MOST_FAULTS and machine.standing is Standing.LOOKING:
            machine.standing = Standing.REFUSED
            for chunk in list(machine.chunks):
                self._take_from(machine, chunk)
            self._tell(Reason.of("notice.cluster-faults", machine=machine.name, said=said or "?"), is_urgent=True)

    def _lose(self, machine: Machine) -> None:
        """A machine is gone: others do what it had in hand."""
        for chunk in list(machine.chunks):
            self._take_from(machine, chunk)
        if machine.standing is Standing.LOOKING:
            self._sink(MachineChanged(machine.name, "left"))
            if not self._order.address.is_local:
                self._tell(Reason.of("notice.cluster-left", machine=machine.name))
        machine.standing = Standing.GONE

    def _lose_everything(self) -> None:
        """The meeting point is gone: it is said once, and the run goes on alone."""
        for machine in self._machines.values():
            machine.standing = Standing.GONE
            for chunk in machine.chunks:
                self._returned += chunk.files
            machine.chunks.clear()
        self._machines.clear()
        self._greetings.clear()
        self._tell(Reason.of("notice.cluster-lost", address=self._order.address.text))
        self.close()

    def _take_from(self, machine: Machine, chunk: Chunk) -> None:
        """For another machine, or for this one where that has happened before."""
        self._drop(machine, chunk)
        for file in chunk.files:
            self._tries[file.path] += 1
            (self._given_up if self._tries[file.path] >= _MOST_TRIES else self._returned).append(file)

    def _drop(self, machine: Machine, chunk: Chunk) -> None:
        machine.chunks.remove(chunk)
        if self._wire is not None:
            self._wire.forget(chunk.answer)

    # ---- answers

    def _checked(self, machine: Machine, chunk: Chunk, said: dict[str, Any]) -> Looked | None:
        """What may be believed; what was not answered, or of another file, is read here."""
        try:
            found = unpack_found(said["found"], chunk.files, self._engine.model_key)
        except NONSENSE as error:
            self._take_from(machine, chunk)
            self._fault(machine, f"{type(error).__name__}: {error}")
            return None
        self._drop(machine, chunk)
        answers: dict[int, Seen | Failed] = {}
        for one in found:
            wanted = Wanted.of(chunk.files[one.number], "")
            if wanted.is_like(one.size_bytes, one.mtime_ns):
                answers[one.number] = one.answer
        self._given_up += [file for number, file in enumerate(chunk.files) if number not in answers]
        if not answers:
            self._fault(machine, self._say(Reason.of("notice.cluster-sees-nothing")))
            return None
        machine.looked += len(answers)
        self._sink(MachineLooked(machine.name, len(answers), time.monotonic() - chunk.given, machine.per_second))
        return Looked(answers.values())

    def _tell(self, reason: Reason, *, is_urgent: bool = False) -> None:
        """Once."""
        text = self._say(reason)
        if text not in self._told:
            self._told.add(text)
            self._sink(Notice(text, is_urgent))


_TO_BE_TOLD_S = 0.5
"""For the sentence on its way to the machine that is refused."""
