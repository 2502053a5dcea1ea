"""A Celery worker that knows the handlers of the executors' contract: `contract_worker BROKER QUEUE STATE POOL`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from aperture_plugin.clock.system import SystemClock
from aperture_plugin.executors.celery_app import app_for
from aperture_plugin.executors.celery_worker import CeleryWorker
from aperture_plugin.executors.store_worker import StoreWorker
from aperture_plugin.plugins.plugin_loader import load_plugins
from aperture_plugin.store.connect import open_store
from aperture_plugin.store.sql_store import SqlStore
from aperture_plugin.testing.contract import JOBS


def main(broker: str, queue: str, state: str, pool: str) -> None:
    """Work until a signal comes."""
    app = app_for(broker)
    app.conf.task_default_queue = queue
    store = open_store(state, directory=Path.cwd())
    assert isinstance(store, SqlStore)
    plugins = load_plugins(directory=None, modules=[JOBS], entry_points=False)

    def worker(can_kill: bool) -> StoreWorker:
        mailbox, clock = store.mailbox(), SystemClock()
        return StoreWorker(mailbox, plugins.jobs, plugins.run_job, clock=clock, environ=os.environ, can_kill=can_kill)

    CeleryWorker(app, worker, store.mailbox, grace_seconds=1.0)
    app.Worker(pool=pool, concurrency=4, loglevel="INFO", without_gossip=True, without_mingle=True).start()


if __name__ == "__main__":
    main(*sys.argv[1:])
