"""An attempt whose handler is called in another process, on this machine or on another: what is said on the way.

Here, where the loop is, a `WorkerRun` stands in for it: what the worker says goes in by `hear`, and a log's quota,
the masking of secrets and the spending from limits are the same as for a handler in this process. There, an
`Errand` does it, with plugins that were loaded there. Messages are JSON; how they travel is the executor's own
affair, and so is what happens when they do not arrive.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from aperture_plugin.executors.attempts import Key, failed, masked
from aperture_plugin.executors.live import WorkerRun, no_limits
from aperture_plugin.executors.params import WrongParam, params_of
from aperture_plugin.executors.wire import Message, outcome_from, outcome_to, run_from, run_to
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

__all__ = ["Errand", "ended", "hear", "order_of", "outcome_to", "raise_spent", "spent"]


def order_of(work: Work) -> Message:
    """Return what a worker has to know of an attempt, for `Errand` to read there."""
    return {"run": run_to(work.run), "words": _plain(work.config.params)}


def hear(said: Message, run: WorkerRun) -> bool:
    """Let what an `Errand` has said of its progress and to its log take effect on *run*.

    Returns:
        Whether it was that; what else it says (`spend`) is for the executor to answer.
    """
    match said:
        case {"progress": [int(done), int() | None as total]}:
            run.tell(Progressed(run.key, done, total))
        case {"log": [str(level), str(text)]}:
            run.write(level, text)
        case _:
            return False
    return True


def ended(run: WorkerRun, said: Message) -> Ended:
    """Return the end of *run* for its `Report`, and let nothing more be heard of it.

    Args:
        said: What `outcome_to` made of the outcome of an `Errand`.
    """
    try:
        outcome = outcome_from(said)
    except (KeyError, TypeError, ValueError) as error:
        outcome = failed(f"its worker told an end that cannot be read: {type(error).__name__}: {error}")
    run.end()
    return Ended(run.key, masked(run, outcome))


def spent(run: WorkerRun, limit: str, calls: int) -> Message:
    """Spend *calls* of a limit for *run*, as its handler asked from elsewhere; it blocks while it has to wait.

    Returns:
        What became of it, for `raise_spent` where the handler waits.
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
    """Raise what `spent` met with, if anything; the calls may be made where this returns."""
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
    """One attempt, where its handler is called.

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
    ) -> None:
        """Take an order; nothing is done yet.

        Args:
            order: What `order_of` made, by way of JSON.
            jobs, dispatch: The jobs that plugins register here, and what runs one: `Plugins.jobs`, `Plugins.run_job`.
            say: Takes what is for `hear`; called from any thread, and must not raise.
            clock: This machine's time.
            spend: How the handler spends from limits; `raise_spent` raises what a `Spender` raises.
        """
        run = run_from(order["run"])
        self.key: Final[Key] = run.key
        self._dispatch = dispatch
        self._job = jobs.get(run.job)
        self._name = run.job
        self._say = say
        self._live: WorkerRun | None = None
        self._wrong = ""
        try:
            params = params_of({} if self._job is None else self._job.params, order["words"])
        except WrongParam as error:
            self._wrong = str(error)
        else:
            self._live = WorkerRun(run, params, self._tell, clock=clock, spend=spend)

    def cancel(self, reason: str) -> None:
        """Ask the handler to stop; from any thread, and once is enough."""
        if self._live is not None:
            self._live.cancel(reason)

    def run(self) -> Outcome:
        """Call the handler, in this thread, and return how the attempt ended; never raises."""
        if self._job is None:
            return failed(f'in a process of its own no plugin registers "{self._name}"', permanent=True)
        if self._live is None:
            return failed(self._wrong, permanent=True)
        try:
            return self._dispatch(self._job, self._live)
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
