"""The executor of tests: when `start` returns, it is all over."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from aperture_plugin.executors.inline import InlineExecutor
from aperture_plugin.plugins.registry import Plugins
from aperture_plugin.ports import Ended, Event, LiveRun, Logged
from aperture_plugin.rules.jobs import Outcome, OutcomeStatus

from .conftest import Bench, RealClock


@pytest.fixture
def inline(plugins: Plugins, clock: RealClock, tmp_path: Path) -> Bench:
    return Bench(InlineExecutor(plugins.run_job, clock=clock), tmp_path)


def told(bench: Bench) -> list[Event]:
    return [bench.events.get_nowait() for _ in range(bench.events.qsize())]


def test_everything_has_been_told_when_start_returns(inline: Bench) -> None:
    def handler(run: LiveRun) -> int:
        run.log.info("here")
        return 3

    inline.start(handler)

    assert [type(event) for event in told(inline)] == [Logged, Ended]


def test_an_async_handler_runs_even_within_a_hosts_own_loop(inline: Bench) -> None:
    async def handler(run: LiveRun) -> int:
        await asyncio.sleep(0)
        return 3

    async def host() -> tuple[str, int]:
        return inline.start(handler)

    key = asyncio.run(host())

    assert told(inline) == [Ended(key, Outcome(result=3))]


def test_a_handler_can_be_cancelled_from_within(inline: Bench) -> None:
    def handler(run: LiveRun) -> None:
        inline.executor.cancel((run.id, run.attempt), "enough")
        for _ in run.track([1]):
            raise AssertionError("it was asked to stop")

    inline.start(handler)

    *_, ended = told(inline)
    assert isinstance(ended, Ended)
    assert (ended.outcome.status, ended.outcome.reason) == (OutcomeStatus.CANCELLED, "enough")


def test_a_command_runs_to_its_end_as_well(inline: Bench) -> None:
    inline.start(command="exit 3")

    *_, ended = told(inline)
    assert isinstance(ended, Ended)
    assert ended.outcome.reason == "exited with code 3"
    assert not inline.executor.kill(ended.key)


def test_after_stop_nothing_is_begun(inline: Bench) -> None:
    inline.executor.stop(timedelta(0))

    inline.start(lambda run: 3)

    [ended] = told(inline)
    assert isinstance(ended, Ended)
    assert ended.outcome.reason == "this executor was stopped and takes no more work"
