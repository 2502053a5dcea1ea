"""Statistics of a job's past runs: how long they last, whether that grows, how often they fail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Final

from aperture_plugin.rules.runs import Run, Status
from aperture_plugin.triggers.slots import Slot

__all__ = ["RunDurations", "closest", "failures_in_a_row", "has_grown", "last_attempts", "lasted", "share_failed"]

_GROWN: Final = 1.5
_FEWEST: Final = 5
"""Of fewer runs than these, a longer one says nothing about the next."""

_BARELY: Final = timedelta(seconds=5)
"""A growth by less than this is nothing that anybody would notice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDurations:
    """The durations of a number of runs.

    Attributes:
        typical: Duration that half of them do not exceed.
        slow: Duration that 19 of 20 do not exceed.
        runs: Number of runs; at least one.
    """

    typical: timedelta
    slow: timedelta
    runs: int


def lasted(spans: Iterable[timedelta]) -> RunDurations | None:
    """Return how long *spans* are, in any order; None where there are none.

    >>> lasted(timedelta(minutes=n) for n in range(1, 21))
    RunDurations(typical=datetime.timedelta(seconds=600), slow=datetime.timedelta(seconds=1140), runs=20)
    """
    # A wall clock that was set back in the middle of a run makes it seem to have ended before it began.
    ordered = sorted(max(span, timedelta(0)) for span in spans)
    if not ordered:
        return None
    return RunDurations(typical=_share(ordered, 50), slow=_share(ordered, 95), runs=len(ordered))


def has_grown(recent: RunDurations | None, earlier: RunDurations | None) -> bool:
    """Return whether runs have come to last noticeably longer: half as long again, by some seconds, in enough runs."""
    if recent is None or earlier is None or min(recent.runs, earlier.runs) < _FEWEST:
        return False
    return recent.typical >= _GROWN * earlier.typical and recent.typical - earlier.typical >= _BARELY


def last_attempts(attempts: Iterable[Run]) -> list[Run]:
    """Return of each run its last attempt, in the order in which those stand in *attempts*, newest first.

    A retry that was skipped is none: the run ended as the attempt before it.
    """
    found: dict[str, Run] = {}
    for run in attempts:
        known = found.get(run.id)
        if known is None or _comes_later(run, known):
            found[run.id] = run
    return list(found.values())


def failures_in_a_row(runs: Iterable[Run]) -> list[Run]:
    """Return the failures that reach from the latest run back to the last one that completed.

    Args:
        runs: The last attempt of each, newest first. What is in hand, was skipped, cancelled or cut off
            neither ends the row nor counts.
    """
    row: list[Run] = []
    for run in runs:
        if run.status is Status.COMPLETED:
            break
        if run.status is Status.FAILED:
            row.append(run)
    return row


def closest(slots: Iterable[Slot]) -> timedelta | None:
    """Return the shortest time from one of the ascending *slots* to the next; None of fewer than two."""
    return min((later.due - earlier.due for earlier, later in pairwise(slots)), default=None)


def share_failed(runs: Sequence[Run]) -> tuple[int, int]:
    """Return how many of *runs* failed, and how many completed or failed at all."""
    ended = [run.status for run in runs]
    failed = ended.count(Status.FAILED)
    return failed, failed + ended.count(Status.COMPLETED)


def _comes_later(run: Run, known: Run) -> bool:
    if Status.SKIPPED in (run.status, known.status):
        return known.status is Status.SKIPPED and run.status is not Status.SKIPPED
    return run.attempt > known.attempt


def _share(ordered: Sequence[timedelta], percent: int) -> timedelta:
    """Return the shortest of the *ordered* that *percent* of them do not exceed."""
    return ordered[-(-len(ordered) * percent // 100) - 1]
