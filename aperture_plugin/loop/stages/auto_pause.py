"""`on failure: pause`: a job that goes on failing is held back, and later tried again."""

from __future__ import annotations

from aperture_plugin.loop.tick import Tick
from aperture_plugin.ports import Pause
from aperture_plugin.rules.completion import Hold

__all__ = ["hold_back"]


def hold_back(tick: Tick, job: str, hold: Hold) -> None:
    """Pause a job, unless it is held back for longer already; its next slot after the pause is a trial."""
    pause = Pause(job=job, since=hold.since, until=hold.until, note=hold.note, by="on failure: pause")
    before = tick.state.pauses.get(job)
    if before is not None and before.holds(tick.now):
        if before.until is None or (pause.until is not None and pause.until <= before.until):
            return
        pause = pause.after(before)
    tick.ledger.set_pause(pause)
    tick.state.pauses[job] = pause
