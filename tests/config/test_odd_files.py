"""Huge files of every odd kind: problems within seconds and within half a gigabyte, never a traceback."""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from aperture_plugin.config.model import ReadContext, Reading
from aperture_plugin.config.problem_report import text_reports
from aperture_plugin.config.reader import read
from tests.config.odd_files import LARGE, ODD_FILES

SECONDS: Final = 10
"""Processor seconds that a check may take, on a quiet machine."""
REFERENCE: Final = 0.25
"""Processor seconds that the work in `slowness` takes on a quiet machine of the size that the tests are meant for."""
BYTES: Final = 500 * 1024 * 1024
QUICK: Final = (
    "one value of words",
    "one title of words",
    "one value of quotes",
    "one value of half variables",
    "one value of variables",
    "one text of blank lines",
    "dashes on lines",
    "parameters of everybody",
    "lists within lists",
    "zeros on lines",
)
"""Those that are soon done even as large as they can be."""

ReadFile = Callable[..., Reading]


@pytest.mark.parametrize("name", QUICK)
def test_a_huge_odd_file_is_checked_in_time(name: str, tmp_path: Path) -> None:
    check(name, "text", tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("report", ["text", "json", "sarif", "junit"])
@pytest.mark.parametrize("name", ODD_FILES)
def test_every_huge_odd_file_is_checked_in_time(name: str, report: str, tmp_path: Path) -> None:
    check(name, report, tmp_path)


def check(name: str, report: str, folder: Path) -> None:
    """Run `aperture check` on an odd file, as a process of its own, within its processor seconds and bytes."""
    (folder / "schedules.yaml").write_bytes(ODD_FILES[name](LARGE))
    before = slowness()
    words = [sys.executable, "-m", "aperture_plugin", "check", "--format", report]

    with (folder / "out").open("wb") as out, Popen(words, cwd=folder, stdout=out, stderr=PIPE) as process:
        resource.prlimit(process.pid, resource.RLIMIT_CPU, (6 * SECONDS, 6 * SECONDS))
        assert process.stderr is not None
        errors = process.stderr.read().decode()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)

    assert (process.returncode in (0, 1), errors) == (True, "")
    assert used.ru_utime + used.ru_stime < SECONDS * max(before, slowness())
    assert used.ru_maxrss * 1024 < BYTES


def slowness() -> float:
    """Return how many times longer a fixed piece of work takes now than on a quiet machine, 1 at least.

    A processor that others use too needs more of its own time for the same work.
    """
    begin = time.process_time()
    words: dict[str, int] = {}
    for number in range(600_000):
        word = f"job{number % 1000}: daily at {number % 24}:00"
        words[word] = words.get(word, 0) + len(word.split(" "))
    return max(1.0, (time.process_time() - begin) / REFERENCE)


@pytest.mark.parametrize("name", ODD_FILES)
def test_a_small_odd_file_is_told_of_in_full(name: str) -> None:
    reading = read_at(ODD_FILES[name](2048))

    assert (reading.config is None) == any(problem.is_error for problem in reading.problems)
    assert len(text_reports(reading.problems, reading.text)) == len(reading.problems)


@pytest.mark.parametrize("name", ["unknown needs that end alike", "the same time again"])
def test_what_many_faults_share_is_looked_at_once(name: str) -> None:
    data = ODD_FILES[name](LARGE // 64)

    with at_most_calls(40_000_000):
        reading = read_at(data)
        reports = text_reports(reading.problems, reading.text)

    assert len(reports) == len(reading.problems) > 1


@contextmanager
def at_most_calls(most: int) -> Iterator[None]:
    """Fail as soon as the block has called, and returned from, more functions than *most*: work, whatever the load."""
    left = most

    def count(_frame: object, _event: str, _arg: object) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            sys.setprofile(None)
            pytest.fail(f"more than {most:,} calls and returns")

    sys.setprofile(count)
    try:
        yield
    finally:
        sys.setprofile(None)


@pytest.mark.long
def test_a_value_in_a_rare_form_in_each_of_ten_thousand_jobs_is_read() -> None:
    text = "schedules:\n" + "".join(
        f'  j{number}:\n    schedule: every hour\n    title: "job {number:05} and \\\n      what it does for you"\n'
        for number in range(10_000)
    )

    reading = read_at(text.encode())

    assert [problem.code for problem in reading.problems if problem.is_error] == []
    assert reading.config is not None
    assert reading.config.jobs["j7"].title == "job 00007 and what it does for you"


def test_a_file_of_too_many_lines_is_told_to_be_too_large(read_file: ReadFile) -> None:
    reading = read_file("\n" * 1_000_001)

    assert text_reports(reading.problems, reading.text) == [
        "schedules.yaml:1:1: error: the file has 1,000,001 lines [file-too-large]\n"
        "   hint: expected at most 1,000,000; is it the right file?"
    ]


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("utf-16-le", "UTF-16"), ("utf-16-be", "UTF-16"), ("utf-32-le", "UTF-32"), ("utf-32-be", "UTF-32")],
)
def test_an_encoding_without_a_mark_is_told_by_its_zeros(encoding: str, name: str, read_file: ReadFile) -> None:
    reading = read_file("schedules:\n  library-scan: daily at 2 AM # ночью\n".encode(encoding))

    [problem] = reading.problems
    assert (problem.code, problem.message) == ("wrong-encoding", f"the file is written in {name}")


def test_a_variable_without_a_name_is_told_whatever_the_environment_is_like() -> None:
    reading = read_at(
        b"schedules:\n  scan:\n    schedule: hourly\n    command: ls\n    environment:\n      A: ${HOME\n"
    )

    assert "bad-variable" in [problem.code for problem in reading.problems]


def test_a_value_of_thousands_of_variables_is_told_as_one_problem(read_file: ReadFile) -> None:
    reading = read_file("state: " + "${A}" * 1001 + "\nschedules:\n  scan: manual\n")

    [problem] = [problem for problem in reading.problems if problem.is_error]
    assert (problem.code, problem.message) == ("bad-variable", "more than 1,000 variables are named in one value")


def read_at(data: bytes) -> Reading:
    return read(
        data,
        ReadContext(
            file="schedules.yaml",
            environ=os.environ,
            known_jobs=None,
            local_zone=ZoneInfo("UTC"),
            now=datetime(2026, 1, 10, tzinfo=UTC),
            linting=True,
        ),
    )
