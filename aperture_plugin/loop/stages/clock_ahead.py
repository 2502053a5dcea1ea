"""Slots claimed while the clock was ahead; those to come are due again later (DESIGN.md, section 4, promise 12).

A catch-up under a clock that is a year ahead merges the slots of a year. Those that are still to come when the clock is
right again did not run, so they are due as written; the one slot that the catch-up carried has run, and stays claimed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final

from aperture_plugin.clock.store_clock import StoreClock
from aperture_plugin.config.model import JobConfig
from aperture_plugin.loop.tick import Tick
from aperture_plugin.loop.timetable import TimetableChanges
from aperture_plugin.loop.wakeups import GAP
from aperture_plugin.ports import Claim
from aperture_plugin.triggers.slots import Slot
from aperture_plugin.triggers.trigger import Trigger
from aperture_plugin.words.schedules import has_slots

__all__ = ["release_ahead"]

_INSTANT: Final = timedelta(microseconds=1)
_MOST_NAMES: Final = 5
_SILENT_AT_MOST: Final = timedelta(days=7)


def release_ahead(tick: Tick, *, was_set_back: bool) -> bool:
    """Release the slots to come that a catch-up merged, or a skip passed, while the clock was ahead.

    Args:
        was_set_back: True if this loop has noticed it, so that its timetable may stand too late.
    Returns:
        False while a loop of another machine shows another time: it is open whose clock is right.
    """
    state, now = tick.state, tick.now
    if state.only is not None:
        return True
    if _clocks_differ(tick):
        return False
    jobs = tick.in_force.config.jobs
    dropped = tick.ledger.drop_skipped_ahead(now)
    by_job: dict[str, list[Claim]] = {}
    for claim in tick.ledger.claims_ahead(now):
        by_job.setdefault(claim.job, []).append(claim)
    released = {name: _release(tick, jobs[name], found) for name, found in by_job.items() if name in jobs}
    for name, found in by_job.items():
        state.ahead[name] = frozenset(claim.due for claim in found)
    shown = {name: count for name, count in released.items() if count}
    timed = [job for job in jobs.values() if _has_slots(job)]
    lowered = {job.name for job in timed if job.name in shown or job.name in dropped or _begins_much_later(tick, job)}
    if lowered or was_set_back:
        _begin_again(tick, timed, lowered)
    _start_retries(tick)
    if shown:
        state.released = released_text(shown)
        tick.log(logging.WARNING, state.released)
    return True


def released_text(counts: dict[str, int]) -> str:
    """Return the sentence of the log that slots, so many by job, are due again.

    >>> released_text({"scan": 2})
    'the clock was ahead, and 2 slots to come were merged into catch-ups: they are due as written (scan)'
    """
    more = f" and {len(counts) - _MOST_NAMES} more" if len(counts) > _MOST_NAMES else ""
    names = ", ".join(list(counts)[:_MOST_NAMES]) + more
    total = sum(counts.values())
    slots = f"{total:,} slot{'' if total == 1 else 's'} to come {'was' if total == 1 else 'were'}"
    return f"the clock was ahead, and {slots} merged into catch-ups: they are due as written ({names})"


def _clocks_differ(tick: Tick) -> bool:
    """Return whether a machine beside this one writes other times, where no store's clock decides which are right."""
    if isinstance(tick.state.clock, StoreClock) and tick.state.clock.skew is not None:
        return False
    lease = tick.state.lease
    elsewhere = [loop for loop in tick.ledger.loops() if loop.place != lease.record.place]
    apart = [lease.clock_ahead(loop, now=tick.now, at=tick.at) for loop in elsewhere]
    return any(one is None or abs(one) > GAP for one in apart)


def _release(tick: Tick, job: JobConfig, found: Iterable[Claim]) -> int:
    """Take out of the claims *found*, which are due later than now, what is still to come; return how many slots."""
    if not _has_slots(job):
        return 0
    trigger, count = job.trigger(), 0
    revision = tick.state.revisions.get(job.name)
    for claim in found:
        is_in_force = revision is None or claim.due >= revision.since  # What other words made due comes no more.
        if claim.count > 1 and is_in_force:
            parts = _parts(claim, trigger, tick.now)
            tick.ledger.split_claim(claim, parts)
            stays = sum(part.count for part in parts)
            for run in [run for run in tick.queue if run.id == claim.run_id and run.missed > stays]:
                tick.change(replace(run, missed=stays), report=False)
            count += claim.count - sum(part.count for part in parts)
    return count


def _parts(claim: Claim, trigger: Trigger, now: datetime) -> list[Claim]:
    """Return what stays claimed of *claim*: the slots up to now, and the one that its run carried."""
    carried = replace(claim, first_due=claim.due, count=1)
    slots = trigger.upcoming(claim.first_due - _INSTANT)
    passed = list(takewhile(lambda slot: slot.due <= now, slots)) if claim.first_due <= now else []
    if not passed:
        return [carried]
    last = passed[-1]
    return [replace(claim, due=last.due, nominal=last.nominal, count=min(len(passed), claim.count - 1)), carried]


def _begins_much_later(tick: Tick, job: JobConfig) -> bool:
    """Return whether the job was first seen, or changed, at an instant that is still far ahead.

    A clock that was set back by less runs nothing new until it shows a time that it has not shown yet.
    """
    revision = tick.state.revisions.get(job.name)
    return revision is not None and revision.since > tick.now + _SILENT_AT_MOST


def _begin_again(tick: Tick, jobs: list[JobConfig], lowered: set[str]) -> None:
    """Find the next slots of *lowered* from the latest one that is claimed and not ahead.

    Another loop of this machine may have lowered its own already: an entry that stands too late is put in anew.
    """
    state, now = tick.state, tick.now
    tick.ledger.lower_watermarks(sorted(lowered), now)
    marks = tick.ledger.watermarks()
    put = []
    for job in jobs:
        mark, revision, entry = marks.get(job.name), state.revisions.get(job.name), state.timetable.next_slot(job.name)
        if revision is None or job.name in state.pending.due:
            continue
        if job.name not in lowered and not _stands_later(job, entry, mark):
            continue
        if revision.since > now + _SILENT_AT_MOST:
            revision = replace(revision, since=now if mark is None else max(now, mark + _INSTANT))
            tick.ledger.begin_revisions([revision])
            state.revisions[job.name] = revision
        after = revision.since - _INSTANT
        put.append((job.name, job.trigger(), job.order, after if mark is None else max(after, mark)))
    if put:
        tick.timetable = TimetableChanges(out=[], put=put, order=[])


def _stands_later(job: JobConfig, entry: Slot | None, mark: datetime | None) -> bool:
    """Return whether *entry* is later than the first slot after *mark*."""
    following = None if mark is None else job.trigger().next_after(mark)
    return following is not None and (entry is None or entry.due > following.due)


def _start_retries(tick: Tick) -> None:
    """Shorten the wait of runs that a clock that was ahead put off, to the delay that was meant."""
    for run in list(tick.queue):
        if run.not_before is not None and run.queued_at > tick.now + GAP and not run.is_pre_assigned:
            wait = max(timedelta(0), run.not_before - run.queued_at)
            tick.change(replace(run, not_before=tick.now + wait), report=False)
            tick.queue.requeue(run.key)


def _has_slots(job: JobConfig) -> bool:
    return job.enabled and has_slots(job.schedule)
