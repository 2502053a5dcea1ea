"""`aperture plan`."""

from __future__ import annotations

import subprocess
from xml.etree import ElementTree

import pytest

from aperture_plugin.testing import World
from tests.cli.conftest import Shell

NIGHT = (
    "timezone: Europe/Riga\nschedules:\n  scan: daily at 2:00 AM\n  embed:\n    schedule: daily at 3:30 AM\n"
    "    needs: scan\n  backup: daily at 4:00 AM\n"
)
SPAN = ("--from", "2026-03-28 8 PM", "--days", "1")


def test_a_timeline_has_a_row_a_job_and_a_mark_where_clocks_change(world: World, shell: Shell) -> None:
    world.write(NIGHT)

    lines = shell("plan", *SPAN, "--duration", "30m").lines

    assert lines[0] == "Saturday 28 March 2026, Europe/Riga"
    assert [line.split()[0] for line in lines[3:6]] == ["scan", "embed", "backup"]
    assert "┊" in lines[3]
    assert lines[6] == "┊ the clocks go forward by 1 h, from 3:00 AM to 4:00 AM"
    assert "  backup  1 of 1 run  30 min  Sun 4:00 AM  its turn in queue default, which runs 1 at once" in lines
    assert "  scan → embed  ready Sun 4:30 AM" in lines


def test_json_has_runs_waits_collisions_chains_and_clock_changes(world: World, shell: Shell) -> None:
    world.write(NIGHT)

    found = shell("plan", *SPAN, "--duration", "scan=45 minutes", "--format", "json").json

    assert [(run["job"], run["starts_at"], run["wait"]) for run in found["runs"]] == [
        ("scan", "2026-03-29T02:00:00+02:00", 0.0),
        ("embed", "2026-03-29T04:00:00+03:00", 0.0),
        ("backup", "2026-03-29T04:05:00+03:00", 300.0),
    ]
    assert [[job["job"] for job in one["jobs"]] for one in found["collisions"]] == [["embed", "backup"]]
    assert [(one["job"], one["steps"]) for one in found["chains"]] == [("embed", ["scan", "embed"])]
    assert [one["wall_from"] for one in found["clock_changes"]] == ["2026-03-29T03:00"]
    assert found["durations"][0] == {"job": "scan", "typical": 2700.0, "slow": 2700.0, "measured": 0}


def test_measured_durations_come_from_the_history(world: World, shell: Shell) -> None:
    world.durations["scan"] = "20 minutes"
    world.write(NIGHT).start(at="2026-01-10 00:00").advance("5 days").stop()

    found = shell("plan", "--days", "1", "--job", "scan", "--format", "json").json

    assert found["known"] is True
    assert found["durations"] == [{"job": "scan", "typical": 1200.0, "slow": 1200.0, "measured": 5}]


def test_a_picture_and_a_calendar_are_written_beside_what_is_shown(world: World, shell: Shell) -> None:
    world.write(NIGHT)

    answer = shell("plan", *SPAN, "--svg", "plan.svg", "--ics", "plan.ics")

    assert answer.err.splitlines() == ["wrote plan.svg", "wrote plan.ics"]
    svg = (world.folder / "plan.svg").read_text(encoding="utf-8")
    assert ElementTree.fromstring(svg).tag.endswith("svg")
    assert "prefers-color-scheme: dark" in svg
    assert (world.folder / "plan.ics").read_text(encoding="utf-8").count("BEGIN:VEVENT") == 3


def test_a_stagger_is_a_patch_on_stdout_and_what_it_does_on_stderr(world: World, shell: Shell) -> None:
    world.write(NIGHT)

    answer = shell("plan", *SPAN, "--stagger")
    subprocess.run(("patch", "-p0", "-s"), cwd=world.folder, input=answer.out.encode(), check=True)

    assert answer.err.splitlines() == [
        "backup: Daily at 4:00 AM → Daily at 4:05 AM",
        "1 collision → 0; waiting 5 min → none",
    ]
    assert shell("plan", *SPAN, "--stagger").out == ""


@pytest.mark.parametrize(
    "words",
    [
        ("--job", "nope"),
        ("--until", "2026-03-30", "--days", "1"),
        ("--from", "2026-03-30", "--until", "2026-03-29"),
        ("--from", "2026-03-30", "--until", "2027-03-29"),
        ("--duration", "often"),
        ("--duration", "nope=5m"),
        ("--from", "later"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_meant_exits_with_2(words: tuple[str, ...], world: World, shell: Shell) -> None:
    world.write(NIGHT)

    answer = shell("plan", *words)

    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("error: ")
