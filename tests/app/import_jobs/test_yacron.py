"""yacron's files taken over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from aperture_plugin.app.import_jobs.schedules_file import Imported, imported, reports
from aperture_plugin.app.import_jobs.yacron import read_yacron
from aperture_plugin.config.model import Config, ReadContext
from aperture_plugin.config.reader import read

NOW = datetime(2026, 1, 10, 12, 0, tzinfo=UTC)
FILE = """\
defaults:
  environment:
    - key: PATH
      value: /bin:/usr/bin
  shell: /bin/bash
jobs:
  - name: test-01
    command: echo "foobar"
    schedule: "*/5 * * * *"
  - name: test 02
    command:
      - echo
      - 100 %
    utc: false
    schedule:
      minute: "30"
      hour: "3"
    onFailure:
      retry:
        maximumRetries: 10
        initialDelay: 1
        maximumDelay: 30
        backoffMultiplier: 1.5
  - name: test-03
    command: |
      trap "echo '(ignoring SIGTERM)'" TERM
      sleep 5
    timezone: America/Los_Angeles
    schedule: 0 12 * * sun
    concurrencyPolicy: Forbid
    executionTimeout: 90
    enabled: false
    environment:
      - key: FOO
        value: ${BAR}
"""


def taken_over(text: str) -> Imported:
    return imported(read_yacron({"y.yaml": text}), files=["y.yaml"], local_zone=ZoneInfo("Europe/Riga"), now=NOW)


def config_of(made: Imported) -> Config:
    config = read(
        made.text, ReadContext(file="s.yaml", environ={}, known_jobs=(), local_zone=made.zone, starting=True)
    ).config
    assert config is not None
    return config


def test_the_jobs_are_what_they_were() -> None:
    made = taken_over(FILE)

    first, second, third = config_of(made).jobs.values()
    assert (first.name, second.name, third.name) == ("test-01", "test-02", "test-03")
    assert [str(job.zone) for job in (first, second, third)] == ["UTC", "Europe/Riga", "America/Los_Angeles"]
    assert first.command is not None
    assert first.command.words == ("/bin/bash", "-c", 'echo "foobar"')
    assert dict(first.command.environment) == {"PATH": "/bin:/usr/bin"}
    assert second.command is not None
    assert second.command.words == ("echo", "100 %")
    assert (second.retry.attempts, second.retry.delay, second.retry.backoff) == (11, timedelta(seconds=1), 1.5)
    assert second.retry.max_delay == timedelta(seconds=30)
    assert third.command is not None
    assert third.command.words == ("/bin/bash", "-c", "trap \"echo '(ignoring SIGTERM)'\" TERM\nsleep 5")
    assert dict(third.command.environment) == {"PATH": "/bin:/usr/bin", "FOO": "${BAR}"}
    assert (third.enabled, third.overlap, third.timeout) == (False, "skip", timedelta(seconds=90))
    assert (first.overlap, first.missed) == ("allow", "skip")


def test_where_the_clocks_change_yacron_skips_and_repeats_and_that_is_told() -> None:
    made = taken_over(FILE)

    assert [job.proof.is_equal for job in made.jobs] == [True, False, True]
    assert [line for line in reports(made) if "test-02" in line] == [
        "y.yaml:10: test-02: Daily at 3:30 AM differs in 2 runs of the year",
        "y.yaml:10: test-02:   2026-10-25 3:30 AM (+0200): only the source runs it",
        "y.yaml:10: test-02:   2026-03-29 4:00 AM (+0300): only aperture runs it",
    ]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("schedule: '@reboot'", "yacron runs it when it starts, aperture each time the first loop on its store begins"),
        ("schedule:\n      minute: '0'\n      year: '2030'", "it runs only in certain years (2030)"),
        ("schedule: 0 0 31 2 *", 'the cron expression "0 0 31 2 *" can never fire'),
        ("schedule: often", "fields; five can be taken over"),
        ("user: nobody\n    schedule: 0 1 * * *", "user: aperture runs it as the user who starts aperture"),
        ("concurrencyPolicy: Replace\n    schedule: 0 1 * * *", "here the new one is skipped"),
        (
            "failsWhen:\n      producesStdout: true\n    schedule: 0 1 * * *",
            "yacron takes anything on stdout for a failure",
        ),
        ("onFailure:\n      report:\n        mail:\n          to: me\n    schedule: 0 1 * * *", "are not sent"),
        ("schedule: 0 1 * * *\n    timezone: Europe/Rigga", '"Europe/Rigga" is not a time zone'),
    ],
)
def test_what_is_not_taken_over_as_it_was_is_told(lines: str, told: str) -> None:
    made = taken_over(f"jobs:\n  - name: a\n    command: ls\n    {lines}\nweb:\n  listen: []\n")

    text = "\n".join(reports(made))
    assert told in text
    assert "y.yaml:" in text
    assert "web of yacron has no counterpart" in text


def test_what_is_no_yaml_is_told() -> None:
    assert "it is no YAML" in next(iter(reports(taken_over("jobs: [\n"))))


def test_a_day_that_both_fields_name_is_no_day_of_either() -> None:
    job = "  - name: {}\n    command: x\n    schedule: {}\n"

    first, friday = taken_over("jobs:\n" + job.format("a", "0 4 1-7 * 1") + job.format("b", "0 4 13 * 5")).jobs

    assert (first.proof.phrase, first.proof.fires, first.is_equal) == ("Cron 0 4 * * MON#1", 12, True)
    assert not friday.is_equal


def test_an_entry_that_cannot_be_taken_over_takes_no_other_with_it() -> None:
    text = (
        "jobs:\n"
        "  - {name: a, command: x, schedule: '0 3 * * *', environment: 5}\n"
        "  - {name: b, command: x, schedule: '0 3 * * *', executionTimeout: many}\n"
        "  - 5\n"
        "  - {name: e, command: echo ok, schedule: '0 4 * * *'}\n"
    )

    found = read_yacron({"y.yaml": text})

    assert [entry.name for entry in found.entries] == ["e"]
    assert [left.text for left in found.left] == ["a", "b", ""]
