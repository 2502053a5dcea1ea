"""Several schedules of a job: a list wherever one phrase or mapping may stand, and one line with semicolons."""

from __future__ import annotations

import pytest

from aperture_plugin.config.problem_report import text_reports
from aperture_plugin.words.phrases import phrase_of
from tests.config.conftest import ReadFile

SAME = "Weekly on weekdays at 8:30 AM; weekly on weekends at 10:00 AM"
WAYS = {
    "one line": "  scan: weekly on weekdays at 8:30 AM; weekly on weekends at 10 AM\n",
    "a list of phrases": "  scan:\n    - weekly on weekdays at 8:30 AM\n    - weekly on weekends at 10 AM\n",
    "a list in brackets": "  scan: [weekly on weekdays at 8:30 AM, weekly on weekends at 10 AM]\n",
    "a list of keys": "  scan:\n    - type: weekly\n      day: weekdays\n      time: 8:30 AM\n"
    "    - type: weekly\n      day: weekends\n      time: 10 AM\n",
    "phrases and keys": "  scan:\n    - weekly on weekdays at 8:30 AM\n    - type: weekly\n      day: [sat, sun]\n"
    "      time: 10:00\n",
    "a list beside keys": "  scan:\n    schedule:\n      - weekly on weekdays at 8:30 AM\n"
    "      - weekly on weekends at 10 AM\n    queue: default\n",
    "a list in brackets beside keys": "  scan:\n    queue: default\n"
    "    schedule: [weekly on weekdays at 8:30 AM, weekly on weekends at 10 AM]\n",
    "a line beside keys": "  scan:\n    schedule: weekly on weekdays at 8:30 AM; weekly on weekends at 10 AM\n"
    "    queue: default\n",
}


@pytest.mark.parametrize("way", WAYS)
def test_several_schedules_are_the_same_however_they_are_written(way: str, read_file: ReadFile) -> None:
    reading = read_file("schedules:\n" + WAYS[way])

    assert reading.problems == ()
    assert reading.config is not None
    assert phrase_of(reading.config.jobs["scan"].schedule) == SAME


def test_a_list_of_one_is_that_one(read_file: ReadFile) -> None:
    reading = read_file("schedules:\n  scan: [daily at 2 AM]\n  sync:\n    - type: manual\n")

    assert reading.config is not None
    assert [phrase_of(job.schedule) for job in reading.config.jobs.values()] == ["Daily at 2:00 AM", "Manual only"]


FAULTS = {
    "  scan:\n    - daily at 2 AM\n    - weekly on saterday at 3 AM\n": """
schedules.yaml:4:17: error: scan: "saterday" is not a day of the week [unknown-day]
    4 |     - weekly on saterday at 3 AM
      |                 ^^^^^^^^
   hint: expected sunday to saturday, weekdays or weekends; did you mean "saturday"?
         Write:  - weekly on saturday at 3 AM""",
    "  scan:\n    - daily at 2 AM\n    - manual only\n": """
schedules.yaml:4:7: error: scan: "Manual only" stands beside other schedules [stands-alone]
    4 |     - manual only
      |       ^^^^^^^^^^^
   hint: expected it alone; leave it out, since every job runs when a person asks for it""",
    "  scan:\n    - daily at 2 AM\n    - type: weekly\n      time: 3 AM\n": """
schedules.yaml:4:13: error: scan: a schedule of type weekly needs "day" [missing-key]
    4 |     - type: weekly
      |             ^^^^^^
   hint: add the line
         Write:  day: sunday""",
    "  scan:\n    - daily at 2 AM\n    - time: 3 AM\n": """
schedules.yaml:4:7: error: scan: "time" is set, but the type of the schedule is not [missing-type]
    4 |     - time: 3 AM
      |       ^^^^
   hint: expected a type beside it: daily, weekly or monthly
         Write:  type: daily""",
    "  scan: []\n": """
schedules.yaml:2:9: error: scan: the list behind "scan" is empty [empty-list]
    2 |   scan: []
      |         ^^
   hint: write the schedules in it, or one behind the colon
         Write:  scan: daily at 2:00 AM""",
    "  scan:\n    - daily at 2 AM\n    - [every hour]\n": """
schedules.yaml:4:7: error: scan: there is a list behind "scan" [wrong-kind]
    4 |     - [every hour]
      |       ^^^^^^^^^^^^
   hint: expected a phrase, such as  daily at 2:00 AM, or keys on the lines below, such as  type: daily""",
    "  scan:\n    - daily at 2 AM\n    - type: daily\n      time: 3 AM\n      queue: quick\n": """
schedules.yaml:6:7: error: scan: "queue" is not a key of a schedule [unknown-key]
    6 |       queue: quick
      |       ^^^^^
   hint: it belongs on the job, beside schedule""",
}


@pytest.mark.parametrize("text", FAULTS)
def test_a_fault_in_a_list_is_told_at_its_place(text: str, read_file: ReadFile) -> None:
    reading = read_file("schedules:\n" + text)

    report = "\n".join(text_reports(reading.problems, reading.text))
    found = report.split("\n")
    assert found == FAULTS[text].removeprefix("\n").split("\n")


def test_a_layer_above_replaces_all_of_several(read_file: ReadFile) -> None:
    preset = "preset: small\npresets:\n  small:\n    schedules:\n      scan: [daily at 2 AM, every 3 hours]\n"

    reading = read_file(preset + "schedules:\n  scan:\n    type: weekly\n    day: sunday\n    time: 4 AM\n")

    assert reading.config is not None
    assert phrase_of(reading.config.jobs["scan"].schedule) == "Weekly on Sunday at 4:00 AM"
