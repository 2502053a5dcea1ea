"""What the audit and the doctor ask of a store, over SQLite and PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from aperture_plugin.ports import Claim, LogLine, ScheduleRevision, Store
from aperture_plugin.rules.runs import Run, RunTrigger, Status
from aperture_plugin.rules.slot_accounting import Fate, Taken
from aperture_plugin.store.tables import SCHEMA_VERSION

MIDNIGHT = datetime(2026, 1, 10, tzinfo=UTC)


def at(hour: int) -> datetime:
    return MIDNIGHT + timedelta(hours=hour)


def run_of(run_id: str, status: Status, *, attempt: int = 1, job: str = "scan", hour: int = 0) -> Run:
    return Run(
        id=run_id,
        attempt=attempt,
        job=job,
        trigger=RunTrigger.SCHEDULE,
        status=status,
        priority_at=at(hour),
        priority_nominal=at(hour).replace(tzinfo=None),
        queued_at=at(hour),
    )


def claim_of(hour: int, run_id: str, *, first: int | None = None, count: int = 1, job: str = "scan") -> Claim:
    due = at(hour)
    first_due = due if first is None else at(first)
    return Claim(job=job, due=due, nominal=due.replace(tzinfo=None), first_due=first_due, count=count, run_id=run_id)


def fates(store: Store, since: int = 0, until: int = 24) -> dict[str, list[Fate]]:
    with store.snapshot() as ledger:
        found = ledger.taken(["scan", "sync", "other"], at(since), at(until))
    return {job: [one.fate for one in taken] for job, taken in found.items()}


def test_a_claim_is_told_with_what_became_of_its_run(store: Store) -> None:
    with store.transaction() as ledger:
        ledger.claim([claim_of(hour, f"run {hour}") for hour in (1, 2, 3, 4)])
        ledger.add([run_of("run 1", Status.COMPLETED), run_of("run 2", Status.SKIPPED), run_of("run 3", Status.QUEUED)])
        ledger.add([run_of("run 4", Status.FAILED), run_of("run 4", Status.WAITING, attempt=2)])

    assert fates(store) == {"scan": [Fate.RAN, Fate.SKIPPED, Fate.IN_HAND, Fate.IN_HAND]}


def test_a_run_whose_retry_was_skipped_has_run(store: Store) -> None:
    with store.transaction() as ledger:
        ledger.claim([claim_of(1, "a")])
        ledger.add([run_of("a", Status.FAILED), run_of("a", Status.SKIPPED, attempt=2)])

    assert fates(store) == {"scan": [Fate.RAN]}


def test_a_claim_that_reaches_into_the_span_from_either_side_is_told(store: Store) -> None:
    with store.transaction() as ledger:
        ledger.claim([claim_of(4, "a", first=1, count=4), claim_of(8, "b", first=6, count=3)])
        ledger.claim([claim_of(2, "c", job="sync"), claim_of(7, "d", job="other")])
        ledger.add([run_of(run_id, Status.COMPLETED) for run_id in "abcd"])

    with store.snapshot() as ledger:
        found = ledger.taken(["scan", "sync"], at(3), at(7))

    assert found == {
        "scan": [Taken(at(4), at(1), 4, Fate.RAN), Taken(at(8), at(6), 3, Fate.RAN)],
    }


def test_a_claim_whose_run_vanished_is_lost(store: Store) -> None:
    with store.transaction() as ledger:
        ledger.claim([claim_of(1, "vanished"), claim_of(5, "kept"), claim_of(9, "vanished too")])
        ledger.add([run_of("kept", Status.COMPLETED, hour=5)])

    assert fates(store) == {"scan": [Fate.LOST, Fate.RAN, Fate.LOST]}


def test_every_revision_is_told_by_job_the_oldest_first(store: Store) -> None:
    first = ScheduleRevision(job="scan", schedule="Every 2 hours", zone="UTC", since=at(1))
    second = replace(first, schedule="", since=at(2))
    other = replace(first, job="sync")
    with store.transaction() as ledger:
        ledger.begin_revisions([first, other])
        ledger.begin_revisions([second])

    with store.snapshot() as ledger:
        assert ledger.every_revision() == {"scan": [first, second], "sync": [other]}
        assert ledger.every_revision(["sync", "never"]) == {"sync": [other]}


def test_a_store_tells_its_version_and_its_size(store: Store, kind: str) -> None:
    with store.transaction() as ledger:
        ledger.add([run_of("a", Status.FAILED), run_of("a", Status.COMPLETED, attempt=2)])

    facts = store.facts()

    assert (facts.schema, facts.knows, facts.attempts) == (SCHEMA_VERSION, SCHEMA_VERSION, 2)
    assert (facts.size is None) is (kind == "memory")
    assert facts.size is None or facts.size > 10_000


def test_the_last_words_of_an_attempt_are_its_latest_line(store: Store) -> None:
    lines = [LogLine(run_id="a", attempt=1, at=at(n), level="INFO", text=f"line {n}") for n in (1, 2, 3)]
    with store.transaction() as ledger:
        ledger.log([*lines, replace(lines[0], attempt=2, text="another attempt")])

    last, none = store.last_words("a", 1), store.last_words("a", 3)

    assert (last, none) == (lines[2], None)
