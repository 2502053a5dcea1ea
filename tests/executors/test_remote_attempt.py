"""Attempts that are done elsewhere: what is said on the way there and back, by way of JSON."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from aperture_plugin.executors.live_run import WorkerRun
from aperture_plugin.executors.remote_attempt import (
    Errand,
    apply_message,
    ended,
    order_of,
    outcome_to,
    raise_spent,
    spent,
)
from aperture_plugin.plugins.registry import Plugins
from aperture_plugin.ports import Ended, Event, LiveRun, Logged, Progressed, PutOff, RunCancelled
from aperture_plugin.rules.jobs import Handler, Job, Outcome, OutcomeStatus

from .conftest import Bench, RealClock, a_run


def ordered(tmp_path: Path, **words: Any) -> Any:
    """What reaches a worker."""
    bench = Bench(executor=None, directory=tmp_path)  # type: ignore[arg-type]  # it only makes the work
    return json.loads(json.dumps(order_of(bench.work(print, **words))))


def errand(plugins: Plugins, order: Any, handler: Handler | None, say: Any = print, **job: Any) -> Errand:
    jobs = {} if handler is None else {"library-scan": Job("library-scan", handler, **job)}
    return Errand(order, jobs, plugins.run_job, say, clock=RealClock())


def test_what_is_said_there_is_heard_here(plugins: Plugins, tmp_path: Path) -> None:
    said: list[Any] = []
    events: SimpleQueue[Event] = SimpleQueue()
    here = WorkerRun(run := a_run(), {}, events.put, clock=RealClock(), environment={"TMDB_API_KEY": "hunter22"})

    def handler(run: LiveRun) -> Any:
        run.log.warning("asking with hunter22")
        run.progress(2, 2)
        return run.params

    there = errand(
        plugins, ordered(tmp_path, run=run, words={"keep": "9"}), handler, said.append, params={"keep": 7, "all": True}
    )
    outcome = there.run()

    assert outcome == Outcome(result={"keep": 9, "all": True})
    assert [apply_message(json.loads(json.dumps(message)), here) for message in said] == [True, True]
    logged, progressed = events.get_nowait(), events.get_nowait()
    assert isinstance(logged, Logged)
    assert (logged.line.level, logged.line.text) == ("WARNING", "asking with •••")
    assert progressed == Progressed(run.key, 2, 2)
    assert not apply_message({"spend": [1, "tmdb", 3]}, here)
    assert not apply_message({"progress": "much"}, here)


def test_an_end_that_was_told_elsewhere_is_the_runs_and_nothing_is_heard_after_it() -> None:
    events: list[Event] = []
    run = WorkerRun(a_run(), {}, events.append, clock=RealClock(), environment={"TMDB_API_KEY": "hunter22"})
    said = outcome_to(Outcome(status=OutcomeStatus.FAILED, reason="401 for hunter22", error="as hunter22"))

    end = ended(run, json.loads(json.dumps(said)))
    apply_message({"log": ["INFO", "late"]}, run)

    assert end == Ended(run.key, Outcome(status=OutcomeStatus.FAILED, reason="401 for •••", error="as •••"))
    assert events == []


@pytest.mark.parametrize("said", [{}, {"status": "odd"}, {"status": None}])
def test_an_end_that_cannot_be_read_is_a_failure_that_says_so(said: dict[str, Any]) -> None:
    end = ended(WorkerRun(a_run(), {}, print, clock=RealClock()), said)

    assert end.outcome.status is OutcomeStatus.FAILED
    assert (end.outcome.reason or "").startswith("its worker reported an end that cannot be read")


def test_a_cancel_reaches_the_handler_there_before_it_begins_too(plugins: Plugins, tmp_path: Path) -> None:
    def handler(run: LiveRun) -> None:
        run.progress(1)

    there = errand(plugins, ordered(tmp_path), handler)
    there.cancel("cancelled by ana")

    assert there.run() == Outcome(status=OutcomeStatus.CANCELLED, reason="cancelled by ana")


@pytest.mark.parametrize(
    ("handler", "words", "reason"),
    [
        (None, {}, 'in a process of its own no plugin registers "library-scan"'),
        (print, {"keep": "many"}, 'params: keep: "many" is not a whole number'),
    ],
)
def test_what_cannot_be_done_there_has_failed_for_good(
    plugins: Plugins, tmp_path: Path, handler: Handler | None, words: dict[str, Any], reason: str
) -> None:
    there = errand(plugins, ordered(tmp_path, words=words), handler, params={"keep": 7})

    outcome = there.run()

    assert (outcome.status, outcome.reason, outcome.permanent) == (OutcomeStatus.FAILED, reason, True)


def test_what_spending_here_met_with_is_raised_where_the_handler_waits() -> None:
    until = datetime(2026, 1, 11, tzinfo=UTC)

    def spend(_key: object, limit: str, _calls: int, _cancelled: threading.Event) -> None:
        match limit:
            case "used up":
                raise PutOff(until, "it returns at midnight")
            case "nothing":
                raise KeyError("there is no such limit")
            case "broken":
                raise OSError("no store")

    def answered(limit: str, asked: str | None = None) -> None:
        run = WorkerRun(a_run(), {}, lambda _: None, clock=RealClock(), spend=spend)
        if asked is not None:
            run.cancel(asked)
        raise_spent(json.loads(json.dumps(spent(run, limit, 1))))

    answered("tmdb")
    with pytest.raises(PutOff) as put_off:
        answered("used up")
    assert (put_off.value.until, put_off.value.reason) == (until, "it returns at midnight")
    with pytest.raises(KeyError, match="there is no such limit"):
        answered("nothing")
    with pytest.raises(RunCancelled, match="enough"):
        answered("tmdb", asked="enough")
    with pytest.raises(RuntimeError, match="OSError: no store"):
        answered("broken")
