"""How a job has been doing, read off its runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aperture_plugin.rules.run_stats import (
    RunDurations,
    closest,
    failures_in_a_row,
    has_grown,
    last_attempts,
    lasted,
    share_failed,
)
from aperture_plugin.rules.runs import Run, RunTrigger, Status
from aperture_plugin.triggers.slots import Slot

NOON = datetime(2026, 1, 10, 12, tzinfo=UTC)


def run_of(run_id: str, status: Status, attempt: int = 1) -> Run:
    return Run(
        id=run_id,
        attempt=attempt,
        job="scan",
        trigger=RunTrigger.SCHEDULE,
        status=status,
        priority_at=NOON,
        priority_nominal=NOON.replace(tzinfo=None),
        queued_at=NOON,
    )


def runs_of(words: str) -> list[Run]:
    """Return runs, newest first: c for completed, f failed, s skipped, i interrupted, x cancelled, r running."""
    kinds = {
        "c": Status.COMPLETED,
        "f": Status.FAILED,
        "s": Status.SKIPPED,
        "i": Status.INTERRUPTED,
        "x": Status.CANCELLED,
        "r": Status.RUNNING,
    }
    return [run_of(str(number), kinds[letter]) for number, letter in enumerate(words)]


def minutes(*lengths: float) -> list[timedelta]:
    return [timedelta(minutes=length) for length in lengths]


@pytest.mark.parametrize(
    ("spans", "typical", "slow"),
    [([3], 3, 3), ([1, 9], 1, 9), ([5, 1, 3], 3, 5), (list(range(1, 101)), 50, 95)],
)
def test_half_and_nineteen_of_twenty(spans: list[int], typical: int, slow: int) -> None:
    [typical_span, slow_span] = minutes(typical, slow)

    assert lasted(minutes(*spans)) == RunDurations(typical=typical_span, slow=slow_span, runs=len(spans))


def test_no_runs_lasted_no_time_at_all() -> None:
    assert lasted([]) is None


def test_a_run_that_ended_before_it_began_took_no_time() -> None:
    assert lasted(minutes(-60)) == RunDurations(typical=timedelta(0), slow=timedelta(0), runs=1)


@given(st.lists(st.timedeltas(timedelta(0), timedelta(days=3)), min_size=1))
def test_the_typical_and_the_slow_are_runs_that_were_and_in_order(spans: list[timedelta]) -> None:
    found = lasted(spans)

    assert found is not None
    assert {found.typical, found.slow} <= set(spans)
    assert min(spans) <= found.typical <= found.slow <= max(spans)


@pytest.mark.parametrize(
    ("recent", "earlier", "grown"),
    [
        ([15] * 5, [10] * 5, True),
        ([14] * 5, [10] * 5, False),
        ([15] * 4, [10] * 5, False),
        ([15] * 5, [10] * 4, False),
        ([0.05] * 5, [0.01] * 5, False),  # 3 seconds in place of half a second are nothing that anybody notices
        ([], [10] * 5, False),
        ([10] * 5, [], False),
    ],
)
def test_runs_have_grown_by_half_in_enough_of_them(recent: list[float], earlier: list[float], grown: bool) -> None:
    assert has_grown(lasted(minutes(*recent)), lasted(minutes(*earlier))) is grown


@pytest.mark.parametrize(
    ("words", "row"), [("", 0), ("c", 0), ("f", 1), ("fffcf", 3), ("rfsfixfc", 3), ("scf", 0), ("fff", 3)]
)
def test_a_row_of_failures_reaches_back_to_the_last_run_that_completed(words: str, row: int) -> None:
    assert len(failures_in_a_row(runs_of(words))) == row


@pytest.mark.parametrize(("words", "share"), [("", (0, 0)), ("cfcs", (1, 3)), ("rix", (0, 0)), ("ff", (2, 2))])
def test_of_runs_that_completed_or_failed_a_share_failed(words: str, share: tuple[int, int]) -> None:
    assert share_failed(runs_of(words)) == share


def test_of_each_run_the_last_attempt_counts() -> None:
    first, second = run_of("a", Status.FAILED), run_of("a", Status.COMPLETED, attempt=2)
    other = run_of("b", Status.FAILED)

    assert last_attempts([second, other, first]) == [second, other]
    assert last_attempts([first, second]) == [second]
    assert last_attempts([replace(first, attempt=3), second]) == [replace(first, attempt=3)]


def test_a_retry_that_was_skipped_leaves_its_run_as_the_attempt_before_it() -> None:
    first, second = run_of("a", Status.FAILED), run_of("a", Status.SKIPPED, attempt=2)

    assert last_attempts([second, first]) == [first]
    assert last_attempts([first, second]) == [first]
    assert last_attempts([second]) == [second]


def test_the_shortest_way_from_one_slot_to_the_next() -> None:
    slots = [Slot(NOON + timedelta(hours=hour), NOON.replace(tzinfo=None)) for hour in (0, 5, 6, 12)]

    assert closest(slots) == timedelta(hours=1)
    assert closest(slots[:1]) is None
    assert closest([]) is None
