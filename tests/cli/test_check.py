"""`aperture check`, format by format."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from aperture_plugin.cli import cli
from aperture_plugin.config.checks.lint import all_lints
from aperture_plugin.config.checks.problem_codes import CODES
from aperture_plugin.testing import World
from tests.cli.conftest import Answer, Shell

BAD = "schedules:\n  embeddings:\n    type: weekly\n    day: saterday\n    time: 3:00 AM\n    command: 'true'\n"
GOOD = BAD.replace("saterday", "saturday")
DOUBTFUL = "schedules:\n  once-only:\n    schedule: once at 2020-01-01 6 PM\n    command: 'true'\n"


def test_a_problem_is_shown_with_its_line_and_what_to_do(world: World, shell: Shell) -> None:
    world.write(BAD)

    answer = shell("check")

    assert answer.code == 1
    assert answer.lines[1:3] == ["    4 |     day: saterday", "      |          ^^^^^^^^"]
    assert answer.lines[0].startswith("schedules.yaml:4:10: error: ")
    assert answer.lines[-1] == "schedules.yaml is not valid: 1 job, 1 error"
    assert answer.err == ""


def test_a_good_file_says_so(world: World, shell: Shell) -> None:
    world.write(GOOD)

    assert shell("check") == Answer(0, "schedules.yaml is valid: 1 job, no problems\n", "")


def test_the_json_shape_is_the_contract_s(world: World, shell: Shell) -> None:
    world.write(BAD)

    answer = shell("check", "schedules.yaml", "--format", "json")

    assert answer.code == 1
    [problem] = answer.json["problems"]
    assert {key: answer.json[key] for key in ("file", "valid", "jobs")} == {
        "file": "schedules.yaml",
        "valid": False,
        "jobs": 1,
    }
    assert set(problem) == {"severity", "code", "message", "hint", "file", "line", "column", "job"}
    assert (problem["severity"], problem["code"], problem["line"], problem["column"]) == ("error", "unknown-day", 4, 10)


def test_every_code_is_listed_with_what_it_tells(shell: Shell) -> None:
    answer = shell("check", "not-there.yaml", "--codes")

    assert answer.code == 0
    assert [line.split(maxsplit=1) for line in answer.lines] == [[code, told] for code, told in CODES.items()]


def test_what_the_file_silences_is_not_warned_of(world: World, shell: Shell) -> None:
    monthly = "schedules:\n  backup:\n    schedule: monthly on day 31 at 1 AM\n    command: 'true'\n"
    world.write(monthly)
    assert shell("check", "--strict").code == 1

    world.write(f"lint:\n  ignore: short-month\n{monthly}")

    assert shell("check", "--strict").code == 0


def test_a_command_that_wants_the_configuration_does_not_look_for_warnings(
    world: World, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.write(GOOD)
    asked: list[object] = []
    monkeypatch.setattr(all_lints, "lint", lambda config, *_, **__: asked.append(config))

    assert (shell("next").code, len(asked)) == (0, 0)
    assert (shell("check").code, len(asked)) == (0, 1)


def test_warnings_fail_only_where_they_are_meant_to(world: World, shell: Shell) -> None:
    world.write(DOUBTFUL)

    assert shell("check").code == 0
    assert shell("check", "--strict").code == 1
    assert shell("check", "--format", "json").json["valid"] is True


def test_github_shows_a_problem_beside_its_line(world: World, shell: Shell) -> None:
    world.write(BAD)

    first = shell("check", "--format", "github").lines[0]

    assert first.startswith("::error file=schedules.yaml,line=4,col=10,endColumn=18,title=unknown-day::")
    assert "%0Ahint: " in first


def test_gitlab_knows_an_issue_again_when_it_has_moved(world: World, shell: Shell) -> None:
    world.write(BAD)
    [before] = shell("check", "--format", "gitlab").json
    world.write("# a line above\n" + BAD)

    [after] = shell("check", "--format", "gitlab").json

    assert (before["location"]["lines"]["begin"], after["location"]["lines"]["begin"]) == (4, 5)
    assert before["fingerprint"] == after["fingerprint"]
    assert (before["check_name"], before["severity"]) == ("unknown-day", "major")


def test_sarif_points_at_the_characters(world: World, shell: Shell) -> None:
    world.write(BAD)

    log = shell("check", "--format", "sarif").json

    [run] = log["runs"]
    [result] = run["results"]
    assert log["version"] == "2.1.0"
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "unknown-day"
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "schedules.yaml"},
        "region": {"startLine": 4, "startColumn": 10, "endColumn": 18},
    }


@pytest.mark.parametrize(("text", "failures"), [(BAD, 1), (GOOD, 0), (DOUBTFUL, 0)])
def test_junit_counts_errors_as_failures(world: World, shell: Shell, text: str, failures: int) -> None:
    world.write(text)

    suites = ElementTree.fromstring(shell("check", "--format", "junit").out)

    assert suites.attrib["failures"] == str(failures)
    assert len(suites.findall("*/testcase/failure")) == failures
    assert len(suites.findall("*/testcase")) >= 1


def test_names_are_held_against_a_manifest_without_importing_the_host(world: World, shell: Shell) -> None:
    world.write("schedules:\n  library-scan: daily at 2 AM\n  embedings: daily at 3 AM\n")
    (world.folder / "jobs.json").write_text(json.dumps({"jobs": [{"name": "library-scan"}, {"name": "embeddings"}]}))
    hooks = world.folder / "hooks"
    hooks.mkdir()
    (hooks / "host.py").write_text("raise SystemExit('the host was imported')\n")

    answer = shell("check", "--jobs", "jobs.json", "--format", "json")

    [problem] = answer.json["problems"]
    assert (problem["code"], problem["job"]) == ("unknown-job", "embedings")
    assert 'did you mean "embeddings"?' in problem["hint"]


def test_a_plugin_that_cannot_be_loaded_is_a_problem_beside_the_file_s_own(world: World, shell: Shell) -> None:
    world.write(BAD)
    hooks = world.folder / "hooks"
    hooks.mkdir()
    (hooks / "host.py").write_text("import nothing_of_that_name\n")

    answer = shell("check", "--format", "json")

    assert [problem["code"] for problem in answer.json["problems"]] == ["plugin", "unknown-day"]
    assert answer.code == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "jobs.json is not there"),
        ("{", "jobs.json is not JSON"),
        ("{}", 'jobs.json: this is no manifest: it has no list "jobs"'),
    ],
)
def test_what_is_no_manifest_is_wrong_usage(world: World, shell: Shell, content: str | None, said: str) -> None:
    world.write(GOOD)
    if content is not None:
        (world.folder / "jobs.json").write_text(content)

    answer = shell("check", "--jobs", "jobs.json")

    assert answer.code == 2
    assert answer.err.startswith(f"error: {said}")


def test_a_manifest_that_was_printed_is_read(world: World, shell: Shell) -> None:
    hooks = world.folder / "hooks"
    hooks.mkdir()
    (hooks / "host.py").write_text(
        "from aperture_plugin import Job, hookimpl\n\n"
        "@hookimpl\ndef aperture_jobs():\n    yield Job('scan', print, title='Scan')\n"
    )
    world.write("schedules:\n  scan: daily at 2 AM\n")
    (world.folder / "jobs.json").write_text(shell("manifest").out)
    (hooks / "host.py").unlink()

    assert shell("check", "--jobs", "jobs.json", "--strict").code == 0


def test_where_auto_has_picked_no_preset_the_jobs_of_all_are_counted(world: World, shell: Shell) -> None:
    world.write(
        "preset: auto\npresets:\n  small:\n    items: under 500\n    schedules:\n      scan: daily at 2 AM\n"
        "  large:\n    items: 500 and over\n    schedules:\n      scan: daily at 1 AM\n      embed: after scan\n"
        "schedules:\n  sync: every hour\n"
    )

    assert shell("check", "--format", "json").json["jobs"] == 3


def test_no_code_is_imported_where_that_is_asked_for(world: World, shell: Shell) -> None:
    (world.folder / "hooks").mkdir()
    (world.folder / "hooks" / "x.py").write_text("raise SystemExit('imported')\n")
    (world.folder / "schedules.yaml").write_text("schedules:\n  scan: daily at 2 AM\n")

    answer = shell("check", "--no-plugins")
    contradicting = shell("check", "--no-plugins", "--plugin", "x")

    assert answer.code == 0
    assert shell("check").code == 1
    assert (contradicting.code, contradicting.err.splitlines()[0]) == (
        2,
        "error: --no-plugins and --plugin contradict each other",
    )


def test_a_problem_of_a_plugin_stands_at_its_own_line(world: World, shell: Shell) -> None:
    (world.folder / "hooks").mkdir()
    (world.folder / "hooks" / "x.py").write_text("import json\n\nraise ValueError('no library here')\n")
    (world.folder / "schedules.yaml").write_text("schedules:\n  scan: daily at 2 AM\n  sync: daily at 3 AM\n")

    answer = shell("check", "--format", "json")

    [problem] = answer.json["problems"]
    assert (problem["file"], problem["line"], problem["code"]) == ("hooks/x.py", 3, "plugin")
    assert "sync" not in shell("check").out, "the line of the file with that number is not the plugin's"


def test_what_only_strict_refuses_is_told_as_that(world: World, shell: Shell) -> None:
    (world.folder / "schedules.yaml").write_text("schedules:\n  scan: daily at 2 AM\n")

    lenient, strict = shell("check"), shell("check", "--strict")

    assert (lenient.code, strict.code) == (0, 1)
    assert strict.lines[-1] == "--strict: a warning fails it"


def test_a_file_may_come_in_on_stdin(world: World) -> None:
    result = CliRunner().invoke(cli, ["check", "-"], input="schedules:\n  scan: evry hour\n")

    assert result.exit_code == 1
    assert "\nstdin:2:9: error: scan: " in result.stdout


ROCKETS = "executor: rockets\nschedules:\n  a:\n    schedule: daily at 4 AM\n    command: 'true'\n"
PROVIDER = """
from aperture_plugin import hookimpl

class Rockets:
    name = "rockets"

    def start(self, work, report): ...

    def cancel(self, key, reason): ...

    def kill(self, key): ...

    def stop(self, timeout): ...

@hookimpl
def aperture_executor(name):
    return Rockets() if name == "rockets" else None
"""


def test_an_executor_that_nobody_provides_is_told_at_its_place(world: World, shell: Shell) -> None:
    world.write(ROCKETS)

    checked, started = shell("check"), shell("start")

    report = (
        'schedules.yaml:1:11: error: "rockets" is an executor that nobody provides [unknown-executor]\n'
        "    1 | executor: rockets\n"
        "      |           ^^^^^^^\n"
        "   hint: expected threads, processes, celery, or one that a plugin provides by aperture_executor; none of "
        "those found has it (looked for in installed distributions; hooks, which is not there)\n"
    )
    assert (checked.code, checked.out.partition("\n\n")[0] + "\n") == (1, report)
    assert started.code == 1
    assert report in started.out + started.err


def test_an_executor_that_a_plugin_provides_is_one(world: World, shell: Shell) -> None:
    hooks = world.folder / "hooks"
    hooks.mkdir()
    (hooks / "rockets.py").write_text(PROVIDER, encoding="utf-8")
    world.write(ROCKETS)

    assert shell("check").code == 0
    world.write(ROCKETS.replace("rockets", "sledges"))
    assert "asked were hooks/rockets.py" in shell("check").out


def test_an_executor_is_not_judged_where_no_code_is_imported(world: World, shell: Shell) -> None:
    world.write(ROCKETS)

    assert shell("check", "--no-plugins").code == 0
