"""The `threads` executor: a handler runs in a thread of this process, a command beside it."""

from __future__ import annotations

from aperture_plugin.executors.attempts import HandlerCall
from aperture_plugin.executors.live_run import no_limits
from aperture_plugin.executors.pooled_executor import PooledExecutor
from aperture_plugin.ports import Clock, Dispatch, Spender

__all__ = ["ThreadExecutor"]


class ThreadExecutor(PooledExecutor):
    """Runs handlers in daemon threads; a thread cannot be ended by force, a command can."""

    name = "threads"
    hands_on = True

    def __init__(self, dispatch: Dispatch, *, clock: Clock, spend: Spender = no_limits) -> None:
        """Make an executor; no thread is started yet.

        Args:
            dispatch: Runs a job through `aperture_run_job`.
            clock: Gives the times of log lines.
            spend: Spends from limits.
        """
        super().__init__(lambda job, _work, run: HandlerCall(dispatch, job, run), clock=clock, spend=spend)
