"""What is told of an expectation that does not hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil

from aperture_plugin.words.durations import duration_text

__all__ = ["Refuted", "lasting_text", "never", "otherwise"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuted:
    """Why an expectation does not hold.

    Attributes:
        on: The date, in the file's zone, on which it fails first; None if it never has anything to hold of.
        why: What happens then, to stand behind the expectation's own words.
        hint: What can be done about it.
    """

    on: date | None
    why: str
    hint: str


def never(name: str) -> Refuted:
    """Return what refutes any expectation of a job without starts."""
    return Refuted(
        on=None,
        why=f"{name} does not start by itself in the coming year",
        hint=f"give {name} a schedule, enable it, or take the line out",
    )


def lasting_text(took: timedelta) -> str:
    """Return a duration in whole seconds; half of an odd timeout has a part of one."""
    return duration_text(timedelta(seconds=ceil(took.total_seconds())))


def otherwise(took: str) -> str:
    """Return the clause that ends a hint: how long a run is taken to last, and how to say that it is not so."""
    return f'; a run is taken to last {took}, unless the sentence ends in "if runs take 30 minutes"'
