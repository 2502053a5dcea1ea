"""One row that cannot be read is shown as such, and hides no other."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aperture_plugin.ports import RunQuery
from aperture_plugin.rules.runs import Run, RunTrigger, Status
from aperture_plugin.store.connect import open_store

NOON = datetime(2026, 1, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "words",
    ["result = '{'", "status = 'flying'", "trigger = 'whim'", "priority_nominal = 'noon'", "queued_at = 9e18"],
)
def test_a_row_that_cannot_be_read_is_shown_with_its_key(tmp_path: Path, words: str) -> None:
    store = open_store("sqlite:///aperture.db", directory=tmp_path)
    store.open()
    with store.transaction() as ledger:
        ledger.add(
            [
                Run(
                    id=name,
                    job="scan",
                    trigger=RunTrigger.MANUAL,
                    status=Status.COMPLETED,
                    priority_at=NOON,
                    priority_nominal=NOON.replace(tzinfo=None),
                    queued_at=NOON,
                )
                for name in ("good", "odd")
            ]
        )
    with sqlite3.connect(tmp_path / "aperture.db") as connection:
        connection.execute(f"UPDATE runs SET {words} WHERE id = 'odd'")

    found = {run.id: run for run in store.history(RunQuery(limit=None))}
    store.close()

    assert found["good"].status is Status.COMPLETED
    assert found["odd"].status is Status.FAILED
    assert (found["odd"].reason or "").startswith("this row of the store cannot be read (run odd, attempt 1): ")
