"""Warnings about the clock changes of the next two years, for schedules that name their times.

A schedule in wall time meets the end of a gap, a repeated hour, or another of its own times there
(DESIGN.md, section 3). Told is what a person would be surprised by: a time that is moved, lost, doubled or
merged. A rhythm, such as an hourly job, goes on through a change as it should, without a warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from itertools import groupby
from operator import or_
from typing import TYPE_CHECKING, Final, Literal
from zoneinfo import ZoneInfo

from aperture_plugin.config.checks.lint.lint_context import LintContext
from aperture_plugin.config.checks.lint.lint_text import clock, day_and_clock, listed, named, within_two_years
from aperture_plugin.config.checks.lint.rhythms import hours_of_day, is_rhythm
from aperture_plugin.triggers.clock_changes import ClockChange, changes
from aperture_plugin.triggers.cron_expression import fields_of
from aperture_plugin.triggers.walltime import SECOND, wall_at
from aperture_plugin.words.schedules import DAY, Cron, Interval, Schedule, Several, has_slots

if TYPE_CHECKING:
    from aperture_plugin.triggers.trigger import Trigger

__all__ = ["AHEAD", "Surprise", "clock_changes", "surprises"]

AHEAD: Final = timedelta(days=730)
"""Span in which clock changes are looked at."""

Kind = Literal["gap", "lost", "merge", "repeat", "shift"]

_UTC: Final = ZoneInfo("UTC")  # in which every wall time is its own instant
_FIXED: Final = (
    "an expression whose minute and hour do not begin with * keeps to its times: what is skipped is made up for, "
    "and nothing comes twice"
)
_EVEN: Final = "daily and weekly schedules keep to the clock on the wall, and so do intervals that divide 24 hours"
_KINDS: Final[tuple[Kind, ...]] = ("gap", "lost", "merge", "repeat", "shift")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surprise:
    """The effect of one clock change on one schedule.

    Attributes:
        kind: `gap`: a time is moved to the gap's end. `merge`: several times become one run. `lost`: times are
            passed over. `repeat`: times come twice. `shift`: from the change on, it runs at another wall time.
        nominals: The naive wall times that the schedule names there, ascending.
        wall: The naive wall time at which it really runs.
    """

    kind: Kind
    change: ClockChange
    nominals: tuple[datetime, ...]
    wall: datetime


def clock_changes(file: LintContext) -> None:
    """Report of each schedule that a clock change moves, loses, doubles or merges."""
    until = file.now + AHEAD
    of_zone: dict[ZoneInfo, tuple[list[ClockChange], int]] = {}
    known: dict[tuple[Schedule, ZoneInfo], tuple[tuple[str, str, str], ...]] = {}
    for job in file.scheduled:
        key = job.schedule, job.zone
        shown = known.get(key)
        if shown is None:
            if job.zone not in of_zone:
                found = changes(job.zone, file.now, until)
                of_zone[job.zone] = found, reduce(or_, map(_hours, found), 0)
            among, hours = of_zone[job.zone]
            near = hours & hours_of_day(job.schedule)
            shown = known[key] = tuple(_messages(surprises(job.schedule, job.zone, among), job.zone)) if near else ()
        if shown:
            at = file.schedule_place(job, "time", "cron", "at", "offset", "hours", "minutes", "seconds")
            for code, message, hint in shown:
                file.warn(code, at, message, hint, job.name)


def surprises(schedule: Schedule, zone: ZoneInfo, among: Sequence[ClockChange]) -> list[Surprise]:
    """Return what the clock changes *among* do to *schedule* (to each of several), in their order.

    Args:
        among: Clock changes of *zone*, ascending.
    """
    if isinstance(schedule, Several):
        each = [surprise for one in schedule.schedules for surprise in surprises(one, zone, among)]
        return sorted(each, key=lambda surprise: surprise.change.instant)
    if is_rhythm(schedule) or not has_slots(schedule):
        return []
    hours = hours_of_day(schedule)
    found = (_surprise(schedule, zone, change) for change in among if hours & _hours(change))
    return [surprise for surprise in found if surprise is not None]


def _surprise(schedule: Schedule, zone: ZoneInfo, change: ClockChange) -> Surprise | None:
    if isinstance(schedule, Interval) and not schedule.divides_the_day:
        return _shift(schedule, zone, change)
    starred = isinstance(schedule, Cron) and fields_of(schedule.expression).starred
    if change.kind == "repeat":
        returns = starred or (isinstance(schedule, Interval) and change.size >= schedule.every)
        nominals = _nominals(schedule, change.wall_since, change.wall_until) if returns else ()
        return Surprise(kind="repeat", change=change, nominals=nominals, wall=nominals[0]) if nominals else None
    nominals = _nominals(schedule, change.wall_since, change.wall_until + SECOND)
    if not nominals or nominals[0] == change.wall_until:
        return None
    if starred:
        lost = tuple(nominal for nominal in nominals if nominal < change.wall_until)
        return Surprise(kind="lost", change=change, nominals=lost, wall=change.wall_until)
    kind: Kind = "merge" if len(nominals) > 1 else "gap"
    return Surprise(kind=kind, change=change, nominals=nominals, wall=change.wall_until)


def _hours(change: ClockChange) -> int:
    """Return the hours of the day, as bits, that are skipped or repeated in whole or in part."""
    since, until = change.wall_since, change.wall_until
    if since.date() != until.date():
        return -1
    return (2 << until.hour) - (1 << since.hour)


def _nominals(schedule: Schedule, since: datetime, until: datetime) -> tuple[datetime, ...]:
    """Return the naive wall times that *schedule* names from *since* to *until*, both naive, whatever clocks do."""
    slots = _trigger_of(schedule, _UTC).slots(since.replace(tzinfo=UTC), until.replace(tzinfo=UTC))
    return tuple(slot.nominal for slot in slots)


def _trigger_of(schedule: Schedule, zone: ZoneInfo) -> Trigger:
    # Few files have a schedule that a clock change comes near, and triggers take a while to load.
    from aperture_plugin.triggers.trigger import trigger_of

    return trigger_of(schedule, zone)


def _shift(schedule: Interval, zone: ZoneInfo, change: ClockChange) -> Surprise | None:
    """Return how elapsed time moves against the wall; only whole days look as if they kept to it."""
    if schedule.every % DAY:
        return None
    slot = _trigger_of(schedule, zone).next_after(change.instant - SECOND)
    if slot is None:
        return None
    before = wall_at(slot.due, change.before)
    return Surprise(kind="shift", change=change, nominals=(before,), wall=wall_at(slot.due, change.after))


def _messages(found: Sequence[Surprise], zone: ZoneInfo) -> Iterator[tuple[str, str, str]]:
    """Yield code, message and hint of each kind among *found*."""
    ordered = sorted(found, key=lambda surprise: _KINDS.index(surprise.kind))
    for _, same in groupby(ordered, key=lambda surprise: surprise.kind):
        first, *more = same
        code, message, hint = _words(first, zone)
        yield code, message + within_two_years(len(more)), hint


def _words(surprise: Surprise, zone: ZoneInfo) -> tuple[str, str, str]:
    change, day = surprise.change, surprise.nominals[0]
    date, at = day.date().isoformat(), day_and_clock(surprise.wall, day)
    written = listed([day_and_clock(nominal, day) for nominal in surprise.nominals])
    was, becomes = (day_and_clock(wall_at(change.instant, offset), day) for offset in (change.before, change.after))
    clocks = f"the clocks of {named(zone)} go {'back ' * (change.kind == 'repeat')}from {was} to {becomes}"
    kept = f"a time before {clock(change.wall_since.time())}, or from {clock(change.wall_until.time())} on, is kept"
    match surprise.kind:
        case "gap":
            return "clock-change-gap", f"on {date} it runs at {at} in place of {written}: {clocks}", kept
        case "merge":
            return "clock-change-merge", f"on {date} it runs once, at {at}, for {written}: {clocks}", kept
        case "lost":
            return "clock-change-lost", f"on {date} it does not run at {written}: {clocks}", _FIXED
        case "repeat":
            return "clock-change-repeat", f"on {date} it runs a second time at {written}: {clocks}", _FIXED
        case "shift":
            changed = wall_at(change.instant, change.before).date().isoformat()
            message = f"it counts elapsed time: after the clocks of {named(zone)} change on {changed} it runs at {at}"
            return "clock-change-shift", f"{message} in place of {written}", _EVEN
