"""Compares two files: the words, the slots, the load, and the collisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from aperture_plugin.app.diff.limit_use import BudgetChange, Calls, budget_changes
from aperture_plugin.app.diff.new_collisions import RecurringCollision, collision_changes
from aperture_plugin.app.diff.next_clock_change import Night, nights_of
from aperture_plugin.app.diff.run_counts import Rates, Starts
from aperture_plugin.app.diff.sides import Side
from aperture_plugin.app.diff.slot_changes import SlotChange, Slots, slot_change
from aperture_plugin.app.diff.value_changes import (
    Difference,
    is_moved,
    job_differences,
    order_differs,
    setting_differences,
)
from aperture_plugin.config.checks.lint.lint_text import listed
from aperture_plugin.config.model import JobConfig

__all__ = ["FAIL_ON", "Comparison", "Moved", "Rate", "compared"]

FAIL_ON: Final = ("collision", "more-runs", "removed")
_LITTLE: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A job that is due at other times."""

    old: JobConfig
    new: JobConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Runs of a job in a week, on average."""

    job: str
    before: float
    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two files held against each other over the half-open span from *since* to *until*.

    Attributes:
        zone: The zone in which hours and days are shown: the new file's, or the old one's where there is no new one.
        added, removed: Jobs that only one side has, in file order.
        moved: Jobs whose schedule or zone differs.
        changed: All other differences of jobs that both have.
        settings: Differences between the tops of the files; none where one side has no file.
        reordered: True if jobs that both have stand in another order.
        slots: By job, what becomes of its slots; only of jobs for which that is something.
        rates: Of the jobs that run more or less often.
        before, after: Runs in a week, of all jobs together.
        hours_before, hours_after: Starts in a week, by hour of the day.
        collisions, collisions_gone: Collisions that only the new side has, and only the old one.
        budgets: Limits that are used otherwise.
        nights: Clock changes to come that do something else.
    """

    old: Side
    new: Side
    since: datetime
    until: datetime
    zone: ZoneInfo
    added: tuple[JobConfig, ...]
    removed: tuple[JobConfig, ...]
    moved: tuple[Moved, ...]
    changed: tuple[Difference, ...]
    settings: tuple[Difference, ...]
    reordered: bool
    slots: Mapping[str, SlotChange]
    rates: tuple[Rate, ...]
    before: float
    after: float
    hours_before: tuple[float, ...]
    hours_after: tuple[float, ...]
    collisions: tuple[RecurringCollision, ...]
    collisions_gone: tuple[RecurringCollision, ...]
    budgets: tuple[BudgetChange, ...]
    nights: tuple[Night, ...]

    @property
    def is_nothing(self) -> bool:
        """True if both sides say the same."""
        return not (self.added or self.removed or self.moved or self.changed or self.settings or self.reordered)

    def rate(self, job: str) -> float:
        """Return the runs in a week of a job that only one side has."""
        return next((rate.before or rate.after for rate in self.rates if rate.job == job), 0)

    def failures(self, on: tuple[str, ...]) -> list[str]:
        """Return, in words, which of the things that a change should not do (of `FAIL_ON`) it does."""
        found: list[str] = []
        if "collision" in on and self.collisions:
            collision = self.collisions[0]
            more = f", and {len(self.collisions) - 1} more collisions are new" if len(self.collisions) > 1 else ""
            found.append(f"{listed(collision.jobs)} now collide in queue {collision.queue}{more}")
        if "more-runs" in on and self.after > self.before + _LITTLE:
            found.append(f"there are more runs a week than before: {self.before:,.4g} → {self.after:,.4g}")
        if "removed" in on and self.removed:
            found.append(f"jobs are removed: {', '.join(job.name for job in self.removed)}")
        return found


def compared(
    old: Side,
    new: Side,
    *,
    since: datetime,
    until: datetime,
    calls: Calls = MappingProxyType({}),
) -> Comparison:
    """Compare *old* with *new*; a side that is not valid counts as one without a file.

    Args:
        since, until: Aware; over which span slots are held against each other.
        calls: By job, how many calls of each limit a run spends; one where nobody says it.
    """
    one, other = old.config, new.config
    before, after = ({} if config is None else config.jobs for config in (one, other))
    both = [(before[name], job) for name, job in after.items() if name in before]
    moved = tuple(Moved(old=was, new=job) for was, job in both if is_moved(was, job))
    slots = Slots(since, until)
    starts = Starts(one, slots), Starts(other, slots)
    rates = Rates(one, starts[0]), Rates(other, starts[1])
    known = other or one
    zone = ZoneInfo("UTC") if known is None else known.zone
    added = tuple(job for name, job in after.items() if name not in before)
    removed = tuple(job for name, job in before.items() if name not in after)
    touched = [
        *(job.name for job in removed),
        *(job.name for job in after.values() if job.name not in before or _other_times(before[job.name], job)),
    ]
    collisions, collisions_gone = collision_changes(one, other, slots)
    return Comparison(
        old=old,
        new=new,
        since=since,
        until=until,
        zone=zone,
        added=added,
        removed=removed,
        moved=moved,
        changed=tuple(difference for was, job in both for difference in job_differences(was, job)),
        settings=() if one is None or other is None else tuple(setting_differences(one, other)),
        reordered=one is not None and other is not None and order_differs(one, other),
        slots={name: slot_change(slots, before.get(name), after.get(name)) for name in touched},
        rates=_rates(list(dict.fromkeys((*after, *before))), *rates),
        before=rates[0].total(),
        after=rates[1].total(),
        hours_before=tuple(starts[0].by_hour(zone)),
        hours_after=tuple(starts[1].by_hour(zone)),
        collisions=collisions,
        collisions_gone=collisions_gone,
        budgets=budget_changes((one, rates[0], starts[0]), (other, rates[1], starts[1]), calls),
        nights=nights_of(one, other, touched, since=since),
    )


def _other_times(old: JobConfig, new: JobConfig) -> bool:
    return is_moved(old, new) or old.enabled != new.enabled


def _rates(names: list[str], before: Rates, after: Rates) -> tuple[Rate, ...]:
    rates = (Rate(job=name, before=before.of(name), after=after.of(name)) for name in names)
    return tuple(rate for rate in rates if abs(rate.before - rate.after) > _LITTLE)
