"""One row that cannot be read is shown as such, and hides no other."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aperture_plugin.ports import Claim, Pause, RunQuery, Store
from aperture_plugin.rules.runs import Run, RunTrigger, Status
from aperture_plugin.store.connect import open_store
from aperture_plugin.store.readable import is_number
from aperture_plugin.store.sql_store import SqlStore
from aperture_plugin.store.tables import metadata

NOON = datetime(2026, 1, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


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


def test_what_cannot_be_read_is_passed_over_found_and_mended(store: Store) -> None:
    wall = NOON.replace(tzinfo=None)
    new = [
        Run(
            id=name, job=name, trigger=RunTrigger.MANUAL, priority_at=NOON, priority_nominal=wall, queued_at=NOON
        )
        for name in ("good", "odd")
    ]  # fmt: skip
    slot = Claim(job="odd", due=NOON, nominal=wall, first_due=NOON, count=1, run_id="odd")
    with store.transaction() as ledger:
        ledger.add(new)
        ledger.claim([slot])
        ledger.set_pause(Pause(job="odd", since=NOON))
    assert isinstance(store, SqlStore)
    with store._begun() as connection:
        connection.exec_driver_sql("UPDATE runs SET priority_nominal = 'noon' WHERE id = 'odd'")
        connection.exec_driver_sql("UPDATE pauses SET since = 9000000000000000000")
        connection.exec_driver_sql("UPDATE latest SET claimed = 9000000000000000000")

    with store.transaction() as ledger:
        in_hand, pause = ledger.in_hand(), ledger.pauses()["odd"]
        claimed = ledger.claim([slot, replace(slot, due=NOON + HOUR, first_due=NOON + HOUR)])
    found, mended = store.unreadable(100), store.mend()

    assert [run.id for run in in_hand] == ["good"]
    assert (pause.until, (pause.note or "")[:41]) == (None, "this row of the store cannot be read (pau")
    assert claimed == [False, True]
    assert [(row.table, row.key) for row in found] == [("pauses", "job odd"), ("runs", "id odd, attempt 1")]
    assert mended == found
    assert store.unreadable(None) == []
    assert [run.status for run in store.history(RunQuery(run_id="odd"))] == [Status.FAILED]


@pytest.mark.parametrize(
    ("table", "column"),
    [
        *(("runs", name) for name in ("result", "params")),
        *(("loops", "details"), ("loop_files", "words"), ("notices", "facts"), ("worker_events", "body")),
        *(("orders", name) for name in ("body", "answer")),
    ],
)
def test_json_that_is_broken_is_told_and_mended_whichever_table_has_it(tmp_path: Path, table: str, column: str) -> None:
    store = open_store("sqlite:///aperture.db", directory=tmp_path)
    assert isinstance(store, SqlStore)
    store.open()
    fitting: dict[str, object] = {each.name: 1 if is_number(each) else "{}" for each in metadata.tables[table].columns}
    fitting |= {"status": "completed", "trigger": "manual", "nominal": None, "priority_nominal": "2026-01-10T12:00:00"}
    row = {each.name: fitting[each.name] for each in metadata.tables[table].columns} | {column: "{"}
    with store._begun() as connection:
        connection.execute(metadata.tables[table].insert(), row)

    found, _ = store.unreadable(100), store.mend()
    left = store.unreadable(None)
    store.close()

    assert [one.table for one in found] == [table]
    assert left == []
