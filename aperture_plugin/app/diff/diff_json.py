"""A comparison as programs read it: the stable shape of `aperture diff --format json`.

Instants are ISO 8601 with offset, those of a job in the job's zone; schedules are phrases.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from aperture_plugin.app.diff.comparison import Comparison, Moved
from aperture_plugin.app.diff.limit_use import BudgetChange, Use
from aperture_plugin.app.diff.new_collisions import RecurringCollision
from aperture_plugin.app.diff.next_clock_change import Night
from aperture_plugin.app.diff.sides import Side
from aperture_plugin.app.diff.value_changes import Difference, move_text
from aperture_plugin.config.model import JobConfig
from aperture_plugin.config.problem_report import problem_json
from aperture_plugin.words.limits import limit_text
from aperture_plugin.words.phrases import phrase_of
from aperture_plugin.words.time_display import iso_text

__all__ = ["collision_json", "comparison_json"]

_SECOND: Final = timedelta(seconds=1)


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """Return the whole of *comparison*.

    Keys: `old`, `new`, `from`, `until`, `timezone`, `same`, `added`, `removed`, `moved`, `changed`, `settings`,
    `reordered`, `runs_per_week`, `hours`, `collisions`, `limits`, `clock_changes`.
    """
    zone = comparison.zone
    return {
        "old": _side(comparison.old),
        "new": _side(comparison.new),
        "from": iso_text(comparison.since, zone),
        "until": iso_text(comparison.until, zone),
        "timezone": str(zone),
        "same": comparison.is_nothing,
        "added": [_job(job, comparison) for job in comparison.added],
        "removed": [_job(job, comparison) for job in comparison.removed],
        "moved": [_moved(one, comparison) for one in comparison.moved],
        "changed": [{"job": one.job, **_difference(one)} for one in comparison.changed],
        "settings": [_difference(one) for one in comparison.settings],
        "reordered": comparison.reordered,
        "runs_per_week": {
            "before": _rounded(comparison.before),
            "after": _rounded(comparison.after),
            "jobs": [
                {"job": rate.job, "before": _rounded(rate.before), "after": _rounded(rate.after)}
                for rate in comparison.rates
            ],
        },
        "hours": [
            {"hour": hour, "before": _rounded(before), "after": _rounded(after)}
            for hour, (before, after) in enumerate(zip(comparison.hours_before, comparison.hours_after, strict=True))
        ],
        "collisions": {
            "new": [collision_json(one, zone) for one in comparison.collisions],
            "gone": [collision_json(one, zone) for one in comparison.collisions_gone],
        },
        "limits": [_budget(one) for one in comparison.budgets],
        "clock_changes": [_night(one) for one in comparison.nights],
    }


def _side(side: Side) -> dict[str, Any]:
    reading = side.reading
    return {
        "name": side.name,
        "present": reading is not None,
        "valid": None if reading is None else reading.config is not None,
        "jobs": 0 if reading is None else reading.job_count,
        "problems": [] if reading is None else [problem_json(one) for one in reading.problems if one.is_error],
    }


def _job(job: JobConfig, comparison: Comparison) -> dict[str, Any]:
    return {
        "job": job.name,
        "schedule": phrase_of(job.schedule),
        "timezone": str(job.zone),
        "enabled": job.enabled,
        "runs_per_week": _rounded(comparison.rate(job.name)),
    }


def _moved(moved: Moved, comparison: Comparison) -> dict[str, Any]:
    slots = comparison.slots[moved.new.name]
    first = next(iter(slots.moved), None)
    return {
        "job": moved.new.name,
        "move": move_text(moved.old, moved.new),
        "from": phrase_of(moved.old.schedule),
        "to": phrase_of(moved.new.schedule),
        "timezone": {"from": str(moved.old.zone), "to": str(moved.new.zone)},
        "slots": {
            "kept": slots.kept,
            "moved": len(slots.moved),
            "added": len(slots.added),
            "removed": len(slots.removed),
            "first_moved": None
            if first is None
            else {"from": iso_text(first[0].due, moved.old.zone), "to": iso_text(first[1].due, moved.new.zone)},
        },
    }


def _difference(one: Difference) -> dict[str, Any]:
    return {"key": one.key, "from": one.before, "to": one.after}


def collision_json(collision: RecurringCollision, zone: ZoneInfo) -> dict[str, Any]:
    """Return jobs that collide time and again in the shape of `aperture diff --format json`."""
    return {
        "queue": collision.queue,
        "seats": collision.seats,
        "jobs": list(collision.jobs),
        "times": collision.times,
        "first": iso_text(collision.first, zone),
    }


def _budget(change: BudgetChange) -> dict[str, Any]:
    return {"limit": change.limit, "before": _use(change.before), "after": _use(change.after)}


def _use(use: Use) -> dict[str, Any]:
    return {
        "budget": None if use.limit is None else limit_text(use.limit),
        "runs_per_week": _rounded(use.runs),
        "calls_per_week": _rounded(use.calls),
        "most_at_once": use.most,
        "share": None if use.share is None else round(use.share, 6),
    }


def _night(night: Night) -> dict[str, Any]:
    change = night.change
    return {
        "timezone": str(night.zone),
        "at": iso_text(change.instant, night.zone),
        "kind": change.kind,
        "seconds": change.size / _SECOND,
        "wall_from": change.wall_since.isoformat(timespec="minutes"),
        "wall_until": change.wall_until.isoformat(timespec="minutes"),
        "jobs": [{"job": one.job, "before": one.before, "after": one.after} for one in night.jobs],
    }


def _rounded(number: float) -> float | int:
    """Return a whole number as one, and of others what a person would still look at."""
    found = round(number, 3)
    return int(found) if found == int(found) else found
