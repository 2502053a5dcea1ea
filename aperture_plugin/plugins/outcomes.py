"""The outcome of an attempt, made from what its handler returned or raised."""

from __future__ import annotations

import inspect
import os
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Final

import pluggy

from aperture_plugin.plugins.plugin_problems import one_line
from aperture_plugin.ports import LiveRun, PutOff, RunCancelled
from aperture_plugin.rules.jobs import Job, Outcome, OutcomeStatus
from aperture_plugin.rules.result_json import result_json

__all__ = ["checked", "outcome_of_error", "outcome_of_result"]

_COMPLETED: Final = Outcome()
_LONGEST_ERROR: Final = 64 * 1024
_MACHINERY: Final = tuple(
    str(folder) + os.sep
    for folder in (Path(__file__).parent, Path(pluggy.__file__).parent, Path(os.__file__).parent / "asyncio")
)


def outcome_of_result(result: object, run: LiveRun) -> Outcome:
    """Return the outcome of a handler that returned *result*: completed, with the result as JSON.

    A handler that dispatches further may answer with an `Outcome` of its own.
    """
    if result is None:
        return _COMPLETED
    if isinstance(result, Outcome):
        return checked(result, run)
    return checked(Outcome(result=result), run)  # type: ignore[arg-type]  # It becomes JSON next.


def checked(outcome: Outcome, run: LiveRun) -> Outcome:
    """Return *outcome* with its result as plain JSON; values kept only as text are warned of in the log of *run*.

    The work is done, so the result never changes the status. Only a generator does: nothing of its body has run.
    """
    result: object = outcome.result
    if result is None:
        return outcome
    if inspect.isgenerator(result) or inspect.isasyncgen(result):
        reason = "its handler yields, so that nothing of it ran: call the generator within the handler, and return"
        return replace(outcome, status=OutcomeStatus.FAILED, result=None, reason=reason, permanent=True)
    converted, warnings = result_json(result)
    for warning in warnings:
        run.log.warning("not all of the result is JSON: %s; it is kept as text", warning)
    return replace(outcome, result=converted)


def outcome_of_error(error: BaseException, job: Job, run: LiveRun) -> Outcome:
    """Return the outcome of a handler, or a wrapper around it, that raised *error*.

    `RunCancelled`, also as the cause of another exception, is `cancelled`; everything else is `failed`, with a
    traceback that begins at the handler's own frames. A task group's errors count one by one.
    """
    leaves = list(_leaves(error))
    if all(_is_cancel(leaf, run) for leaf in leaves):
        reason = next((str(leaf) for leaf in leaves if isinstance(leaf, RunCancelled) and str(leaf)), None)
        return Outcome(status=OutcomeStatus.CANCELLED, reason=reason or "it was asked to stop, and did")
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
    from asyncio import CancelledError  # Imported late: a host without async handlers does not need it.

    if isinstance(error, CancelledError):
        return True
    # A library may wrap the exception: raise LibraryError(...) from error.
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
    """Return the traceback from the handler's first frame on, without our own frames above it."""
    first = whole
    while first is not None and first.tb_frame.f_code.co_filename.startswith(_MACHINERY):
        first = first.tb_next
    return first
