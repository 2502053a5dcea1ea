"""What every executor that works in this process does with an attempt, whichever thread it picks for it."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from dataclasses import replace
from typing import Protocol

from aperture_plugin.executors.commands import CommandRun
from aperture_plugin.executors.live import WorkerRun
from aperture_plugin.executors.params import WrongParam, params_of
from aperture_plugin.ports import Clock, Dispatch, Ended, Report, Spender, Work
from aperture_plugin.rules.jobs import Job, Outcome, OutcomeStatus

__all__ = ["Call", "Doing", "Handle", "Key", "begin", "carry_out", "failed", "masked"]

Key = tuple[str, int]


class Doing(Protocol):
    """An attempt in the making: a call, a program, a process of its own."""

    def run(self) -> Outcome:
        """Do it, in the calling thread, to its end."""
        ...

    def kill(self) -> bool:
        """End it by force, from another thread; say whether that could be done."""
        ...


Handle = Callable[[Job, Work, WorkerRun], Doing]
"""How an executor does what is no command."""


class Call:
    """A handler called in the thread that runs it; nobody can end that by force."""

    def __init__(self, dispatch: Dispatch, job: Job, run: WorkerRun) -> None:
        self._dispatch = dispatch
        self._job = job
        self._run = run

    def run(self) -> Outcome:
        """Call the handler, by way of the hook."""
        return self._dispatch(self._job, self._run)

    def kill(self) -> bool:
        """Say that it cannot be ended."""
        return False


def failed(reason: str, *, permanent: bool = False) -> Outcome:
    """Return the outcome of an attempt that could not be made at all."""
    return Outcome(status=OutcomeStatus.FAILED, reason=reason, permanent=permanent)


def begin(work: Work, report: Report, *, clock: Clock, spend: Spender) -> WorkerRun | None:
    """Return the live run of an attempt; None if it ended already, for want of a parameter that can be read."""
    try:
        params = params_of(work.job.params if work.job is not None else {}, work.config.params)
    except WrongParam as error:
        # Trying again reads the same words.
        report(Ended(work.run.key, failed(str(error), permanent=True)))
        return None
    return WorkerRun(work.run, params, report, clock=clock, spend=spend, environment=work.environment)


def carry_out(work: Work, run: WorkerRun, handle: Handle, doings: MutableMapping[Key, Doing]) -> Outcome:
    """Do the work of an attempt, in this thread; never raises.

    Args:
        handle: How to do it, unless it is a command.
        doings: Where it can be found while it is done, for whoever has to end it by force.
    """
    try:
        if run.was_asked is not None:
            return Outcome(status=OutcomeStatus.CANCELLED, reason=run.was_asked or "it was asked to stop")
        doing: Doing
        if work.config.command is not None:
            doing = CommandRun(work, run)
        elif work.job is None:
            return failed(f'no plugin registers "{work.run.job}"', permanent=True)
        else:
            doing = handle(work.job, work, run)
        doings[run.key] = doing
        return masked(run, doing.run())
    except BaseException as error:  # noqa: BLE001 - a dispatch that breaks its word must not lose the run's end
        return masked(run, failed(f"{type(error).__name__}: {error}"))
    finally:
        doings.pop(run.key, None)


def masked(run: WorkerRun, outcome: Outcome) -> Outcome:
    """Return *outcome* without secrets in its reason and traceback; its result is the handler's own to choose."""
    if not isinstance(outcome, Outcome) or (outcome.reason is None and outcome.error is None):
        return outcome  # What a host's hook answers may be anything; it is judged where it is recorded.
    reason, error = (run.masked(said) if isinstance(said, str) else said for said in (outcome.reason, outcome.error))
    return replace(outcome, reason=reason, error=error)
