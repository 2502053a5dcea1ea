"""Wall times and the instants they stand for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aperture_plugin.triggers.clock_changes import changes
from aperture_plugin.triggers.walltime import LOOK_AHEAD, due_of, first_nominal, offset_at, utc_of
from tests.triggers.strategies import ZONES, Night, cuts, minutes_about, nights

everyday = settings(deadline=None, max_examples=200)

RIGA = ZoneInfo("Europe/Riga")


def wall(told: str) -> datetime:
    return datetime.fromisoformat(told)


def utc(told: str) -> datetime:
    return datetime.fromisoformat(told).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("nominal", "due"),
    [
        ("2026-03-29 02:59", "2026-03-29 00:59"),
        ("2026-03-29 03:00", "2026-03-29 01:00"),
        ("2026-03-29 03:59:59", "2026-03-29 01:00"),
        ("2026-03-29 04:00", "2026-03-29 01:00"),
        ("2026-03-29 04:01", "2026-03-29 01:01"),
        ("2026-10-25 02:59", "2026-10-24 23:59"),
        ("2026-10-25 03:00", "2026-10-25 00:00"),
        ("2026-10-25 03:59:59", "2026-10-25 00:59:59"),
        ("2026-10-25 04:00", "2026-10-25 02:00"),
    ],
)
def test_due_about_the_changes_of_riga(nominal: str, due: str) -> None:
    [gap, repeat] = changes(RIGA, utc("2026-01-01"), utc("2027-01-01"))
    assert (gap.instant, repeat.instant) == (utc("2026-03-29 01:00"), utc("2026-10-25 01:00"))

    assert due_of(wall(nominal), RIGA) == utc(due)


def test_due_is_in_utc_and_takes_no_notice_of_a_fold() -> None:
    repeated = wall("2026-10-25 03:30")

    due = due_of(repeated.replace(fold=1), RIGA)

    assert due == due_of(repeated, RIGA) == utc("2026-10-25 00:30")
    assert due.tzinfo is UTC


def test_a_nominal_with_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="nominal must be a naive wall time, got 2026-03-29T03:30:00\\+00:00"):
        due_of(utc("2026-03-29 03:30"), RIGA)


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="an instant must be aware, got 2026-03-29T03:30:00"):
        utc_of(wall("2026-03-29 03:30"))


@everyday
@given(st.data(), nights())
def test_due_never_decreases_as_nominal_grows(data: st.DataObject, night: Night) -> None:
    earlier, later = sorted(data.draw(st.tuples(minutes_about(night.wall), minutes_about(night.wall))))

    assert due_of(earlier, night.zone) <= due_of(later, night.zone)


@everyday
@given(st.data(), nights())
def test_a_wall_time_that_clocks_show_is_due_when_they_first_show_it(data: st.DataObject, night: Night) -> None:
    instant, _, _ = data.draw(cuts(night))
    shown = instant.astimezone(night.zone)

    due = due_of(shown.replace(tzinfo=None), night.zone)

    assert due.astimezone(night.zone).replace(tzinfo=None, fold=0) == shown.replace(tzinfo=None, fold=0)
    assert due == instant if shown.fold == 0 else due < instant


@everyday
@given(st.data(), nights())
def test_nothing_before_the_first_nominal_is_due_and_nothing_from_it_on_is_missed(
    data: st.DataObject, night: Night
) -> None:
    since, _, _ = data.draw(cuts(night))

    first = first_nominal(since, night.zone)

    assert due_of(first - timedelta(seconds=1), night.zone) < since
    assert due_of(first + timedelta(days=2), night.zone) > since
    if since.astimezone(night.zone).fold == 0:
        assert due_of(first, night.zone) == since


@pytest.mark.parametrize("year", [1939, 1943, 2000, 2004, 2026, 2040])
def test_changes_of_one_zone_are_farther_apart_than_the_look_ahead(year: int) -> None:
    assert_changes_are_far_apart(year, year + 1, ZONES[::7])


@pytest.mark.long
def test_all_changes_of_every_zone_are_farther_apart_than_the_look_ahead() -> None:
    assert_changes_are_far_apart(1900, 2101, ZONES)


def assert_changes_are_far_apart(since: int, until: int, zones: list[str]) -> None:
    """Look at the clocks every six hours: that sees whatever is farther apart than that."""
    step = timedelta(hours=6)
    for name in zones:
        zone = ZoneInfo(name)
        instant, last = datetime(since, 1, 1, tzinfo=UTC), None
        offset = offset_at(instant, zone)
        while instant.year < until:
            instant += step
            if (new := offset_at(instant, zone)) != offset:
                assert last is None or instant - last > LOOK_AHEAD + step, (name, instant)
                assert abs(new - offset) <= timedelta(days=1)
                last, offset = instant, new
