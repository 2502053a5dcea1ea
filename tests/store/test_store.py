"""The store's contract, over SQLite and PostgreSQL."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, inspect

from aperture_plugin.config.model import Preset
from aperture_plugin.ports import Claim, LogLine, LoopRecord, Pause, RunQuery, ScheduleRevision, Store
from aperture_plugin.rules.runs import ENDED, Run, RunTrigger, Status
from aperture_plugin.store.connect import open_store

NOON = datetime(2026, 1, 10, 12, 0, 0, 123456, tzinfo=UTC)


def run_of(run_id: str = "a", job: str = "scan", status: Status = Status.QUEUED, attempt: int = 1) -> Run:
    return Run(
        id=run_id,
        attempt=attempt,
        job=job,
        trigger=RunTrigger.SCHEDULE,
        status=status,
        due=NOON,
        nominal=NOON.replace(tzinfo=None),
        priority_at=NOON,
        priority_nominal=NOON.replace(tzinfo=None),
        queued_at=NOON,
    )


def claim_of(hour: int, job: str = "scan") -> Claim:
    due = NOON.replace(hour=hour, microsecond=0)
    return Claim(job=job, due=due, nominal=due.replace(tzinfo=None), first_due=due, count=1, run_id="a")


def test_a_run_comes_back_as_it_was_written(store: Store) -> None:
    run = replace(
        run_of(status=Status.COMPLETED),
        started_at=NOON + timedelta(seconds=1),
        finished_at=NOON + timedelta(seconds=2),
        not_before=NOON,
        reason="grün, 漢字 and a 'quote'",
        items_done=3,
        items_total=10_000_000_000,
        error="Traceback …\n  boom",
        result={"added": 12, "names": ["a", None, 1.5, True]},
        group=4711,
        requested_by="ada",
        params={"depth": 3, "kinds": ["film", None, 1.5, True]},
        note="a new disk: grün",
        cancel_reason="cancelled by ada",
        owner="me",
        missed=4,
    )

    with store.transaction() as ledger:
        ledger.add([run])

    assert store.history(RunQuery()) == [run]


@pytest.mark.parametrize(
    "said", ["", "NULL", "null", '"', "\\", '\\"', "{a,b}", "a,b", " a ", "%s", "%(job)s", "\t\n", ":a", "?"]
)
def test_whatever_is_said_comes_back_word_for_word(store: Store, said: str) -> None:
    run = replace(run_of(), reason=said, requested_by=said, result={"said": said})
    changed = replace(run, status=Status.FAILED, error=said, cancel_reason=said)

    with store.transaction() as ledger:
        ledger.add([run])
        ledger.update([changed])
        ledger.log([LogLine(run_id="a", attempt=1, at=NOON, level="INFO", text=said)])

    assert store.history(RunQuery()) == [changed]
    assert [line.text for _, line in store.log_lines("a")] == [said]


def test_a_great_batch_is_written_whole_and_in_its_order(store: Store) -> None:
    runs = [run_of(f"run-{number}", job=f"job-{number}") for number in range(2500)]

    with store.transaction() as ledger:
        ledger.claim([replace(claim_of(2, run.job), run_id=run.id) for run in runs])
        ledger.add(runs)
        ledger.update([replace(run, status=Status.RUNNING, started_at=NOON) for run in runs])

    with store.snapshot() as ledger:
        assert len(ledger.watermarks()) == len(runs)
    found = store.history(RunQuery(limit=None))
    assert [run.id for run in found] == [run.id for run in reversed(runs)]
    assert {run.status for run in found} == {Status.RUNNING}


def test_a_slot_is_claimed_once(store: Store, other: Store) -> None:
    with store.transaction() as ledger:
        first = ledger.claim([claim_of(2), claim_of(4)])
    with other.transaction() as ledger:
        second = ledger.claim([claim_of(2), claim_of(3), claim_of(4), claim_of(6)])

    assert first == [True, True]
    assert second == [False, False, False, True]


def test_a_claim_is_taken_job_by_job(store: Store) -> None:
    with store.transaction() as ledger:
        ledger.claim([claim_of(6, "a")])
        taken = ledger.claim([claim_of(2, "a"), claim_of(2, "b")])
        marks = ledger.watermarks(["a", "b", "c"])

    assert taken == [False, True]
    assert marks == {"a": claim_of(6).due, "b": claim_of(2).due}


@pytest.mark.parametrize("taken_before", [(), (0,), (998,), (3, 499, 500, 1233)])
def test_of_a_crowd_each_claim_is_answered_by_itself(store: Store, taken_before: tuple[int, ...]) -> None:
    names = [f"job-{n}" for n in range(1234)]
    runs = [replace(run_of(name, job=name), order=n) for n, name in enumerate(names)]
    with store.transaction() as ledger:
        ledger.claim([claim_of(6, names[n]) for n in taken_before])

    with store.transaction() as ledger:
        answers = ledger.claim([claim_of(6, name) for name in names])
        ledger.add(runs)

    assert [n for n, is_taken in enumerate(answers) if not is_taken] == list(taken_before)
    assert store.history(RunQuery(limit=None)) == runs[::-1]
    with store.transaction() as ledger:
        assert ledger.watermarks() == dict.fromkeys(names, claim_of(6).due)


def test_what_fails_in_a_transaction_never_happened(store: Store) -> None:
    with pytest.raises(RuntimeError, match="half way"), store.transaction() as ledger:
        ledger.claim([claim_of(2)])
        ledger.add([run_of()])
        raise RuntimeError("half way")

    with store.transaction() as ledger:
        assert ledger.watermarks() == {}
        assert ledger.in_hand() == []


def test_another_process_that_wrote_is_noticed_once(store: Store, other: Store) -> None:
    with store.transaction() as ledger:
        assert ledger.foreign
    quiet = store.changed()
    with other.transaction() as ledger:
        ledger.add([run_of()])

    noticed = store.changed()
    with store.transaction() as ledger:
        foreign = ledger.foreign
    after = store.changed()

    assert (quiet, noticed, foreign, after) == (False, True, True, False)


def test_what_another_wrote_is_noticed_by_whoever_asks_though_others_here_have_written_meanwhile(
    store: Store, other: Store
) -> None:
    with store.transaction() as ledger:
        assert ledger.foreign
    with other.transaction() as ledger:
        ledger.add([run_of()])
    with store.transaction() as ledger:  # a handler that spends of a limit: it has no use for the news
        ledger.spend("omdb", NOON, 1, forget=NOON)

    changed = store.changed()
    with store.transaction() as ledger:
        foreign = ledger.foreign

    assert (changed, foreign, store.changed()) == (True, True, False)


def loop_of(name: str) -> LoopRecord:
    return LoopRecord(
        id=name, host="there", pid=1, boot="b", serves="schedule", since=NOON, beat=1, beat_at=NOON, details={}
    )


def test_a_beat_of_another_makes_nobody_read_more_than_who_is_there(store: Store, other: Store) -> None:
    theirs = loop_of("theirs")
    with other.transaction() as ledger:
        ledger.keep_loop(theirs)
    with store.transaction() as ledger:
        assert ledger.foreign

    with other.transaction() as ledger:
        assert ledger.beat(replace(theirs, beat=2))
    changed, loops = store.changed(), store.loops()
    with store.transaction() as ledger:
        foreign = ledger.foreign

    assert (changed, [(loop.id, loop.beat) for loop in loops], foreign) == (False, [("theirs", 2)], False)


def test_what_comes_with_a_beat_of_another_or_beside_it_is_noticed(store: Store, other: Store) -> None:
    theirs = loop_of("theirs")
    with other.transaction() as ledger:
        ledger.keep_loop(theirs)
    noticed: list[bool] = []
    for beat, at in ((2, "with"), (3, "before"), (4, "after")):
        with store.transaction() as ledger:
            assert ledger.foreign is (beat == 2 or noticed[-1])
        if at == "before":
            pause_in(other)
        with other.transaction() as ledger:
            ledger.beat(replace(theirs, beat=beat))
            if at == "with":
                ledger.set_pause(Pause(job="scan", since=NOON))
        if at == "after":
            assert not store.changed()
            pause_in(other)
        noticed.append(store.changed())

    assert noticed == [True] * 3


def pause_in(store: Store) -> None:
    with store.transaction() as ledger:
        ledger.set_pause(Pause(job="scan", since=NOON))


def test_our_own_writing_is_not_taken_for_anothers(store: Store) -> None:
    with store.transaction() as ledger:
        assert ledger.foreign
        ledger.add([run_of()])

    assert not store.changed()
    with store.transaction() as ledger:
        assert not ledger.foreign


def test_in_hand_is_what_has_not_ended(store: Store) -> None:
    runs = [run_of(status.value, status=status) for status in Status]

    with store.transaction() as ledger:
        ledger.add(runs)
        found = {run.id for run in ledger.in_hand()}

    assert found == {"queued", "waiting", "running"}


def test_what_another_process_does_to_thousands_in_hand_is_read_whatever_of_it_was_known(
    store: Store, other: Store
) -> None:
    chance = Random(7)
    runs = {f"r{n}": run_of(f"r{n}", job=f"job-{n}") for n in range(200)}
    with other.transaction() as ledger:
        ledger.add(list(runs.values()))

    for step in range(20):
        changed = [replace(runs[name], **_change(chance, step)) for name in chance.sample(sorted(runs), step * 3 % 40)]
        new = [run_of(f"s{step}-{n}", job="new") for n in range(step % 3)]
        with other.transaction() as ledger:
            ledger.update(changed)
            ledger.add(new)
        runs.update((run.id, run) for run in (*changed, *new))
        with store.transaction() as ledger:
            found = ledger.in_hand()
        with store.snapshot() as ledger:
            assert found == ledger.in_hand()
        assert sorted(found, key=lambda run: run.id) == sorted(
            (run for run in runs.values() if run.status not in ENDED), key=lambda run: run.id
        )


def _change(chance: Random, step: int) -> dict[str, Any]:
    return chance.choice(
        [
            {"status": Status.RUNNING, "owner": "other", "started_at": NOON + timedelta(seconds=step)},
            {"status": Status.COMPLETED, "finished_at": NOON, "result": {"step": step}},
            {"status": Status.WAITING, "reason": f"its turn at {step}", "not_before": NOON},
            {"queue": f"queue-{step}"},
            {"cancel_reason": "cancelled by ana"},
            {"items_done": step, "items_total": 100, "group": step},
        ]
    )


def test_the_latest_of_each_job_is_kept_in_step(store: Store) -> None:
    began, ended = NOON + timedelta(seconds=1), NOON + timedelta(seconds=5)
    running = replace(run_of(status=Status.RUNNING), started_at=began)
    completed = replace(running, status=Status.COMPLETED, finished_at=ended)
    failed = replace(completed, id="b", status=Status.FAILED, started_at=ended, finished_at=ended)
    skipped = replace(run_of("c", status=Status.SKIPPED), finished_at=ended + timedelta(hours=1))

    with store.transaction() as ledger:
        ledger.add([running])
        ledger.update([completed])
        ledger.add([failed])
        ledger.add([skipped])
        last = ledger.last_runs()

    assert last == {"scan": failed}


def test_who_has_completed_since_a_followers_last_run_is_kept_in_place_of_what_stood_there(
    store: Store, other: Store
) -> None:
    with store.transaction() as ledger:
        ledger.keep_completed({"build": frozenset({"scan", "embed"}), "tidy": frozenset({"scan"})})
    with other.transaction() as ledger:
        before = ledger.completed()
        ledger.keep_completed({"build": frozenset({"embed"}), "tidy": frozenset(), "new": frozenset({"scan"})})

    with store.transaction() as ledger:
        assert ledger.foreign
        assert ledger.completed() == {"build": frozenset({"embed"}), "new": frozenset({"scan"})}
    assert before == {"build": frozenset({"scan", "embed"}), "tidy": frozenset({"scan"})}


def test_failures_in_a_row_are_counted_by_how_each_run_ended_in_the_end(store: Store) -> None:
    def ended(run_id: str, *statuses: Status) -> list[Run]:
        return [run_of(run_id, status=status, attempt=attempt) for attempt, status in enumerate(statuses, 1)]

    failed, skipped = Status.FAILED, Status.SKIPPED
    with store.transaction() as ledger:
        for runs in (
            ended("a", failed),
            ended("b", failed, Status.COMPLETED),
            ended("c", failed, failed),
            ended("d", Status.CANCELLED),
            ended("e", skipped),
            ended("f", failed, skipped),  # its retry gave way to the next slot
            ended("g", failed),
        ):
            ledger.add(runs)
        ledger.add([run_of("h", job="other", status=failed)])

        assert ledger.failures_in_a_row("scan", but="g", most=9) == 2
        assert ledger.failures_in_a_row("scan", but="z", most=9) == 3
        assert ledger.failures_in_a_row("scan", but="z", most=2) == 2
        assert ledger.failures_in_a_row("nobody", but="z", most=9) == 0


def test_history_is_newest_first_and_narrows(store: Store) -> None:
    with store.transaction() as ledger:
        ledger.add([run_of("a"), run_of("b", job="other"), run_of("c", status=Status.FAILED)])
        ledger.add([run_of("a", attempt=2)])

    def ids(query: RunQuery) -> list[tuple[str, int]]:
        return [run.key for run in store.history(query)]

    assert ids(RunQuery()) == [("a", 2), ("c", 1), ("b", 1), ("a", 1)]
    assert ids(RunQuery(limit=2)) == [("a", 2), ("c", 1)]
    assert ids(RunQuery(jobs=["other"])) == [("b", 1)]
    assert ids(RunQuery(statuses=[Status.FAILED])) == [("c", 1)]
    assert ids(RunQuery(run_id="a")) == [("a", 2), ("a", 1)]
    assert ids(RunQuery(since=NOON + timedelta(seconds=1))) == []


def test_revisions_pauses_loops_logs_and_generations_are_kept(store: Store) -> None:
    earlier = ScheduleRevision(job="scan", schedule="Every 2 hours", zone="Europe/Riga", since=NOON)
    later = replace(earlier, schedule="")
    pause = Pause(job="scan", since=NOON, note="disk full", by="ada")
    loop = LoopRecord(
        id="l", host="h", pid=1, boot="b", serves="schedule", since=NOON, beat=1, beat_at=NOON, details={"file": "x"}
    )
    line = LogLine(run_id="a", attempt=1, at=NOON, level="INFO", text="indexed 漢字")

    with store.transaction() as ledger:
        ledger.begin_revisions([earlier])
        ledger.begin_revisions([later])
        ledger.set_pause(replace(pause, note="old"))
        ledger.set_pause(pause)
        ledger.keep_loop(loop)
        ledger.keep_loop(replace(loop, beat=2))
        ledger.log([line])
        for number in range(25):
            ledger.keep_generation(file="s.yaml", text=f"{number // 2}", at=NOON)

    with store.snapshot() as ledger:
        assert ledger.revisions() == {"scan": later}
        assert ledger.every_revision(["scan"]) == {"scan": [earlier, later]}
        assert ledger.pauses() == {"scan": pause}
        assert ledger.loops() == [replace(loop, beat=2)]
        assert [text for *_, text in ledger.generations()] == [f"{number}" for number in range(12, -1, -1)]
    [(number, found)] = store.log_lines("a")
    assert found == line
    assert store.log_lines("a", after=number) == []
    with store.transaction() as ledger:
        ledger.drop_loop("l")
        assert ledger.loops() == []


def test_a_store_opened_again_has_everything(store: Store, url: str, tmp_path: Path) -> None:
    with store.transaction() as ledger:
        ledger.add([run_of()])
    store.close()

    store.open()

    assert [run.id for run in store.history(RunQuery())] == ["a"]


RACER = """
import sys, json
from datetime import datetime, timedelta, UTC
from pathlib import Path
from aperture_plugin.ports import Claim
from aperture_plugin.store.connect import open_store
store = open_store(sys.argv[1], directory=Path(sys.argv[2]))
store.open()
sys.stdin.readline()
taken = []
for number in range(200):
    due = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=number)
    claim = Claim(job="scan", due=due, nominal=due.replace(tzinfo=None), first_due=due, count=1, run_id=sys.argv[3])
    with store.transaction() as ledger:
        if ledger.claim([claim]) == [True]:
            taken.append(number)
print(json.dumps(taken))
"""


@pytest.mark.usefixtures("url")  # the dictionaries show what is not committed yet
def test_whoever_only_looks_waits_for_nobody_who_writes(store: Store, opening: Callable[[], Store]) -> None:
    with store.transaction() as ledger:
        ledger.add([run_of("a")])
    looking = opening()

    with store.transaction() as ledger:
        ledger.add([run_of("b")])
        is_there = looking.open_to_look()
        seen = [run.id for run in looking.history(RunQuery())]
        looking.close()

    assert (is_there, seen) == (True, ["a"])


def test_whoever_only_looks_makes_no_store(url: str, tmp_path: Path) -> None:
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(tmp_path / "aperture.db")) as anothers:
            anothers.execute("CREATE TABLE films (name)")
            anothers.commit()
    looking = open_store(url, directory=tmp_path)

    found = [looking.open_to_look() for _ in range(2)]

    assert found == [False, False]
    engine = create_engine(url.replace("///", f"///{tmp_path}/") if url.startswith("sqlite") else url)
    tables = inspect(engine).get_table_names()
    engine.dispose()
    assert tables == (["films"] if url.startswith("sqlite") else [])
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(tmp_path / "aperture.db")) as anothers:
            assert anothers.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_of_two_processes_one_claims_each_slot(url: str, tmp_path: Path) -> None:
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, url, str(tmp_path), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("a", "b", "c")
    ]

    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    taken = [json.loads(racer.communicate(timeout=60)[0]) for racer in racers]

    assert sorted(number for numbers in taken for number in numbers) == list(range(200))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_any_text_is_kept(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    from aperture_plugin.store.connect import open_store

    store = open_store("sqlite:///aperture.db", directory=tmp_path_factory.mktemp("store"))
    store.open()
    with store.transaction() as ledger:
        ledger.add([replace(run_of(), reason=text, result={"said": text})])

    [run] = store.history(RunQuery())
    store.close()

    assert (run.reason, run.result) == (text, {"said": text})


def test_what_auto_picked_is_kept_until_it_picks_another_or_nothing(store: Store, other: Store) -> None:
    medium = Preset(name="medium", sized=True, at_least=500, below=2000)
    large = Preset(name="large", sized=True, at_least=2000)
    found = []
    for pick in (medium, large, None):
        with store.transaction() as ledger:
            ledger.keep_pick(pick)
        with other.snapshot() as ledger:
            found.append(ledger.pick())

    assert found == [medium, large, None]


def test_the_latest_claims_of_a_job_come_with_the_last_attempt_of_their_runs(store: Store) -> None:
    failed = replace(run_of(status=Status.FAILED), reason="the disk is full", started_at=NOON, finished_at=NOON)
    again = replace(run_of(attempt=2, status=Status.COMPLETED), started_at=NOON, finished_at=NOON)
    merged = replace(claim_of(9), first_due=claim_of(6).due, count=4, run_id="gone")
    with store.transaction() as ledger:
        ledger.claim([merged, claim_of(10), claim_of(11), claim_of(10, job="sync")])
        ledger.add([failed, again])

    earlier, ten, eleven = store.past_slots("scan", 9)

    assert (earlier.number, earlier.first_due, earlier.attempt, earlier.status) == (4, claim_of(6).due, 0, None)
    assert (ten.due, ten.attempt, ten.status, ten.started_at) == (claim_of(10).due, 2, Status.COMPLETED, NOON)
    assert store.past_slots("scan", 1) == [eleven]
    assert store.past_slots("nothing", 9) == []


def test_a_claim_ahead_of_the_clock_is_split_and_its_run_stands_for_the_parts(store: Store) -> None:
    merged = replace(claim_of(20), first_due=claim_of(10).due, count=11)
    parts = [replace(claim_of(11), first_due=claim_of(10).due, count=2), claim_of(20)]
    with store.transaction() as ledger:
        ledger.claim([merged, replace(claim_of(14, job="sync"), run_id="b")])
        ledger.add([replace(run_of(status=Status.COMPLETED), missed=11), run_of("b", "sync", Status.SKIPPED)])

    with store.transaction() as ledger:
        dropped = ledger.drop_skipped_ahead(NOON)
        ahead = ledger.claims_ahead(NOON)
        ledger.split_claim(merged, parts)
        ledger.lower_watermarks(["scan", "sync"], NOON)

    assert (dropped, ahead) == ({"sync"}, [merged])
    with store.transaction() as ledger:
        assert ledger.claims("scan", claim_of(0).due, claim_of(23).due) == parts
        assert ledger.watermarks() == {"scan": claim_of(11).due}
        assert ledger.claim([claim_of(13)]) == [True]
        assert ledger.claim([claim_of(20)]) == [False], "what has run is not claimed again"
    assert [(run.id, run.missed) for run in store.history(RunQuery())] == [("a", 3)]
