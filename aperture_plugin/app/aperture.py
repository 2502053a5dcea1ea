"""`Aperture`: the whole thing, embedded in a host or run by `aperture start`.

Nothing of the host is touched: no signal handler, no root logger, no excepthook; two threads
(the loop, the file watcher), one worker thread for each job that runs, and all of them gone after `stop`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from aperture_plugin.app.backfill import past_slots
from aperture_plugin.app.errors import NoSuchJob
from aperture_plugin.app.installation import Installation
from aperture_plugin.app.json_views import overview_json
from aperture_plugin.app.lifecycle import Lifecycle
from aperture_plugin.app.reschedule import reschedule
from aperture_plugin.app.run_handle import RunHandle, answered
from aperture_plugin.app.run_params import ParamRefused, asked_note, asked_params
from aperture_plugin.app.status import Overview, look
from aperture_plugin.app.store_commands import cancel_reason, current_user
from aperture_plugin.config.model import Config, JobConfig
from aperture_plugin.loop.loop import Loop
from aperture_plugin.loop.messages import (
    BackfillAsked,
    CancelAsked,
    Message,
    PauseAsked,
    ResumeAsked,
    RunAsked,
)
from aperture_plugin.plugins.plugin_loader import Plugins
from aperture_plugin.ports import Pause, RunQuery
from aperture_plugin.rules.runs import Run
from aperture_plugin.triggers.slots import Slot

__all__ = ["Aperture"]

Answer = TypeVar("Answer")


class Aperture(Lifecycle):
    """Runs the jobs of one schedules.yaml in this process.

    >>> with Aperture("schedules.yaml", plugins=[Library()]) as aperture:  # doctest: +SKIP
    ...     aperture.run("library-scan").wait()

    Args:
        file: The schedules.yaml. Relative paths in it start from the folder it is named in.
        plugins: Objects or modules of the host that answer hooks, beside installed entry points and
            `hooks/*.py` next to the file.
        modules: Names of further plugin modules to import.
        state: URL of the store; None for `$APERTURE_STATE`, else what the file says.
        hooks, entry_points: True if the `hooks/` folder beside the file, and installed plugins, are loaded.
        schedule: True if it fires the schedule; False runs only what is asked for here, beside a loop or
            without one.
        watch: True if a save of the file takes effect while it runs.
        last_good: True if it starts from the last accepted file that the store keeps where the one on disk is
            bad, or gone. The next good save is taken in as ever.
        environ: The environment; None for this process's own.
        clock: Source of time; for tests.
    """

    def run(
        self,
        job: str,
        *,
        params: Mapping[str, object] | None = None,
        note: str | None = None,
        by: str | None = None,
    ) -> RunHandle:
        """Run *job* now, or queue it; it does not wait for needs or windows.

        Args:
            params: Parameters of this run alone, over those of the file; they are kept with it, as JSON.
            note: Why, for the record.
            by: The person who asks, for the record; None for the user this process belongs to.
        Raises:
            NoSuchJob: There is no such job; it is a KeyError too.
            ParamRefused: The job has no such parameter, or the value has the wrong type; it is a ValueError too.
            NotRunning: It is not running; it is a RuntimeError too.
        """
        loop = self._running_loop()
        words = loop.in_force.job_config(job)
        if not loop.knows(job):
            raise self._no_such_job(job, loop)
        if words is None and params:
            hint = "its parameters are known where its file is: ask there, or leave them out"
            raise ParamRefused(f"{job} is in the file of another loop alone", hint=hint)
        message = RunAsked(
            job=job,
            by=by or current_user(),
            at=self.clock.now(),
            params=None if words is None else asked_params(words, loop.in_force.jobs.get(job), params or {}),
            note=self._note(note, loop),
        )
        promise = self._waiters.of(message.answer)
        loop.inbox.put(message)
        return RunHandle(job, message.answer, promise, is_running=lambda: self._loop is loop, cancel=self._cancel_run)

    def backfill(
        self,
        job: str,
        *,
        since: datetime,
        until: datetime | None = None,
        only_missed: bool = False,
        note: str | None = None,
        by: str | None = None,
    ) -> list[Run]:
        """Run past slots of *job* again, one after the other, behind whatever is due; return the runs as queued.

        Args:
            since, until: Aware: the slots due from *since* (in) to *until* (out); None for the present moment.
            only_missed: True for those alone that were skipped, merged into a catch-up, or are unaccounted for.
            note: Why, for the record.
            by: The person who asks, for the record; None for the user this process belongs to.
        Raises:
            NoSuchJob: There is no such job in this file; it is a KeyError too.
            TooManySlots: There are more than 2,000; it is a ValueError too.
            ValueError: *since* or *until* has no time zone.
            NotRunning: It is not running; it is a RuntimeError too.
        """
        now = self.clock.now()
        end = now if until is None else until
        for name, instant in (("since", since), ("until", end)):
            if instant.tzinfo is None:
                raise ValueError(f"{name}={instant!r} has no time zone")
        words = self._words_here(job)
        found = past_slots(self._open_store(), words, since=since, until=end, now=now, only_missed=only_missed)
        return self.backfill_slots(job, found.slots, note=note, by=by)

    def backfill_slots(
        self, job: str, slots: Sequence[Slot], *, note: str | None = None, by: str | None = None
    ) -> list[Run]:
        """Run these past slots of *job* again, ascending, as `backfill` does with those that it finds.

        Raises:
            NoSuchJob: There is no such job in this file; it is a KeyError too.
            NotRunning: It is not running; it is a RuntimeError too.
        """
        self._words_here(job)
        loop = self._running_loop()
        message = BackfillAsked(
            job=job,
            slots=tuple(slots),
            by=by or current_user(),
            at=self.clock.now(),
            note=self._note(note, loop),
        )
        return self._ask(message, message.answer)

    def cancel(self, job: str, *, note: str | None = None, by: str | None = None) -> list[Run]:
        """Ask every run of *job* that is in hand to stop; return those runs.

        Args:
            note, by: Why, and who asks; None for the user this process belongs to. The run's reason says both.
        Raises:
            NotRunning: It is not running; it is a RuntimeError too.
        """
        note = self._note(note, self._running_loop())
        message = CancelAsked(job=job, reason=cancel_reason(by or current_user(), note))
        return self._ask(message, message.answer)

    def pause(self, job: str, *, until: datetime | None = None, note: str | None = None, by: str | None = None) -> None:
        """Hold back the slots of *job* until it is resumed, or until an aware instant; a restart does not lift it.

        Raises:
            NoSuchJob: There is no such job; it is a KeyError too.
            TypeError, ValueError: *until* is no datetime, has no time zone, or is past already.
            NotRunning: It is not running; it is a RuntimeError too.
        """
        if not (loop := self._running_loop()).knows(job):
            raise self._no_such_job(job, loop)
        kept = self._note(note, loop)
        pause = Pause(job=job, since=self.clock.now(), until=until, note=kept, by=by or current_user())
        if not pause.holds(pause.since):
            raise ValueError(f"until={until!r} is past already: it is {pause.since.isoformat()}")
        message = PauseAsked(pause=pause)
        self._ask(message, message.answer)

    def resume(self, job: str) -> bool:
        """Lift the pause of *job*; return whether there was one.

        Raises:
            NotRunning: It is not running; it is a RuntimeError too.
        """
        return self._ask(message := ResumeAsked(job=job), message.answer)

    def reschedule(self, job: str, phrase: str) -> Config:
        """Change the schedule of *job* in the file to *phrase*; all else in it, comments too, stays as it is.

        The result is checked before it is written, and comes into force as any other save does. A job that stands only
        in a preset, or that only a plugin registers, is added under `schedules`.

        Returns:
            What the file says now.
        Raises:
            NoSuchJob: There is no such job; it is a KeyError too.
            Unreadable: *phrase* says no schedule; its message and hint say why.
            ConfigRefused: The file on disk is bad, or would be with that schedule; its `problems` say why.
            CannotEdit: The job is written in a way that cannot be changed, or the file was saved meanwhile.
            OSError: It cannot be written.
            NotRunning: It is not running; it is a RuntimeError too.
        """
        in_force = self._running_loop().in_force.config
        assert self._source is not None, "it is running"
        config = reschedule(replace(self._source, kept=in_force.pick), job, phrase, now=self.clock.now())
        if self._watch is None:
            self.judge(config.text.encode())
        return config

    def history(self, query: RunQuery | str | None = None) -> list[Run]:
        """Return past and present attempts, newest first.

        Args:
            query: The runs to return; the name of a job for its latest 20, None for the latest 20 of all.
        Raises:
            TypeError: *query* is something else.
            NotRunning: It is not running; it is a RuntimeError too.
        """
        if isinstance(query, str):
            query = RunQuery(jobs=[query])
        if query is not None and not isinstance(query, RunQuery):
            raise TypeError(f"history() wants a RunQuery or the name of a job, not {query!r}")
        return self._open_store().history(query or RunQuery())

    def status(self) -> dict[str, Any]:
        """Return what runs, waits and comes next, in the shape of `aperture status --format json`.

        Raises:
            NotRunning: It is not running; it is a RuntimeError too.
        """
        return overview_json(self.overview())

    def overview(self) -> Overview:
        """Return the same as values: instants, runs and durations instead of text.

        Raises:
            NotRunning: It is not running; it is a RuntimeError too.
            StoreUnavailable: The store is away.
        """
        config, store = self.config, self._open_store()
        return look(
            store,
            now=self.clock.now(),
            config=config,
            file=config.file,
            zone=config.zone,
            in_force=True,
            titles=self._titles(),
        )

    def installation(self) -> Installation:
        """Return the file and its store as they are looked at and asked from beside the loop, by a page or an API.

        It need not be running: then another process's loop may be.
        """
        return Installation(
            file=self.file,
            environ=self._environ,
            state=self._state_url,
            clock=self.clock,
            load=self._load_plugins,
            running=self._in_force,
            trouble=self._loop_trouble,
            saved=self._take_in,
        )

    # ── how ─────────────────────────────────────────────────────────────────────────────────────

    def _cancel_run(self, run_id: str) -> None:
        self._ask(message := CancelAsked(run_id=run_id, reason=cancel_reason(current_user())), message.answer)

    def _ask(self, message: Message, answer: Future[Answer]) -> Answer:
        loop = self._running_loop()
        loop.inbox.put(message)
        return answered(answer, lambda: self._loop is loop)

    def _in_force(self) -> tuple[Config, Plugins] | None:
        loop, plugins = self._loop, self._plugins
        if loop is None or plugins is None or self._pid != os.getpid() or not self._fires:
            return None
        return loop.in_force.config, plugins

    def _note(self, note: str | None, loop: Loop) -> str | None:
        return asked_note(note, self._environ, loop.in_force.config)

    def _words_here(self, job: str) -> JobConfig:
        loop = self._running_loop()
        words = loop.in_force.job_config(job)
        if words is None:
            raise self._no_such_job(job, loop)
        return words

    def _no_such_job(self, job: str, loop: Loop) -> NoSuchJob:
        return NoSuchJob(job, self.file, [*loop.in_force.config.jobs, *loop.in_force.jobs])

    def _take_in(self, content: bytes) -> None:
        if self._watch is None:
            self.judge(content)

    def _loop_trouble(self) -> str | None:
        loop, thread = self._loop, self._thread
        if loop is None or self._pid != os.getpid():
            return None
        if thread is None or not thread.is_alive:
            return "the loop has ended"
        return "the loop does not tick" if thread.is_stuck else None

    def _titles(self) -> dict[str, str]:
        jobs = {} if self._plugins is None else self._plugins.jobs
        return {name: job.title for name, job in jobs.items() if job.title}
