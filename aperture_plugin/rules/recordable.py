"""What of a handler's or an executor's words can be kept, whatever it said.

A host answers with what it likes. One value that a database cannot take would cost the whole tick in which it
is written, and with it the ends of all other runs (DESIGN.md, section 4, promise 10).
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any, Final

from aperture_plugin.rules.jobs import Json, Outcome, OutcomeStatus

__all__ = ["MOST_ITEMS", "json_text", "recordable", "recordable_count", "storable"]

MOST_ITEMS: Final = 2**63 - 1
"""A database counts so far."""

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
    """Return *outcome* if it can be kept as it is; else what of it can be, which may be that it failed.

    >>> recordable(Outcome(status=OutcomeStatus.FAILED)).reason
    'it failed, and nothing says why'
    >>> recordable(None).reason
    'its executor told an end that is no Outcome, but NoneType'
    """
    if not isinstance(outcome, Outcome):
        return _failed(f"its executor told an end that is no Outcome, but {type(outcome).__name__}")
    said: object = outcome.status
    is_bare = outcome.result is outcome.reason is outcome.error is None and outcome.permanent is False
    if is_bare and said is OutcomeStatus.COMPLETED:
        return outcome
    try:
        status = OutcomeStatus(said)  # type: ignore[arg-type]  # whatever a host put there
    except ValueError:
        return _failed(f"it ended as {said!r}, which is no status of an Outcome")
    reason, error = _text(outcome.reason), _text(outcome.error)
    if status is OutcomeStatus.PUT_OFF and getattr(outcome.until, "tzinfo", None) is None:
        return _failed(f"it was put off until {outcome.until!r}, which is no instant with a time zone")
    if status is OutcomeStatus.FAILED and not reason:
        reason = "it failed, and nothing says why"
    result: Json = None
    if outcome.result is not None:
        try:
            result = json.loads(json_text(outcome.result))
        except (TypeError, ValueError, RecursionError) as wrong:
            return _failed(f"the result is not JSON: {wrong}")
    return replace(outcome, status=status, reason=reason, error=error, result=result, permanent=bool(outcome.permanent))


def recordable_count(count: object) -> int | None:
    """Return a number of items as a database can keep it; None where it is none."""
    if isinstance(count, bool) or not isinstance(count, int):
        return None
    return min(max(count, 0), MOST_ITEMS)


def _text(said: object) -> str | None:
    return None if said is None else storable(str(said))


def _failed(reason: str) -> Outcome:
    return Outcome(status=OutcomeStatus.FAILED, reason=storable(reason))
