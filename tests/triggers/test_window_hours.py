"""The instants at which a window of the day is open, across clock changes."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from aperture_plugin.triggers.clock_changes import changes
from aperture_plugin.triggers.window_hours import is_open, open_spans, opens_at
from aperture_plugin.words.windows import Window

RIGA = ZoneInfo("Europe/Riga")
MINUTE = timedelta(minutes=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_riga_has_the_two_clock_changes_that_these_tests_stand_on() -> None:
    found = changes(RIGA, utc("2026-01-01"), utc("2027-01-01"))

    assert [(change.kind, change.instant) for change in found] == [
        ("gap", utc("2026-03-29T01:00")),
        ("repeat", utc("2026-10-25T01:00")),
    ]


def test_a_window_in_a_repeated_hour_opens_in_each_pass() -> None:
    window = Window(since=time(3, 30), until=time(3, 45))

    spans = [(span.begin, span.end) for span in islice(open_spans(window, RIGA, utc("2026-10-24T12:00")), 2)]

    assert spans == [
        (utc("2026-10-25T00:30"), utc("2026-10-25T00:45")),
        (utc("2026-10-25T01:30"), utc("2026-10-25T01:45")),
    ]


def test_a_window_whose_hours_are_skipped_opens_on_the_next_day() -> None:
    window = Window(since=time(3, 15), until=time(3, 45))

    assert opens_at(window, RIGA, utc("2026-03-29T00:00")) == utc("2026-03-30T00:15")


def test_a_window_that_begins_in_a_gap_opens_when_the_gap_ends() -> None:
    window = Window(since=time(3, 15), until=time(4, 45))

    assert opens_at(window, RIGA, utc("2026-03-29T00:00")) == utc("2026-03-29T01:00")


def test_a_span_past_midnight_has_the_date_on_which_it_opened() -> None:
    window = Window(since=time(22), until=time(2))

    first, second = islice(open_spans(window, RIGA, utc("2026-01-10T22:30")), 2)

    assert (first.begin, first.date.isoformat()) == (utc("2026-01-10T22:30"), "2026-01-10")
    assert (second.begin, second.date.isoformat()) == (utc("2026-01-11T20:00"), "2026-01-11")


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["Europe/Riga", "Australia/Lord_Howe", "Pacific/Apia", "America/Santiago", "UTC"]),
    st.sampled_from(["2011-12-28", "2026-03-27", "2026-04-02", "2026-09-04", "2026-10-02", "2026-10-23"]),
    st.integers(0, 3 * 1440),
    st.tuples(st.integers(0, 1439), st.integers(0, 1439)).filter(lambda pair: pair[0] != pair[1]),
)
def test_a_window_opens_at_the_first_minute_whose_wall_time_is_within(
    name: str, day: str, minute: int, minutes: tuple[int, int]
) -> None:
    zone, begin = ZoneInfo(name), utc(day) + minute * MINUTE
    window = Window(since=time(*divmod(minutes[0], 60)), until=time(*divmod(minutes[1], 60)))

    found = opens_at(window, zone, begin)

    instant = begin
    while not is_open(window, zone, instant):
        instant += MINUTE
    assert found == instant
