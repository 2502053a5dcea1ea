"""The simulation can fail: each way in which the engine is broken here on purpose, it finds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aperture_plugin.config.model import JobConfig
from aperture_plugin.loop import finish, fire, loop
from aperture_plugin.loop.lines import Lines
from aperture_plugin.loop.turn import Turn
from aperture_plugin.rules import admission, endings
from aperture_plugin.rules.admission import Admission, Surroundings
from aperture_plugin.rules.runs import Run, Status
from tests.loop.test_simulation import live_through

Patch = pytest.MonkeyPatch
SEEDS = 120


def one_run_too_many(patch: Patch) -> None:
    def admit(run: Run, job: JobConfig, around: Surroundings) -> Admission:
        seats: Mapping[str, int] = {name: count + 1 for name, count in around.seats.items()}
        return admission.admit(run, job, replace(around, seats=seats))

    patch.setattr(loop, "admit", admit)


def beside_itself(patch: Patch) -> None:
    def admit(run: Run, job: JobConfig, around: Surroundings) -> Admission:
        return admission.admit(run, job, replace(around, in_hand=lambda _name: []))

    patch.setattr(loop, "admit", admit)


def needs_forgotten(patch: Patch) -> None:
    patch.setattr(admission, "_needs", lambda _job, _around: None)


def needs_blind_to_runs_in_hand(patch: Patch) -> None:
    real = admission._needs
    patch.setattr(admission, "_needs", lambda job, around: real(job, replace(around, in_hand=lambda _name: [])))


def changed_runs(change: Callable[[Run], Run]) -> Callable[[Patch], None]:
    def mutate(patch: Patch) -> None:
        real: Any = fire._run_of
        patch.setattr(fire, "_run_of", lambda *given: change(real(*given)))

    return mutate


def slots_dropped(patch: Patch) -> None:
    real = Turn.add
    patch.setattr(Turn, "add", lambda turn, run: None if run.due and run.due.minute == 30 else real(turn, run))


def cut_off_and_left(patch: Patch) -> None:
    real: Any = endings.cut_off
    patch.setattr(finish, "cut_off", lambda *given, **named: (real(*given, **named)[0], None))


def cut_off_and_run_again_at_the_same_attempt(patch: Patch) -> None:
    def cut_off(run: Run, *_: object, **__: object) -> tuple[Run, None]:
        return replace(run, status=Status.QUEUED, owner=None, started_at=None), None

    patch.setattr(finish, "cut_off", cut_off)


def ends_without_their_time(patch: Patch) -> None:
    real: Any = endings.ended
    patch.setattr(finish, "ended", lambda *given, **named: replace(real(*given, **named), finished_at=None))


def seats_of_the_dead_forgotten(patch: Patch) -> None:
    patch.setattr(Lines, "running_in", lambda _lines, _queue: [])


MUTATIONS: dict[str, Callable[[Patch], None]] = {
    "one run too many": one_run_too_many,
    "a job beside itself": beside_itself,
    "needs forgotten": needs_forgotten,
    "needs blind to runs in hand": needs_blind_to_runs_in_hand,
    "a catch-up's count lost": changed_runs(lambda run: replace(run, missed=0)),
    "a skip without its reason": changed_runs(
        lambda run: replace(run, reason=None) if run.status is Status.SKIPPED else run
    ),
    "slots dropped": slots_dropped,
    "cut off and left": cut_off_and_left,
    "cut off, again at the same attempt": cut_off_and_run_again_at_the_same_attempt,
    "ends without their time": ends_without_their_time,
    "seats never taken": seats_of_the_dead_forgotten,
}


@pytest.mark.long
@pytest.mark.parametrize("mutation", MUTATIONS)
def test_the_simulation_finds_each_way_of_breaking_a_promise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mutation: str
) -> None:
    MUTATIONS[mutation](monkeypatch)

    found_at = first_seed_that_fails(tmp_path)

    assert found_at is not None, f"{SEEDS} histories passed with: {mutation}"


def first_seed_that_fails(folder: Path) -> int | None:
    for seed in range(SEEDS):
        of_seed = folder / str(seed)
        of_seed.mkdir()
        try:
            live_through(of_seed, seed)
        except AssertionError:
            return seed
    return None
