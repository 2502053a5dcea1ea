"""Whatever a host calls things, the store keeps it as near as it can, and goes on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from aperture_plugin.ports import Claim, LogLine, LoopRecord, Pause, RunQuery, ScheduleRevision, Store, StoreRefused
from aperture_plugin.rules.runs import Run, RunTrigger, Status
from aperture_plugin.store.connect import open_store

NOON = datetime(2026, 1, 10, 12, tzinfo=UTC)
ODD = 'a\0b\udcff"\\{ä}'
KEPT = 'a\\x00b\\udcff"\\{ä}'


def odd_run() -> Run:
    return Run(
        id=ODD,
        job=ODD,
        trigger=RunTrigger.MANUAL,
        queue=ODD,
        priority_at=NOON,
        priority_nominal=NOON.replace(tzinfo=None),
        queued_at=NOON,
        reason=ODD,
        owner=ODD,
        cancel_reason=ODD,
        requested_by=ODD,
        params={ODD: ODD},
        note=ODD,
        error=ODD,
        result={ODD: ODD},
        items_done=2**80,
        group=2**70,
    )


def test_every_text_and_number_is_kept_as_near_as_can_be(store: Store) -> None:
    record = LoopRecord(
        id=ODD, host=ODD, pid=1, boot=ODD, serves=ODD, since=NOON, beat=1, beat_at=NOON, details={ODD: ODD}
    )
    with store.transaction() as ledger:
        ledger.claim([Claim(job=ODD, due=NOON, nominal=NOON.replace(tzinfo=None), first_due=NOON, count=1, run_id=ODD)])
        ledger.add([odd_run()])
        ledger.update([odd_run()])
        ledger.log([LogLine(run_id=ODD, attempt=1, at=NOON, level=ODD, text=ODD)])
        ledger.set_pause(Pause(job=ODD, since=NOON, note=ODD, by=ODD))
        ledger.begin_revisions([ScheduleRevision(job=ODD, schedule=ODD, zone=ODD, since=NOON)])
        ledger.keep_completed({ODD: frozenset({ODD})})
        ledger.keep_loop(record)
        ledger.keep_generation(file=ODD, text=ODD, at=NOON)
        ledger.spend(ODD, NOON, 1, forget=NOON)

    [run] = store.history(RunQuery(run_id=ODD))
    [(_, line)] = store.log_lines(ODD)
    with store.snapshot() as ledger:
        pause, revision, generation = ledger.pauses()[KEPT], ledger.revisions()[KEPT], ledger.generations()[0]
    texts = {run.id, run.job, run.queue, run.reason, run.owner, run.cancel_reason, run.requested_by, run.error}
    texts |= {run.note}
    texts |= {
        line.level,
        line.text,
        pause.note,
        pause.by,
        revision.schedule,
        revision.zone,
        generation[2],
        generation[3],
    }
    assert texts == {KEPT}
    assert (run.status, run.items_done, run.group) == (Status.QUEUED, 2**63 - 1, 2**63 - 1)


@pytest.fixture
def latin(postgres_url: str) -> Iterator[str]:
    """The address of a database that is not UTF-8."""
    name = f"aperture_{uuid4().hex[:12]}"
    server = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        how = "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
        connection.execute(text(f"CREATE DATABASE {name} {how}"))
    yield make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


def test_a_database_that_is_not_utf_8_is_refused_in_words(latin: str, tmp_path: Path) -> None:
    store = open_store(latin, directory=tmp_path)

    for opening in (store.open, store.open_to_look):
        with pytest.raises(StoreRefused, match=r"the database keeps text as LATIN1, .*ENCODING 'UTF8'"):
            opening()
