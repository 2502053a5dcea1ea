"""What a handler returns, as JSON: nothing of it is lost without a word, and nothing of it is an error."""

from __future__ import annotations

import json
from collections import Counter, OrderedDict, deque, namedtuple
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from fractions import Fraction
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aperture_plugin.rules.jobs import Outcome, OutcomeStatus
from aperture_plugin.rules.result_json import result_json
from aperture_plugin.rules.sanitize import recordable


class Color(Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


class Kind(StrEnum):
    FILM = "film"


@dataclass(frozen=True)
class Scan:
    folder: Path
    began: datetime


@dataclass(slots=True)
class Report:
    scans: list[Scan]
    kinds: dict[Kind, int]


class Pydantic:
    def model_dump(self) -> Mapping[str, object]:
        return {"day": date(2026, 1, 10)}


class Raises:
    def __str__(self) -> str:
        raise RuntimeError("no")


Pair = namedtuple("Pair", "a b")  # as hosts write it

NOON = datetime(2026, 1, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "converted"),
    [
        (date(2026, 1, 10), "2026-01-10"),
        (NOON, "2026-01-10T12:00:00+00:00"),
        (NOON.replace(tzinfo=None, microsecond=5), "2026-01-10T12:00:00.000005"),
        (time(2, 30), "02:30:00"),
        (timedelta(minutes=1, milliseconds=500), 60.5),
        (PurePosixPath("/srv/media"), "/srv/media"),
        (Decimal("9.99"), 9.99),
        (Decimal("12"), 12),
        (Decimal("12.00"), 12),
        (Decimal("0.1000000000000000000001"), "0.1000000000000000000001"),
        (Decimal("1e30"), 1e30),
        (Color.RED, "red"),
        (Level.HIGH, 3),
        (Kind.FILM, "film"),
        ({Color.RED: 1, Kind.FILM: 2}, {"red": 1, "film": 2}),
        (Scan(Path("/a"), NOON), {"folder": "/a", "began": "2026-01-10T12:00:00+00:00"}),
        (
            Report([Scan(Path("/a"), NOON)], {Kind.FILM: 2}),
            {"scans": [{"folder": "/a", "began": "2026-01-10T12:00:00+00:00"}], "kinds": {"film": 2}},
        ),
        ({3, 1, 2}, [1, 2, 3]),
        (frozenset({"b", "a"}), ["a", "b"]),
        ({10, 9, "a"}, [9, 10, "a"]),
        ((1, "a"), [1, "a"]),
        (Pair(1, 2), [1, 2]),
        (range(3), [0, 1, 2]),
        (deque([1]), [1]),
        ({"a": 1}.keys(), ["a"]),
        ({"a": 1}.values(), [1]),
        (Counter("aab"), {"a": 2, "b": 1}),
        (OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
        (MappingProxyType({"a": (1,)}), {"a": [1]}),
        (
            {date(2026, 1, 10): 1, 3: 2, True: 4, None: 5, 1.5: 6},
            {"2026-01-10": 1, "3": 2, "true": 4, "null": 5, "1.5": 6},
        ),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (b"text", "text"),
        (np.int64(3), 3),
        (np.float32(0.5), 0.5),
        (np.bool_(True), True),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (np.datetime64("2026-01-10T12:00:00.000000000"), "2026-01-10T12:00:00.000000000"),
        ({"top": np.float64(1.5)}, {"top": 1.5}),
        (Pydantic(), {"day": "2026-01-10"}),
    ],
)
def test_values_of_python_become_json_as_people_expect(value: object, converted: object) -> None:
    assert result_json(value) == (converted, [])
    assert repr(result_json(value)[0]) == repr(converted)


@pytest.mark.parametrize(
    ("value", "converted", "warning"),
    [
        (Fraction(1, 3), "1/3", "result is a fractions.Fraction"),
        ({"rate": float("inf")}, {"rate": "inf"}, 'result["rate"] is inf, which is no JSON'),
        ([Decimal("NaN")], ["NaN"], "result[0] is NaN, which is no JSON"),
        (b"\xff", "b'\\xff'", "result is bytes that are no UTF-8"),
        ({(1, 2): 3}, {"(1, 2)": 3}, "a key of result is a tuple"),
        ({1: "a", "1": "b"}, {"1": "b"}, 'two keys of result read "1"; the later one is kept'),
        (ValueError("no"), "no", "result is a ValueError"),
        ([Scan], [str(Scan)], "result[0] is a type"),
        (Raises(), "<Raises>", "result is a " + Raises.__module__ + ".Raises"),
    ],
)
def test_the_rest_is_kept_as_text_and_told(value: object, converted: object, warning: str) -> None:
    assert result_json(value) == (converted, [warning])


def test_what_holds_itself_lies_too_deep_or_is_too_large_is_cut_and_told() -> None:
    ring: list[object] = [1]
    ring.append(ring)
    deep: list[object] = []
    for _ in range(5000):
        deep = [deep]

    assert result_json(ring) == ([1, "list"], ["result[1] holds itself"])
    assert "more than 64 levels deep" in result_json(deep)[1][0]
    assert result_json(10**6000)[1] == ["result is an int of 19932 bits"]
    assert result_json([object()] * 50)[1][-1] == "and 40 more"


anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.decimals() | st.datetimes(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers() | st.dates(), inner) | st.tuples(inner),
    max_leaves=10,
)


@given(anything)
def test_whatever_a_handler_returns_can_be_kept(value: object) -> None:
    converted, _ = result_json(value)

    json.dumps(converted, allow_nan=False)
    assert result_json(converted) == (converted, [])


def test_an_executor_that_answers_with_no_json_has_completed_all_the_same() -> None:
    kept = recordable(Outcome(result=object()))  # type: ignore[arg-type]

    assert kept.status is OutcomeStatus.COMPLETED
    assert kept.reason == "not all of the result is JSON: result is an object; it is kept as text"
