"""What schedules.yaml may hold: every key, and what is read behind it (DESIGN.md, section 2)."""

from __future__ import annotations

from typing import Final

from aperture_plugin.config.checked import read_checked_cron, read_checked_limit, read_checked_phrase
from aperture_plugin.config.ignoring import read_ignored
from aperture_plugin.config.model import Interrupted, Missed, OnFailure, Overlap
from aperture_plugin.config.readers import (
    MOST_AT_ONCE,
    MOST_ATTEMPTS,
    MOST_FAILURES,
    NameOf,
    Whole,
    choice,
    expectation,
    read_day,
    read_text,
    read_variable_name,
)
from aperture_plugin.config.shape import Keys, Named, Nested, OneOrMany, PhraseOr, Reads
from aperture_plugin.config.zones import read_zone_name
from aperture_plugin.words.durations import read_duration
from aperture_plugin.words.limits import MOST_CALLS
from aperture_plugin.words.moments import read_moment
from aperture_plugin.words.names import read_job_name
from aperture_plugin.words.numbers import read_factor, read_yes_no
from aperture_plugin.words.sizes import read_sizes
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
    "manual": (),
}
"""The keys that each type of schedule takes."""

_text = Reads(read_text, "some words")
_verbatim = Reads(str, "some words")
_flag = Reads(read_yes_no, "yes")
_job = Reads(read_job_name, "library-scan")
_duration = Reads(read_duration, "1 hour 30 minutes")
_phrase = Reads(read_checked_phrase, "daily at 2:00 AM")

_SCHEDULE: Final[dict[str, Reads | OneOrMany]] = {
    "type": Reads(choice("type", TYPES), "daily"),
    "schedule": _phrase,
    "time": OneOrMany(Reads(read_times, "2:00 AM")),
    "day": OneOrMany(Reads(read_day, "sunday")),
    "hours": Reads(Whole(1, 366 * 24), "2"),
    "minutes": Reads(Whole(1, 366 * 24 * 60), "30"),
    "seconds": Reads(Whole(1, 366 * 24 * 60 * 60), "30"),
    "offset": Reads(read_duration, "10 minutes"),
    "cron": Reads(read_checked_cron, "0 3 * * 1-5"),
    "at": Reads(read_moment, "2026-12-24 18:00"),
    "jobs": OneOrMany(_job),
}

_TOP: Final = ("preset", "presets", "state", "executor", "broker", "queues", "defaults", "lint", "expect", "schedules")
_SUCH_AS: Final = "expected a key such as {}; the README lists them all"

SCHEDULE_KEYS: Final = frozenset(_SCHEDULE)

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
        "params": Named(_text, Nested(), "parameters"),
        "command": OneOrMany(Reads(str, "python3 scan.py"), may_repeat=True),
        "directory": _text,
        "environment": Named(Reads(read_variable_name, "LOG_LEVEL"), _verbatim, "variables"),
        "on failure": Reads(choice("on failure", OnFailure), "continue"),
        "pause after": Reads(Whole(1, MOST_FAILURES), "3"),
        "pause for": Reads(read_duration, "6 hours"),
        "interrupted": Reads(choice("interrupted", Interrupted), "run again"),
    },
    "defaults",
    elsewhere={
        **dict.fromkeys(_SCHEDULE, "a schedule is said of each job, under schedules or in a preset"),
        **dict.fromkeys(_TOP, "it belongs at the top of the file, not indented"),
    },
    otherwise=_SUCH_AS.format("timeout, retry, queue, missed or heavy"),
)
"""The keys beside the schedule, in `defaults` or on a job."""

JOB: Final = PhraseOr(
    _phrase,
    Keys(
        {**_SCHEDULE, **BESIDE.keys},
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
    otherwise="expected ignore, and behind it the codes of warnings that are not to be told",
)

FILE: Final = Keys(
    {
        "timezone": Reads(read_zone_name, "local"),
        "preset": Reads(NameOf("preset"), "medium"),
        "state": Reads(read_text, "sqlite:///aperture.db"),
        "executor": Reads(NameOf("executor"), "threads"),
        "broker": Reads(read_text, "redis://localhost"),
        "queues": Named(Reads(NameOf("queue"), "default"), Reads(Whole(1, MOST_AT_ONCE), "1"), "queues"),
        "limits": Named(Reads(NameOf("limit"), "tmdb"), Reads(read_checked_limit, "40 per 10 seconds"), "limits"),
        "defaults": BESIDE,
        "lint": LINT,
        "expect": OneOrMany(Reads(expectation, "library-scan before embeddings")),
        "presets": PRESETS,
        "schedules": JOBS,
    },
    "the file",
    elsewhere={
        **dict.fromkeys(_SCHEDULE, "it belongs on a job, under schedules"),
        **dict.fromkeys(BESIDE.keys.keys() - {"timezone"}, "it belongs under defaults, or on a job"),
        "jobs": "what a file schedules stands under schedules; jobs belongs on a job of type after\nWrite:  schedules:",
    },
    otherwise="expected timezone, preset, state, executor, broker, queues, limits, defaults, lint, expect, presets "
    "or schedules; jobs stand below schedules, indented",
)
