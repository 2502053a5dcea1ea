"""Makes anything that a handler or an executor returns fit for the store.

A host answers with what it likes. One value that a database cannot take would cost the whole tick in which it
is written, and with it the ends of all other runs (DESIGN.md, section 4, promise 10).
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from aperture_plugin.rules.jobs import Json, Outcome, OutcomeStatus
from aperture_plugin.rules.result_json import result_json

__all__ = ["LATEST_INSTANT", "MOST_ITEMS", "json_text", "recordable", "recordable_count", "storable"]

LONGEST_RESULT: Final = 1_000_000
"""Characters of a result's JSON, and of a reason or a traceback, that are kept."""

MOST_ITEMS: Final = 2**63 - 1
"""A database counts so far."""

LATEST_INSTANT: Final = datetime(9999, 1, 1, tzinfo=UTC)
"""A later one could not be shown in every time zone."""

_HALVES: Final = re.compile("[\ud800-\udfff]")


def storable(text: str) -> str:
    """Return *text* without what some store cannot keep: NUL, and halves of a surrogate pair.

    >>> storable("a" + chr(0) + "b")
    'a\\\\x00b'
    """
    if text.isascii():
        return text.replace("\0", "\\x00") if "\0" in text else text
    return text.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode()


def json_text(value: Any) -> str:
    """Return *value* as JSON that every store can keep and every terminal can show.

    Raises:
        TypeError, ValueError, RecursionError: It is not JSON.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if text.isascii():
        return text
    # Half a surrogate pair, as undecodable file names carry it, is kept as the text that describes it.
    return _HALVES.sub(lambda half: f"\\\\u{ord(half[0]):04x}", text)


def recordable(outcome: object) -> Outcome:
    """Return *outcome* if a store can keep it, else as much of it as one can; for anything else a failure.

    >>> recordable(Outcome(status=OutcomeStatus.FAILED)).reason
    'it failed, and nothing says why'
    >>> recordable(None).reason
    'its executor reported an end that is not an Outcome, but NoneType'
    """
    if not isinstance(outcome, Outcome):
        return _failed(f"its executor reported an end that is not an Outcome, but {type(outcome).__name__}")
    status_given: object = outcome.status
    is_bare = outcome.result is outcome.reason is outcome.error is None and outcome.permanent is False
    if is_bare and status_given is OutcomeStatus.COMPLETED:
        return outcome
    try:
        status = OutcomeStatus(status_given)  # type: ignore[arg-type]  # whatever a host put there
    except ValueError:
        return _failed(f"it ended as {status_given!r}, which is no status of an Outcome")
    reason, error = _text(outcome.reason), _text(outcome.error)
    if status is OutcomeStatus.PUT_OFF:
        until: object = outcome.until
        if not isinstance(until, datetime) or until.tzinfo is None:
            return _failed(f"it was put off until {until!r}, which is no instant with a time zone")
        if until > LATEST_INSTANT:
            return _failed(f"it was put off until {until!r}, which is beyond what a date can hold")
    if status is OutcomeStatus.FAILED and not reason:
        reason = "it failed, and nothing says why"
    result: Json = None
    if outcome.result is not None:
        # An executor that does not go through the hooks may answer with anything; the work is done all the same.
        converted, warnings = result_json(outcome.result)
        text = json_text(converted)
        if len(text) > LONGEST_RESULT:
            result = {"cut": True, "characters": len(text), "begins": text[:LONGEST_RESULT]}
            reason = reason or f"its result of {len(text):,} characters is cut: {LONGEST_RESULT:,} are kept"
        else:
            result = json.loads(text)
        if warnings and reason is None:
            reason = storable(f"not all of the result is JSON: {warnings[0]}; it is kept as text")
    return replace(outcome, status=status, reason=reason, error=error, result=result, permanent=bool(outcome.permanent))


def recordable_count(count: object) -> int | None:
    """Return a number of items as a database can keep it; None where it is none."""
    if isinstance(count, bool) or not isinstance(count, int):
        return None
    return min(max(count, 0), MOST_ITEMS)


def _text(value: object) -> str | None:
    """Return a reason or a traceback as it is kept; of a very long one its beginning and its end."""
    if value is None:
        return None
    text = storable(str(value))
    if len(text) <= LONGEST_RESULT:
        return text
    half = LONGEST_RESULT // 2
    return f"{text[:half]}\n… ({len(text) - 2 * half:,} characters are cut) …\n{text[-half:]}"


def _failed(reason: str) -> Outcome:
    return Outcome(status=OutcomeStatus.FAILED, reason=storable(reason))
