"""The JSON Schema for editors: it accepts what is accepted, and refuses what is refused as far as it can say so."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from aperture_plugin.config.model import ReadContext
from aperture_plugin.config.reader import read
from aperture_plugin.config.schema.json_schema.json_schema import json_schema
from aperture_plugin.config.schema.json_schema.value_schemas import DESCRIPTIONS, TYPES
from aperture_plugin.config.schema.schema import BESIDE, CHANNEL, FILE, JOB, LINT, PAGE, PRESET
from aperture_plugin.config.schema.schema import TYPES as ALL_TYPES
from aperture_plugin.config.schema.schema_types import Keys

SCHEMA: Final = json_schema()
VALIDATOR: Final = Draft7Validator(SCHEMA)

BEYOND_JSON_SCHEMA: Final = frozenset(
    {
        # names that stand elsewhere in the file, and layers laid over each other
        *("unknown-job", "unknown-need", "unknown-after", "unknown-queue", "unknown-limit", "unknown-preset"),
        *("unknown-extends", "needs-circle", "after-circle", "extends-circle", "auto-without-sizes", "no-command"),
        *("unknown-executor", "unknown-state", "preset-auto", "missing-type"),
        # what numbers come to
        *("never-fires", "cron-field", "impossible-date", "duration-too-long", "offset-too-long", "interval-too-long"),
        *("empty-window", "empty-sizes", "limit-not-daily", "unknown-timezone", "number-out-of-range"),
        # the same item in other words, the same name twice in a sentence, what a warning is nearly called
        *("repeated-item", "unknown-expectation", "bad-ignore", "expectation-failed", "unknown-expected"),
    }
)

GOOD: Final[dict[str, list[str]]] = {
    "schedule": ["daily at 2 AM", "Weekly on sat, sun at 04:00", "every 90 minutes", "every hour at :10", "manual only",
                 "monthly on the last day at 4 AM", "monthly on day 3 at 1:00 pm", "cron 0 3 * * 1-5",
                 "once at 2031-12-24 18:00", "after b", "DAILY at 2:00 AM and 14:00", "every 1h30m",
                 "after b, c and d"],
    "type": ["daily", "Weekly", "monthly", "interval", "cron", "once", "after", "manual"],
    "time": ["02:00", "14:00", "2 AM", "2:30pm", "0:30", "[2 AM, 14:00]", "2 AM, 3 PM", "'7:05 am'"],
    "day": ["sunday", "Mon", "[sat, sun]", "weekdays", "1", "31", "last", "'2'", "mon and tue", "the last day"],
    "hours": ["2", "'12'", "8784", "001"],
    "minutes": ["30", "1"],
    "seconds": ["90"],
    "offset": ["10 minutes", "5s"],
    "cron": ["0 3 * * 1-5", "'*/5 * * * *'", "0 0 1 JAN mon"],
    "at": ["2031-12-24 18:00", "2031-02-28T6:00 PM"],
    "jobs": ["b", "[b, c]", "[b]"],
    "title": ["Scan", "1", "no", "2.5", "'x y'"],
    "category": ["sync"],
    "enabled": ["yes", "no", "on", "True", "0", "1", "y"],
    "timezone": ["Europe/Riga", "local", "UTC"],
    "queue": ["default", "q1"],
    "needs": ["b", "[b, c]", "[]"],
    "missed": ["run once", "Skip"],
    "missed within": ["6 hours", "90m"],
    "overlap": ["queue one", "allow", "skip"],
    "timeout": ["4 hours", "1 hour 30 minutes", "1 h, and 5 m", "2 weeks", "1h30m", "90 SECONDS"],
    "window": ["1:00 AM to 6:00 AM", "22:00 TO 6 am"],
    "requires env": ["KEY", "[A, B]", "[]"],
    "jitter": ["5 minutes"],
    "heavy": ["yes"],
    "command": ["run it", "[echo, '']", "[a, a]"],
    "on failure": ["pause", "continue"],
    "interrupted": ["run again", "leave"],
    "preset": ["base", "auto"],
    "state": ["sqlite:///a.db", "postgresql+psycopg://u@h/d", "'${HOME}'"],
    "executor": ["threads", "processes"],
    "broker": ["redis://localhost"],
    "expect": ["a before b", "[nothing between 6 PM and 11 PM on friday, at most 2 at once in default]",
               "a ready by 6:30 AM if runs take 40 minutes", "at most 1 at once"],
    "extends": ["base"],
    "items": ["under 500", "500 to 2000", "2000 and over"],
    "ignore": ["due-together", "[short-month of a, due-together]", "[]"],
    "attempts": ["3"],
    "delay": ["1 minute"],
    "backoff": ["2", "1.5", "1000"],
    "max delay": ["1 hour"],
    "past next slot": ["yes"],
    "not on exit": ["78", "[64, 78]", "0", "300"],
    "calls": ["200"],
    "pause after": ["3"],
    "pause for": ["6 hours"],
}  # fmt: skip
BAD: Final = [
    "''",
    "' '",
    "x",
    "-1",
    "0",
    "99999999999999999999",
    "[a: b]",
    "[[a]]",
    "25:00",
    "2",
    "noon",
    "[]",
    "[x, x]",
]
FRAYED: Final = ["{}x", "x {}", "{} {}", "{},", "{} and", "1 {}"]


def values(key: str) -> st.SearchStrategy[str]:
    """Draw what may stand behind *key*, and sometimes what may not."""
    good = st.sampled_from(GOOD.get(key, ["x"]))
    bad = st.sampled_from(BAD) | st.builds(lambda frame, one: frame.replace("{}", one), st.sampled_from(FRAYED), good)
    return st.one_of(good, good, good, good, good, good, bad)


@st.composite
def keys(draw: st.DrawFn, names: list[str], indent: int, most: int = 4) -> str:
    chosen = draw(st.lists(st.sampled_from(names), min_size=1, max_size=most, unique=True))
    return "".join(f"{' ' * indent}{key}: {draw(values(key))}\n" for key in chosen)


SINGLE: Final = [key for key, shape in BESIDE.keys.items() if not isinstance(shape, Keys) and key in GOOD]


@st.composite
def jobs(draw: st.DrawFn, indent: int) -> str:
    pad = " " * indent
    text = ""
    for name in draw(st.lists(st.sampled_from(["a", "b", "c", "1", "no", "a b"]), min_size=1, max_size=2, unique=True)):
        match draw(st.sampled_from(["phrase", "keys", "keys", "typed"])):
            case "phrase":
                text += f"{pad}{name}: {draw(values('schedule'))}\n"
            case "keys":
                some = draw(keys([*ALL_TYPES["interval"], "type", "day", "time", *SINGLE], indent + 2))
                schedule = "" if "type:" in some else f"{pad}  schedule: {draw(values('schedule'))}\n"
                text += f"{pad}{name}:\n{schedule}{some}"
            case _:
                kind = draw(st.sampled_from(list(ALL_TYPES)))
                own = [key for key in ALL_TYPES[kind] if key not in ("minutes", "seconds")]
                said = "".join(f"{pad}  {key}: {draw(values(key))}\n" for key in own)
                text += f"{pad}{name}:\n{pad}  type: {kind}\n{said}"
    return text


@st.composite
def files(draw: st.DrawFn) -> str:
    """Draw a file that is nearly right."""
    text = "schedules:\n" + draw(jobs(2))
    if draw(st.booleans()):
        text += draw(keys(["timezone", "state", "executor", "broker", "expect"], 0, 2))
    if draw(st.booleans()):
        text += "defaults:\n" + draw(keys(SINGLE, 2, 2))
    if draw(st.booleans()):
        text += "presets:\n  base:\n    schedules:\n" + draw(jobs(6)) + draw(keys(["items", "extends"], 4, 1))
    if draw(st.booleans()):
        text += "queues:\n  q1: 2\nlimits:\n  tmdb: " + draw(
            st.sampled_from(["40 per 10 seconds", "1000 per day", "5 per hour", "1 per 1h30m", "0 per day", "9 a day",
                             "1000 per day from midnight America/New_York", "2 per day from 3 AM"])
        ) + "\n"  # fmt: skip
    if draw(st.booleans()):
        retry = draw(keys(["attempts", "delay", "backoff", "max delay"], 6))
        text += f"lint:\n  ignore: {draw(values('ignore'))}\n" if "lint" not in text else ""
        text = text.replace("schedules:\n", f"schedules:\n  tried:\n    schedule: manual\n    retry:\n{retry}", 1)
    return text


def problems_of(text: str) -> tuple[set[str], str]:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    reading = read(text, ReadContext(file="s.yaml", environ={}, known_jobs=None, local_zone=ZoneInfo("UTC"), now=now))
    return {problem.code for problem in reading.problems if problem.is_error}, repr(reading.problems[:3])


def refusals(document: Any) -> list[str]:
    return [f"{'/'.join(map(str, error.path))}: {error.message[:200]}" for error in VALIDATOR.iter_errors(document)]


def check_alike(text: str) -> None:
    try:
        as_text = refusals(yaml.load(text, yaml.BaseLoader))
    except yaml.YAMLError:
        return  # An editor tells of that without any schema.
    errors, told = problems_of(text)

    if not errors:
        assert not as_text, (text, as_text)
        assert not refusals(yaml.safe_load(text)), (text, refusals(yaml.safe_load(text)))
    if errors - BEYOND_JSON_SCHEMA:
        assert as_text, (text, told)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(files())
@example("schedules:\n  a:\n    type: daily\n    time: 14:00\n    enabled: no\n    title: 1\n")
@example(
    "schedules:\n  a:\n    schedule: manual\n    params:\n      x:\n      y: [1, [2, x]]\n      z:\n        w: yes\n"
)
@example("schedules:\n  a: manual\nlint:\n  ignore: 0\n")
@example("schedules:\n  a: manual\ndefaults:\n  command: ''\n")
@example("schedules:\n  a:\n    schedule: manual\n    command: [' ', x]\n")
@example("schedules:\n  a:\n    schedule: manual\n    command: [x, '']\n")
@example("schedules:\n  a: manual\nlint:\n  ignore: [no, 12]\n")
def test_the_schema_accepts_and_refuses_as_check_does(text: str) -> None:
    check_alike(text)


@pytest.mark.long
@settings(max_examples=20_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(files())
def test_the_schema_accepts_and_refuses_as_check_does_at_length(text: str) -> None:
    check_alike(text)


@pytest.mark.parametrize(
    ("text", "refused_at"),
    [
        ("schedules:\n  a:\n    type: weekly\n    day: saterday\n    time: 3 AM\n", "schedules/a"),
        ("schedules:\n  a:\n    type: daily\n    time: 2 AM\n    hours: 2\n", "schedules/a"),
        ("schedules:\n  a:\n    type: daily\n", "schedules/a"),
        ("schedules:\n  a:\n    title: Scan\n", "schedules/a"),
        ("shedules:\n  a: manual\n", ""),
        ("timezone: Europe/Rigga\n", "timezone"),
        ("preset: base\n", ""),
        ("queues:\n  default: 0\n", "queues/default"),
        ("defaults:\n", "defaults"),
    ],
)
def test_what_is_wrong_is_marked_where_it_stands(text: str, refused_at: str) -> None:
    assert refused_at in {"/".join(map(str, error.path)) for error in VALIDATOR.iter_errors(yaml.safe_load(text))}


def test_the_schema_is_one_that_editors_know() -> None:
    Draft7Validator.check_schema(SCHEMA)

    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert len(json.dumps(SCHEMA)) < 120_000


def test_every_key_is_described_and_no_other() -> None:
    nested = [shape for shape in BESIDE.keys.values() if isinstance(shape, Keys)]
    tables = [FILE, LINT, PRESET, CHANNEL, PAGE, JOB.keys, *nested]

    assert {key for table in tables for key in table.keys} == set(DESCRIPTIONS)
    assert set(TYPES) == set(ALL_TYPES)
    assert all(told.endswith(".") or told.endswith("environment") for told in DESCRIPTIONS.values())
