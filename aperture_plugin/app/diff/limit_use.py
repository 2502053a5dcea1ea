"""Effects of a change on the use of limits.

How many calls a run makes is for the file to say, else for the plugin, in a manifest if need be; else it makes one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from aperture_plugin.app.diff.run_counts import WEEK, Rates, Starts
from aperture_plugin.config.model import Config, JobConfig
from aperture_plugin.words.limits import Limit

__all__ = ["BudgetChange", "Use", "budget_changes"]

Calls = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """The use of a limit on one side.

    Attributes:
        limit: None where the file does not declare it.
        runs, calls: In a week.
        most: The most calls of runs that start within one of the limit's own spans.
    """

    limit: Limit | None = None
    runs: float = 0
    calls: float = 0
    most: int = 0

    @property
    def share(self) -> float | None:
        """The share of the week's budget that is used; None where there is no limit."""
        return None if self.limit is None else self.calls / (self.limit.calls * (WEEK / self.limit.per))


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetChange:
    """One limit, on both sides."""

    limit: str
    before: Use
    after: Use


def budget_changes(
    old: tuple[Config | None, Rates, Starts], new: tuple[Config | None, Rates, Starts], calls: Calls
) -> tuple[BudgetChange, ...]:
    """Return each limit that a change uses otherwise, or that says otherwise."""
    before, after = _uses(*old, calls), _uses(*new, calls)
    changes = (
        BudgetChange(limit=name, before=before.get(name, Use()), after=after.get(name, Use()))
        for name in dict.fromkeys((*before, *after))
    )
    return tuple(change for change in changes if change.before != change.after)


def _uses(config: Config | None, rates: Rates, starts: Starts, calls: Calls) -> dict[str, Use]:
    if config is None:
        return {}
    spenders: dict[str, list[JobConfig]] = {name: [] for name in config.limits}
    for job in config.jobs.values():
        for name in job.limits:
            if job.enabled and name in spenders:
                spenders[name].append(job)
    found: dict[str, Use] = {}
    for name, jobs in spenders.items():
        each = {job.name: job.calls or calls.get(job.name, {}).get(name, 1) for job in jobs}
        spent = sorted((at, each[job.name]) for job in jobs for at in starts.of(job))
        found[name] = Use(
            limit=config.limits[name],
            runs=sum(rates.of(job.name) for job in jobs),
            calls=sum(rates.of(job.name) * each[job.name] for job in jobs),
            most=_most(spent, config.limits[name].per),
        )
    return found


def _most(spent: list[tuple[datetime, int]], per: timedelta) -> int:
    """Return the largest sum of calls within any span of the length *per*."""
    most = within = oldest = 0
    for at, count in spent:
        within += count
        while spent[oldest][0] <= at - per:
            within -= spent[oldest][1]
            oldest += 1
        most = max(most, within)
    return most
