"""Expectations as a part of the file: told at their place by whoever checks it, and in nobody else's way."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import available_timezones

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aperture_plugin.config.checks.expect import expectations
from aperture_plugin.config.model import Reading
from aperture_plugin.testing.word_strategies import schedules
from aperture_plugin.words.phrases import phrase_of
from aperture_plugin.words.schedules import Schedule

ReadFile = Callable[..., Reading]

JOBS = "schedules:\n  scan: daily at 3 AM\n  backup: daily at 2 AM\n"


def told(reading: Reading) -> list[tuple[str, int, int]]:
    return [(problem.code, problem.place.line, problem.place.column) for problem in reading.problems]


def test_each_that_fails_is_an_error_at_its_place(read_file: ReadFile) -> None:
    reading = read_file(f"expect:\n  - backup before scan\n  - 'scan before backup'\n{JOBS}")

    assert told(reading) == [("expectation-failed", 3, 5)]
    assert reading.config is None


def test_one_may_stand_without_a_list(read_file: ReadFile) -> None:
    assert told(read_file(f"expect: scan before backup\n{JOBS}")) == [("expectation-failed", 1, 9)]


def test_a_loop_that_starts_is_not_stopped_by_one_that_fails(read_file: ReadFile) -> None:
    reading = read_file(f"expect: scan before backup\n{JOBS}", starting=True)

    assert reading.problems == ()
    assert reading.config is not None


def test_one_that_cannot_be_read_is_an_error_for_everybody(read_file: ReadFile) -> None:
    text = f"expect: [scan befor backup, scan before sink, at most 1 at once in fast]\n{JOBS}  sync: manual\n"

    for starting in (False, True):
        assert told(read_file(text, starting=starting)) == [
            ("unknown-expectation", 1, 10),
            ("unknown-expected", 1, 41),
            ("unknown-queue", 1, 68),
        ]


def test_one_about_a_preset_that_is_not_in_force_waits_until_it_is(read_file: ReadFile) -> None:
    text = (
        "preset: {}\nexpect: scan before backup\npresets:\n  small:\n    schedules:\n      sync: manual\n"
        "  large:\n    schedules:\n      scan: daily at 3 AM\n      backup: daily at 2 AM\n"
    )

    assert told(read_file(text.format("small"))) == []
    assert told(read_file(text.format("large"))) == [("expectation-failed", 2, 9)]


def test_a_job_that_only_a_plugin_has_never_starts_by_itself(read_file: ReadFile) -> None:
    [problem] = read_file(f"expect: sync ready by 6 AM\n{JOBS}").problems

    assert problem.message == '"sync ready by 6 AM" fails: sync does not start by itself in the coming year'


def test_what_all_of_them_look_at_is_bounded(read_file: ReadFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expectations, "MOST_IN_ALL", 2000)
    sentences = "".join(f"  - at most {n} at once\n" for n in range(2, 7))

    reading = read_file(f"expect:\n{sentences}{JOBS}")

    [problem] = reading.problems
    assert (problem.code, problem.place.line) == ("expectation-not-proved", 4)
    assert problem.message.startswith('"at most 4 at once" and 2 more are not proved: ')
    assert reading.config is not None


SENTENCES = (
    *("scan before backup", "backup before scan", "sync before scan", "scan ready by 6 AM", "sync ready by 11:59 PM"),
    *(
        "nothing between 12 AM and 12:01 AM",
        "nothing between 11 PM and 3 AM on sunday",
        "nothing between 3 AM and 2:59 AM",
    ),
    *(
        "at most 1 at once",
        "at most 2 at once in default if runs take 3 hours",
        "sync ready by 12 AM if runs take 400 days",
    ),
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(schedules(), min_size=3, max_size=3),
    st.lists(st.sampled_from(SENTENCES), min_size=1, unique=True),
    st.sampled_from(sorted(available_timezones() - {"localtime"})),
    st.lists(
        st.sampled_from(("window: 11 PM to 1 AM", "jitter: 40 days", "timeout: 1 second", "overlap: allow")),
        unique=True,
    ),
)
def test_whatever_is_expected_of_whichever_schedules_holds_or_fails_at_its_place(
    read_file: ReadFile, drawn: list[Schedule], sentences: list[str], zone: str, beside: list[str]
) -> None:
    keys = "".join(f"    {line}\n" for line in beside)
    jobs = "".join(
        f"  {name}:\n    schedule: {phrase_of(schedule)}\n{keys}"
        for name, schedule in zip(("scan", "backup", "sync"), drawn, strict=True)
    )
    expect = "".join(f"  - {sentence}\n" for sentence in sentences)

    reading = read_file(f"timezone: {zone}\nexpect:\n{expect}schedules:\n{jobs}")

    told = [problem for problem in reading.problems if problem.code.startswith("expectation")]
    assert all(3 <= problem.place.line < 3 + len(sentences) and problem.place.column == 5 for problem in told)
    assert all(problem.message.startswith(f'"{sentences[problem.place.line - 3]}" ') for problem in told)
