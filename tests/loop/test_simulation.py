"""The whole engine, store included, through random histories: crashes, outages, slow jobs, clock steps, saves.

Each promise of DESIGN.md, section 4, that can be read off the history is an invariant. A failing seed is
printed by pytest as the test's name, and replays by `pytest -k "seed"`.
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from aperture_plugin.loop.inbox import CancelAsked
from aperture_plugin.ports import Era, LiveRun
from aperture_plugin.rules.runs import IN_HAND, Run, RunTrigger, Status
from aperture_plugin.testing import World
from aperture_plugin.triggers.trigger import trigger_of
from aperture_plugin.words.phrases import read_phrase

SEEDS = range(40)
LONG_SEEDS = range(40, 1500)
NAMES = ["scan", "embed", "build", "sync"]


class History:
    """One random life of a host, and what it should leave behind."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.world = World(folder)
        self.seats = self.chance.randint(1, 3)
        self.started: Counter[tuple[str, int]] = Counter()
        self.broken: list[str] = []
        for name in NAMES:
            self.world.handlers[name] = self.handler
        self.write()
        self.world.start(at="2026-03-28 20:00")  # the night the clocks change in Riga lies ahead

    def handler(self, run: LiveRun) -> None:
        self.started[(run.id, run.attempt)] += 1
        self.check_needs(run)
        if self.chance.random() < 0.2:
            raise ValueError("chance")

    def check_needs(self, run: LiveRun) -> None:
        """What holds when a run begins that needs another job's, and nobody asked for."""
        state = self.world.loop.state
        if run.trigger is RunTrigger.MANUAL:
            return
        for need in state.config.jobs[run.job].needs:
            last = state.last.get(need)
            if state.lines.of_job(need) or last is None or last.status is not Status.COMPLETED:
                self.broken.append(f"{run.job} started, and {need}, which it needs, had not completed")

    def text(self) -> str:
        phrases = ["every 30 minutes", "every 2 hours", "daily at 3:30 AM", "every 50 minutes", "manual"]
        chosen = {name: self.chance.choice(phrases) for name in NAMES}
        lines = [f"timezone: Europe/Riga\nqueues:\n  default: {self.seats}\nschedules:\n"]
        for name, phrase in chosen.items():
            lines.append(f"  {name}:\n    schedule: {phrase}\n")
            if self.chance.random() < 0.3:
                lines.append("    retry:\n      attempts: 2\n      delay: 5 minutes\n")
            if self.chance.random() < 0.3:
                lines.append(f"    missed: {self.chance.choice(['run once', 'skip'])}\n")
            if self.chance.random() < 0.3:
                lines.append(f"    overlap: {self.chance.choice(['queue one', 'skip'])}\n")
            if name == "embed" and self.chance.random() < 0.5:
                lines.append("    needs: [scan]\n")
        return "".join(lines)

    def write(self) -> None:
        for name in NAMES:
            self.world.durations[name] = timedelta(minutes=self.chance.choice([0, 1, 20, 70]))
        self.world.write(self.text())

    def live(self) -> None:
        """Let a few random things happen."""
        for _ in range(self.chance.randint(5, 25)):
            self.chance.choice(
                [self.pass_time] * 4
                + [self.crash, self.stop, self.save, self.outage, self.step, self.ask, self.cancel, self.hold]
            )()
            self.check_now()
        self.world.advance("8 hours")

    def pass_time(self) -> None:
        self.world.advance(timedelta(minutes=self.chance.randint(1, 200)))

    def crash(self) -> None:
        self.world.kill()
        self.world.clock.advance(timedelta(minutes=self.chance.choice([0, 3, 100])))
        self.world.start()

    def stop(self) -> None:
        self.world.stop()
        self.world.clock.advance(timedelta(minutes=self.chance.choice([0, 3, 400])))
        self.world.start()

    def save(self) -> None:
        for name in NAMES:
            self.world.durations[name] = timedelta(minutes=self.chance.choice([0, 1, 20, 70]))
        self.world.save(self.text())

    def outage(self) -> None:
        store, away = self.world.folder / "aperture.db", self.world.folder / "away.db"
        store.rename(away)
        self.world.advance(timedelta(minutes=self.chance.choice([1, 100])))
        away.rename(store)
        self.world.advance("1 minute")

    def step(self) -> None:
        self.world.clock.step(timedelta(minutes=self.chance.choice([-90, -5, 5, 300])))
        self.world.drain()

    def ask(self) -> None:
        self.world.aperture.run(self.chance.choice(NAMES), by="chance")
        self.world.drain()

    def cancel(self) -> None:
        self.world.loop.inbox.put(CancelAsked(job=self.chance.choice(NAMES), reason="chance"))
        self.world.drain()

    def hold(self) -> None:
        name = self.chance.choice(NAMES)
        self.world.pause(name, note="chance")
        self.world.advance(timedelta(minutes=self.chance.choice([1, 100])))
        self.world.resume(name)

    def check_now(self) -> None:
        """What holds at every moment."""
        runs = self.world.history()
        running = [run for run in runs if run.status is Status.RUNNING]
        assert len(running) <= self.seats, "a queue runs more than its number"
        assert max(Counter(run.job for run in running).values(), default=0) <= 1, "a job runs beside itself"


def slots_of(run: Run) -> int:
    return max(1, run.missed)


def check_after(history: History) -> None:
    """What holds when all is over."""
    world = history.world
    runs = world.history()
    assert len({run.key for run in runs}) == len(runs), "(id, attempt) is unique"
    first = [run for run in runs if run.attempt == 1 and run.due is not None]
    assert len({(run.job, run.due) for run in first}) == len(first), "a slot has two runs"
    assert not history.broken, history.broken[0]
    assert max(history.started.values(), default=0) <= 1, "an attempt was started twice"
    for run in runs:
        if run.status not in IN_HAND:
            assert run.finished_at is not None, "an end without its time"
        if run.status in {Status.SKIPPED, Status.FAILED, Status.INTERRUPTED, Status.CANCELLED}:
            assert run.reason, "an end without its reason"
    interrupted = [run for run in runs if run.status is Status.INTERRUPTED]
    attempts = {run.key for run in runs}
    for run in interrupted:
        wanted = run.cancel_reason is None  # nobody had asked it to stop
        assert not wanted or (run.id, run.attempt + 1) in attempts, "a run cut off did not run again"
    with world.reading() as ledger:
        for name in NAMES:
            expected, accounted = accounts(world, ledger.eras_of(name), name, first)
            assert expected == accounted, f"{name}: {expected} slots were due and {accounted} are accounted for"


def accounts(world: World, eras: list[Era], name: str, first: list[Run]) -> tuple[int, int]:
    """Return how many slots of *name* were due in its eras, and how many its runs stand for."""
    with world.reading() as ledger:
        marks = ledger.watermarks([name])
    until = marks.get(name)
    due: set[datetime] = set()
    for number, era in enumerate(eras):
        end = eras[number + 1].since if number + 1 < len(eras) else datetime(2100, 1, 1, tzinfo=UTC)
        if not era.schedule or until is None:
            continue
        trigger = trigger_of(read_phrase(era.schedule), ZoneInfo(era.zone))
        last = until + timedelta(microseconds=1)
        if era.since < min(end, last):
            due.update(slot.due for slot in trigger.slots(era.since, min(end, last)))
    return len(due), sum(slots_of(run) for run in first if run.job == name)


def live_through(folder: Path, seed: int) -> None:
    history = History(folder, seed)
    try:
        history.live()
        check_after(history)
    finally:
        history.world.close()


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_happens_the_promises_hold(tmp_path: Path, seed: int) -> None:
    live_through(tmp_path, seed)

    assert (tmp_path / "aperture.db").exists()


@pytest.mark.long
@pytest.mark.parametrize("seed", LONG_SEEDS)
def test_whatever_happens_for_long_the_promises_hold(tmp_path: Path, seed: int) -> None:
    live_through(tmp_path, seed)

    assert (tmp_path / "aperture.db").exists()
