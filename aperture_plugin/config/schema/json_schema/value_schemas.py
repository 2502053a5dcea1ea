"""Single values, as JSON Schema says them: the words, and what an editor's YAML makes of a bare one.

Aperture reads every value as the text that stands there. An editor takes a bare `1` for a number and `no` for a
boolean, and one of older YAML takes `14:00` for the number 840; each is allowed where that text is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from zoneinfo import available_timezones

from aperture_plugin.config.checks.problem_codes import WARNINGS
from aperture_plugin.config.checks.suppressions import read_ignored
from aperture_plugin.config.layers.zones import LOCAL, read_zone_name
from aperture_plugin.config.schema.json_schema import patterns as p
from aperture_plugin.config.schema.schema_types import Reads
from aperture_plugin.config.schema.value_parsers import (
    MOST_FAILURES,
    NameOf,
    OneOf,
    Whole,
    expectation,
    read_channel_address,
    read_checked_cron,
    read_checked_days,
    read_checked_limit,
    read_checked_phrase,
    read_day,
    read_host_name,
    read_streak,
    read_text,
    read_variable_name,
    read_web_address,
)
from aperture_plugin.words.calendars import read_date_range
from aperture_plugin.words.datetimes import read_moment
from aperture_plugin.words.durations import read_duration
from aperture_plugin.words.library_sizes import read_sizes
from aperture_plugin.words.names import read_job_name
from aperture_plugin.words.numbers import LARGEST_FACTOR, read_factor, read_yes_no
from aperture_plugin.words.times import read_times
from aperture_plugin.words.windows import read_window

__all__ = ["DESCRIPTIONS", "MONTH_DAY", "TYPES", "WEEKDAY", "Form", "form_of", "words"]

Form = dict[str, Any]
"""A part of a JSON Schema."""

_BOOLEAN: Final[Form] = {"type": "boolean"}
_NOT_READ_AS_TEXT: Final[tuple[Form, ...]] = ({"type": "number", "minimum": 0}, _BOOLEAN)
"""The types as which an editor reads a name such as 1, or such as no."""
_NAME: Final[Form] = {"type": "string", "pattern": f"^{p.NAME}$"}
_ANY_TEXT: Final[Form] = {"type": ["string", "number", "boolean"]}
_IN_CLOCK_MINUTES: Final[Form] = {"type": "integer", "minimum": 60, "maximum": 24 * 60 - 1}
_WORDS: Final[dict[Callable[[str], Any], str]] = {
    read_checked_cron: p.CRON,
    read_checked_limit: p.LIMIT,
    read_checked_phrase: p.PHRASE,
    read_duration: p.DURATION,
    expectation: p.EXPECTATION,
    read_moment: p.MOMENT,
    read_date_range: p.DATE_RANGE,
    read_checked_days: p.DAYS,
    read_sizes: p.SIZES,
    read_window: p.WINDOW,
}
DESCRIPTIONS: Final = {
    # ── the file ──
    "preset": "The preset in force; `auto` asks the plugins for the library's size.",
    "state": "The store: sqlite:///FILE, relative to this file's folder, or postgresql+psycopg://USER@HOST/DATABASE.",
    "executor": "Where handlers run: threads, processes, celery, or what a plugin provides.",
    "broker": "The address of a message broker, for executors that need one.",
    "celery app": "The host's own Celery app, in place of a broker: package.module:app.",
    "celery queues": "The Celery queue that the runs of a queue travel through, by the queue's name.",
    "notify": "At the top: channels, by name. On a job: the channels that are notified of it.",
    "to": "Where messages go: any address of Apprise's, or a list. ${NAME} reads the environment.",
    "when": "The events that are sent: failed, recovered, missed, late, file refused, no loop; all if left out.",
    "after": "How many runs must have failed before a message is sent: 3 in a row, or 3 of 10.",
    "quiet": "Hours in which nothing is sent; at their end it is sent together.",
    "ping": "An address that is requested as the job starts, completes or fails; at the top, once a minute.",
    "page": "What concerns the page.",
    "url": "The page's address, for links in notifications.",
    "hosts": "Host headers that are answered beside the address it listens on.",
    "edits": "Whether the page writes this file, or gives patches.",
    "queues": "How many runs of a queue may run at once; the others wait their turn. `default` is 1.",
    "limits": "Budgets of calls that jobs share, such as 40 per 10 seconds.",
    "defaults": "Keys for every job that does not say otherwise.",
    "lint": "Which warnings of `aperture check` are known and meant.",
    "ignore": "Codes of warnings to suppress, of the whole file or, with `of`, of one job.",
    "expect": "What `aperture check` is to prove of the coming year: one sentence or a list.",
    "presets": "Named sets of schedules.",
    "calendars": "Days by name, for `except`: dates, ranges, days of every year, holidays of a country.",
    "freeze": "Dated pauses: slots that fall due in them are skipped, with the reason; manual runs go on.",
    "schedules": "Jobs and their schedules. At the top of the file they win over the preset, key by key.",
    "extends": "The preset that this one is laid over.",
    "items": "The sizes of the library that `preset: auto` picks this preset for.",
    # ── a schedule ──
    "schedule": "The whole schedule as a phrase, or a list of several, where other keys stand beside it.",
    "type": "The type of the schedule: daily, weekly, monthly, interval, cron, once, after, start or manual.",
    "time": "When on the day: one time or a list, such as 2:00 AM or 14:00.",
    "day": "Weekly: days of the week, weekdays or weekends. Monthly: a day from 1 to 31, or last.",
    "hours": "The interval in hours.",
    "minutes": "The interval in minutes.",
    "seconds": "The interval in seconds.",
    "offset": "How far the interval's times are moved; less than the interval.",
    "cron": "Five fields: minute, hour, day of month, month, day of week.",
    "at": "The date and time of the one run, such as 2026-12-24 18:00.",
    "jobs": "Runs when all of these have completed.",
    "unless ran within": "At start: no run if the job has completed within this time before.",
    # ── beside a schedule ──
    "title": "How displays name the job; else as its plugin does.",
    "description": "For people: what the job does.",
    "category": "For people and hosts: what kind of job it is.",
    "enabled": "`no` gives the job no slots; it can still be run by hand.",
    "timezone": "The zone that wall times are read in: an IANA name, or local for the server's.",
    "queue": "The queue that its runs wait in.",
    "needs": "Jobs whose last run must have completed; else a run is skipped.",
    "missed": "What becomes of slots that passed while nothing ran: one catch-up run, or skip.",
    "missed within": "Older missed slots are not caught up.",
    "overlap": "When the job is due while its last run is in hand: at most one waits, skip, or allow both.",
    "timeout": "A run that takes longer has failed.",
    "stalled after": "A run that shows no progress for so long has failed.",
    "retry": "Whether and how a run that failed is tried again.",
    "attempts": "All tries together, the first one counted.",
    "delay": "How long to wait before the second try of a run, or after the loop has begun.",
    "backoff": "What the delay is multiplied with from try to try.",
    "max delay": "The longest that the delay grows to.",
    "past next slot": "Whether a further try may come although the job is due again before it.",
    "not on exit": "Exit codes of a command after which no further try is made.",
    "limit": "The shared limits that its calls are counted against.",
    "calls": "How many calls a run usually spends of each of its limits, for check and plan.",
    "except": "Calendars on whose days the job has no slots.",
    "window": "The hours in which a run may start; what is due outside waits for them.",
    "requires env": "Environment variables without which a run is skipped.",
    "jitter": "Delays each start by up to so much, by the same amount for the same slot.",
    "heavy": "Marks a job that is hard on the machine.",
    "params": "Parameters for the handler, over those that its plugin gives. ${NAME} reads the environment.",
    "command": "A program instead of a Python job: a line for the shell, or a list run without one.",
    "directory": "Where the command runs; else the folder of this file. `~` and ${NAME} are filled in.",
    "environment": "Variables for the command. ${NAME} reads the environment.",
    "background": "`leave`: what the command leaves running in the background lives on when it has ended.",
    "on failure": "`pause` holds the job back after a failure, until it is resumed.",
    "pause after": "With `on failure: pause`: after how many failed runs in a row.",
    "pause for": "With `on failure: pause`: for how long; then its next slot is tried.",
    "interrupted": "A run that was cut off by a crash runs again, or is left.",
}
TYPES: Final = {
    "daily": "Every day, at one time or several.",
    "weekly": "On days of the week.",
    "monthly": "On one day of the month.",
    "interval": "Again and again, so far apart.",
    "cron": "As a cron expression says.",
    "once": "On one date.",
    "after": "When other jobs have completed.",
    "start": "Each time the first loop on the store begins.",
    "manual": "Only when a person asks for it.",
}


def words(pattern: str, *, example: str) -> Form:
    """Return a text that is *pattern* as a whole."""
    return {
        "type": "string",
        "pattern": p.whole(pattern),
        "patternErrorMessage": f"expected a value such as: {example}",
    }


WEEKDAY: Final = words(p.WEEKDAYS, example="sunday, weekdays")
MONTH_DAY: Final[Form] = {
    "anyOf": [words(p.MONTH_DAY, example="1, last"), {"type": "integer", "minimum": 1, "maximum": 31}]
}


def form_of(shape: Reads) -> Form:
    """Return what JSON Schema can say of the values that *shape* reads."""
    reader: Any = shape.read_anew
    match reader:
        case OneOf(options=options):
            either_case = words(p.any_of(map(p.any_case, options)), example=shape.example)
            return {"anyOf": [{"enum": list(options)}, either_case]}
        case NameOf():
            return _name(shape.example)
        case Whole(at_least=least, at_most=most):
            text = words(p.up_to(most, least), example=shape.example)
            return {"anyOf": [{"type": "integer", "minimum": least, "maximum": most}, text]}
    if reader in _WORDS:
        return words(_WORDS[reader], example=shape.example)
    return _OTHERS[reader](shape.example)


def _name(example: str) -> Form:
    found = {**_NAME, "patternErrorMessage": f"expected a name such as: {example}"}
    return {"anyOf": [found, *_NOT_READ_AS_TEXT]}


def _text(_: str) -> Form:
    return {**_ANY_TEXT, "pattern": p.SOMETHING, "patternErrorMessage": "nothing is written between the quotes"}


def _zone(_: str) -> Form:
    return {"enum": [LOCAL, *sorted(available_timezones() - {"localtime"})]}


def _ignored(example: str) -> Form:
    return {"anyOf": [{"enum": sorted(WARNINGS)}, words(p.IGNORED, example=example), *_NOT_READ_AS_TEXT]}


_OTHERS: Final[dict[Callable[[str], Any], Callable[[str], Form]]] = {
    read_job_name: _name,
    read_text: _text,
    read_channel_address: _text,
    read_host_name: lambda example: words(r"[^\s/*?#]+|.*\$\{.*", example=example),
    read_web_address: lambda example: words(r"(?:https?://|\S*\$\{)\S.*", example=example),
    read_streak: lambda example: {
        "anyOf": [
            {"type": "integer", "minimum": 1, "maximum": MOST_FAILURES},
            words(
                rf"[0-9]{{1,3}}(?:\s+(?:{p.any_case('in a row')}|{p.any_case('of')}\s+[0-9]{{1,3}}))?", example=example
            ),
        ]
    },
    str: lambda _: _ANY_TEXT,
    read_zone_name: _zone,
    read_ignored: _ignored,
    read_day: lambda _: {"anyOf": [WEEKDAY, *MONTH_DAY["anyOf"]]},
    read_times: lambda example: {"anyOf": [words(p.TIMES, example=example), _IN_CLOCK_MINUTES]},
    read_factor: lambda example: {
        "anyOf": [{"type": "number", "minimum": 1, "maximum": LARGEST_FACTOR}, words(p.FACTOR, example=example)]
    },
    read_yes_no: lambda example: {"anyOf": [_BOOLEAN, {"enum": [0, 1]}, words(p.YES_NO, example=example)]},
    read_variable_name: lambda example: {
        "anyOf": [{"type": "string", "pattern": f"^{p.VARIABLE}$"}, _BOOLEAN],
        "examples": [example],
    },
}
