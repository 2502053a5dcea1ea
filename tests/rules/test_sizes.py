"""What is kept of a result, a reason or a traceback that is too long."""

from __future__ import annotations

from aperture_plugin.rules.jobs import Outcome, OutcomeStatus
from aperture_plugin.rules.sanitize import LONGEST_RESULT, recordable


def test_a_result_of_more_than_a_million_characters_is_cut_marked_and_told() -> None:
    outcome = recordable(Outcome(status=OutcomeStatus.COMPLETED, result=["x" * 3_000_000]))

    assert outcome.status is OutcomeStatus.COMPLETED
    assert outcome.result == {"cut": True, "characters": 3_000_004, "begins": '["' + "x" * (LONGEST_RESULT - 2)}
    assert outcome.reason == "its result of 3,000,004 characters is cut: 1,000,000 are kept"


def test_a_result_of_a_million_characters_is_kept_whole() -> None:
    result = "x" * (LONGEST_RESULT - 2)

    assert recordable(Outcome(status=OutcomeStatus.COMPLETED, result=result)).result == result


def test_of_a_long_traceback_the_beginning_and_the_end_are_kept() -> None:
    error = "begins" + "x" * 5_000_000 + "ends"

    kept = recordable(Outcome(status=OutcomeStatus.FAILED, reason="no", error=error)).error

    assert kept is not None
    assert len(kept) < LONGEST_RESULT + 100
    assert kept.startswith("beginsxxx")
    assert kept.endswith("xxxends")
    assert "(4,000,010 characters are cut)" in kept
