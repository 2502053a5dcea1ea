"""The jobs, and the executor `dramatiq`: it sends the name of each attempt to Dramatiq's workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from aperture_plugin import Job, LiveRun, Mailbox, Spender, StoreExecutor, SystemClock, hookimpl

ACTOR = "aperture_attempt"
QUEUE = "aperture"


def scan(run: LiveRun) -> dict[str, int]:
    """Pretend to look at a thousand files."""
    for number in run.track(range(1000)):
        if number % 250 == 0:
            run.log.info("looked at %d files", number)
    return {"files": 1000}


@hookimpl
def aperture_jobs() -> Iterator[Job]:
    """Offer the job, to the loop and to the workers alike."""
    yield Job("scan", scan, title="Library scan")


@hookimpl
def aperture_executor(
    name: str, spend: Spender, broker: str | None, mailbox: Callable[[], Mailbox]
) -> StoreExecutor | None:
    """Provide `executor: dramatiq`."""
    if name != "dramatiq":
        return None
    queue = RedisBroker(url=broker)  # type: ignore[no-untyped-call]
    queue.declare_queue(QUEUE)

    def publish(key: tuple[str, int], _queue: str) -> None:
        queue.enqueue(dramatiq.Message(queue_name=QUEUE, actor_name=ACTOR, args=key, kwargs={}, options={}))

    return StoreExecutor(mailbox(), publish, name=name, clock=SystemClock(), spend=spend)
