"""What is fuzzed: bytes on their way to a configuration or to problems, and what must hold whatever they are."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from aperture_plugin.config.checks.problem_codes import CODES
from aperture_plugin.config.edit.text_edits import unmarked
from aperture_plugin.config.layers.zones import read_zone_name
from aperture_plugin.config.model import ReadContext, Reading
from aperture_plugin.config.problem_report import text_reports
from aperture_plugin.config.reader import read
from aperture_plugin.config.schema.value_parsers import read_checked_cron, read_checked_limit, read_checked_phrase
from aperture_plugin.words.datetimes import read_moment
from aperture_plugin.words.durations import read_duration
from aperture_plugin.words.expectations import read_expectation
from aperture_plugin.words.intervals import read_interval_offset
from aperture_plugin.words.library_sizes import read_sizes
from aperture_plugin.words.names import read_job_name, read_job_names
from aperture_plugin.words.numbers import read_factor, read_whole_number, read_yes_no
from aperture_plugin.words.parse_codes import WORD_CODES
from aperture_plugin.words.parse_error import Unreadable
from aperture_plugin.words.phrases import phrase_of
from aperture_plugin.words.times import read_times
from aperture_plugin.words.windows import read_window
from tests.config.authority import check_file, check_forms, check_job

__all__ = ["TARGETS", "Target"]

Target = Callable[[bytes], None]

NOW: Final = datetime(2026, 1, 10, 12, tzinfo=UTC)
JOBS: Final = ("library-scan", "backup", "sync", "embeddings")
SHORT: Final = 1500
"""Characters of a file that strictyaml, which is slow, is asked about too."""


def file(data: bytes) -> None:
    """Read *data* as a file, twice, for the second time is helped by the first."""
    first, again = _read(data), _read(data)

    assert again.problems == first.problems
    _check_reading(first)
    if first.config is not None and len(data) <= SHORT:
        check_file(data.decode())


def lines(data: bytes) -> None:
    """Read *data* as a job and as any piece of a file, by the quick ways; hold both to the thorough ones."""
    text = data.decode("utf-8", "replace").replace("\r", "").replace("\0", "")[:SHORT]
    if text.isprintable() or text.replace("\n", "").replace("\t", "").isprintable():
        check_job(text)
        check_forms(text)


READERS: Final[tuple[Callable[[str], object], ...]] = (
    read_checked_phrase,
    read_checked_phrase,
    read_checked_phrase,
    read_checked_cron,
    read_checked_limit,
    read_duration,
    read_expectation,
    read_factor,
    read_interval_offset,
    read_job_name,
    read_job_names,
    read_moment,
    read_sizes,
    read_times,
    read_window,
    read_yes_no,
    read_zone_name,
    lambda text: read_whole_number(text, 1, 10_000),
)


def words(data: bytes) -> None:
    """Read *data* as a value, by the reader that its first byte chooses."""
    reader, text = READERS[data[0] % len(READERS) if data else 0], data[1:].decode("utf-8", "surrogateescape")
    try:
        value = reader(text)
    except Unreadable as problem:
        _check_unreadable(problem, text)
        if problem.instead is not None:
            reader(problem.instead)
    else:
        if reader is read_checked_phrase:
            assert read_checked_phrase(phrase_of(value)) == value  # type: ignore[arg-type]


TARGETS: Final[dict[str, Target]] = {"file": file, "lines": lines, "words": words}


def _read(data: bytes) -> Reading:
    return read(
        data,
        ReadContext(
            file="schedules.yaml",
            environ=os.environ,
            known_jobs=JOBS,
            local_zone=ZoneInfo("Europe/Riga"),
            now=NOW,
            linting=True,
        ),
    )


def _check_reading(reading: Reading) -> None:
    lines = unmarked(reading.text).split("\n")
    places = [problem.place for problem in reading.problems]

    assert (reading.config is None) == any(problem.is_error for problem in reading.problems)
    assert places == sorted(places)
    for problem in reading.problems:
        line, column, length = problem.place.line, problem.place.column, problem.place.length
        assert problem.code in CODES
        assert 1 <= line <= len(lines), problem
        assert 1 <= column <= max(1, len(lines[line - 1])), problem
        assert length == 1 or column + length - 1 <= len(lines[line - 1]), problem
        assert problem.message.isprintable(), problem
        assert not problem.message.endswith("."), problem
        assert problem.hint, problem
    for report in text_reports(reading.problems, reading.text):
        assert report.replace("\n", "").isprintable()
        report.encode()


def _check_unreadable(problem: Unreadable, text: str) -> None:
    assert problem.code in WORD_CODES or problem.code in CODES
    assert problem.message.isprintable()
    assert not problem.message.endswith(".")
    assert problem.hint
    assert 0 <= problem.start <= len(text)
    assert problem.length == 1 or problem.start + problem.length <= len(text)
