"""The simulation can fail: each way in which the engine is broken here on purpose, it finds, and says which promise."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from heapq import heappop
from typing import Any

import pytest

from aperture_plugin.config.model import JobConfig
from aperture_plugin.loop import lease, loop
from aperture_plugin.loop.bursts import bursts, handoff
from aperture_plugin.loop.deadlines import Deadlines
from aperture_plugin.loop.lease import Lease
from aperture_plugin.loop.loop import Loop
from aperture_plugin.loop.pending_slots import PendingSlots
from aperture_plugin.loop.run_queue import RunQueue, _Order
from aperture_plugin.loop.stages import admit as admit_stage
from aperture_plugin.loop.stages import claim as claim_stage
from aperture_plugin.loop.stages import reload
from aperture_plugin.loop.state import State
from aperture_plugin.loop.tick import Tick
from aperture_plugin.loop.timetable import Timetable
from aperture_plugin.ports import Claim, Ended, Executor, Report, Work
from aperture_plugin.rules import admission, completion, due_slots, new_runs
from aperture_plugin.rules.admission import Admission, Surroundings
from aperture_plugin.rules.runs import Run, Status
from aperture_plugin.store.memory_ledger import MemoryLedger
from tests.loop.simulation import machines
from tests.loop.simulation.machines import Machine
from tests.loop.test_simulation import Server, in_memory, live_through

Patch = pytest.MonkeyPatch
Mutation = Callable[[Patch], None]
SEEDS = 1500


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Let a broken engine complain to nobody."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def instead(place: object, name: str, value: object) -> Mutation:
    """Return a mutation that puts *value* in the place of something."""
    return lambda patch: patch.setattr(place, name, value)


def nothing(*_given: object, **_named: object) -> None: ...


def claims_unguarded(patch: Patch) -> None:
    def claim(ledger: MemoryLedger, wanted: Sequence[Claim]) -> list[bool]:
        for one in wanted:
            ledger._put(ledger._tables.claims, (one.job, one.due), one)
            ledger._put(ledger._tables.latest, one.job, replace(ledger._latest(one.job), claimed=one.due))
        return [True for _ in wanted]

    patch.setattr(MemoryLedger, "claim", claim)
    patch.setattr(MemoryLedger, "watermarks", lambda *_: {})


def one_run_too_many(patch: Patch) -> None:
    def admit(run: Run, job: JobConfig, around: Surroundings) -> Admission:
        seats: Mapping[str, int] = {name: count + 1 for name, count in around.seats.items()}
        return admission.admit(run, job, replace(around, seats=seats))

    patch.setattr(admit_stage, "decide", admit)


def beside_itself(patch: Patch) -> None:
    def admit(run: Run, job: JobConfig, around: Surroundings) -> Admission:
        return admission.admit(run, job, replace(around, in_hand=lambda _name: []))

    patch.setattr(admit_stage, "decide", admit)


def needs_blind_to_runs_in_hand(patch: Patch) -> None:
    real = admission._needs
    patch.setattr(admission, "_needs", lambda job, around: real(job, replace(around, in_hand=lambda _name: [])))


def changed_runs(change: Callable[[Run], Run]) -> Mutation:
    def mutate(patch: Patch) -> None:
        real: Any = new_runs.slot_run
        patch.setattr(claim_stage, "slot_run", lambda *given, **named: change(real(*given, **named)))

    return mutate


def slots_dropped(patch: Patch) -> None:
    real = Tick.add
    patch.setattr(Tick, "add", lambda tick, run: None if run.due and run.due.second == 30 else real(tick, run))


def cut_off_and_left(patch: Patch) -> None:
    real: Any = completion.cut_off
    patch.setattr(completion, "cut_off", lambda *given, **named: (real(*given, **named)[0], None))


def cut_off_and_run_again_at_the_same_attempt(patch: Patch) -> None:
    def cut_off(run: Run, *_: object, **__: object) -> tuple[Run, None]:
        return replace(run, status=Status.QUEUED, owner=None, started_at=None), None

    patch.setattr(completion, "cut_off", cut_off)


def ends_without_their_time(patch: Patch) -> None:
    real: Any = completion.ended
    patch.setattr(completion, "ended", lambda *given, **named: replace(real(*given, **named), finished_at=None))


def last_in_line_first(patch: Patch) -> None:
    patch.setattr(_Order, "pop", lambda line: line._in_order.pop() if line._in_order else heappop(line._others))


def news_swallowed(patch: Patch) -> None:
    patch.setattr(MemoryLedger, "foreign", False)


def due_forgotten_when_the_store_fails(patch: Patch) -> None:
    real = Loop._run_tick

    def run_tick(one: Loop, *given: Any, **named: Any) -> None:
        try:
            real(one, *given, **named)
        finally:
            one.state.pending = PendingSlots()

    patch.setattr(Loop, "_run_tick", run_tick)


def messages_forgotten_when_the_store_fails(patch: Patch) -> None:
    real = Loop._run_tick

    def run_tick(one: Loop, *given: Any, **named: Any) -> None:
        try:
            real(one, *given, **named)
        finally:
            one._backlog = [message for message in one._backlog if not isinstance(message, Ended)]

    patch.setattr(Loop, "_run_tick", run_tick)


def next_runs_lost(patch: Patch) -> None:
    def reorder(timetable: Timetable, name: str, _order: int) -> None:
        timetable._entries[name].set_next(timetable.clock.now() + timedelta(hours=1))

    patch.setattr(Timetable, "reorder", reorder)


def started_without_a_net(patch: Patch) -> None:
    def start(executor: Executor, work: Work, report: Report) -> None:
        executor.start(work, report)

    patch.setattr(handoff, "start", start)
    patch.setattr(bursts, "start", start)


def calls_not_counted(patch: Patch) -> None:
    def free_at(*_given: object, now: object, **_named: object) -> object:
        return now

    patch.setattr("aperture_plugin.app.limit_spending.free_at", free_at)


MUTATIONS: dict[str, tuple[int, Mutation]] = {
    "slots claimed without a look": (1, claims_unguarded),
    "cut off, again at the same attempt": (1, cut_off_and_run_again_at_the_same_attempt),
    "slots dropped": (2, slots_dropped),
    "a skip without its reason": (
        2,
        changed_runs(lambda run: replace(run, reason=None) if run.status is Status.SKIPPED else run),
    ),
    "ends without their time": (2, ends_without_their_time),
    "what others wrote is not read": (2, news_swallowed),
    "retries forgotten": (2, instead(completion, "again", nothing)),
    "a catch-up's count lost": (3, changed_runs(lambda run: replace(run, missed=0))),
    "pauses forgotten": (3, instead(State, "held_back", lambda *_: [])),
    "one run too many": (4, one_run_too_many),
    "a job beside itself": (4, beside_itself),
    "seats never taken": (4, instead(RunQueue, "running_in", lambda *_: [])),
    "another of the job waits already": (4, instead(due_slots, "overlap_reason", nothing)),
    "the last in line first": (4, last_in_line_first),
    "calls not counted": (4, calls_not_counted),
    "needs forgotten": (5, instead(admission, "_needs", nothing)),
    "needs blind to runs in hand": (5, needs_blind_to_runs_in_hand),
    "windows forgotten": (5, instead(admission, "_opens", nothing)),
    "followers forgotten": (5, instead(completion, "_followers", lambda *_: [])),
    "cut off and left": (6, cut_off_and_left),
    "the dead never found": (6, instead(Lease, "dead", lambda *_, **__: [])),
    "the living taken for dead": (6, instead(lease, "LEASE_SECONDS", 1.0)),
    "found too late": (6, instead(lease, "LEASE_SECONDS", 12.0)),
    "programs of the dead go on": (6, instead(Machine, "end_group", nothing)),
    "next runs lost by a save": (7, next_runs_lost),
    "the old words go on": (2, instead(reload, "_reads_the_same", lambda *_: True)),
    "a stop that starts runs": (8, instead(Loop, "drain", nothing)),
    "a stop that leaves runs running": (8, instead(loop, "cut_off", nothing)),
    "what fell due in an outage is forgotten": (2, due_forgotten_when_the_store_fails),
    "ends in an outage are forgotten": (9, messages_forgotten_when_the_store_fails),
    "an executor that raises": (9, started_without_a_net),
    "timeouts forgotten": (10, instead(Deadlines, "passed", lambda *_: [])),
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_the_simulation_finds_each_way_of_breaking_a_promise(monkeypatch: pytest.MonkeyPatch, mutation: str) -> None:
    promise, mutate = MUTATIONS[mutation]
    mutate(monkeypatch)

    found = first_that_breaks(promise)

    assert found is not None, f"promise {promise} held in {SEEDS} histories with: {mutation}"


def test_the_simulation_finds_a_loop_that_goes_by_its_own_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machines, "follow", nothing)

    assert first_that_breaks(12, is_served=True) is not None


def first_that_breaks(promise: int, *, is_served: bool = False) -> int | None:
    """Return the first history in which that promise, among others, is broken.

    Args:
        is_served: The store has a clock of its own, and those of the machines are wrong.
    """
    for seed in range(SEEDS):
        server = Server()
        try:
            if is_served:
                live_through(seed, server.open, serve=server.serve)
            else:
                live_through(seed, in_memory())
        except AssertionError as broken:
            if f"promise {promise}:" in str(broken):
                return seed
    return None
