"""A year of the source's runs held against a year of ours, instant by instant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Final
from zoneinfo import ZoneInfo

from aperture_plugin.app.import_jobs.found_jobs import Dues, ForeignJob
from aperture_plugin.config.schema.value_parsers import read_checked_phrase
from aperture_plugin.triggers.trigger import trigger_of
from aperture_plugin.words.schedules import Schedule

__all__ = ["MOST_TOLD", "Proof", "dues_by_the_minute", "proved"]

MOST_TOLD: Final = 20
"""Differences that are listed one by one; all of them are counted."""

_QUARTER_OF_AN_HOUR: Final = timedelta(minutes=15)
_QUARTER: Final = tuple(timedelta(minutes=minute) for minute in range(15))
_ENOUGH: Final = 1000
"""A way of saying it that differs so often is not looked at any further."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A comparison of one schedule with what the source does.

    Attributes:
        phrase: The schedule as it is written.
        fires: Number of runs of the job by the source in the year; None where that cannot be known.
        only_there, only_here: The first instants at which only the source, or only aperture, runs it.
        differences: Number of both; counted up to a thousand.
    """

    phrase: str
    schedule: Schedule
    fires: int | None
    only_there: tuple[datetime, ...] = ()
    only_here: tuple[datetime, ...] = ()
    differences: int = 0

    @property
    def is_equal(self) -> bool:
        """True if every run of the year is at the same instant."""
        return self.fires is not None and not self.differences


def proved(entry: ForeignJob, zone: ZoneInfo, *, since: datetime, until: datetime) -> Proof:
    """Return the first way of saying when *entry* is due that is equal to the source over the span.

    Where none is, the one that differs least.

    Args:
        zone: The zone that wall times are read in, here and there.
        since, until: Aware; half-open.
    """
    best: Proof | None = None
    dues = None if entry.dues is None else list(entry.dues(since, until, zone))
    for phrase in entry.phrases:
        schedule = read_checked_phrase(phrase)
        if dues is None:
            return Proof(phrase=phrase, schedule=schedule, fires=None)
        proof = _compared(phrase, schedule, dues, zone, since, until)
        if proof.is_equal:
            return proof
        if best is None or proof.differences < best.differences:
            best = proof
    assert best is not None, "there is always a way to say it"
    return best


def dues_by_the_minute(names: Callable[[datetime], bool]) -> Dues:
    """Return when a scheduler runs a job that looks at the clock on the wall once a minute, as yacron does.

    What the clocks skip does not run, what they show twice runs twice.

    Args:
        names: True if it runs at a wall time.
    """

    def dues(since: datetime, until: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        begin = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        while begin < until:
            # Clocks are changed at a quarter of an hour at the earliest.
            wall = begin.astimezone(zone).replace(tzinfo=None)
            for minutes in _QUARTER:
                if names(wall + minutes) and since <= (due := begin + minutes) < until:
                    yield due
            begin += _QUARTER_OF_AN_HOUR

    return dues


def _compared(
    phrase: str, schedule: Schedule, dues: Sequence[datetime], zone: ZoneInfo, since: datetime, until: datetime
) -> Proof:
    only_there: list[datetime] = []
    only_here: list[datetime] = []
    fires = differences = 0
    ours = takewhile(lambda due: due < until, (slot.due for slot in trigger_of(schedule, zone).upcoming(since)))
    for there, here in _side_by_side(iter(dues), ours):
        fires += there is not None
        if there == here:
            continue
        differences += 1
        found, instant = (only_there, there) if here is None else (only_here, here)
        if instant is not None and len(found) < MOST_TOLD:
            found.append(instant)
        if differences >= _ENOUGH:
            break
    return Proof(
        phrase=phrase,
        schedule=schedule,
        fires=fires,
        only_there=tuple(only_there),
        only_here=tuple(only_here),
        differences=differences,
    )


def _side_by_side(
    there: Iterator[datetime], here: Iterator[datetime]
) -> Iterator[tuple[datetime | None, datetime | None]]:
    """Yield the instants of both, ascending; None stands for the one that does not have it."""
    one, other = next(there, None), next(here, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one < other):
            yield one, None
            one = next(there, None)
        elif one is None or other < one:
            yield None, other
            other = next(here, None)
        else:
            yield one, other
            one, other = next(there, None), next(here, None)
