"""The schema of schedules.yaml: every key, and what is read behind it (DESIGN.md, section 2)."""

from __future__ import annotations

from typing import Final

from aperture_plugin.config.checks.suppressions import read_ignored
from aperture_plugin.config.layers.zones import read_zone_name
from aperture_plugin.config.model import Background, Interrupted, Missed, NotifyEvent, OnFailure, Overlap
from aperture_plugin.config.schema.schema_types import (
    Keys,
    Named,
    Nested,
    OneOrMany,
    PhraseOr,
    Reads,
    Reasoned,
    Schedules,
)
from aperture_plugin.config.schema.value_parsers import (
    MOST_AT_ONCE,
    MOST_ATTEMPTS,
    MOST_FAILURES,
    NameOf,
    Whole,
    choice,
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
from aperture_plugin.words.limits import MOST_CALLS
from aperture_plugin.words.names import read_job_name
from aperture_plugin.words.numbers import read_factor, read_yes_no
from aperture_plugin.words.times import read_times
from aperture_plugin.words.windows import read_window

__all__ = ["BESIDE", "FILE", "JOB", "JOBS", "LINT", "PRESET", "PRESETS", "SCHEDULE_KEYS", "TYPES", "UNITS"]


UNITS: Final = ("hours", "minutes", "seconds")

TYPES: Final[dict[str, tuple[str, ...]]] = {
    "daily": ("time",),
    "weekly": ("day", "time"),
    "monthly": ("day", "time"),
    "interval": (*UNITS, "offset"),
    "cron": ("cron",),
    "once": ("at",),
    "after": ("jobs",),
    "start": ("delay", "unless ran within"),
    "manual": (),
}
"""The keys that each type of schedule takes."""

_text = Reads(read_text, "some words")
_verbatim = Reads(str, "some words")
_flag = Reads(read_yes_no, "yes")
_job = Reads(read_job_name, "library-scan")
_duration = Reads(read_duration, "1 hour 30 minutes")
_channel = Reads(NameOf("channel"), "ops")
_address = Reads(read_web_address, "https://hc.example.org/9b2f7c3e-1f0a-4a7e-8c58-0f1d2a3b4c5d")
_phrase = Reads(read_checked_phrase, "daily at 2:00 AM")

_SCHEDULE: Final[dict[str, Reads | OneOrMany]] = {
    "type": Reads(choice("type", TYPES), "daily"),
    "time": OneOrMany(Reads(read_times, "2:00 AM")),
    "day": OneOrMany(Reads(read_day, "sunday")),
    "hours": Reads(Whole(1, 366 * 24), "2"),
    "minutes": Reads(Whole(1, 366 * 24 * 60), "30"),
    "seconds": Reads(Whole(1, 366 * 24 * 60 * 60), "30"),
    "offset": Reads(read_duration, "10 minutes"),
    "cron": Reads(read_checked_cron, "0 3 * * 1-5"),
    "at": Reads(read_moment, "2026-12-24 18:00"),
    "jobs": OneOrMany(_job),
    "delay": Reads(read_duration, "2 minutes"),
    "unless ran within": Reads(read_duration, "6 hours"),
}

_TOP: Final = (
    *("preset", "presets", "state", "executor", "broker", "celery app", "celery queues", "queues", "defaults"),
    *("lint", "expect", "calendars", "freeze", "schedules"),
)
_SUCH_AS: Final = "expected a key such as {}; the README lists them all"

SCHEDULE_KEYS: Final = frozenset(_SCHEDULE) | {"schedule"}

BESIDE: Final = Keys(
    {
        "title": _text,
        "description": _text,
        "category": _text,
        "enabled": _flag,
        "timezone": Reads(read_zone_name, "Europe/Riga"),
        "queue": Reads(NameOf("queue"), "default"),
        "needs": OneOrMany(_job, may_be_empty=True),
        "missed": Reads(choice("missed", Missed), "run once"),
        "missed within": Reads(read_duration, "6 hours"),
        "overlap": Reads(choice("overlap", Overlap), "queue one"),
        "timeout": Reads(read_duration, "4 hours"),
        "stalled after": Reads(read_duration, "15 minutes"),
        "retry": Keys(
            {
                "attempts": Reads(Whole(1, MOST_ATTEMPTS), "3"),
                "delay": Reads(read_duration, "1 minute"),
                "backoff": Reads(read_factor, "2"),
                "max delay": Reads(read_duration, "1 hour"),
                "past next slot": _flag,
                "not on exit": OneOrMany(Reads(Whole(1, 255), "78"), may_be_empty=True),
            },
            "retry",
        ),
        "limit": OneOrMany(Reads(NameOf("limit"), "tmdb"), may_be_empty=True),
        "calls": Reads(Whole(1, MOST_CALLS), "200"),
        "window": Reads(read_window, "1:00 AM to 6:00 AM"),
        "requires env": OneOrMany(Reads(read_variable_name, "TMDB_API_KEY"), may_be_empty=True),
        "jitter": Reads(read_duration, "5 minutes"),
        "heavy": _flag,
        "except": OneOrMany(Reads(NameOf("calendar"), "closed"), may_be_empty=True),
        "params": Named(_text, Nested(), "parameters"),
        "command": OneOrMany(Reads(str, "python3 scan.py"), may_repeat=True),
        "directory": _text,
        "environment": Named(Reads(read_variable_name, "LOG_LEVEL"), _verbatim, "variables"),
        "background": Reads(choice("background", Background), "leave"),
        "on failure": Reads(choice("on failure", OnFailure), "continue"),
        "pause after": Reads(Whole(1, MOST_FAILURES), "3"),
        "pause for": Reads(read_duration, "6 hours"),
        "interrupted": Reads(choice("interrupted", Interrupted), "run again"),
        "notify": OneOrMany(_channel, may_be_empty=True),
        "ping": _address,
    },
    "defaults",
    elsewhere={
        **dict.fromkeys(("schedule", *_SCHEDULE), "a schedule belongs to each job, under schedules or in a preset"),
        **dict.fromkeys(_TOP, "it belongs at the top of the file, not indented"),
    },
    otherwise=_SUCH_AS.format("timeout, retry, queue, missed or heavy"),
)
"""The keys beside the schedule, in `defaults` or on a job."""

_SCHEDULES: Final = Schedules(
    _phrase,
    Keys(
        _SCHEDULE,
        "a schedule",
        elsewhere={
            **dict.fromkeys(BESIDE.keys, "it belongs on the job, beside schedule"),
            "schedule": "a phrase stands in the list by itself\nWrite:  - daily at 2:00 AM",
        },
    ),
)

JOB: Final = PhraseOr(
    _SCHEDULES,
    Keys(
        {"schedule": _SCHEDULES, **_SCHEDULE, **BESIDE.keys},
        "a job",
        elsewhere=dict.fromkeys(_TOP, "it belongs at the top of the file, not indented"),
        otherwise=_SUCH_AS.format("schedule, needs, timeout, enabled or params"),
    ),
)

JOBS: Final = Named(_job, JOB, "jobs")

PRESET: Final = Keys(
    {
        "extends": Reads(NameOf("preset"), "default"),
        "items": Reads(read_sizes, "500 to 2000"),
        "schedules": JOBS,
    },
    "a preset",
    otherwise="expected extends, items or schedules; jobs stand below schedules, indented once more",
)

PRESETS: Final = Named(Reads(NameOf("preset"), "medium"), PRESET, "presets")

LINT: Final = Keys(
    {"ignore": OneOrMany(Reads(read_ignored, "due-together"), may_be_empty=True)},
    "lint",
    otherwise="expected ignore, and behind it the codes of warnings to suppress",
)

CHANNEL: Final = Keys(
    {
        "to": OneOrMany(Reads(read_channel_address, "mailtos://user:${SMTP_PASSWORD}@example.org")),
        "when": OneOrMany(Reads(choice("when", NotifyEvent), "failed")),
        "after": Reads(read_streak, "3 in a row"),
        "quiet": Reads(read_window, "11 PM to 7 AM"),
    },
    "a channel",
)

PAGE: Final = Keys(
    {
        "url": Reads(read_web_address, "https://media.example.org/jobs"),
        "hosts": OneOrMany(Reads(read_host_name, "media.example.org")),
        "edits": Reads(choice("edits", ("file", "patch")), "file"),
    },
    "page",
)

FILE: Final = Keys(
    {
        "timezone": Reads(read_zone_name, "local"),
        "preset": Reads(NameOf("preset"), "medium"),
        "state": Reads(read_text, "sqlite:///aperture.db"),
        "executor": Reads(NameOf("executor"), "threads"),
        "broker": Reads(read_text, "redis://localhost"),
        "celery app": Reads(read_text, "myhost.celery:app"),
        "celery queues": Named(Reads(NameOf("queue"), "default"), Reads(read_text, "media"), "celery queues"),
        "queues": Named(Reads(NameOf("queue"), "default"), Reads(Whole(1, MOST_AT_ONCE), "1"), "queues"),
        "limits": Named(Reads(NameOf("limit"), "tmdb"), Reads(read_checked_limit, "40 per 10 seconds"), "limits"),
        "calendars": Named(
            Reads(NameOf("calendar"), "closed"),
            OneOrMany(Reads(read_checked_days, "2026-12-24"), may_be_empty=True),
            "calendars",
        ),
        "freeze": Reasoned(
            Reads(read_date_range, "2026-12-18 to 2027-01-04"),
            Reads(read_text, "release freeze"),
        ),
        "notify": Named(_channel, CHANNEL, "channels"),
        "ping": _address,
        "page": PAGE,
        "defaults": BESIDE,
        "lint": LINT,
        "expect": OneOrMany(Reads(expectation, "library-scan before embeddings")),
        "presets": PRESETS,
        "schedules": JOBS,
    },
    "the file",
    elsewhere={
        **dict.fromkeys(("schedule", *_SCHEDULE), "it belongs on a job, under schedules"),
        **dict.fromkeys(BESIDE.keys.keys() - {"timezone", "notify", "ping"}, "it belongs under defaults, or on a job"),
        "jobs": "what a file schedules stands under schedules; jobs belongs on a job of type after\nWrite:  schedules:",
    },
    otherwise="expected timezone, preset, state, executor, broker, queues, limits, calendars, freeze, notify, "
    "defaults, lint, expect, presets or schedules; jobs stand below schedules, indented",
)
