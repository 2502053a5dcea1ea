"""Handlers in processes of their own: real ones, which really die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent

import pytest

from aperture_plugin.executors import process_groups
from aperture_plugin.executors.processes import ProcessExecutor
from aperture_plugin.plugins.plugin_loader import load_plugins
from aperture_plugin.ports import PutOff
from aperture_plugin.rules.jobs import Outcome, OutcomeStatus

from .conftest import PATIENCE, Bench, RealClock, a_run, is_alive, open_descriptors

HOOKS = """
    import asyncio, os, signal, subprocess, sys, threading
    from aperture_plugin import Job, Outcome, hookimpl

    HANDLERS = {}

    def job(handler):
        HANDLERS[handler.__name__] = handler
        return handler

    @hookimpl
    def aperture_jobs():
        for name, handler in HANDLERS.items():
            yield Job(name, handler, params={"keep": 7}, permanent=(PermissionError,))

    @hookimpl(wrapper=True)
    def aperture_run_job(job, run):
        run.log.info("before")
        outcome = yield
        run.log.info("after %s", outcome.status)
        return outcome

    @job
    def add(run):
        return {"pid": os.getpid(), "keep": run.params["keep"], "kinds": run.params.get("kinds")}

    @job
    def seen(run):
        return [run.id, run.job, run.attempt, str(run.trigger), run.slot.isoformat(), run.nominal.isoformat()]

    @job
    def count(run):
        for item in run.track(range(3)):
            print("printed", item)
            run.log.warning("logged %s", item)

    @job
    def fail(run):
        raise PermissionError("not yours")

    @job
    async def waits(run):
        run.log.info("ready")
        await asyncio.Event().wait()

    @job
    def hangs(run):
        child = subprocess.Popen(["sleep", "600"])
        run.log.info("%d", child.pid)
        threading.Event().wait()

    @job
    def crash(run):
        print("about to crash")
        os.kill(os.getpid(), signal.SIGSEGV)

    @job
    def leave(run):
        os._exit(7)

    @job
    def linger(run):
        threading.Thread(target=threading.Event().wait).start()
        return "done"

    @job
    def spend(run):
        run.spend("tmdb", 3)
        try:
            run.spend("nothing")
        except KeyError as error:
            return error.args[0]

    @job
    def spend_too_much(run):
        run.spend("used up")

    @job
    def spend_slowly(run):
        run.log.info("ready")
        run.spend("slow")

    @job
    def set_of_results(run):
        return Outcome(result={1, 2})
"""


@pytest.fixture
def spent() -> list[tuple[str, int]]:
    return []


@pytest.fixture
def processes(tmp_path: Path, clock: RealClock, spent: list[tuple[str, int]]) -> Iterator[Bench]:
    """The process executor on a bench, with the plugin above."""
    hooks = tmp_path / "hooks" / "media.py"
    hooks.parent.mkdir()
    hooks.write_text(dedent(HOOKS), encoding="utf-8")
    plugins = load_plugins(directory=tmp_path, entry_points=False)

    def spend(key: tuple[str, int], limit: str, calls: int, cancelled: threading.Event) -> None:
        if limit == "slow":
            assert cancelled.wait(PATIENCE)
        elif limit == "used up":
            raise PutOff(datetime(2026, 1, 11, tzinfo=UTC), "limit used up returns at midnight")
        elif limit == "nothing":
            raise KeyError('there is no limit "nothing"')
        else:
            spent.append((limit, calls))

    executor = ProcessExecutor(plugins.recipe(), clock=clock, spend=spend)
    yield Bench(executor, tmp_path)
    executor.stop(timedelta(seconds=PATIENCE))
    plugins.close()


def never(run: object) -> None:
    raise AssertionError("the handler is called in its own process, and not here")


def ended(bench: Bench, job: str, **words: str | tuple[str, ...]) -> Outcome:
    return bench.outcome(start(bench, job, **words))


def start(bench: Bench, job: str, **words: str | tuple[str, ...]) -> tuple[str, int]:
    return bench.start(never, run=a_run(job), words=words, params={"keep": 7})


def test_a_handler_runs_in_another_process_with_its_parameters(processes: Bench) -> None:
    outcome = ended(processes, "add", keep="14", kinds=("film", "series"))

    assert isinstance(outcome.result, dict)
    pid = outcome.result.pop("pid")
    assert outcome.result == {"keep": 14, "kinds": ["film", "series"]}
    assert [pid] == processes.groups != [os.getpid()]
    assert processes.log == ["before", "after completed"]


def test_it_sees_the_attempt_as_history_shows_it(processes: Bench) -> None:
    due = datetime(2026, 3, 29, 1, tzinfo=UTC)
    run = a_run("seen", attempt=2, due=due, nominal=datetime(2026, 3, 29, 3))  # noqa: DTZ001 - a nominal time is naive

    outcome = processes.outcome(processes.start(never, run=run))

    assert outcome.result == [run.id, "seen", 2, "manual", "2026-03-29T01:00:00+00:00", "2026-03-29T03:00:00"]


def test_progress_and_logs_flow_back_and_what_it_prints_is_in_the_log(processes: Bench) -> None:
    assert ended(processes, "count").status is OutcomeStatus.COMPLETED

    assert (processes.progress[0], processes.progress[-1]) == ((0, 3), (3, 3))
    assert sorted(processes.log) == sorted(
        ["before", "after completed", *(f"{how} {n}" for how in ("printed", "logged") for n in range(3))]
    )


def test_what_it_raises_is_told_as_if_it_had_been_raised_here(processes: Bench) -> None:
    outcome = ended(processes, "fail")

    assert (outcome.status, outcome.reason, outcome.permanent) == (
        OutcomeStatus.FAILED,
        "PermissionError: not yours",
        True,
    )
    assert "media.py" in (outcome.error or "").splitlines()[1]


def test_a_cancel_reaches_the_handler(processes: Bench) -> None:
    key = start(processes, "waits")
    processes.logged("ready")

    processes.executor.cancel(key, "cancelled by ana")

    assert processes.outcome().status is OutcomeStatus.CANCELLED


def test_a_kill_ends_the_process_and_what_it_started(processes: Bench) -> None:
    key = start(processes, "hangs")
    processes.logged("before")
    child = int(processes.next_log())

    processes.executor.cancel(key, "timed out")
    assert processes.executor.kill(key)

    outcome = processes.outcome()
    assert (outcome.status, outcome.reason) == (
        OutcomeStatus.CANCELLED,
        "timed out (its process was killed by SIGKILL)",
    )
    assert not is_alive(child)
    assert not processes.executor.kill(key)


def test_a_crash_is_told_with_the_frames_it_happened_in(processes: Bench) -> None:
    outcome = ended(processes, "crash")

    assert (outcome.status, outcome.reason) == (OutcomeStatus.FAILED, "its process was killed by SIGSEGV")
    assert "about to crash" in (outcome.error or "")
    assert "in crash" in (outcome.error or "")


def test_a_handler_that_leaves_without_a_word_has_failed(processes: Bench) -> None:
    assert ended(processes, "leave").reason == "its process exited with code 7 before the handler came back"


def test_a_thread_left_behind_does_not_hold_up_the_end_for_ever(
    processes: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_groups, "GRACE_SECONDS", 0.1)

    assert ended(processes, "linger").result == "done"


def test_limits_are_spent_where_they_are_kept(processes: Bench, spent: list[tuple[str, int]]) -> None:
    assert ended(processes, "spend").result == 'there is no limit "nothing"'
    assert spent == [("tmdb", 3)]


def test_a_run_is_put_off_until_its_budget_returns(processes: Bench) -> None:
    assert ended(processes, "spend_too_much") == Outcome(
        status=OutcomeStatus.PUT_OFF,
        reason="limit used up returns at midnight",
        until=datetime(2026, 1, 11, tzinfo=UTC),
    )


def test_waiting_for_a_limit_ends_with_a_cancel(processes: Bench) -> None:
    key = start(processes, "spend_slowly")
    processes.logged("ready")

    processes.executor.cancel(key, "cancelled by ana")

    assert processes.outcome() == Outcome(status=OutcomeStatus.CANCELLED, reason="cancelled by ana")


def test_a_result_becomes_json_on_its_way(processes: Bench) -> None:
    assert ended(processes, "set_of_results") == Outcome(result=[1, 2])


def test_a_job_that_only_this_process_knows_fails_with_words(processes: Bench) -> None:
    assert ended(processes, "unknown").reason == 'in a process of its own no plugin registers "unknown"'


def test_plugins_that_cannot_be_loaded_any_more_fail_the_run_with_words(processes: Bench) -> None:
    (processes.directory / "hooks" / "media.py").write_text("import nothing_of_that_name\n")

    assert ended(processes, "add").reason == (
        "a process of its own could not load the plugins: it cannot be imported: "
        "ModuleNotFoundError: No module named 'nothing_of_that_name'"
    )


def test_a_command_runs_as_everywhere(processes: Bench) -> None:
    assert processes.ended(command="echo hello") == Outcome(result={"exit_code": 0})
    assert processes.log == ["hello"]


def test_an_orphaned_worker_ends_itself(processes: Bench, tmp_path: Path) -> None:
    host = (
        "import sys, os\n"
        "from pathlib import Path\n"
        f"sys.path.insert(0, {str(Path(__file__).parents[2])!r})\n"
        "from tests.executors.conftest import Bench, RealClock, a_run\n"
        "from aperture_plugin.executors.processes import ProcessExecutor\n"
        "from aperture_plugin.plugins.plugin_loader import load_plugins\n"
        "folder = Path(sys.argv[1])\n"
        "plugins = load_plugins(directory=folder, entry_points=False)\n"
        "bench = Bench(ProcessExecutor(plugins.recipe(), clock=RealClock()), folder)\n"
        "bench.start(print, run=a_run('waits'))\n"
        "group = bench.spawned().group\n"
        "bench.logged('ready')\n"
        "print(group, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )

    died = subprocess.run(
        [sys.executable, "-c", host, str(tmp_path)], capture_output=True, timeout=PATIENCE, check=False
    )

    assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    worker, patience = int(died.stdout), threading.Event()
    for _ in range(200):
        if not is_alive(worker):
            break
        patience.wait(0.05)
    assert not is_alive(worker)


def test_ten_runs_leave_no_thread_descriptor_or_process(processes: Bench) -> None:
    before, descriptors = set(threading.enumerate()), open_descriptors()

    keys = [start(processes, name) for name in ("add", "fail", "leave", "crash", "unknown", "hangs", "waits")]
    for key in keys[-2:]:
        processes.until_spawned(key)
        assert processes.executor.kill(key)
    while len(processes.ends) < len(keys):  # one may have ended while another's process was waited for
        processes.outcome()
    processes.executor.stop(timedelta(seconds=PATIENCE))

    assert len({end.key for end in processes.ends}) == len(keys)
    assert set(threading.enumerate()) == before
    assert open_descriptors() == descriptors
    assert not any(is_alive(group) for group in processes.groups)
