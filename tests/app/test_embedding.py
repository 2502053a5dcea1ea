"""`Aperture` in a host: handles, stops, forks, and what of the host stays as it was."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aperture_plugin import Aperture, Job, hookimpl
from aperture_plugin.cli.status_view import nobody_offers
from aperture_plugin.config.model import Config
from aperture_plugin.config.problems import Problem
from aperture_plugin.ports import LiveRun, RunQuery

TEXT = "schedules:\n  scan: manual\n  slow: manual\n"


class Host:
    """Two jobs, one of which takes until it is let go."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.go_on = threading.Event()

    @hookimpl
    def aperture_jobs(self) -> Iterator[Job]:
        yield Job("scan", self.scan)
        yield Job("slow", self.slow)

    def scan(self) -> dict[str, int]:
        return {"added": 1}

    def slow(self, run: LiveRun) -> None:
        self.begun.set()
        run.on_cancel(self.go_on.set)
        self.go_on.wait(20)
        run.progress(1)


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "schedules.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def embedded(file: Path, host: Host) -> Aperture:
    return Aperture(file, plugins=[host], entry_points=False)


def test_a_handle_gives_the_ended_run_or_says_that_it_takes_longer(file: Path, host: Host) -> None:
    with embedded(file, host) as aperture:
        quick = aperture.run("scan").wait(10)
        slow = aperture.run("slow")
        with pytest.raises(TimeoutError):
            slow.wait(0.05)
        host.go_on.set()
        ended = slow.wait(10)

    assert (quick.status, quick.result) == ("completed", {"added": 1})
    assert ended.status == "completed"


def test_many_threads_that_ask_at_once_are_each_given_a_run_of_their_own(file: Path, host: Host) -> None:
    text = file.read_text(encoding="utf-8").replace("schedules:\n", "defaults:\n  overlap: allow\nschedules:\n", 1)
    file.write_text(text, encoding="utf-8")
    with embedded(file, host) as aperture, ThreadPoolExecutor(16) as pool:
        handles = list(pool.map(lambda _: aperture.run("scan"), range(64)))
        ended = [handle.wait(60) for handle in handles]

    assert [run.id for run in ended] == [handle.id for handle in handles]
    assert len({run.id for run in ended}) == 64
    assert {run.status for run in ended} == {"completed"}


def test_an_unknown_job_is_told_with_the_nearest_name(file: Path, host: Host) -> None:
    with embedded(file, host) as aperture, pytest.raises(KeyError, match='did you mean "scan"'):
        aperture.run("scna")


def test_a_cancel_says_who_and_why(file: Path, host: Host) -> None:
    with embedded(file, host) as aperture:
        handle = aperture.run("slow")
        host.begun.wait(10)
        aperture.cancel("slow", note="the disk is full", by="ada")
        ended = handle.wait(10)

    assert (ended.status, ended.reason) == ("cancelled", "cancelled by ada: the disk is full")


def test_who_waits_for_a_run_does_not_wait_beyond_a_stop(file: Path, host: Host) -> None:
    aperture = embedded(file, host).start()
    running, waiting = aperture.run("slow"), aperture.run("scan")
    host.begun.wait(10)
    with ThreadPoolExecutor(2) as pool:
        ends = [pool.submit(handle.wait) for handle in (running, waiting)]
        aperture.stop(grace=0)

        assert ends[0].result(10).status == "cancelled"
        with pytest.raises(TimeoutError, match="was stopped before run"):
            ends[1].result(10)


def test_start_and_stop_may_be_called_again_and_nothing_is_left(file: Path, host: Host) -> None:
    before = set(threading.enumerate())
    aperture = embedded(file, host)
    aperture.stop()

    for _ in range(3):
        aperture.start()
        with pytest.raises(RuntimeError, match="it runs already"):
            aperture.start()
        assert aperture.run("scan").wait(10).status == "completed"
        aperture.stop()
        aperture.stop(grace=0)

    with pytest.raises(RuntimeError, match="not running"):
        aperture.run("scan")
    assert set(threading.enumerate()) <= before


def test_nothing_of_the_host_is_touched(file: Path, host: Host) -> None:
    def touched() -> list[object]:
        root = logging.getLogger()
        return [
            [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)],
            (list(root.handlers), root.level, logging.root.manager.disable),
            (sys.excepthook, threading.excepthook, sys.stdout, sys.stderr, Path.cwd()),
            dict(os.environ),
        ]

    before = touched()
    with embedded(file, host) as aperture:
        aperture.run("scan").wait(10)
        during = touched()

    assert before == during == touched()


def test_two_of_them_in_one_process_share_a_store(file: Path, host: Host) -> None:
    with embedded(file, host) as one, embedded(file, Host()) as two:
        runs = [one.run("scan").wait(10), two.run("scan").wait(10)]
        seen = {run.id for run in two.history()}

    assert [run.status for run in runs] == ["completed", "completed"]
    assert {run.id for run in runs} <= seen


def test_a_fork_says_that_the_threads_stayed_behind(file: Path, host: Host) -> None:
    with embedded(file, host) as aperture:
        pid = os.fork()
        if pid == 0:
            try:
                aperture.run("scan")
            except RuntimeError:
                aperture.stop()
                os._exit(0)
            os._exit(1)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        still = aperture.run("scan").wait(10)

    assert code == 0
    assert still.status == "completed"


def test_a_fork_stops_though_a_thread_of_its_parent_held_a_lock(file: Path, host: Host) -> None:
    with embedded(file, host) as aperture:
        delivery = aperture._alert_delivery
        assert delivery is not None
        held, go_on = threading.Event(), threading.Event()

        def hold() -> None:
            with aperture._lock, delivery.pings._changed:  # as it may be at the moment of the fork
                held.set()
                go_on.wait(60)

        holder = threading.Thread(target=hold)
        holder.start()
        held.wait(60)
        pid = os.fork()
        if pid == 0:
            aperture.stop()
            os._exit(0)
        go_on.set()
        holder.join()
        until = time.monotonic() + 20
        while (ended := os.waitpid(pid, os.WNOHANG)) == (0, 0) and time.monotonic() < until:
            time.sleep(0.01)
        if ended == (0, 0):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

    assert ended == (pid, 0)


class Faulty(Host):
    """Raises where it is asked, once it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.raises: dict[str, BaseException] = {}

    def ask(self, hook: str) -> None:
        if hook in self.raises:
            raise self.raises[hook]

    @hookimpl
    def aperture_jobs(self) -> Iterator[Job]:
        self.ask("jobs")
        yield from super().aperture_jobs()

    @hookimpl
    def aperture_lint(self, config: Config) -> list[Problem]:
        self.ask("lint")
        return []

    @hookimpl
    def aperture_ready(self, job: Job) -> None:
        self.ask("ready")

    @hookimpl
    def aperture_executor(self, name: str) -> None:
        self.ask(name)


@pytest.mark.parametrize(
    ("hook", "executor", "told"),
    [
        ("jobs", "threads", "plugin Faulty: aperture_jobs raised {}"),
        ("lint", "threads", "plugin Faulty: aperture_lint raised {}"),
        ("elsewhere", "elsewhere", "plugin Faulty: aperture_executor raised {}"),
        ("", "elsewhere", '"elsewhere" is an executor that nobody provides'),
    ],
)
@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(2)])
def test_a_plugin_that_raises_on_a_reload_is_named_and_the_old_schedule_goes_on(
    file: Path, hook: str, executor: str, told: str, error: BaseException
) -> None:
    host = Faulty()
    text = f"executor: {executor}\n{TEXT}  more:\n    schedule: manual\n    command: echo\n"

    with embedded(file, host) as aperture:
        host.raises[hook] = error
        accepted, problems = aperture.judge(text.encode())
        host.raises.clear()

        assert not accepted
        assert [problem.message for problem in problems] == [told.format(f"{type(error).__name__}: {error}")]
        assert aperture.run("scan").wait(10).status == "completed"
        assert list(aperture.config.jobs) == ["scan", "slow"]


def test_a_plugin_that_leaves_while_it_is_asked_does_not_end_the_watching(file: Path) -> None:
    host = Faulty()
    with embedded(file, host) as aperture:
        host.raises["jobs"] = KeyboardInterrupt()
        file.write_text(TEXT + "# once\n", encoding="utf-8")
        until(lambda: host.raises["jobs"].__traceback__ is not None)
        host.raises.clear()
        file.write_text(TEXT + "  more:\n    schedule: manual\n    command: echo\n", encoding="utf-8")

        until(lambda: "more" in aperture.config.jobs)


def test_a_plugin_that_leaves_instead_of_saying_whether_a_job_is_ready_holds_it_back_in_words(file: Path) -> None:
    host = Faulty()
    host.raises["ready"] = SystemExit(2)
    with embedded(file, host) as aperture:
        handle = aperture.run("scan")

        until(lambda: aperture.status()["queue"] and "could not tell" in aperture.status()["queue"][0]["reason"])
        handle.cancel()
        assert handle.wait(10).status == "cancelled"


def until(holds: Callable[[], object]) -> None:
    """Wait until something holds that another thread brings about."""
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end, "it never came about"
        threading.Event().wait(0.01)


@pytest.mark.parametrize(
    ("until", "error", "words"),
    [
        (datetime(2030, 1, 1), ValueError, "has no time zone"),  # noqa: DTZ001  # that is the mistake
        ("2 hours", TypeError, "is an aware datetime"),
        (datetime(2020, 1, 1, tzinfo=UTC), ValueError, "is past already"),
    ],
)
def test_a_pause_until_no_instant_to_come_is_refused_at_the_call(
    file: Path, host: Host, caplog: pytest.LogCaptureFixture, until: object, error: type[Exception], words: str
) -> None:
    with embedded(file, host) as aperture:
        with pytest.raises(error, match=words):
            aperture.pause("scan", until=until)  # type: ignore[arg-type]
        ended = aperture.run("scan").wait(20)

    assert ended.status == "completed"
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_a_history_since_a_naive_time_is_refused_at_the_call() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        RunQuery(since=datetime(2030, 1, 1))  # noqa: DTZ001  # that is the mistake


def test_a_job_that_nobody_offers_is_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "schedules.yaml"
    file.write_text("schedules:\n  scan: daily at 4 AM\n  off:\n    schedule: manual\n    enabled: no\n", "utf-8")
    sentence = "nobody offers scan, whose runs will fail: no plugin was found (looked for in "

    with Aperture(file, entry_points=False) as aperture:
        loop = aperture.overview().loop
        assert loop is not None
        told = loop.details["nobody_offers"]
        shown = [str(line) for line in nobody_offers(aperture.overview())]
        aperture.judge(b"schedules:\n  scan:\n    schedule: manual\n    command: echo\n")

    assert told.startswith(sentence)
    assert told.endswith("hooks, which is not there)")
    assert shown == [told]


def test_a_job_that_nobody_offers_is_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "schedules.yaml"
    file.write_text("schedules:\n  scan: daily at 4 AM\n", "utf-8")

    with caplog.at_level("WARNING", logger="aperture"), Aperture(file, entry_points=False):
        pass

    assert [one.levelname for one in caplog.records if one.message.startswith("nobody offers scan")] == ["WARNING"]
