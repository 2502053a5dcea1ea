"""The plan as programs read it: the stable shape of `aperture plan --format json`.

Instants are ISO 8601 with offset, those of a job in the job's zone; spans are seconds.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from aperture_plugin.app.plan.job_chains import Chain
from aperture_plugin.app.plan.plan import Foreseen, Plan
from aperture_plugin.triggers.clock_changes import ClockChange
from aperture_plugin.words.limits import limit_text
from aperture_plugin.words.time_display import iso_text

__all__ = ["plan_json"]

_SECOND: Final = timedelta(seconds=1)


def plan_json(plan: Plan) -> dict[str, Any]:
    """Return the whole of *plan*.

    Keys: `from`, `until`, `timezone`, `known` (whether it goes on from what the store says), `assumed_set`,
    `durations`, `runs`, `collisions`, `chains`, `clock_changes`, `limits`, `totals`.
    """
    zone = plan.config.zone
    return {
        "file": plan.config.file,
        "from": iso_text(plan.since, zone),
        "until": iso_text(plan.until, zone),
        "timezone": str(zone),
        "known": plan.is_known,
        "assumed_set": list(plan.assumed_set),
        "durations": [_lasted(plan, job) for job in plan.by_job()],
        "runs": [_run(run, plan.zone_of(run.job)) for run in plan.runs],
        "collisions": _collisions(plan),
        "chains": [_chain(chain, plan) for chain in plan.chains],
        "clock_changes": [_change(where, change) for where, change in plan.changes],
        "limits": [
            {
                "limit": use.limit,
                "budget": limit_text(plan.config.limits[use.limit]),
                "calls": use.calls,
                "put_off": use.put_off,
            }
            for use in plan.budgets
        ],
        "totals": _totals(plan),
    }


def _lasted(plan: Plan, job: str) -> dict[str, Any]:
    lasted = plan.durations.of(job)
    return {
        "job": job,
        "typical": lasted.typical / _SECOND,
        "slow": lasted.slow / _SECOND,
        "measured": lasted.measured,
    }


def _run(run: Foreseen, zone: ZoneInfo) -> dict[str, Any]:
    slow = run.slow or run
    return {
        "job": run.job,
        "trigger": str(run.trigger),
        "slot": None if run.due is None else iso_text(run.due, zone),
        "nominal": None
        if run.nominal is None
        else run.nominal.isoformat(timespec="seconds" if run.nominal.second else "minutes"),
        "queue": run.queue,
        "attempt": run.attempt,
        "missed": run.missed,
        "ready_at": iso_text(run.ready_at, zone),
        "starts_at": iso_text(run.starts_at, zone),
        "ends_at": iso_text(run.ends_at, zone),
        "wait": run.wait / _SECOND,
        "waits": [
            {"from": iso_text(one.since, zone), "until": iso_text(one.until, zone), "for": one.reason}
            for one in run.waits
        ],
        "status": str(run.status),
        "reason": run.reason,
        "slow": {
            "starts_at": iso_text(slow.starts_at, zone),
            "ends_at": iso_text(slow.ends_at, zone),
            "wait": slow.wait / _SECOND,
            "status": str(slow.status),
        },
    }


def _collisions(plan: Plan) -> list[dict[str, Any]]:
    runs = plan.by_slot()

    def waits(job: str, due: datetime) -> float | None:
        run = runs.get((job, due))
        return None if run is None else run.wait / _SECOND

    return [
        {
            "at": iso_text(one.at, plan.config.zone),
            "queue": one.queue,
            "seats": one.seats,
            "jobs": [{"job": job, "wait": waits(job, due)} for job, due in one.jobs],
        }
        for one in plan.collisions
    ]


def _chain(chain: Chain, plan: Plan) -> dict[str, Any]:
    zone = plan.zone_of(chain.job)
    return {
        "job": chain.job,
        "steps": list(chain.steps),
        "ready": [
            {"at": iso_text(run.ends_at, zone), "slow_at": iso_text(run.ends_late, zone)} for run in plan.ready(chain)
        ],
    }


def _change(zone: ZoneInfo, change: ClockChange) -> dict[str, Any]:
    return {
        "timezone": str(zone),
        "at": iso_text(change.instant, zone),
        "kind": change.kind,
        "seconds": change.size / _SECOND,
        "wall_from": change.wall_since.isoformat(timespec="minutes"),
        "wall_until": change.wall_until.isoformat(timespec="minutes"),
    }


def _totals(plan: Plan) -> dict[str, Any]:
    longest = plan.longest_wait
    return {
        "jobs": len(plan.by_job()),
        "runs": len(plan.started),
        "skipped": len(plan.skipped),
        "collisions": len(plan.collisions),
        "wait": plan.waiting / _SECOND,
        "longest_wait": None
        if longest is None
        else {
            "job": longest.job,
            "at": iso_text(longest.ready_at, plan.zone_of(longest.job)),
            "wait": longest.wait / _SECOND,
        },
        "busy": {queue: round(share, 4) for queue, share in plan.busy().items()},
    }
