"""A file read again: the same answer as if for the first time, and only what has changed is made anew."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aperture_plugin.config.layers.incremental import forget_readings
from aperture_plugin.config.model import Config, Reading

ReadFile = Callable[..., Reading]
Configure = Callable[..., Config]

LINES = [
    "timezone: Europe/Riga",
    "preset: large",
    "limits:",
    "  tmdb: 40 per 10 seconds",
    "defaults:",
    "  timeout: 4 hours",
    "  limit: tmdb",
    "expect:",
    "  - scan before backup",
    "  - sync ready by 6 AM",
    "presets:",
    "  base:",
    "    schedules:",
    "      scan: daily at 2 AM",
    "      sync: every 30 minutes",
    "  large:",
    "    extends: base",
    "    schedules:",
    "      backup:",
    "        type: weekly",
    "        day: [saturday, sunday]",
    "        time: 3:00 AM",
    "schedules:",
    "  scan:",
    "    needs: [sync]",
    "    params:",
    "      token: ${TOKEN}",
    "  sync:",
    "    schedule: once at 2025-12-24 6:00 PM",
    "  backup:",
    "    time: 4:00 AM",
    "    # a remark",
    "    title: Backup",
]


@st.composite
def edits(draw: st.DrawFn) -> list[list[str]]:
    """Draw the versions of a file that somebody saves one after the other."""
    versions = [LINES]
    for _ in range(draw(st.integers(1, 4))):
        lines = list(versions[-1])
        for _ in range(draw(st.integers(1, 3))):
            place = draw(st.integers(0, len(lines) - 1))
            match draw(st.sampled_from(("take out", "double", "remark", "swap", "change"))):
                case "take out":
                    del lines[place]
                case "double":
                    lines.insert(place, lines[place])
                case "remark":
                    lines.insert(place, draw(st.sampled_from(("", "# remark", "      # remark"))))
                case "swap":
                    lines[place], lines[-1] = lines[-1], lines[place]
                case "change":
                    lines[place] = draw(st.sampled_from(LINES))
            lines = lines or [""]
        versions.append(lines)
    versions.append(LINES)
    return versions


def what(reading: Reading) -> tuple[Any, ...]:
    return reading.problems, reading.config, reading.state, reading.job_count


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits(), st.booleans())
def test_a_file_read_again_says_what_it_says_when_read_for_the_first_time(
    read_file: ReadFile, versions: list[list[str]], token: bool
) -> None:
    forget_readings()
    environ = {"TOKEN": "x"} if token else {}

    again = [what(read_file("\n".join(lines), environ=environ)) for lines in versions]

    for lines, said in zip(versions, again, strict=True):
        forget_readings()
        assert said == what(read_file("\n".join(lines), environ=environ))


def test_a_job_whose_words_did_not_change_is_the_same_object(configure: Configure) -> None:
    before = configure("schedules:\n  scan: daily at 2 AM\n  backup: daily at 3 AM\n")

    after = configure("schedules:\n  scan: daily at 2 AM\n  backup: daily at 4 AM\n")

    assert after.jobs["scan"] is before.jobs["scan"]
    assert after.jobs["backup"] != before.jobs["backup"]


def test_a_job_below_a_line_that_was_added_knows_its_new_place(configure: Configure) -> None:
    before = configure("schedules:\n  scan: daily at 2 AM\n  backup: daily at 3 AM\n")

    after = configure("schedules:\n  scan: daily at 2 AM\n\n  sync: manual\n  backup: daily at 3 AM\n")

    assert (before.jobs["backup"].place.line, before.jobs["backup"].order) == (3, 1)
    assert (after.jobs["backup"].place.line, after.jobs["backup"].order) == (5, 2)
    assert after.jobs["backup"].schedule is before.jobs["backup"].schedule


def test_a_new_zone_or_new_defaults_reach_jobs_whose_words_did_not_change(configure: Configure) -> None:
    text = "timezone: {}\ndefaults:\n  timeout: {}\nschedules:\n  scan: daily at 2 AM\n"
    configure(text.format("UTC", "1 hour"))

    moved, slower = configure(text.format("Asia/Tokyo", "1 hour")), configure(text.format("UTC", "2 hours"))

    assert moved.jobs["scan"].zone.key == "Asia/Tokyo"
    assert slower.jobs["scan"].timeout != moved.jobs["scan"].timeout


def test_what_a_variable_holds_now_is_read_at_every_reading(configure: Configure) -> None:
    text = "schedules:\n  scan:\n    schedule: manual\n    params:\n      token: ${TOKEN}\n"

    tokens = [configure(text, environ={"TOKEN": token}).jobs["scan"].params["token"] for token in ("old", "new")]

    assert tokens == ["old", "new"]


def test_plugins_that_come_and_go_are_noticed_though_the_file_did_not_change(read_file: ReadFile) -> None:
    def codes(known: Collection[str]) -> list[str]:
        return [problem.code for problem in read_file("schedules:\n  scan: manual\n", known_jobs=known).problems]

    assert [codes(["scan"]), codes([]), codes(["scan"])] == [[], ["unknown-job"], []]


def test_words_that_were_a_schedule_elsewhere_are_told_where_they_are_none(read_file: ReadFile) -> None:
    """What the same words said before is remembered; what lower layers add to them still counts."""
    words = "    type: daily\n    time: 2 AM\n"
    good = read_file(f"schedules:\n  scan:\n{words}  backup:\n{words}")
    bad = read_file(
        f"preset: a\npresets:\n  a:\n    schedules:\n      scan:\n        schedule: every hour\n"
        f"schedules:\n  scan:\n    time: 2 AM\n  backup:\n{words}    day: sunday\n"
    )

    assert good.config is not None
    assert good.config.jobs["scan"].schedule is good.config.jobs["backup"].schedule
    assert [(problem.code, problem.place.line) for problem in bad.problems] == [
        ("key-of-other-type", 9),
        ("key-of-other-type", 13),
    ]
