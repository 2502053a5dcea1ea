"""A transaction that writes waits for the disk; one that only reads does not."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aperture_plugin.ports import StoreUnavailable
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


def test_a_disk_that_does_not_take_it_is_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_file: int) -> None:
        raise OSError(5, "Input/output error")

    store = open_store("sqlite:///aperture.db", directory=tmp_path)
    store.open()
    monkeypatch.setattr(os, CALL, refuse)

    with pytest.raises(StoreUnavailable, match="Input/output error"), store.transaction() as ledger:
        ledger.add([run_of("a")])

    store.close()
