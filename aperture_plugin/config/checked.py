"""Values whose words are right and that still may not be: a cron that never fires, a limit in a zone unheard of.

`words` reads how they are written; whether cron's fields ever meet is for `triggers` to say, and which zones
there are for the database of zones. Either fault is told at the very word.
"""

from __future__ import annotations

import re

from aperture_plugin.config.zones import read_zone_name
from aperture_plugin.words.crons import read_cron
from aperture_plugin.words.limits import Limit, read_limit
from aperture_plugin.words.phrases import read_phrase
from aperture_plugin.words.pieces import words_of
from aperture_plugin.words.schedules import Cron, Schedule
from aperture_plugin.words.unreadable import Unreadable, offers_what_reads

__all__ = ["read_checked_cron", "read_checked_limit", "read_checked_phrase"]


@offers_what_reads
def read_checked_cron(text: str) -> Cron:
    """Return the cron schedule that *text*, five fields, says.

    Raises:
        Unreadable: It says none, or one that never fires.
    """
    schedule = read_cron(text)
    _check(schedule, text, 0)
    return schedule


@offers_what_reads
def read_checked_phrase(text: str) -> Schedule:
    """Return the schedule that the phrase *text* says.

    Raises:
        Unreadable: It says none, or one that never fires.
    """
    schedule = read_phrase(text)
    if isinstance(schedule, Cron):
        # A comma parts words too: nothing else need stand between the first word and the fields.
        begin = words_of(text)[0].end
        _check(schedule, text, begin + len(text[begin:]) - len(text[begin:].lstrip()))
    return schedule


@offers_what_reads
def read_checked_limit(text: str) -> Limit:
    """Return the budget that *text* says.

    Raises:
        Unreadable: It says none, or names a zone that there is not.
    """
    limit = read_limit(text)
    if limit.zone_name is not None:
        start = text.rindex(limit.zone_name)
        try:
            read_zone_name(limit.zone_name)
        except Unreadable as problem:
            raise problem.within(text, start, start + len(limit.zone_name)) from None
    return limit


def _check(schedule: Cron, text: str, start: int) -> None:
    from aperture_plugin.triggers.cron import check_cron

    try:
        check_cron(schedule.expression)
    except Unreadable as problem:
        first = _as_written(text, start, schedule.expression, problem.start)
        last = _as_written(text, start, schedule.expression, problem.start + problem.length - 1)
        instead = None if problem.instead is None else text[:start] + problem.instead
        raise Unreadable(
            problem.code, problem.message, problem.hint, start=first, length=last - first + 1, instead=instead
        ) from None


def _as_written(text: str, start: int, expression: str, place: int) -> int:
    """Return where the character at *place* of the tidied *expression* stands in *text*, as it was written."""
    field = expression.count(" ", 0, place)
    written = [found.start() for found in re.finditer(r"\S+", text[start:])]
    return start + written[field] + place - (expression.rfind(" ", 0, place) + 1)
