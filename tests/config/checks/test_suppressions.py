"""`lint: ignore`, read and held against the file."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aperture_plugin.config.checks.suppressions import read_ignored
from aperture_plugin.config.model import Reading
from aperture_plugin.words.parse_error import Unreadable

ReadFile = Callable[..., Reading]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("due-together", ("due-together", None)),
        ("due-together of scan", ("due-together", "scan")),
        ("  short-month   of  scan ", ("short-month", "scan")),
        ("acme/no-owner", ("acme/no-owner", None)),
        ("media:big", ("media:big", None)),
    ],
)
def test_a_code_is_ignored_of_all_or_of_one_job(text: str, read: tuple[str, str | None]) -> None:
    assert read_ignored(text) == read


@pytest.mark.parametrize(
    "text", ["", "two words", "due-together of", "unknown-day", "due-togehter", "due_together", "-x", "*"]
)
def test_what_is_no_code_of_a_warning_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        read_ignored(text)


def test_a_host_s_own_warnings_are_silenced_too_and_its_errors_are_not(read_file: ReadFile) -> None:
    reading = read_file("lint:\n  ignore: [acme-owner of scan]\nschedules:\n  scan: manual\n  sync: manual\n")
    assert reading.config is not None
    problem = reading.config.problem

    told = reading.with_problems(
        [
            problem("acme-owner", message="nobody owns it", hint="say who", job="scan"),
            problem("acme-owner", message="nobody owns it", hint="say who", job="sync"),
            problem("acme-owner", message="nobody owns it", hint="say who", job="scan", severity="error"),
        ]
    ).problems

    assert [(found.job, found.severity) for found in told] == [("scan", "error"), ("sync", "warning")]


def test_a_job_that_is_gone_is_told_and_keeps_no_file_out_of_force(read_file: ReadFile) -> None:
    reading = read_file("lint:\n  ignore: short-month of backup\nschedules:\n  scan: manual\n")

    assert [problem.code for problem in reading.problems] == ["unknown-ignore"]
    assert reading.config is not None
