"""The rest of the store's contract: each method does what its docstring says, on every store."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from aperture_plugin.ports import (
    Claim,
    Ledger,
    LogLine,
    LoopRecord,
    Pause,
    RunQuery,
    ScheduleRevision,
    Store,
    StoreUnavailable,
)
from aperture_plugin.rules.runs import RunTrigger, Status

from .test_store import NOON, claim_of, run_of

LOOP = LoopRecord(
    id="l", host="h", pid=1, boot="b", serves="schedule", since=NOON, beat=1, beat_at=NOON, details={"file": "x"}
)
HOUR = timedelta(hours=1)


def test_a_beat_is_written_and_nothing_else_of_the_record(store: Store, other: Store) -> None:
    beaten = replace(LOOP, beat=7, beat_at=NOON + HOUR)

    with store.transaction() as ledger:
        early = ledger.beat(LOOP)
        ledger.keep_loop(LOOP)
        late = ledger.beat(replace(beaten, details={"file": "y"}, host="elsewhere"))
        nobody = ledger.beat(replace(LOOP, id="another"))

    assert (early, late, nobody) == (False, True, False)
    with other.snapshot() as ledger:
        assert ledger.loops() == [beaten]


def test_a_record_that_is_kept_anew_takes_the_place_of_the_old_one_and_one_that_is_gone_is_passed_over(
    store: Store,
) -> None:
    with store.transaction() as ledger:
        ledger.keep_loop(LOOP)
        ledger.keep_loop(replace(LOOP, id="m"))
        ledger.keep_loop(replace(LOOP, details={"file": "y"}, beat=3))
        ledger.drop_loop("m")
        ledger.drop_loop("never there")

    with store.snapshot() as ledger:
        assert ledger.loops() == [replace(LOOP, details={"file": "y"}, beat=3)]


def test_calls_are_counted_by_limit_and_bin_over_all_processes(store: Store, other: Store) -> None:
    with store.transaction() as ledger:
        ledger.spend("tmdb", NOON, 3, forget=NOON)
        ledger.spend("omdb", NOON, 1, forget=NOON)
    with other.transaction() as ledger:
        ledger.spend("tmdb", NOON, 4, forget=NOON)
        ledger.spend("tmdb", NOON + HOUR, 5, forget=NOON)

    with store.transaction() as ledger:
        assert ledger.spent("tmdb", NOON) == {NOON: 7, NOON + HOUR: 5}
        assert ledger.spent("tmdb", NOON + timedelta(microseconds=1)) == {NOON + HOUR: 5}
        assert ledger.spent("nothing", NOON) == {}


def test_bins_that_nobody_needs_any_more_are_forgotten_of_that_limit_alone(store: Store) -> None:
    with store.transaction() as ledger:
        ledger.spend("tmdb", NOON, 3, forget=NOON)
        ledger.spend("omdb", NOON, 1, forget=NOON)
        ledger.spend("tmdb", NOON + HOUR, 2, forget=NOON + HOUR)

        assert ledger.spent("tmdb", NOON) == {NOON + HOUR: 2}
        assert ledger.spent("omdb", NOON) == {NOON: 1}


def test_a_claim_of_several_slots_stands_for_all_of_them(store: Store, other: Store) -> None:
    several = replace(claim_of(8), first_due=claim_of(2).due, count=4)
    with store.transaction() as ledger:
        assert ledger.claim([several]) == [True]

    with other.transaction() as ledger:
        assert ledger.claim([claim_of(2), claim_of(6), claim_of(8), claim_of(10)]) == [False, False, False, True]
    with store.snapshot() as ledger:
        assert ledger.watermarks() == {"scan": claim_of(10).due}
        assert ledger.watermarks(["another"]) == {}
        assert ledger.claims("scan", claim_of(4).due, claim_of(5).due) == [several]
        assert ledger.claims("scan", claim_of(9).due, claim_of(11).due) == [claim_of(10)]
        assert ledger.claims("scan", claim_of(11).due, claim_of(12).due) == []
        assert ledger.claims("another", claim_of(0).due, claim_of(12).due) == []


def test_claims_are_told_the_oldest_first_and_a_span_is_half_open(store: Store) -> None:
    with store.transaction() as ledger:
        ledger.claim([claim_of(2), claim_of(4), claim_of(6)])

        assert ledger.claims("scan", claim_of(2).due, claim_of(6).due) == [claim_of(2), claim_of(4)]


def test_the_last_run_is_one_that_ran_whichever_attempt_it_was(store: Store) -> None:
    ran = replace(run_of("a", status=Status.FAILED), finished_at=NOON)
    again = replace(run_of("a", attempt=2, status=Status.COMPLETED), finished_at=NOON + HOUR)
    with store.transaction() as ledger:
        ledger.add([ran, again, run_of("b", status=Status.SKIPPED), run_of("c", job="other", status=Status.CANCELLED)])

        found = ledger.last_runs()
        assert {job: run.key for job, run in found.items()} == {"scan": ("a", 2), "other": ("c", 1)}
        assert set(ledger.last_runs(["other", "nobody"])) == {"other"}


def test_history_narrows_by_all_that_it_is_asked_for(store: Store) -> None:
    later = NOON + HOUR
    with store.transaction() as ledger:
        ledger.add([replace(run_of("ab"), trigger=RunTrigger.MANUAL), replace(run_of("ac"), queued_at=later)])
        ledger.add([run_of(f"x{number:02}") for number in range(30)])

    def ids(**words: object) -> list[str]:
        return [run.id for run in store.history(RunQuery(**words))]  # type: ignore[arg-type]

    assert ids(triggers=[RunTrigger.MANUAL]) == ["ab"]
    assert sorted(ids(begins="a")) == ["ab", "ac"]
    assert ids(begins="%") == ids(begins="_b") == ids(jobs=[]) == ids(statuses=[]) == []
    assert ids(since=later) == ["ac"]
    assert ids(since=later, triggers=[RunTrigger.MANUAL]) == []
    assert (len(ids()), len(ids(limit=None)), ids(limit=0)) == (20, 32, [])


def test_of_runs_whose_ids_begin_so_the_latest_id_stands_first_whatever_was_written_last(store: Store) -> None:
    with store.transaction() as ledger:
        ledger.add([run_of(name) for name in ("5hc", "5hch", "5hd", "5hb", "5H", "5g")])
        ledger.add([run_of("5hb", attempt=2)])

    found = [run.key for run in store.history(RunQuery(begins="5h"))]
    latest = [run.key for run in store.history(RunQuery(begins="5h", limit=1))]

    assert found == [("5hd", 1), ("5hch", 1), ("5hc", 1), ("5hb", 2), ("5hb", 1)]
    assert latest == [("5hd", 1)]


def test_lines_are_numbered_in_their_order_and_told_of_one_attempt_where_that_is_asked(store: Store) -> None:
    lines = [
        LogLine(run_id=run, attempt=attempt, at=NOON, level="INFO", text=f"{run} {attempt}")
        for run, attempt in (("a", 1), ("b", 1), ("a", 2), ("a", 1))
    ]
    with store.transaction() as ledger:
        ledger.log(lines[:2])
        ledger.log(lines[2:])

    numbered = store.log_lines("a")
    assert [line for _, line in numbered] == [lines[0], lines[2], lines[3]]
    assert [number for number, _ in numbered] == sorted({number for number, _ in numbered})
    assert [line for _, line in store.log_lines("a", attempt=2)] == [lines[2]]
    assert [line for _, line in store.log_lines("a", attempt=1, after=numbered[0][0])] == [lines[3]]
    assert store.log_lines("nobody") == []
    assert store.last_words("a", 3) is None


def test_pauses_that_are_over_are_told_too(store: Store) -> None:
    over = Pause(job="scan", since=NOON, until=NOON + HOUR)
    with store.transaction() as ledger:
        ledger.set_pause(over)

        assert ledger.pauses() == {"scan": over}


def test_what_is_unchanged_is_kept_once_and_generations_are_numbered_on(store: Store) -> None:
    with store.transaction() as ledger:
        for text in ("one", "one", "two", "one"):
            ledger.keep_generation(file="s.yaml", text=text, at=NOON)

        (third, *_), (second, *_), (first, at, file, text) = ledger.generations()
        assert third > second > first
        assert (at, file, text) == (NOON, "s.yaml", "one")


def test_empty_batches_do_nothing(store: Store) -> None:
    with store.transaction() as ledger:
        assert ledger.claim([]) == []
        ledger.add([])
        ledger.update([])
        ledger.log([])
        ledger.begin_revisions([])
        ledger.keep_completed({})
        for nothing in (ledger.watermarks([]), ledger.last_runs([]), ledger.every_revision([]), ledger.forgotten([])):
            assert nothing == {}
        assert ledger.taken([], NOON, NOON + HOUR) == {}


@pytest.mark.parametrize(
    "write",
    [
        lambda ledger: ledger.claim([claim_of(2)]),
        lambda ledger: ledger.add([run_of("b")]),
        lambda ledger: ledger.update([run_of()]),
        lambda ledger: ledger.set_pause(Pause(job="scan", since=NOON)),
        lambda ledger: ledger.keep_loop(LOOP),
        lambda ledger: ledger.log([LogLine(run_id="a", attempt=1, at=NOON, level="INFO", text="x")]),
        lambda ledger: ledger.begin_revisions([ScheduleRevision(job="scan", schedule="", zone="UTC", since=NOON)]),
        lambda ledger: ledger.spend("tmdb", NOON, 1, forget=NOON),
        lambda ledger: ledger.keep_generation(file="s", text="x", at=NOON),
    ],
)
@pytest.mark.usefixtures("url")  # the dictionaries trust whoever only looks
def test_whoever_looks_cannot_write(store: Store, write: Callable[[Ledger], object]) -> None:
    with store.transaction() as ledger:
        ledger.add([run_of()])

    with pytest.raises((AssertionError, StoreUnavailable)), store.snapshot() as ledger:
        write(ledger)

    assert [run.id for run in store.history(RunQuery())] == ["a"]
    with store.transaction() as ledger:
        assert ledger.loops() == []
        assert ledger.watermarks() == {}


@pytest.mark.usefixtures("url")  # the dictionaries show what is not committed yet
def test_a_look_goes_on_seeing_what_it_saw_at_first(store: Store, other: Store) -> None:
    with store.transaction() as ledger:
        ledger.add([run_of("a")])

    with store.snapshot() as ledger:
        before = [run.id for run in ledger.in_hand()]
        with other.transaction() as writing:
            writing.add([run_of("b")])
        after = [run.id for run in ledger.in_hand()]

    assert before == after == ["a"]


@pytest.mark.usefixtures("url")  # the dictionaries belong to one thread
def test_of_two_transactions_the_second_waits_and_sees_what_the_first_has_written(store: Store, other: Store) -> None:
    seen: list[list[bool]] = []
    entered = threading.Event()

    def second() -> None:
        entered.set()
        with other.transaction() as ledger:
            seen.append(ledger.claim([claim_of(2)]))

    thread = threading.Thread(target=second)
    with store.transaction() as ledger:
        thread.start()
        entered.wait(10)
        thread.join(0.1)
        waited = thread.is_alive()
        first = ledger.claim([claim_of(2)])
    thread.join(10)

    assert (waited, first, seen) == (True, [True], [[False]])


def test_claims_of_several_jobs_in_one_batch_are_answered_in_their_order(store: Store) -> None:
    def claim(hour: int, job: str) -> Claim:
        return claim_of(hour, job)

    with store.transaction() as ledger:
        ledger.claim([claim(4, "b")])

        assert ledger.claim([claim(2, "a"), claim(2, "b"), claim(4, "a"), claim(6, "b"), claim(4, "a")]) == [
            True,
            False,
            True,
            True,
            False,
        ]
