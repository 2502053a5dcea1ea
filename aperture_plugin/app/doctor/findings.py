"""Findings: the result of a step of the doctor."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

__all__ = ["Finding", "Verdict", "finding_json", "note", "ok", "problem"]


class Verdict(StrEnum):
    """The gravity of a finding for the jobs."""

    OK = "ok"
    NOTE = "note"
    """Worth knowing: it is as somebody wanted it, or it may become a problem."""
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding of a step.

    Attributes:
        step: The step, in one word.
        found: The finding; one line, no full stop.
        advice: A line to paste, into a shell or into the file; None where there is nothing to do.
        job: The job it is about; None for a finding about the whole.
    """

    step: str
    verdict: Verdict
    found: str
    advice: str | None = None
    job: str | None = None


def ok(step: str, found: str, *, advice: str | None = None, job: str | None = None) -> Finding:
    """Return a finding of what is as it should be."""
    return Finding(step=step, verdict=Verdict.OK, found=found, advice=advice, job=job)


def note(step: str, found: str, *, advice: str | None = None, job: str | None = None) -> Finding:
    """Return a finding that is worth knowing."""
    return Finding(step=step, verdict=Verdict.NOTE, found=found, advice=advice, job=job)


def problem(step: str, found: str, *, advice: str | None = None, job: str | None = None) -> Finding:
    """Return a finding of what is wrong."""
    return Finding(step=step, verdict=Verdict.PROBLEM, found=found, advice=advice, job=job)


def finding_json(finding: Finding) -> dict[str, Any]:
    """Return a finding in the shape of `aperture doctor --format json`."""
    return {
        "step": finding.step,
        "verdict": str(finding.verdict),
        "found": finding.found,
        "advice": finding.advice,
        "job": finding.job,
    }
