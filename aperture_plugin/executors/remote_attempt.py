"""The messages of an attempt whose handler is called in another process, on this machine or another.

In the process of the loop a `WorkerRun` represents the attempt, and `apply_message` applies the worker's messages to
it: the log's quota, the masking of secrets and the limits are the same as for a handler in this process. In the
worker's process an `Errand` calls the handler, with plugins that were loaded there. Messages are JSON. The executor
decides how they travel, and handles their loss.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from aperture_plugin.executors.attempts import failed, masked
from aperture_plugin.executors.live_run import WorkerRun, no_limits
from aperture_plugin.executors.worker_protocol import Message, outcome_from, outcome_to, run_from, run_to
from aperture_plugin.ports import (
    Clock,
    Dispatch,
    Ended,
    Event,
    Logged,
    Progressed,
    PutOff,
    RunCancelled,
    Spender,
    Work,
)
from aperture_plugin.rules.jobs import Job, Outcome
from aperture_plugin.rules.params import WrongParam, params_of
from aperture_plugin.rules.runs import AttemptKey
from aperture_plugin.words.mask import mask_of_environment

__all__ = ["Errand", "apply_message", "ended", "order_of", "outcome_to", "raise_spent", "spent"]


def order_of(work: Work) -> Message:
    """Return the order for an attempt, as JSON, from which `Errand` runs it in the worker."""
    return {"run": run_to(work.run), "words": _plain(work.config.params)}


def apply_message(message: Message, run: WorkerRun) -> bool:
    """Apply a message of an `Errand` about progress or a log line to *run*.

    Returns:
        Whether it was such a message; the executor has to answer any other (`spend`).
    """
    match message:
        case {"progress": [int(done), int() | None as total]}:
            run.tell(Progressed(run.key, done, total))
        case {"log": [str(level), str(text)]}:
            run.write(level, text)
        case _:
            return False
    return True


def ended(run: WorkerRun, message: Message) -> Ended:
    """Return the end of *run* for its `Report`; nothing more of it is reported afterwards.

    Args:
        message: The result of `outcome_to` for the outcome of an `Errand`.
    """
    try:
        outcome = outcome_from(message)
    except (KeyError, TypeError, ValueError) as error:
        outcome = failed(f"its worker reported an end that cannot be read: {type(error).__name__}: {error}")
    run.end()
    return Ended(run.key, masked(run, outcome))


def spent(run: WorkerRun, limit: str, calls: int) -> Message:
    """Spend *calls* of a limit for *run*, whose handler is in another process; blocks while it has to wait.

    Returns:
        The result, for `raise_spent` in the process of the handler.
    """
    try:
        run.spend(limit, calls)
    except PutOff as error:
        return {"kind": "PutOff", "text": error.reason, "until": error.until.isoformat()}
    except BaseException as error:  # noqa: BLE001 - raised again where the handler waits for the answer
        # A KeyError shows its text in quotes.
        text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
        return {"kind": type(error).__name__, "text": text}
    return {}


def raise_spent(answer: Message) -> None:
    """Raise the exception in the result of `spent`, if any; the calls may be made if this returns."""
    match answer:
        case {"kind": "RunCancelled", "text": str(text)}:
            raise RunCancelled(text)
        case {"kind": "PutOff", "text": str(text), "until": str(until)}:
            raise PutOff(datetime.fromisoformat(until), text)
        case {"kind": "KeyError", "text": str(text)}:
            raise KeyError(text)
        case {"kind": str(kind), "text": str(text)}:
            raise RuntimeError(f"{kind}: {text}")


class Errand:
    """One attempt, in the process that calls its handler.

    Attributes:
        key: The attempt's key.
    """

    def __init__(
        self,
        order: Message,
        jobs: Mapping[str, Job],
        dispatch: Dispatch,
        say: Callable[[Message], object],
        *,
        clock: Clock,
        spend: Spender = no_limits,
        environment: Mapping[str, str] = MappingProxyType({}),
        secrets: tuple[str, ...] = (),
    ) -> None:
        """Take an order; nothing runs yet.

        Args:
            order: The result of `order_of`, decoded from JSON.
            jobs, dispatch: The jobs that plugins register here, and the function that runs one: `Plugins.jobs`,
                `Plugins.run_job`.
            say: Takes the messages for `apply_message`; called from any thread, and must not raise.
            clock: This machine's clock.
            spend: Spends from limits for the handler; `raise_spent` raises what a `Spender` raises.
            environment: Its secrets are masked here already, because others may read the messages.
            secrets: Further texts that are masked.
        """
        run = run_from(order["run"])
        self.key: Final[AttemptKey] = run.key
        self._dispatch = dispatch
        self._job = jobs.get(run.job)
        self._name = run.job
        self._say = say
        self._live: WorkerRun | None = None
        self._wrong = ""
        try:
            params = params_of({} if self._job is None else self._job.params, order["words"])
        except WrongParam as error:
            self._wrong = mask_of_environment(environment, secrets)(str(error))
        else:
            self._live = WorkerRun(
                run, params, self._tell, clock=clock, spend=spend, environment=environment, secrets=secrets
            )

    def cancel(self, reason: str) -> None:
        """Ask the handler to stop; callable from any thread. Only the first call counts."""
        if self._live is not None:
            self._live.cancel(reason)

    def run(self) -> Outcome:
        """Call the handler, in this thread, and return the outcome; never raises."""
        if self._job is None:
            return failed(f'in a process of its own no plugin registers "{self._name}"', permanent=True)
        if self._live is None:
            return failed(self._wrong, permanent=True)
        try:
            return masked(self._live, self._dispatch(self._job, self._live))
        finally:
            self._live.end()

    def _tell(self, event: Event) -> None:
        match event:
            case Progressed():
                self._say({"progress": [event.done, event.total]})
            case Logged():
                self._say({"log": [event.line.level, event.line.text]})
            case _:
                raise AssertionError(f"a handler tells nothing of the kind of {event}")


def _plain(words: Any) -> Any:
    if isinstance(words, Mapping):
        return {name: _plain(word) for name, word in words.items()}
    return [_plain(word) for word in words] if isinstance(words, list | tuple) else words
