"""Runs handed to their executor once a turn is written, and those taken back that were given ahead of a seat."""

from __future__ import annotations

from aperture_plugin.config.model import JobConfig
from aperture_plugin.loop.finish import cancel_waiting
from aperture_plugin.loop.relay import Relay
from aperture_plugin.loop.state import State
from aperture_plugin.loop.turn import Turn
from aperture_plugin.ports import Work
from aperture_plugin.rules.runs import Run, but

__all__ = ["Handing"]


class Handing:
    """Hands runs on.

    Args:
        relay: Where they begin.
        directory: Absolute folder of the file, where commands run.
    """

    def __init__(self, state: State, relay: Relay, directory: str) -> None:
        self._state = state
        self._relay = relay
        self._directory = directory

    def hand_on(self, turn: Turn) -> None:
        """Begin what *turn* starts, and give what it gives: its transaction is committed."""
        state = self._state
        at = state.clock.monotonic()
        for run in turn.starts.values():
            state.live[run.key] = run
            job = self._words_of(run)
            state.deadlines.watch(run.key, at=at, timeout=job.timeout, stalled_after=job.stalled_after)
            self._relay.start(self.work_of(run))
        if turn.gives or self._relay.flows:
            self._relay.give(map(self.work_of, turn.gives.values()), seats=state.config.queues, at=at)

    def return_given(self, turn: Turn) -> None:
        """Let what was given to this process wait as before. None of it has begun: all that has was heard of."""
        for run in turn.lines.given_to(self._state.id):
            if run.cancel_reason is not None:
                cancel_waiting(self._state, turn, run, reason=run.cancel_reason)
            else:
                turn.change(but(run, owner=None), tell=False)

    def work_of(self, run: Run) -> Work:
        """Return *run* as an executor takes it."""
        return Work(
            run=run,
            job=self._state.jobs.get(run.job),
            config=self._words_of(run),
            directory=self._directory,
            environment=self._state.environ,
        )

    def _words_of(self, run: Run) -> JobConfig:
        job = self._state.job_config(run.job)
        assert job is not None, "only a job with words is admitted"
        return job
