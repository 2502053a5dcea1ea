"""What waits for the disk, and what may come later: a relaxed transaction is there for all, and not yet forced."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from aperture_plugin.ports import RunQuery, Store, StoreUnavailable
from aperture_plugin.rules.runs import Run, RunTrigger
from aperture_plugin.store.connect import open_store

CALL = "fdatasync" if hasattr(os, "fdatasync") else "fsync"
NOON = datetime(2026, 1, 10, 12, tzinfo=UTC)


def run_of(run_id: str) -> Run:
    wall = NOON.replace(tzinfo=None)
    return Run(
        id=run_id, job="scan", trigger=RunTrigger.MANUAL, priority_at=NOON, priority_nominal=wall, queued_at=NOON
    )


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Each wait for the disk that this program makes by itself."""
    made: list[int] = []
    real = getattr(os, CALL)

    def wait(file: int) -> None:
        made.append(file)
        real(file)

    monkeypatch.setattr(os, CALL, wait)
    return made


def test_a_transaction_waits_for_the_disk(tmp_path: Path, waits: list[int]) -> None:
    store = open_store("sqlite:///aperture.db", directory=tmp_path)
    store.open()
    with store.transaction() as ledger:
        ledger.add([run_of("a")])
    store.close()

    assert len(waits) == 1


def test_a_transaction_that_writes_nothing_waits_for_nothing(tmp_path: Path, waits: list[int]) -> None:
    store = open_store("sqlite:///aperture.db", directory=tmp_path)
    store.open()
    with store.transaction() as ledger:
        ledger.in_hand()
    store.close()

    assert waits == []


def test_relaxed_transactions_share_one_wait(tmp_path: Path, waits: list[int]) -> None:
    store = open_store("sqlite:///aperture.db", directory=tmp_path)
    store.open()
    for run_id in "abc":
        with store.transaction() as ledger:
            ledger.add([run_of(run_id)])
            ledger.relax()
    before = len(waits)
    store.sync()
    store.close()

    assert (before, len(waits)) == (0, 1)


def test_a_transaction_that_may_not_be_lost_waits_for_what_relaxed_ones_wrote_before_it(
    tmp_path: Path, waits: list[int]
) -> None:
    store = open_store("sqlite:///aperture.db", directory=tmp_path)
    store.open()
    with store.transaction() as ledger:
        ledger.add([run_of("a")])
        ledger.relax()
    with store.transaction() as ledger:
        ledger.in_hand()
    store.close()

    assert len(waits) == 1


def test_what_a_relaxed_transaction_wrote_is_there_for_others(store: Store, url: str, tmp_path: Path) -> None:
    with store.transaction() as ledger:
        ledger.add([run_of("a")])
        ledger.relax()
    store.sync()

    other = open_store(url, directory=tmp_path)
    other.open()
    found = other.history(RunQuery())
    other.close()

    assert [run.id for run in found] == ["a"]


def test_a_disk_that_does_not_take_it_is_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_file: int) -> None:
        raise OSError(5, "Input/output error")

    store = open_store("sqlite:///aperture.db", directory=tmp_path)
    store.open()
    monkeypatch.setattr(os, CALL, refuse)

    with pytest.raises(StoreUnavailable, match="Input/output error"), store.transaction() as ledger:
        ledger.add([run_of("a")])

    store.close()


def test_the_log_is_folded_in_when_there_is_time_and_not_by_who_waits_for_a_claim(tmp_path: Path) -> None:
    store = open_store("sqlite:///aperture.db", directory=tmp_path)
    store.open()
    for number in range(200):
        with store.transaction() as ledger:
            ledger.add([run_of(f"{number:03}")])
    log, file = (tmp_path / name for name in ("aperture.db-wal", "aperture.db"))
    before = (log.stat().st_size, file.stat().st_size)

    store.sync()
    folded = file.stat().st_size
    with store.transaction() as ledger:
        ledger.add([run_of("after")])

    assert before[0] > 1000 * 4096 > before[1]
    assert folded > before[1]
    assert log.stat().st_size == before[0], "it is written from its beginning again"
    assert [run.id for run in store.history(RunQuery(limit=2))] == ["after", "199"]
    store.close()


def test_postgresql_is_told_not_to_wait_where_a_transaction_is_relaxed_and_only_there(
    postgres_url: str, tmp_path: Path
) -> None:
    store = open_store(postgres_url, directory=tmp_path)
    store.open()
    engine: Any = store._engine  # type: ignore[attr-defined]  # what the server was told is what is tested
    waits: list[str] = []

    def note(connection: Any) -> None:
        waits.append(connection.exec_driver_sql("SHOW synchronous_commit").scalar())

    event.listen(engine, "commit", note)
    for is_relaxed in (True, False, True):
        with store.transaction() as ledger:
            ledger.add([run_of(f"run-{len(waits)}")])
            if is_relaxed:
                ledger.relax()
    store.close()

    assert waits == ["off", "on", "off"]
