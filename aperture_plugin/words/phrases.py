"""Schedules as phrases: what a person types, and what every display prints.

A phrase printed and read again is the same schedule. Its first word says which of the eight it is;
what follows is read by the module of that thing, and an error points at the very word.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final, assert_never

from aperture_plugin.words.crons import read_cron
from aperture_plugin.words.days import month_day_text, read_month_day, read_weekdays, weekdays_text
from aperture_plugin.words.digits import require_ascii_digits
from aperture_plugin.words.durations import UNITS, read_duration
from aperture_plugin.words.intervals import (
    interval_text,
    offset_text,
    read_interval_offset,
    require_interval,
    require_offset,
)
from aperture_plugin.words.misphrased import (
    expect_word,
    find_at,
    more_than_manual,
    no_month_day,
    not_a_phrase,
    not_an_interval,
    part,
)
from aperture_plugin.words.moments import moment_text, read_moment
from aperture_plugin.words.names import read_job_names
from aperture_plugin.words.pieces import Piece, lowered, words_of
from aperture_plugin.words.schedules import After, Cron, Daily, Interval, Manual, Monthly, Once, Schedule, Weekly
from aperture_plugin.words.times import read_times, times_text
from aperture_plugin.words.unreadable import Unreadable, offers_what_reads

__all__ = ["phrase_of", "read_phrase"]


@offers_what_reads
def read_phrase(text: str) -> Schedule:
    """Return the schedule that *text* says; case and extra spaces do not matter.

    Raises:
        Unreadable: It says none; the place is that of the word that cannot be read.

    >>> read_phrase("every 3 hours at :10")
    Interval(every=datetime.timedelta(seconds=10800), offset=datetime.timedelta(seconds=600))
    """
    words = words_of(text)
    reader = _READERS.get(words[0].key) if words else None
    if reader is None:
        require_ascii_digits(text)
        raise not_a_phrase(text, words, read_phrase)
    return reader(text, words)


def phrase_of(schedule: Schedule) -> str:
    """Return *schedule* as a phrase that reads back as the same schedule.

    >>> phrase_of(read_phrase("weekly on sat and sun at 04:00"))
    'Weekly on weekends at 4:00 AM'
    """
    match schedule:
        case Daily():
            return f"Daily at {times_text(schedule.times)}"
        case Weekly():
            return f"Weekly on {weekdays_text(schedule.days)} at {times_text(schedule.times)}"
        case Monthly():
            return f"Monthly on {month_day_text(schedule.day)} at {times_text(schedule.times)}"
        case Interval():
            grid = f" at {offset_text(schedule.offset)}" if schedule.offset else ""
            return f"Every {interval_text(schedule.every)}{grid}"
        case Cron():
            return f"Cron {schedule.expression}"
        case Once():
            return f"Once at {moment_text(schedule.at)}"
        case After():
            return f"After {', '.join(schedule.jobs)}"
        case Manual():
            return "Manual only"
    assert_never(schedule)


def _daily(text: str, words: list[Piece]) -> Daily:
    example = "daily at 2:00 AM"
    at = expect_word(text, words, 1, "at", example=example)
    return Daily(times=part(text, at, len(text), read_times, what="time", example=example))


def _weekly(text: str, words: list[Piece]) -> Weekly:
    example = "weekly on sunday at 4:00 AM"
    on = expect_word(text, words, 1, "on", example=example)
    at = find_at(text, words, example=example)
    days = part(text, on, at.start, read_weekdays, what="day", example=example)
    return Weekly(days=days, times=part(text, at, len(text), read_times, what="time", example=example))


def _monthly(text: str, words: list[Piece]) -> Monthly:
    example = "monthly on day 1 at 4:00 AM"
    on = expect_word(text, words, 1, "on", example=example)
    at = find_at(text, words, example=example)
    if words[2].key not in {"day", "the", "last"}:
        raise no_month_day(text, words[2], at)
    before = words[2] if words[2].key == "day" else on
    day = part(text, before, at.start, read_month_day, what="day", example=example)
    return Monthly(day=day, times=part(text, at, len(text), read_times, what="time", example=example))


def _every(text: str, words: list[Piece]) -> Interval:
    at = next((word for word in words if word.key == "at"), None)
    end = len(text) if at is None else at.start
    try:
        every = part(text, words[0], end, _read_every, what="interval", example="every 2 hours")
        if at is None:
            return Interval(every=every)

        def read_offset(said: str) -> timedelta:
            offset = read_interval_offset(said)
            require_offset(offset, every, said, write=offset_text)
            return offset

        offset = part(text, at, len(text), read_offset, what="offset", example="every 3 hours at :10")
    except Unreadable as problem:
        raise not_an_interval(problem, text, words, read_phrase) from None
    return Interval(every=every, offset=offset)


def _read_every(said: str) -> timedelta:
    """Return the duration that stands after `every`, where a single unit needs no number."""
    every = UNITS.get(lowered(said)) or read_duration(said)
    require_interval(every, said)
    return every


def _cron(text: str, words: list[Piece]) -> Cron:
    return part(text, words[0], len(text), read_cron, what="cron expression", example="cron 0 3 * * 1-5")


def _once(text: str, words: list[Piece]) -> Once:
    example = "once at 2026-12-24 6:00 PM"
    at = expect_word(text, words, 1, "at", example=example)
    return Once(at=part(text, at, len(text), read_moment, what="date", example=example))


def _after(text: str, words: list[Piece]) -> After:
    return After(jobs=part(text, words[0], len(text), read_job_names, what="job", example="after library-scan"))


def _manual(text: str, words: list[Piece]) -> Manual:
    if len(words) == 1 or (len(words) == 2 and words[1].key == "only"):
        return Manual()
    raise more_than_manual(text, words)


_READERS: Final[dict[str, Callable[[str, list[Piece]], Schedule]]] = {
    "daily": _daily,
    "weekly": _weekly,
    "monthly": _monthly,
    "every": _every,
    "cron": _cron,
    "once": _once,
    "after": _after,
    "manual": _manual,
}
