"""A plan laid out for the eye: day by day, each with its hours and the bars of its jobs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from aperture_plugin.app.plan.plan import Foreseen, Plan
from aperture_plugin.rules.runs import Status
from aperture_plugin.triggers.walltime import due_of

__all__ = ["Bar", "Block", "Hour", "bars", "blocks_of", "hour_text", "hours_of"]

_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Block:
    """One day of a plan, from a full hour to the same wall time of the next day; *end* is an instant later."""

    begin: datetime
    end: datetime

    def share(self, instant: datetime) -> float:
        """Return how far through the block *instant* is: 0 at its beginning, 1 at its end."""
        return (instant - self.begin) / (self.end - self.begin)


@dataclass(frozen=True, slots=True)
class Hour:
    """A full hour on the axis, and the naive wall time that clocks show there."""

    at: datetime
    wall: datetime


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of one job's row: `run`, `failed` or `wait`; `skip` is a point."""

    kind: str
    begin: datetime
    end: datetime
    run: Foreseen


def blocks_of(plan: Plan) -> list[Block]:
    """Return the days of *plan*, which together cover its span; a plan of less than a day is one shorter block."""
    zone = plan.config.zone
    wall = _full_hour(plan.since, zone)
    begin = min(due_of(wall, zone), plan.since)
    found: list[Block] = []
    last = _full_hour(plan.until, zone)
    if due_of(last, zone) < plan.until:
        last += _HOUR
    while begin < plan.until:
        wall += _DAY
        # An hour that is left over belongs to the day before; so a day from 6:12 PM to 6:12 PM is one.
        end = due_of(last if (not found and last < wall) or last - wall <= _HOUR else wall, zone)
        end = max(end, begin + _HOUR)
        found.append(Block(begin, end))
        begin = end
    return found


def hours_of(block: Block, zone: ZoneInfo, *, every: int) -> list[Hour]:
    """Return the full hours of *block* that are multiples of *every*, as clocks in *zone* show them."""
    found: list[Hour] = []
    wall = _full_hour(block.begin, zone)
    last = block.end.astimezone(zone).replace(tzinfo=None)
    while wall <= last:
        at = due_of(wall, zone)
        # A full hour that the clocks skip would stand where the next one stands.
        shown = at.astimezone(zone).replace(tzinfo=None)
        if wall.hour % every == 0 and block.begin <= at <= block.end and shown == wall:
            found.append(Hour(at, wall))
        wall += _HOUR
    return found


def hour_text(wall: datetime) -> str:
    """Return a full hour as an axis has it; midnight shows as the day that begins.

    >>> hour_text(datetime(2026, 1, 10, 14)), hour_text(datetime(2026, 1, 10))
    ('2 PM', 'Sat 10')
    """
    if not wall.hour:
        return f"{wall:%a} {wall.day}"
    return f"{wall.hour % 12 or 12} {'AM' if wall.hour < 12 else 'PM'}"


def bars(runs: list[Foreseen], block: Block) -> Iterator[Bar]:
    """Yield what is to be drawn of one job's *runs* within *block*, cut to it, waits before what covers them."""
    cut: list[Bar] = []
    for run in runs:
        if run.status is Status.SKIPPED:
            cut.append(Bar("skip", run.ready_at, run.ready_at, run))
            continue
        over_at = block.end if run.ends_at is None else run.ends_at
        starts_at = block.end if run.starts_at is None else run.starts_at
        if starts_at > run.ready_at:
            cut.append(Bar("wait", run.ready_at, starts_at, run))
        kind = "failed" if run.status is Status.FAILED else "run"
        cut.append(Bar(kind, starts_at, max(over_at, starts_at), run))
    for bar in sorted(cut, key=lambda bar: (bar.kind != "wait", bar.begin)):
        if bar.begin < block.end and (bar.end > block.begin or (bar.begin == bar.end and bar.begin >= block.begin)):
            yield Bar(bar.kind, max(bar.begin, block.begin), min(bar.end, block.end), bar.run)


def _full_hour(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(minute=0, second=0, microsecond=0, tzinfo=None)
