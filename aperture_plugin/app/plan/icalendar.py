"""The plan as a calendar: one event for each predicted run, in the form of RFC 5545."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from aperture_plugin.app.plan.plan import Foreseen, Plan
from aperture_plugin.rules.runs import RunTrigger, Status
from aperture_plugin.words.durations import duration_text
from aperture_plugin.words.plain_text import plain

__all__ = ["calendar_of"]

_LONGEST_LINE: Final = 75
"""Octets, the line end not counted (RFC 5545, 3.1)."""

_SHORTEST: Final = timedelta(seconds=1)


def calendar_of(plan: Plan, *, now: datetime, titles: Mapping[str, str]) -> bytes:
    """Return the calendar of *plan*.

    An event is the same event, by its UID, in every calendar that is made of the same slot: a program that imports a
    later one moves it, and does not add it again.

    Args:
        now: The time at which the calendar is made.
        titles: The titles of jobs, by name; an absent job is called by its name.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//aperture//plan//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_escaped(f'Jobs of {plan.config.file}')}",
    ]
    seen: Counter[str] = Counter()
    for run in plan.started:
        uid = _uid(run)
        seen[uid] += 1
        if seen[uid] > 1:
            uid = uid.replace("@", f"-{seen[uid]}@")
        lines += _event(run, uid, now, titles.get(run.job) or run.job)
    lines.append("END:VCALENDAR")
    return b"".join(part for line in lines for part in _folded(line))


def _event(run: Foreseen, uid: str, now: datetime, title: str) -> Iterator[str]:
    assert run.starts_at is not None, "only what starts is an event"
    ends_at = run.ends_at or run.starts_at
    yield "BEGIN:VEVENT"
    yield f"UID:{uid}"
    yield f"DTSTAMP:{_utc(now)}"
    yield f"DTSTART:{_utc(run.starts_at)}"
    yield f"DTEND:{_utc(max(ends_at, run.starts_at + _SHORTEST))}"
    yield f"SUMMARY:{_escaped(title)}"
    yield f"DESCRIPTION:{_escaped(_description(run))}"
    yield f"CATEGORIES:{_escaped(run.queue)}"
    yield "STATUS:TENTATIVE"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _uid(run: Foreseen) -> str:
    """Return what tells the run apart: its job, and the slot that it carries or that set it off."""
    kind = "-after" if run.trigger is RunTrigger.AFTER else ""
    attempt = f"-{run.attempt}" if run.attempt > 1 else ""
    return f"{run.job}-{_utc(run.root)}{kind}{attempt}@aperture.invalid"


def _description(run: Foreseen) -> str:
    parts = [f"Job {run.job} in queue {run.queue}, by {run.trigger}."]
    if run.wait >= _SHORTEST:
        waits = "; ".join(dict.fromkeys(one.reason for one in run.waits))
        parts.append(f"Waits {duration_text(_whole(run.wait))}" + (f": {waits}." if waits else "."))
    if run.status is Status.FAILED:
        parts.append(f"Expected to fail: {run.reason}.")
    if run.slow is not None and run.slow.ends_at is not None and run.slow.ends_at != run.ends_at:
        parts.append(f"In a slow night it ends at {run.slow.ends_at:%H:%M} UTC.")
    return "\n".join(parts)


def _utc(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _whole(span: timedelta) -> timedelta:
    return timedelta(seconds=round(span.total_seconds()))


def _escaped(text: str) -> str:
    """Return *text* as a value of type TEXT (RFC 5545, 3.3.11)."""
    text = plain(text)
    for letter in "\\;,":
        text = text.replace(letter, f"\\{letter}")
    return text.replace("\n", "\\n")


def _folded(line: str) -> Iterator[bytes]:
    """Yield the octets of a content line, cut where they are too many, never within a letter."""
    room, part = _LONGEST_LINE, b""
    for letter in line:
        octets = letter.encode()
        if len(part) + len(octets) > room:
            yield part + b"\r\n "
            part, room = b"", _LONGEST_LINE - 1
        part += octets
    yield part + b"\r\n"
