"""Celery is held to what every executor promises, with real workers on real brokers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import ClassVar
from uuid import uuid4

import pytest

from aperture_plugin.clock.system import SystemClock
from aperture_plugin.executors.celery_app import app_for, sender
from aperture_plugin.executors.store_executor import StoreExecutor
from aperture_plugin.plugins.registry import Plugins
from aperture_plugin.ports import Report, Spender, Work
from aperture_plugin.store.connect import open_store
from aperture_plugin.store.sql_store import SqlStore
from aperture_plugin.testing import ExecutorContract
from tests.executors.celery_servers import SECONDS, answering, program


class Recorded(StoreExecutor):
    """Writes the run of each attempt to the store first, as a loop does."""

    store: SqlStore

    def start(self, work: Work, report: Report) -> None:
        with self.store.transaction() as ledger:
            ledger.add([work.run])
        super().start(work, report)

    def kill(self, key: tuple[str, int]) -> bool:
        """Wait until the worker has told that it began: a loop kills seconds after that, and this test at once."""
        until = time.monotonic() + SECONDS
        while key in self._attempts and self._attempts[key].can_kill is None and time.monotonic() < until:
            time.sleep(0.005)
        return super().kill(key)


class CeleryContract(ExecutorContract):
    broker: ClassVar[str]
    pool: ClassVar[str] = "prefork"

    @pytest.fixture(scope="class")
    @classmethod
    def worker(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, SqlStore]]:
        url, queue = answering(cls.broker), f"aperture-test-{uuid4().hex[:8]}"
        folder = tmp_path_factory.mktemp("celery")
        state = f"sqlite:///{folder}/aperture.db"
        store = open_store(state, directory=folder)
        assert isinstance(store, SqlStore)
        store.open()
        with program("tests.executors.contract_worker", url, queue, state, cls.pool, folder=folder):
            yield url, queue, store
        store.close()

    @pytest.fixture(autouse=True)
    def _remember(self, worker: tuple[str, str, SqlStore]) -> None:
        self.served = worker

    def make(self, plugins: Plugins, spend: Spender) -> StoreExecutor:
        url, queue, store = self.served
        app = app_for(url)
        app.conf.task_default_queue = queue
        executor = Recorded(store.mailbox(), sender(app, dict), name="celery", clock=SystemClock(), spend=spend)
        executor.store = store
        return executor


class TestCeleryOnRedis(CeleryContract):
    broker = "redis"
    can_kill = True


class TestCeleryOnRabbitMQ(CeleryContract):
    broker = "rabbitmq"
    can_kill = True


class TestCeleryThreads(CeleryContract):
    broker = "redis"
    pool = "threads"
