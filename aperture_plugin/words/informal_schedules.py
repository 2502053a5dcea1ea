"""Schedules in words of one's own, and their meaning: `mondays at 9 PM`, `twice a day`, `every hour on the half hour`.

The order of the words does not matter here, but each of them has to be understood: of a phrase with a word that is not
known nothing is guessed. A text that is understood and has no exact phrase is answered by a sentence that names
what comes nearest, never by another schedule.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import time, timedelta
from itertools import pairwise
from typing import Final

from aperture_plugin.words.informal_lexicon import WORKDAYS, Token
from aperture_plugin.words.informal_months import monthly_meaning, months_alone, several, sorted_times, yearly_meaning
from aperture_plugin.words.informal_parts import InformalParts, parsed_parts
from aperture_plugin.words.informal_words import tokens_of
from aperture_plugin.words.meanings import Incomplete, Meaning, Meant, Unclear, Unsupported
from aperture_plugin.words.parse_error import worth_guessing
from aperture_plugin.words.schedules import (
    DAY,
    LONGEST_INTERVAL,
    Cron,
    Daily,
    Interval,
    Monthly,
    Schedule,
    Weekday,
    Weekly,
)
from aperture_plugin.words.times import time_text

__all__ = ["informal_length", "informal_meaning"]

_LENGTH_BY_CLOCK: Final = re.compile(r"([0-9]{1,3}):([0-5][0-9]):([0-5][0-9])")
_ENDS_OPEN: Final = re.compile(r"\b(?:on|of|in|the|an?)\s*$", re.IGNORECASE)
_SECONDS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800, "fortnight": 1_209_600}
_FIRST_SATURDAY: Final = Weekday.SATURDAY
"""The day of the week of 2000-01-01, from which long intervals are counted."""
_EXAMPLE_TIME: Final = time(3)
_EXAMPLE_WEEKLY: Final = time(4)


def informal_meaning(text: str) -> Meaning | None:
    """Return what *text*, which is no phrase, means; None where it is not understood as a whole.

    >>> informal_meaning("at 2am daily")
    Meant(schedule=Daily(times=(datetime.time(2, 0),)))
    """
    if not worth_guessing(text):
        return None
    tokens = tokens_of(text)
    if not tokens or tokens[0].kind in {"and", "to"} or tokens[-1].kind in {"after", "and", "at", "every", "to"}:
        return None
    if _ENDS_OPEN.search(text):
        return None
    parts = _one_by_one(tokens)
    if parts is not None:
        meanings = [_meaning(part) for part in parts]
        schedules = [meaning.schedule for meaning in meanings if isinstance(meaning, Meant)]
        if len(schedules) < len(parts):
            return None
        return Meant(several(schedules))
    return _meaning(tokens)


def informal_length(text: str) -> timedelta | None:
    """Return the length of time that *text* means and nothing else; None where it means none.

    >>> informal_length("an hour and a half"), informal_length("1:30:00")
    (datetime.timedelta(seconds=5400), datetime.timedelta(seconds=5400))
    """
    clock = _LENGTH_BY_CLOCK.fullmatch(text.strip())
    if clock is not None:
        hours, minutes, seconds = map(int, clock.groups())
        return timedelta(hours=hours, minutes=minutes, seconds=seconds) or None
    meaning = informal_meaning(f"every {text}")
    schedule = meaning.schedule if isinstance(meaning, Meant) else None
    return schedule.every if isinstance(schedule, Interval) and not schedule.offset else None


def _one_by_one(tokens: Sequence[Token]) -> list[list[Token]] | None:
    """Return the tokens of each schedule where days with times follow each other; None where there is only one."""
    kinds = ["T" if t.kind in {"time", "hour"} else "D" if t.kind in {"days", "workday"} else "" for t in tokens]
    order = ""
    starts: list[int] = []
    for place, kind in enumerate(kinds):
        if kind and not order.endswith(kind):
            order += kind
            starts.append(place)
    if len(order) < 4 or len(order) % 2:
        return None
    bounds = [0, *starts[2::2], len(tokens)]
    return [list(tokens[begin:end]) for begin, end in pairwise(bounds)]


def _meaning(tokens: Sequence[Token]) -> Meaning | None:
    parts = parsed_parts(tokens)
    if parts is None or len(parts.order) > 2:
        return None
    if all(token.kind == "freq" for token in tokens) and parts.lengths == [(1, "day")]:
        return Incomplete("time of day", Daily(times=(time(2),)))
    if all(token.kind == "freq" for token in tokens) and parts.lengths == [(1, "week")]:
        return Incomplete("day of the week", Weekly(days=(Weekday.SUNDAY,), times=(_EXAMPLE_WEEKLY,)))
    if parts.biweekly:
        return _biweekly(parts)
    if parts.parts and parts.hours:
        parts.times += [at for hour in parts.hours if (at := _in_part(hour, parts.parts[0])) is not None]
        if len(parts.times) < len(parts.hours):
            return _unclear(parts)
        parts.hours = []
    if parts.parts and not all(_fits(at, parts.parts[0]) for at in parts.times):
        return None
    return _decided(parts)


def _fits(at: time, part: str) -> bool:
    """Return whether *at* is a time in the morning, in the evening or at night."""
    if part == "morning":
        return at.hour < 12
    return at.hour >= 16 if part == "evening" else at.hour < 7 or at.hour >= 18


def _in_part(hour: int, part: str) -> time | None:
    """Return the time of day at which it is *hour* o'clock in the morning, in the evening or at night."""
    if part == "morning":
        return time(hour % 12) if hour < 12 else None
    if part == "evening":
        return time(hour + 12) if 4 <= hour < 12 else None
    if hour == 12:
        return time(0)
    return time(hour) if hour < 6 else time(hour + 12) if hour > 7 else None


def _decided(parts: InformalParts) -> Meaning | None:
    length = _total(parts.lengths)
    of_days = parts.days or parts.ordinals or parts.month_days or parts.months or parts.counts or length in {None, DAY}
    if parts.hours and (of_days or not parts.lengths):
        return _unclear(parts)
    if parts.months:
        return yearly_meaning(parts)
    if parts.ordinals or parts.month_days:
        return monthly_meaning(parts)
    if parts.days:
        return _weekly(parts, length)
    if parts.counts:
        return _counted(parts)
    if not parts.lengths:
        return _daily(parts) if parts.says_times and not parts.pasts else _past_alone(parts)
    if length is None:
        return months_alone(parts)
    if parts.pasts and parts.says_times:
        return None
    if parts.says_times:
        return _at_times(parts, length)
    return _interval(parts, length)


def _total(lengths: Iterable[tuple[float, str]]) -> timedelta | None:
    """Return the sum of *lengths*; None where one is of months or years, or is no whole number of seconds."""
    total = 0.0
    for count, unit in lengths:
        if unit not in _SECONDS:
            return None
        total += count * _SECONDS[unit]
    return timedelta(seconds=int(total)) if total == int(total) and total < 10**10 else None


def _daily(parts: InformalParts) -> Meaning:
    return Meant(Daily(times=sorted_times(parts.times)))


def _past_alone(parts: InformalParts) -> Meaning | None:
    if parts.pasts and not parts.says_times and not parts.order:
        return _interval(parts, timedelta(hours=1))
    return None


def _interval(parts: InformalParts, length: timedelta) -> Meaning | None:
    if length <= timedelta(0) or length > LONGEST_INTERVAL:
        return None
    if len(parts.pasts) > 1:
        hourly = [Interval(every=length, offset=timedelta(minutes=past)) for past in sorted(set(parts.pasts))]
        return Meant(several(hourly)) if length == timedelta(hours=1) and max(parts.pasts) < 60 else None
    if parts.parts:
        return Incomplete("time of day", Daily(times=(time({"morning": 7, "evening": 20}.get(parts.parts[0], 2)),)))
    offset = timedelta(minutes=parts.pasts[0]) if parts.pasts else timedelta(0)
    if parts.pasts and (not timedelta(hours=1) <= length < DAY or length % timedelta(hours=1)):
        return None
    return Meant(Interval(every=length, offset=offset))


def _at_times(parts: InformalParts, length: timedelta) -> Meaning | None:
    """Return the meaning of an interval with a time of day."""
    if length == DAY:
        return _daily(parts)
    if length <= timedelta(hours=1):
        return None
    if length > DAY:
        return _days_apart(parts, length)
    if len(parts.times) + len(parts.hours) != 1:
        return None
    if parts.hours:
        choices = [
            Interval(every=length, offset=timedelta(hours=hour) % length)
            for hour in (parts.hours[0] % 12, parts.hours[0] % 12 + 12)
        ]
        minutes = Interval(every=length, offset=timedelta(minutes=parts.hours[0]))
        if DAY % length:
            return None
        if choices[0] == choices[1] and parts.starting:
            return Meant(choices[0])
        why = f"{parts.hours[0]} could be an hour of the day or minutes past the hour"
        return Unclear(why, tuple(dict.fromkeys((*choices, minutes))))
    if DAY % length:
        return Unsupported(
            f"{_text(length)} do not divide a day, so no time of day returns; an interval such as every "
            f"{_text(length)} is counted from midnight of 2000-01-01"
        )
    at = parts.times[0]
    return Meant(Interval(every=length, offset=timedelta(hours=at.hour, minutes=at.minute) % length))


def _days_apart(parts: InformalParts, length: timedelta) -> Meaning | None:
    """Return the meaning of `every 2 days at 3 AM`, which no schedule says exactly."""
    if parts.hours:
        parts.times += [time(hour % 12) for hour in parts.hours]
    if length == 7 * DAY:
        return Incomplete("day of the week", Weekly(days=(Weekday.SUNDAY,), times=sorted_times(parts.times)))
    if length % DAY or len(parts.times) != 1:
        return None
    at, days = parts.times[0], length // DAY
    offset = f"{at.hour}:{at.minute:02}"
    nearest = f"every {days} days at {offset}"
    hint = (
        f"a time of day stands with daily, weekly and monthly alone; nearest is  {nearest}, which counts "
        f"{days * 24} hours from 2000-01-01, and so is an hour later while clocks are advanced"
    )
    if days < 16:
        hint += f"; or  cron {at.minute} {at.hour} */{days} * *, which counts anew from the first of each month"
    return Unsupported(hint)


def _weekly(parts: InformalParts, length: timedelta | None) -> Meaning | None:
    """Return the meaning of days of the week, with everything beside them."""
    days = tuple(sorted(parts.days))
    if parts.pasts and parts.lengths and length is not None and length < DAY:
        return _interval_on_days(parts, length, days)
    if parts.pasts:
        return None
    if parts.lengths and length is None:
        return None
    if length == 14 * DAY:
        return _every_other_week(parts, days)
    if parts.lengths and length is not None and length < DAY and not parts.says_times:
        return _interval_on_days(parts, length, days)
    if length is not None and parts.lengths and length not in {DAY, 7 * DAY}:
        return None
    if length == DAY and len(days) == 1 and len(parts.times) + len(parts.hours) > 1:
        return None
    if parts.counts and (parts.counts != [1] or length == DAY):
        return None
    if not parts.times:
        return Incomplete("time of day", Weekly(days=days, times=(_EXAMPLE_WEEKLY,)))
    return Meant(Weekly(days=days, times=sorted_times(parts.times)))


def _interval_on_days(parts: InformalParts, length: timedelta, days: tuple[Weekday, ...]) -> Meaning | None:
    """Return the meaning of an interval that runs on some days of the week alone: a cron expression."""
    if parts.says_times or parts.counts or len(parts.pasts) > 1 or length <= timedelta(0):
        return None
    minutes, rest = divmod(int(length.total_seconds()), 60)
    past = parts.pasts[0] if parts.pasts else 0
    of_week = _cron_days(days)
    if rest == 0 and minutes < 60 and 60 % minutes == 0 and not parts.pasts:
        return Meant(Cron(expression=f"{'*' if minutes == 1 else f'*/{minutes}'} * * * {of_week}"))
    hours, rest = divmod(minutes, 60)
    if rest == 0 and hours and 24 % hours == 0:
        return Meant(Cron(expression=f"{past} {'*' if hours == 1 else f'*/{hours}'} * * {of_week}"))
    return Unsupported(
        f"an interval runs on every day, and cron has steps that divide an hour or a day; {_text(length)} on some "
        f"days is nearest as  cron */15 * * * {of_week}, with a step of your choice"
    )


def _every_other_week(parts: InformalParts, days: tuple[Weekday, ...]) -> Unsupported:
    at = parts.times[0] if parts.times else _EXAMPLE_TIME
    day = days[0]
    first = (day - _FIRST_SATURDAY) % 7
    time_of_day = _hours(at)
    offsets = [" ".join(part for part in (_days(first + more), time_of_day) if part) for more in (0, 7)]
    return Unsupported(
        "a day of every other week has no phrase; it is an interval of two weeks, counted from Saturday 2000-01-01: "
        f"for {day.name.capitalize()} at {time_text(at)} write type: interval, hours: 336 and offset: "
        f"{offsets[0] or '0 hours'}, or {offsets[1]} for the weeks between"
    )


def _biweekly(parts: InformalParts) -> Meaning | None:
    if parts.days and len(parts.days) == 1:
        return _every_other_week(parts, tuple(parts.days))
    if parts.lengths or parts.counts or parts.ordinals or parts.month_days or parts.months or parts.pasts:
        return None
    return Unsupported(
        "it may be twice a week or every other week: write the two days, such as  weekly on monday, thursday at "
        "3:00 AM, or  every 2 weeks, which is counted from Saturday 2000-01-01"
    )


def _counted(parts: InformalParts) -> Meaning | None:
    """Return the meaning of so many times in a unit of time."""
    if len(parts.counts) != 1 or parts.pasts:
        return None
    count = parts.counts[0]
    if parts.lengths and parts.lengths[0][1] == "fortnight":
        return None
    length = _total(parts.lengths)
    if not parts.lengths or count < 1:
        return None
    if parts.says_times:
        if length == DAY and len(parts.times) + len(parts.hours) == count:
            return _daily(parts)
        return None
    if length is None or len(parts.lengths) != 1:
        if count == 1 and parts.lengths == [(1, "month")]:
            return Incomplete("day of the month", Monthly(day=1, times=(_EXAMPLE_WEEKLY,)))
        return None
    if count == 1 and length == 7 * DAY:
        return Incomplete("day of the week", Weekly(days=(Weekday.SUNDAY,), times=(_EXAMPLE_WEEKLY,)))
    if count == 2 and length == 7 * DAY:
        return Incomplete("day of the week", Weekly(days=(Weekday.MONDAY, Weekday.THURSDAY), times=(_EXAMPLE_TIME,)))
    if length > DAY:
        return None
    every = length / count
    if DAY % every or every % timedelta(seconds=1):
        return Unsupported(
            f"{count} runs do not divide a day evenly; write their times, such as  daily at 6:00 AM, 2:00 PM"
        )
    return Meant(Interval(every=every))


def _unclear(parts: InformalParts) -> Meaning | None:
    """Return the two meanings of a text with one hour that could be morning or evening."""
    if len(parts.hours) != 1 or parts.times:
        return Unsupported("write AM or PM behind each hour, such as 9:00 AM")
    [hour] = parts.hours
    choices: list[Schedule] = []
    for at in (time(hour % 12), time(hour % 12 + 12)):
        clear = replace(parts, hours=[], times=[at], parts=[])
        meaning = _decided(clear)
        if not isinstance(meaning, Meant):
            return meaning
        choices.append(meaning.schedule)
    return Unclear(f"{hour} could be morning or evening", tuple(choices))


def _cron_days(days: tuple[Weekday, ...]) -> str:
    if frozenset(days) == WORKDAYS:
        return "MON-FRI"
    return ",".join(day.name[:3] for day in days)


def _text(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    name, unit = next(
        (name, unit)
        for name, unit in (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))
        if not seconds % unit
    )
    count = seconds // unit
    return f"{count} {name}{'' if count == 1 else 's'}"


def _days(count: int) -> str:
    return "" if not count else f"{count} day{'' if count == 1 else 's'}"


def _hours(at: time) -> str:
    parts = [(at.hour, "hour"), (at.minute, "minute")]
    return " ".join(f"{count} {name}{'' if count == 1 else 's'}" for count, name in parts if count)
