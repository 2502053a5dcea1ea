"""How an attempt ended, made of what its handler returned or raised."""

from __future__ import annotations

import inspect
import json
import math
import os
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import pluggy

from aperture_plugin.plugins.errors import one_line
from aperture_plugin.ports import LiveRun, PutOff, RunCancelled
from aperture_plugin.rules.jobs import Job, Outcome, OutcomeStatus
from aperture_plugin.rules.recordable import json_text

__all__ = ["checked", "outcome_of_error", "outcome_of_result"]

_COMPLETED: Final = Outcome()
_LONGEST_ERROR: Final = 64 * 1024
_MACHINERY: Final = tuple(
    str(folder) + os.sep
    for folder in (Path(__file__).parent, Path(pluggy.__file__).parent, Path(os.__file__).parent / "asyncio")
)


def outcome_of_result(result: object) -> Outcome:
    """Return the outcome of a handler that returned *result*: completed, if that is JSON.

    A handler that dispatches further may answer with an `Outcome` of its own.

    >>> outcome_of_result({"added": 12}).result
    {'added': 12}
    >>> outcome_of_result({"seen": {1, 2}}).reason
    'the result is not JSON: result["seen"] is a set'
    """
    if result is None:
        return _COMPLETED
    if isinstance(result, Outcome):
        return checked(result)
    return checked(Outcome(result=result))  # type: ignore[arg-type]  # Whether it is JSON is looked at next.


def checked(outcome: Outcome) -> Outcome:
    """Return *outcome* with its result as plain JSON, or as failed where it is none."""
    if outcome.result is None:
        return outcome
    try:
        return replace(outcome, result=json.loads(json_text(outcome.result)))
    except (TypeError, ValueError, RecursionError) as error:
        if inspect.isgenerator(outcome.result) or inspect.isasyncgen(outcome.result):
            reason = "its handler yields, so that nothing of it ran: call the generator within the handler, and return"
            return replace(outcome, status=OutcomeStatus.FAILED, result=None, reason=reason, permanent=True)
        culprit = next(_not_json(outcome.result, "result", ()), one_line(error))
        reason = f"the result is not JSON: {culprit}"
        return replace(outcome, status=OutcomeStatus.FAILED, result=None, reason=reason)


def outcome_of_error(error: BaseException, job: Job, run: LiveRun) -> Outcome:
    """Return the outcome of a handler, or a wrapper around it, that raised *error*.

    `RunCancelled`, and what a handler made of it, is `cancelled`; everything else is `failed`, with the
    traceback beginning at the handler's own frames. A task group's errors count one by one.
    """
    leaves = list(_leaves(error))
    if all(_is_cancel(leaf, run) for leaf in leaves):
        said = next((str(leaf) for leaf in leaves if isinstance(leaf, RunCancelled) and str(leaf)), None)
        return Outcome(status=OutcomeStatus.CANCELLED, reason=said or "it was asked to stop, and did")
    put_off = [leaf for leaf in leaves if isinstance(leaf, PutOff)]
    if len(put_off) == len(leaves):
        latest = max(put_off, key=lambda leaf: leaf.until)
        return Outcome(status=OutcomeStatus.PUT_OFF, reason=latest.reason, until=latest.until)
    return Outcome(
        status=OutcomeStatus.FAILED,
        reason=one_line(error),
        error=_traceback_of(error),
        permanent=any(isinstance(leaf, job.permanent) for leaf in leaves),
    )


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _leaves(one)
    else:
        yield error


def _is_cancel(error: BaseException, run: LiveRun) -> bool:
    if isinstance(error, RunCancelled):
        return True
    if not run.cancelled:
        return False
    from asyncio import CancelledError  # A host that has no async handler need not pay for asyncio.

    if isinstance(error, CancelledError):
        return True
    # A library that wraps whatever passes through it: raise LibraryError(...) from error.
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        cause = cause.__cause__ or cause.__context__
        if isinstance(cause, RunCancelled | CancelledError):
            return True
    return False


def _traceback_of(error: BaseException) -> str:
    first = _handlers_frames(error.__traceback__)
    try:
        text = "".join(traceback.format_exception(type(error), error, first))
    except Exception:  # noqa: BLE001 - an exception whose own repr raises still has frames to show
        text = "".join(traceback.format_tb(first)) + one_line(error)
    text = text.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode().rstrip()
    if len(text) <= _LONGEST_ERROR:
        return text
    half = _LONGEST_ERROR // 2
    return f"{text[:half]}\n… {len(text) - 2 * half} characters left out …\n{text[-half:]}"


def _handlers_frames(whole: TracebackType | None) -> TracebackType | None:
    """Return the traceback from the handler's first frame on: what led to it is not the reader's business."""
    first = whole
    while first is not None and first.tb_frame.f_code.co_filename.startswith(_MACHINERY):
        first = first.tb_next
    return first


def _not_json(value: Any, path: str, above: tuple[int, ...]) -> Iterator[str]:
    """Yield, as `result["when"] is a datetime`, every value that is not JSON."""
    if id(value) in above:
        yield f"{path} holds itself"
    elif isinstance(value, float):
        if not math.isfinite(value):
            yield f"{path} is {value}"
    elif isinstance(value, dict):
        for key, one in value.items():
            if not isinstance(key, str | int | float | bool | None):
                yield f"a key of {path} is {_a(key)}"
            yield from _not_json(
                one, f"{path}[{json.dumps(key) if isinstance(key, str) else key}]", (*above, id(value))
            )
    elif isinstance(value, list | tuple):
        for n, one in enumerate(value):
            yield from _not_json(one, f"{path}[{n}]", (*above, id(value)))
    elif not isinstance(value, str | int | bool | None):
        yield f"{path} is {_a(value)}"


def _a(value: object) -> str:
    kind = type(value)
    name = (
        kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__qualname__}"
    )
    name = kind.__name__ if kind.__module__ in ("datetime", "decimal", "pathlib", "uuid") else name
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
