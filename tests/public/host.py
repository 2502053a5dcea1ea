"""A host as its developer would write it, with public names alone; mypy reads it in strict mode."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import assert_type

from aperture_plugin import (
    Aperture,
    ApertureError,
    Config,
    ConfigRefused,
    Dispatch,
    Ended,
    Executor,
    Job,
    JobConfig,
    LiveRun,
    NoSuchJob,
    NotRunning,
    Outcome,
    OutcomeStatus,
    PluginError,
    Problem,
    Report,
    Run,
    RunCancelled,
    RunHandle,
    RunQuery,
    RunTrigger,
    Spender,
    Status,
    StoreUnavailable,
    Unreadable,
    Work,
    hookimpl,
    run_json,
)
from aperture_plugin.testing import FakeClock, World


class InPlace:
    """An executor that calls each handler in the loop's thread."""

    name = "in place"

    def __init__(self, dispatch: Dispatch) -> None:
        self._dispatch = dispatch

    def start(self, work: Work, report: Report) -> None:
        if work.job is None:
            report(Ended(work.run.key, Outcome(status=OutcomeStatus.FAILED, reason="it is a command")))

    def cancel(self, key: tuple[str, int], reason: str) -> None:
        del key, reason

    def kill(self, key: tuple[str, int]) -> bool:
        return key is None

    def stop(self, timeout: timedelta) -> None:
        del timeout


class Library:
    """A plugin with every hook."""

    def __init__(self) -> None:
        self.seen: list[Status] = []

    @hookimpl
    def aperture_jobs(self) -> Iterable[Job]:
        yield Job("library-scan", self.scan, title="Library Scan", category="sync", params={"depth": 3})
        yield Job("later", self.later)

    def scan(self, run: LiveRun) -> dict[str, int]:
        added = 0
        for number in run.track(range(10)):
            run.log.info("item %d", number)
            run.spend("tmdb")
            added += 1
        return {"added": added}

    async def later(self, run: LiveRun) -> None:
        if run.cancelled:
            raise RunCancelled

    @hookimpl
    def aperture_run_changed(self, run: Run) -> None:
        assert_type(run.status, Status)
        if run.trigger is RunTrigger.MANUAL:
            self.seen.append(run.status)

    @hookimpl
    def aperture_library_size(self) -> int | None:
        return 1200

    @hookimpl
    def aperture_ready(self, job: Job) -> str | None:
        return "no key" if job.name == "later" else None

    @hookimpl
    def aperture_lint(self, config: Config) -> Iterator[Problem]:
        for name, job in config.jobs.items():
            assert_type(job, JobConfig)
            if job.timeout is None:
                yield config.problem("host-timeout", message=f"{name} has no timeout", hint="give it one", job=name)

    @hookimpl
    def aperture_config_loaded(self, config: Config, previous: Config | None) -> None:
        del config, previous

    @hookimpl
    def aperture_config_rejected(self, problems: Sequence[Problem]) -> None:
        del problems

    @hookimpl
    def aperture_executor(self, name: str, dispatch: Dispatch, spend: Spender) -> Executor | None:
        del spend
        return InPlace(dispatch) if name == "in place" else None


def ask(aperture: Aperture) -> Run | None:
    """Do with an aperture what a host does."""
    try:
        handle = aperture.run("library-scan", by="a test")
        assert_type(handle, RunHandle)
        run = handle.wait(timeout=10)
        assert_type(run, Run)
    except NoSuchJob as error:
        raise SystemExit(str(error)) from None
    except NotRunning:
        return None
    aperture.pause("later", until=datetime.now(UTC) + timedelta(hours=1), note="a move")
    assert_type(aperture.resume("later"), bool)
    assert_type(aperture.history(RunQuery(jobs=("library-scan",), limit=5)), list[Run])
    print(run_json(run, aperture.config.zone)["status"])
    return run


def start(file: str) -> None:
    """Start one, and report what is in the way."""
    try:
        with Aperture(file, plugins=[Library()]) as aperture:
            ask(aperture)
    except ConfigRefused as refused:
        for problem in refused.problems:
            print(problem.place.line, problem.message, problem.hint)
    except (PluginError, StoreUnavailable, Unreadable) as error:
        print(error)
    except ApertureError as error:
        raise SystemExit(str(error)) from error


def test_with(aperture_world: World) -> None:
    """Pass a day within a test."""
    aperture_world.write("schedules:\n  library-scan: every 2 hours\n")
    assert_type(aperture_world.clock, FakeClock)
