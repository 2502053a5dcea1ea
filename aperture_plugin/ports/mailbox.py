"""The part of the store through which a loop and workers elsewhere talk about attempts.

A loop's executor places an *order* for an attempt; one worker takes it, once, and tells *events* until the attempt
has ended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from aperture_plugin.rules.runs import AttemptKey

__all__ = ["Mailbox", "Order", "OrderState", "StopRequest", "WorkerEvent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """All that a worker needs to know of one attempt.

    Attributes:
        key: The attempt: the run's id and the number of the attempt.
        sender: The id of the executor that placed the order and hears its events.
        queue: The queue of the file that the attempt runs in.
        body: The JSON that `remote_attempt.order_of` made; secrets are named in it and not spelled out.
    """

    key: AttemptKey
    sender: str
    queue: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderState:
    """The state of an order.

    Attributes:
        worker: The id of the worker that took it; None while nobody has.
        beat: Grows while that worker lives.
    """

    key: AttemptKey
    worker: str | None
    beat: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerEvent:
    """A worker's report on an attempt: progress, a log line, or its end, as `remote_attempt` words it."""

    key: AttemptKey
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRequest:
    """Asks a worker to stop an attempt.

    Attributes:
        force: True to end the handler without asking it.
    """

    key: AttemptKey
    reason: str
    force: bool = False


class Mailbox(Protocol):
    """Orders and events, each call a short transaction of its own that never waits for a tick.

    Every method may raise `StoreUnavailable`; nothing was written then.
    """

    def exchange(
        self,
        sender: str,
        *,
        placed: Sequence[Order] = (),
        asked: Sequence[StopRequest] = (),
        removed: Sequence[AttemptKey] = (),
    ) -> list[WorkerEvent]:
        """Do in one transaction all that an executor has to do with the store.

        Args:
            sender: The executor.
            placed: Orders to write; one whose attempt has an order already is passed over.
            asked: Requests to the workers that have, or would take, attempts; one by force replaces one without.
            removed: Attempts that have ended, whose orders are removed, with their events since.
        Returns:
            The events of the orders of *sender*, in the order in which they were reported; they are taken out.
        """
        ...

    def take(self, key: AttemptKey, worker: str, *, begun: Mapping[str, Any]) -> Order | None:
        """Give the attempt to *worker*; None where it was taken before, was asked to stop, or does not run any more.

        Args:
            begun: The first event of the attempt, written with it.
        """
        ...

    def take_next(
        self, queue: str, worker: str, *, told: Sequence[WorkerEvent], begun: Mapping[str, Any]
    ) -> Order | None:
        """Write what *worker* tells, and give it the oldest attempt of *queue* that no worker has; None without one.

        Args:
            told: Events as for `tell`; written in the same transaction, before the attempt is given.
            begun: The first event of the attempt, written with it.
        """
        ...

    def beat(self, worker: str, keys: Sequence[AttemptKey]) -> dict[AttemptKey, StopRequest | None]:
        """Renew those of *keys* that *worker* has, and return each with the request to stop it, if there is one.

        One that it has taken and does not know of, because the answer was lost on the way, falls silent by this.
        """
        ...

    def answer(self, key: AttemptKey, body: Mapping[str, Any]) -> None:
        """Write the answer to what the attempt's worker has asked; it replaces the one before."""
        ...

    def answer_to(self, key: AttemptKey) -> Mapping[str, Any] | None:
        """Return the latest answer for the attempt's worker; None while there is none."""
        ...

    def tell(self, worker: str | None, events: Sequence[WorkerEvent]) -> None:
        """Write what *worker* tells; events of attempts that it does not have (any more) are dropped.

        Args:
            worker: None for any worker that has the attempt: its process died, and another one reports that.
        """
        ...

    def states(self, sender: str) -> list[OrderState]:
        """Return the orders of *sender*."""
        ...

    def leftovers(self) -> list[OrderState]:
        """Return the orders, of any sender, whose attempts do not run any more."""
        ...
