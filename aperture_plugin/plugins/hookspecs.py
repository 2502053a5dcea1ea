"""The hooks: what aperture promises to ask, and what it does with the answers.

Project name `aperture`. Every hook here is kept for as long as the major version: arguments may be
added, never taken away (an implementation names only those it wants).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import pluggy

from aperture_plugin.config.model import Config
from aperture_plugin.config.problems import Problem
from aperture_plugin.ports import Dispatch, Executor, LiveRun, Spender
from aperture_plugin.rules.jobs import Job, Outcome
from aperture_plugin.rules.runs import Run

__all__ = ["PROJECT", "Hooks", "hookimpl", "hookspec"]

PROJECT: Final = "aperture"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class Hooks:
    """Every hook of the project, in the order in which a start meets them."""

    @hookspec
    def aperture_jobs(self) -> Iterable[Job]:
        """Yield the jobs this plugin offers.

        Asked at load and at each reload, in the loading thread, before the file is validated; every plugin
        is asked and all answers are put together. A name that two plugins yield is an error at load.

            @hookimpl
            def aperture_jobs(self):
                yield Job("library-scan", self.scan, title="Library Scan")

        Returns:
            Jobs; a list, or a generator. None and nothing are both "no jobs".

        Raising is an error at load, told with the plugin's name; on a reload the old schedule goes on.
        New in 0.1.
        """
        raise AssertionError("a hookspec is never called")

    @hookspec(firstresult=True)
    def aperture_library_size(self) -> int | None:
        """Say how many items the library holds, so that `preset: auto` can pick a tier.

        Asked at load and at each reload of a file that says `preset: auto`, in the loading thread; the
        first answer wins.

            @hookimpl
            def aperture_library_size(self):
                return self.database.count("items")

        Returns:
            The number of items, 0 or more, or None for "ask the next plugin".

        Raising is logged with the plugin's name and counts as None. New in 0.1.
        """
        raise AssertionError("a hookspec is never called")

    @hookspec
    def aperture_lint(self, config: Config) -> Iterable[Problem]:
        """Find fault with a file that is valid so far: rules that only this host knows.

        Asked by `check` and at each load and reload, once the file has no errors of its own, in the loading
        thread; all plugins are asked. `config.problem(...)` makes a problem at a job's place.

            @hookimpl
            def aperture_lint(self, config):
                if "database-backup" not in config.jobs:
                    yield config.problem("no-backup", message="nothing backs the database up",
                                         hint="write  database-backup: daily at 1 AM")

        Args:
            config: The whole file, layered and resolved.
        Returns:
            Problems; warnings are shown, errors refuse the file.

        Raising is an error at load, told with the plugin's name; on a reload the old schedule goes on.
        New in 0.1.
        """
        raise AssertionError("a hookspec is never called")

    @hookspec(firstresult=True)
    def aperture_executor(self, name: str, dispatch: Dispatch, spend: Spender, broker: str | None) -> Executor | None:
        """Provide the executor of that *name*; the first implementation that answers wins.

        Asked at start, in the starting thread, and when a save names another executor or broker, in the
        loading thread. The built-in implementation knows `threads` and `processes` and is asked last. A
        `command` runs beside the loop, whatever the executor.

            @hookimpl
            def aperture_executor(self, name, dispatch):
                return GreenletExecutor(dispatch) if name == "greenlets" else None

        Args:
            name: `threads`, `processes`, `celery`, or a name that only this plugin knows.
            dispatch: Runs a job by way of `aperture_run_job`: `dispatch(job, run)` answers with an
                `Outcome` and never raises.
            spend: What a live run's `spend` calls.
            broker: What the file says under `broker`, its variables filled in; None where it is silent.
        Returns:
            An `Executor` (see `aperture_plugin.ports`; `aperture_plugin.executors.errands` has what one needs
            whose handlers are called in other processes), or None for "not mine".

        Raising is an error at load, told with the plugin's name. New in 0.1.
        """
        raise AssertionError("a hookspec is never called")

    @hookspec
    def aperture_config_loaded(self, config: Config, previous: Config | None) -> None:
        """Learn that a file is in force.

        Called after the start's load and after each reload, in the notifying thread, one call after
        the other in the order in which they happened.

            @hookimpl
            def aperture_config_loaded(self, config, previous):
                self.audit.write("schedule changed" if previous else "schedule loaded")

        Args:
            config, previous: The file in force now; the one before it, None at the start.

        What it returns is passed over; raising is logged with the plugin's name. New in 0.1.
        """

    @hookspec
    def aperture_config_rejected(self, problems: Sequence[Problem]) -> None:
        """Learn that a saved file was refused and the last good one goes on.

        Called once for each refused save, in the notifying thread; and at a start from the last accepted file
        (`last_good`), with what is wrong with the one on disk.

            @hookimpl
            def aperture_config_rejected(self, problems):
                self.mail.send("schedules.yaml was refused", "\\n".join(p.message for p in problems))

        Args:
            problems: All problems of the file, in file order; at least one is an error.

        What it returns is passed over; raising is logged with the plugin's name. New in 0.1.
        """

    @hookspec
    def aperture_ready(self, job: Job) -> Iterable[str] | None:
        """Say what should hold *job* back: a missing API key, a server that is down.

        Asked before a run starts, when nothing else holds it back, in a thread of its own, and again
        every 30 seconds while there is an answer. All plugins are asked. A run that a person asked for is
        held back too.

            @hookimpl
            def aperture_ready(self, job):
                if job.category == "tmdb" and not self.tmdb.ping():
                    return ["TMDB does not answer"]

        Args:
            job: The job as its plugin yielded it.
        Returns:
            Reasons in words, shown as what the run waits for; None and nothing are both "ready".

        Raising holds the job back, with the exception as the reason. New in 0.1.
        """

    @hookspec(firstresult=True)
    def aperture_run_job(self, job: Job, run: LiveRun) -> Outcome | None:
        """Run *job* and say how it ended; the first implementation that answers wins.

        Called once an attempt, in the executor's worker, inside the run's timeout. The built-in
        implementation calls the job's handler and is asked last. Wrap it to surround every run:

            @hookimpl(wrapper=True)
            def aperture_run_job(self, job, run):
                with self.database.session() as session:
                    outcome = yield
                    if outcome.status != "completed":
                        session.rollback()
                    return outcome

        What a handler raised arrives in the wrapper as an `Outcome`, not as an exception.

        Args:
            job, run: The job as its plugin yielded it; this attempt, with `params`, `log`, `track`.
        Returns:
            An `Outcome`, or None for "not mine". Whoever did the work answers with an `Outcome`, even
            when there is nothing to tell: after a None, pluggy asks the next implementation.

        Raising ends the attempt as `failed`, traceback in its log; the loop goes on. New in 0.1.
        """
        raise AssertionError("a hookspec is never called")

    @hookspec
    def aperture_run_changed(self, run: Run) -> None:
        """Learn that a run changed its state: queued, waiting, running, or how it ended.

        Called after the store has it, in the notifying thread, one call after the other in the order in
        which it happened. A slow implementation delays later calls, never a job.

            @hookimpl
            def aperture_run_changed(self, run):
                if run.status == "failed":
                    self.chat.post(f"{run.job} failed: {run.reason}")

        Args:
            run: The attempt as the store has it now.

        What it returns is passed over; raising is logged with the plugin's name. New in 0.1.
        """
