"""strictyaml decides what a file says: what it refuses is refused, what is accepted it accepts with equal values."""

from __future__ import annotations

import os
from collections.abc import Mapping as MappingOf
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import strictyaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aperture_plugin.config.asking import Refused, Scanner
from aperture_plugin.config.entries import FileWords
from aperture_plugin.config.filewords import read_words
from aperture_plugin.config.keylines import job_in_lines
from aperture_plugin.config.memory import Remembered
from aperture_plugin.config.nodes import NOWHERE, Mapping, Node, Scalar
from aperture_plugin.config.pieces import read_piece
from aperture_plugin.config.plain import Doubt, compose
from aperture_plugin.config.problems import Problems
from aperture_plugin.config.reading import read
from aperture_plugin.config.scanning import scan
from aperture_plugin.config.schema import FILE, JOBS
from aperture_plugin.config.source import source_of
from aperture_plugin.config.strictly import strict
from aperture_plugin.config.walking import Said

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
FILE_STRICTLY = strict(FILE)
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


def tree(node: Node | None) -> Any:
    """Return a node as plain values with their places, but for places that cannot be told."""
    match node:
        case None:
            return None
        case Scalar():
            told = node.spot if node.inner != NOWHERE else node.spot[:2]
            return node.text, node.plain, told if node.text or not node.plain else None
        case Mapping():
            return {"flow": node.flow, "pairs": [(tree(key), tree(value)) for key, value in node.pairs]}
        case _:
            return [tree(item) for item in node.items]


def check_forms(text: str) -> None:
    source = source_of(text, Problems("s.yaml"))
    assert source is not None
    try:
        quick = tree(compose(source.text))
    except Doubt:
        return
    assert quick == tree(scan(source.text))


@st.composite
def jobs_on_lines(draw: st.DrawFn) -> str:
    """Draw a job of which most keys stand on a line each, mutilated in a few places or not at all."""
    line = st.sampled_from(KEY_LINES)
    text = "  scan:\n" + "".join(f"    {draw(line)}\n" for _ in range(draw(st.integers(1, 6))))
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.integers(0, len(text)))
        text = text[:place] + draw(st.sampled_from(BITS)) + text[place + draw(st.integers(0, 2)) :]
    return text


def check_job(text: str) -> None:
    """Hold a job that is read line by line to the same job read as a whole."""
    found = job_in_lines(text)
    if found is None:
        return
    name, said_ = found
    words = read_piece(JOBS, text, 1, Scanner())
    assert (words.said, words.findings) == ({name: said_}, [])
    check_forms(text)


def check_file(text: str) -> None:
    problems = Problems("s.yaml")
    source = source_of(text, problems)
    words = FileWords() if source is None else read_words(source.text, problems, Remembered(), Remembered())
    try:
        theirs = strictyaml.dirty_load(text, FILE_STRICTLY, allow_flow_style=True).data
    except (strictyaml.YAMLError, AssertionError, AttributeError, LookupError, TypeError, ValueError):
        theirs = None  # it refuses most malformed texts, and stumbles over a few

    if theirs is None:
        assert problems.any_error
    if not problems.any_error:
        assert said(words) == single(theirs)


def said(words: FileWords) -> Any:
    """Return all words of a file as plain values, in the shape of the file."""
    found: dict[str, Any] = {key: value(said_) for key, said_ in words.settings.items()}
    for section in ("queues", "limits"):
        if declared := getattr(words, section):
            found[section] = {name: value(said_) for name, said_ in declared.items()}
    if words.defaults is not None:
        found["defaults"] = {key: value(said_) for key, said_ in words.defaults.words.items()}
    for name, preset in (words.presets or {}).items():
        keys = {key: value(said_) for key in ("extends", "items") if (said_ := getattr(preset, key)) is not None}
        if preset.jobs:
            keys["schedules"] = jobs(preset.jobs)
        found.setdefault("presets", {})[name] = keys
    if words.schedules:
        found["schedules"] = jobs(words.schedules)
    return found


def jobs(entries: MappingOf[str, Any]) -> Any:
    return {name: {key: value(said_) for key, said_ in entry.words.items()} for name, entry in entries.items()}


def value(said_: Said) -> Any:
    """Return what is said; one value where there might be a list is that value."""
    match said_.value:
        case dict():
            return {key: value(inner) for key, inner in said_.value.items()}
        case tuple() if said_.value and isinstance(said_.value[0], Said):
            items = [value(inner) for inner in said_.value]
            return items[0] if said_.text else items
        case ():
            return []
    return said_.value


def single(theirs: Any) -> Any:
    """Return strictyaml's values with each job's phrase under `schedule`, as ours are."""
    sections = [theirs, *theirs.get("presets", {}).values()]
    for section in sections:
        for name, job in section.get("schedules", {}).items():
            if not isinstance(job, dict):
                section["schedules"][name] = {"schedule": job}
    return theirs


def test_a_file_in_every_form_reads_as_strictyaml_reads_it() -> None:
    reading = read(SOUND, file="s.yaml", environ={}, known_jobs=["scan", "backup", "sync"], local_zone=ZoneInfo("UTC"))

    assert [problem.message for problem in reading.problems] == []
    check_file(SOUND)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts())
def test_what_is_read_quickly_is_what_strictyaml_reads(text: str) -> None:
    try:
        check_forms(text)
    except Refused as refused:
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
