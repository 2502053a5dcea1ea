"""Pings to a real server that takes them, fails, hangs and comes back."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from uuid import UUID

import pytest

from aperture_plugin import Aperture, Job, hookimpl
from aperture_plugin.alerts import http_get, pings
from aperture_plugin.alerts.pings import ping_address, run_uuid

from .receiver import Receiver


class Jobs:
    """Jobs that end well and badly."""

    @hookimpl
    def aperture_jobs(self) -> list[Job]:
        return [Job("good", lambda run: run.id), Job("bad", lambda run: 1 / 0)]


def started(folder: Path, text: str) -> Aperture:
    """Return an aperture of that file, to be started by a `with`."""
    (folder / "schedules.yaml").write_text(text)
    return Aperture(folder / "schedules.yaml", plugins=[Jobs()], hooks=False, entry_points=False)


def test_an_address_is_extended_before_its_query_and_sentrys_gets_a_status() -> None:
    rid = run_uuid("5h3g7tm00010000")
    assert ping_address("https://hc.example.org/a/?create=1", "/fail", "5h3g7tm00010000") == (
        f"https://hc.example.org/a/fail?create=1&rid={rid}"
    )
    assert ping_address("https://o1.ingest.sentry.io/api/1/cron/scan/key/", "/start", "5h3g7tm00010000") == (
        f"https://o1.ingest.sentry.io/api/1/cron/scan/key/?status=in_progress&check_in_id={rid}"
    )
    assert UUID(str(rid)) == rid


def test_a_job_is_told_as_it_starts_completes_and_fails_for_good(tmp_path: Path) -> None:
    with Receiver() as receiver:
        text = (
            f"defaults:\n  ping: http://{receiver.host}/{{job}}\nschedules:\n  good: manual\n"
            "  bad:\n    schedule: manual\n    retry:\n      attempts: 2\n      delay: 1 second\n"
        )
        with started(tmp_path, text) as aperture:
            good, bad = (aperture.run(name).wait(30) for name in ("good", "bad"))
            heard = sorted(receiver.next()[0] for _ in range(5))

    rid = {run.job: f"?rid={run_uuid(run.id)}" for run in (good, bad)}
    assert heard == sorted(
        [f"/good/start{rid['good']}", f"/good{rid['good']}", *[f"/bad/start{rid['bad']}"] * 2, f"/bad/fail{rid['bad']}"]
    )


def test_what_fails_is_tried_again_in_its_order_and_holds_up_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pings, "_RETRIES", (0.05,) * 200)
    with Receiver() as away, Receiver() as there:
        away.answers = 503
        text = (
            f"schedules:\n  good:\n    schedule: manual\n    ping: http://{away.host}/good\n"
            f"  bad:\n    schedule: manual\n    ping: http://{there.host}/bad\n"
        )
        with started(tmp_path, text) as aperture:
            aperture.run("good").wait(30)
            away.seen.get(timeout=20)
            aperture.run("bad").wait(30)
            beside = [there.next()[0].partition("?")[0] for _ in range(2)]
            away.answers = 200
            after = [away.next()[0].partition("?")[0] for _ in range(2)]

    assert beside == ["/bad/start", "/bad/fail"]
    assert after == ["/good/start", "/good"]


def test_a_receiver_that_hangs_delays_neither_a_job_nor_a_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_get, "_SECONDS", 0.5)
    with Receiver() as receiver:
        receiver.answers = "hang"
        text = f"schedules:\n  good:\n    schedule: manual\n    ping: http://{receiver.host}/good\n"
        began = time.monotonic()
        with started(tmp_path, text) as aperture:
            ended = [aperture.run("good").wait(30).status for _ in range(20)]
            receiver.seen.get(timeout=20)

    assert set(ended) == {"completed"}
    assert time.monotonic() - began < 20
    assert not [thread for thread in threading.enumerate() if thread.name == "aperture-pings" and thread.is_alive()]


def test_the_loop_tells_that_it_ticks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pings, "_BEAT_SECONDS", 0.05)
    with Receiver() as receiver:
        text = f"ping: http://{receiver.host}/loop\nschedules:\n  good: manual\n"
        with started(tmp_path, text):
            heard = [receiver.next() for _ in range(3)]
        receiver.answers = 500

    assert heard == [("/loop", "")] * 3
