"""Schedules as phrases: what a person types, and what every display prints.

A phrase that is printed and read again is the same schedule. The first word decides the kind; the module of that kind
reads the rest, and an error points at the word that is wrong. Semicolons join several phrases.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Final, assert_never

from aperture_plugin.words.cron_shape import read_cron
from aperture_plugin.words.datetimes import moment_text, read_moment
from aperture_plugin.words.days import month_day_text, read_month_day, read_weekdays, weekdays_text
from aperture_plugin.words.digits import require_ascii_digits
from aperture_plugin.words.durations import UNITS, duration_text, read_duration
from aperture_plugin.words.intervals import (
    interval_text,
    offset_text,
    read_interval_offset,
    require_interval,
    require_offset,
)
from aperture_plugin.words.names import read_job_names
from aperture_plugin.words.parse_error import Unreadable, offers_what_reads, quoted, read_part
from aperture_plugin.words.phrase_suggestions import (
    begins_at_start,
    expect_word,
    find_at,
    more_than_manual,
    no_month_day,
    not_a_phrase,
    not_an_interval,
    not_at_start,
    part,
)
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
    Single,
    Weekly,
    schedules_in,
)
from aperture_plugin.words.times import read_times, times_text
from aperture_plugin.words.tokens import Piece, lowered, words_of

__all__ = ["joined", "phrase_of", "read_phrase"]

_CRONTAB_LINE: Final = re.compile(r"\s*(?:[0-9*][0-9A-Za-z*/,-]*\s+){5}[^\s;]")
"""Five fields and the beginning of a command, whose semicolons join no schedules."""


@offers_what_reads
def read_phrase(text: str) -> Schedule:
    """Return the schedule that *text* says; case and extra spaces do not matter.

    Raises:
        Unreadable: It says none; the place is that of the word that cannot be read.

    >>> read_phrase("every 3 hours at :10")
    Interval(every=datetime.timedelta(seconds=10800), offset=datetime.timedelta(seconds=600))
    """
    return _several(text, _single) if ";" in text and not _CRONTAB_LINE.match(text) else _single(text)


def joined(schedules: Iterable[Schedule]) -> Schedule:
    """Return *schedules* as one: the schedule itself if they are all the same one.

    Raises:
        Unreadable: `stands-alone`, or `starts-twice`; its `start` is the place among *schedules* of the one at fault.
    """
    parts: dict[Single, None] = {}
    places: dict[Single, int] = {}
    for place, schedule in enumerate(schedules):
        for part_of_it in schedules_in(schedule):
            parts[part_of_it] = None
            places.setdefault(part_of_it, place)
    if len(parts) == 1:
        return next(iter(parts))
    for alone in parts:
        if isinstance(alone, After | Manual):
            raise _stands_alone(alone, places[alone])
    starts = [part_of_it for part_of_it in parts if isinstance(part_of_it, AtStart)]
    if len(starts) > 1:
        raise Unreadable(
            "starts-twice",
            f"{quoted(phrase_of(starts[1]))} is a second schedule at start",
            f"expected one of them: a job runs once at start; keep {phrase_of(starts[0]).lower()}",
            start=places[starts[1]],
        )
    return Several(schedules=tuple(parts))


def _single(text: str) -> Single:
    """Return the one schedule that *text* says; a refusal says what the text means."""
    try:
        return _plain_single(text)
    except Unreadable as problem:
        from aperture_plugin.words.schedule_meanings import with_meaning  # only what is refused needs it

        raise with_meaning(problem, text, _plainly, phrase_of) from None


@offers_what_reads
def _plainly(text: str) -> Schedule:
    """Return the schedule that *text* says; its problem offers what differs from it by a word or two."""
    return _several(text, _plain_single) if ";" in text else _plain_single(text)


def _plain_single(text: str) -> Single:
    words = words_of(text)
    reader = _READERS.get(words[0].key) if words else None
    if reader is None or (words[0].key == "at" and not begins_at_start(words)):
        require_ascii_digits(text)
        raise not_a_phrase(text, words, _plainly)
    return reader(text, words)


def _several(text: str, read: Callable[[str], Single]) -> Schedule:
    """Return the schedules of *text*, which semicolons join and *read* reads one by one."""
    spans: list[tuple[int, int]] = []
    begin = 0
    for written in text.split(";"):
        end = begin + len(written)
        if not written.strip():
            left = [found.strip() for found in text.split(";") if found.strip()]
            raise Unreadable(
                "missing-item",
                'a schedule is missing beside ";"',
                "join several schedules with a semicolon, as in daily at 2:00 AM; weekly on sunday at 4:00 AM",
                start=min(end, len(text) - 1) if text[end:] else max(0, begin - 1),
                instead="; ".join(left) or None,
            )
        spans.append((begin + len(written) - len(written.lstrip()), begin + len(written.rstrip())))
        begin = end + 1
    schedules = [read_part(text, start, end, read) for start, end in spans]
    try:
        return joined(schedules)
    except Unreadable as problem:
        start, end = spans[problem.start]
        kept = "; ".join(text[first:last] for first, last in spans if first != start)
        raise Unreadable(
            problem.code,
            problem.message,
            problem.hint,
            start=start,
            length=end - start,
            instead=None if isinstance(schedules[problem.start], After) else kept,
        ) from None


def _stands_alone(schedule: After | Manual, place: int) -> Unreadable:
    if isinstance(schedule, Manual):
        hint = "expected it alone; leave it out, since every job runs when a person asks for it"
    else:
        hint = f"expected it alone; or leave it out, and write beside the other schedules  needs: [{schedule.jobs[0]}]"
    return Unreadable("stands-alone", f"{quoted(phrase_of(schedule))} stands beside other schedules", hint, start=place)


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
        case AtStart():
            delay = f" after {duration_text(schedule.delay)}" if schedule.delay else ""
            within = schedule.unless_ran_within
            return f"At start{delay}" + ("" if within is None else f" unless ran within {duration_text(within)}")
        case Manual():
            return "Manual only"
        case Several(schedules=parts):
            first, *others = map(phrase_of, parts)
            return "; ".join([first, *(other[0].lower() + other[1:] for other in others)])
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

        def read_offset(written: str) -> timedelta:
            offset = read_interval_offset(written)
            require_offset(offset, every, written, write=offset_text)
            return offset

        offset = part(text, at, len(text), read_offset, what="offset", example="every 3 hours at :10")
    except Unreadable as problem:
        raise not_an_interval(problem, text, words, _plainly) from None
    return Interval(every=every, offset=offset)


def _read_every(text: str) -> timedelta:
    """Return the duration that stands after `every`, where a single unit needs no number."""
    every = UNITS.get(lowered(text)) or read_duration(text)
    require_interval(every, text)
    return every


def _cron(text: str, words: list[Piece]) -> Cron:
    return part(text, words[0], len(text), read_cron, what="cron expression", example="cron 0 3 * * 1-5")


def _once(text: str, words: list[Piece]) -> Once:
    example = "once at 2026-12-24 6:00 PM"
    at = expect_word(text, words, 1, "at", example=example)
    return Once(at=part(text, at, len(text), read_moment, what="date", example=example))


def _after(text: str, words: list[Piece]) -> After:
    return After(jobs=part(text, words[0], len(text), read_job_names, what="job", example="after library-scan"))


def _start(text: str, words: list[Piece]) -> AtStart:
    example = "at start after 2 minutes unless ran within 6 hours"
    delay, within = timedelta(0), None
    expect_word(text, words, 1, "start", example=example)
    place = 2
    while place < len(words):
        word = words[place]
        others = [other for other in words[place + 1 :] if other.key in {"after", "unless"}]
        end = others[0].start if others else len(text)
        if word.key == "after" and not delay:
            delay = part(text, word, end, read_duration, what="delay", example=example)
        elif word.key == "unless" and within is None:
            expect_word(text, words, place + 1, "ran", example=example)
            last = expect_word(text, words, place + 2, "within", example=example)
            within = part(text, last, end, read_duration, what="duration", example=example)
        else:
            raise not_at_start(text, word, "unless" if delay else "after")
        place = words.index(others[0]) if others else len(words)
    return AtStart(delay=delay, unless_ran_within=within)


def _manual(text: str, words: list[Piece]) -> Manual:
    if len(words) == 1 or (len(words) == 2 and words[1].key == "only"):
        return Manual()
    raise more_than_manual(text, words)


_READERS: Final[dict[str, Callable[[str, list[Piece]], Single]]] = {
    "at": _start,
    "daily": _daily,
    "weekly": _weekly,
    "monthly": _monthly,
    "every": _every,
    "cron": _cron,
    "once": _once,
    "after": _after,
    "manual": _manual,
}
