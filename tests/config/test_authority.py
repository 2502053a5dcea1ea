"""strictyaml decides what a file says: what it refuses is refused, what is accepted it accepts with equal values."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aperture_plugin.config.layers.incremental import job_in_lines
from aperture_plugin.config.model import ReadContext
from aperture_plugin.config.reader import read
from aperture_plugin.config.yaml.nodes import YamlRefused
from tests.config.authority import check_file, check_forms, check_job

SOUND = """\
# every form that a file is written in
timezone: Europe/Riga
preset: large
queues:
  default: 1
  'quick': 2      # in quotes
limits:
  tmdb: "40 per 10 seconds"
defaults:
  timeout: 4 hours
  retry:
    attempts: 3
    max delay: 1 hour
presets:
  base:
    schedules:
      scan: daily at 2 AM
      sync: every 30 minutes
  large:
    extends: base
    items: 2000 and over
    schedules:
      backup:
        type: weekly
        day: [saturday, 'sunday']
        time:
        - 3:00 AM
        - "15:00"
schedules:
  scan:
    needs: [
      sync,   # first
      backup,
    ]
    limit: tmdb
    description: |
      Reads the library.
        And more.

      Twice.
    title: >-
      folded over
      two lines
  "sync":
    command:
      - echo
      - it''s
    params:
      depth: 2
      deep:
        list: [a, [b, c], "d\\te\\u00e9"]
        text: plain over
          two lines

          and three
        quoted: "over
          two"
        empty: ''
      url: http://host:80/path#x
"""
BITS = [
    *" #:-?,'\"[]{}|>&*!%@`\\~=\t\n",
    *(
        "  ",
        "\n\n",
        "- ",
        ": ",
        " #",
        "|-",
        ">+",
        "|2",
        "---",
        "...",
        "<<",
        "\\n",
        "\\x41",
        "\\ ",
        "é",
        "\n  ",
        "\n    ",
    ),
    *("\n- ", "a: b", "? ", "null", "[a, b]", "{a: b}", "&a ", "*a", "!t ", "\r\n", "''"),
]


KEY_LINES = [
    "type: daily",
    "time: 2:00 AM",
    "needs: [sync, 'backup']",
    'title: "a \\u00e9"   # said',
    "description: it's # not: a comment",
    "limit: tmdb",
    "# a comment",
    "",
    "timeout : 4 hours",
    "'queue': default",
    "schedule: hourly",
]
"""Lines that hold a key and the whole of its value, and lines that say nothing."""


@st.composite
def texts(draw: st.DrawFn, whole: bool = False) -> str:
    """Draw some lines of the file above, mutilated in a few places."""
    lines = SOUND.split("\n")
    first = 0 if whole else draw(st.integers(0, len(lines) - 1))
    last = len(lines) if whole else draw(st.integers(first + 1, min(len(lines), first + 12)))
    text = "\n".join(lines[first:last])
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(text)))
        end = min(len(text), place + draw(st.integers(0, 4)))
        match draw(st.sampled_from(("put in", "take out", "double"))):
            case "put in":
                text = text[:place] + draw(st.sampled_from(BITS)) + text[place:]
            case "take out":
                text = text[:place] + text[end:]
            case "double":
                text = text[:place] + text[place:end] * 2 + text[end:]
    return text


LINE = re.compile(r"( *(?:- +)?)([^\s:'\"#\[][^:#\[]*|'[^']*'|\"[^\"]*\")( *): +(\S.*?)( *)$")
"""A line with a key and a value: what is before the key, the key, spaces, the value, spaces."""


def _with_value(line: str, write: Callable[[str, str], str]) -> str:
    """Return *line* with its value as *write* writes it, which is given the value and the indentation."""
    found = LINE.fullmatch(line)
    if found is None:
        return line
    before, key, spaces, value, end = found.groups()
    return f"{before}{key}{spaces}: {write(value, ' ' * len(before))}{end}"


VALUES: list[Callable[[str, str], str]] = [
    lambda value, _: f"'{value}'",
    lambda value, _: f'"{value}"',
    lambda value, _: f"'{value.strip(chr(34))}'",
    lambda value, _: value.strip("'\""),
    lambda value, _: f"[{value}]",
    lambda value, _: f"[{value}, {value}x,]",
    lambda value, indent: f"[{value},\n{indent}  other]",
    lambda value, indent: f"[\n{indent}  {value} # said\n{indent}]",
    lambda value, indent: f"\n{indent}- {value}",
    lambda value, indent: f"\n{indent}  - {value}\n{indent}  - other",
    lambda value, indent: f"|\n{indent}  {value}",
    lambda value, indent: f"|-\n\n{indent}   {value}\n{indent}  # no comment\n",
    lambda value, indent: f">\n{indent}  {value}\n\n{indent}    {value}",
    lambda value, indent: f">+2 # folded\n{indent}  {value}\n\n",
    lambda value, indent: f"\n{indent}  {value}",
    lambda value, indent: f"\n\n{indent} {value}",
    lambda value, indent: value.replace(" ", f"\n{indent}  ", 1),
    lambda value, indent: value.replace(" ", f"\n\n{indent}    ", 1),
    lambda value, indent: f'"{value}'.replace(" ", f"\n{indent}  ", 1) + '"',
    lambda value, indent: f'"{value} \\\n{indent}  more"',
    lambda value, _: f"{value} # a comment",
    lambda value, _: f"{value} #",
    lambda value, _: f"{value}# none",
    lambda value, _: f"# {value}",
    lambda value, indent: f"# said below\n{indent}  {value}",
    lambda value, _: f"{value}:",
    lambda value, _: f"{value}: {value}",
    lambda value, _: f"- {value}",
    lambda value, _: f"{{{value}: {value}}}",
    lambda value, _: f"&a {value}",
    lambda value, _: f"!!str {value}",
    lambda value, _: f"{value}\t",
    lambda value, _: "",
    lambda value, _: "~",
    lambda value, _: "''",
    lambda value, _: "[]",
]
"""Other ways to write a value, right and wrong."""

LINES: list[Callable[[str], list[str]]] = [
    lambda line: [],
    lambda line: [line, line],
    lambda line: [line, ""],
    lambda line: [line, "   "],
    lambda line: [line, "# between"],
    lambda line: [line, f"      {'#'} deep", "#"],
    lambda line: [line, "\t# behind a tab"],
    lambda line: [" " + line],
    lambda line: ["  " + line],
    lambda line: [line.removeprefix(" ")],
    lambda line: [line.removeprefix("  ")],
    lambda line: [line + "   "],
    lambda line: [line + " # said"],
    lambda line: [line.replace(": ", " : ", 1)],
    lambda line: [line.replace(": ", ":", 1)],
    lambda line: [line.replace(": ", ":   ", 1)],
    lambda line: [line.replace(":", "", 1)],
    lambda line: [line.replace("  ", "  - ", 1)],
    lambda line: [line.replace("  ", "  ? ", 1)],
    lambda line: [line.replace("  ", "\t", 1)],
    lambda line: [line, "---"],
    lambda line: ["...", line],
    lambda line: [line.replace("- ", "-   ", 1)],
    lambda line: [line.replace("- ", "-", 1)],
    lambda line: [line + "\r"],
]
"""What becomes of a line that somebody edits without looking."""


@st.composite
def rewritten(draw: st.DrawFn) -> str:
    """Draw some sections of the file above with lines and values written otherwise, or in each other's place."""
    sections = [part for part in re.split(r"\n(?=\w)", SOUND.rstrip("\n")) if draw(st.booleans())]
    lines = "\n".join(sections or ["schedules:\n  scan: daily at 2 AM"]).split("\n")
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(("value", "value", "line", "line", "swap values", "swap lines", "move"))):
            case "value":
                lines[at : at + 1] = _with_value(lines[at], draw(st.sampled_from(VALUES))).split("\n")
            case "line":
                lines[at : at + 1] = draw(st.sampled_from(LINES))(lines[at]) or [""]
            case "swap values":
                other = draw(st.integers(0, len(lines) - 1))
                here, there = LINE.fullmatch(lines[at]), LINE.fullmatch(lines[other])
                if here is not None and there is not None:
                    lines[at] = lines[at][: here.start(4)] + there[4]
                    lines[other] = lines[other][: there.start(4)] + here[4]
            case "swap lines":
                other = draw(st.integers(0, len(lines) - 1))
                lines[at], lines[other] = lines[other], lines[at]
            case "move":
                lines.insert(draw(st.integers(0, len(lines) - 1)), lines.pop(at))
    return draw(st.sampled_from(("", "\ufeff", "---\n"))) + draw(st.sampled_from(("\n", "\n", "\r\n"))).join(
        [*lines, *[""] * draw(st.integers(0, 2))]
    )


@st.composite
def jobs_on_lines(draw: st.DrawFn) -> str:
    """Draw a job of which most keys stand on a line each, mutilated in a few places or not at all."""
    line = st.sampled_from(KEY_LINES)
    text = "  scan:\n" + "".join(f"    {draw(line)}\n" for _ in range(draw(st.integers(1, 6))))
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.integers(0, len(text)))
        text = text[:place] + draw(st.sampled_from(BITS)) + text[place + draw(st.integers(0, 2)) :]
    return text


def test_a_file_in_every_form_reads_as_strictyaml_reads_it() -> None:
    reading = read(
        SOUND, ReadContext(file="s.yaml", environ={}, known_jobs=["scan", "backup", "sync"], local_zone=ZoneInfo("UTC"))
    )

    assert [problem.message for problem in reading.problems] == []
    check_file(SOUND)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts())
def test_what_is_read_quickly_is_what_strictyaml_reads(text: str) -> None:
    try:
        check_forms(text)
    except YamlRefused as refused:
        pytest.fail(f"read, but strictyaml says: {refused}")


def test_a_job_of_plain_lines_is_read_line_by_line() -> None:
    text = "  scan:\n" + "".join(f"    {line}\n" for line in KEY_LINES if not line.startswith("schedule"))

    assert job_in_lines(text) is not None
    check_job(text)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(jobs_on_lines())
def test_a_job_read_line_by_line_is_the_job_read_as_a_whole(text: str) -> None:
    check_job(text)


@pytest.mark.long
@settings(max_examples=int(os.environ.get("EXAMPLES", "20000")), deadline=None, suppress_health_check=list(HealthCheck))
@given(jobs_on_lines())
def test_a_job_read_line_by_line_is_the_job_read_as_a_whole_at_length(text: str) -> None:
    check_job(text)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts(whole=True))
def test_a_mutilated_file_is_accepted_only_as_strictyaml_accepts_it(text: str) -> None:
    check_file(text)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rewritten())
def test_a_file_written_otherwise_is_accepted_only_as_strictyaml_accepts_it(text: str) -> None:
    check_file(text)


@pytest.mark.long
@settings(max_examples=int(os.environ.get("EXAMPLES", "5000")), deadline=None, suppress_health_check=list(HealthCheck))
@given(rewritten())
def test_a_file_written_otherwise_is_accepted_only_as_strictyaml_accepts_it_at_length(text: str) -> None:
    check_file(text)


@pytest.mark.long
@settings(max_examples=int(os.environ.get("EXAMPLES", "20000")), deadline=None, suppress_health_check=list(HealthCheck))
@given(texts())
def test_what_is_read_quickly_is_what_strictyaml_reads_at_length(text: str) -> None:
    check_forms(text)


@pytest.mark.long
@settings(max_examples=int(os.environ.get("EXAMPLES", "5000")), deadline=None, suppress_health_check=list(HealthCheck))
@given(texts(whole=True))
def test_a_mutilated_file_is_accepted_only_as_strictyaml_accepts_it_at_length(text: str) -> None:
    check_file(text)
