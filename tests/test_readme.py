"""The README claims nothing that is not so: its files are read, its commands parsed, its programs run."""

from __future__ import annotations

import importlib
import inspect
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import pytest

from aperture_plugin.cli import COMMANDS, cli
from aperture_plugin.config.checks.problem_codes import CODES, LINTS
from aperture_plugin.config.model import ReadContext, Reading
from aperture_plugin.config.reader import read
from aperture_plugin.config.schema.schema import BESIDE, FILE, SCHEDULE_KEYS, TYPES
from aperture_plugin.plugins.hookspecs import Hooks
from aperture_plugin.words.phrases import phrase_of
from tests.config.test_starter import DEFAULTS

REPOSITORY = Path(__file__).parents[1]
TEXT = (REPOSITORY / "README.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent


def blocks(language: str) -> list[str]:
    """Return the fenced blocks of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def table(heading: str) -> list[list[str]]:
    """Return the cells of the first table below a heading."""
    _, _, below = TEXT.partition(f"\n{heading}\n")
    below, _, _ = below.partition("\n#")
    rows = re.search(r"^\|---.*\n((?:\|.*\n)+)", below, re.MULTILINE)
    assert rows is not None, heading
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in rows[1].splitlines()]


def words_of(cell: str) -> list[str]:
    """Return what stands in backticks in a cell."""
    return re.findall(r"`([^`]+)`", cell)


def read_text(text: str) -> Reading:
    """Read *text* as a schedules.yaml whose plugins register the ten default jobs."""
    return read(
        text,
        ReadContext(
            file="schedules.yaml", environ={}, known_jobs=set(DEFAULTS), local_zone=ZoneInfo("UTC"), starting=True
        ),
    )


def problems_of(text: str) -> list[str]:
    return [f"{problem.place.line}: {problem.message}" for problem in read_text(text).problems]


# ── the two commands ─────────────────────────────────────────────────────────────────────────────


def test_the_readme_begins_with_what_it_is_and_the_two_commands() -> None:
    title, what, *_ = TEXT.split("\n\n")
    main, tests, *_ = blocks("sh")

    assert (title, len(what.splitlines())) == ("# aperture_plugin", 5)
    assert main == "python3 -m venv .venv && .venv/bin/pip install -e . && .venv/bin/aperture start\n"
    assert tests == "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/python -m pytest -n 4\n"
    assert TEXT.index(tests) < TEXT.index("\n## ")


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", TEXT)

    assert [link for link in links if not (REPOSITORY / link).exists()] == []


def headings() -> list[str]:
    """Return the sections and the tasks, in order."""
    return re.findall(r"^#{2,3} (.+)$", re.sub(r"^```.*?^```$", "", TEXT, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)


def anchor(heading: str) -> str:
    """Return what a link to a heading ends in: lower case, dashes for spaces, no punctuation."""
    return "#" + re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def test_the_contents_list_every_task_in_order() -> None:
    grouped = {"Contents", "Schedule jobs", "Watch and operate", "Review changes", "Use it from Python", "Reference"}
    listed = re.findall(r"\[([^\]]+)\]\(#", TEXT.partition("\n## First steps\n")[0])

    assert listed == [heading for heading in headings() if heading not in grouped]


def test_every_link_within_the_page_names_a_heading() -> None:
    anchors = {anchor(heading) for heading in headings()}

    assert [link for link in re.findall(r"\]\((#[^)]+)\)", TEXT) if link not in anchors] == []


# ── the file ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("text", blocks("yaml"))
def test_every_file_that_is_shown_is_valid(text: str) -> None:
    assert problems_of(text) == []


def test_what_a_file_that_is_shown_expects_comes_true() -> None:
    [text] = [block for block in blocks("yaml") if "expect:" in block]
    now = datetime(2026, 1, 10, 12, tzinfo=UTC)

    for zone in ("UTC", "Europe/Riga", "America/New_York"):
        reading = read(
            text,
            ReadContext(
                file="schedules.yaml",
                environ={},
                known_jobs=set(DEFAULTS),
                local_zone=ZoneInfo(zone),
                now=now,
                linting=True,
            ),
        )
        assert [problem.message for problem in reading.problems if problem.is_error] == []


def test_the_preset_that_is_shown_is_laid_under_the_installations_words() -> None:
    [text] = [block for block in blocks("yaml") if "presets:" in block]

    config = read_text(text).config

    assert config is not None
    assert {name: phrase_of(job.schedule) for name, job in config.jobs.items()} == {
        "recommendations": "Weekly on Sunday at 2:30 AM",
        "library-build": "After recommendations",
    }


def test_what_a_newcomer_is_told_to_write_is_valid() -> None:
    starter = (REPOSITORY / "schedules.yaml").read_text(encoding="utf-8")
    [line] = re.findall(r"write `(.+)` below `schedules:`", TEXT)
    [top] = re.findall(r"^schedules:\n", starter, re.MULTILINE)

    assert problems_of(starter.replace(f"\n{top}", f"\n{top}  {line}\n")) == []


def test_the_table_of_schedules_has_every_type_and_its_keys() -> None:
    rows = table("### Schedules")

    assert {words_of(type_)[0]: words_of(keys) for type_, keys, _ in rows} == {
        "daily": ["time"],
        "weekly": ["day", "weekdays", "weekends", "time"],
        "monthly": ["day", "last", "time"],
        "interval": ["hours", "minutes", "seconds", "offset"],
        "cron": ["cron"],
        "once": ["at"],
        "after": ["jobs"],
        "start": ["delay", "unless ran within"],
        "manual": [],
    }
    assert {words_of(type_)[0] for type_, _, _ in rows} == set(TYPES)


@pytest.mark.parametrize("phrase", [phrase for row in table("### Schedules") for phrase in words_of(row[2])])
def test_every_phrase_that_is_shown_is_what_a_display_prints(phrase: str) -> None:
    reading = read_text(f"schedules:\n  discovery: {phrase}\n")

    assert reading.config is not None, reading.problems
    assert phrase_of(reading.config.jobs["discovery"].schedule) == phrase


def test_the_table_of_a_jobs_keys_has_all_of_them() -> None:
    listed = [words_of(row[0])[0] for row in table("### Keys of a job")]

    assert sorted(listed) == sorted([*BESIDE.keys, "schedule"])
    assert SCHEDULE_KEYS & set(listed) == {"schedule"}


@pytest.mark.parametrize(
    ("key", "example"),
    [(words_of(row[0])[0], words_of(row[1])[0]) for row in table("### Keys of a job") if words_of(row[1])],
)
def test_every_example_of_a_jobs_key_can_be_written(key: str, example: str) -> None:
    lines = {
        "limits": "\n  tmdb: 1 per second",
        "calendars": "\n  bank: [every 05-01]",
        "notify": "\n  ops:\n    to: json://localhost",
        "schedules": f"\n  discovery:\n    {key}: {example}",
    }
    beside = "" if key == "schedule" else "\n    schedule: daily at 6:00 AM"
    if key in {"directory", "background"}:
        beside += "\n    command: ls"

    text = "".join(f"{name}:{value}\n" for name, value in lines.items()).rstrip("\n") + beside + "\n"

    assert problems_of(text) == []


def test_the_table_of_the_files_keys_has_all_of_them() -> None:
    assert sorted(words_of(row[0])[0] for row in table("### Keys of the file")) == sorted(FILE.keys)


@pytest.mark.parametrize(
    ("key", "example"),
    [(words_of(row[0])[0], words_of(row[1])[0]) for row in table("### Keys of the file") if words_of(row[1])],
)
def test_every_example_of_a_files_key_can_be_written(key: str, example: str) -> None:
    presets = "presets:\n  medium:\n    schedules:\n      discovery: every hour\n"

    assert problems_of(f"{key}: {example}\n{presets}") == []


def test_the_table_of_warnings_is_made_from_the_codes() -> None:
    assert table("### Warnings") == [[f"`{code}`", CODES[code].removesuffix(" A warning.")] for code in sorted(LINTS)]


# ── commands ─────────────────────────────────────────────────────────────────────────────────────


def command_named(name: str) -> click.Command:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None, name
    return command


def options_of(name: str) -> set[str]:
    return {option for parameter in command_named(name).params for option in parameter.opts} | {"--help"}


def test_the_table_of_commands_has_every_command_in_the_order_of_its_help() -> None:
    assert [words_of(row[0])[0] for row in table("### Commands")] == [
        name for section in COMMANDS.values() for name in section
    ]


@pytest.mark.parametrize(("name", "does"), [(words_of(row[0])[0], row[1]) for row in table("### Commands")])
def test_a_command_has_the_options_that_its_row_names(name: str, does: str) -> None:
    options = [word for word in words_of(does) if word.startswith("-")]

    assert set(options) <= options_of(name)


def test_every_command_that_reads_a_file_takes_it_by_f() -> None:
    without = [name for section in COMMANDS.values() for name in section if "-f" not in options_of(name)]

    assert without == ["init", "import", "schema", "completion"]  # they read no file of ours


@pytest.mark.parametrize("name", ["status", "next", "history", "logs", "audit", "doctor", "show"])
def test_commands_that_look_answer_in_json_too(name: str) -> None:
    assert "--format" in options_of(name)


def typed() -> Iterator[list[str]]:
    """Yield the words of every command line that the README shows."""
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    lines += re.findall(r"^\$ (aperture .*)$", TEXT, re.MULTILINE)
    lines += [word for word in re.findall(r"`(aperture [^`]+)`", TEXT) if "…" not in word]
    for line in lines:
        for part in re.split(r"&&|>", line):
            words = shlex.split(part, comments=True)
            if words and words[0].endswith("aperture") and words[1:]:
                yield words[1:]


@pytest.mark.parametrize("words", list(typed()), ids=" ".join)
def test_every_command_line_that_is_shown_can_be_typed(words: list[str]) -> None:
    command = command_named(words[0])
    values = {"JOB": "library-scan", "RUN": "1"}
    given = words[1:] or [values[parameter.human_readable_name] for parameter in command.params if parameter.required]

    with command.make_context(words[0], given) as context:
        assert context.params or not given


# ── what is shown is what happens ────────────────────────────────────────────────────────────────


def timeless(told: str) -> str:
    """Return what a command said, but for what the clock says."""
    return re.sub(r"it is [-\d]+ [:\d]+ [AP]M \(UTC[+-][:\d]+\)|; the clocks go .*", "…", told)


@pytest.mark.parametrize("block", blocks("console"))
def test_every_session_that_is_shown_went_so(block: str, tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "hooks", tmp_path / "hooks", ignore=shutil.ignore_patterns("__pycache__"))
    file, *commands = re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)
    (tmp_path / "schedules.yaml").write_text(file[1])

    for line, shown in commands:
        done = subprocess.run(
            line,
            shell=True,
            cwd=tmp_path,
            env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "TZ": "UTC", "COLUMNS": "120"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert timeless(done.stdout) == timeless(shown)

    assert file[0] == "cat schedules.yaml"


def test_the_host_that_is_shown_runs(tmp_path: Path) -> None:
    host, _ = blocks("python")
    [before] = re.findall(r"```yaml\n([^`]*)```\n\nthis is a whole host", TEXT)
    (tmp_path / "schedules.yaml").write_text(before)
    (tmp_path / "films").mkdir()
    (tmp_path / "films/Salt.mkv").touch()

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", host], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert (done.stdout, done.stderr) == ("completed {'films': 1}\n", "")


def test_the_test_that_is_shown_passes(tmp_path: Path) -> None:
    (tmp_path / "test_shown.py").write_text(blocks("python")[1])

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", str(tmp_path)],
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout


# ── hooks and promises ───────────────────────────────────────────────────────────────────────────


def test_the_table_of_hooks_has_every_hook_and_its_arguments() -> None:
    hooks = {
        name: list(inspect.signature(function).parameters)[1:]
        for name, function in vars(Hooks).items()
        if name.startswith("aperture_")
    }

    assert [(words_of(row[0])[0], words_of(row[1])) for row in table("### Hooks")] == list(hooks.items())


def test_the_table_of_hooks_says_where_the_first_answer_wins() -> None:
    asked_until_one_answers = {
        name
        for name, function in vars(Hooks).items()
        if getattr(function, "aperture_spec", None) and function.aperture_spec["firstresult"]
    }

    assert {
        words_of(row[0])[0] for row in table("### Hooks") if "first answer wins" in row[2]
    } == asked_until_one_answers


def test_every_promise_names_tests_that_are_there() -> None:
    rows = table("### What is promised")

    for promise, held_by in rows:
        paths = words_of(held_by)
        assert paths, promise
        assert all((REPOSITORY / path).exists() for path in paths), promise


def test_the_picture_shows_what_the_live_table_shows_now() -> None:
    svg = (REPOSITORY / "examples/picture/aperture-start.svg").read_text(encoding="utf-8")
    shown = re.sub(r"<[^>]+>", "", svg).replace("&#160;", " ")
    views = inspect.getsource(importlib.import_module("aperture_plugin.cli.status_view"))
    headings = re.findall(r'yield Text\("([A-Z][a-z]+)", style="bold"\)', views)

    assert headings == ["Running", "Waiting", "Next", "Last"]
    assert [word for word in (*headings, *DEFAULTS, "is refused") if word not in shown] == []
    assert "http" not in svg.replace("http://www.w3.org/2000/svg", "")
