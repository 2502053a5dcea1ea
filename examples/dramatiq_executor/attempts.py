"""What Dramatiq's workers import: the one actor, which takes an attempt in the store and calls its handler."""

from __future__ import annotations

import functools
from pathlib import Path

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import Middleware

from aperture_plugin import StoreWorker, store_worker

HERE = Path(__file__).parent
WEEK_MS = 7 * 24 * 3600 * 1000


class Farewell(Middleware):
    """Hands the attempts of a worker that is stopped back to the loop."""

    def before_worker_shutdown(self, _broker: object, _worker: object) -> None:
        """Ask handlers to cancel; what is left is marked interrupted."""
        worker = here()
        worker.cancel_all("its worker is stopping")
        if not worker.wait_until_idle(5):
            worker.interrupt_all("its worker is stopping")
        worker.close()


@functools.cache
def here() -> StoreWorker:
    """Return the worker of this process, made when it is first needed, which is after the fork."""
    return store_worker(HERE / "schedules.yaml")


BROKER = RedisBroker(url="redis://127.0.0.1:6379/4")  # type: ignore[no-untyped-call]
dramatiq.set_broker(BROKER)
BROKER.add_middleware(Farewell())


@dramatiq.actor(actor_name="aperture_attempt", queue_name="aperture", max_retries=0, time_limit=WEEK_MS)
def attempt(run_id: str, number: int) -> None:
    """Work on one attempt; the store says whether it is still to be had."""
    here().work_on((run_id, number))
