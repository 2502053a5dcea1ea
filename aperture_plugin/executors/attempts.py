"""What every executor that works in this process does with an attempt, whichever thread it picks for it."""

from __future__ import annotations

from collections.abc import MutableMapping

from aperture_plugin.executors.commands import CommandRun
from aperture_plugin.executors.live import WorkerRun
from aperture_plugin.executors.params import WrongParam
from aperture_plugin.ports import Clock, Dispatch, Ended, Report, Spender, Work
from aperture_plugin.rules.jobs import Outcome, OutcomeStatus

__all__ = ["Key", "begin", "carry_out", "failed"]

Key = tuple[str, int]


def failed(reason: str, *, permanent: bool = False) -> Outcome:
    """Return the outcome of an attempt that could not be made at all."""
    return Outcome(status=OutcomeStatus.FAILED, reason=reason, permanent=permanent)


def begin(work: Work, report: Report, *, clock: Clock, spend: Spender) -> WorkerRun | None:
    """Return the live run of an attempt; None if it ended already, for want of a parameter that can be read."""
    try:
        return WorkerRun(work, report, clock=clock, spend=spend)
    except WrongParam as error:
        # Trying again reads the same words.
        report(Ended(work.run.key, failed(str(error), permanent=True)))
        return None


def carry_out(work: Work, run: WorkerRun, dispatch: Dispatch, commands: MutableMapping[Key, CommandRun]) -> Outcome:
    """Do the work of an attempt, in this thread; never raises.

    Args:
        commands: Where the program can be found while it runs, for whoever has to kill it.
    """
    try:
        if run.was_asked is not None:
            return Outcome(status=OutcomeStatus.CANCELLED, reason=run.was_asked or "it was asked to stop")
        if work.config.command is not None:
            commands[run.key] = command = CommandRun(work, run)
            return command.run()
        if work.job is None:
            return failed(f'no plugin registers "{work.run.job}"', permanent=True)
        return dispatch(work.job, run)
    except BaseException as error:  # noqa: BLE001 - a dispatch that breaks its word must not lose the run's end
        return failed(f"{type(error).__name__}: {error}")
    finally:
        commands.pop(run.key, None)
