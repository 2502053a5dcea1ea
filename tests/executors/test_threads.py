"""Handlers in threads: one end each, whatever they do."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import threading
from contextvars import ContextVar
from datetime import date, timedelta
from pathlib import Path
from typing import NoReturn

import pytest

from aperture_plugin.executors.threads import ThreadExecutor
from aperture_plugin.ports import Ended, LiveRun, RunCancelled
from aperture_plugin.rules.jobs import Outcome, OutcomeStatus

from .conftest import PATIENCE, Bench, RealClock, a_run, open_descriptors


def test_a_handler_runs_and_its_result_is_the_outcome(threads: Bench) -> None:
    assert threads.ended(lambda run: {"added": 12}) == Outcome(result={"added": 12})


def test_a_handler_that_takes_no_run_is_called_without_one(threads: Bench) -> None:
    assert threads.ended(lambda: "done").result == "done"


def test_an_async_handler_runs_in_a_loop_of_its_own(threads: Bench) -> None:
    async def handler(run: LiveRun) -> int:
        await asyncio.sleep(0)
        return 3

    assert threads.ended(handler).result == 3


def test_what_a_handler_raises_is_the_reason_and_its_own_frames_are_the_error(threads: Bench) -> None:
    def handler(run: LiveRun) -> NoReturn:
        raise ValueError("no such library\nsecond line")

    outcome = threads.ended(handler)

    assert (outcome.status, outcome.reason) == (OutcomeStatus.FAILED, "ValueError: no such library …")
    assert outcome.error is not None
    first, second, *_ = outcome.error.splitlines()
    assert first == "Traceback (most recent call last):"
    assert f'File "{__file__}"' in second


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit()])
def test_an_exception_that_would_end_a_process_ends_the_run_and_not_the_thread(
    threads: Bench, error: BaseException
) -> None:
    def handler(run: LiveRun) -> NoReturn:
        raise error

    outcome = threads.ended(handler)

    assert outcome.status is OutcomeStatus.FAILED
    assert (outcome.reason or "").startswith(type(error).__name__)
    assert threads.ended(lambda run: 1).result == 1


def test_an_error_declared_as_permanent_is_told_as_permanent_even_within_a_group(threads: Bench) -> None:
    def handler(run: LiveRun) -> NoReturn:
        raise ExceptionGroup("two", [PermissionError("no"), OSError("gone")])

    outcome = threads.ended(handler, permanent=(PermissionError,))

    assert (outcome.status, outcome.permanent) == (OutcomeStatus.FAILED, True)


def test_a_result_that_is_no_json_completes_the_run_and_its_log_names_what_is_kept_as_text(threads: Bench) -> None:
    outcome = threads.ended(lambda run: {"when": date(2026, 1, 10), "rate": float("nan")})

    assert (outcome.status, outcome.result) == (OutcomeStatus.COMPLETED, {"when": "2026-01-10", "rate": "nan"})
    assert threads.log == ['not all of the result is JSON: result["rate"] is nan, which is no JSON; it is kept as text']


def test_a_cancelled_run_stops_at_its_next_item(threads: Bench) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def handler(run: LiveRun) -> None:
        for item in run.track(range(100)):
            if item == 3:
                reached.set()
                go_on.wait(PATIENCE)

    key = threads.start(handler)
    assert reached.wait(PATIENCE)
    threads.executor.cancel(key, "cancelled by ana")
    go_on.set()

    assert threads.outcome() == Outcome(status=OutcomeStatus.CANCELLED, reason="cancelled by ana")
    assert threads.progress[-1] == (4, 100)


def test_a_cancelled_async_handler_is_interrupted_where_it_awaits(threads: Bench) -> None:
    reached = threading.Event()

    async def handler(run: LiveRun) -> None:
        reached.set()
        await asyncio.Event().wait()

    key = threads.start(handler)
    assert reached.wait(PATIENCE)
    threads.executor.cancel(key, "timed out")

    assert threads.outcome().status is OutcomeStatus.CANCELLED


def test_a_handler_that_sees_the_cancel_and_leaves_early_was_cancelled(threads: Bench) -> None:
    reached, asked = threading.Event(), threading.Event()

    def handler(run: LiveRun) -> str:
        run.on_cancel(asked.set)
        reached.set()
        asked.wait(PATIENCE)
        return "half" if run.cancelled else "whole"

    key = threads.start(handler)
    assert reached.wait(PATIENCE)
    threads.executor.cancel(key, "")

    outcome = threads.outcome()
    assert (outcome.status, outcome.result) == (OutcomeStatus.CANCELLED, "half")


def test_a_handler_that_never_looked_and_finished_its_work_has_completed(threads: Bench) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def handler(run: LiveRun) -> str:
        reached.set()
        go_on.wait(PATIENCE)
        return "whole"

    key = threads.start(handler)
    assert reached.wait(PATIENCE)
    threads.executor.cancel(key, "cancelled by ana")
    go_on.set()

    assert threads.outcome() == Outcome(result="whole")


def test_a_library_that_wraps_the_cancel_in_an_error_of_its_own_hides_nothing(threads: Bench) -> None:
    def handler(run: LiveRun) -> None:
        threads.executor.cancel((run.id, run.attempt), "enough")
        try:
            run.progress(1)
        except RunCancelled as error:
            raise OSError("copy failed") from error

    assert threads.ended(handler).status is OutcomeStatus.CANCELLED


def test_a_thread_cannot_be_killed_and_says_so(threads: Bench) -> None:
    go_on = threading.Event()
    key = threads.start(lambda run: go_on.wait(PATIENCE))

    assert not threads.executor.kill(key)

    go_on.set()
    threads.outcome()


def test_cancelling_what_has_ended_or_never_was_is_passed_over(threads: Bench) -> None:
    key = threads.start(lambda run: None)
    threads.outcome()

    threads.executor.cancel(key, "too late")
    threads.executor.cancel(("nobody", 1), "not here")

    threads.nothing_more()

    threads.nothing_more()


def test_the_thread_is_named_after_its_job_and_is_a_daemon(threads: Bench) -> None:
    seen: list[threading.Thread] = []

    threads.ended(lambda run: seen.append(threading.current_thread()))

    assert [(thread.daemon) for thread in seen] == [True]
    assert threads.ended(lambda run: threading.current_thread().name).result == "aperture-library-scan"


def test_runs_after_one_another_share_a_thread_and_runs_beside_one_another_do_not(threads: Bench) -> None:
    idents = {threads.ended(lambda run: threading.get_ident()).result for _ in range(20)}
    both = threading.Barrier(2)
    for _ in range(2):
        threads.start(lambda run: both.wait(PATIENCE) and None)

    assert len(idents) == 1
    assert [threads.outcome().status for _ in range(2)] == [OutcomeStatus.COMPLETED] * 2


def test_what_one_run_sets_in_its_context_the_next_does_not_find(threads: Bench) -> None:
    tenant: ContextVar[str] = ContextVar("tenant", default="nobody")
    threads.ended(lambda run: tenant.set("ana") and None)

    assert threads.ended(lambda run: tenant.get()).result == "nobody"


def test_a_dispatch_that_raises_ends_the_run_all_the_same(clock: RealClock, tmp_path: Path) -> None:
    def broken(job: object, run: object) -> NoReturn:
        raise RuntimeError("broken")

    bench = Bench(ThreadExecutor(broken, clock=clock), tmp_path)

    assert bench.ended(lambda run: None).reason == "RuntimeError: broken"
    bench.executor.stop(timedelta(seconds=PATIENCE))


def test_a_run_no_plugin_registers_fails_with_words(threads: Bench) -> None:
    assert threads.ended().reason == 'no plugin registers "library-scan"'


def test_a_parameter_that_is_no_number_fails_the_run_for_good(threads: Bench) -> None:
    outcome = threads.ended(lambda run: None, words={"keep": "many"}, params={"keep": 7})

    assert (outcome.reason, outcome.permanent) == ('params: keep: "many" is not a whole number', True)


def test_after_stop_no_work_is_taken_and_its_end_is_told_all_the_same(threads: Bench) -> None:
    threads.ended(lambda run: None)
    threads.executor.stop(timedelta(seconds=PATIENCE))

    outcome = threads.ended(lambda run: None)

    assert outcome.reason == "this executor was stopped and takes no more work"


def test_stop_waits_for_what_runs_but_not_for_ever(threads: Bench) -> None:
    go_on = threading.Event()
    key = threads.start(lambda run: go_on.wait(PATIENCE))

    threads.executor.stop(timedelta(0))
    assert threads.ends == []

    go_on.set()
    assert threads.outcome(key).result is True


def test_what_a_handler_left_behind_says_later_is_not_heard(threads: Bench) -> None:
    held: list[LiveRun] = []
    threads.ended(held.append)

    held[0].log.info("still here")
    held[0].progress(1, 2)

    threads.nothing_more()


def test_a_thousand_runs_leave_no_thread_and_no_descriptor(threads: Bench) -> None:
    before, descriptors = set(threading.enumerate()), open_descriptors()

    async def async_handler(run: LiveRun) -> None:
        await asyncio.sleep(0)

    for _ in range(100):
        keys = [threads.start(lambda run: None) for _ in range(9)] + [threads.start(async_handler)]
        for _ in keys:
            threads.outcome()
    most = len(set(threading.enumerate()) - before)
    threads.executor.stop(timedelta(seconds=PATIENCE))

    assert len(threads.ends) == 1000
    assert len({end.key for end in threads.ends}) == 1000
    assert most <= 10
    assert set(threading.enumerate()) == before
    assert open_descriptors() == descriptors


def test_the_hosts_logging_keeps_nothing_out_of_a_runs_log(threads: Bench) -> None:
    def handler(run: LiveRun) -> None:
        run.log.debug("indexed %s", "a film")
        run.log.getChild("detail").warning("odd")

    logging.disable(logging.CRITICAL)
    try:
        threads.ended(handler)
    finally:
        logging.disable(logging.NOTSET)

    assert threads.log == ["indexed a film", "odd"]


def test_the_hosts_logging_receives_a_runs_lines_from_its_own_level_on(
    threads: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    def handler(run: LiveRun) -> None:
        run.log.debug("looked at %s", "a film", extra={"film": 7})
        run.log.warning("no title")

    with caplog.at_level(logging.INFO):
        threads.ended(handler)

    [record] = caplog.records
    assert threads.log == ["looked at a film", "no title"]
    assert (record.name, record.levelname, record.getMessage()) == ("aperture.run.library-scan", "WARNING", "no title")
    assert (record.__dict__["job"], record.__dict__["attempt"]) == ("library-scan", 1)


def test_a_secret_in_a_runs_line_does_not_reach_the_hosts_logging(
    threads: Bench, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_TOKEN", "hunter22hunter22")

    def handler(run: LiveRun) -> None:
        try:
            int("hunter22hunter22")
        except ValueError:
            run.log.exception("login with %s failed", "hunter22hunter22")

    threads.ended(handler)

    [record] = caplog.records
    assert "hunter22" not in logging.Formatter().format(record)
    assert "ValueError: invalid literal for int() with base 10: '•••'" in record.getMessage()


def test_the_interpreter_ends_while_a_handler_still_runs() -> None:
    host = (
        "import threading\n"
        "from aperture_plugin.executors.thread_pool import Pool\n"
        "begun = threading.Event()\n"
        "Pool().submit('aperture-hangs', lambda idle: (begun.set(), threading.Event().wait()))\n"
        "begun.wait()\n"
    )

    ended = subprocess.run([sys.executable, "-c", host], timeout=PATIENCE, capture_output=True, check=False)

    assert (ended.returncode, ended.stderr) == (0, b"")


def test_the_attempt_is_given_as_history_shows_it(threads: Bench) -> None:
    run = a_run("embeddings", attempt=2)

    def handler(live: LiveRun) -> list[object]:
        return [live.id, live.job, live.attempt, live.trigger, live.slot, live.nominal]

    assert threads.ended(handler, run=run).result == [run.id, "embeddings", 2, "manual", None, None]
    assert isinstance(threads.heard[-1], Ended)
