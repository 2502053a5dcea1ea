"""The hooks of the pluggy project `aperture`: when each is called, and what its result does.

Every hook is kept for the whole major version. Arguments may be added, never removed: an implementation names
only those it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import pluggy

from aperture_plugin.config.model import Config
from aperture_plugin.config.problems import Problem
from aperture_plugin.ports import Dispatch, Executor, LiveRun, Mailbox, Spender
from aperture_plugin.rules.jobs import Job, Outcome
from aperture_plugin.rules.runs import Run

__all__ = ["PROJECT", "Hooks", "hookimpl", "hookspec"]

PROJECT: Final = "aperture"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class Hooks:
    """Every hook of the project, in the order in which a start calls them."""

    @hookspec
    def aperture_jobs(self) -> Iterable[Job]:
        """Yield the jobs this plugin offers.

        Called at load and at each reload, in the loading thread, before the file is validated. Every plugin is
        called, and all results are combined. A name that two plugins yield is an error at load.

            @hookimpl
            def aperture_jobs(self):
                yield Job("library-scan", self.scan, title="Library Scan")

        Returns:
            Jobs; a list, or a generator. None and nothing are both "no jobs".

        Raising is an error at load, reported with the plugin's name; on a reload the old schedule goes on.
        New in 0.1.
        """
        raise AssertionError("a hookspec is never called")

    @hookspec(firstresult=True)
    def aperture_library_size(self) -> int | None:
        """Return how many items the library holds, so that `preset: auto` can pick a preset.

        Called at load and at each reload of a file that says `preset: auto`, in the loading thread; the
        first result that is not None wins.

            @hookimpl
            def aperture_library_size(self):
                return self.database.count("items")

        Returns:
            The number of items, 0 or more, or None to leave it to the next plugin.

        Raising is logged with the plugin's name and counts as None. New in 0.1.
        """
        raise AssertionError("a hookspec is never called")

    @hookspec
    def aperture_lint(self, config: Config) -> Iterable[Problem]:
        """Yield problems of a file that is valid so far, by rules that only this host knows.

        Called by `check` and at each load and reload, once the file has no errors of its own, in the loading
        thread; every plugin is called. `config.problem(...)` makes a problem at a job's place.

            @hookimpl
            def aperture_lint(self, config):
                if "database-backup" not in config.jobs:
                    yield config.problem("no-backup", message="nothing backs the database up",
                                         hint="write  database-backup: daily at 1 AM")

        Args:
            config: The whole file, with its layers merged and its variables filled in.
        Returns:
            Problems; warnings are shown, errors refuse the file.

        Raising is an error at load, reported with the plugin's name; on a reload the old schedule goes on.
        New in 0.1.
        """
        raise AssertionError("a hookspec is never called")

    @hookspec(firstresult=True)
    def aperture_executor(
        self, name: str, dispatch: Dispatch, spend: Spender, broker: str | None, mailbox: Callable[[], Mailbox] | None
    ) -> Executor | None:
        """Return the executor called *name*; the first result that is not None wins.

        Called at start, in the starting thread, and when a save names another executor or broker, in the
        loading thread. The built-in implementation provides `threads` and `processes` and is called last. A
        `command` runs beside the loop, whatever the executor.

            @hookimpl
            def aperture_executor(self, name, dispatch):
                return GreenletExecutor(dispatch) if name == "greenlets" else None

        Args:
            name: `threads`, `processes`, `celery`, or a name that only this plugin knows.
            dispatch: Runs a job through `aperture_run_job`: `dispatch(job, run)` returns an `Outcome` and never
                raises. It goes through all plugins, wrappers included: an executor does not call `job.handler` itself.
            spend: The function that a live run's `spend` calls.
            broker: The file's `broker`, with its variables filled in; None if the file has none.
            mailbox: Returns the part of the store through which workers elsewhere are given attempts, for a
                `StoreExecutor`; None where no loop asks.
        Returns:
            An `Executor` (see `aperture_plugin.ports`; `aperture_plugin.executors.remote_attempt` has the parts for one
            that calls handlers in other processes), or None for a name that is not yours.

        Raising is an error at load, reported with the plugin's name. New in 0.1.
        """
        raise AssertionError("a hookspec is never called")

    @hookspec
    def aperture_config_loaded(self, config: Config, previous: Config | None) -> None:
        """React to a file that has come into force.

        Called after the start's load and after each reload, in the notifying thread, one call after
        the other in the order in which they happened.

            @hookimpl
            def aperture_config_loaded(self, config, previous):
                self.audit.write("schedule changed" if previous else "schedule loaded")

        Args:
            config, previous: The file in force now; the one before it, None at the start.

        The result is ignored; raising is logged with the plugin's name. New in 0.1.
        """

    @hookspec
    def aperture_config_rejected(self, problems: Sequence[Problem]) -> None:
        """React to a saved file that was refused; the last good one goes on.

        Called once for each refused save, in the notifying thread; and at a start from the last accepted file
        (`last_good`), with what is wrong with the one on disk.

            @hookimpl
            def aperture_config_rejected(self, problems):
                self.mail.send("schedules.yaml was refused", "\\n".join(p.message for p in problems))

        Args:
            problems: All problems of the file, in file order; at least one is an error.

        The result is ignored; raising is logged with the plugin's name. New in 0.1.
        """

    @hookspec
    def aperture_ready(self, job: Job) -> Iterable[str] | None:
        """Return reasons that should hold *job* back: a missing API key, a server that is down.

        Called before a run starts, when nothing else holds it back, in a thread of its own, and again every
        30 seconds while there is a reason. Every plugin is called. A run that a person asked for is held back
        too.

            @hookimpl
            def aperture_ready(self, job):
                if job.category == "tmdb" and not self.tmdb.ping():
                    return ["TMDB does not answer"]

        Args:
            job: The job as its plugin yielded it.
        Returns:
            Reasons, which are shown as what the run waits for; None and an empty result both mean "ready".

        Raising holds the job back, with the exception as the reason. New in 0.1.
        """

    @hookspec(firstresult=True)
    def aperture_run_job(self, job: Job, run: LiveRun) -> Outcome | None:
        """Run *job* and return its outcome; the first result that is not None wins.

        Called once for each attempt, in the executor's worker, within the run's timeout. The built-in
        implementation calls the job's handler, and is called last, after a `trylast` one too. Wrap it to surround
        every run:

            @hookimpl(wrapper=True)
            def aperture_run_job(self, job, run):
                with self.database.session() as session:
                    outcome = yield
                    if outcome.status != "completed":
                        session.rollback()
                    return outcome

        An exception of the handler arrives in the wrapper as an `Outcome`.

        Args:
            job, run: The job as its plugin yielded it; this attempt, with `params`, `log`, `track`.
        Returns:
            An `Outcome`, or None for a job that is not yours. An implementation that did the work returns an
            `Outcome` even if there is no result: after a None, pluggy calls the next implementation.

        Raising ends the attempt as `failed`, with the traceback in its log; the loop goes on. New in 0.1.
        """
        raise AssertionError("a hookspec is never called")

    @hookspec
    def aperture_run_changed(self, run: Run) -> None:
        """React to a run that changed its state: queued, waiting, running, or ended.

        Called after the change is in the store, in the notifying thread, one call after the other in the order
        in which the changes happened. A slow implementation delays later calls, never a job.

            @hookimpl
            def aperture_run_changed(self, run):
                if run.status == "failed":
                    self.chat.post(f"{run.job} failed: {run.reason}")

        Args:
            run: The attempt as the store has it now.

        The result is ignored; raising is logged with the plugin's name. New in 0.1.
        """
