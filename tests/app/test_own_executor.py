"""Handlers that run elsewhere than in this process: an executor that a host brings, and what becomes of its runs."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from aperture_plugin import Aperture, Job, LiveRun, Outcome, OutcomeStatus, hookimpl
from aperture_plugin.executors.live_run import WorkerRun
from aperture_plugin.executors.remote_attempt import Errand, apply_message, ended, order_of, outcome_to
from aperture_plugin.loop import thread
from aperture_plugin.plugins.plugin_loader import load_plugins
from aperture_plugin.ports import Executor, Report, Spender, Work
from aperture_plugin.store.connect import open_store


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class RealClock:
    """The machine's own time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class Media:
    """The plugin of the pool's processes, and of this one: it is a module's, so that both can load it."""

    @hookimpl
    def aperture_jobs(self) -> Iterator[Job]:
        yield Job("scan", scan, params={"keep": 7})
        yield Job("break", broken)
        yield Job("waits", waits)


def scan(run: LiveRun) -> dict[str, Any]:
    for item in run.track(range(3)):
        run.log.info("indexed %s", item)
    return {"pid": os.getpid(), "keep": run.params["keep"]}


def waits(run: LiveRun) -> None:
    time.sleep(0.5)


def broken(run: LiveRun) -> None:
    os._exit(7)


def carried_out(order: dict[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Do an attempt in a process of the pool; return what its handler said, and how it ended."""
    plugins = load_plugins(directory=None, plugins=[Media()], entry_points=False)
    said: list[dict[str, Any]] = []
    errand = Errand(order, plugins.jobs, plugins.run_job, said.append, clock=RealClock())
    return said, outcome_to(errand.run())


class PoolExecutor:
    """Runs handlers in the processes of a pool: the least that an executor can be."""

    name = "pool"
    __hash__ = None  # type: ignore[assignment]  # As that of a dataclass.

    def __init__(self, spend: Spender) -> None:
        self._spend = spend
        self._pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
        self.given: list[Work] = []
        self.asked: list[tuple[tuple[str, int], str]] = []

    def start(self, work: Work, report: Report) -> None:
        self.given.append(work)
        run = WorkerRun(work.run, {}, report, clock=RealClock(), spend=self._spend, environment=work.environment)

        def done(future: Future[Any]) -> None:
            try:
                said, outcome = future.result()
                for message in said:
                    apply_message(message, run)
            except Exception as error:  # noqa: BLE001  # its process died
                outcome = outcome_to(Outcome(status=OutcomeStatus.FAILED, reason=str(error)))
            report(ended(run, outcome))

        self._pool.submit(carried_out, order_of(work)).add_done_callback(done)

    def cancel(self, key: tuple[str, int], reason: str) -> None:
        self.asked.append((key, reason))

    def kill(self, key: tuple[str, int]) -> bool:
        return False

    def stop(self, timeout: timedelta) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


class Host(Media):
    """A host with an executor of its own."""

    def __init__(self) -> None:
        self.made: list[tuple[str | None, PoolExecutor]] = []

    @hookimpl
    def aperture_executor(self, name: str, spend: Spender, broker: str | None) -> Executor | None:
        if name != "pool":
            return None
        self.made.append((broker, PoolExecutor(spend)))
        return self.made[-1][1]


TEXT = """
executor: pool
broker: redis://localhost/${DB}
schedules:
  scan:
    schedule: manual
    params:
      keep: 14
  break: manual
  waits: manual
  say:
    schedule: manual
    command: echo here
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "schedules.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def embedded(file: Path, host: Host) -> Aperture:
    return Aperture(file, plugins=[host], entry_points=False, environ={**os.environ, "DB": "3"}, watch=False)


def test_a_hosts_own_executor_runs_handlers_elsewhere_with_all_that_a_handler_can_say(file: Path) -> None:
    with embedded(file, host := Host()) as aperture:
        run = aperture.run("scan").wait(20)
        broke = aperture.run("break").wait(20)

    store = open_store("sqlite:///aperture.db", directory=file.parent)
    store.open()
    lines = [line.text for _, line in store.log_lines(run.id)]
    store.close()
    assert (run.status, run.items_done, run.items_total) == ("completed", 3, 3)
    assert isinstance(run.result, dict)
    assert run.result["keep"] == 14
    assert run.result["pid"] != os.getpid()
    assert lines == ["indexed 0", "indexed 1", "indexed 2"]
    assert broke.status == "failed"
    assert [broker for broker, _ in host.made] == ["redis://localhost/3"]


def test_a_hosts_own_executor_is_asked_to_cancel_once(file: Path) -> None:
    with embedded(file, host := Host()) as aperture:
        handle = aperture.run("waits")
        end = time.monotonic() + 20
        while not host.made[0][1].given:
            assert time.monotonic() < end, "it never began"
            time.sleep(0.01)
        handle.cancel()
        run = handle.wait(20)

    [(key, reason)] = host.made[0][1].asked
    assert key == run.key
    assert reason.startswith("cancelled by")


def test_a_command_runs_beside_the_loop_and_no_executor_of_a_plugin_has_to_know_what_one_is(file: Path) -> None:
    with embedded(file, host := Host()) as aperture:
        run = aperture.run("say").wait(20)

    assert (run.status, run.result) == ("completed", {"exit_code": 0})
    assert host.made[0][1].given == []


def test_a_save_that_names_another_broker_has_new_runs_go_by_it(file: Path) -> None:
    with embedded(file, host := Host()) as aperture:
        accepted, _ = aperture.judge(TEXT.replace("localhost", "elsewhere").encode())
        end = time.monotonic() + 20
        while aperture.config.broker != "redis://elsewhere/3":
            assert time.monotonic() < end, "it never came into force"
            time.sleep(0.01)
        run = aperture.run("scan").wait(20)

    assert accepted
    assert [broker for broker, _ in host.made] == ["redis://localhost/3", "redis://elsewhere/3"]
    assert [work.run.id for _, executor in host.made for work in executor.given] == [run.id]
    assert host.made[0][1].given == []


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")
def test_a_process_that_does_not_stop_when_its_host_stops_us_does_not_work_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks = tmp_path / "hooks" / "media.py"
    hooks.parent.mkdir()
    hooks.write_text(
        dedent("""
            import os, pathlib, time
            from aperture_plugin import Job, hookimpl

            def scan(run):
                pathlib.Path(__file__).with_name("pid").write_text(f"{os.getpid()}.")
                while True:
                    time.sleep(600)

            @hookimpl
            def aperture_jobs():
                yield Job("scan", scan)
        """),
        encoding="utf-8",
    )
    file, pid = tmp_path / "schedules.yaml", hooks.with_name("pid")
    file.write_text("executor: processes\nschedules:\n  scan: manual\n", encoding="utf-8")
    monkeypatch.setattr(thread, "PATIENCE", timedelta(seconds=0.2))
    end = time.monotonic() + 20

    with Aperture(file, entry_points=False) as aperture:
        handle = aperture.run("scan")
        while not (pid.exists() and pid.read_text().endswith(".")):
            assert time.monotonic() < end, "it never began"
            time.sleep(0.01)
        worker = int(pid.read_text()[:-1])
        aperture.stop(grace=0)

    assert handle.wait(1).status == "interrupted"
    while is_alive(worker):
        assert time.monotonic() < end, "it works on"
        time.sleep(0.01)
    assert os.getpid() != worker
