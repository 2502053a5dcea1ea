"""Random lives of a few processes on one store, each made from a number that makes it again."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from aperture_plugin.clock.store_clock import StoreClock
from aperture_plugin.config.model import Config, ReadContext
from aperture_plugin.config.reader import read
from aperture_plugin.loop.deadlines import PATIENCE
from aperture_plugin.loop.messages import (
    CancelAsked,
    ConfigRead,
    ConfigRefusedMessage,
    PauseAsked,
    ResumeAsked,
    RunAsked,
)
from aperture_plugin.ports import Clock, Pause, RunQuery, Store, StoreUnavailable
from aperture_plugin.rules.jobs import Job, Outcome, OutcomeStatus
from aperture_plugin.rules.runs import Run
from tests.loop.simulation.machines import Behaviour, HostClock, Machine, Process, Time
from tests.loop.simulation.promises import Broken, Promises
from tests.loop.simulation.stores import Crash, Fault

__all__ = ["Life"]

NAMES = ("scan", "embed", "build", "sync", "tidy")
BEGINNINGS = (
    datetime(2026, 1, 10, 1, 58, 30, tzinfo=UTC),
    datetime(2026, 3, 29, 0, 58, 40, tzinfo=UTC),  # Riga's clocks go forward at 01:00 UTC, from 3:00 to 4:00
    datetime(2026, 10, 25, 0, 58, 40, tzinfo=UTC),  # and back at 01:00 UTC, from 4:00 to 3:00
)
PHRASES = (
    "every 10 seconds",
    "every 15 seconds",
    "every 20 seconds",
    "every minute",
    "every 7 seconds",
    "every hour",
    "cron * * * * *",
    "daily at 3:59 AM, 4:00 AM, 4:01 AM, 3:00 AM, 3:01 AM",
    "daily at 3:30 AM",
    "once at 2026-03-29 3:30 AM",
    "manual",
)


def seconds(count: float) -> timedelta:
    """Return a span."""
    return timedelta(seconds=count)


@lru_cache(maxsize=64)
def config_of(text: str) -> Config:
    """Return what a valid file says."""
    reading = read(text, ReadContext(file="schedules.yaml", environ={}, known_jobs=None, local_zone=ZoneInfo("UTC")))
    assert reading.config is not None, (reading.problems, text)
    return reading.config


class Life:
    """One random life of a store and those who share it.

    Args:
        seed: Makes the life: the same number, the same life.
        open_store: Returns a new handle on the one store.
        long: Whether it lasts several times as long.
        bursts: Whether its loops have the speed-ups for bursts; None for what the number says.
        serve: Gives the store a clock of its own, and lets the machines' clocks be wrong; None for clocks of theirs.
    """

    def __init__(
        self,
        seed: int,
        open_store: Callable[[], Store],
        *,
        long: bool = False,
        bursts: bool | None = None,
        serve: Callable[[Clock], object] | None = None,
    ) -> None:
        self.seed = seed
        self.chance = random.Random(seed)
        self.time = Time()
        self.promises = Promises(self.time)
        self.diary: list[str] = []
        self.open_store = open_store
        self.long = long
        self.bursts = seed % 3 != 0 if bursts is None else bursts
        self.begin = self.chance.choice(BEGINNINGS)
        self.alive: dict[str, Process] = {}
        self.most = self.chance.choice([1, 1, 2, 3])
        names = dict.fromkeys(self.chance.choice(["aa", "ab", "abc"]))
        self.steps_clocks = self.chance.random() < 0.3
        self.promises.clocks_are_true = not self.steps_clocks or serve is not None
        clocks = {name: HostClock(self.time, self.begin) for name in names}
        if serve is None:
            self.machines = [Machine(name, own, own) for name, own in clocks.items()]
        else:
            self.promises.server = server = HostClock(self.time, self.begin)
            serve(server)
            self.steps_clocks = True
            for own in clocks.values():
                own.step(seconds(self.chance.choice([-600, -5, 0, 5, 600])))
            self.machines = [Machine(name, own, StoreClock(own)) for name, own in clocks.items()]
        self.asks_ready = self.chance.random() < 0.2
        # Where runs are short and nobody else is there, workers hand their seats on.
        self.is_brisk = seed % 4 == 1
        self.count = 0
        self.config = config_of(self.text())

    # ── what it is made of ──────────────────────────────────────────────────────────────────────

    def text(self) -> str:
        """Return a random file."""
        chance = self.chance
        lines = [
            "timezone: Europe/Riga\n",
            f"queues:\n  default: {chance.randint(1, 2)}\n  quick: 1\n",
            f"limits:\n  api: {chance.randint(1, 4)} per {chance.choice(['5 seconds', '20 seconds', '3 minutes'])}\n",
            "schedules:\n",
        ]
        names = NAMES[: chance.randint(2, len(NAMES))]
        for place, name in enumerate(names):
            earlier = names[:place]
            lines.append(f"  {name}:\n    schedule: {self._phrase(earlier)}\n")
            lines += [f"    {line}\n" for line in self._beside(earlier)]
        return "".join(lines)

    def _phrase(self, earlier: tuple[str, ...]) -> str:
        if earlier and self.chance.random() < 0.25:
            return f"after {', '.join(self.chance.sample(earlier, self.chance.randint(1, min(2, len(earlier)))))}"
        return self.chance.choice(PHRASES)

    def _beside(self, earlier: tuple[str, ...]) -> list[str]:
        chance = self.chance
        pick = chance.choice
        found = [
            line
            for odds, line in (
                (0.3, f"retry:\n      attempts: {pick([2, 3])}\n      delay: {pick([1, 4, 12])} seconds"),
                (0.1, "missed: skip"),
                (0.1, f"missed within: {pick([15, 60])} seconds"),
                (0.4, f"overlap: {pick(['queue one', 'skip', 'allow'])}"),
                (0.3, f"timeout: {pick([5, 15])} seconds"),
                (0.2, f"stalled after: {pick([4, 10])} seconds"),
                (0.1, "jitter: 5 seconds"),
                (0.2, "queue: quick"),
                (0.1, "on failure: pause"),
                (0.1, "interrupted: leave"),
                (0.05, "enabled: no"),
                (0.1, f"window: {pick(['3:59 AM to 4:01 AM', '3:00 AM to 4:30 AM', '1:00 AM to 4:00 AM'])}"),
                (0.05, f"requires env: [{pick(['PRESENT', 'ABSENT'])}]"),
                (0.1, "timezone: America/New_York"),
                (0.2, "command: 'true'"),
            )
            if chance.random() < odds
        ]
        if "on failure: pause" in found and chance.random() < 0.7:
            found.append("pause for: 20 seconds")
        if earlier and chance.random() < 0.3:
            found.append(f"needs: [{pick(earlier)}]")
        if found and found[0].startswith("retry") and chance.random() < 0.3:
            found[0] += "\n      past next slot: yes"
        return found

    def behave(self, _run: Run) -> Behaviour:
        """Return how an attempt goes."""
        chance = self.chance
        permanent = chance.random() < 0.2
        failed = Outcome(status=OutcomeStatus.FAILED, reason="by chance", permanent=permanent)
        outcome = chance.choices([Outcome(), failed, None], [0.75, 0.22, 0.03])[0]
        return Behaviour(
            takes=seconds(chance.choice([0, 0, 0.2, 1, 3, 8, 25])) / (100 if self.is_brisk else 1),
            outcome=outcome,
            progress=chance.choice([0, 0, 3]),
            spends=("api", 1) if chance.random() < 0.2 else None,
            stubborn=chance.random() < 0.1,
            killable=chance.random() < 0.5,
            is_poisonous=chance.random() < 0.05,
        )

    def ready(self, _job: Job) -> list[str]:
        """Hold a job back now and then."""
        return ["its server is down"] if self.chance.random() < 0.3 else []

    # ── time ────────────────────────────────────────────────────────────────────────────────────

    def advance(self, span: timedelta) -> None:
        """Let time pass, event by event, in an order of chance where several things are due at once."""
        end = self.time.passed + span
        while True:
            nexts = [(at, process) for process in self.alive.values() if (at := process.next_at) is not None]
            at = min((at for at, _ in nexts), default=None)
            if at is None or at > end:
                break
            self.time.passed = max(self.time.passed, at)
            due = [process for at, process in nexts if at <= self.time.passed]
            self.step(due[0] if len(due) == 1 else self.chance.choice(due))
        self.time.passed = end

    def step(self, process: Process) -> None:
        """Let a process do what is due."""
        try:
            process.go_on()
        except Crash:
            self.die(process)
        except Exception as error:
            raise Broken(f"promise 10: a tick raised {type(error).__name__}: {error}") from error
        self.promises.look()
        self.promises.raise_what_was_found()

    def die(self, process: Process) -> None:
        """Let a process die."""
        process.die()
        del self.alive[process.id]
        self.note(f"{process.id} died")

    def note(self, words: str) -> None:
        """Write into the diary."""
        self.diary.append(f"{self.time.seconds:9.3f}  {words}")

    # ── what may happen ─────────────────────────────────────────────────────────────────────────

    def start(self, fault: tuple[int, type[BaseException]] | None = None) -> None:
        """Start a process, to which *fault* happens at that step."""
        self.count += 1
        process = Process(
            self.count,
            self.chance.choice(self.machines),
            self.time,
            self.open_store(),
            self.config,
            watching=self.promises,
            behave=self.behave,
            chance=self.chance,
            alive=self.alive,
            asks_ready=self.asks_ready,
            ready=self.ready,
            bursts=self.bursts,
        )
        self.promises.processes[process.id] = process
        self.alive[process.id] = process
        self.note(f"{process.id} starts")
        if fault is not None:
            process.faults.after(*fault)
        try:
            process.begin()
        except (Crash, Fault, StoreUnavailable):
            self.die(process)
        self.promises.raise_what_was_found()

    def someone(self) -> Process | None:
        """Return a process that lives."""
        return self.chance.choice(list(self.alive.values())) if self.alive else None

    def pass_time(self) -> None:
        """Nothing special."""
        self.advance(seconds(self.chance.choice([0.3, 2, 5, 11, 20, 30])))

    def start_another(self) -> None:
        """A process more, if there is room."""
        if len(self.alive) < self.most:
            self.start()

    def crash(self) -> None:
        """A process dies, here or in the middle of something, and another may start later."""
        process = self.someone()
        if process is None:
            return
        if self.chance.random() < 0.3:
            self.die(process)
        else:
            process.faults.after(self.chance.randint(1, 40), Crash)
            self.note(f"{process.id} will die")
        self.advance(seconds(self.chance.choice([0, 1, 4, 20])))
        if self.chance.random() < 0.6:
            self.start_another()

    def doubt(self) -> None:
        """A statement or a commit fails: what it wrote may be there, or not."""
        process = self.someone()
        if process is not None:
            process.faults.after(self.chance.randint(1, 30), self.chance.choice([StoreUnavailable, Fault]))
            self.note(f"{process.id} will lose the store for a moment")
            self.advance(seconds(self.chance.choice([1, 5, 10])))
            process.faults.at = None

    def outage(self) -> None:
        """The store goes away, for one process or for all."""
        away = list(self.alive.values()) if self.chance.random() < 0.5 else list(filter(None, [self.someone()]))
        self.note(f"the store is away for {[process.id for process in away]}")
        for process in away:
            process.faults.away = True
        self.advance(seconds(self.chance.choice([1, 8, 14, 40])))
        for process in away:
            process.faults.away = False
            process.unwell_at = self.time.passed
        self.note("the store is back")
        self.advance(seconds(self.chance.choice([0, 6])))

    def hang(self) -> None:
        """A process does nothing for a while, and goes on as if nothing had happened."""
        process = self.someone()
        if process is not None:
            span = seconds(self.chance.choice([2, 10, 16, 45]))
            process.hangs_until = self.time.passed + span
            self.note(f"{process.id} hangs for {span}")
            self.advance(seconds(self.chance.choice([1, 20, 50])))

    def stop(self) -> None:
        """A process is stopped cleanly."""
        process = self.someone()
        if process is None or process.hangs_until is not None:
            return
        self.note(f"{process.id} is stopped")
        process.loop.drain()
        process.draining = True
        process.wakes_at = self.time.passed
        for ask, grace in ((False, self.chance.choice([0, 6, 30])), (True, PATIENCE.total_seconds())):
            if ask:
                process.loop.ask_all_to_stop("aperture was stopped")
                process.wakes_at = self.time.passed
            until = self.time.passed + seconds(grace)
            while process.id in self.alive and process.loop.running_here() and self.time.passed < until:
                self.advance(seconds(1))
        if process.id not in self.alive:
            return
        try:
            process.leave("aperture was stopped before it had finished")
        except (Crash, Fault):
            self.die(process)
            return
        del self.alive[process.id]
        if process.faults.away:
            process.left, process.died_at = False, self.time.passed
        self.promises.look()
        self.promises.raise_what_was_found()

    def absence(self) -> None:
        """Nobody is there for a long time."""
        for process in list(self.alive.values()):
            self.die(process)
        self.time.passed += seconds(self.chance.choice([30, 200, 4000]))
        self.start()

    def set_clock(self) -> None:
        """A clock is set, or is found to be wrong."""
        if self.steps_clocks:
            machine = self.chance.choice(self.machines)
            span = seconds(self.chance.choice([-3700, -60, -7, 7, 50, 900]))
            self.note(f"the clock of {machine.name} is set by {span}")
            machine.own.step(span)
            self.advance(seconds(self.chance.choice([0, 5])))

    def ask(self) -> None:
        """Somebody wants a run now."""
        process = self.someone()
        name = self.chance.choice(NAMES)
        if process is not None and process.loop.in_force.job_config(name) is not None:
            now = process.machine.clock.now()
            self.note(f"{process.id} is asked for {name}")
            process.tell(RunAsked(job=name, by="chance", at=now))
            self.advance(seconds(self.chance.choice([0, 3])))

    def cancel(self) -> None:
        """Somebody does not want a job's runs any more."""
        process = self.someone()
        if process is not None:
            name = self.chance.choice(NAMES)
            self.note(f"{process.id} is asked to cancel {name}")
            process.tell(CancelAsked(job=name, reason="cancelled by chance"))
            self.advance(seconds(self.chance.choice([0, 3])))

    def hold(self) -> None:
        """Somebody pauses a job, and resumes it, perhaps elsewhere."""
        process, name = self.someone(), self.chance.choice(NAMES)
        if process is not None:
            now = process.machine.clock.now()
            until = now + seconds(20) if self.chance.random() < 0.3 else None
            self.note(f"{process.id} is asked to pause {name}")
            process.tell(PauseAsked(pause=Pause(job=name, since=now, until=until, by="chance")))
            self.advance(seconds(self.chance.choice([0, 3, 25])))
        process = self.someone()
        if process is not None:
            process.tell(ResumeAsked(job=name))

    def save(self) -> None:
        """The file is saved, for all processes: they read the same one."""
        if not all(process.is_well for process in self.alive.values()):
            return
        if self.chance.random() < 0.25:
            self.note("a bad file is saved")
            before = {process.id: process.config for process in self.alive.values()}
            for process in self.alive.values():
                process.tell(ConfigRefusedMessage(problems=()))
            self.advance(seconds(1))
            for process in self.alive.values():
                self.promises.check(process.config is before[process.id], 7, "a refused file came into force")
            return
        if self.chance.random() < 0.5:
            self.config = config_of(self.text())
        else:
            word = f"default: {self.chance.randint(1, 3)}"
            self.config = config_of(self.config.text.replace("default: 1", word).replace("default: 2", word))
        self.note("a file is saved")
        jobs = {name: Job(name, print) for name in self.config.jobs}
        for process in list(self.alive.values()):
            self._swap(process, ConfigRead(config=self.config, jobs=jobs))

    def _swap(self, process: Process, message: ConfigRead) -> None:
        """Let a process take in a file, and see that jobs whose words did not change keep their next run."""
        timetable, old, now = process.loop.state.timetable, process.config, process.machine.clock.now()
        before = {name: timetable.next_slot(name) for name in old.jobs}
        process.tell(message)
        self.step(process)
        if process.id not in self.alive or process.config is not self.config:
            return
        for name, slot in before.items():
            job, was = self.config.jobs.get(name), old.jobs[name]
            same = job is not None and (job.schedule, job.zone, job.enabled) == (was.schedule, was.zone, was.enabled)
            if same and slot is not None and slot.due > now:
                kept = timetable.next_slot(name) == slot
                self.promises.check(kept, 7, f"{name} lost its next run, and its words did not change")
        for run in list(self.promises.in_hand.values()):
            # Beside other loops it waits until the last of them has taken the file in.
            is_alone = process.loop.state.division.is_alone
            gone = is_alone and run.job not in self.config.jobs and run.status != "running"
            self.promises.check(not gone, 7, f"{run.job} was taken out, and a run of it waits")
        self.promises.raise_what_was_found()

    # ── a whole life ────────────────────────────────────────────────────────────────────────────

    def live(self) -> None:
        """Let it all happen, and look back.

        Raises:
            Broken: A promise was; with the diary.
        """
        self._with_diary(self._live)

    def live_simply(self, fault: tuple[int, type[BaseException]] | None = None) -> int:
        """Let a process start, work and take in a file, while *fault* happens to it at that step; return its steps."""
        steps: list[int] = []

        def simply() -> None:
            self.start(fault)
            for act in (self.ask, self.pass_time, self.save, self.ask, self.pass_time):
                act()
            steps.append(self.promises.processes[next(iter(self.promises.processes))].faults.steps)
            self.rest()

        self._with_diary(simply)
        return steps[0]

    def _with_diary(self, live: Callable[[], None]) -> None:
        try:
            live()
        except Broken as broken:
            diary = "\n".join(self.diary[-30:])
            raise Broken(f"{broken}\n{diary}\n{self.config.text}") from broken

    def _live(self) -> None:
        usual = [self.pass_time] * 5 + [self.ask, self.start_another]
        rare = [self.crash, self.doubt, self.outage, self.hang, self.stop, self.absence]
        rare += [self.set_clock, self.cancel, self.hold, self.save]
        self.start()
        for _ in range(self.chance.randint(4, 40 if self.long else 12)):
            self.chance.choice(usual + 2 * rare)()
            self.promises.raise_what_was_found()
        self.rest()

    def rest(self) -> None:
        """Let all be well for a while; then everything must be accounted for."""
        self.note("all is well")
        for process in self.alive.values():
            process.faults.at = None
        if not self.alive:
            self.start()
        self.advance(seconds(60))
        process = next(iter(self.alive.values()))
        store = self.open_store()
        store.open()
        kept = store.history(RunQuery(limit=None))
        store.close()
        self.promises.look_back(kept, self.config, process)
        self.promises.raise_what_was_found()
