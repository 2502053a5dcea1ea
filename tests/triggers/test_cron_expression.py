"""Cron expressions: what they name, and what is told of one that is wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim, CronSimError
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aperture_plugin.triggers.cron_expression import (
    both_day_fields,
    check_cron,
    fields_of,
    restarts_each_day,
    restarts_each_hour,
)
from aperture_plugin.triggers.trigger import trigger_of
from aperture_plugin.words.parse_error import Unreadable
from aperture_plugin.words.schedules import Cron
from tests.triggers.strategies import cron_expressions

everyday = settings(deadline=None, max_examples=200)

SOME_WALL = datetime.fromisoformat("2026-03-29 02:30")


def told(expression: str) -> tuple[str, str, str, str]:
    """Return the code, the part pointed at, the message and the hint."""
    with pytest.raises(Unreadable) as caught:
        check_cron(expression)
    problem = caught.value
    part = expression[problem.start : problem.start + problem.length]
    return problem.code, part, problem.message, problem.hint


# ── what an expression names ─────────────────────────────────────────────────────────────────────


@everyday
@given(cron_expressions(SOME_WALL), st.integers(0, 3000))
def test_wall_times_are_those_that_cronsim_finds(expression: str, days: int) -> None:
    since = SOME_WALL + timedelta(days=days)
    found = list(islice(CronSim(expression, since - timedelta(seconds=1)), 30))
    until = since + timedelta(days=49 * 365)  # beyond that, cronsim may give up

    walls = fields_of(expression).wall_times(since)

    assert list(takewhile(lambda wall: wall < until, islice(walls, 30))) == [wall for wall in found if wall < until]


@everyday
@given(
    st.sampled_from(["*", "1", "15,L", "LW", "*/2", "28-31", "L"]),
    st.sampled_from(["*", "1-5", "SUN", "7", "MON#1", "5L", "0#5,3", "*/3", "6L,SAT#2"]),
    st.dates(date(1999, 1, 1), date(2040, 1, 1)),
)
def test_the_days_of_a_month_are_those_that_cronsim_matches(day: str, weekday: str, of: date) -> None:
    expression = f"0 0 {day} * {weekday}"
    cronsim = CronSim(expression, SOME_WALL)
    first = of.replace(day=1)
    days = [first + timedelta(days=n) for n in range(31)]

    dates = list(islice(fields_of(expression).dates(first), 31))

    assert [one for one in days if one.month == of.month and cronsim.match_day(one)] == [
        one for one in dates if (one.year, one.month) == (of.year, of.month)
    ]


def test_a_date_that_comes_once_in_forty_years_is_found() -> None:
    fifth_monday_of_february = trigger_of(Cron(expression="0 0 */28 2 MON#5"), ZoneInfo("UTC"))

    slots = islice(fifth_monday_of_february.upcoming(datetime(2026, 1, 1, tzinfo=UTC)), 4)

    assert [slot.nominal.date().isoformat() for slot in slots] == [
        "2044-02-29",
        "2072-02-29",
        "2112-02-29",
        "2140-02-29",
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0 3 * * mon-fri", "0 3 * * 1-5"),
        ("00 03  *  *  7", "0 3 * * SUN"),
        ("*/30 * * jan *", "*/30 * * 1 *"),
    ],
)
def test_expressions_that_mean_the_same_are_equal_triggers(one: str, other: str) -> None:
    zone = ZoneInfo("Europe/Riga")

    assert trigger_of(Cron(expression=one), zone) == trigger_of(Cron(expression=other), zone)


# ── what is wrong with one ───────────────────────────────────────────────────────────────────────


def test_an_expression_with_a_field_too_few_or_too_many() -> None:
    assert told("0 3 * *") == (
        "cron-fields",
        "0 3 * *",
        "the cron expression has 4 fields",
        "expected five: minute, hour, day of month, month, day of week, such as 0 3 * * 1-5",
    )
    assert told("0 0 3 * * *")[2] == "the cron expression has 6 fields"
    assert told("x")[2] == "the cron expression has 1 field"


def test_a_number_beyond_its_field() -> None:
    assert told("0 25 * * *") == ("cron-field", "25", '"25" is no hour', "expected 0 to 23")
    assert told("0,60 1 * * *")[:3] == ("cron-field", "60", '"60" is no minute')
    assert told("0 0 1-32 * *")[1:] == (
        "32",
        '"32" is no day of month',
        "expected 1 to 31, L for the last day or LW for the last workday",
    )


def test_a_misspelt_name_is_told_with_the_nearest_one() -> None:
    with pytest.raises(Unreadable) as caught:
        check_cron("0 0 * * MON-FRY")

    assert caught.value.message == '"FRY" is no day of week'
    assert caught.value.hint == (
        'expected 0 to 7 or SUN to SAT, 5L for the last Friday or FRI#2 for the second; did you mean "FRI"?'
    )
    assert (caught.value.start, caught.value.length, caught.value.instead) == (12, 3, "0 0 * * MON-FRI")


def test_a_range_that_runs_backwards_is_told_with_the_two_it_stands_for() -> None:
    assert told("0 22-5 * * *") == (
        "cron-field",
        "22-5",
        '"22-5" runs backwards',
        "expected the lower end first; across the end write 22-23,0-5",
    )
    assert told("0 0 * * FRI-MON")[3].endswith("write FRI-SAT,SUN-MON")
    assert told("0 0 * * 5-0")[3].endswith("write 5-SAT,SUN-0")


def test_a_field_that_is_none_of_these() -> None:
    assert told("1-5-9 * * * *") == (
        "cron-field",
        "1-5-9",
        '"1-5-9" cannot be read in the minute field',
        "expected 0 to 59, ranges such as 1-5 and steps such as */2",
    )


def test_a_step_of_nothing() -> None:
    assert told("*/0 * * * *") == (
        "cron-field",
        "*/0",
        '"*/0" has no step',
        "expected a number from 1 after the slash",
    )


def test_a_comma_with_nothing_beside_it() -> None:
    assert told("0 0 1,,15 * *")[2] == "a comma of the day of month field has nothing beside it"


@pytest.mark.parametrize(
    ("expression", "part"),
    [
        ("0 0 30 2 *", "30 2"),
        ("0 0 31 4,6,9,11 *", "31 4,6,9,11"),
        ("0 0 */20 * 1L", "*/20 * 1L"),
        ("0 0 */20 2 6#5", "*/20 2 6#5"),
    ],
)
def test_an_expression_that_can_never_fire(expression: str, part: str) -> None:
    code, pointed_at, message, hint = told(expression)

    assert (code, pointed_at) == ("never-fires", part)
    assert message == f'the cron expression "{expression}" can never fire'
    assert hint.startswith("expected a date that exists; no date is day ")


@pytest.mark.parametrize("expression", ["0 0 30 2 1", "0 0 29 2 *", "0 0 29 2 MON#5", "0 0 L 2 *", "* * * * *"])
def test_an_expression_that_fires_rarely_is_none_that_never_fires(expression: str) -> None:
    check_cron(expression)

    assert trigger_of(Cron(expression=expression), ZoneInfo("UTC")).next_after(datetime(2026, 1, 1, tzinfo=UTC))


@everyday
@given(st.lists(st.text("0123456789*,-/#LWMONFRI ", max_size=6), min_size=4, max_size=6).map(" ".join))
@example("9" * 5000 + " * * * *")
@example("* * * * ²L")
@example("² ٣ * * *")
@example("0 0 30 2 *")
def test_what_cronsim_refuses_is_refused_with_a_place_and_a_hint(expression: str) -> None:
    accepted = cronsim_accepts(expression)

    problem = problem_of(expression)

    if problem is None:
        assert accepted
    else:
        assert problem.code == "never-fires" or not accepted
        assert problem.hint
        assert 0 <= problem.start <= problem.start + problem.length <= max(len(expression), 1)
        assert problem.instead is None or problem.instead != expression


def cronsim_accepts(expression: str) -> bool:
    try:
        CronSim(expression, datetime(2026, 1, 1, tzinfo=UTC))
    except (CronSimError, ValueError):
        return False
    return len(expression.split()) == 5


def problem_of(expression: str) -> Unreadable | None:
    try:
        check_cron(expression)
    except Unreadable as problem:
        return problem
    return None


# ── what else can be asked of one ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("0 3 1 * MON", True),
        ("0 3 1 * *", False),
        ("0 3 * * MON", False),
        ("0 3 */2 * MON", False),
        ("0 0 1 1 1", True),
    ],
)
def test_whether_either_of_both_day_fields_will_do(expression: str, answer: bool) -> None:
    assert both_day_fields(expression) is answer


@pytest.mark.parametrize(
    ("expression", "step"),
    [("*/45 * * * *", 45), ("0-59/7 * * * *", 7), ("*/15 * * * *", None), ("*/90 3 * * *", 90), ("5/45 * * * *", None)],
)
def test_the_minutes_that_restart_with_each_hour(expression: str, step: int | None) -> None:
    assert restarts_each_hour(expression) == step


@pytest.mark.parametrize(("expression", "step"), [("0 */5 * * *", 5), ("0 */6 * * *", None), ("0 0-23/9 * * *", 9)])
def test_the_hours_that_restart_with_each_day(expression: str, step: int | None) -> None:
    assert restarts_each_day(expression) == step
