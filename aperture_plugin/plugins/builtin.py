"""The built-in plugin, which uses the same hooks as every other.

It is registered after all other plugins and answers last, so that a host may answer in its place.
"""

from __future__ import annotations

import contextlib
import inspect
import threading
from collections.abc import Awaitable, Callable, Mapping
from types import FunctionType, MethodType

from aperture_plugin.plugins.hookspecs import hookimpl
from aperture_plugin.plugins.outcomes import outcome_of_error, outcome_of_result
from aperture_plugin.ports import Executor, LiveRun
from aperture_plugin.rules.jobs import Handler, Job, Outcome, OutcomeStatus

__all__ = ["BuiltIn", "takes_run"]


class BuiltIn:
    """The plugin that is always there.

    Attributes:
        executors: Functions that make the built-in executors, by name; set when the loop starts,
            because `plugins/` does not import `executors/`.
    """

    def __init__(self) -> None:
        self.executors: Mapping[str, Callable[[], Executor]] = {}

    @hookimpl(trylast=True)
    def aperture_run_job(self, job: Job, run: LiveRun) -> Outcome:
        """Call the job's handler with the live run, and return its outcome."""
        try:
            result = job.handler(run) if takes_run(job.handler) else job.handler()
            if result is not None and inspect.isawaitable(result):
                return _run_async(result, run)
            outcome = outcome_of_result(result, run)
        except BaseException as error:  # noqa: BLE001 - SystemExit in a handler ends that run and nothing else
            return outcome_of_error(error, job, run)
        return _left_early(outcome) if getattr(run, "noticed", False) else outcome

    @hookimpl(trylast=True)
    def aperture_executor(self, name: str) -> Executor | None:
        """Make the executor of that name, if it is built in."""
        make = self.executors.get(name)
        return None if make is None else make()


def takes_run(handler: Handler) -> bool:
    """Return whether *handler* is called with the live run; false for a function without parameters.

    >>> takes_run(lambda run: None), takes_run(lambda: None)
    (True, False)
    """
    function = handler.__func__ if isinstance(handler, MethodType) else handler
    if isinstance(function, FunctionType) and not hasattr(function, "__wrapped__"):
        code = function.__code__
        bound = 1 if isinstance(handler, MethodType) else 0
        if not code.co_kwonlyargcount:  # The usual handler, without the cost of a signature at every run.
            return code.co_argcount > bound or bool(code.co_flags & inspect.CO_VARARGS)
    try:
        parameters = inspect.signature(handler).parameters.values()
    except (TypeError, ValueError):  # Some callables written in C have no signature.
        return True
    return any(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.VAR_POSITIONAL) for p in parameters)


def _left_early(outcome: Outcome) -> Outcome:
    """Return the outcome of a handler that looked at `run.cancelled`, saw it, and returned what it had."""
    if outcome.status is not OutcomeStatus.COMPLETED:
        return outcome
    reason = "it was asked to stop, and left early"
    return Outcome(status=OutcomeStatus.CANCELLED, result=outcome.result, reason=reason)


def _run_async(awaitable: Awaitable[object], run: LiveRun) -> Outcome:
    """Run an `async def` handler to its end in an event loop of its own; cancelling the run cancels its task."""
    if not _in_a_loop():
        return _in_new_loop(awaitable, run)
    # Called in the thread of a host's own event loop, as a test of an asyncio host does: it cannot be nested.
    answers: list[Outcome | BaseException] = []

    def work() -> None:
        try:
            answers.append(_in_new_loop(awaitable, run))
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that asked
            answers.append(error)

    thread = threading.Thread(target=work, name=f"aperture-{run.job}-async", daemon=True)
    thread.start()
    thread.join()
    if isinstance(answers[0], BaseException):
        raise answers[0]
    return answers[0]


def _in_a_loop() -> bool:
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _in_new_loop(awaitable: Awaitable[object], run: LiveRun) -> Outcome:
    import asyncio  # Imported late: a host without async handlers does not need it.

    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        loop = runner.get_loop()
        coroutine = awaitable if inspect.iscoroutine(awaitable) else _as_coroutine(awaitable)
        task: asyncio.Task[object] = loop.create_task(coroutine, name=f"aperture-{run.job}")

        def cancel() -> None:
            with contextlib.suppress(RuntimeError):  # The handler has just ended, and its loop is closed.
                loop.call_soon_threadsafe(task.cancel)

        run.on_cancel(cancel)
        try:
            outcome = outcome_of_result(loop.run_until_complete(task), run)
        finally:
            if task.done() and not task.cancelled():
                task.exception()  # Else the task warns that it was never retrieved.
        noticed = task.cancelling() > 0 or getattr(run, "noticed", False)
        return _left_early(outcome) if noticed else outcome


async def _as_coroutine(awaitable: Awaitable[object]) -> object:
    return await awaitable
