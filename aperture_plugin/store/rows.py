"""Converts between rows of the tables and values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import RowMapping

from aperture_plugin.config.model import Preset
from aperture_plugin.ports import Claim, LogLine, LoopRecord, PastSlot, Pause, ScheduleRevision
from aperture_plugin.rules.runs import Run, RunTrigger, Status
from aperture_plugin.rules.sanitize import json_text
from aperture_plugin.rules.slot_accounting import Fate, Taken

__all__ = [
    "CHANGED_OF_RUN",
    "CLAIM_COLUMNS",
    "GREATEST_INSTANT",
    "LEAST_INSTANT",
    "LINE_COLUMNS",
    "RUN_COLUMNS",
    "Row",
    "change_row",
    "claim_of",
    "claim_row",
    "completion_of",
    "generation_of",
    "instant",
    "instant_of",
    "log_of",
    "log_row",
    "loop_of",
    "loop_row",
    "micros",
    "numbered_log_of",
    "past_slot_of",
    "pause_of",
    "pause_row",
    "pick_of",
    "read_json",
    "read_mapping",
    "revision_of",
    "revision_row",
    "run_of",
    "run_row",
    "taken_of",
    "wall",
]

Row = tuple[Any, ...]
"""The values of a row, in the order of its columns."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

LEAST_INSTANT: Final = (datetime(2, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND
GREATEST_INSTANT: Final = (datetime(9999, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND
"""A later instant could not be shown in every time zone."""


def micros(instant: datetime | None) -> int | None:
    """Return an aware instant as whole microseconds since 1970 in UTC."""
    return None if instant is None else (instant - _EPOCH) // _MICROSECOND


def instant_of(count: int | None) -> datetime | None:
    """Return the instant of *count* microseconds since 1970, aware and in UTC; None for None."""
    return None if count is None else instant(count)


def instant(count: int) -> datetime:
    """Return the instant of *count* microseconds since 1970, aware and in UTC."""
    if not LEAST_INSTANT <= count <= GREATEST_INSTANT:
        raise OverflowError(f"{count} is no instant")
    return _EPOCH + timedelta(microseconds=count)


def wall(text: str | None) -> datetime | None:
    """Return the wall time in *text*; None for None."""
    return None if text is None else _wall(text)


def _wall(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is not None:
        raise ValueError(f"{text} has a time zone, and is no wall time")
    return found


RUN_COLUMNS: Final = (
    "id",
    "attempt",
    "job",
    "trigger",
    "status",
    "due",
    "nominal",
    "missed",
    "queue",
    "priority_at",
    "priority_nominal",
    "order",
    "not_before",
    "reason",
    "owner",
    "cancel_reason",
    "requested_by",
    "queued_at",
    "started_at",
    "finished_at",
    "items_done",
    "items_total",
    "error",
    "result",
    "group",
    "deaths",
    "params",
    "note",
)


def run_row(run: Run) -> Row:
    """Return *run* as a row of `RUN_COLUMNS`."""
    due, nominal = micros(run.due), None if run.nominal is None else run.nominal.isoformat()
    # A slot's run takes its place in the queue by the instants of the slot.
    priority_at = due if run.priority_at is run.due else micros(run.priority_at)
    priority_nominal = nominal if run.priority_nominal is run.nominal else run.priority_nominal.isoformat()
    return (
        run.id,
        run.attempt,
        run.job,
        run.trigger._value_,
        run.status._value_,
        due,
        nominal,
        run.missed,
        run.queue,
        priority_at,
        priority_nominal,
        run.order,
        micros(run.not_before),
        run.reason,
        run.owner,
        run.cancel_reason,
        run.requested_by,
        micros(run.queued_at),
        micros(run.started_at),
        micros(run.finished_at),
        run.items_done,
        run.items_total,
        run.error,
        None if run.result is None else json_text(run.result),
        run.group,
        run.deaths,
        None if run.params is None else json_text(dict(run.params)),
        run.note,
    )


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
"""The columns of an attempt that may change after it was inserted."""


def change_row(run: Run) -> Row:
    """Return the changeable columns of *run*, a row of `CHANGED_OF_RUN` followed by its id and attempt."""
    return (
        run.status._value_,
        run.queue,
        micros(run.not_before),
        run.reason,
        run.owner,
        run.cancel_reason,
        micros(run.started_at),
        micros(run.finished_at),
        run.items_done,
        run.items_total,
        run.error,
        None if run.result is None else json_text(run.result),
        run.group,
        run.id,
        run.attempt,
    )


def run_of(row: RowMapping) -> Run:
    """Return the run in *row*."""
    return Run(
        id=row["id"],
        job=row["job"],
        attempt=row["attempt"],
        trigger=RunTrigger(row["trigger"]),
        status=Status(row["status"]),
        due=instant_of(row["due"]),
        nominal=wall(row["nominal"]),
        missed=row["missed"],
        queue=row["queue"],
        priority_at=instant(row["priority_at"]),
        priority_nominal=_wall(row["priority_nominal"]),
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
        result=None if row["result"] is None else _JSON.decode(row["result"]),
        group=row["group"],
        deaths=row["deaths"],
        params=None if row["params"] is None else read_mapping(row["params"]),
        note=row["note"],
    )


CLAIM_COLUMNS: Final = ("job", "due", "nominal", "first_due", "count", "run_id")


def claim_row(claim: Claim) -> Row:
    """Return *claim* as a row of `CLAIM_COLUMNS`."""
    due = micros(claim.due)
    first_due = due if claim.first_due is claim.due else micros(claim.first_due)
    return (claim.job, due, claim.nominal.isoformat(), first_due, claim.count, claim.run_id)


def claim_of(row: RowMapping) -> Claim:
    """Return the claim in *row*."""
    return Claim(
        job=row["job"],
        due=instant(row["due"]),
        nominal=_wall(row["nominal"]),
        first_due=instant(row["first_due"]),
        count=row["count"],
        run_id=row["run_id"],
    )


def taken_of(row: Sequence[int]) -> Taken:
    """Return the claim in *row*: two dues, a count, its run's attempts, those in hand, those skipped."""
    due_count, first_count, count, attempts, in_hand, skipped = row
    if type(count) is not int:
        raise TypeError(f"{count!r} is no number of slots")
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


def revision_row(revision: ScheduleRevision) -> dict[str, Any]:
    """Return *revision* as a row."""
    return {"job": revision.job, "schedule": revision.schedule, "zone": revision.zone, "since": micros(revision.since)}


def revision_of(row: RowMapping) -> ScheduleRevision:
    """Return the revision in *row*."""
    return ScheduleRevision(job=row["job"], schedule=row["schedule"], zone=row["zone"], since=instant(row["since"]))


def pause_row(pause: Pause) -> dict[str, Any]:
    """Return *pause* as a row."""
    return {
        "job": pause.job,
        "since": micros(pause.since),
        "until": micros(pause.until),
        "note": pause.note,
        "by": pause.by,
    }


def pause_of(row: RowMapping) -> Pause:
    """Return the pause in *row*."""
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
    """Return the loop's record in *row*."""
    return LoopRecord(
        id=row["id"],
        host=row["host"],
        pid=row["pid"],
        boot=row["boot"],
        serves=row["serves"],
        since=instant(row["since"]),
        beat=row["beat"],
        beat_at=instant(row["beat_at"]),
        details=read_mapping(row["details"]),
    )


LINE_COLUMNS: Final = ("run_id", "attempt", "at", "level", "text")


def log_row(line: LogLine) -> Row:
    """Return *line* as a row of `LINE_COLUMNS`."""
    return (line.run_id, line.attempt, micros(line.at), line.level, line.text)


def log_of(row: RowMapping) -> LogLine:
    """Return the log line in *row*."""
    return LogLine(
        run_id=row["run_id"],
        attempt=row["attempt"],
        at=instant(row["at"]),
        level=row["level"],
        text=row["text"],
    )


def numbered_log_of(row: RowMapping) -> tuple[int, LogLine]:
    """Return the log line in *row*, and its number."""
    return row["seq"], log_of(row)


def generation_of(row: RowMapping) -> tuple[int, datetime, str, str]:
    """Return the accepted file in *row*: number, when accepted, file, text."""
    return row["seq"], instant(row["accepted_at"]), row["file"], row["text"]


def completion_of(row: RowMapping) -> tuple[str, str]:
    """Return the follower and the job in *row*."""
    return row["follower"], row["job"]


def pick_of(row: RowMapping) -> Preset:
    """Return the preset in *row*."""
    return Preset(name=row["preset"], sized=True, at_least=row["at_least"], below=row["below"])


def read_json(text: str) -> Any:
    """Return the value that *text* is the JSON of.

    Raises:
        ValueError, RecursionError: It is no JSON.
    """
    return _JSON.decode(text)


def read_mapping(text: str) -> dict[str, Any]:
    """Return the object that *text* is the JSON of.

    Raises:
        ValueError, RecursionError, TypeError: It is no JSON, or something else than an object.
    """
    found = _JSON.decode(text)
    if not isinstance(found, dict):
        raise TypeError(f"{text[:40]} is no JSON object")
    return found


def _refuse_constant(text: str) -> None:
    raise ValueError(f"{text} is not JSON")


_JSON: Final = json.JSONDecoder(parse_constant=_refuse_constant)


def past_slot_of(row: Sequence[Any]) -> PastSlot:
    """Return the past slot of a row of `PAST_SLOTS`."""
    due, first_due, number, run_id, attempt, status, started_at, finished_at, reason = row
    return PastSlot(
        due=instant(due),
        first_due=instant(first_due),
        number=number,
        run_id=run_id,
        attempt=attempt or 0,
        status=None if status is None else Status(status),
        started_at=instant_of(started_at),
        finished_at=instant_of(finished_at),
        reason=reason,
    )
