"""Reports of `aperture check`, held against what reads them; and several files at once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from junitparser import JUnitXml

from aperture_plugin.app.check import Checked
from aperture_plugin.cli.formats.github import annotation
from aperture_plugin.cli.formats.gitlab import issues
from aperture_plugin.cli.formats.junit import junit
from aperture_plugin.cli.formats.sarif import sarif
from aperture_plugin.config.problems import Place, Problem, Severity
from aperture_plugin.testing import World
from aperture_plugin.words.plain_text import plain
from tests.cli.conftest import Shell

COMMAND: Final = "    command: 'true'\n"
BAD: Final = f"schedules:\n  embeddings:\n    type: weekly\n    day: saterday\n    time: 3:00 AM\n{COMMAND}"
GOOD: Final = BAD.replace("saterday", "saturday")
DOUBTFUL: Final = f"schedules:\n  once-only:\n    schedule: once at 2020-01-01 6 PM\n{COMMAND}"

# As OASIS publishes it: docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json
SARIF: Final = Draft7Validator(json.loads(Path(__file__).with_name("sarif-2.1.0.json").read_text()))

LETTERS = st.characters(exclude_categories=["Cs"]) | st.sampled_from(":,%\r\n\0<&>]'\"\x85\u2028\ufffe")
TEXTS = st.text(LETTERS, max_size=20)


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    return Problem(
        severity=draw(st.sampled_from(Severity)),
        code=draw(st.sampled_from(["unknown-day", "short-month", "host:own-code"])),
        message=draw(TEXTS),
        hint=draw(TEXTS),
        file=draw(st.sampled_from(["schedules.yaml", "a b/é,:%.yaml", "../beside.yaml"])),
        place=Place(draw(st.integers(1, 9)), draw(st.integers(1, 9)), draw(st.integers(1, 9))),
        job=draw(st.none() | TEXTS),
    )


def checked(found: list[Problem]) -> Checked:
    return Checked(file="schedules.yaml", text="x: y\n" * 4, jobs=1, problems=tuple(found), config=None)


def unescaped(text: str) -> str:
    """Return *text* as GitHub's runner reads it."""
    for code, letter in ("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%"):
        text = text.replace(code, letter)
    return text


@given(st.lists(problems()))
def test_sarif_is_what_its_official_schema_asks_for(found: list[Problem]) -> None:
    log = json.loads(json.dumps(sarif([checked(found), checked(found[:1])])))

    assert [error.message for error in SARIF.iter_errors(log)] == []
    [run] = log["runs"]
    assert len(run["results"]) == len(found) + len(found[:1])
    assert all(run["tool"]["driver"]["rules"][one["ruleIndex"]]["id"] == one["ruleId"] for one in run["results"])


@given(problems())
def test_github_reads_an_annotation_as_it_was_meant(problem: Problem) -> None:
    line = annotation(problem)

    found = re.fullmatch(r"::(error|warning) ([^:\r\n]*)::([^\r\n]*)", line)
    assert found is not None
    properties = dict(pair.split("=", 1) for pair in found[2].split(","))
    assert unescaped(properties["file"]) == plain(problem.file)
    assert (properties["line"], properties["col"]) == (str(problem.place.line), str(problem.place.column))
    whose = "" if problem.job is None else f"{problem.job}: "
    assert unescaped(found[3]) == plain(f"{whose}{problem.message}\nhint: {problem.hint}")


@given(st.lists(problems()), st.integers(1, 3))
def test_no_two_issues_of_gitlab_have_one_fingerprint(found: list[Problem], times: int) -> None:
    report = issues([checked(found * times)])

    assert len({issue["fingerprint"] for issue in report}) == len(report)
    for issue in report:
        assert {"description", "check_name", "fingerprint", "severity", "location"} <= issue.keys()
        assert issue["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert issue["location"]["lines"]["begin"] >= 1
        assert not issue["location"]["path"].startswith("./")


@given(st.lists(problems()))
def test_junit_is_read_back_with_the_numbers_it_tells(found: list[Problem]) -> None:
    report = JUnitXml.fromstring(junit([checked(found)]).encode())

    [suite] = report
    assert (report.tests, report.failures) == (len(list(suite)), sum(problem.is_error for problem in found))
    assert sum(bool(case.result) for case in suite) == report.failures


@pytest.mark.parametrize("form", ["json", "sarif", "gitlab", "junit", "github", "text"])
def test_each_format_names_several_files_by_relative_path(world: World, shell: Shell, form: str) -> None:
    world.write(GOOD)
    below = world.folder / "below"
    below.mkdir()
    (below / "schedules.yaml").write_text(BAD)

    answer = shell("check", "schedules.yaml", str(below / "schedules.yaml"), "--format", form)

    assert answer.code == 1
    assert "below/schedules.yaml" in answer.out
    assert str(world.folder) not in answer.out
    assert set(paths_in(form, answer.out)) <= {"schedules.yaml", "below/schedules.yaml"}


def paths_in(form: str, out: str) -> Iterator[str]:
    """Yield the files that a report names."""
    if form == "json":
        yield from (one["file"] for one in json.loads(out))
    elif form == "gitlab":
        yield from (one["location"]["path"] for one in json.loads(out))
    elif form == "sarif":
        for result in json.loads(out)["runs"][0]["results"]:
            yield result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    elif form == "junit":
        yield from (case.attrib["classname"] for case in ElementTree.fromstring(out).iter("testcase"))
    else:
        yield from re.findall(r"^(\S+?)(?::\d+:\d+: error| is )", out, re.MULTILINE)


def test_several_files_are_summed_up_at_the_end(world: World, shell: Shell) -> None:
    world.write(GOOD)
    (world.folder / "b.yaml").write_text(BAD)
    (world.folder / "c.yaml").write_text(DOUBTFUL)

    answer = shell("check", "schedules.yaml", "b.yaml", "c.yaml")

    assert answer.code == 1
    assert answer.lines[0] == "schedules.yaml is valid: 1 job, no problems"
    assert answer.lines[-2:] == [
        "c.yaml is valid: 1 job, 1 warning",
        "3 files, 1 not valid: 3 jobs, 1 error, 1 warning",
    ]


def test_one_file_is_an_object_and_several_are_a_list(world: World, shell: Shell) -> None:
    world.write(GOOD)

    one = shell("check", "schedules.yaml", "--format", "json").json
    folder = shell("check", ".", "--format", "json").json
    twice = shell("check", "schedules.yaml", "./schedules.yaml", "--format", "json").json

    assert one["valid"] is True
    assert folder == twice == [one]


def test_a_folder_stands_for_each_schedules_yaml_below_it(world: World, shell: Shell) -> None:
    world.write(GOOD)
    for name in ("a", "b", ".hidden", "node_modules/x"):
        (world.folder / name).mkdir(parents=True)
        (world.folder / name / "schedules.yaml").write_text(GOOD)
    (world.folder / "a" / "compose.yaml").write_text("services: {}\n")

    answer = shell("check", ".", "--format", "json")

    assert [one["file"] for one in answer.json] == ["schedules.yaml", "a/schedules.yaml", "b/schedules.yaml"]


def test_a_folder_without_one_stands_for_its_yaml_files(world: World, shell: Shell) -> None:
    folder = world.folder / "many"
    folder.mkdir()
    (folder / "east.yaml").write_text(GOOD)
    (folder / "west.yml").write_text(BAD)

    answer = shell("check", "many", "--format", "json")

    assert [(one["file"], one["valid"]) for one in answer.json] == [("many/east.yaml", True), ("many/west.yml", False)]
    assert answer.code == 1


def test_a_folder_without_any_is_wrong_usage(world: World, shell: Shell) -> None:
    (world.folder / "empty").mkdir()

    answer = shell("check", "empty")

    assert (answer.code, answer.err.splitlines()[0]) == (2, "error: there is no schedules.yaml in the folder empty")


def test_one_file_that_is_not_there_is_wrong_usage_whatever_the_others_are(world: World, shell: Shell) -> None:
    world.write(BAD)

    answer = shell("check", "schedules.yaml", "schedule.yaml")

    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("error: schedule.yaml is not there")


def test_each_file_is_checked_with_the_plugins_beside_it(world: World, shell: Shell) -> None:
    for name in ("east", "west"):
        hooks = world.folder / name / "hooks"
        hooks.mkdir(parents=True)
        (hooks / "host.py").write_text(
            "from aperture_plugin import Job, hookimpl\n\n"
            f"@hookimpl\ndef aperture_jobs():\n    yield Job('{name}', print)\n"
        )
        (world.folder / name / "schedules.yaml").write_text("schedules:\n  east: every hour\n")

    east, west = shell("check", ".", "--format", "json").json

    assert (east["valid"], west["valid"]) == (True, False)
    assert [problem["code"] for problem in west["problems"]] == ["unknown-job"]


def test_strict_holds_for_each_of_several(world: World, shell: Shell) -> None:
    world.write(GOOD)
    (world.folder / "b.yaml").write_text(DOUBTFUL)

    codes = [shell("check", "schedules.yaml", "b.yaml", *more).code for more in ([], ["--strict"])]

    assert codes == [0, 1]


def test_no_plugin_is_imported_with_a_manifest(world: World, shell: Shell, tmp_path: Path) -> None:
    world.write("schedules:\n  scan: every hour\n")
    hooks = world.folder / "hooks"
    hooks.mkdir()
    (hooks / "host.py").write_text(f"open({str(tmp_path / 'imported')!r}, 'w')\n")
    (world.folder / "jobs.json").write_text('["scan"]')

    assert shell("check", "--jobs", "jobs.json").code == 0
    assert not (tmp_path / "imported").exists()


@pytest.mark.parametrize(
    "content",
    ["", "\x00", "[[]]", '{"jobs": {}}', '{"jobs": [1]}', '"x"', "1", "null", '{"jobs": [{"name": 1}]}', "[" * 100_000],
)
def test_whatever_is_no_manifest_is_told_and_exits_with_2(world: World, shell: Shell, content: str) -> None:
    world.write(GOOD)
    (world.folder / "jobs.json").write_text(content)

    answer = shell("check", "--jobs", "jobs.json")

    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("error: jobs.json")


def test_a_manifest_of_names_that_no_job_can_have_still_answers(world: World, shell: Shell) -> None:
    manifest: Any = {"jobs": [{"name": "é" * 100, "title": 3, "params": []}]}
    world.write("schedules:\n  scan: every hour\n")
    (world.folder / "jobs.json").write_text(json.dumps(manifest))

    assert shell("check", "--jobs", "jobs.json", "--format", "json").json["problems"][0]["code"] == "unknown-job"
