"""Crontabs taken over: every run of a year where it was, and what cannot be taken over told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aperture_plugin.app.import_jobs.crontab import read_crontab
from aperture_plugin.app.import_jobs.found_jobs import ForeignJob, Found, name_of, unique_names
from aperture_plugin.app.import_jobs.instant_proof import proved
from aperture_plugin.app.import_jobs.schedules_file import Imported, imported, reports
from aperture_plugin.config.model import Config, JobConfig, ReadContext
from aperture_plugin.config.reader import read
from aperture_plugin.testing.word_strategies import crons
from aperture_plugin.words.schedules import AtStart, Cron

NOW = datetime(2026, 1, 10, 12, 0, tzinfo=UTC)
RIGA = ZoneInfo("Europe/Riga")
NEW_YORK = ZoneInfo("America/New_York")


def taken_over(text: str, *, system: bool = False, zone: ZoneInfo = RIGA) -> Imported:
    found = read_crontab({"tab": text}, has_users=system, home="/home/me")
    return imported(found, files=["tab"], local_zone=zone, now=NOW)


def config_of(made: Imported) -> Config:
    config = read(
        made.text, ReadContext(file="s.yaml", environ={}, known_jobs=(), local_zone=made.zone, starting=True)
    ).config
    assert config is not None
    return config


def only_job(text: str, *, system: bool = False) -> JobConfig:
    [job] = config_of(taken_over(text, system=system)).jobs.values()
    return job


def test_a_crontab_becomes_a_file_that_people_read() -> None:
    made = taken_over("# Nightly backup\n0 2 * * * /usr/local/bin/backup.sh --all\n*/30 * * * * ~/bin/sync\n")

    assert made.is_whole
    assert made.text == (
        "# Made by aperture import from tab. From here on it is a file like any other.\n"
        "timezone: Europe/Riga\n"
        "\n"
        "queues:\n"
        "  default: 2            # as cron: no job waits for another (1: they take turns)\n"
        "\n"
        "defaults:\n"
        "  missed: skip          # as cron: what fell due while nothing ran is not caught up\n"
        "  overlap: allow        # as cron: a run begins while the last one still runs\n"
        "  directory: /home/me\n"
        "\n"
        "schedules:\n"
        "  backup:\n"
        "    schedule: daily at 2:00 AM\n"
        "    description: Nightly backup\n"
        "    command: /usr/local/bin/backup.sh --all\n"
        "  sync:\n"
        "    schedule: every 30 minutes\n"
        "    command: ~/bin/sync\n"
    )
    assert list(reports(made)) == [
        "2 of 2 jobs run at the same instants from 2026-01-10 to 2027-01-11, 17,934 runs of them"
    ]


@pytest.mark.parametrize(
    ("cron", "phrase"),
    [
        ("0 2 * * *", "Daily at 2:00 AM"),
        ("30 2,14 * * *", "Daily at 2:30 AM, 2:30 PM"),
        ("0 4 * * 0", "Weekly on Sunday at 4:00 AM"),
        ("0 4 * * 7", "Weekly on Sunday at 4:00 AM"),
        ("0 4 * * mon-fri", "Weekly on weekdays at 4:00 AM"),
        ("5 4 1 * *", "Monthly on day 1 at 4:05 AM"),
        ("*/15 * * * *", "Every 15 minutes"),
        ("0 * * * *", "Every hour"),
        ("10 * * * *", "Cron 10 * * * *"),  # cron passes over the hour that the clocks skip, an interval does not
        ("@daily", "Daily at 12:00 AM"),
        ("@hourly", "Every hour"),
        ("@weekly", "Weekly on Sunday at 12:00 AM"),
        ("@monthly", "Monthly on day 1 at 12:00 AM"),
        ("@yearly", "Cron 0 0 1 1 *"),
        ("0 4 1,15 * 5", "Cron 0 4 1,15 * 5"),
        ("*/7 * * * *", "Cron */7 * * * *"),
        ("0 4 * 6 *", "Cron 0 4 * 6 *"),
    ],
)
def test_a_cron_becomes_a_phrase_where_the_year_is_the_same(cron: str, phrase: str) -> None:
    [job] = taken_over(f"{cron} true\n").jobs

    assert (job.proof.phrase, job.proof.is_equal) == (phrase, True)


def test_which_phrase_is_right_depends_on_the_zone() -> None:
    phrases = {
        zone: [job.proof.phrase for job in taken_over("10 * * * * a\n20,40 */6 * * * b\n", zone=ZoneInfo(zone)).jobs]
        for zone in ("UTC", "Australia/Lord_Howe")
    }

    assert phrases == {
        "UTC": ["Every hour at :10", "Cron 20,40 */6 * * *"],
        "Australia/Lord_Howe": ["Cron 10 * * * *", "Cron 20,40 */6 * * *"],
    }


def test_what_is_set_holds_for_the_lines_below() -> None:
    made = taken_over(
        "0 1 * * * first\nSHELL=/bin/bash\nPATH = /usr/bin:/bin\nGREETING='Hi ${NAME}'\nHOME=/srv\nRANDOM_DELAY=5\n"
        "CRON_TZ=America/New_York\n0 1 * * * second\n"
    )

    first, second = config_of(made).jobs.values()
    assert first.command is not None
    assert second.command is not None
    assert (first.command.words, first.command.directory, dict(first.command.environment)) == ("first", "/home/me", {})
    assert second.command.words == ("/bin/bash", "-c", "second")
    assert second.command.directory == "/srv"
    assert dict(second.command.environment) == {"PATH": "/usr/bin:/bin", "GREETING": "Hi ${NAME}"}
    assert (str(first.zone), str(second.zone)) == ("Europe/Riga", "America/New_York")
    assert (str(second.jitter), second.overlap, second.missed) == ("0:05:00", "allow", "skip")
    assert made.is_whole


def test_what_stands_behind_a_percent_sign_is_the_commands_input() -> None:
    job = only_job("0 1 * * * mail -s 'a b' me%Dear me,%50\\% off\n")

    assert job.command is not None
    assert job.command.words == "printf '%s\\n' 'Dear me,' '50% off' | ( mail -s 'a b' me )"


def test_the_systems_crontab_has_users() -> None:
    made = taken_over("17 * * * * root cd / && run-parts /etc/cron.hourly\n", system=True)

    [job] = config_of(made).jobs.values()
    assert job.command is not None
    assert (job.name, job.command.words) == ("run-parts", "cd / && run-parts /etc/cron.hourly")
    assert [line.removeprefix("tab:1: run-parts: ") for line in reports(made)][:2] == [
        "cron runs it as root, aperture as the user who starts aperture",
        "cron runs it in the home of root: write that as its directory",
    ]


def test_what_cannot_be_taken_over_is_told_with_its_line() -> None:
    made = taken_over("\n\nMAILTO=me@example.org\n0 25 * * * late\nnonsense\n0 1 * * * ok\n")

    assert not made.is_whole
    assert list(reports(made))[:3] == [
        'tab:4: not taken over: "25" is no hour; expected 0 to 23 (0 25 * * * late)',
        "tab:5: not taken over: this is no line of a crontab (nonsense)",
        "tab:6: ok: what jobs write is not sent to me@example.org: aperture logs JOB shows it",
    ]


def test_what_runs_at_the_boot_of_the_machine_runs_at_start() -> None:
    made = taken_over("@reboot /usr/bin/start\n")

    [job] = config_of(made).jobs.values()
    assert job.schedule == AtStart()
    assert not made.is_whole
    assert list(reports(made))[:2] == [
        "tab:1: start: cron runs it when the machine boots, aperture each time the first loop on its store begins",
        "tab:1: start: at start is as near as it comes: the source's own times cannot be known beforehand",
    ]


def test_two_lines_for_one_command_become_one_job_with_two_schedules() -> None:
    lines = "30 8 * * 1-5 /usr/bin/scan\n0 3 * * * /usr/bin/other\n0 10 * * 6,0 /usr/bin/scan\n"
    made = taken_over(lines)

    assert made.is_whole
    assert "schedule: weekly on weekdays at 8:30 AM; weekly on weekends at 10:00 AM" in made.text
    assert list(config_of(made).jobs) == ["scan", "other"]


def test_the_same_command_of_two_users_stays_two_jobs() -> None:
    made = taken_over("30 8 * * * root /usr/bin/scan\n0 10 * * * www /usr/bin/scan\n", system=True)

    assert len(config_of(made).jobs) == 2


def test_an_empty_crontab_makes_a_file_without_jobs() -> None:
    assert "schedules" not in taken_over("# nothing here\n").text


def test_names_come_of_the_programs_and_are_unique() -> None:
    assert name_of("FOO=1 /usr/bin/env python3 /opt/a-b.py > x", "job") == "a-b"
    assert name_of("cd '/srv' && sh -c ./x_1.sh", "job") == "x_1"
    assert name_of("!!!", "job") == "job"
    assert unique_names(["a", "a", "ä ö", "a-2", "x" * 70], "job") == ["a", "a-2", "job", "a-2-2", "x" * 64]


@settings(max_examples=30, deadline=None)
@given(
    crons(),
    st.sampled_from([(datetime(2026, 3, 25, tzinfo=UTC), RIGA), (datetime(2026, 10, 28, tzinfo=UTC), NEW_YORK)]),
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=20),
)
def test_every_cron_runs_when_cronsim_runs_it_and_every_command_is_what_it_was(
    cron: Cron, begin: tuple[datetime, ZoneInfo], said: str
) -> None:
    command = f"echo {said.replace('%', '')}".strip()
    since, zone = begin
    found = read_crontab({"tab": f"{cron.expression} {command}\n"}, has_users=False, home="/")

    proofs = [proved(entry, zone, since=since, until=since + timedelta(days=8)) for entry in found.entries]

    assert len(found.entries) + len(found.left) == 1
    assert all(proof.is_equal for proof in proofs)
    assert {entry.keys["command"] for entry in found.entries} <= {command}


@settings(max_examples=40, deadline=None)
@given(st.text(min_size=1, max_size=40), st.text(max_size=20))
def test_whatever_a_command_is_made_of_it_is_written_so_that_it_reads_the_same(command: str, value: str) -> None:
    entry = ForeignJob(
        place="tab:1",
        name=command,
        phrases=("Daily at 2:00 AM",),
        dues=lambda since, until, zone: iter(()),
        keys={"command": ["sh", command], "environment": {"A": value}},
    )
    found = Found(scheduler="cron", entries=(entry,))

    made = imported(found, files=["tab"], local_zone=ZoneInfo("UTC"), now=NOW)

    if made.left:
        assert "a character that cannot be seen" in made.left[0].reason
        return
    [job] = config_of(made).jobs.values()
    assert job.command is not None
    assert job.command.words == ("sh", command)
    assert dict(job.command.environment) == {"A": value}


def test_what_a_line_leaves_in_the_background_lives_on_as_under_cron() -> None:
    texts = {"crontab": "0 3 * * * ./server &\n0 4 * * * nohup ./x\n0 5 * * * a && b >&2 2>&1 | c\n"}

    found = read_crontab(texts, has_users=False, home="/home/ana")

    assert [entry.keys.get("background") for entry in found.entries] == ["leave", "leave", None]


def test_a_user_may_stand_behind_a_tab() -> None:
    made = taken_over("0\t*\t*\t*\t*\troot\tnewsyslog\n1 * * * * root\n", system=True)

    [job] = made.jobs
    assert job.entry.keys["command"] == "newsyslog"
    assert "cron runs it as root, aperture as the user who starts aperture" in job.entry.notes
    assert [left.reason for left in made.left] == ["a user without a command stands behind its times"]


@pytest.mark.parametrize("delay", ["9" * 5000, "²", "-5", "soon"])
def test_a_random_delay_that_is_none_is_passed_over(delay: str) -> None:
    found = read_crontab({"cron": f"RANDOM_DELAY={delay}\n0 1 * * * first\n"}, has_users=False, home="/")

    assert [entry.keys.get("jitter") for entry in found.entries if isinstance(entry, ForeignJob)] == [None]
