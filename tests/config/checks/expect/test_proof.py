"""Expectations, held against every start of a year: the quick proof and the slow one agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aperture_plugin.config.checks.expect.planned_starts import Budget, Planned, TooMany
from aperture_plugin.config.checks.expect.proof import proved
from aperture_plugin.config.model import Config
from aperture_plugin.triggers.clock_changes import changes
from aperture_plugin.triggers.slots import Slot
from aperture_plugin.triggers.trigger import trigger_of
from aperture_plugin.words.expectations import Before, Expectation, Nothing, ReadyBy, read_expectation

Configure = Callable[..., Config]

SINCE = datetime(2026, 1, 10, 22, tzinfo=UTC)  # midnight in Riga
UNTIL = SINCE + timedelta(days=366)
DAY = timedelta(days=1)


def planned(config: Config, lasting: timedelta | None = None, budget: int = 1_000_000) -> Planned:
    return Planned(config=config, since=SINCE, until=UNTIL, lasting=lasting, budget=Budget(budget))


def verdict(config: Config, text: str) -> tuple[str | None, str] | None:
    """Return the date on which an expectation fails and why; None if it holds."""
    expectation = read_expectation(text)
    refuted = proved(expectation, planned(config, expectation.lasting))
    return None if refuted is None else (None if refuted.on is None else refuted.on.isoformat(), refuted.why)


@pytest.fixture
def riga(configure: Configure) -> Callable[[str], Config]:
    """Read schedules, one a line, in a zone whose clocks change."""

    def config_of(*lines: str) -> Config:
        jobs = "".join(f"  {line}\n" for line in lines)
        return configure(f"timezone: Europe/Riga\nqueues:\n  quick: 2\nschedules:\n{jobs}")

    return config_of


def test_the_year_has_the_two_clock_changes_these_tests_stand_on(riga: Callable[..., Config]) -> None:
    zone = riga("scan: manual").zone

    assert [(change.kind, change.instant.isoformat()) for change in changes(zone, SINCE, UNTIL)] == [
        ("gap", "2026-03-29T01:00:00+00:00"),
        ("repeat", "2026-10-25T01:00:00+00:00"),
    ]


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ("scan before backup", None),
        ("backup before scan", ("2026-01-11", "scan starts at 2:00 AM, and backup at 3:30 AM")),
        ("scan before sync", ("2026-01-11", "sync starts at 12:00 AM, and scan at 2:00 AM")),
        ("sync before scan", None),
        ("nothing between 4:01 AM and 5:59 AM", None),
        ("nothing between 3:59 AM and 5:59 AM", ("2026-01-11", "sync starts at 4:00 AM")),
        ("nothing between 3:31 AM and 4:00 AM", None),
        ("at most 2 at once", None),
        ("at most 1 at once", ("2026-01-11", "at 2:00 AM 2 are in hand, scan and sync")),
        ("at most 1 at once in quick", None),
        ("scan ready by 2:05 AM", None),
        ("scan ready by 2:04 AM", ("2026-01-11", "scan starts at 2:00 AM and, taking 5 minutes, has ended at 2:05 AM")),
        (
            "scan ready by 2:05 AM if runs take 1 hour",
            ("2026-01-11", "scan starts at 2:00 AM and, taking 1 hour, has ended at 3:00 AM"),
        ),
    ],
)
def test_what_holds_and_what_does_not(
    expected: str, found: tuple[str, str] | None, riga: Callable[..., Config]
) -> None:
    config = riga("scan: daily at 2:00 AM", "backup: weekly on sunday at 3:30 AM", "sync: every 2 hours")

    assert verdict(config, expected) == found


def test_a_night_on_which_clocks_change_refutes_what_holds_on_all_others(riga: Callable[..., Config]) -> None:
    config = riga("scan: daily at 3:30 AM", "backup: daily at 4:00 AM")

    assert verdict(config, "at most 1 at once") == ("2026-03-29", "at 4:00 AM 2 are in hand, scan and backup")
    assert verdict(config, "nothing between 4:00 AM and 4:01 AM on sunday") == (
        "2026-01-11",
        "backup starts at 4:00 AM",
    )
    assert verdict(config, "scan ready by 3:59 AM")[0] == "2026-03-29"  # type: ignore[index]  # it fails


def test_those_that_a_clock_change_brings_together_start_as_their_times_were_written(
    riga: Callable[..., Config],
) -> None:
    jobs = "scan: daily at 3:30 AM", "backup:\n    schedule: daily at 4:00 AM"

    assert verdict(riga(*jobs), "scan before backup") is None
    assert verdict(riga(*jobs, "  queue: quick"), "scan before backup") == ("2026-03-29", "both start at 4:00 AM")
    assert verdict(riga("scan: daily at 4 AM", "backup: daily at 4 AM"), "scan before backup") == (
        "2026-01-11",
        "both start at 4:00 AM",
    )


def test_hours_past_midnight_belong_to_the_day_they_begin_on(riga: Callable[..., Config]) -> None:
    config = riga("scan: weekly on saturday at 1:00 AM")

    assert verdict(config, "nothing between 10 PM and 2 AM on saturday") is None
    assert verdict(config, "nothing between 10 PM and 2 AM on friday") == ("2026-01-17", "scan starts at 1:00 AM")


def test_what_starts_in_the_evening_is_to_be_ready_on_the_next_morning(riga: Callable[..., Config]) -> None:
    config = riga("scan: daily at 11:00 PM", "backup: daily at 7:00 AM")

    assert verdict(config, "scan ready by 6:30 AM") is None
    assert verdict(config, "scan ready by 6:30 AM if runs take 8 hours") == (
        "2026-01-11",
        "scan starts at 11:00 PM and, taking 8 hours, has ended at 7:00 AM on 2026-01-12",
    )
    assert verdict(config, "backup ready by 6:30 AM")[0] == "2026-01-11"  # type: ignore[index]  # it fails


def test_what_runs_after_others_starts_when_all_of_them_have_ended(riga: Callable[..., Config]) -> None:
    config = riga("scan: daily at 2:00 AM", "backup: weekly on sunday at 5:00 AM", "sync: after scan, backup")

    assert [start.at for start in planned(config).starts("sync")][:2] == [
        datetime(2026, 1, 11, 3, 5, tzinfo=UTC),
        datetime(2026, 1, 18, 3, 5, tzinfo=UTC),
    ]
    assert verdict(config, "scan before sync") is None
    assert verdict(config, "sync ready by 5:10 AM") is None
    assert verdict(config, "sync ready by 6:30 AM if runs take 1 hour") == (
        "2026-01-11",
        "sync starts at 6:00 AM and, taking 1 hour, has ended at 7:00 AM",
    )


def test_a_chain_of_very_many_is_followed_to_its_beginning(configure: Configure) -> None:
    links = "".join(f"  j{n}:\n    schedule: after j{n - 1}\n    command: ls\n" for n in range(1, 3000))
    config = configure(f"schedules:\n  j0:\n    schedule: monthly on day 1 at 2 AM\n    command: ls\n{links}")

    [first, *_] = planned(config, timedelta(seconds=1)).starts("j2999")

    assert first.at == datetime(2026, 2, 1, 2, 49, 59, tzinfo=UTC)


def test_what_is_due_in_the_repeated_hour_starts_when_its_window_opens_once_more(riga: Callable[..., Config]) -> None:
    config = riga("scan:\n    schedule: every 1 hour at :04\n    window: 3:59 AM to 4:01 AM")
    since = datetime(2026, 10, 25, 1, 4, tzinfo=UTC)  # 3:04 AM, the second time
    night = Planned(config=config, since=since, until=since + timedelta(hours=2), lasting=None, budget=Budget(100))

    assert [start.at for start in night.starts("scan")] == [datetime(2026, 10, 25, 1, 59, tzinfo=UTC)]


def test_an_hour_that_is_to_be_quiet_is_quiet_in_both_passes_of_a_repeat(riga: Callable[..., Config]) -> None:
    config = riga("scan:\n    schedule: once at 2026-10-25 1:40 AM\n    timezone: UTC")  # 3:40 AM, the second time

    assert verdict(config, "nothing between 3:30 AM and 3:45 AM") == ("2026-10-25", "scan starts at 3:40 AM")


def test_a_window_a_short_timeout_and_jitter_are_minded(riga: Callable[..., Config]) -> None:
    config = riga(
        "scan:\n    schedule: every 2 hours\n    window: 1 AM to 3 AM",
        "backup:\n    schedule: daily at 6 AM\n    timeout: 2 minutes\n    jitter: 10 minutes",
    )

    assert verdict(config, "nothing between 3 AM and 1 AM")[1] == "backup starts at 6:00 AM"  # type: ignore[index]
    assert verdict(config, "scan ready by 2:05 AM") is None
    assert verdict(config, "backup ready by 6:11 AM") is None
    assert verdict(config, "backup ready by 6:10 AM") is not None
    assert verdict(config, "nothing between 6:05 AM and 7 AM") == ("2026-01-11", "backup starts at 6:05 AM")


@pytest.mark.parametrize("schedule", ["manual", "once at 2020-01-01 2 AM", "after sync"])
def test_what_never_starts_by_itself_is_told(schedule: str, riga: Callable[..., Config]) -> None:
    config = riga(f"scan: {schedule}", "backup: daily at 2 AM", "sync: manual")

    for text in ("scan ready by 6 AM", "scan before backup", "backup before scan"):
        assert verdict(config, text) is not None


def test_what_never_meets_on_a_day_is_told(riga: Callable[..., Config]) -> None:
    config = riga("scan: weekly on monday at 2 AM", "backup: weekly on tuesday at 3 AM")

    assert verdict(config, "scan before backup") == (
        None,
        "scan and backup never start on the same day in the coming year",
    )


def test_what_is_too_much_to_look_at_is_said_to_be(riga: Callable[..., Config]) -> None:
    config = riga("scan: every 1 second")

    with pytest.raises(TooMany) as end:
        proved(read_expectation("at most 1 at once"), planned(config, budget=100))

    assert end.value.reached == SINCE + timedelta(seconds=95)


# ── the slow proof ──

SCHEDULES = (
    *("daily at 2 AM", "daily at 3:30 AM", "daily at 4 AM, 4 PM", "weekly on sunday at 4 AM", "manual"),
    *("weekly on fri and sat at 11:30 PM", "monthly on day 15 at 6:30 AM", "every 6 hours", "every 5 hours"),
    *("cron */30 3 * * *", "cron 15 4 1 * *", "once at 2026-03-29 3:10 AM", "every 24 hours at 3:45"),
)


def slots_of(config: Config, name: str) -> list[Slot]:
    job = config.jobs[name]
    return trigger_of(job.schedule, job.zone).slots(SINCE, UNTIL)


def days_of(expectation: Expectation, config: Config) -> Iterator[date]:
    """Yield the days on which an expectation fails, by looking at every day and every start."""
    zone = config.zone
    walls = {name: [slot.due.astimezone(zone) for slot in slots_of(config, name)] for name in config.jobs}
    for offset in range(368):
        day = date(2026, 1, 10) + offset * DAY
        match expectation:
            case Before(first=first, then=then):
                ours, theirs = (
                    [slot for slot in slots_of(config, name) if slot.due.astimezone(zone).date() == day]
                    for name in (first, then)
                )
                if ours and theirs and ours[0] >= theirs[0]:
                    yield day
            case Nothing(window=window, days=days):
                back = DAY if window.crosses_midnight else timedelta(0)
                for wall in (wall for walls_of in walls.values() for wall in walls_of if wall.date() == day):
                    begun = day - back if wall.time() < window.until and back else day
                    if window.contains(wall.time()) and (not days or begun.weekday() in days):
                        yield day
            case ReadyBy(job=job, by=by, lasting=took):
                for wall in (wall for wall in walls[job] if wall.date() == day):
                    own, naive = datetime.combine(day, by), wall.replace(tzinfo=None)
                    end = own if naive - own <= own + DAY - naive else own + DAY
                    assert took is not None
                    # No deadline of these tests stands in a gap or a repeated hour.
                    if wall.astimezone(UTC) + took > end.replace(tzinfo=zone).astimezone(UTC):
                        yield day


sentences = st.one_of(
    st.sampled_from(
        [f"{one} before {other}" for one, other in product(("scan", "backup", "sync"), repeat=2) if one != other]
    ),
    st.sampled_from(
        [
            f"{job} ready by {by} if runs take {took}"
            for job in ("scan", "backup")
            for by in ("5 AM", "11 PM")
            for took in ("5 minutes", "90 minutes")
        ]
    ),
    st.sampled_from(
        [
            f"nothing between {hours}{on}"
            for hours in ("4 AM and 5 AM", "11 PM and 3 AM", "6:15 AM and 6:45 AM")
            for on in ("", " on sunday", " on fri, sat")
        ]
    ),
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.tuples(*[st.sampled_from(SCHEDULES)] * 3), sentences, st.sampled_from(["Europe/Riga", "America/New_York", "UTC"])
)
def test_the_quick_proof_finds_the_first_day_that_the_slow_one_finds(
    configure: Configure, schedules: tuple[str, str, str], sentence: str, zone: str
) -> None:
    jobs = "".join(f"  {name}: {said}\n" for name, said in zip(("scan", "backup", "sync"), schedules, strict=True))
    config = configure(f"timezone: {zone}\nschedules:\n{jobs}")
    expectation = read_expectation(sentence)

    refuted = proved(expectation, planned(config, expectation.lasting))

    first = next(days_of(expectation, config), None)
    if first is None:
        assert refuted is None or refuted.on is None
    else:
        assert refuted is not None
        assert refuted.on == first


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.tuples(*[st.sampled_from(SCHEDULES)] * 3), st.integers(1, 3), st.sampled_from((5, 45, 600)))
def test_at_most_so_many_are_in_hand_at_every_start(
    configure: Configure, schedules: tuple[str, str, str], most: int, minutes: int
) -> None:
    jobs = "".join(f"  {name}: {said}\n" for name, said in zip(("scan", "backup", "sync"), schedules, strict=True))
    config = configure(f"timezone: Europe/Riga\nschedules:\n{jobs}")
    took = timedelta(minutes=minutes)
    spans = []
    for name in config.jobs:
        busy = datetime.min.replace(tzinfo=UTC)
        for slot in slots_of(config, name):
            if slot.due >= busy:
                busy = slot.due + took
                spans.append((slot.due, busy))
    crowded = sorted(at for at, _ in spans if sum(start <= at < end for start, end in spans) > most)

    refuted = proved(read_expectation(f"at most {most} at once if runs take {minutes} minutes"), planned(config, took))

    expected = crowded[0].astimezone(config.zone).date() if crowded else None
    assert (None if refuted is None else refuted.on) == expected


def test_times_of_the_file_s_zone_are_meant_whatever_the_job_s(configure: Configure) -> None:
    config = configure("timezone: UTC\nschedules:\n  scan:\n    schedule: daily at 2 AM\n    timezone: Asia/Tokyo\n")

    assert verdict(config, "nothing between 5 PM and 5:01 PM") == ("2026-01-11", "scan starts at 5:00 PM")
    assert time(17) == datetime(2026, 1, 11, 2, tzinfo=config.jobs["scan"].zone).astimezone(UTC).time()
