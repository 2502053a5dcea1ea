"""What each key of the file is for, in the words that an editor shows beside it."""

from __future__ import annotations

from typing import Final

__all__ = ["DESCRIPTIONS", "TYPES"]

DESCRIPTIONS: Final = {
    # ── the file ──
    "preset": "The preset in force; `auto` asks the plugins for the library's size.",
    "state": "The store: sqlite:///FILE, relative to this file's folder, or postgresql+psycopg://USER@HOST/DATABASE.",
    "executor": "Where handlers run: threads, processes, celery, or what a plugin provides.",
    "broker": "The address of a message broker, for executors that need one.",
    "queues": "How many runs of a queue may run at once; the others wait their turn. `default` is 1.",
    "limits": "Budgets of calls that jobs share, such as 40 per 10 seconds.",
    "defaults": "Keys for every job that does not say otherwise.",
    "lint": "Which warnings of `aperture check` are known and meant.",
    "ignore": "Codes of warnings not to be told, of the whole file or, with `of`, of one job.",
    "expect": "What `aperture check` is to prove of the coming year: one sentence or a list.",
    "presets": "Named sets of schedules.",
    "schedules": "Jobs and their schedules. At the top of the file they win over the preset, key by key.",
    "extends": "The preset that this one is laid over.",
    "items": "The sizes of the library that `preset: auto` picks this preset for.",
    # ── a schedule ──
    "schedule": "The whole schedule as a phrase, where other keys stand beside it.",
    "type": "How the schedule is said: daily, weekly, monthly, interval, cron, once, after or manual.",
    "time": "When on the day: one time or a list, such as 2:00 AM or 14:00.",
    "day": "Weekly: days of the week, weekdays or weekends. Monthly: a day from 1 to 31, or last.",
    "hours": "The interval in hours.",
    "minutes": "The interval in minutes.",
    "seconds": "The interval in seconds.",
    "offset": "How far the interval's times are moved; less than the interval.",
    "cron": "Five fields: minute, hour, day of month, month, day of week.",
    "at": "The date and time of the one run, such as 2026-12-24 18:00.",
    "jobs": "Runs when all of these have completed.",
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
    "delay": "How long to wait before the second try.",
    "backoff": "What the delay is multiplied with from try to try.",
    "max delay": "The longest that the delay grows to.",
    "past next slot": "Whether a further try may come although the job is due again before it.",
    "not on exit": "Exit codes of a command after which no further try is made.",
    "limit": "The shared limits that its calls are counted against.",
    "calls": "How many calls a run usually spends of each of its limits, for check and plan.",
    "window": "The hours in which a run may start; what is due outside waits for them.",
    "requires env": "Environment variables without which a run is skipped.",
    "jitter": "Delays each start by up to so much, by the same amount for the same slot.",
    "heavy": "Marks a job that is hard on the machine.",
    "params": "Parameters for the handler, over those that its plugin gives. ${NAME} reads the environment.",
    "command": "A program instead of a Python job: a line for the shell, or a list run without one.",
    "directory": "Where the command runs; else the folder of this file.",
    "environment": "Variables for the command. ${NAME} reads the environment.",
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
    "manual": "Only when a person asks for it.",
}
