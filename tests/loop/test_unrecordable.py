"""Whatever a host says, its run has an end, and the runs of others go on (promise 10)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import pytest

from aperture_plugin.loop.messages import ResumeAsked
from aperture_plugin.ports import Ended, LiveRun, Logged, LogLine, Progressed, PutOff
from aperture_plugin.rules.jobs import Outcome
from aperture_plugin.rules.runs import Run, Status
from aperture_plugin.rules.sanitize import MOST_ITEMS
from aperture_plugin.store.ledger import SqlLedger
from aperture_plugin.testing import World

TWO = "queues:\n  default: 2\nschedules:\n  odd: daily at 2 AM\n  other: daily at 2 AM\n"


def says(value: object) -> Callable[[LiveRun], Any]:
    return lambda _run: value


def raises(error: BaseException) -> Callable[[LiveRun], Any]:
    def handle(_run: LiveRun) -> None:
        raise error

    return handle


def yields(_run: LiveRun) -> Any:
    yield 1


@pytest.mark.parametrize(
    ("handler", "status", "reason"),
    [
        (says({"file": "\udcff\0"}), "completed", None),
        (raises(ValueError("no such file: \udcff\0")), "failed", "ValueError: no such file: \\udcff\\x00"),
        (raises(SystemExit(3)), "failed", "SystemExit: 3"),
        (raises(KeyboardInterrupt()), "failed", "KeyboardInterrupt"),
        (raises(GeneratorExit()), "failed", "GeneratorExit"),
        (
            yields,
            "failed",
            "its handler yields, so that nothing of it ran: call the generator within the handler, and return",
        ),
        (
            raises(PutOff(datetime(2026, 1, 10, 5), "later")),  # noqa: DTZ001  # as a host may write it
            "failed",
            "it was put off until datetime.datetime(2026, 1, 10, 5, 0), which is no instant with a time zone",
        ),
        (says(Outcome(status="done")), "failed", "it ended as 'done', which is no status of an Outcome"),  # type: ignore[arg-type]
        (lambda run: run.progress(2**70), "failed", f"ValueError: progress counts items from 0 on, got {2**70}"),
        (lambda run: run.progress(1.5), "failed", "TypeError: progress counts items in whole numbers, got 1.5"),
        (lambda run: run.spend("omdb", -5), "failed", "ValueError: a limit counts calls from 0 on, got -5"),
    ],
)
def test_whatever_a_handler_says_it_ends_and_the_others_run(
    world: World, handler: Callable[[LiveRun], Any], status: str, reason: str | None
) -> None:
    world.handlers["odd"] = handler

    world.write(TWO).start(at="2026-01-10 01:00").advance("2 hours")

    [odd], [other] = world.history("odd"), world.history("other")
    assert (odd.status, odd.reason) == (status, reason)
    assert other.status == "completed"


def test_what_an_executor_counts_beyond_any_number_is_cut(world: World) -> None:
    world.durations["odd"] = "1 hour"
    world.write(TWO).start(at="2026-01-10 01:00").advance("1 hour 30 minutes")
    [run] = world.history("odd")

    world.loop.inbox.put(Progressed(run.key, 2**80, -4))
    world.loop.inbox.put(Ended(run.key, None))  # type: ignore[arg-type]  # a plugin's executor may tell anything
    world.drain()

    [odd] = world.history("odd")
    assert (odd.items_done, odd.items_total) == (MOST_ITEMS, 0)
    assert odd.reason == "its executor reported an end that is not an Outcome, but NoneType"


def test_a_message_that_makes_the_tick_fail_is_left_out_and_all_others_take_effect(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.durations["odd"] = "1 hour"
    world.write(TWO).start(at="2026-01-10 01:00").advance("1 hour 30 minutes")
    [run] = world.history("odd")
    line = LogLine(run_id=run.id, attempt=1, at=None, level="INFO", text="no time")  # type: ignore[arg-type]
    asked = ResumeAsked(job="odd")

    world.loop.inbox.put(Logged(line))
    world.loop.inbox.put(asked)
    world.drain()
    world.advance("1 hour")

    assert "a Logged could not be dealt with, and is left out" in caplog.text
    assert asked.answer.result(timeout=0) is False
    assert [each.status for each in world.history()] == ["completed", "completed"]


def test_an_end_whose_first_writes_fail_is_recorded_by_the_next_try(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.durations["odd"] = "1 hour"
    world.write(TWO).start(at="2026-01-10 01:00").advance("1 hour 30 minutes")
    failures = iter(["out of memory", "out of memory"])
    update = SqlLedger.update

    def fails_twice(ledger: SqlLedger, runs: Sequence[Run]) -> None:
        update(ledger, runs)
        if any(run.job == "odd" and run.status is Status.COMPLETED for run in runs) and (why := next(failures, None)):
            raise MemoryError(why)

    monkeypatch.setattr(SqlLedger, "update", fails_twice)
    world.advance("1 hour")

    [odd] = world.history("odd")
    assert (odd.status, odd.attempt) == ("completed", 1)
    assert next(failures, None) is None
