"""Our slots beside those of other libraries, wherever their meanings are the same as ours.

cronsim agrees through every change of an hour that leaves midnight alone; dateutil's rules name the
same wall times on every date; APScheduler agrees wherever no clock changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from dateutil import rrule
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from aperture_plugin.triggers.clock_changes import changes
from aperture_plugin.triggers.trigger import trigger_of
from aperture_plugin.words.schedules import Cron, Daily, Interval, Monthly, Schedule, Weekday, Weekly
from tests.triggers.strategies import ZONES, Night, cron_expressions, cuts, nights, times_about, weekdays

everyday = settings(deadline=None, max_examples=100)

HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)
NOON = time(12)


# ── cronsim ──────────────────────────────────────────────────────────────────────────────────────


@settings(deadline=None, max_examples=150)
@given(st.data(), nights())
def test_cron_is_due_when_cronsim_says_through_an_ordinary_change(data: st.DataObject, night: Night) -> None:
    assume(is_ordinary(night))
    expression = data.draw(cron_expressions(night.wall))
    since, _, until = data.draw(cuts(night))

    slots = trigger_of(Cron(expression=expression), night.zone).slots(since, until)

    assert [slot.due for slot in slots] == list(found_by_cronsim(expression, night.zone, since, until))


def is_ordinary(night: Night) -> bool:
    """Whether the clocks change by one hour, on the hour, and midnight is neither skipped nor repeated."""
    change = night.change
    size = abs(change.after - change.before)
    walls = (night.wall, night.wall - change.before + change.after)
    return size in (timedelta(0), HOUR) and all(wall.minute == 0 and 1 <= wall.hour <= 22 for wall in walls)


def found_by_cronsim(expression: str, zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[datetime]:
    """Yield what cronsim answers with: started days earlier, for within a repeat it may answer with the past."""
    for found in CronSim(expression, (since - timedelta(days=4)).astimezone(zone)):
        due = found.astimezone(UTC)
        if due >= until:
            return
        if due >= since:
            yield due


# ── dateutil ─────────────────────────────────────────────────────────────────────────────────────


@everyday
@given(st.data(), nights())
def test_weekly_and_daily_are_due_when_dateutil_says(data: st.DataObject, night: Night) -> None:
    times, days = data.draw(times_about(night.wall)), data.draw(weekdays(night.wall))
    since, until = night.since - WEEK, night.until + WEEK

    weekly = trigger_of(Weekly(days=days, times=times), night.zone).slots(since, until)
    daily = trigger_of(Daily(times=times), night.zone).slots(since, until)

    only = [rrule.weekday(day) for day in days]
    assert {slot.due for slot in weekly} == by_dateutil(rrule.WEEKLY, times, night, since, until, byweekday=only)
    assert {slot.due for slot in daily} == by_dateutil(rrule.DAILY, times, night, since, until)


@everyday
@given(st.data(), nights(), st.integers(1, 31) | st.just("last"))
def test_monthly_is_due_when_dateutil_says(data: st.DataObject, night: Night, day: Any) -> None:
    times = data.draw(times_about(night.wall))
    since, until = night.since - 9 * WEEK, night.until + 9 * WEEK

    monthly = trigger_of(Monthly(day=day, times=times), night.zone).slots(since, until)

    of_month = -1 if day == "last" else day
    assert {slot.due for slot in monthly} == by_dateutil(rrule.MONTHLY, times, night, since, until, bymonthday=of_month)


def by_dateutil(
    frequency: Any, times: tuple[time, ...], night: Night, since: datetime, until: datetime, **rules: Any
) -> set[datetime]:
    """Return the instants of the wall times that a rule names; one in a gap is moved to the gap's end."""
    start = datetime.combine(since.date() - 5 * WEEK, time())
    found = set()
    for told in times:
        rule = rrule.rrule(frequency, dtstart=start, byhour=told.hour, byminute=told.minute, bysecond=0, **rules)
        for wall in rule.between(start, datetime.combine(until.date() + WEEK, time())):
            due = wall.replace(tzinfo=night.zone).astimezone(UTC)
            shown = due.astimezone(night.zone).replace(tzinfo=None)
            found.add(due if shown == wall else end_of_gap(wall, night.zone))
    return {due for due in found if since <= due < until}


def end_of_gap(wall: datetime, zone: ZoneInfo) -> datetime:
    [change] = [
        change
        for change in changes(zone, wall.replace(tzinfo=UTC) - 2 * WEEK, wall.replace(tzinfo=UTC) + 2 * WEEK)
        if change.wall_since <= wall < change.wall_until
    ]
    return change.instant


# ── APScheduler ──────────────────────────────────────────────────────────────────────────────────


@everyday
@given(st.data(), st.sampled_from(ZONES), st.datetimes(datetime(2007, 1, 1), datetime(2036, 1, 1)))  # noqa: DTZ001
def test_daily_weekly_and_cron_are_due_when_apscheduler_says(data: st.DataObject, name: str, wall: datetime) -> None:
    aps = pytest.importorskip("apscheduler.triggers.cron")
    zone, since = ZoneInfo(name), wall.replace(minute=0, second=0, microsecond=0, tzinfo=UTC)
    assume(not changes(zone, since - WEEK, since + 3 * WEEK))
    told, day = data.draw(st.times()).replace(second=0, microsecond=0), data.draw(st.sampled_from(Weekday))
    minute, hour = data.draw(st.sampled_from(["*/20", "0", "5,35"])), data.draw(st.sampled_from(["*", "*/3", "1-5"]))

    pairs: list[tuple[Schedule, Any]] = [
        (Daily(times=(told,)), aps.CronTrigger(hour=told.hour, minute=told.minute, timezone=zone)),
        (
            Weekly(days=(day,), times=(told,)),
            aps.CronTrigger(day_of_week=int(day), hour=told.hour, minute=told.minute, timezone=zone),
        ),
        (Cron(expression=f"{minute} {hour} * * *"), aps.CronTrigger(hour=hour, minute=minute, timezone=zone)),
    ]

    for schedule, peer in pairs:
        ours = [slot.due for slot in trigger_of(schedule, zone).slots(since, since + WEEK)]
        assert ours[:20] == list(islice(by_apscheduler(peer, since, since + WEEK), 20))


@everyday
@given(st.integers(1, 400), st.integers(0, 10_000), st.sampled_from(ZONES))
def test_elapsed_intervals_are_due_when_apscheduler_says(hours: int, days: int, name: str) -> None:
    aps = pytest.importorskip("apscheduler.triggers.interval")
    schedule = Interval(every=timedelta(hours=hours, minutes=1))
    zone, since = ZoneInfo(name), datetime(2007, 1, 1, tzinfo=UTC) + timedelta(days=days)
    start = datetime(2000, 1, 1, tzinfo=zone).astimezone(UTC)
    peer = aps.IntervalTrigger(hours=hours, minutes=1, start_date=start, timezone=UTC)

    slots = trigger_of(schedule, zone).slots(since, since + WEEK)

    assert [slot.due for slot in slots] == list(by_apscheduler(peer, since, since + WEEK))


def by_apscheduler(peer: Any, since: datetime, until: datetime) -> Iterator[datetime]:
    last, now = None, since
    while (last := peer.get_next_fire_time(last, now)) is not None and last.astimezone(UTC) < until:
        yield last.astimezone(UTC)
        now = last
