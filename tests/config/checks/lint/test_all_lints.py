"""All lints together: files that are fine are told nothing, and a loop that starts is not kept waiting."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aperture_plugin.config.checks.problem_codes import LINTS
from aperture_plugin.config.model import ReadContext, Reading
from aperture_plugin.config.reader import read
from aperture_plugin.testing.word_strategies import schedules
from aperture_plugin.words.phrases import phrase_of
from aperture_plugin.words.schedules import Schedule

ReadFile = Callable[..., Reading]
Warned = Callable[..., list[str]]

REPOSITORY = Path(__file__).parents[4]
FILES = [REPOSITORY / "schedules.yaml", *sorted((REPOSITORY / "examples").rglob("schedules.yaml"))]
ZONES = ("UTC", "Europe/Riga", "Europe/London", "America/New_York", "Australia/Lord_Howe", "Antarctica/Troll")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(REPOSITORY).as_posix())
@pytest.mark.parametrize("zone", ZONES)
def test_the_starter_and_the_examples_are_free_of_warnings_in_every_zone(file: Path, zone: str) -> None:
    reading = read(
        file.read_text(),
        ReadContext(
            file="schedules.yaml",
            environ={},
            known_jobs=None,
            local_zone=ZoneInfo(zone),
            now=datetime(2026, 1, 10, 12, tzinfo=UTC),
            linting=True,
        ),
    )

    assert [problem.message for problem in reading.problems if problem.code in LINTS] == []


def test_an_ordinary_file_is_told_nothing(warned: Warned) -> None:
    text = (
        "queues:\n  default: 1\n  quick: 2\nlimits:\n  tmdb: 40 per 10 seconds\ndefaults:\n  timeout: 4 hours\n"
        "schedules:\n  scan: daily at 2:00 AM\n  backup:\n    schedule: weekly on sunday at 3:00 AM\n"
        "    needs: scan\n    limit: tmdb\n  sync:\n    schedule: every 30 minutes\n    queue: quick\n"
    )

    assert warned(text, local_zone="America/Phoenix") == []


def test_what_the_file_silences_is_not_told(warned: Warned) -> None:
    jobs = "schedules:\n  scan: monthly on day 31 at 2 AM\n  backup: monthly on day 30 at 3 AM\n"

    assert warned(jobs) == ["scan: short-month", "backup: short-month"]
    assert warned(f"lint:\n  ignore: short-month\n{jobs}") == []
    assert warned(f"lint:\n  ignore: short-month of scan\n{jobs}") == ["backup: short-month"]


def test_a_loop_that_starts_does_not_wait_for_lints(read_file: ReadFile) -> None:
    assert read_file("schedules:\n  scan: monthly on day 31 at 2 AM\n", starting=True).problems == ()


def test_a_file_with_an_error_is_told_its_errors_first(read_file: ReadFile) -> None:
    reading = read_file("schedules:\n  scan: monthly on day 31 at 2 AM\n  sync: nightly\n")

    assert [problem.code for problem in reading.problems] == ["unknown-phrase"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(schedules(), min_size=3, max_size=3),
    st.sampled_from(sorted(available_timezones() - {"localtime"})),
    st.lists(st.sampled_from(("heavy: yes", "jitter: 1 minute", "timeout: 1 hour", "enabled: no")), unique=True),
)
def test_no_file_is_too_odd_for_lints_and_each_says_what_to_do(
    read_file: ReadFile, drawn: list[Schedule], zone: str, beside: list[str]
) -> None:
    keys = "".join(f"    {line}\n" for line in beside)
    jobs = "".join(
        f"  {name}:\n    schedule: {phrase_of(schedule)}\n{keys}"
        for name, schedule in zip(("scan", "backup", "sync"), drawn, strict=True)
    )

    reading = read_file(f"timezone: {zone}\nschedules:\n{jobs}")

    lints = [problem for problem in reading.problems if problem.code in LINTS]
    lines = reading.text.splitlines()
    assert all(problem.message and problem.hint and not problem.is_error for problem in lints)
    assert all(problem.place.column <= len(lines[problem.place.line - 1]) for problem in lints)
