"""Whatever stands in a file, a reader gives a value or says what is wrong: never anything else, and at once."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import aperture_plugin.words
from aperture_plugin.testing.word_strategies import schedules
from aperture_plugin.words.cron_shape import read_cron
from aperture_plugin.words.datetimes import read_moment
from aperture_plugin.words.days import read_month_day, read_weekdays
from aperture_plugin.words.durations import read_duration
from aperture_plugin.words.expectations import read_expectation
from aperture_plugin.words.intervals import read_interval_offset
from aperture_plugin.words.library_sizes import read_sizes
from aperture_plugin.words.limits import read_limit
from aperture_plugin.words.names import read_job_name, read_job_names
from aperture_plugin.words.numbers import read_factor, read_whole_number, read_yes_no
from aperture_plugin.words.parse_codes import WORD_CODES
from aperture_plugin.words.parse_error import Unreadable
from aperture_plugin.words.phrases import phrase_of, read_phrase
from aperture_plugin.words.schedules import Schedule
from aperture_plugin.words.times import read_time, read_times
from aperture_plugin.words.windows import read_window

READERS: tuple[Callable[[str], object], ...] = (
    read_cron,
    read_duration,
    read_expectation,
    read_factor,
    read_interval_offset,
    read_job_name,
    read_job_names,
    read_limit,
    read_moment,
    read_month_day,
    read_phrase,
    read_sizes,
    read_time,
    read_times,
    read_weekdays,
    read_whole_number,
    read_window,
    read_yes_no,
)
VOCABULARY = (
    *("daily", "weekly", "monthly", "every", "cron", "once", "after", "manual", "only", "at", "on", "and", ",", "the"),
    *(
        "day",
        "last",
        "sunday",
        "weekdays",
        "mon-fri",
        "2",
        "2 AM",
        "02:00",
        "24:00",
        "13 PM",
        "noon",
        "2026-12-24",
        "T",
    ),
    *(
        "10",
        "minutes",
        "1h",
        "1.5",
        "-1",
        "0",
        ":10",
        "*",
        "*/5",
        "1-5",
        "@daily",
        "per",
        "from",
        "to",
        "under",
        "over",
    ),
    *(
        "midnight",
        "Europe/Riga",
        "५",
        "３０",
        "½",
        "\0",
        "\n",
        "\xa0",
        "ѕunday",
        "dayly",
        "UTC",
        "Z",
        "9" * 5000,
        "x" * 300,
    ),
)


def sentences() -> st.SearchStrategy[str]:
    """Draw texts made of words that mean something here, in any order."""
    words = st.lists(st.sampled_from(VOCABULARY), max_size=8)
    return st.builds(str.join, st.sampled_from([" ", "", "  "]), words)


@given(st.text() | sentences())
@example("")
@example("\0")
@example("\ud7ff\ue000\U0010ffff")
def test_any_text_is_read_or_refused_with_a_place_in_it_and_a_hint(text: str) -> None:
    for read in READERS:
        try:
            read(text)
        except Unreadable as problem:
            assert_it_is_well_told(problem, text)
            if problem.instead is not None:
                read(problem.instead)


def assert_it_is_well_told(problem: Unreadable, text: str) -> None:
    assert problem.code in WORD_CODES
    assert problem.message.isprintable()
    assert not problem.message.endswith(".")
    assert len(problem.message) < 300
    assert problem.hint
    assert not problem.hint.endswith(".")
    assert 0 <= problem.start <= len(text)
    assert problem.length == 1 or problem.start + problem.length <= len(text)


@given(schedules(), st.data())
def test_a_phrase_with_a_letter_wrong_is_another_schedule_or_is_refused(
    schedule: Schedule, data: st.DataObject
) -> None:
    phrase = phrase_of(schedule)
    place = data.draw(st.integers(0, len(phrase) - 1))
    letter = data.draw(st.sampled_from("aAmM0159:, -*é２"))
    written = phrase[:place] + letter + phrase[place + 1 :]

    try:
        read = read_phrase(written)
    except Unreadable as problem:
        assert_it_is_well_told(problem, written)
    else:
        assert read_phrase(phrase_of(read)) == read


@pytest.mark.parametrize(
    "text",
    [
        "1 " * 50_000,
        "daily at " + "2 AM," * 20_000,
        "every 1" + " " * 100_000 + "x",
        "2026-12-24" + " " * 100_000 + "x",
        "2" + " " * 100_000 + "x",
        "a-" * 50_000,
        "after " + ",and" * 30_000 + ",",
        "weekly on " + "mon " * 30_000 + "at 2",
        "1," * 50_000,
        "５" * 100_000,
        "\0" * 100_000,
        "1" * 100_000,
    ],
    ids=lambda text: f"{text[:12]!r}…",
)
@pytest.mark.parametrize("read", READERS, ids=lambda read: read.__name__)
def test_a_text_of_a_hundred_thousand_letters_is_answered_at_once(read: Callable[[str], object], text: str) -> None:
    began = time.process_time()

    with pytest.raises(Unreadable):
        read(text)

    assert time.process_time() - began < 2


def test_every_code_has_its_line_in_the_table_and_the_table_has_no_other() -> None:
    folder = Path(aperture_plugin.words.__path__[0])
    code = re.compile(r'"([a-z0-9]+(?:-[a-z0-9]+)+)"[,\n]')

    raised = {
        found
        for file in (*folder.glob("*.py"), folder.parent / "triggers" / "public_holidays.py")
        for found in code.findall(file.read_text(encoding="utf-8"))
        if found not in {"user-sync", "library-scan"}
    }

    assert raised == set(WORD_CODES)
