"""The store's time in place of this machine's, whatever its wall clock shows, as far as round trips leave no doubt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aperture_plugin.clock.store_clock import StoreClock, follow
from aperture_plugin.ports import ClockReading
from aperture_plugin.store.memory import MemoryStore
from aperture_plugin.testing import FakeClock

NOON = datetime(2026, 1, 10, 12, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def reading(shown: datetime, *, asked_at: float = 0.0, took: float = 0.0) -> ClockReading:
    return ClockReading(shown, asked_at, asked_at + took)


@pytest.fixture
def own() -> FakeClock:
    return FakeClock(NOON + timedelta(minutes=10))


@pytest.fixture
def clock(own: FakeClock) -> StoreClock:
    return StoreClock(own)


def test_until_the_stores_clock_was_read_the_machines_counts(clock: StoreClock, own: FakeClock) -> None:
    own.advance("5 seconds")

    assert (clock.now(), clock.skew, clock.has_slipped) == (own.now(), None, False)


def test_it_shows_the_stores_time_and_goes_on_with_the_monotonic_clock(clock: StoreClock, own: FakeClock) -> None:
    clock.take(reading(NOON))
    own.advance("5 seconds")

    assert clock.now() == NOON + timedelta(seconds=5)
    assert clock.skew == timedelta(minutes=10), "positive for a clock that is ahead"


@pytest.mark.parametrize("step", [timedelta(days=-3), timedelta(minutes=-10), timedelta(hours=1)], ids=str)
def test_setting_the_machines_clock_moves_nothing_but_the_skew(
    clock: StoreClock, own: FakeClock, step: timedelta
) -> None:
    clock.take(reading(NOON))
    own.step(step)

    assert clock.now() == NOON
    assert clock.skew == timedelta(minutes=10) + step


def test_a_clock_that_was_set_or_a_machine_that_slept_asks_for_a_reading(clock: StoreClock, own: FakeClock) -> None:
    clock.take(reading(NOON))
    own.advance("2 hours")
    assert not clock.has_slipped

    own.step(timedelta(hours=1))
    assert clock.has_slipped

    clock.take(reading(NOON + timedelta(hours=3), asked_at=7200))  # It slept: the hour has passed for the store too.
    assert not clock.has_slipped
    assert clock.now() == NOON + timedelta(hours=3)
    assert clock.skew == timedelta(minutes=10)


def test_of_a_round_trip_the_middle_is_taken(clock: StoreClock, own: FakeClock) -> None:
    own.advance("4 seconds")
    clock.take(reading(NOON, asked_at=0, took=4))

    assert clock.now() == NOON + timedelta(seconds=2)


def test_a_long_round_trip_corrects_nothing_that_a_short_one_has_shown(clock: StoreClock, own: FakeClock) -> None:
    clock.take(reading(NOON, took=0.001))
    before = clock.now()
    clock.take(reading(NOON + timedelta(seconds=3.9), took=4))  # It says 1.9 s more, and is 2 s in doubt.

    assert clock.now() == before


def test_a_short_round_trip_corrects_a_long_one(clock: StoreClock, own: FakeClock) -> None:
    clock.take(reading(NOON, took=4))
    own.advance("10 seconds")
    clock.take(reading(NOON + timedelta(seconds=9), asked_at=10, took=0))

    assert clock.now() == NOON + timedelta(seconds=9)


def test_a_store_whose_clock_was_set_is_followed_even_by_a_long_round_trip(clock: StoreClock) -> None:
    clock.take(reading(NOON))
    clock.take(reading(NOON - timedelta(hours=1), took=2))

    assert abs(clock.now() - (NOON - timedelta(hours=1))) <= timedelta(seconds=1)


def test_what_is_less_than_a_few_milliseconds_moves_nothing(clock: StoreClock) -> None:
    clock.take(reading(NOON))
    clock.take(reading(NOON - 9 * MILLISECOND))
    assert clock.now() == NOON

    clock.take(reading(NOON - 11 * MILLISECOND))
    assert clock.now() == NOON - 11 * MILLISECOND


def test_it_follows_a_store_that_has_a_clock_and_no_other(clock: StoreClock, own: FakeClock) -> None:
    lone = MemoryStore()
    follow(clock, lone)
    lone.open()
    assert clock.skew is None

    store = MemoryStore(clock=FakeClock(NOON))
    store.open()
    follow(clock, store)
    assert clock.now() == NOON

    follow(own, store)  # A clock of a test, or of a host, is left as it is.
    assert own.now() == NOON + timedelta(minutes=10)
