"""Text from outside through every door: nothing steers a terminal, hides letters or begins a line of its own."""

from __future__ import annotations

import json
import re
from typing import Final
from xml.etree import ElementTree

import pytest

from aperture_plugin.ports import LiveRun
from aperture_plugin.testing import World
from tests.cli.conftest import Shell

HOSTILE: Final = "a\x1b[2J\x9b31m\x07\r\n::error::forged\u2028b\u202ec\u2066d\u200be\u3164f\u061cg\x7fh\ufeffi"
FORBIDDEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff]")
FILE: Final = """\
schedules:
  scan:
    schedule: every hour
    title: "Scan\\n::error::forged\\u202e\\u200b\\u3164"
  sync: after scan
"""
READING: Final = (
    "status", "next", "history", "logs scan", "audit", "doctor", "doctor scan", "show", "show scan", "plan", "preset",
)  # fmt: skip


def bad_in(text: str) -> list[str]:
    return sorted({f"{letter!r}" for letter in FORBIDDEN.findall(text)})


@pytest.fixture
def hostile(world: World) -> World:
    """A store that is full of such text."""

    def fail(run: LiveRun) -> None:
        run.log.info("line %s", HOSTILE)
        raise ValueError(HOSTILE)

    world.write(FILE)
    world.handlers["scan"] = fail
    world.start(at="2026-01-09 22:30").advance("2 hours")
    world.pause("scan", note=HOSTILE)
    world.save("schedules:\n  scan: every hour\n  sync:\n    type: weekly\n    day: '" + "so\u202enday'\n")
    world.kill()
    return world


@pytest.mark.parametrize("words", READING)
@pytest.mark.parametrize("output", ["text", "json"])
def test_a_command_shows_no_letter_that_cannot_be_seen(hostile: World, shell: Shell, words: str, output: str) -> None:
    answer = shell(*words.split(), "--format", output)

    assert bad_in(answer.out) == bad_in(answer.err) == []
    assert not [line for line in (answer.out + answer.err).splitlines() if line.startswith("::error")]
    if output == "json" and answer.out:
        json.loads(answer.out)


def test_json_keeps_every_letter_for_programs(hostile: World, shell: Shell) -> None:
    [run, *_] = shell("history", "--format", "json").json

    assert HOSTILE.splitlines()[-1] in run["error"]


@pytest.mark.parametrize("form", ["text", "json", "github", "gitlab", "sarif", "junit"])
def test_a_report_for_ci_is_not_forged_by_a_file(world: World, shell: Shell, form: str) -> None:
    name = "a\x1b[2J\n::error::forged\u202e.yaml"
    (world.folder / name).write_text(
        'schedules:\n  "sc\\u202ean\\n::error::x": daily at 1 AM\n  b:\n    schedule: daily at "9\\u202e AM"\n'
        '    command: "echo \\u202e \\x1b[2J"\n  c: "so\\x1b[2Jon\\n::error::x"\n',
        encoding="utf-8",
    )

    answer = shell("check", name, "--format", form)

    assert answer.code == 1
    assert bad_in(answer.out) == bad_in(answer.err) == []
    assert not [line for line in answer.lines if line.startswith("::error::")]
    if form == "junit":
        ElementTree.fromstring(answer.out)
    elif form in {"json", "gitlab", "sarif"}:
        json.loads(answer.out)


@pytest.mark.parametrize("words", ["check", "start", "status", "next", "doctor", "diff x"])
def test_the_name_of_a_file_that_is_not_there_forges_no_line(world: World, shell: Shell, words: str) -> None:
    answer = shell(*words.split(), "no\x1b[2J\n::error::file\u202e.yaml")

    assert answer.code == 2
    assert bad_in(answer.out) == bad_in(answer.err) == []
    assert not [line for line in answer.err.splitlines() if line.startswith("::error")]


def test_a_calendar_and_a_picture_have_no_line_of_a_title(hostile: World, shell: Shell) -> None:
    hostile.write(FILE)
    ics = shell("plan", "--ics", "plan.ics")
    svg = shell("plan", "--svg", "plan.svg")

    assert (ics.code, svg.code) == (0, 0), ics.err + svg.err
    calendar = (hostile.folder / "plan.ics").read_bytes().decode()
    assert bad_in(calendar.replace("\r\n", "\n")) == []
    assert all(re.match(r"[A-Z-]+[:;]| ", line) for line in calendar.split("\r\n") if line)
    assert bad_in((hostile.folder / "plan.svg").read_text("utf-8")) == []
