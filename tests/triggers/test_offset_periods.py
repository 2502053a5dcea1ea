"""The line of instants, cut where clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from aperture_plugin.triggers.clock_changes import changes
from aperture_plugin.triggers.offset_periods import calm_at, stretches
from aperture_plugin.triggers.walltime import LATEST, RESOLUTION
from tests.triggers.strategies import Night, cuts, nights

everyday = settings(deadline=None, max_examples=200)

RIGA = ZoneInfo("Europe/Riga")


def wall(told: str) -> datetime:
    return datetime.fromisoformat(told)


def utc(told: str) -> datetime:
    return datetime.fromisoformat(told).replace(tzinfo=UTC)


@everyday
@given(st.data(), nights(), st.integers(0, 999_999))
def test_stretches_follow_each_other_and_the_clocks_run_evenly_in_each(
    data: st.DataObject, night: Night, microseconds: int
) -> None:
    since = data.draw(cuts(night))[0] + timedelta(microseconds=microseconds)

    found = list(islice(stretches(since, night.zone), 5))

    assert found[0].begin == since
    assert all(one.end == other.begin for one, other in pairwise(found))
    for stretch in found:
        inside = data.draw(st.integers(0, int((stretch.end - stretch.begin).total_seconds()) - 1))
        instant = stretch.begin + timedelta(seconds=inside)
        assert instant.astimezone(night.zone).utcoffset() == stretch.offset
        assert stretch.wall == stretch.begin.astimezone(night.zone).replace(tzinfo=None, fold=0)


def test_a_stretch_that_begins_in_a_second_pass_knows_how_long_that_lasts() -> None:
    [_, repeat] = changes(RIGA, utc("2026-01-01"), utc("2027-01-01"))
    assert (repeat.wall_since, repeat.wall_until) == (wall("2026-10-25 03:00"), wall("2026-10-25 04:00"))

    in_the_first, in_the_second = (
        next(stretches(utc(told), RIGA)) for told in ("2026-10-25 00:20", "2026-10-25 01:20")
    )

    assert (in_the_first.repeated, in_the_first.end) == (timedelta(0), utc("2026-10-25 01:00"))
    assert (in_the_second.repeated, in_the_second.repeats_until) == (timedelta(hours=1), wall("2026-10-25 04:00"))


def test_stretches_end_where_the_calendar_does() -> None:
    *_, last = stretches(LATEST - timedelta(days=20), RIGA)

    assert last.end == LATEST


@everyday
@given(nights(), st.lists(st.integers(-150 * 24, 20 * 24), min_size=1, max_size=6))
def test_a_calm_holds_the_instant_and_no_change(night: Night, distances: list[int]) -> None:
    for distance in distances:
        instant = night.change.instant + timedelta(hours=distance)

        calm = calm_at(instant, night.zone)

        if calm is not None:
            assert calm.begin <= instant < calm.end
            assert instant.astimezone(night.zone).utcoffset() == calm.offset
            assert changes(night.zone, calm.begin + RESOLUTION, calm.end) == []
            assert calm.midnight <= calm.begin
            assert calm.midnights[-1] >= calm.end


def test_a_calm_ends_at_the_change_and_the_next_begins_when_nothing_is_repeated_any_more() -> None:
    gap, repeat = changes(RIGA, utc("2026-01-01"), utc("2027-01-01"))
    assert (gap.instant, repeat.instant) == (utc("2026-03-29 01:00"), utc("2026-10-25 01:00"))

    for change in (gap, repeat):
        calm = calm_at(change.instant - timedelta(hours=1), RIGA)
        assert calm is not None
        assert calm.end == change.instant
    assert calm_at(gap.instant, RIGA) is not None
    assert calm_at(repeat.instant, RIGA) is None
    assert calm_at(repeat.instant + timedelta(minutes=59), RIGA) is None
    assert calm_at(repeat.instant + timedelta(minutes=60), RIGA) is not None
