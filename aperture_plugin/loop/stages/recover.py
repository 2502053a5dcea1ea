"""Recovers runs that dead processes left, and takes in what other processes did to the runs of this one."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from aperture_plugin.loop.effects import AskToStop, EndGroup, Kill, ReadAnew
from aperture_plugin.loop.lease import LEASE_SECONDS
from aperture_plugin.loop.messages import Begun, Message
from aperture_plugin.loop.stages.complete import cut_off
from aperture_plugin.loop.stages.share import is_left
from aperture_plugin.loop.tick import Tick
from aperture_plugin.loop.wakeups import span_text
from aperture_plugin.ports import Ended
from aperture_plugin.rules.runs import AttemptKey, Run, Status

__all__ = ["notice_others", "recover"]

_LEASE: Final = span_text(timedelta(seconds=LEASE_SECONDS))
_THERE: Final = "is to be ended on that host: from here it cannot be"
_LOST: Final = "this process was taken for dead by another, which has ended the attempt; it is asked to stop"


def recover(tick: Tick) -> None:
    """Find processes that died, and runs whose process is not on the store at all."""
    state, lease = tick.state, tick.state.lease
    loops = tick.ledger.loops()
    dead = {loop.id for loop in lease.dead(loops, at=tick.at)}
    for loop_id in dead:
        tick.ledger.drop_loop(loop_id)
    tick.dead_loops |= dead
    tick.died += [loop for loop in loops if loop.id in dead]
    alive = {loop.id for loop in loops} - dead | {state.id}
    state.is_alone = alive == {state.id}
    orphans = [run for run in tick.queue if run.owner is not None and run.owner not in alive]
    elsewhere = {loop.id for loop in loops if loop.place != lease.record.place}
    for run in orphans:
        if _is_program(tick, run) and run.owner not in elsewhere:
            tick.effects.append(EndGroup(run.group, run.id))
    tick.effects += [Kill(run.key, is_in_hand=False) for run in orphans]
    # A loop that knows the job's words says what follows.
    orphans = [run for run in orphans if not is_left(tick, run.job)]
    silent = {loop.id: loop.host for loop in loops if loop.id in dead & elsewhere}
    for host in sorted(set(silent.values())):
        _take_over(tick, [run for run in orphans if silent.get(run.owner or "") == host], host)
    left = [run for run in orphans if run.owner not in silent]
    begun = [run for run in left if not run.is_pre_assigned]
    cut_off(tick, begun, reason="its process ended under it", died=True)
    _end_pre_assigned(tick, left, reason="its process ended as it was about to begin it, or just after")


def notice_others(tick: Tick, *, unheard: Iterable[Message]) -> None:
    """Act on what other processes did to the runs of this one; the store was read anew.

    Args:
        unheard: Messages that no committed tick has dealt with: a commit that seemed to fail may have written them.
    """
    reported = {message.key for message in unheard if isinstance(message, Ended | Begun)}
    _let_go_of_lost(tick, reported)
    running = tick.queue.running_of(tick.state.id)
    for run in running:
        known = tick.state.live.get(run.key)
        if known is not None and run.cancel_reason is not None and known.cancel_reason is None:
            tick.effects.append(AskToStop(run, run.cancel_reason))
    tick.effects.append(ReadAnew(frozenset(run.id for run in tick.queue)))
    # Their start was written by a commit that seemed to fail: no executor was given them.
    unstarted = [run for run in running if run.key not in tick.state.live and run.key not in reported]
    cut_off(tick, unstarted, reason="its start was cut off when the store went away", died=False)


def _let_go_of_lost(tick: Tick, reported: set[AttemptKey]) -> None:
    """Ask to stop what runs here although another process took this one for dead, and has ended the attempt.

    What it recorded stands. Until the handler comes back, its job is not started beside it here.
    """
    state = tick.state
    for key, known in state.live.items():
        run = tick.queue.get(key)
        is_ours = run is not None and run.status is Status.RUNNING and run.owner == state.id
        if is_ours or key in state.abandoned or key in reported:
            continue
        tick.abandoned[key] = known
        tick.write_line(known, "WARNING", f"{_LOST}; what this attempt still does is not recorded")
        tick.log(logging.WARNING, f"{known.job} (run {known.id}, attempt {known.attempt}): {_LOST}")
        tick.effects.append(AskToStop(known, _LOST))


def _take_over(tick: Tick, theirs: list[Run], host: str) -> None:
    """Mark the attempts of a process on another *host*, which is silent. Nothing there can be ended from here."""
    reason = f"its process on {host} gave no sign of life for {_LEASE}"
    programs = [run for run in theirs if _is_program(tick, run)]
    for run in programs:
        group = "" if run.group is None else f" (process group {run.group})"
        tick.write_line(run, "WARNING", f"{reason}; what it started on {host} may still run{group}, and {_THERE}")
    cut_off(tick, programs, reason=f"{reason}; what it started may still run there", died=True)
    others = [run for run in theirs if run not in programs]
    cut_off(tick, [run for run in others if not run.is_pre_assigned], reason=reason, died=True)
    _end_pre_assigned(tick, others, reason=reason)


def _end_pre_assigned(tick: Tick, runs: Iterable[Run], *, reason: str) -> None:
    """Mark attempts that a dead process may have begun. They are no deaths: most of them had not begun."""
    cut_off(tick, [run for run in runs if run.is_pre_assigned], reason=reason, died=False)


def _is_program(tick: Tick, run: Run) -> bool:
    # It may have begun so late that its group is not on the store yet.
    job = tick.in_force.job_config(run.job)
    return run.group is not None or (job is not None and job.command is not None)
