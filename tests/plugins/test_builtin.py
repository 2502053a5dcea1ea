"""The dispatch that we build in: a handler of any shape, called as it wants to be."""

from __future__ import annotations

import asyncio
import functools
import gc
import logging
import threading
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any, NoReturn

import pytest

from aperture_plugin import Job, Outcome, OutcomeStatus, RunCancelled
from aperture_plugin.plugins.builtin import BuiltIn
from aperture_plugin.plugins.outcomes import outcome_of_error
from aperture_plugin.ports import LiveRun, PutOff

from .conftest import PlainRun


def run_it(handler: Callable[..., Any], run: PlainRun | None = None, **more: Any) -> Outcome:
    return BuiltIn().aperture_run_job(Job("scan", handler, **more), run or PlainRun())


class Host:
    def with_run(self, run: LiveRun) -> str:
        return run.id

    def without(self) -> str:
        return "no run"

    @classmethod
    def of_class(cls, run: LiveRun) -> str:
        return run.id

    @staticmethod
    def static() -> str:
        return "no run"

    def __call__(self, run: LiveRun) -> str:
        return run.id


def decorated(function: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(function)
    def wrapper(*args: object) -> object:
        return function(*args)

    return wrapper


@decorated
def decorated_without() -> str:
    return "no run"


@decorated
def decorated_with(run: LiveRun) -> str:
    return run.id


def only_by_name(*, keep: int = 3) -> str:
    return "no run"


@pytest.mark.parametrize(
    ("handler", "result"),
    [
        (Host().with_run, "one"),
        (Host().without, "no run"),
        (Host.of_class, "one"),
        (Host.static, "no run"),
        (Host(), "one"),
        (decorated_with, "one"),
        (decorated_without, "no run"),
        (only_by_name, "no run"),
        (lambda *args: len(args), 1),
        (lambda run=None: run is not None, True),
        (functools.partial(lambda note, run: note + run.id, "run "), "run one"),
        (functools.partial(Host().without), "no run"),
    ],
)
def test_a_handler_of_any_shape_is_given_the_run_if_it_takes_one(handler: Callable[..., Any], result: object) -> None:
    assert run_it(handler).result == result


def test_a_handler_may_answer_with_an_outcome_of_its_own() -> None:
    outcome = Outcome(status=OutcomeStatus.FAILED, reason="half of the feeds are down", result={"read": 3})

    assert run_it(lambda run: outcome) == outcome


def test_what_is_awaited_need_not_be_a_coroutine() -> None:
    class Later:
        def __await__(self) -> Any:
            yield from asyncio.sleep(0).__await__()
            return 3

    assert run_it(lambda run: Later()).result == 3


def test_an_async_handler_leaves_nothing_running_behind() -> None:
    closed: list[str] = []

    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            closed.append("generator")

    async def forgotten() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            closed.append("task")

    async def handler(run: LiveRun) -> int:
        task = asyncio.create_task(forgotten())
        await asyncio.sleep(0)
        async for number in numbers():
            assert not task.done()
            return number
        return 0

    before = threading.active_count()

    assert run_it(handler).result == 1
    assert sorted(closed) == ["generator", "task"]
    assert threading.active_count() == before


def test_an_async_handler_that_exits_has_failed_and_nobody_complains(caplog: pytest.LogCaptureFixture) -> None:
    async def handler(run: LiveRun) -> NoReturn:
        raise SystemExit(3)

    assert run_it(handler).reason == "SystemExit: 3"
    gc.collect()
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


class CancelledAtOnce(PlainRun):
    """A run that is asked to stop in the very moment in which its handler's loop is made."""

    def on_cancel(self, call: Callable[[], object]) -> None:
        self.asked.set()
        call()


class CancelledLater(PlainRun):
    """A run that is asked to stop when its handler says so."""

    def on_cancel(self, call: Callable[[], object]) -> None:
        self.asked.set()
        self.call = call


def test_an_async_handler_cancelled_before_it_began_gets_no_further_than_its_first_await() -> None:
    async def handler(run: LiveRun) -> NoReturn:
        await asyncio.Event().wait()
        raise AssertionError("it was cancelled before")

    assert run_it(handler, CancelledAtOnce()).status is OutcomeStatus.CANCELLED


def test_a_run_that_is_put_off_says_until_when_even_out_of_a_group() -> None:
    def handler(run: LiveRun) -> NoReturn:
        early, late = datetime(2026, 1, 11, tzinfo=UTC), datetime(2026, 1, 12, tzinfo=UTC)
        raise ExceptionGroup("tasks", [PutOff(late, "omdb is used up"), PutOff(early, "tmdb is used up")])

    outcome = run_it(handler)

    assert (outcome.status, outcome.reason) == (OutcomeStatus.PUT_OFF, "omdb is used up")
    assert outcome.until == datetime(2026, 1, 12, tzinfo=UTC)


def test_an_async_handler_that_tidies_up_and_returns_was_cancelled() -> None:
    async def handler(run: CancelledLater) -> str:
        run.call()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "half"
        return "whole"

    outcome = run_it(handler, CancelledLater())

    assert (outcome.status, outcome.result) == (OutcomeStatus.CANCELLED, "half")


def test_a_cancelled_error_that_nobody_asked_for_is_a_failure() -> None:
    async def handler(run: LiveRun) -> NoReturn:
        raise asyncio.CancelledError

    assert run_it(handler).status is OutcomeStatus.FAILED


def test_a_group_of_nothing_but_cancels_is_a_cancel() -> None:
    def handler(run: LiveRun) -> NoReturn:
        raise BaseExceptionGroup("tasks", [RunCancelled("enough"), RunCancelled("enough")])

    assert run_it(handler) == Outcome(status=OutcomeStatus.CANCELLED, reason="enough")


def test_an_exception_whose_text_cannot_be_read_is_still_told() -> None:
    class Broken(Exception):
        def __str__(self) -> str:
            raise OSError("no text")

    def handler(run: LiveRun) -> NoReturn:
        raise Broken

    outcome = run_it(handler)

    assert outcome.reason == "Broken: (its message could not be read: OSError)"
    assert "in handler" in (outcome.error or "")


def test_a_traceback_without_end_is_shortened_in_its_middle() -> None:
    outcome = outcome_of_error(ValueError("x" * 1_000_000), Job("scan", print), PlainRun())

    assert len(outcome.reason or "") == 500
    assert len(outcome.error or "") < 70_000
    assert "characters left out" in (outcome.error or "")


def test_bytes_no_store_can_keep_are_written_out() -> None:
    outcome = outcome_of_error(OSError("no file a\0b\udcff"), Job("scan", print), PlainRun())

    assert outcome.reason == "OSError: no file a\\x00b\\udcff"
    assert "\0" not in (outcome.error or "")
    (outcome.error or "").encode("utf-8")
