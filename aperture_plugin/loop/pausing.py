"""`on failure: pause`: a job that goes on failing is held back, and later tried again."""

from __future__ import annotations

from datetime import datetime

from aperture_plugin.config.model import JobConfig
from aperture_plugin.loop.state import State
from aperture_plugin.loop.turn import Turn
from aperture_plugin.ports import Pause
from aperture_plugin.rules.runs import Run

__all__ = ["pause_if_it_goes_on"]


def pause_if_it_goes_on(state: State, turn: Turn, job: JobConfig, failed: Run, *, since: datetime) -> None:
    """Pause a job that failed as often in a row as the file lets it; its next slot after the pause is a trial.

    Args:
        failed: The last attempt of the run that failed just now.
        since: Slots due from then on are held back.
    """
    failures = 1
    if job.pause_after > 1:
        failures += turn.ledger.failures_in_a_row(job.name, but=failed.id, most=job.pause_after)
    if failures < job.pause_after:
        return
    times = "" if job.pause_after == 1 else f" {failures} times in a row"
    pause = Pause(
        job=job.name,
        since=since,
        until=None if job.pause_for is None else turn.now + job.pause_for,
        note=f"it failed{times} ({failed.reason})",
        by="on failure: pause",
    )
    before = state.pauses.get(job.name)
    if before is not None and before.holds(turn.now):
        if before.until is None or (pause.until is not None and pause.until <= before.until):
            return  # Whoever holds it back already does so for longer.
        pause = pause.after(before)
    turn.ledger.set_pause(pause)
    state.pauses[job.name] = pause
