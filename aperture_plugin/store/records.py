"""Rows of the tables, and the values they stand for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import RowMapping

from aperture_plugin.ports import Claim, Era, LogLine, LoopRecord, Pause
from aperture_plugin.rules.accounting import Fate, Taken
from aperture_plugin.rules.recordable import json_text, storable
from aperture_plugin.rules.runs import Run, RunTrigger, Status

__all__ = [
    "CHANGED_OF_RUN",
    "change_row",
    "claim_of",
    "claim_row",
    "era_of",
    "era_row",
    "instant",
    "instant_of",
    "log_of",
    "log_row",
    "loop_of",
    "loop_row",
    "micros",
    "pause_of",
    "pause_row",
    "run_of",
    "run_row",
    "taken_of",
]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def micros(instant: datetime | None) -> int | None:
    """Return an aware instant as whole microseconds since 1970 in UTC."""
    return None if instant is None else (instant - _EPOCH) // _MICROSECOND


def instant_of(count: int | None) -> datetime | None:
    """Return the instant that *count* microseconds since 1970 stand for; None for none."""
    return None if count is None else instant(count)


def instant(count: int) -> datetime:
    """Return the instant that *count* microseconds since 1970 stand for, aware and in UTC."""
    return _EPOCH + timedelta(microseconds=count)


def run_row(run: Run) -> dict[str, Any]:
    """Return *run* as a row."""
    return {
        "id": run.id,
        "attempt": run.attempt,
        "job": run.job,
        "trigger": run.trigger.value,
        "status": run.status.value,
        "due": micros(run.due),
        "nominal": None if run.nominal is None else run.nominal.isoformat(),
        "missed": run.missed,
        "queue": run.queue,
        "priority_at": micros(run.priority_at),
        "priority_nominal": run.priority_nominal.isoformat(),
        "order": run.order,
        "not_before": micros(run.not_before),
        "reason": _text(run.reason),
        "owner": run.owner,
        "cancel_reason": _text(run.cancel_reason),
        "requested_by": _text(run.requested_by),
        "queued_at": micros(run.queued_at),
        "started_at": micros(run.started_at),
        "finished_at": micros(run.finished_at),
        "items_done": run.items_done,
        "items_total": run.items_total,
        "error": _text(run.error),
        "result": None if run.result is None else json_text(run.result),
        "group": run.group,
    }


CHANGED_OF_RUN: Final = (
    "status",
    "queue",
    "not_before",
    "reason",
    "owner",
    "cancel_reason",
    "started_at",
    "finished_at",
    "items_done",
    "items_total",
    "error",
    "result",
    "group",
)
"""What may change of an attempt once it is there."""


def change_row(run: Run) -> dict[str, Any]:
    """Return what may have changed of *run*, its columns named with `b_` before them, as is its identity."""
    return {
        "b_id": run.id,
        "b_attempt": run.attempt,
        "b_status": run.status.value,
        "b_queue": run.queue,
        "b_not_before": micros(run.not_before),
        "b_reason": _text(run.reason),
        "b_owner": run.owner,
        "b_cancel_reason": _text(run.cancel_reason),
        "b_started_at": micros(run.started_at),
        "b_finished_at": micros(run.finished_at),
        "b_items_done": run.items_done,
        "b_items_total": run.items_total,
        "b_error": _text(run.error),
        "b_result": None if run.result is None else json_text(run.result),
        "b_group": run.group,
    }


def run_of(row: RowMapping) -> Run:
    """Return the run that *row* stands for."""
    return Run(
        id=row["id"],
        job=row["job"],
        attempt=row["attempt"],
        trigger=RunTrigger(row["trigger"]),
        status=Status(row["status"]),
        due=instant_of(row["due"]),
        nominal=None if row["nominal"] is None else datetime.fromisoformat(row["nominal"]),
        missed=row["missed"],
        queue=row["queue"],
        priority_at=instant(row["priority_at"]),
        priority_nominal=datetime.fromisoformat(row["priority_nominal"]),
        order=row["order"],
        not_before=instant_of(row["not_before"]),
        reason=row["reason"],
        owner=row["owner"],
        cancel_reason=row["cancel_reason"],
        requested_by=row["requested_by"],
        queued_at=instant(row["queued_at"]),
        started_at=instant_of(row["started_at"]),
        finished_at=instant_of(row["finished_at"]),
        items_done=row["items_done"],
        items_total=row["items_total"],
        error=row["error"],
        result=None if row["result"] is None else json.loads(row["result"]),
        group=row["group"],
    )


def _text(said: str | None) -> str | None:
    return None if said is None else storable(said)


def claim_row(claim: Claim) -> dict[str, Any]:
    """Return *claim* as a row."""
    return {
        "job": claim.job,
        "due": micros(claim.due),
        "nominal": claim.nominal.isoformat(),
        "first_due": micros(claim.first_due),
        "count": claim.count,
        "run_id": claim.run_id,
    }


def claim_of(row: RowMapping) -> Claim:
    """Return the claim that *row* stands for."""
    return Claim(
        job=row["job"],
        due=instant(row["due"]),
        nominal=datetime.fromisoformat(row["nominal"]),
        first_due=instant(row["first_due"]),
        count=row["count"],
        run_id=row["run_id"],
    )


def taken_of(row: Sequence[int]) -> Taken:
    """Return the claim that *row* stands for: two dues, a count, its run's attempts, those in hand, those skipped."""
    due_count, first_count, count, attempts, in_hand, skipped = row
    due = instant(due_count)
    first_due = due if first_count == due_count else instant(first_count)
    if not attempts:
        fate = Fate.LOST
    elif in_hand:
        fate = Fate.IN_HAND
    else:
        # A run that ran once has run, even if a further attempt was skipped.
        fate = Fate.SKIPPED if skipped == attempts else Fate.RAN
    return Taken(due, first_due, count, fate)


def era_row(era: Era) -> dict[str, Any]:
    """Return *era* as a row."""
    return {"job": era.job, "schedule": era.schedule, "zone": era.zone, "since": micros(era.since)}


def era_of(row: RowMapping) -> Era:
    """Return the era that *row* stands for."""
    return Era(job=row["job"], schedule=row["schedule"], zone=row["zone"], since=instant(row["since"]))


def pause_row(pause: Pause) -> dict[str, Any]:
    """Return *pause* as a row."""
    return {
        "job": pause.job,
        "since": micros(pause.since),
        "until": micros(pause.until),
        "note": _text(pause.note),
        "by": _text(pause.by),
    }


def pause_of(row: RowMapping) -> Pause:
    """Return the pause that *row* stands for."""
    return Pause(
        job=row["job"],
        since=instant(row["since"]),
        until=instant_of(row["until"]),
        note=row["note"],
        by=row["by"],
    )


def loop_row(loop: LoopRecord) -> dict[str, Any]:
    """Return *loop* as a row."""
    return {
        "id": loop.id,
        "host": loop.host,
        "pid": loop.pid,
        "boot": loop.boot,
        "serves": loop.serves,
        "since": micros(loop.since),
        "beat": loop.beat,
        "beat_at": micros(loop.beat_at),
        "details": json_text(dict(loop.details)),
    }


def loop_of(row: RowMapping) -> LoopRecord:
    """Return the loop that *row* stands for."""
    return LoopRecord(
        id=row["id"],
        host=row["host"],
        pid=row["pid"],
        boot=row["boot"],
        serves=row["serves"],
        since=instant(row["since"]),
        beat=row["beat"],
        beat_at=instant(row["beat_at"]),
        details=json.loads(row["details"]),
    )


def log_row(line: LogLine) -> dict[str, Any]:
    """Return *line* as a row."""
    return {
        "run_id": line.run_id,
        "attempt": line.attempt,
        "at": micros(line.at),
        "level": line.level,
        "text": storable(line.text),
    }


def log_of(row: RowMapping) -> LogLine:
    """Return the log line that *row* stands for."""
    return LogLine(
        run_id=row["run_id"],
        attempt=row["attempt"],
        at=instant(row["at"]),
        level=row["level"],
        text=row["text"],
    )
