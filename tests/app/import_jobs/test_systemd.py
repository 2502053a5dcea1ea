"""systemd's timers taken over; its calendar is held against what systemd itself answered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from aperture_plugin.app.import_jobs.schedules_file import Imported, imported, reports
from aperture_plugin.app.import_jobs.systemd import read_systemd, read_time_span
from aperture_plugin.app.import_jobs.systemd_calendar import read_calendar
from aperture_plugin.config.model import Config, ReadContext
from aperture_plugin.config.reader import read
from aperture_plugin.words.durations import LONGEST_DURATION

NOW = datetime(2026, 1, 10, 12, 0, tzinfo=UTC)
ANSWERS = [
    [part.strip() for part in line.split("|")]
    for line in Path(__file__).with_name("calendars.txt").read_text().splitlines()
    if not line.startswith("#")
]
SERVICE = "[Service]\nExecStart=/usr/bin/true\n"


def taken_over(**units: str) -> Imported:
    """Take over a timer called `a`, of these lines, and its service."""
    timer = "[Timer]\n" + "\n".join(units["timer"].split("; ")) + "\n"
    texts = {"u/a.timer": timer, "u/a.service": units.get("service", SERVICE)}
    return imported(read_systemd(texts), files=list(texts), local_zone=ZoneInfo("Europe/Riga"), now=NOW)


def config_of(made: Imported) -> Config:
    config = read(
        made.text, ReadContext(file="s.yaml", environ={}, known_jobs=(), local_zone=made.zone, starting=True)
    ).config
    assert config is not None
    return config


@pytest.mark.parametrize(("zone", "wall", "expression", "answer"), ANSWERS)
def test_a_calendar_elapses_when_systemd_says(zone: str, wall: str, expression: str, answer: str) -> None:
    calendar = read_calendar(expression)
    own = ZoneInfo(calendar.zone or zone)
    since = datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) + timedelta(seconds=1)
    wanted = [datetime.fromisoformat(at).replace(tzinfo=UTC) for at in answer.split(", ")]

    assert list(calendar.dues(since, wanted[-1] + timedelta(seconds=1), own)) == wanted


@pytest.mark.parametrize("text", ["", "sometimes", "Fri..Mon 1:00", "*-13-01", "25:00", "*-*-* 1:00:00.5", "Mox 1:00"])
def test_what_is_no_calendar_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_calendar(text)


@pytest.mark.parametrize(
    ("expression", "phrase", "equal"),
    [
        ("*-*-* 02:00", "Daily at 2:00 AM", True),
        ("*-*-* 03:30", "Daily at 3:30 AM", False),  # in the night of the change systemd skips it
        ("Mon..Fri 10:00", "Weekly on weekdays at 10:00 AM", True),
        ("Sat *-*-* 6,18:00", "Weekly on Saturday at 6:00 AM, 6:00 PM", True),
        ("monthly", "Monthly on day 1 at 12:00 AM", True),
        ("*-*~1 12:00", "Monthly on the last day at 12:00 PM", True),
        ("hourly", "Every hour", False),  # systemd passes over the hour that is repeated
        ("*-*-* 0/12:00", "Every 12 hours", True),
        ("quarterly", "Cron 0 0 1 */3 *", True),
        ("Sun *-*-8..14 05:10", "Cron 10 5 * * SUN#2", True),
        ("*-*-1,15 05:00 UTC", "Cron 0 5 1,15 * *", True),
    ],
)
def test_a_calendar_becomes_a_phrase(expression: str, phrase: str, equal: bool) -> None:
    [job] = taken_over(timer=f"OnCalendar={expression}").jobs

    assert (job.proof.phrase, job.proof.is_equal) == (phrase, equal)


def test_the_service_is_what_the_job_runs() -> None:
    service = (
        "[Unit]\nDescription=Back up everything\n[Service]\nType=oneshot\nWorkingDirectory=/srv\n"
        'Environment="A=b c" D=e\nEnvironment=F=${G}\nExecStart=-/usr/bin/backup --all \\\n  "two words" 100%%\n'
        "TimeoutStartSec=1h 30min\nUser=backup\n"
    )

    made = taken_over(timer="OnCalendar=02:00; RandomizedDelaySec=10min; Persistent=true", service=service)

    [job] = config_of(made).jobs.values()
    assert job.command is not None
    assert (job.name, job.description) == ("a", "Back up everything")
    assert job.command.words == ("/usr/bin/backup", "--all", "two words", "100%")
    assert job.command.directory == "/srv"
    assert dict(job.command.environment) == {"A": "b c", "D": "e", "F": "${G}"}
    assert (job.timeout, job.jitter) == (timedelta(minutes=90), timedelta(minutes=10))
    assert (job.missed, job.overlap) == ("run once", "skip")
    assert [line.partition(": a: ")[2] for line in reports(made) if ": a: " in line] == [
        "User=backup: aperture runs it as the user who starts aperture",
        "a - or @ before ExecStart means nothing here: an exit code other than 0 is a failure",
    ]


def test_several_lines_are_one_schedule_where_one_can_say_them() -> None:
    [one] = taken_over(timer="OnCalendar=02:00; OnCalendar=14:30").jobs
    two = taken_over(timer="OnCalendar=Mon 02:00; OnCalendar=Sat 14:30").jobs

    assert (one.proof.phrase, one.proof.is_equal) == ("Daily at 2:00 AM, 2:30 PM", True)
    [several] = two
    assert several.proof.phrase == "Weekly on Monday at 2:00 AM; weekly on Saturday at 2:30 PM"
    assert several.is_equal


def test_a_line_that_never_elapses_takes_no_other_with_it() -> None:
    made = taken_over(timer="OnCalendar=*-04-31; OnCalendar=10:00; OnCalendar=sometimes")

    assert [job.proof.phrase for job in made.jobs] == ["Daily at 10:00 AM"]
    assert [left.reason for left in made.left] == [
        "'sometimes' is no day of the week",
        "no schedule here says OnCalendar=*-04-31",
    ]


def test_a_start_of_the_machine_is_a_schedule_at_start_beside_the_others() -> None:
    [boot] = taken_over(timer="OnBootSec=5min; OnStartupSec=1h").jobs
    [both] = taken_over(timer="OnBootSec=5min; OnCalendar=Mon 02:00; OnCalendar=*-*-01 03:00").jobs
    [grid] = taken_over(timer="OnBootSec=5min; OnUnitActiveSec=1h").jobs

    assert boot.proof.phrase == "At start after 5 minutes"
    assert both.proof.phrase == ("Weekly on Monday at 2:00 AM; monthly on day 1 at 3:00 AM; at start after 5 minutes")
    assert grid.proof.phrase == "Every hour; at start after 5 minutes"
    assert not any(job.is_equal for job in (boot, both, grid)), "nobody knows when the machine will start"
    assert "OnStartupSec=1h: only the first of several is taken over" in boot.entry.notes


def test_calendars_of_several_zones_are_a_job_for_each_zone() -> None:
    made = taken_over(timer="OnCalendar=05:00 Europe/Riga; OnCalendar=05:00 America/New_York")

    assert [(str(job.zone), job.proof.phrase, job.is_equal) for job in made.jobs] == [
        ("Europe/Riga", "Daily at 5:00 AM", True),
        ("America/New_York", "Daily at 5:00 AM", True),
    ]


def test_an_empty_line_takes_back_what_was_said_before() -> None:
    [job] = taken_over(timer="OnCalendar=02:00; OnCalendar=; OnCalendar=05:00").jobs

    assert job.proof.phrase == "Daily at 5:00 AM"


@pytest.mark.parametrize(
    ("timer", "service", "told"),
    [
        ("OnUnitActiveSec=1h; OnBootSec=5min", SERVICE, "here it is a grid that the clock on the wall gives"),
        ("OnUnitActiveSec=1h", SERVICE, "Every hour is as near as it comes"),
        ("OnBootSec=5min", SERVICE, "OnBootSec=5min counts from the start of the machine, here from when"),
        ("OnCalendar=02:00; OnUnitActiveSec=1h", SERVICE, "OnUnitActiveSec=1h: it counts from the last run"),
        ("Persistent=true", SERVICE, "it says nothing of when it elapses"),
        ("OnCalendar=Sat *-*-13 03:10", SERVICE, "no schedule here says OnCalendar=Sat *-*-13 03:10"),
        ("OnCalendar=sometimes", SERVICE, "'sometimes' is no day of the week"),
        ("OnCalendar=02:00; Unit=b.service", SERVICE, "b.service, which it starts, is not among the files"),
        ("OnCalendar=02:00", "[Service]\nType=oneshot\n", "a.service has no ExecStart"),
        ("OnCalendar=02:00", "[Service]\nExecStart=/bin/echo %h\n", "%h: systemd fills that in"),
        ("OnCalendar=02:00", "[Service]\nExecStart=/bin/echo $HOME\n", "a shell fills in its variables"),
    ],
)
def test_what_is_not_taken_over_as_it_was_is_told(timer: str, service: str, told: str) -> None:
    made = taken_over(timer=timer, service=service)

    assert told in "\n".join(reports(made))


def test_a_shell_that_systemd_starts_is_ours() -> None:
    made = taken_over(timer="OnCalendar=02:00", service="[Service]\nExecStart=/bin/sh -c 'cd /; ls | wc'\n")

    [job] = config_of(made).jobs.values()
    assert job.command is not None
    assert job.command.words == "cd /; ls | wc"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("1h 30min", 5400), ("2d", 172_800), ("1.5h", 5400), ("500ms", 0), ("1w2d", 777_600)],
)
def test_spans_are_read_as_systemd_reads_them(text: str, seconds: int) -> None:
    assert read_time_span(text) == timedelta(seconds=seconds)


def test_a_drop_in_changes_its_unit() -> None:
    texts = {
        "u/rotate.timer": "[Timer]\nOnCalendar=daily\n",
        "u/rotate.timer.d/override.conf": "[Timer]\nOnCalendar=\nOnCalendar=*-*-* 05:00\n",
        "u/rotate.service": SERVICE,
    }

    made = imported(read_systemd(texts), files=list(texts), local_zone=ZoneInfo("Europe/Riga"), now=NOW)

    [job] = made.jobs
    assert job.proof.phrase == "Daily at 5:00 AM"


def test_a_template_is_found_for_its_instance() -> None:
    texts = {
        "u/scrub@tank-1.timer": "[Timer]\nOnCalendar=*-*-* 12:00\n",
        "u/scrub@.service": "[Service]\nExecStart=/sbin/zpool scrub %i %%\n",
        "u/other@.timer": "[Timer]\nOnCalendar=*-*-* 12:00\n",
    }

    made = imported(read_systemd(texts), files=list(texts), local_zone=ZoneInfo("UTC"), now=NOW)

    [job] = made.jobs
    assert (job.name, job.entry.keys["command"]) == ("scrub-tank-1", ["/sbin/zpool", "scrub", "tank-1", "%"])
    assert [(left.place, left.reason) for left in made.left] == [
        ("u/other@.timer", "it is a template, which elapses only as an instance")
    ]


@pytest.mark.parametrize(
    ("service", "timeout", "told"),
    [
        ("TimeoutStartSec=30", None, "TimeoutStartSec=30: it limits no run of a service of Type=simple"),
        (
            "Type=oneshot\nRuntimeMaxSec=10min",
            None,
            "RuntimeMaxSec=10min: it limits no run",
        ),
        ("Type=oneshot\nTimeoutStartSec=30", "30 seconds", "1 of 1 jobs run at the same instants"),
        ("RuntimeMaxSec=30", "30 seconds", "1 of 1 jobs run at the same instants"),
    ],
)
def test_a_limit_counts_by_the_type_of_its_service(service: str, timeout: str | None, told: str) -> None:
    made = taken_over(timer="OnCalendar=12:00", service=f"[Service]\n{service}\nExecStart=/usr/bin/long\n")

    assert made.jobs[0].entry.keys.get("timeout") == timeout
    assert told in "\n".join(reports(made))


def test_whatever_is_not_taken_over_is_told_by_name_and_a_condition_is_no_proof() -> None:
    service = f"[Unit]\nConditionACPower=true\n{SERVICE}Nice=10\nIOSchedulingClass=idle\n"

    made = taken_over(timer="OnCalendar=12:00", service=service)

    told = "\n".join(reports(made))
    assert "ConditionACPower=true: it is not asked" in told
    assert "Nice=10: it is not taken over" in told
    assert "IOSchedulingClass=idle: it is not taken over" in told
    assert "0 of 1 jobs run at the same instants" in told
    assert not made.is_whole


def test_a_date_that_comes_once_is_taken_over_as_once() -> None:
    [job] = taken_over(timer="OnCalendar=2026-12-24 18:00").jobs

    assert (job.proof.phrase, job.proof.fires, job.is_equal) == ("Once at 2026-12-24 6:00 PM", 1, True)


def test_one_entry_that_cannot_be_taken_over_ends_nothing() -> None:
    texts = {
        "u/a.timer": "[Timer]\nOnCalendar=*-04-31\n",
        "u/a.service": SERVICE,
        "u/b.timer": "[Timer]\nOnCalendar=10:00\n",
        "u/b.service": SERVICE,
    }

    made = imported(read_systemd(texts), files=list(texts), local_zone=ZoneInfo("UTC"), now=NOW)

    assert [job.name for job in made.jobs] == ["b"]
    assert [left.place for left in made.left] == ["u/a.timer"]


def test_variables_are_the_shells_and_nothing_else_of_a_line_is() -> None:
    service = "[Service]\nExecStart=/bin/echo ${HOME}/x $ARGS '*' a;b 5$$\n"

    [job] = taken_over(timer="OnCalendar=12:00", service=service).jobs

    assert job.entry.keys["command"] == "/bin/echo \"${HOME}/x\" $ARGS '*' 'a;b' '5$'"


@pytest.mark.parametrize("number", ["9" * 400, "9" * 30, "9" * 9])
def test_a_span_beyond_all_bounds_is_the_longest_there_is(number: str) -> None:
    assert read_time_span(f"{number} years") == LONGEST_DURATION
