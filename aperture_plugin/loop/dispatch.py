"""After a tick is committed: answer requests, notify plugins, do the tick's effects, start runs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import assert_never, cast

from aperture_plugin.config.model import Param
from aperture_plugin.loop.bursts.bursts import BurstDoor
from aperture_plugin.loop.effects import (
    Answer,
    AskReady,
    AskToStop,
    ConfigLoaded,
    ConfigRejected,
    Effect,
    EndGroup,
    Kill,
    Log,
    NoticesWait,
    ReadAnew,
)
from aperture_plugin.loop.inbox import Inbox
from aperture_plugin.loop.messages import CannotBeKilled
from aperture_plugin.loop.notifications import Listeners, Notifications
from aperture_plugin.loop.state import State
from aperture_plugin.loop.tick import Tick
from aperture_plugin.ports import Executor, Work
from aperture_plugin.rules.runs import ENDED, Run, Status

__all__ = ["Dispatcher"]

_log = logging.getLogger("aperture")


class Dispatcher:
    """Does what had to wait for the commit.

    Args:
        executor: Stops runs on request, and ends them by force.
        bursts: Starts runs.
        listeners: The plugins, and the callers that wait for a run.
        notifications: The thread in which plugins are notified.
        directory: Absolute folder of the file, where commands run.
        end_group: Ends the process group that a dead process of this machine left running for a run.
    """

    def __init__(
        self,
        state: State,
        inbox: Inbox,
        *,
        executor: Executor,
        bursts: BurstDoor,
        listeners: Listeners,
        notifications: Notifications,
        directory: str,
        end_group: Callable[[int | None, str], object],
    ) -> None:
        self._state = state
        self._inbox = inbox
        self._executor = executor
        self._bursts = bursts
        self._listeners = listeners
        self._notifications = notifications
        self._directory = directory
        self._end_group = end_group

    def dispatch(self, tick: Tick) -> None:
        """Do what *tick* asks for; it is committed, and true in memory."""
        for effect in tick.effects:
            if isinstance(effect, Answer):
                _answer(effect)  # First: a caller that asked for a run waits for its end from then on.
        self._notify(tick)
        for effect in tick.effects:
            self._do(effect)
        for key in tick.abandoned:
            self._bursts.unseat(key)
        for run in tick.starts.values():
            self._bursts.start(self._work_of(run))
        if tick.pre_assigned:
            self._bursts.pre_assign(map(self._work_of, tick.pre_assigned.values()))

    def end_cut_off(self, runs: Sequence[Run]) -> None:
        """End by force whatever still works on attempts that are recorded as cut off: others will follow them."""
        for run in runs:
            self._executor.kill(run.key)

    def _notify(self, tick: Tick) -> None:
        changed = tick.reported
        if not self._listeners.hears_runs:
            changed = [run for run in changed if run.status is Status.FAILED]
        if changed:
            self._notifications.send(partial(self._notify_of_runs, changed))
        for run in tick.reported:
            if run.status is Status.RUNNING and run.cancel_reason is None:
                self._listeners.run_started(run)
            elif run.status in ENDED and tick.queue.get((run.id, run.attempt + 1)) is None:
                self._listeners.run_ended(run)

    def _notify_of_runs(self, runs: Sequence[Run]) -> None:
        for run in runs:
            self._listeners.run_changed(run)

    def _do(self, effect: Effect) -> None:  # noqa: PLR0912  # one branch an effect
        match effect:
            case Answer():
                pass  # It was given before.
            case AskToStop(run=run, reason=reason, fails=fails):
                self._ask_to_stop(run, reason, fails=fails)
            case NoticesWait():
                self._listeners.notices_wait()
            case Kill(key=key, is_in_hand=is_in_hand):
                could = self._executor.kill(key)
                if is_in_hand and could:
                    self._state.deadlines.forced(key, at=self._state.clock.monotonic())
                elif is_in_hand:
                    self._inbox.put(CannotBeKilled(key))
            case EndGroup(group=group, run_id=run_id):
                self._end_group(group, run_id)
            case AskReady(job=job):
                self._state.readiness.ask(job, self._state.in_force.jobs)
            case ConfigLoaded(config=config, previous=previous):
                self._notifications.send(partial(self._listeners.config_loaded, config, previous))
            case ConfigRejected(problems=problems):
                self._notifications.send(partial(self._listeners.config_rejected, list(problems)))
            case ReadAnew(in_hand=in_hand):
                self._listeners.read_anew(set(in_hand))
            case Log(level=level, text=text):
                _log.log(level, "%s", text)
            case _:
                assert_never(effect)

    def _ask_to_stop(self, run: Run, reason: str, *, fails: bool) -> None:
        state = self._state
        if fails and state.verdicts.setdefault(run.key, reason) != reason:
            return
        if run.key in state.live:
            state.live[run.key] = run
        self._executor.cancel(run.key, reason)
        state.deadlines.give_up_after(run.key, at=state.clock.monotonic())

    def _work_of(self, run: Run) -> Work:
        in_force = self._state.in_force
        words = in_force.job_config(run.job)
        assert words is not None, "only a job with words is admitted"
        if run.params:
            words = replace(words, params=MappingProxyType({**words.params, **cast(Mapping[str, Param], run.params)}))
        return Work(
            run=run,
            job=in_force.jobs.get(run.job),
            config=words,
            directory=self._directory,
            environment=self._state.environ,
        )


def _answer(effect: Answer) -> None:
    future = effect.request.answer
    if not future.done() and future.set_running_or_notify_cancel():
        future.set_result(effect.value)
