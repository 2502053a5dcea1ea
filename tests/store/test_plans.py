"""No question that is asked often goes through a whole table: SQLite itself says how it would look."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from aperture_plugin.ports import RunQuery, Store
from aperture_plugin.rules.runs import RAN, Run, RunTrigger, Status
from aperture_plugin.store import sql_store
from aperture_plugin.store.connect import open_store
from aperture_plugin.store.rows import instant

NOON = datetime(2026, 1, 10, 12, tzinfo=UTC)
LARGE = ("runs", "logs", "claims")
"""The tables that grow with time; the others grow with the number of jobs."""


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Store]:
    store = open_store("sqlite:///aperture.db", directory=tmp_path)
    store.open()
    yield store
    store.close()


def plans(store: Store, ask: Callable[[], object]) -> list[str]:
    """Return how SQLite looks for the answer of each statement that *ask* makes."""
    asked: list[tuple[str, Any]] = []
    engine: Any = store._engine  # type: ignore[attr-defined]  # what stands between is what is tested

    def remember(_: object, __: object, statement: str, parameters: Any, ___: object, many: bool) -> None:
        if statement.split(maxsplit=1)[0] in {"SELECT", "UPDATE", "DELETE", "WITH"}:
            asked.append((statement, parameters[0] if many else parameters))

    event.listen(engine, "before_cursor_execute", remember)
    ask()
    event.remove(engine, "before_cursor_execute", remember)
    assert asked, "it asked nothing"
    with engine.connect() as connection:
        return [
            row[3]
            for statement, parameters in asked
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]


def scans(found: list[str]) -> list[str]:
    return [step for step in found if step.startswith("SCAN") and step.split()[1] in LARGE]


@pytest.mark.parametrize(
    "query",
    [
        RunQuery(jobs=["scan"]),
        RunQuery(jobs=["scan", "sync"]),
        RunQuery(statuses=[Status.FAILED]),
        RunQuery(jobs=["scan"], statuses=sorted(RAN)),
        RunQuery(since=NOON, limit=None),
        RunQuery(since=NOON, jobs=["scan"]),
        RunQuery(since=NOON, statuses=[Status.SKIPPED]),
        RunQuery(run_id="a"),
        RunQuery(begins="a"),
    ],
)
def test_history_is_looked_up(opened: Store, query: RunQuery) -> None:
    assert scans(plans(opened, lambda: opened.history(query))) == []


def test_the_latest_runs_are_read_from_the_end_and_no_further(opened: Store) -> None:
    found = plans(opened, lambda: opened.history(RunQuery()))

    assert found == ["SCAN runs"], "along the numbers, for that is their order, and without sorting them"


def test_of_a_time_the_index_tells_where_to_stop(opened: Store) -> None:
    found = plans(opened, lambda: opened.history(RunQuery(since=NOON)))

    assert "SEARCH runs USING COVERING INDEX runs_by_time (queued_at>?)" in found


def test_of_ids_that_begin_so_the_index_tells_where_to_stop_and_in_which_order(opened: Store) -> None:
    found = plans(opened, lambda: opened.history(RunQuery(begins="a")))

    assert found == ["SEARCH runs USING INDEX sqlite_autoindex_runs_1 (id>? AND id<?)"]


QUESTIONS: dict[str, Callable[[Any], object]] = {
    "in_hand": lambda ledger: ledger.in_hand(),
    "last_runs": lambda ledger: ledger.last_runs(),
    "last_runs of some": lambda ledger: ledger.last_runs(["scan"]),
    "completed": lambda ledger: ledger.completed(),
    "watermarks": lambda ledger: ledger.watermarks(),
    "claims": lambda ledger: ledger.claims("scan", NOON, NOON + timedelta(days=1)),
    "taken": lambda ledger: ledger.taken(["scan"], NOON, NOON + timedelta(days=1)),
    "forgotten": lambda ledger: ledger.forgotten(),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_what_a_tick_or_a_look_asks_is_looked_up(opened: Store, name: str) -> None:
    def ask() -> None:
        with opened.snapshot() as ledger:
            QUESTIONS[name](ledger)

    assert scans(plans(opened, ask)) == []


@pytest.mark.parametrize("name", ["claims", "taken"])
def test_of_a_span_the_index_tells_where_to_stop(opened: Store, name: str) -> None:
    def ask() -> None:
        with opened.snapshot() as ledger:
            QUESTIONS[name](ledger)

    assert "SEARCH claims USING PRIMARY KEY (job=? AND due>? AND due<?)" in plans(opened, ask)


@pytest.mark.parametrize("name", QUESTIONS)
def test_on_postgresql_too_there_is_an_index_for_it(postgres_url: str, tmp_path: Path, name: str) -> None:
    store = open_store(postgres_url, directory=tmp_path)
    store.open()
    asked: list[tuple[str, Any]] = []
    engine: Any = store._engine  # type: ignore[attr-defined]
    event.listen(engine, "before_cursor_execute", lambda *call: asked.append((call[2], call[3])))
    with store.snapshot() as ledger:
        QUESTIONS[name](ledger)
    [(statement, given)] = [each for each in asked if each[0].lstrip().startswith(("SELECT", "WITH"))]

    with engine.connect() as connection:
        # A table as small as this one is read whole whatever there is; so that way is made dear.
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        steps = [row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", given)]
    store.close()

    assert [step for step in steps if "Seq Scan" in step and step.split(" on ")[1].split()[0] in LARGE] == []
    if name in {"claims", "taken"}:
        assert any("Index Cond" in step and "due >=" in step and "due <=" in step for step in steps)


def test_on_postgresql_the_claims_of_all_jobs_are_looked_for_job_by_job(postgres_url: str, tmp_path: Path) -> None:
    """With so many jobs its planner thinks little of the index, for it cannot tell where the span of each one ends."""
    names = [f"job-{number}" for number in range(20)]
    store = open_store(postgres_url, directory=tmp_path)
    store.open()
    engine: Any = store._engine  # type: ignore[attr-defined]
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO claims SELECT 'job-' || mod(n, 20), n, '2026-01-10T12:00:00', n, 1, 'run-' || n"
            " FROM generate_series(1, 20000) AS n"
        )
        connection.exec_driver_sql("INSERT INTO latest (job, claimed) SELECT job, max(due) FROM claims GROUP BY job")
        connection.exec_driver_sql("ANALYZE claims, latest")
    asked: list[tuple[str, Any]] = []
    event.listen(engine, "before_cursor_execute", lambda *call: asked.append((call[2], call[3])))
    with store.snapshot() as ledger:
        found = ledger.taken(names, instant(1000), instant(2000))
    [(statement, given)] = [each for each in asked if each[0].lstrip().startswith("WITH")]

    with engine.connect() as connection:
        steps = [row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", given)]
    store.close()

    assert [len(found[name]) for name in names] == [50] * 20
    assert [step for step in steps if "Seq Scan on claims" in step] == []


def test_on_postgresql_too_the_index_of_ids_tells_where_to_stop(postgres_url: str, tmp_path: Path) -> None:
    store = open_store(postgres_url, directory=tmp_path)
    store.open()
    asked: list[tuple[str, Any]] = []
    engine: Any = store._engine  # type: ignore[attr-defined]
    event.listen(engine, "before_cursor_execute", lambda *call: asked.append((call[2], call[3])))
    store.history(RunQuery(begins="a"))
    [(statement, given)] = [each for each in asked if each[0].startswith("SELECT runs")]

    with engine.connect() as connection:
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        steps = [row[0].strip() for row in connection.exec_driver_sql(f"EXPLAIN (COSTS OFF) {statement}", given)]
    store.close()

    assert [step.split(": ")[0] for step in steps] == [
        "Limit",
        "->  Index Scan Backward using runs_id_attempt_key on runs",
        "Index Cond",
    ]


def test_attempts_are_counted_as_far_as_a_person_reads_a_number_for(
    opened: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql_store, "ATTEMPTS_COUNTED", 2)
    told = []
    for number in range(3):
        with opened.transaction() as ledger:
            ledger.add([run_of(number)])
        facts = opened.facts()
        told.append((facts.attempts, facts.has_more))

    assert told == [(1, False), (2, False), (2, True)]


def run_of(number: int) -> Run:
    at = NOON + timedelta(hours=number)
    return Run(
        id=f"run-{number}",
        job="scan",
        trigger=RunTrigger.MANUAL,
        status=Status.COMPLETED,
        priority_at=at,
        priority_nominal=at.replace(tzinfo=None),
        queued_at=at,
        started_at=at,
        finished_at=at,
    )


def test_what_is_written_and_what_is_forgotten_is_looked_up(opened: Store) -> None:
    def write() -> None:
        with opened.transaction() as ledger:
            ledger.add([run_of(number) for number in range(3)])
            ledger.update([run_of(0)])
            ledger.forget("scan", before=NOON + timedelta(hours=1), now=NOON + timedelta(days=9), keep=1, most=10)

    assert scans(plans(opened, write)) == []


def test_logs_are_looked_up(opened: Store) -> None:
    assert scans(plans(opened, lambda: opened.log_lines("a", after=7))) == []
    assert scans(plans(opened, lambda: opened.last_words("a", 1))) == []
