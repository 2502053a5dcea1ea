"""The steps of an attempt, shared by all executors that run it from this process."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from dataclasses import replace
from functools import partial
from typing import Protocol

from aperture_plugin.executors.commands import CommandRun
from aperture_plugin.executors.live_run import WorkerRun
from aperture_plugin.ports import Clock, Dispatch, Ended, Report, Spender, Work
from aperture_plugin.rules.jobs import Job, Outcome, OutcomeStatus
from aperture_plugin.rules.params import WrongParam, params_of
from aperture_plugin.rules.runs import AttemptKey

__all__ = ["AttemptsHere", "Execution", "Handle", "HandlerCall", "begin", "carry_out", "failed", "masked"]


class Execution(Protocol):
    """The execution of an attempt: a call, a program, or a separate process."""

    def run(self) -> Outcome:
        """Run to the end, in the calling thread; return the outcome."""
        ...

    def kill(self) -> bool:
        """End it by force, from another thread; return whether that was possible."""
        ...


Handle = Callable[[Job, Work, WorkerRun], Execution]
"""Makes the execution of an attempt that is not a command."""


class HandlerCall:
    """A handler called in the thread that runs it, which cannot be ended by force."""

    def __init__(self, dispatch: Dispatch, job: Job, run: WorkerRun) -> None:
        self._dispatch = dispatch
        self._job = job
        self._run = run

    def run(self) -> Outcome:
        """Call the handler through `aperture_run_job`."""
        return self._dispatch(self._job, self._run)

    def kill(self) -> bool:
        """Return False: a thread cannot be ended."""
        return False


class AttemptsHere:
    """The attempts that an executor runs from this process, and how they are stopped."""

    def __init__(self) -> None:
        # Single operations on a dict need no lock of their own.
        self._live: dict[AttemptKey, WorkerRun] = {}
        self._executions: dict[AttemptKey, Execution] = {}

    def cancel(self, key: AttemptKey, reason: str) -> None:
        """Ask an attempt to stop, from any thread; one that has ended or is unknown is ignored."""
        run = self._live.get(key)
        if run is not None:
            run.cancel(reason)

    def kill(self, key: AttemptKey) -> bool:
        """End an attempt by force, from any thread, if it has a process; return whether it did."""
        execution = self._executions.get(key)
        return execution is not None and execution.kill()


def failed(reason: str, *, permanent: bool = False) -> Outcome:
    """Return the outcome of an attempt that could not even begin."""
    return Outcome(status=OutcomeStatus.FAILED, reason=reason, permanent=permanent)


def begin(work: Work, report: Report, *, clock: Clock, spend: Spender) -> WorkerRun | None:
    """Return the live run of an attempt; None if it failed at once, because a parameter cannot be read."""
    live_run = partial(
        WorkerRun, work.run, clock=clock, spend=spend, environment=work.environment, secrets=work.secrets
    )
    try:
        params = params_of(work.job.params if work.job is not None else {}, work.config.params)
    except WrongParam as error:
        # A retry would read the same values.
        run = live_run(params=work.config.params, report=report)
        report(Ended(work.run.key, failed(run.mask(str(error)), permanent=True)))
        return None
    return live_run(params=params, report=report)


def carry_out(work: Work, run: WorkerRun, handle: Handle, executions: MutableMapping[AttemptKey, Execution]) -> Outcome:
    """Run an attempt to its end, in this thread; never raises.

    Args:
        handle: Makes its execution, unless it is a command.
        executions: Has the execution by the attempt's key while it lasts, for `kill`.
    """
    try:
        if run.cancel_reason is not None:
            return Outcome(status=OutcomeStatus.CANCELLED, reason=run.cancel_reason or "it was asked to stop")
        execution: Execution
        if work.config.command is not None:
            execution = CommandRun(work, run)
        elif work.job is None:
            return failed(f'no plugin registers "{work.run.job}"', permanent=True)
        else:
            execution = handle(work.job, work, run)
        executions[run.key] = execution
        return masked(run, execution.run())
    except BaseException as error:  # noqa: BLE001 - a dispatch that breaks its word must not lose the run's end
        return masked(run, failed(f"{type(error).__name__}: {error}"))
    finally:
        executions.pop(run.key, None)


def masked(run: WorkerRun, outcome: Outcome) -> Outcome:
    """Return *outcome* without the secrets of *run* in its reason, traceback and result."""
    if not isinstance(outcome, Outcome) or outcome.reason is outcome.error is outcome.result is None:
        return outcome  # A host's hook may return anything; it is checked when it is recorded.
    reason, error = (run.mask(text) if isinstance(text, str) else text for text in (outcome.reason, outcome.error))
    return replace(outcome, reason=reason, error=error, result=run.mask.deep(outcome.result))
