"""Says for a phrase that cannot be read what it probably means: a line to paste, or what comes nearest.

A line is offered only where the text has one meaning. This module is loaded when a phrase is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import time, timedelta
from typing import Final

from aperture_plugin.words.datetimes import read_moment
from aperture_plugin.words.durations import read_duration
from aperture_plugin.words.informal_lexicon import folded
from aperture_plugin.words.informal_months import several
from aperture_plugin.words.informal_schedules import informal_length, informal_meaning
from aperture_plugin.words.informal_words import tokens_of
from aperture_plugin.words.meanings import Incomplete, Meaning, Meant, Unclear, Unsupported
from aperture_plugin.words.names import read_job_names
from aperture_plugin.words.other_notations import meaning_in_another_notation
from aperture_plugin.words.parse_error import Unreadable, mended, worth_guessing
from aperture_plugin.words.schedules import (
    DAY,
    After,
    AtStart,
    Daily,
    Interval,
    Manual,
    Once,
    Schedule,
    Weekday,
    Weekly,
)
from aperture_plugin.words.tokens import words_of

__all__ = ["meaning_of", "with_meaning"]

_Reader = Callable[[str], Schedule]
_Writer = Callable[[Schedule], str]

_AS_IT_IS: Final = frozenset({"incomplete-phrase", "ambiguous-time", "midnight-24"})
"""Codes whose hint already says what is open."""
_HINT_STAYS: Final = frozenset({"unknown-phrase", "unexpected-words", "cron-fields", "offset-too-long"})
"""Codes whose hint says what is expected of the whole phrase."""
_MEAN: Final = re.compile(r'; did you mean ".*?"\?')
_ZONE: Final = re.compile(
    r"(.+?)(?:\s+in)?\s*\(?\b(utc|gmt|z|[ecmpw][esd]?t|cest|eest|bst|ist|jst|[A-Z][a-z]+/[A-Za-z_]+)\)?", re.IGNORECASE
)
_ZONES: Final = {
    **dict.fromkeys(("utc", "gmt", "z"), "Etc/UTC"),
    **dict.fromkeys(("est", "edt", "et"), "America/New_York"),
    **dict.fromkeys(("cst", "cdt", "ct"), "America/Chicago"),
    **dict.fromkeys(("mst", "mdt", "mt"), "America/Denver"),
    **dict.fromkeys(("pst", "pdt", "pt"), "America/Los_Angeles"),
    **dict.fromkeys(("cet", "cest"), "Europe/Berlin"),
    "bst": "Europe/London",
    "ist": "Asia/Kolkata",
    "jst": "Asia/Tokyo",
}
_HOURS: Final = re.compile(r"(.+?)\s+(?:between|from|during)\s+(.+?)\s*(?:and|to|until|till|-|–)\s*(.+)", re.IGNORECASE)
_EXCEPT: Final = re.compile(
    r"\b(?:except|excluding|but(?:\s+not)?|without|not)(?:\s+on)?\s+(.+?)(?=\s+at\b|\s+[0-9]|$)", re.IGNORECASE
)
_VAGUE: Final = re.compile(
    r"every\s+[0-9]+\s*(?:-|–|to|or)\s*[0-9]+\s*[a-z]+|(?:every )?few [a-z]+|sometimes|often|regularly|random(?:ly)?",
    re.I,
)
_RELATIVE: Final = re.compile(r"(?:tomorrow|today|tonight|next\s+\w+|this\s+\w+|in\s+[0-9]+\s*\w+)\b", re.IGNORECASE)
_AFTER: Final = re.compile(
    r"(?:after|when|once|following|whenever|on completion of|as soon as)\s+(?:the\s+)?(\S+?(?:(?:,\s*|\s+and\s+)\S+?)*)"
    r"(?:\s+(?:job|task))?(?:\s+(?:has|have|is|are))?"
    r"(?:\s+(completes?|completed|finish(?:es|ed)?|done|ends?|ended|succeeds?|succeeded|ran|runs?|ready))?",
    re.IGNORECASE,
)
_AFTER_AT: Final = re.compile(r"after\s+(\S+)\s+(?:(?:daily|every day)\s+)?at\s+.+", re.IGNORECASE)
_AFTER_DELAY: Final = re.compile(r"(?:[0-9]+\s*[a-z]+\s+)+after\s+(\S+)", re.IGNORECASE)
_START: Final = r"(?:the\s+)?(?:re)?(?:start(?:up|ing)?|boot(?:ing|up)?|launch)"
_AT_START: Final = re.compile(
    rf"(?:@|at |on |upon |when |after (?:every |each )?)?{_START}(?:s|ed)?|when it starts", re.IGNORECASE
)
_AFTER_START: Final = re.compile(rf"(.+?)\s+after\s+(?:every\s+|each\s+)?{_START}", re.IGNORECASE)
_MANUAL: Final = re.compile(
    r"(?:only\s+)?(?:manual(?:ly)?|by hand|on[ -]demand|on request|when (?:asked|needed|i ask)|ad[ -]?hoc)(?:\s+only)?",
    re.I,
)
_DATE: Final = re.compile(
    r"(?:once\s+)?(?:on\s+|at\s+)?(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})(?:T|,?\s+(?:at\s+)?)(?P<time>[0-9]\S*(?:\s*[AaPp][Mm])?)",
    re.IGNORECASE,
)
_TIME_FIRST: Final = re.compile(
    r"(?:once\s+)?(?:at\s+)?(?P<time>[0-9]\S*(?:\s*[AaPp][Mm])?)\s+on\s+(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})",
    re.IGNORECASE,
)
_DAY_NAME: Final = re.compile(r"\b[A-Z][a-z]+day\b")
_CLOCK: Final = re.compile(r"([0-9]{1,2}):([0-5][0-9]):00")
_NUMBER: Final = re.compile(r"[0-9]{1,6}")
_OF_SYSTEMD: Final = {
    "minutely": "every minute",
    "hourly": "every hour",
    "daily": "daily at 12:00 AM",
    "weekly": "weekly on monday at 12:00 AM",
    "monthly": "monthly on day 1 at 12:00 AM",
    "quarterly": "cron 0 0 1 1,4,7,10 *",
    "semiannually": "cron 0 0 1 1,7 *",
    "yearly": "cron 0 0 1 1 *",
    "annually": "cron 0 0 1 1 *",
}


def with_meaning(problem: Unreadable, text: str, read: _Reader, write: _Writer) -> Unreadable:
    """Return *problem* of *text* with what the text means: the line, or why there is none.

    Args:
        read: Reads a phrase.
        write: Returns a schedule as a phrase.
    """
    if not worth_guessing(text):
        return problem
    meaning = meaning_of(text, read)
    if meaning is None:
        return problem
    hint, instead = problem.hint, None
    if isinstance(meaning, Meant):
        own_words = mended(read, problem.instead)
        if own_words is not None and read(own_words) == meaning.schedule:
            problem.instead = own_words
            return problem
        if problem.code == "incomplete-phrase":
            return problem
        instead = _line(meaning.schedule, write)
        kept = f"{_MEAN.sub('', hint)}; " if problem.code in _HINT_STAYS else ""
        hint = f'{kept}did you mean "{instead}"?'
    elif problem.code in _AS_IT_IS:
        pass
    elif isinstance(meaning, Unclear):
        hint = f"{meaning.why}; write  {',  or  '.join(_line(choice, write) for choice in meaning.choices)}"
    elif isinstance(meaning, Incomplete):
        hint = f"it says no {meaning.missing}; write it in full, such as  {_line(meaning.example, write)}"
    else:
        hint = meaning.hint
    return Unreadable(problem.code, problem.message, hint, start=problem.start, length=problem.length, instead=instead)


def meaning_of(text: str, read: _Reader) -> Meaning | None:
    """Return what *text*, which is no phrase, means; None where it is not understood."""
    written = " ".join(text.split())
    if written.lower().startswith("oncalendar=") and written[11:].strip().lower() in _OF_SYSTEMD:
        return Meant(read(_OF_SYSTEMD[written[11:].strip().lower()]))
    if written.startswith("@") and len(written.split()) == 1:
        return Meant(AtStart()) if _AT_START.fullmatch(written) else None
    for find in (_at_start, _of_jobs, _dated, _in_clauses, _phrases_with_commas):
        meaning = find(written, read)
        if meaning is not None:
            return meaning
    return meaning_in_another_notation(written) or informal_meaning(written)


def _line(schedule: Schedule, write: _Writer) -> str:
    """Return *schedule* as a person would type it."""
    if isinstance(schedule, Interval) and schedule.every % DAY == timedelta(0) and not schedule.offset:
        count, unit = schedule.every // DAY, "day"
        if count % 7 == 0:
            count, unit = count // 7, "week"
        return f"every {unit}" if count == 1 else f"every {count} {unit}s"
    phrase = write(schedule)
    if not isinstance(schedule, After):
        phrase = _DAY_NAME.sub(lambda day: day.group().lower(), phrase)
    return phrase[0].lower() + phrase[1:]


def _at_start(text: str, read: _Reader) -> Meaning | None:
    del read
    if _MANUAL.fullmatch(text):
        return Meant(Manual())
    if _AT_START.fullmatch(text):
        return Meant(AtStart())
    after = _AFTER_START.fullmatch(text)
    if after is None:
        return None
    try:
        return Meant(AtStart(delay=read_duration(after[1])))
    except Unreadable:
        return None


def _of_jobs(text: str, read: _Reader) -> Meaning | None:
    """Return the meaning of a text that names jobs: `when library-scan finishes`."""
    del read
    if found := _AFTER_AT.fullmatch(text):
        return Unsupported(
            "what runs after a job has no time of its own; nearest are its time as the schedule and beside it  "
            f"needs: [{found[1]}]"
        )
    if (found := _AFTER_DELAY.fullmatch(text)) and tokens_of(found[1]) is None:
        return Unsupported(
            f"what runs after a job runs as soon as that has completed, without a delay:  after {found[1]}"
        )
    found = _AFTER.fullmatch(text)
    if found is None or text.lower().startswith("once at"):
        return None
    if found[2] is None and not text.lower().startswith(("after", "following", "on completion")):
        return None
    try:
        return Meant(After(jobs=read_job_names(found[1])))
    except Unreadable:
        return None


def _dated(text: str, read: _Reader) -> Meaning | None:
    """Return the meaning of a text that names one day: `2026-12-24 at 18:00`, `tomorrow`, or a number alone."""
    del read
    found = _DATE.fullmatch(text) or _TIME_FIRST.fullmatch(text)
    if found is not None:
        try:
            return Meant(Once(at=read_moment(f"{found['date']} {found['time']}")))
        except Unreadable as problem:
            if problem.code != "moment-with-zone" or text.lower().startswith("once at"):
                return None
            return Unsupported("a moment is  once at 2026-12-24 18:00, by the job's own clock, without an offset")
    clock = _CLOCK.fullmatch(text)
    if clock is not None and int(clock[1]) < 24 and (length := informal_length(text)) is not None:
        at = time(int(clock[1]), int(clock[2]))
        return Unclear(f"{text} could be a time of day or a length", (Daily(times=(at,)), Interval(every=length)))
    if _RELATIVE.match(text):
        return Unsupported("a single run has its date, such as  once at 2026-12-24 6:00 PM")
    if _NUMBER.fullmatch(text):
        return Unsupported(f"a number alone does not say of what; write its unit, such as  every {text} minutes")
    return None


def _in_clauses(text: str, read: _Reader) -> Meaning | None:
    """Return the meaning of a text with a clause that is a key here, or is none: hours, zones, exceptions."""
    if _VAGUE.fullmatch(text):
        return Unsupported(
            "an interval has one length, such as  every 10 minutes;  jitter: 5 minutes  beside it delays each start by "
            "up to that"
        )
    hours = _HOURS.fullmatch(text)
    if hours is not None and (base := _base(hours[1], read)) is not None and not isinstance(base, Daily | Weekly):
        clear = re.search(r"[ap]m|:", hours[2] + hours[3], re.IGNORECASE)
        window = f"{hours[2]} to {hours[3]}" if clear else "8:00 AM to 6:00 PM"
        return Unsupported(f"a key beside the schedule says in which hours it may start, such as  window: {window}")
    zone = _ZONE.fullmatch(text)
    if zone is not None and tokens_of(zone[2]) is None and _base(zone[1], read) is not None:
        name = zone[2] if "/" in zone[2] else _ZONES.get(zone[2].lower(), "Europe/Riga")
        return Unsupported(f"the time zone is a key beside the schedule, such as  timezone: {name}")
    return _with_exception(text, read)


def _with_exception(text: str, read: _Reader) -> Meaning | None:
    """Return the meaning of `daily except sunday at 3 AM`: the other days of the week."""
    found = _EXCEPT.search(text)
    if found is None:
        return None
    but = tokens_of(found[1])
    base = _base(text[: found.start()] + text[found.end() :], read)
    if but is None or not all(token.kind in {"days", "workday", "and", "to", "fill"} for token in but):
        return Unsupported("days without runs are named by a calendar, and beside the schedule by  except: [holidays]")
    days = informal_meaning(f"{found[1]} at 12:00")
    if not isinstance(days, Meant) or not isinstance(days.schedule, Weekly):
        return None
    if not isinstance(base, Daily | Weekly):
        return None
    of = frozenset(Weekday) if isinstance(base, Daily) else frozenset(base.days)
    left = of - frozenset(days.schedule.days)
    return Meant(Weekly(days=tuple(sorted(left)), times=base.times)) if left else None


def _base(text: str, read: _Reader) -> Schedule | None:
    """Return the schedule that *text* is, or means; None where it has no one meaning."""
    try:
        return read(text.strip())
    except Unreadable:
        meaning = informal_meaning(text)
    if isinstance(meaning, Meant):
        return meaning.schedule
    return None


def _phrases_with_commas(text: str, read: _Reader) -> Meaning | None:
    """Return the meaning of whole phrases that commas or `and` join: `daily at 3 AM, weekly on sunday at 4 AM`."""
    parts = [part.strip() for part in re.split(r",\s*(?:and\s+)?|\s+and\s+", text) if part.strip()]
    if len(parts) < 2 or not all(map(_begins_a_phrase, parts)):
        return None
    try:
        found = list(_singles(parts, read))
    except Unreadable:
        return None
    return Meant(several(found))


def _singles(parts: list[str], read: _Reader) -> Iterator[Schedule]:
    for part in parts:
        yield read(part)


def _begins_a_phrase(part: str) -> bool:
    words = words_of(part)
    return bool(words) and folded(words[0].text) in {"daily", "weekly", "monthly", "every", "cron"}
