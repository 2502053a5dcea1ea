"""Expectations as a part of the file: told at their place by whoever checks it, and in nobody else's way."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aperture_plugin.config.expect import expecting
from aperture_plugin.config.model import Reading

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
    monkeypatch.setattr(expecting, "MOST_IN_ALL", 2000)
    sentences = "".join(f"  - at most {n} at once\n" for n in range(2, 7))

    reading = read_file(f"expect:\n{sentences}{JOBS}")

    [problem] = reading.problems
    assert (problem.code, problem.place.line) == ("expectation-not-proved", 4)
    assert problem.message.startswith('"at most 4 at once" and 2 more are not proved: ')
    assert reading.config is not None
