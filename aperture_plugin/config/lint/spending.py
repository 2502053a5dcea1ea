"""Limits that cannot give every planned run even one call."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import Final

from aperture_plugin.config.entries import place_of
from aperture_plugin.config.lint.looking import Looked
from aperture_plugin.config.lint.rhythms import runs_per_week
from aperture_plugin.words.unreadable import quoted

__all__ = ["limit_exceeded"]

_WEEK: Final = timedelta(days=7)


def limit_exceeded(file: Looked) -> None:
    """Tell of each limit whose jobs are due more often than it allows calls.

    A run makes as many calls as the file says, else its plugin, else one: the least it can have a limit for.
    """
    runs: dict[str, float] = defaultdict(float)
    spent: dict[str, float] = defaultdict(float)
    for job in file.scheduled:
        for name in job.limits:
            runs[name] += runs_per_week(job.schedule)
            spent[name] += runs_per_week(job.schedule) * (job.calls or file.declared.get(job.name, {}).get(name, 1))
    for name, calls in spent.items():
        limit = file.config.limits[name]
        allowed = limit.calls * (_WEEK / limit.per)
        said = (file.words.limits or {}).get(name)
        if calls > allowed and said is not None:
            spend = "" if calls == runs[name] else f" and make {calls:,.0f} calls"
            file.warn(
                "limit-exceeded",
                place_of(said.spot, 0),
                f"jobs with the limit {quoted(name)} are due {runs[name]:,.0f} times a week{spend}, "
                f"and it allows {allowed:,.0f}{' calls' if not spend else ''} in that time",
                "runs would wait longer and longer for the budget to return; run them less often, or allow more",
            )
