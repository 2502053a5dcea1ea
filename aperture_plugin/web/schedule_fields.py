"""A schedule as the fields of a form, and the fields as a phrase again: what is opened and saved stays the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, assert_never

from aperture_plugin.words.intervals import interval_text, offset_text
from aperture_plugin.words.phrases import phrase_of
from aperture_plugin.words.schedules import (
    After,
    AtStart,
    Cron,
    Daily,
    Interval,
    Manual,
    Monthly,
    Once,
    Schedule,
    Several,
    Weekday,
    Weekly,
)

__all__ = ["DAYS", "OFFERED", "ScheduleFields", "fields_of", "phrase_from"]

DAYS: Final = tuple(day.name.capitalize() for day in Weekday)
OFFERED: Final = (
    ("15 minutes", "15 min"),
    ("30 minutes", "30 min"),
    ("hour", "1 h"),
    ("2 hours", "2 h"),
    ("3 hours", "3 h"),
    ("4 hours", "4 h"),
    ("6 hours", "6 h"),
    ("8 hours", "8 h"),
    ("12 hours", "12 h"),
)
"""The intervals that a person is offered (DESIGN.md, section 2), as a phrase has them and as a button says them."""

_LISTED: Final = {every for every, _ in OFFERED}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleFields:
    """The fields of the form.

    Attributes:
        kind: The type, or `words` for what has no fields of its own.
        times: As a time input has them: `03:30`.
        every: As a phrase has it: `2 hours`.
        offset: Likewise, `:10`; empty for none.
        words: The whole phrase.
    """

    kind: str
    words: str
    times: Sequence[str] = ("02:00",)
    days: Sequence[str] = ("Sunday",)
    monthday: str = "1"
    every: str = "2 hours"
    offset: str = ""
    cron: str = "0 3 * * *"
    at: str = ""
    after: Sequence[str] = field(default=())

    @property
    def is_other(self) -> bool:
        """True if the interval is none of those that are offered."""
        return self.every not in _LISTED


def fields_of(schedule: Schedule) -> ScheduleFields:
    """Return the fields that say *schedule*."""
    words = phrase_of(schedule)
    match schedule:
        case Daily(times=times):
            return ScheduleFields(kind="daily", words=words, times=[f"{time:%H:%M}" for time in times])
        case Weekly(days=days, times=times):
            names = [day.name.capitalize() for day in days]
            return ScheduleFields(kind="weekly", words=words, days=names, times=[f"{time:%H:%M}" for time in times])
        case Monthly(day=day, times=times):
            return ScheduleFields(
                kind="monthly", words=words, monthday=str(day), times=[f"{time:%H:%M}" for time in times]
            )
        case Interval(every=every, offset=offset):
            past = offset_text(offset) if offset else ""
            return ScheduleFields(kind="interval", words=words, every=interval_text(every), offset=past)
        case Cron(expression=expression):
            return ScheduleFields(kind="cron", words=words, cron=expression)
        case Once(at=at):
            return ScheduleFields(kind="once", words=words, at=at.isoformat(timespec="minutes"))
        case After(jobs=jobs):
            return ScheduleFields(kind="after", words=words, after=jobs)
        case Manual():
            return ScheduleFields(kind="manual", words=words)
        case Several() | AtStart():
            return ScheduleFields(kind="words", words=words)
        case _:
            assert_never(schedule)


def phrase_from(form: Mapping[str, Sequence[str]]) -> tuple[str, ScheduleFields]:
    """Return the phrase that the fields of a form say, and those fields as they are to be shown again.

    What is missing leaves a gap in the phrase, which the reader of phrases then tells.
    """

    def first(name: str) -> str:
        return next((value.strip() for value in form.get(name, ()) if value.strip()), "")

    times = [value.strip() for value in form.get("time", ()) if value.strip()]
    days = [value for value in form.get("day", ()) if value in DAYS]
    after = [value.strip() for value in form.get("after", ()) if value.strip()]
    every = first("every")
    if every == "other":
        every = first("other").removeprefix("every ")
    offset, kind = first("offset"), first("type")
    when = ", ".join(times)
    moment = first("at").replace("T", " ")
    phrases = {
        "daily": f"daily at {when}",
        "weekly": f"weekly on {', '.join(days)} at {when}",
        "monthly": f"monthly on {_monthday(first('monthday'))} at {when}",
        "interval": f"every {every}" + (f" at {offset}" if offset else ""),
        "cron": f"cron {first('cron')}",
        "once": f"once at {moment}",
        "after": f"after {', '.join(after)}",
        "manual": "manual only",
    }
    phrase = phrases.get(kind, first("words"))
    fields = ScheduleFields(
        kind=kind if kind in phrases else "words",
        words=phrase if kind in phrases else first("words"),
        times=times or [""],
        days=days,
        monthday=first("monthday") or "1",
        every=every or "2 hours",
        offset=offset,
        cron=first("cron"),
        at=first("at"),
        after=after,
    )
    return phrase, fields


def _monthday(text: str) -> str:
    return "the last day" if text == "last" else f"day {text}"
