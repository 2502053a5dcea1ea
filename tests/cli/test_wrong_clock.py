"""Commands on a machine whose clock is off: what they write and compare goes by the clock of a PostgreSQL store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aperture_plugin import Aperture
from aperture_plugin.clock.system import SystemClock
from aperture_plugin.ports import LoopRecord, RunQuery, Store
from aperture_plugin.store.connect import open_store
from tests.cli.conftest import step_into, typed
from tests.store.conftest import postgres_url

__all__ = ["postgres_url"]

OFFS = [timedelta(minutes=10), timedelta(minutes=-10)]
NEAR = timedelta(minutes=2)


@pytest.fixture(params=OFFS, ids=str)
def store(
    request: pytest.FixtureRequest, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Store]:
    """The store of a folder whose machine's clock is off."""
    step_into(tmp_path, monkeypatch)
    text = f"state: {postgres_url}\nschedules:\n  scan:\n    schedule: every hour\n    command: 'true'\n"
    (tmp_path / "schedules.yaml").write_text(text)
    monkeypatch.setattr(SystemClock, "now", lambda _clock: datetime.now(UTC) + request.param)
    opened = open_store(postgres_url, directory=tmp_path)
    opened.open()
    yield opened
    opened.close()


def is_near(instant: datetime | None, span: timedelta = timedelta(0)) -> bool:
    assert instant is not None
    return abs(instant - span - datetime.now(UTC)) < NEAR


def elsewhere(store: Store, *, beat_at: datetime) -> None:
    """Let a loop of another machine have beaten at that time."""
    with store.transaction() as ledger:
        ledger.keep_loop(
            LoopRecord(
                id="other",
                host="attic",
                pid=7,
                boot="far/away",
                serves="schedule",
                since=beat_at,
                beat=1,
                beat_at=beat_at,
                details={"file": "schedules.yaml", "skew": 0.0},
            )
        )


def test_a_pause_begins_and_ends_by_the_stores_clock(store: Store) -> None:
    assert typed("pause", "scan", "--until", "2 hours").code == 0

    with store.snapshot() as ledger:
        pause = ledger.pauses()["scan"]
    assert is_near(pause.since)
    assert is_near(pause.until, timedelta(hours=2))

    assert typed("resume", "scan").code == 0
    with store.snapshot() as ledger:
        assert is_near(ledger.pauses()["scan"].until)


@pytest.mark.parametrize("is_in_loop", [False, True])
def test_a_run_is_asked_for_by_the_stores_clock(store: Store, is_in_loop: bool) -> None:
    if is_in_loop:
        elsewhere(store, beat_at=datetime.now(UTC))

    answer = typed("run", "scan")

    [run] = store.history(RunQuery())
    assert (answer.code, str(run.status)) == (0, "queued" if is_in_loop else "completed")
    assert is_near(run.queued_at)
    if is_in_loop:
        assert typed("cancel", "scan").code == 0
        [run] = store.history(RunQuery())
    assert is_near(run.finished_at)


def test_a_loop_elsewhere_lives_by_its_beat_on_the_stores_clock(store: Store) -> None:
    elsewhere(store, beat_at=datetime.now(UTC))

    status = json.loads(typed("status", "--format", "json").out)
    assert (status["running"], [row["host"] for row in status["loops"]]) == (True, ["attic"])
    found = [row for row in json.loads(typed("doctor", "--format", "json").out) if row["step"] == "loop"]
    assert [row["verdict"] for row in found] == ["ok"]

    elsewhere(store, beat_at=datetime.now(UTC) - timedelta(minutes=5))
    assert not json.loads(typed("status", "--format", "json").out)["running"]


def test_the_page_of_such_a_machine_goes_by_the_stores_clock(store: Store) -> None:
    elsewhere(store, beat_at=datetime.now(UTC))
    installation = Aperture("schedules.yaml").installation()

    seen = installation.overview()
    installation.close()

    assert [loop.host for loop in seen.loops] == ["attic"]
    assert is_near(installation.now())
