"""The words of a file that say at what minute a job is due, found and changed in place."""

from __future__ import annotations

from datetime import time, timedelta

import pytest

from aperture_plugin.app.plan.minute_edits import Value, Word, changed, words_of_jobs
from aperture_plugin.words.phrases import phrase_of
from tests.app.plan.samples import config_of


def words_in(job: str, *, top: str = "") -> tuple[str, list[Word]]:
    """Return a file whose job `a` is written as *job*, and the words found in it."""
    text = f"{top}schedules:\n  a:{job}"
    return text, words_of_jobs(config_of(text))["a"]


@pytest.mark.parametrize(
    ("job", "value", "after"),
    [
        (" daily at 2:00 AM\n", time(2, 35), " daily at 2:35 AM\n"),
        (" daily at 2 AM  # at night\n", time(14), " daily at 2:00 PM  # at night\n"),
        (" daily at 02:00\n", time(9, 5), " daily at 09:05\n"),
        (" daily at 2:00\n", time(9, 5), " daily at 9:05\n"),
        (" daily at 9:55\n", time(10, 0), " daily at 10:00\n"),
        (" daily at 02:00am\n", time(3), " daily at 03:00am\n"),
        (" daily  at  12:30 AM\n", time(0, 35), " daily  at  12:35 AM\n"),
        (" 'Daily at 2:00 AM' # quoted\n", time(3), " 'Daily at 3:00 AM' # quoted\n"),
        (' "weekly on sun at 2 AM"\n', time(3), ' "weekly on sun at 3:00 AM"\n'),
        ("\n    daily at 2 AM\n", time(3), "\n    daily at 3:00 AM\n"),
        (" monthly on the last day at 2 AM\n", time(3), " monthly on the last day at 3:00 AM\n"),
        ("\n    schedule: daily at 2 AM\n    timeout: 1 hour\n", time(3), None),
        ("\n    type: daily\n\n    time: '02:00'   # x\n", time(3), "\n    type: daily\n\n    time: '03:00'   # x\n"),
        (" once at 2026-12-24 6:00 PM\n", time(18, 5), " once at 2026-12-24 6:05 PM\n"),
        (" once at 2026-12-24T18:00\n", time(18, 5), " once at 2026-12-24T18:05\n"),
        ("\n    type: once\n    at: 2026-12-24 18:00\n", time(18, 5), "\n    type: once\n    at: 2026-12-24 18:05\n"),
        (" cron 0 3 * * 1-5\n", 7, " cron 7 3 * * 1-5\n"),
        ("\n    type: cron\n    cron: '30  3 * * 1-5'\n", 7, "\n    type: cron\n    cron: '7  3 * * 1-5'\n"),
        (" every 2 hours\n", timedelta(minutes=5), " every 2 hours at :05\n"),
        (" every 2 hours   # often\n", timedelta(hours=1, minutes=5), " every 2 hours at 1:05   # often\n"),
        (" 'every 2 hours'\n", timedelta(seconds=5), " 'every 2 hours at :00:05'\n"),
        (" every 3 hours at :10\n", timedelta(minutes=15), " every 3 hours at :15\n"),
        (
            "\n    type: interval\n    hours: 2  # often\n    queue: default\n",
            timedelta(minutes=5),
            "\n    type: interval\n    hours: 2  # often\n    offset: 5 minutes\n    queue: default\n",
        ),
        (
            "\n    type: interval\n    hours: 2\n    offset: 10m\n",
            timedelta(minutes=90),
            "\n    type: interval\n    hours: 2\n    offset: 1 hour 30 minutes\n",
        ),
    ],
)
def test_a_word_is_changed_and_all_around_it_stays(job: str, value: Value, after: str | None) -> None:
    text, [word] = words_in(job)

    new = changed(text, [word.in_place_of(value)])

    before = config_of(text).jobs["a"].schedule
    assert config_of(new).jobs["a"].schedule == word.put_into(before, value)
    if after is not None:
        assert new == f"schedules:\n  a:{after}"


def test_each_of_several_times_is_a_word_of_its_own() -> None:
    text, found = words_in(" daily at 2 AM, 4:00 PM and 23:00\n")

    new = changed(text, [found[0].in_place_of(time(2, 5)), found[2].in_place_of(time(22, 55))])

    assert new.splitlines()[1] == "  a: daily at 2:05 AM, 4:00 PM and 22:55"


@pytest.mark.parametrize(
    "times", ["[2:00 AM, 4:00 PM]", "2:00 AM, 4:00 PM", "\n      - 2:00 AM # one\n      - '4:00 PM'"]
)
def test_times_behind_a_key_are_found_in_lists_of_any_form(times: str) -> None:
    text, found = words_in(f"\n    type: weekly\n    day: [sat, sunday]\n    time: {times}\n")

    new = changed(text, [found[1].in_place_of(time(16, 5))])

    assert [word.value for word in found] == [time(2), time(16)]
    assert new == text.replace("4:00 PM", "4:05 PM")


def test_line_ends_and_a_byte_order_mark_stay() -> None:
    text = "\ufeff# top\r\nschedules:\r\n  a:\r\n    type: interval\r\n    hours: 2\r\n  b: daily at 2 AM\r\n"
    words = words_of_jobs(config_of(text))

    new = changed(text, [words["a"][0].in_place_of(timedelta(minutes=5)), words["b"][0].in_place_of(time(3))])

    assert new == text.replace("hours: 2\r\n", "hours: 2\r\n    offset: 5 minutes\r\n").replace("2 AM", "3:00 AM")


def test_a_file_without_a_last_line_end_gets_none() -> None:
    text, [word] = words_in("\n    type: interval\n    hours: 2")

    assert changed(text, [word.in_place_of(timedelta(minutes=5))]) == f"{text}\n    offset: 5 minutes"


def test_the_word_is_changed_in_the_layer_that_says_it() -> None:
    top = "preset: small\npresets:\n  small:\n    schedules:\n      a: daily at 2 AM\n      b: daily at 2 AM\n"
    text, [word] = words_in("\n    time: 4 AM\n", top=top)

    new = changed(text, [word.in_place_of(time(5))])

    assert new == text.replace("time: 4 AM", "time: 5:00 AM")
    assert phrase_of(config_of(new).jobs["a"].schedule) == "Daily at 5:00 AM"


@pytest.mark.parametrize(
    "job",
    [
        " after b\n",
        " manual\n",
        " cron */5 3 * * *\n",
        " cron 0,30 3 * * *\n",
        " daily\n    at 2 AM\n",
        " >-\n    daily at\n    2 AM\n",
        ' "daily at 2\\x3A00 AM"\n',
        " daily at 2 AM, 02:00\n",
    ],
)
def test_what_no_single_word_says_is_left_alone(job: str) -> None:
    text = f"schedules:\n  b: daily at 1 AM\n  a:{job}"

    assert words_of_jobs(config_of(text))["a"] == []
