"""Clock changes, found by asking a zone for its offsets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aperture_plugin.triggers.clock_changes import ClockChange, changes
from tests.triggers.oracle import changes_of
from tests.triggers.strategies import ZONES


def utc(told: str) -> datetime:
    return datetime.fromisoformat(told).replace(tzinfo=UTC)


def test_a_year_of_lord_howe() -> None:
    [repeat, gap] = changes(ZoneInfo("Australia/Lord_Howe"), utc("2026-01-01"), utc("2027-01-01"))

    assert repeat == ClockChange(
        instant=utc("2026-04-04 15:00"), before=timedelta(hours=11), after=timedelta(hours=10, minutes=30)
    )
    assert (repeat.kind, repeat.size) == ("repeat", timedelta(minutes=30))
    assert (repeat.wall_since.isoformat(), repeat.wall_until.isoformat()) == (
        "2026-04-05T01:30:00",
        "2026-04-05T02:00:00",
    )
    assert (gap.kind, gap.size) == ("gap", timedelta(minutes=30))
    assert (gap.wall_since.isoformat(), gap.wall_until.isoformat()) == ("2026-10-04T02:00:00", "2026-10-04T02:30:00")


def test_a_change_belongs_to_the_span_that_it_begins_and_not_to_the_one_it_ends() -> None:
    riga, instant = ZoneInfo("Europe/Riga"), utc("2026-03-29 01:00")

    assert [change.instant for change in changes(riga, instant, instant + timedelta(seconds=1))] == [instant]
    assert changes(riga, instant - timedelta(days=1), instant) == []
    assert changes(riga, instant + timedelta(seconds=1), instant + timedelta(days=1)) == []
    assert changes(riga, instant, instant) == []


def test_a_change_is_found_to_the_second() -> None:
    [change] = changes(ZoneInfo("Africa/Monrovia"), utc("1972-01-01"), utc("1973-01-01"))

    assert (change.instant, change.size) == (utc("1972-01-07 00:44:30"), timedelta(minutes=44, seconds=30))


def test_a_zone_without_changes_has_none_however_long_one_looks() -> None:
    assert changes(ZoneInfo("UTC"), datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)) == []


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(ZONES), st.integers(1970, 2060))
def test_a_year_of_any_zone_has_the_changes_that_its_clocks_show(name: str, year: int) -> None:
    found = changes(ZoneInfo(name), datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC))

    assert found == [
        ClockChange(instant=change.instant, before=change.before, after=change.after)
        for change in changes_of(name, year)
    ]


@pytest.mark.long
@pytest.mark.parametrize("name", ZONES)
def test_the_changes_of_every_zone_from_1900_on_are_those_that_its_clocks_show(name: str) -> None:
    found = changes(ZoneInfo(name), utc("1900-01-01"), utc("2041-01-01"))

    seen = [change for year in range(1900, 2041) for change in changes_of(name, year)]
    assert [(change.instant, change.before, change.after) for change in found] == [
        (change.instant, change.before, change.after) for change in seen
    ]
