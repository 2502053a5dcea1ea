"""What the doctor says of the file and of the plugins."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import timedelta

import pytest

from aperture_plugin import Job, hookimpl
from aperture_plugin.config.model import Config
from aperture_plugin.config.problems import Problem
from aperture_plugin.plugins.plugin_problems import PluginError, PluginProblem
from aperture_plugin.plugins.registry import Plugins
from aperture_plugin.testing import World
from aperture_plugin.words.schedules import Interval
from tests.app.doctor.looking import look, look_at

FILE = "schedules:\n  scan: every hour\n  sync:\n    schedule: daily at 5 AM\n    command: 'true'\n"


class Library:
    @hookimpl
    def aperture_jobs(self) -> Iterable[Job]:
        yield Job("scan", lambda run: None)


@pytest.fixture(autouse=True)
def _in_its_folder(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(world.folder)


def save_at(world: World, text: str, *, seconds_ago: float) -> None:
    world.write(text)
    saved = world.clock.now().timestamp() - seconds_ago
    os.utime(world.file, (saved, saved))


# ── the file ──


def test_a_valid_file_is_in_force_once_a_loop_starts(world: World) -> None:
    world.write(FILE)

    assert look_at(world, "file") == [("ok", "schedules.yaml is valid: 2 jobs; in force once a loop starts", None)]


def test_the_file_in_force_is_told_with_its_preset(world: World) -> None:
    world.write("preset: home\npresets:\n  home:\n    schedules:\n      scan: every hour\n").start("2026-01-10 01:30")

    assert look_at(world, "file") == [
        ("ok", "schedules.yaml is in force as it was saved, since 1:30 AM: 1 job, preset home", None)
    ]


def test_a_save_that_the_loop_has_not_seen_is_a_problem_once_it_should_have(world: World) -> None:
    world.write(FILE).start("2026-01-10 01:30")

    save_at(world, FILE + "  more: every hour\n", seconds_ago=1)
    fresh = look_at(world, "file")
    save_at(world, FILE + "  more: every hour\n", seconds_ago=600)
    old = look_at(world, "file")

    assert fresh == [("note", "schedules.yaml was saved just now, and not loaded yet", None)]
    assert old == [
        (
            "problem",
            "schedules.yaml is not what is in force: it was saved 1:20 AM, and the loop goes by schedules.yaml as it "
            "was before, since 1:30 AM",
            "touch schedules.yaml",
        )
    ]


def test_a_file_with_mistakes_keeps_a_loop_from_starting(world: World) -> None:
    world.write(FILE.replace("every hour", "every hur"))

    assert look_at(world, "file") == [
        ("problem", "schedules.yaml is refused for 1 error; no loop can start with it", "aperture check"),
        ("problem", 'schedules.yaml:2:15: "hur" is not a number with a unit of time', "scan: every hour"),
    ]


def test_a_refused_save_leaves_the_last_good_file_in_force(world: World) -> None:
    world.write(FILE).start("2026-01-10 01:30")
    world.save(FILE.replace("every hour", "every hur"))

    refused, told = look_at(world, "file", "scan")
    [schedule] = look_at(world, "schedule", "scan")

    assert refused[1] == "schedules.yaml is refused for 1 error; the last good one goes on"
    assert told[1].startswith("schedules.yaml:2:15:")
    assert schedule[1].startswith("Every hour: next run in 30 minutes")


def test_five_problems_are_told_and_check_tells_the_rest(world: World) -> None:
    world.write("schedules:\n" + "".join(f"  job-{number}: sometimes\n" for number in range(8)))

    headline, *each = look_at(world, "file")

    assert (headline[1], len(each)) == ("schedules.yaml is refused for 8 errors; no loop can start with it", 5)


class Strict:
    """A host that does not want its jobs too often."""

    @hookimpl
    def aperture_jobs(self) -> Iterable[Job]:
        yield Job("scan", lambda run: None)

    @hookimpl
    def aperture_lint(self, config: Config) -> Iterable[Problem]:
        if config.jobs["scan"].schedule == Interval(every=timedelta(hours=1)):
            yield config.problem(
                "house/often", message="too often for this house", hint="every 2 hours", job="scan", severity="error"
            )


def test_what_only_the_loops_host_found_fault_with_is_told_in_its_words(world: World) -> None:
    host = World(world.folder, plugins=[Strict()])
    host.write("schedules:\n  scan: every 2 hours\n").start("2026-01-10 01:30")
    accepted = host.save("schedules:\n  scan: every hour\n")

    refused, told = look_at(host, "file")
    host.close()

    assert not accepted
    assert refused == (
        "problem",
        "the loop has refused schedules.yaml (1:30 AM), although it is valid as it is read here; "
        "the last good one goes on",
        "aperture status",
    )
    assert told == ("problem", "schedules.yaml:2:3: too often for this house", "every 2 hours")


def test_a_warning_is_worth_a_note(world: World) -> None:
    world.write("schedules:\n  scan: once at 2020-01-01 10:00\n")

    assert look_at(world, "file")[1] == (
        "note",
        'schedules.yaml has 1 warning; the first: schedules.yaml:2:9: "once at 2020-01-01 10:00" is past',
        "aperture check",
    )


def test_a_job_that_nobody_runs_keeps_the_file_out_of_force_for_all(world: World) -> None:
    world.write("schedules:\n  scan: every hour\n  sccan: every hour\n")

    told = look_at(world, "file", "scan", plugins=(Library(),))

    assert [words for _, words, _ in told] == [
        "schedules.yaml is refused for 1 error; no loop can start with it",
        'schedules.yaml:3:3: "sccan" is not a job that any plugin registers',
    ]


# ── the plugins ──


def test_plugins_that_are_found_are_named(world: World) -> None:
    world.write(FILE)

    assert look_at(world, "plugins", plugins=(Library(),)) == [("ok", "1 plugin found (Library), with 1 job", None)]


def test_no_plugin_is_needed_where_every_job_is_a_command(world: World) -> None:
    world.write("schedules:\n  sync:\n    schedule: daily at 5 AM\n    command: 'true'\n")

    assert look_at(world, "plugins") == [("ok", "no plugin is found, and none is needed", None)]


def test_a_host_that_is_not_seen_from_here_may_run_the_jobs(world: World) -> None:
    world.write(FILE)

    before = look_at(world, "plugins", "scan")
    world.start("2026-01-10 01:30")
    after = look_at(world, "plugins", "scan")

    assert before == [
        (
            "note",
            "no plugin is found from here, so it is unknown who runs the jobs; a host may register them itself",
            "aperture manifest",
        )
    ]
    assert after == [
        ("ok", "it is registered by the host that runs the loop, and by no plugin that is found from here", None)
    ]


def test_a_job_of_a_misspelt_name_is_told_the_nearest(world: World) -> None:
    world.write("schedules:\n  sccan: every hour\n  unlike: every hour\n")

    assert look_at(world, "plugins", "sccan", plugins=(Library(),))[1:] == [
        (
            "problem",
            'no plugin registers a job of that name, and it has no command; did you mean "scan"?',
            "scan:",
        )
    ]
    assert look_at(world, "plugins", "unlike", plugins=(Library(),))[1:] == [
        ("problem", "no plugin registers a job of that name, and it has no command", "aperture manifest")
    ]


def test_a_plugin_that_does_not_load_is_told_and_the_rest_is_looked_at_all_the_same(world: World) -> None:
    world.write(FILE).start("2026-01-10 01:30")

    def load() -> Plugins:
        problem = PluginProblem(
            plugin="hooks/a.py", where="hooks/a.py:1", message="it cannot be imported", hint="mend it"
        )
        raise PluginError([problem])

    plugins = look_at(world, "plugins", "scan", load=load)
    [schedule] = look_at(world, "schedule", "scan", load=load)

    assert plugins == [("problem", "hooks/a.py:1: plugin hooks/a.py: it cannot be imported", "mend it")]
    assert schedule[1].startswith("Every hour: next run in 30 minutes")


def test_a_plugin_whose_jobs_raise_is_told_too(world: World) -> None:
    class Broken:
        @hookimpl
        def aperture_jobs(self) -> Iterable[Job]:
            raise OSError("the disk of the library is gone")

    world.write(FILE)

    [(verdict, words, _)] = look_at(world, "plugins", plugins=(Broken(),))

    assert verdict == "problem"
    assert "the disk of the library is gone" in words


def test_a_file_named_by_its_path_is_named_in_every_line_to_paste(world: World) -> None:
    world.write(FILE.replace("every hour", "every hur"))

    assert look(world)[0].advice == f"aperture check {world.file}"
