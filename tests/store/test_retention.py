"""What is long past is forgotten, over SQLite and PostgreSQL; what was claimed stays claimed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from aperture_plugin.ports import Claim, LogLine, RunQuery, ScheduleRevision, Store
from aperture_plugin.rules.runs import Run, RunTrigger, Status

NOON = datetime(2026, 1, 10, 12, tzinfo=UTC)
NEVER = datetime(2100, 1, 1, tzinfo=UTC)


def run_of(number: int, status: Status = Status.COMPLETED, *, job: str = "scan", attempt: int = 1) -> Run:
    at = NOON + timedelta(hours=number)
    ended = status not in {Status.QUEUED, Status.WAITING, Status.RUNNING}
    return Run(
        id=f"{job}-{number:04}",
        attempt=attempt,
        job=job,
        trigger=RunTrigger.SCHEDULE,
        status=status,
        due=at,
        nominal=at.replace(tzinfo=None),
        priority_at=at,
        priority_nominal=at.replace(tzinfo=None),
        queued_at=at,
        started_at=at,
        finished_at=at if ended else None,
    )


def claim_of(run: Run) -> Claim:
    assert run.due is not None
    assert run.nominal is not None
    return Claim(job=run.job, due=run.due, nominal=run.nominal, first_due=run.due, count=1, run_id=run.id)


def lived(store: Store, runs: list[Run], *, lines: int = 1) -> None:
    with store.transaction() as ledger:
        ledger.claim([claim_of(run) for run in runs if run.attempt == 1])
        ledger.add(runs)
        ledger.log(
            [
                LogLine(run_id=run.id, attempt=run.attempt, at=NOON, level="INFO", text=f"line {number}")
                for run in runs
                for number in range(lines)
            ]
        )


def forget(store: Store, *, before: datetime = NEVER, keep: int = 0, most: int = 1000, job: str = "scan") -> bool:
    with store.transaction() as ledger:
        return ledger.forget(job, before=before, now=NOON + timedelta(days=30), keep=keep, most=most)


def left(store: Store) -> list[int]:
    return sorted(int(run.id.split("-")[1]) for run in store.history(RunQuery(jobs=["scan"], limit=None)))


def test_what_is_old_goes_with_its_log_and_its_claim(store: Store) -> None:
    runs = [run_of(number) for number in range(6)]
    lived(store, runs)

    more = forget(store, before=runs[3].queued_at)

    assert (left(store), more) == ([3, 4, 5], False)
    assert [bool(store.log_lines(run.id)) for run in runs] == [False, False, False, True, True, True]
    with store.snapshot() as ledger:
        assert [claim.due for claim in ledger.claims("scan", NOON, NEVER)] == [run.due for run in runs[3:]]
        assert ledger.forgotten() == {"scan": runs[2].queued_at}
        assert ledger.forgotten(["other"]) == {}


def test_the_latest_so_many_stay_however_old(store: Store) -> None:
    lived(store, [run_of(number) for number in range(6)])

    forget(store, keep=4)

    assert left(store) == [2, 3, 4, 5]


def test_a_slot_that_was_forgotten_is_never_claimed_again(store: Store) -> None:
    runs = [run_of(number) for number in range(3)]
    lived(store, runs)
    forget(store)

    with store.transaction() as ledger:
        taken = ledger.claim([claim_of(run) for run in runs])

    assert taken == [False, False, False]


def test_the_last_run_that_needs_go_by_stays(store: Store) -> None:
    lived(store, [run_of(0), *(run_of(number, Status.SKIPPED) for number in range(1, 5))])

    forget(store)

    assert left(store) == [0]
    with store.snapshot() as ledger:
        assert ledger.last_runs()["scan"].id == "scan-0000"


def test_what_is_in_hand_stays(store: Store) -> None:
    lived(store, [run_of(0, Status.WAITING), run_of(1, Status.RUNNING), run_of(2), run_of(3)])

    forget(store)

    assert left(store) == [0, 1, 3]


def test_another_jobs_past_is_not_touched(store: Store) -> None:
    lived(store, [run_of(number) for number in range(3)])
    lived(store, [run_of(number, job="sync") for number in range(3)])

    forget(store, job="sync")

    assert left(store) == [0, 1, 2]


def test_it_goes_in_steps_and_says_when_it_is_through(store: Store) -> None:
    lived(store, [run_of(number) for number in range(7)])

    steps = [(forget(store, keep=1, most=2), left(store)) for _ in range(4)]

    assert steps == [
        (True, [2, 3, 4, 5, 6]),
        (True, [4, 5, 6]),
        (True, [6]),
        (False, [6]),
    ]


def test_a_long_log_goes_in_steps_too_and_its_attempt_last(store: Store) -> None:
    lived(store, [run_of(0), run_of(1)], lines=25)

    steps = [(forget(store, keep=1, most=1), left(store), len(store.log_lines("scan-0000"))) for _ in range(3)]

    assert steps == [(True, [0, 1], 15), (True, [0, 1], 5), (True, [1], 0)]
    assert len(store.log_lines("scan-0001")) == 25


def test_of_a_run_that_was_tried_again_each_attempt_goes_with_its_own_log(store: Store) -> None:
    lived(store, [run_of(0, Status.FAILED), run_of(0, attempt=2), run_of(1)])

    forget(store, keep=2)

    assert [run.key for run in store.history(RunQuery(run_id="scan-0000"))] == [("scan-0000", 2)]
    assert [line.attempt for _, line in store.log_lines("scan-0000")] == [2]


def test_what_was_written_while_the_clock_was_far_ahead_goes_and_is_no_measure(store: Store) -> None:
    ahead = [run_of(24 * 400 + number) for number in range(2)]
    lived(store, [run_of(0), *ahead, run_of(3), run_of(4)])

    forget(store, before=NOON + timedelta(hours=2), keep=1)

    assert left(store) == [3, 4]
    with store.snapshot() as ledger:
        assert ledger.forgotten() == {"scan": NOON}


def test_others_need_not_read_the_store_anew_for_it(store: Store, other: Store) -> None:
    lived(store, [run_of(number) for number in range(3)])
    with store.transaction() as ledger:
        assert ledger.foreign

    forget(other)

    if "postgresql" in store.url:
        assert not store.changed()


def test_jobs_that_have_a_past_are_named_in_pages(store: Store) -> None:
    for job in ("b", "a", "c"):
        lived(store, [run_of(0, job=job)])

    with store.snapshot() as ledger:
        assert ledger.known_jobs("", 2) == ["a", "b"]
        assert ledger.known_jobs("b", 2) == ["c"]


def test_schedule_revisions_that_were_over_before_the_history_begins_go_with_its_runs(store: Store) -> None:
    since = [NOON + timedelta(hours=hour) for hour in (-5, 2, 4, 20)]
    lived(store, [run_of(number) for number in range(12)])
    with store.transaction() as ledger:
        ledger.begin_revisions(
            [
                ScheduleRevision(job="scan", schedule=f"Every {n} hours", zone="UTC", since=at)
                for n, at in enumerate(since)
            ]
        )
        ledger.begin_revisions([ScheduleRevision(job="other", schedule="Every hour", zone="UTC", since=NOON)])

        ledger.forget("scan", before=NOON + timedelta(hours=6), now=NEVER, keep=2, most=100)

    with store.snapshot() as ledger:
        kept = ledger.every_revision()
    assert [revision.since for revision in kept["scan"]] == since[2:]
    assert len(kept["other"]) == 1
