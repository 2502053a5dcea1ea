"""Attempts whose deadline has passed: timeouts, stalls, and those that do not stop when asked."""

from __future__ import annotations

from typing import assert_never

from aperture_plugin.loop.deadlines import Deadline
from aperture_plugin.loop.effects import AskToStop, Kill
from aperture_plugin.loop.stages.complete import give_up
from aperture_plugin.loop.tick import Tick
from aperture_plugin.loop.wakeups import span_text
from aperture_plugin.rules.runs import Run, Status

__all__ = ["enforce_deadlines"]


def enforce_deadlines(tick: Tick) -> None:
    """Ask overdue attempts to stop, use force on those that were asked, and give up those that force does not end."""
    state = tick.state
    # An uncommitted deadline passes again in the next tick.
    for key, deadline in state.deadlines.passed(tick.at):
        run = tick.queue.get(key)
        job = None if run is None else tick.in_force.job_config(run.job)
        if deadline is Deadline.GIVE_UP and key in state.abandoned:
            # Another process recorded its end, and all that is left to do is to end it.
            tick.unwatched.add(key)
            tick.effects.append(Kill(key, is_in_hand=False))
            continue
        if run is None or job is None or run.status is not Status.RUNNING:
            continue
        match deadline:
            case Deadline.TIMEOUT if job.timeout is not None:
                _overdue(tick, run, f"it timed out after {span_text(job.timeout)}")
            case Deadline.STALLED if job.stalled_after is not None:
                _overdue(tick, run, f"it stalled: no progress for {span_text(job.stalled_after)}")
            case Deadline.GIVE_UP:
                if state.deadlines.was_forced(key):
                    give_up(tick, run, was_forced=True)
                else:
                    tick.effects.append(Kill(key, is_in_hand=True))
            case Deadline.TIMEOUT | Deadline.STALLED:
                pass  # A reload has lifted it since the attempt began.
            case _:
                assert_never(deadline)


def _overdue(tick: Tick, run: Run, reason: str) -> None:
    """Ask an attempt to stop whose end will be `failed`, whatever it answers."""
    if run.cancel_reason is None and run.key not in tick.state.verdicts:
        tick.effects.append(AskToStop(run, reason, fails=True))
