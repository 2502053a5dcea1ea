"""Cron expressions and phrases, read and found able to fire.

The words of a cron expression are checked where schedules are read; whether its fields ever meet is for
`triggers` to say. Both faults are told at the very field.
"""

from __future__ import annotations

import re

from aperture_plugin.words.crons import read_cron
from aperture_plugin.words.phrases import read_phrase
from aperture_plugin.words.schedules import Cron, Schedule
from aperture_plugin.words.unreadable import Unreadable

__all__ = ["read_checked_cron", "read_checked_phrase"]


def read_checked_cron(text: str) -> Cron:
    """Return the cron schedule that *text*, five fields, says.

    Raises:
        Unreadable: It says none, or one that never fires.
    """
    schedule = read_cron(text)
    _check(schedule, text, 0)
    return schedule


def read_checked_phrase(text: str) -> Schedule:
    """Return the schedule that the phrase *text* says.

    Raises:
        Unreadable: It says none, or one that never fires.
    """
    schedule = read_phrase(text)
    if isinstance(schedule, Cron):
        _check(schedule, text, re.search(r"\s+(?=\S+(\s+\S+){4}\s*$)", text).end())  # type: ignore[union-attr]
    return schedule


def _check(schedule: Cron, text: str, start: int) -> None:
    from aperture_plugin.triggers.cron import check_cron

    try:
        check_cron(schedule.expression)
    except Unreadable as problem:
        first = _as_written(text, start, schedule.expression, problem.start)
        last = _as_written(text, start, schedule.expression, problem.start + problem.length - 1)
        raise Unreadable(problem.code, problem.message, problem.hint, start=first, length=last - first + 1) from None


def _as_written(text: str, start: int, expression: str, place: int) -> int:
    """Return where the character at *place* of the tidied *expression* stands in *text*, as it was written."""
    field = expression.count(" ", 0, place)
    written = [found.start() for found in re.finditer(r"\S+", text[start:])]
    return start + written[field] + place - (expression.rfind(" ", 0, place) + 1)
