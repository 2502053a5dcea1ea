"""Stand-ins: values that are shown in place of rows that cannot be read."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import RowMapping

from aperture_plugin.ports import LogLine, Pause
from aperture_plugin.rules.runs import Run, RunTrigger, Status
from aperture_plugin.store.rows import instant

__all__ = ["line_in_place_of", "pause_in_place_of", "run_in_place_of"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def run_in_place_of(row: RowMapping, why: str) -> Run:
    """Return a failed run whose reason says that *row* cannot be read, and *why*."""
    attempt, queued_at = row["attempt"], _EPOCH
    with suppress(TypeError, OverflowError):
        queued_at = instant(row["queued_at"])
    return Run(
        id=_text(row["id"]),
        job=_text(row["job"]),
        attempt=attempt if isinstance(attempt, int) else 1,
        trigger=RunTrigger.MANUAL,
        status=Status.FAILED,
        priority_at=queued_at,
        priority_nominal=queued_at.replace(tzinfo=None),
        queued_at=queued_at,
        reason=f"this row of the store cannot be read (run {_text(row['id'])}, attempt {attempt}): {why}",
    )


def pause_in_place_of(row: RowMapping, why: str) -> Pause:
    """Return a pause without an end: what somebody held back stays held back until it is resumed."""
    note = f"this row of the store cannot be read (pause of {_text(row['job'])}): {why}"
    return Pause(job=_text(row["job"]), since=_EPOCH, note=note)


def line_in_place_of(row: RowMapping, why: str) -> tuple[int, LogLine]:
    """Return a line of a log that says that *row* cannot be read, and *why*, with its number."""
    line = LogLine(
        run_id=_text(row["run_id"]),
        attempt=row["attempt"] if isinstance(row["attempt"], int) else 1,
        at=_EPOCH,
        level="WARNING",
        text=f"this row of the store cannot be read (line {row['seq']}): {why}",
    )
    return row["seq"], line


def _text(value: object) -> str:
    return value if isinstance(value, str) else ascii(value)
