"""Who may start, who waits and for what, who never will."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from aperture_plugin.config.model import JobConfig, Overlap
from aperture_plugin.config.problems import Place
from aperture_plugin.rules.admission import OnJob, OnReady, OnSeat, Skip, Start, Surroundings, Until, Wait, admit
from aperture_plugin.rules.runs import Run, RunTrigger, Status
from aperture_plugin.words.times import time_text
from aperture_plugin.words.windows import Window

NOW = datetime(2026, 1, 10, 3, 15, tzinfo=UTC)


def job(name: str = "embeddings", **words: Any) -> JobConfig:
    return JobConfig(name=name, order=0, place=Place(1, 1), zone=ZoneInfo("UTC"), **words)


def run_of(name: str = "embeddings", status: Status = Status.QUEUED, **words: Any) -> Run:
    wall = NOW.replace(tzinfo=None)
    given: dict[str, Any] = {
        "id": name,
        "trigger": RunTrigger.SCHEDULE,
        "priority_at": NOW,
        "priority_nominal": wall,
        "queued_at": NOW,
    }
    return Run(job=name, status=status, **(given | words))


def around(
    in_hand: Sequence[Run] = (),
    last: Mapping[str, Run] | None = None,
    seats: int = 1,
    environ: Mapping[str, str] | None = None,
    abandoned: Mapping[str, datetime] | None = None,
    ready: Mapping[str, Sequence[str]] | None = None,
    now: datetime = NOW,
) -> Surroundings:
    return Surroundings(
        now=now,
        in_hand=lambda name: [run for run in in_hand if run.job == name],
        last_run=(last or {}).get,
        running_in=lambda queue: [run for run in in_hand if run.queue == queue and run.status is Status.RUNNING],
        seats={"default": seats},
        environ=environ or {},
        abandoned=abandoned or {},
        ready=ready,
    )


def test_a_run_with_nothing_in_its_way_starts() -> None:
    assert admit(run_of(), job(), around()) == Start()


def test_a_run_that_waits_for_its_turn_is_queued() -> None:
    admission = admit(run_of(), job(), around(in_hand=[run_of("library-scan", Status.RUNNING)]))

    assert isinstance(admission, Wait)
    assert (admission.status, admission.on) == (Status.QUEUED, OnSeat("default"))
    assert admission.reason == "its turn in queue default, which runs 1 at once"


@pytest.mark.parametrize(
    ("needed", "reason"),
    [
        (run_of("library-scan", Status.RUNNING), "library-scan is running"),
        (run_of("library-scan", Status.QUEUED), "library-scan is queued"),
        (run_of("library-scan", Status.WAITING, attempt=2), "library-scan is about to run again"),
    ],
)
def test_a_run_waits_for_a_needed_job_that_is_in_hand(needed: Run, reason: str) -> None:
    admission = admit(run_of(), job(needs=("library-scan",)), around(in_hand=[needed], seats=9))

    assert admission == Wait(reason, OnJob("library-scan"))


def test_a_run_starts_when_the_needed_job_last_completed() -> None:
    last = {"library-scan": run_of("library-scan", Status.COMPLETED, finished_at=NOW)}

    assert admit(run_of(), job(needs=("library-scan",)), around(last=last)) == Start()


def test_a_run_is_skipped_when_the_needed_job_last_failed() -> None:
    last = {"library-scan": run_of("library-scan", Status.FAILED, finished_at=NOW - timedelta(minutes=3))}

    admission = admit(run_of(), job(needs=("library-scan",)), around(last=last))

    assert admission == Skip("library-scan last ended as failed (3:12 AM), and embeddings needs it")


def test_a_run_is_skipped_when_the_needed_job_never_ran() -> None:
    admission = admit(run_of(), job(needs=("library-scan",)), around())

    assert admission == Skip("library-scan has never run, and embeddings needs it")


def test_what_a_person_asks_for_waits_neither_for_needs_nor_for_the_window() -> None:
    words = job(needs=("library-scan",), window=Window(since=time(22), until=time(2)))

    assert admit(run_of(trigger=RunTrigger.MANUAL), words, around()) == Start()


def test_a_run_waits_until_its_window_opens() -> None:
    admission = admit(run_of(), job(window=Window(since=time(22), until=time(2))), around())

    assert admission == Wait("its window opens at 10:00 PM", Until(NOW.replace(hour=22, minute=0)))


def test_a_window_that_opens_on_another_day_is_told_with_its_date() -> None:
    just_closed = job(window=Window(since=time(1), until=NOW.time()))

    admission = admit(run_of(), just_closed, around())

    opens = NOW.replace(hour=1, minute=0) + timedelta(days=1)
    assert admission == Wait(f"its window opens at {opens.date()} 1:00 AM", Until(opens))


def test_a_need_that_failed_days_ago_is_told_with_its_date() -> None:
    last = replace(run_of("library-scan"), status=Status.FAILED, finished_at=NOW - timedelta(days=3))

    admission = admit(run_of(), job(needs=("library-scan",)), around(last={"library-scan": last}))

    said = f"{(NOW - timedelta(days=3)).date()} {time_text(NOW.time())}"
    assert admission == Skip(f"library-scan last ended as failed ({said}), and embeddings needs it")


def test_a_window_that_opened_before_the_clocks_went_back_opens_once_more() -> None:
    riga = ZoneInfo("Europe/Riga")
    assert datetime(2026, 10, 25, 0, 59, tzinfo=UTC).astimezone(riga).isoformat() == "2026-10-25T03:59:00+03:00"
    assert datetime(2026, 10, 25, 1, 59, tzinfo=UTC).astimezone(riga).isoformat() == "2026-10-25T03:59:00+02:00"
    now = datetime(2026, 10, 25, 1, 4, tzinfo=UTC)  # 3:04 AM, the second time round
    words = replace(job(window=Window(since=time(3, 59), until=time(4, 1))), zone=riga)

    admission = admit(run_of(), words, around(now=now))

    assert admission == Wait("its window opens at 3:59 AM", Until(datetime(2026, 10, 25, 1, 59, tzinfo=UTC)))


def test_a_window_that_crosses_midnight_is_open_on_both_sides_of_it() -> None:
    words = job(window=Window(since=time(22), until=time(4)))

    assert admit(run_of(), words, around()) == Start()


def test_a_run_is_skipped_when_a_variable_it_requires_is_not_set() -> None:
    admission = admit(run_of(), job(requires_env=("TMDB_KEY", "OMDB_KEY")), around(environ={"OMDB_KEY": "x"}))

    assert admission == Skip("TMDB_KEY is not set, and embeddings requires it")


def test_a_job_does_not_run_beside_itself_unless_overlap_allows_it() -> None:
    in_hand = [run_of(status=Status.RUNNING, id="other")]

    waits = admit(run_of(), job(), around(in_hand=in_hand, seats=5))
    starts = admit(run_of(), job(overlap=Overlap.ALLOW), around(in_hand=in_hand, seats=5))

    assert waits == Wait("its last run is still running", OnJob("embeddings"))
    assert starts == Start()


def test_a_job_is_not_started_beside_a_handler_that_was_given_up() -> None:
    admission = admit(run_of(), job(), around(abandoned={"embeddings": NOW}))

    assert admission == Wait(
        "the handler of its run from 3:15 AM was given up, but has not come back yet", OnJob("embeddings")
    )


def test_a_retry_waits_for_its_time() -> None:
    later = NOW + timedelta(minutes=1)

    admission = admit(run_of(not_before=later, reason="attempt 2 of 3 follows"), job(), around())

    assert admission == Wait("attempt 2 of 3 follows", Until(later))


def test_a_run_waits_for_the_plugins_word_and_then_for_what_they_name() -> None:
    asked = admit(run_of(), job(), around(ready={}))
    held_back = admit(run_of(), job(), around(ready={"embeddings": ["TMDB does not answer"]}))
    ready = admit(run_of(), job(), around(ready={"embeddings": []}))

    assert asked == Wait("the plugins are being asked whether it is ready", OnReady("embeddings"))
    assert held_back == Wait("TMDB does not answer", OnReady("embeddings"))
    assert ready == Start()
