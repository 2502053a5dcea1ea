"""Who may start now, and who is given ahead of a seat: the last step of a turn."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Final

from aperture_plugin.loop.readiness import Readiness
from aperture_plugin.loop.relay import GOOD_FOR, Relay
from aperture_plugin.loop.state import State
from aperture_plugin.loop.turn import Turn
from aperture_plugin.rules.admission import Admission, Ahead, OnReady, Skip, Start, Surroundings, Wait, admit
from aperture_plugin.rules.runs import Run, Status, but

__all__ = ["Admitting"]

_FOR_EACH: Final = 64
"""So many runs are given ahead at most for each that ended quickly since the last turn."""

_MOST: Final = 1024
"""So many of a queue are given ahead at most: after a crash each of them counts as cut off."""


class Admitting:
    """Asks the waiting runs, in their order.

    Args:
        readiness: What the plugins say.
        relay: Where runs are given ahead.
    """

    def __init__(self, state: State, readiness: Readiness, relay: Relay) -> None:
        self._state = state
        self._readiness = readiness
        self._relay = relay

    def admit(self, turn: Turn) -> None:
        """Let every run that can start do so, and say of the others what they wait for."""
        state = self._state
        turn.lines.ask_again(now=turn.now)
        ahead = self._ahead()
        # Not before the latest end that this turn has heard of, whose seat may be the one that is taken.
        began = max(turn.now, state.clock.now())
        around = Surroundings(
            now=turn.now,
            in_hand=turn.lines.of_job,
            last_run=lambda name: state.last_run(name, turn.ledger),
            running_in=turn.lines.running_in,
            seats=state.config.queues,
            environ=state.environ,
            ghosts=state.ghost_jobs(),
            ready=self._readiness.answers if state.asks_ready else None,
            ahead=ahead,
        )
        for run, admission in turn.lines.ask(partial(self._decide, around)):
            match admission:
                case Start():
                    self._readiness.forget(run.job)
                    turn.start(
                        but(
                            run,
                            status=Status.RUNNING,
                            owner=state.id,
                            started_at=began,
                            reason=None,
                            not_before=None,
                        )
                    )
                case Ahead():
                    ahead[run.queue] -= 1
                    turn.give(but(run, status=Status.QUEUED, owner=state.id, reason=None, not_before=None))
                case Wait(reason=reason):
                    if (run.status, run.reason) != (admission.status, reason):
                        tell = run.status is not admission.status
                        turn.change(but(run, status=admission.status, reason=reason), tell=tell)
                case Skip(reason=reason):
                    turn.change(but(run, status=Status.SKIPPED, reason=reason, finished_at=turn.now))

    def _decide(self, around: Surroundings, run: Run) -> Admission:
        job = self._state.job_config(run.job)
        if job is None:
            return Skip(f"{run.job} is not in {self._state.config.file}")
        admission = admit(run, job, around)
        match admission:
            case Wait(on=OnReady(job=name)) if name not in self._readiness.answers:
                self._readiness.ask(name, self._state.jobs)
        return admission

    def _ahead(self) -> Counter[str]:
        """Return how many more of each queue may be given ahead: many where runs are short, none where they are not.

        Nobody else may be on the store: whoever comes first there must not have to wait for what was given here.
        """
        state, relay = self._state, self._relay
        short = relay.short_runs()
        ahead: Counter[str] = Counter()
        if not short or not state.is_alone or state.asks_ready or state.only is not None or not relay.hands_on:
            return ahead
        for queue, runs in short.items():
            # As many as will have begun by the time that the rest is taken back, if they are as short as these were.
            soon = state.config.queues.get(queue, 1) * GOOD_FOR * runs.count / max(runs.seconds, 1e-6)
            ahead[queue] = min(_MOST, _FOR_EACH * runs.count, int(soon)) - relay.left(queue)
        return ahead
