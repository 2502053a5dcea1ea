"""The promises of every executor as tests, to run over your own.

    class TestMine(ExecutorContract):
        can_kill = True

        def make(self, plugins, spend):
            return MyExecutor(plugins.run_job, spend=spend)

Its handlers are those of `contract_jobs`, which *plugins* has loaded; workers elsewhere load that module as they load
the host's own.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event as Flag
from types import MappingProxyType
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pytest

from aperture_plugin.config.model import JobConfig, Param
from aperture_plugin.config.problems import Place
from aperture_plugin.plugins.plugin_loader import load_plugins
from aperture_plugin.plugins.registry import Plugins
from aperture_plugin.ports import (
    Ended,
    Event,
    Executor,
    ExpectsBursts,
    Logged,
    Progressed,
    PutOff,
    Spender,
    Work,
    hands_on,
)
from aperture_plugin.rules.jobs import Outcome, OutcomeStatus
from aperture_plugin.rules.runs import AttemptKey, Run, RunTrigger, Status

__all__ = ["JOBS", "Bench", "ExecutorContract"]

JOBS = "aperture_plugin.testing.contract_jobs"
"""The plugin module with the handlers, which a worker loads."""

_PATIENCE_SECONDS = 30.0
_MIDNIGHT = datetime(2026, 1, 11, tzinfo=UTC)
_numbers = count(1)


@dataclass
class Bench:
    """An executor under test: starts attempts on it, and collects its events."""

    executor: Executor
    plugins: Plugins
    folder: Path
    events: SimpleQueue[Event] = field(default_factory=SimpleQueue)
    heard: list[Event] = field(default_factory=list)

    def work(self, job: str, run: Run | None = None, *, words: Mapping[str, Param] = MappingProxyType({})) -> Work:
        """Return an attempt of *job*; *words* are the file's `params`."""
        at = datetime(2026, 1, 10, 1, tzinfo=UTC)
        run = run or Run(
            id=f"contract-{os.getpid()}-{next(_numbers)}",
            job=job,
            trigger=RunTrigger.MANUAL,
            status=Status.RUNNING,
            priority_at=at,
            priority_nominal=at.replace(tzinfo=None),
            queued_at=at,
            started_at=at,
        )
        config = JobConfig(
            name=job,
            order=0,
            place=Place(1, 1),
            zone=ZoneInfo("UTC"),
            params={"folder": str(self.folder), **words},
        )
        environment = {**os.environ, "CONTRACT_API_KEY": "hunter22"}
        return Work(
            run=run, job=self.plugins.jobs[job], config=config, directory=str(self.folder), environment=environment
        )

    def start(self, job: str, **words: Param) -> AttemptKey:
        """Begin an attempt of *job*; return its key."""
        work = self.work(job, words=words)
        self.executor.start(work, self.events.put)
        return work.run.key

    def outcome(self, key: AttemptKey) -> Outcome:
        """Wait for the end of an attempt."""
        while True:
            for event in self.heard:
                if isinstance(event, Ended) and event.key == key:
                    return event.outcome
            try:
                self.heard.append(self.events.get(timeout=_PATIENCE_SECONDS))
            except Empty:
                raise AssertionError(f"the end of {key} was never reported; heard {self.heard}") from None

    def ended(self, job: str, **words: Param) -> Outcome:
        """Begin an attempt and wait for its end."""
        return self.outcome(self.start(job, **words))

    def until_marked(self, what: str = "begun") -> int:
        """Wait until a handler has left a mark; return the process it is called in."""
        mark, until = self.folder / what, time.monotonic() + _PATIENCE_SECONDS
        while not (mark.exists() and mark.read_text()):
            assert time.monotonic() < until, f"no handler has left the mark {what!r}; heard {self.heard}"
            time.sleep(0.005)
        return int(mark.read_text())

    def let_go_on(self) -> None:
        """Release the waiting handlers."""
        (self.folder / "go on").touch()

    def reported(self) -> list[Event]:
        """Return all events so far."""
        while not self.events.empty():
            self.heard.append(self.events.get())
        return self.heard


class ExecutorContract:
    """The tests of an executor, which a subclass makes in `make`.

    Attributes:
        can_kill: True if a handler can be ended by force.
        at_once: Number of attempts it can run at once in this test; the loop starts as many as the file's queues allow.
        settles: Seconds to wait for events that must not come.
    """

    can_kill: ClassVar[bool] = False
    at_once: ClassVar[int] = 4
    settles: ClassVar[float] = 0.2

    def make(self, plugins: Plugins, spend: Spender) -> Executor:
        """Return the executor, not used yet."""
        raise NotImplementedError

    @pytest.fixture
    def spent(self) -> list[tuple[AttemptKey, str, int]]:
        """The calls that runs have spent of limits."""
        return []

    @pytest.fixture
    def bench(self, tmp_path: Path, spent: list[tuple[AttemptKey, str, int]]) -> Iterator[Bench]:
        """The executor at work."""

        def spend(key: AttemptKey, limit: str, calls: int, cancelled: Flag) -> None:
            match limit:
                case "tmdb":
                    spent.append((key, limit, calls))
                case "slow":
                    assert cancelled.wait(_PATIENCE_SECONDS)
                case "used-up":
                    raise PutOff(_MIDNIGHT, "used-up returns at midnight")
                case _:
                    raise KeyError(f'there is no limit "{limit}"')

        plugins = load_plugins(directory=None, modules=[JOBS], entry_points=False)
        bench = Bench(self.make(plugins, spend), plugins, tmp_path)
        yield bench
        bench.let_go_on()
        bench.executor.stop(timedelta(seconds=_PATIENCE_SECONDS))

    # ── what a handler receives, and how it ends ──

    def test_a_handler_sees_its_attempt_and_its_parameters_and_returns_a_result(self, bench: Bench) -> None:
        run = bench.work("returns").run
        run = Run(**{**_fields(run), "attempt": 2, "due": _MIDNIGHT, "nominal": datetime(2026, 1, 11, 2)})  # noqa: DTZ001
        bench.executor.start(
            bench.work("returns", run, words={"keep": "14", "kinds": ("film", "series")}), bench.events.put
        )

        outcome = bench.outcome(run.key)

        assert outcome == Outcome(
            result={
                "id": run.id,
                "job": "returns",
                "attempt": 2,
                "trigger": "manual",
                "slot": "2026-01-11T00:00:00+00:00",
                "nominal": "2026-01-11T02:00:00",
                "keep": 14,
                "kinds": ["film", "series"],
            }
        )

    @pytest.mark.parametrize(("job", "result"), [("returns-async", 7), ("takes-no-run", "done")])
    def test_a_handler_may_be_async_or_take_no_run(self, bench: Bench, job: str, result: object) -> None:
        assert bench.ended(job) == Outcome(result=result)  # type: ignore[arg-type]  # both are JSON

    def test_progress_and_log_are_told_before_the_end_and_nothing_is_told_after_it(self, bench: Bench) -> None:
        key = bench.start("counts")
        bench.outcome(key)
        time.sleep(self.settles)

        found = bench.reported()
        assert [type(event) is Ended for event in found] == [False] * (len(found) - 1) + [True]
        progress = [(event.key, event.done, event.total) for event in found if isinstance(event, Progressed)]
        assert (progress[0], progress[-1]) == ((key, 0, 3), (key, 3, 3))
        lines = [event.line for event in found if isinstance(event, Logged)]
        assert [(line.run_id, line.attempt, line.level, line.text) for line in lines] == [
            (*key, "WARNING", f"indexed {item}") for item in range(3)
        ]
        assert all(line.at.utcoffset() == timedelta(0) for line in lines)

    def test_what_a_handler_raises_is_a_failure_with_reason_and_traceback(self, bench: Bench) -> None:
        outcome = bench.ended("raises")

        assert (outcome.status, outcome.reason) == (OutcomeStatus.FAILED, "PermissionError: not yours")
        assert outcome.permanent
        assert "contract_jobs.py" in (outcome.error or "")

    def test_a_handler_that_would_end_its_process_fails_and_the_next_one_runs(self, bench: Bench) -> None:
        assert bench.ended("leaves").status is OutcomeStatus.FAILED
        assert bench.ended("takes-no-run").status is OutcomeStatus.COMPLETED

    def test_a_result_that_is_no_json_is_converted_and_the_run_has_completed(self, bench: Bench) -> None:
        outcome = bench.ended("returns-no-json")

        assert (outcome.status, outcome.result) == (OutcomeStatus.COMPLETED, [1, 2])

    def test_a_parameter_that_cannot_be_read_is_a_failure_for_good(self, bench: Bench) -> None:
        outcome = bench.ended("returns", keep="many")

        assert (outcome.reason, outcome.permanent) == ('params: keep: "many" is not a whole number', True)

    def test_secrets_of_the_environment_are_masked_in_all_that_is_told(self, bench: Bench) -> None:
        outcome = bench.ended("says-a-secret")

        lines = [event.line.text for event in bench.reported() if isinstance(event, Logged)]
        assert lines == ["asking with •••"]
        assert outcome.reason == "ValueError: 401 for •••"
        assert "hunter22" not in (outcome.error or "").replace('raise ValueError("401 for hunter22")', "")

    # ── how many, and how often ──

    def test_start_returns_before_the_handler_does(self, bench: Bench) -> None:
        key = bench.start("never-looks")
        bench.until_marked()
        assert not any(isinstance(event, Ended) for event in bench.reported())
        bench.let_go_on()

        assert bench.outcome(key).result == "whole"

    def test_attempts_are_at_work_beside_one_another(self, bench: Bench) -> None:
        keys = [bench.start("meets", keep=str(self.at_once)) for _ in range(self.at_once)]

        assert [bench.outcome(key).result for key in keys] == ["met"] * self.at_once

    def test_each_attempt_ends_once(self, bench: Bench) -> None:
        keys = [bench.start(job) for job in ("takes-no-run", "raises", "leaves", "counts") for _ in range(3)]
        for key in keys:
            bench.outcome(key)
        time.sleep(self.settles)

        assert sorted(event.key for event in bench.reported() if isinstance(event, Ended)) == sorted(keys)

    def test_the_next_begins_once_an_end_is_told_and_from_within_it_where_the_executor_hands_on(
        self, bench: Bench
    ) -> None:
        first, following = bench.work("takes-no-run"), bench.work("takes-no-run")
        may_begin = hands_on(bench.executor)

        def report(event: Event) -> None:
            bench.events.put(event)
            if isinstance(event, Ended) and may_begin:
                bench.executor.start(following, bench.events.put)

        bench.executor.start(first, report)
        bench.outcome(first.run.key)
        if not may_begin:
            bench.executor.start(following, bench.events.put)

        assert bench.outcome(following.run.key).result == "done"

    def test_one_that_wants_to_know_what_to_expect_does_as_before_if_less_comes(self, bench: Bench) -> None:
        if isinstance(bench.executor, ExpectsBursts):
            bench.executor.expect(self.at_once)

        assert bench.ended("takes-no-run").result == "done"

    # ── asked to stop ──

    @pytest.mark.parametrize("job", ["goes-on", "awaits"])
    def test_a_cancel_reaches_a_handler_at_its_next_item_or_where_it_awaits(self, bench: Bench, job: str) -> None:
        key = bench.start(job)
        bench.until_marked()
        bench.executor.cancel(key, "cancelled by ana")
        bench.executor.cancel(key, "once is enough")

        outcome = bench.outcome(key)
        assert outcome.status is OutcomeStatus.CANCELLED
        assert job == "awaits" or outcome.reason == "cancelled by ana"

    def test_a_handler_that_leaves_early_was_cancelled_and_keeps_its_result(self, bench: Bench) -> None:
        key = bench.start("leaves-early")
        bench.until_marked()
        bench.executor.cancel(key, "cancelled by ana")

        outcome = bench.outcome(key)
        assert (outcome.status, outcome.result) == (OutcomeStatus.CANCELLED, "half")

    def test_a_handler_that_never_looks_has_completed(self, bench: Bench) -> None:
        key = bench.start("never-looks")
        bench.until_marked()
        bench.executor.cancel(key, "cancelled by ana")
        time.sleep(self.settles)
        bench.let_go_on()

        assert bench.outcome(key) == Outcome(result="whole")

    def test_one_that_is_cancelled_as_it_begins_ends_as_cancelled(self, bench: Bench) -> None:
        key = bench.start("goes-on")
        bench.executor.cancel(key, "cancelled by ana")

        assert bench.outcome(key).status is OutcomeStatus.CANCELLED

    def test_what_has_ended_or_is_not_known_is_passed_over(self, bench: Bench) -> None:
        key = bench.start("takes-no-run")
        bench.outcome(key)
        for one in (key, ("nobody", 1)):
            bench.executor.cancel(one, "too late")
            assert not bench.executor.kill(one)
        time.sleep(self.settles)

        assert [event.key for event in bench.reported() if isinstance(event, Ended)] == [key]

    def test_force_ends_a_handler_or_is_said_not_to(self, bench: Bench) -> None:
        key = bench.start("never-looks")
        worker = bench.until_marked()
        bench.executor.cancel(key, "timed out")

        assert bench.executor.kill(key) == self.can_kill

        if not self.can_kill:
            bench.let_go_on()
            assert bench.outcome(key).result == "whole"
            return
        outcome = bench.outcome(key)
        assert outcome.status is OutcomeStatus.CANCELLED
        assert (outcome.reason or "").startswith("timed out")
        _until(lambda: not _is_alive(worker))

    # ── limits ──

    def test_limits_are_spent_where_they_are_kept(self, bench: Bench, spent: list[tuple[AttemptKey, str, int]]) -> None:
        key = bench.start("spends", limit="tmdb")

        assert bench.outcome(key).result == "spent"
        assert spent == [(key, "tmdb", 3)]

    def test_a_limit_that_nobody_declared_is_a_key_error_in_the_handler(self, bench: Bench) -> None:
        assert bench.ended("spends", limit="nothing").result == 'there is no limit "nothing"'

    def test_a_run_is_put_off_until_its_budget_returns(self, bench: Bench) -> None:
        outcome = bench.ended("spends", limit="used-up")

        assert (outcome.status, outcome.until) == (OutcomeStatus.PUT_OFF, _MIDNIGHT)
        assert outcome.reason == "used-up returns at midnight"

    def test_waiting_for_a_budget_ends_with_a_cancel(self, bench: Bench) -> None:
        key = bench.start("spends", limit="slow")
        bench.until_marked()
        bench.executor.cancel(key, "cancelled by ana")

        assert bench.outcome(key) == Outcome(status=OutcomeStatus.CANCELLED, reason="cancelled by ana")

    # ── the end of it all ──

    def test_what_is_given_to_one_that_was_stopped_ends_all_the_same(self, bench: Bench) -> None:
        bench.ended("takes-no-run")
        bench.executor.stop(timedelta(seconds=_PATIENCE_SECONDS))

        assert bench.ended("takes-no-run").status is OutcomeStatus.FAILED

    def test_stop_waits_no_longer_than_it_is_told_to(self, bench: Bench) -> None:
        bench.start("never-looks")
        bench.until_marked()
        began = time.monotonic()

        bench.executor.stop(timedelta(seconds=0.1))

        assert time.monotonic() - began < _PATIENCE_SECONDS / 2


def _fields(run: Run) -> dict[str, Any]:
    return {name: getattr(run, name) for name in run.__dataclass_fields__}


def _until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < until, "it never came about"
        time.sleep(0.005)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        stat = Path(f"/proc/{pid}/stat")
        # A zombie still has its number.
        return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
