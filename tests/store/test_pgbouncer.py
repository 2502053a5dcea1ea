"""A PostgreSQL store behind a pooler in transaction mode: each transaction may have another server connection."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aperture_plugin import Aperture, Job, LiveRun, hookimpl
from aperture_plugin.ports import RunQuery, StoreUnavailable
from aperture_plugin.rules.runs import Status
from aperture_plugin.store.connect import open_store
from aperture_plugin.store.sql_store import SqlStore
from tests.store.pgbouncer import SECONDS, PgBouncer
from tests.store.test_store import run_of


@pytest.fixture
def pooler(postgres_url: str, tmp_path: Path) -> Iterator[PgBouncer]:
    folder = tmp_path / "pgbouncer"
    folder.mkdir()
    for parent in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        if parent.stat().st_uid == 0 and not parent.stat().st_mode & 0o005:
            parent.chmod(parent.stat().st_mode | 0o055)
    pooler = PgBouncer(postgres_url, folder).start()
    yield pooler
    pooler.stop()


def test_many_transactions_of_many_processes_pass_through_few_connections(pooler: PgBouncer, tmp_path: Path) -> None:
    stores = [open_store(pooler.url, directory=tmp_path) for _ in range(6)]
    for store in stores:
        store.open()

    def write(number: int) -> None:
        for count in range(20):
            with stores[number].transaction() as ledger:
                ledger.add([run_of(f"{number}-{count}")])
                ledger.in_hand()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(len(stores))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)

    assert len(stores[0].history(RunQuery(limit=None))) == 120
    for store in stores:
        store.close()


def test_a_pooler_that_does_not_answer_is_unavailable_within_ten_seconds_and_then_works(
    pooler: PgBouncer, tmp_path: Path
) -> None:
    """It is stopped, as is one whose own server is away: no packet is lost, so the network notices nothing."""
    stores = [open_store(pooler.url, directory=tmp_path) for _ in range(4)]
    said: dict[int, tuple[str, float]] = {}

    def decide() -> None:
        with stores[0].transaction() as ledger:
            ledger.in_hand()

    def fail(number: int, doing: Callable[[], object]) -> None:
        began = time.monotonic()
        with pytest.raises(StoreUnavailable) as away:
            doing()
        said[number] = str(away.value).partition(": ")[2], time.monotonic() - began

    for store in stores:
        store.open()
        store.changed()
    mailed = stores[3]
    assert isinstance(mailed, SqlStore)
    mailed.mailbox().exchange("loop")
    pooler.freeze()
    attempts: list[Callable[[], object]] = [
        decide,
        stores[1].changed,
        lambda: stores[2].history(RunQuery()),
        lambda: mailed.mailbox().exchange("loop"),
    ]
    threads = [threading.Thread(target=fail, args=given) for given in enumerate(attempts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    pooler.thaw()

    no_answer = "the server has not answered for 9 seconds"
    assert [words for number, (words, _) in sorted(said.items()) if number != 2] == [no_answer] * 3
    assert said[2][0] in {no_answer, "connection timeout expired"}  # Whichever connection the pool had for it.
    assert max(seconds for _, seconds in said.values()) < 12
    for store in stores:
        with store.transaction() as ledger:
            assert list(ledger.in_hand()) == []
        store.close()


class Plugin:
    def __init__(self) -> None:
        self.called: list[datetime] = []

    @hookimpl
    def aperture_jobs(self) -> Iterator[Job]:
        yield Job("tick", self.tick)

    def tick(self, run: LiveRun) -> None:
        self.called.append(run.slot or datetime.now(UTC))


def test_a_loop_goes_on_over_a_restart_of_the_pooler_and_runs_no_slot_twice(pooler: PgBouncer, tmp_path: Path) -> None:
    plugin = Plugin()
    (tmp_path / "schedules.yaml").write_text(f"state: {pooler.url}\nschedules:\n  tick: every second\n")

    with Aperture(tmp_path / "schedules.yaml", plugins=[plugin], entry_points=False, hooks=False) as aperture:
        wait_for(lambda: len(plugin.called) >= 2)
        pooler.stop()
        before = len(plugin.called)
        pooler.start()
        wait_for(lambda: len(plugin.called) >= before + 3)

        assert len(set(plugin.called)) == len(plugin.called)
        wait_for(lambda: len(aperture.history(RunQuery(statuses={Status.COMPLETED}, limit=None))) >= before + 3)


def wait_for(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 2 * SECONDS
    while not holds():
        assert time.monotonic() < until, "it never came about"
        time.sleep(0.05)
