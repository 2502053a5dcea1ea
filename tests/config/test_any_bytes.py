"""Any bytes at all as schedules.yaml: there are problems or a configuration, and never an exception."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aperture_plugin.config.model import ReadContext
from aperture_plugin.config.problem_report import text_reports
from aperture_plugin.config.reader import read
from tests.config.authority import check_file
from tests.config.yaml_grammar import documents

STARTER: Final = (Path(__file__).parents[2] / "schedules.yaml").read_bytes()
BITS: Final = [
    *(b"\t", b"\0", b"\r", b"\r\n", b"\xef\xbb\xbf", b"\xff\xfe", b"\xff", b"\xc3", b"\x85", b"\xe2\x80\xa8"),
    b"\x1b[31m",
    *(b"---\n", b"...\n", b"%YAML 1.2\n", b"&a ", b"*a", b"!!str ", b"<<: ", b"? ", b"- ", b": ", b" #"),
    *(b"|\n", b">+3\n"),
    *(b"[", b"]", b"{", b"}", b"'", b'"', b"\\", b"\\x", b"${", b"}", b"9" * 40, b"[" * 200, b"\n" + b" " * 60 + b"a:"),
    *("🚀".encode(), "а".encode(), "２".encode(), b"K", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"),
]  # fmt: skip
ENCODINGS: Final = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "cp1252")


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """Draw the starter file, or some of its lines, spoilt in a few places and perhaps in another encoding."""
    lines = STARTER.split(b"\n")
    first = draw(st.integers(0, len(lines) - 1))
    data = b"\n".join(lines[first : first + draw(st.integers(1, 40))])
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(data)))
        end = place + draw(st.integers(0, 6))
        data = data[:place] + draw(st.sampled_from(BITS) | st.binary(max_size=4)) + data[end:]
    encoding = draw(st.sampled_from(ENCODINGS))
    return data.decode("utf-8", "replace").encode(encoding, "replace") if draw(st.booleans()) else data


def check(data: bytes) -> None:
    reading = read(
        data,
        ReadContext(
            file="s.yaml",
            environ={},
            known_jobs=None,
            local_zone=ZoneInfo("UTC"),
            now=datetime(2026, 1, 10, tzinfo=UTC),
            linting=True,
        ),
    )

    assert (reading.config is None) == any(problem.is_error for problem in reading.problems)
    assert all(problem.hint and problem.message for problem in reading.problems)
    assert all(problem.place.line >= 1 and problem.place.column >= 1 for problem in reading.problems)
    for report in text_reports(reading.problems, reading.text):
        assert all(letter.isprintable() or letter == "\n" for letter in report)
        report.encode()


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(files() | st.binary(max_size=200))
def test_whatever_the_bytes_are_there_is_an_answer(data: bytes) -> None:
    check(data)


@pytest.mark.long
@settings(max_examples=int(os.environ.get("EXAMPLES", "20000")), deadline=None, suppress_health_check=list(HealthCheck))
@given(files() | st.binary(max_size=2000))
def test_whatever_the_bytes_are_there_is_an_answer_at_length(data: bytes) -> None:
    check(data)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(documents())
def test_whatever_yaml_it_is_there_is_an_answer_and_strictyaml_agrees(text: str) -> None:
    check(text.encode())
    check_file(text)


@pytest.mark.long
@settings(max_examples=int(os.environ.get("EXAMPLES", "6000")), deadline=None, suppress_health_check=list(HealthCheck))
@given(documents())
def test_whatever_yaml_it_is_there_is_an_answer_and_strictyaml_agrees_at_length(text: str) -> None:
    check(text.encode())
    check_file(text)


@pytest.mark.parametrize("opens", ["\n", ""])
@pytest.mark.parametrize("column", range(9))
@pytest.mark.parametrize("closes", ["]", *(f"\n{' ' * n}]" for n in range(9))])
@pytest.mark.parametrize(
    "text",
    [
        "schedules:\n  a:\n    schedule: manual\n    command: {}\n    title: t\n",
        "schedules:\n  a:\n    schedule:\n    - type: weekly\n      time: 3 AM\n      day: {}\n    - every hour\n",
        "freeze: {}\nschedules:\n  a: manual\n",
    ],
)
def test_a_list_in_brackets_goes_on_and_closes_in_any_column(text: str, opens: str, column: int, closes: str) -> None:
    item = {"s": "sunday", "c": "echo", "f": "2026-12-18"}["f" if text[0] == "f" else "c" if "command" in text else "s"]
    said = f"[{opens}{' ' * column if opens else ''}{item}{closes}"
    context = ReadContext(file="schedules.yaml", environ={}, local_zone=ZoneInfo("UTC"), known_jobs=("a",))

    reading = read(text.replace("{}", said), context)

    assert [problem.message for problem in reading.problems if problem.is_error] == []


def test_a_bracket_that_was_forgotten_costs_its_own_key_alone() -> None:
    text = "schedules:\n  a:\n    needs: [b\n    schedule: manual\n  b: manual\n  c: sometimes\n"
    context = ReadContext(file="schedules.yaml", environ={}, local_zone=ZoneInfo("UTC"), known_jobs=("a", "b", "c"))

    reading = read(text, context)

    assert [(problem.code, problem.place.line) for problem in reading.problems if problem.is_error] == [
        ("unclosed-list", 3),
        ("unknown-phrase", 6),
    ]
