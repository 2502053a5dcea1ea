"""Every code of an `Unreadable`, with its meaning."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["WORD_CODES"]

WORD_CODES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ambiguous-time": "An hour without AM or PM, which could be morning or evening.",
        "bad-days": "Not a date, a range of dates, days of every year or the holidays of a country.",
        "bad-duration": "Not a number with a unit of time.",
        "bad-job-name": "A name with a character that names do not have, or one that is too long.",
        "bad-limit": "Not a number of calls per duration.",
        "bad-date": "Not a date.",
        "bad-moment": "Not a date and a time.",
        "bad-month-day": "Not a day of a month: neither 1 to 31 nor last.",
        "bad-number": "Not a number in plain digits.",
        "bad-offset": "An interval's offset that is not minutes past the hour.",
        "bad-sizes": "Not a range of library sizes.",
        "bad-time": "Not a time of the day.",
        "bad-window": "Not two times with `to` between them.",
        "bad-yes-no": "Neither yes nor no.",
        "cron-character": "A character that no cron field has.",
        "cron-fields": "A cron expression with more or fewer than five fields.",
        "cron-macro": "A name such as `@daily` instead of the five fields.",
        "digits-not-ascii": "Digits other than 0 to 9.",
        "duration-fraction": "A duration with a fraction.",
        "duration-too-long": "A duration of more than a hundred years.",
        "duration-without-unit": "A number that does not say of what.",
        "empty-sizes": "A range of library sizes that holds none.",
        "empty-window": "A window that ends when it begins.",
        "impossible-date": "A date that the calendar does not have.",
        "incomplete-phrase": "A phrase that ends, or goes on, before it has all its parts.",
        "interval-too-long": "An interval of more than 366 days.",
        "limit-not-daily": "A limit that begins anew at an hour without being per day.",
        "midnight-24": "The time 24:00, which would be of no certain day.",
        "missing-item": "A list with nothing before, between or after its commas.",
        "moment-with-zone": "A date and time with a time zone of its own.",
        "moment-without-time": "A date that does not say at what time.",
        "negative-duration": "A duration with a minus sign.",
        "nothing-written": "A key with nothing after it.",
        "number-fraction": "A number with a fraction where a whole one is needed.",
        "number-out-of-range": "A number that is too small or too large.",
        "offset-too-long": "An interval's offset that is not less than the interval.",
        "holidays-missing": "Holidays of a country, and the library that knows them is not installed.",
        "unknown-country": "A country, or a part of one, whose holidays are not known.",
        "range-backwards": "A range of dates that ends before it begins.",
        "stands-alone": "`after` or `manual` as one of several schedules of a job.",
        "starts-twice": "A second schedule at start of one job.",
        "time-in-words": "Noon or midnight, in words.",
        "time-with-seconds": "A time with seconds, where times are whole minutes.",
        "unexpected-words": "A word in a phrase where another one, or none, was expected.",
        "unjoined-items": "Items of a list with nothing to join them.",
        "unknown-day": "Not a day of the week.",
        "unknown-expectation": "A sentence under `expect` that is none of the four kinds.",
        "unknown-phrase": "A schedule that begins as no phrase does.",
        "unknown-unit": "Not a unit of time.",
        "year-out-of-range": "A year in which nothing can be scheduled.",
        "zero-duration": "A duration of no time at all.",
    }
)
