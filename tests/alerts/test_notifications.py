"""Messages to people: a real mail server and a real HTTP server that fail, hang and come back."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from email.policy import default
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from aperture_plugin import Aperture, Job, __version__, hookimpl
from aperture_plugin.alerts import notifier
from aperture_plugin.app.doctor.findings import note, problem
from aperture_plugin.rules import alerts
from aperture_plugin.rules.alerts import next_try
from tests.cli.conftest import Terminal

from .receiver import Receiver


class Jobs:
    """Jobs whose end the test decides."""

    def __init__(self) -> None:
        self.fails = True

    @hookimpl
    def aperture_jobs(self) -> list[Job]:
        return [Job("scan", self.scan), Job("good", lambda run: 1)]

    def scan(self, run: Any) -> int:
        run.log.info("asking with hunter22")
        if self.fails:
            raise ValueError("401 for hunter22")
        return 1


class Mail:
    """A mail server.

    Attributes:
        answers: What a message is answered with.
    """

    def __init__(self) -> None:
        self.taken: SimpleQueue[Message] = SimpleQueue()
        self.answers = "250 OK"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        if self.answers.startswith("250"):
            self.taken.put(message_from_bytes(envelope.content, policy=default))
        return self.answers

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop()


@pytest.fixture
def mail() -> Iterator[Mail]:
    """A mail server."""
    server = Mail()
    server.start()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifier, "_GATHER_SECONDS", 0.3)
    monkeypatch.setattr(notifier, "_LOOK_SECONDS", 0.2)


def started(folder: Path, text: str, jobs: Jobs | None = None) -> Aperture:
    """Return an aperture of that file, to be started by a `with`."""
    (folder / "schedules.yaml").write_text(text)
    return Aperture(
        folder / "schedules.yaml",
        plugins=[jobs or Jobs()],
        hooks=False,
        entry_points=False,
        environ={"TOKEN": "hunter22"},
    )


def channels(to: str, *further: str) -> str:
    """Return a file with one channel, and two jobs that name it."""
    more = "".join(f"    {line}\n" for line in further)
    return (
        f"notify:\n  ops:\n    to: {to}\n{more}page:\n  url: https://media.example.org/jobs\n"
        "defaults:\n  notify: [ops]\nschedules:\n  scan: manual\n  good: manual\n"
    )


def told(receiver: Receiver) -> tuple[str, str]:
    """Return title and text of the next message."""
    message = json.loads(receiver.next()[1])
    return message["title"], message["message"]


def test_a_failure_is_mailed_with_its_evidence_and_without_secrets(tmp_path: Path, mail: Mail) -> None:
    jobs = Jobs()
    text = channels(f"mailto://127.0.0.1:{mail.port}/?from=aperture@example.org&to=ops@example.org&mode=insecure")
    with started(tmp_path, text, jobs) as aperture:
        run = aperture.run("scan").wait(30)
        message = mail.taken.get(timeout=30)

    body = message.get_body(("plain",)).get_content()  # type: ignore[attr-defined]
    assert message["subject"] == "scan failed"
    assert message["to"] == "ops@example.org"
    assert "Reason: ValueError: 401 for •••" in body
    assert "It has not completed before, as far back as is known." in body
    assert "Last lines of its log:\n  asking with •••" in body.replace("\r\n", "\n")
    assert f"https://media.example.org/jobs/runs/{run.id}" in body
    assert "hunter22" not in str(message)


def test_a_recovery_is_sent_only_after_a_failure_was(tmp_path: Path) -> None:
    jobs = Jobs()
    with Receiver() as receiver, started(tmp_path, channels(f"json://{receiver.host}/"), jobs) as aperture:
        aperture.run("good").wait(30)
        aperture.run("scan").wait(30)
        failed = told(receiver)
        jobs.fails = False
        aperture.run("scan").wait(30)
        recovered = told(receiver)
        aperture.run("scan").wait(30)

    assert [failed[0], recovered[0]] == ["scan failed", "scan has recovered"]
    assert receiver.taken.empty()


def test_a_streak_is_waited_for_and_many_events_are_one_message(tmp_path: Path) -> None:
    with Receiver() as receiver:
        text = channels(f"json://{receiver.host}/", "after: 3 in a row")
        with started(tmp_path, text) as aperture:
            for _ in range(4):
                aperture.run("scan").wait(30)
            title, body = told(receiver)

    assert title == "2 events: scan failed"
    assert body.count("Reason: ValueError") == 2
    assert "It has failed 4 times in a row." in body
    assert receiver.taken.empty()


def test_a_receiver_that_fails_is_tried_again_after_a_restart_and_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerts, "_FIRST_DELAY", timedelta(seconds=0.2))
    monkeypatch.setattr(alerts, "_LONGEST_DELAY", timedelta(seconds=0.2))
    with Receiver() as receiver:
        receiver.answers = 500
        text = channels(f"json://{receiver.host}/")
        with started(tmp_path, text) as aperture:
            aperture.run("scan").wait(30)
            for _ in range(2):
                receiver.seen.get(timeout=20)
        receiver.answers = 200
        with started(tmp_path, text), started(tmp_path, text):  # Two loops on the store.
            title, _ = told(receiver)
            threading.Event().wait(1.0)

    assert title == "scan failed"
    assert receiver.taken.empty()


def test_an_address_that_took_a_message_is_not_sent_it_again_while_another_of_its_channel_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerts, "_FIRST_DELAY", timedelta(seconds=0.2))
    monkeypatch.setattr(alerts, "_LONGEST_DELAY", timedelta(seconds=0.2))
    with Receiver() as good, Receiver() as bad:
        bad.answers = 503
        text = channels(f"[json://{good.host}/, json://{bad.host}/]")
        with started(tmp_path, text) as aperture:
            aperture.run("scan").wait(30)
            for _ in range(3):
                bad.seen.get(timeout=20)
        bad.answers = 200
        with started(tmp_path, text):
            title, _ = told(bad)

    assert title == "scan failed"
    assert [good.seen.qsize(), bad.taken.qsize()] == [1, 0]


def test_a_receiver_that_hangs_delays_no_job_no_other_channel_and_no_stop(tmp_path: Path) -> None:
    with Receiver() as hanging, Receiver() as receiver:
        hanging.answers = "hang"
        text = channels(f"json://{hanging.host}/?rto=60").replace(
            "notify:\n  ops:", f"notify:\n  dev:\n    to: json://{receiver.host}/\n  ops:", 1
        )
        with started(tmp_path, text.replace("notify: [ops]", "notify: [ops, dev]")) as aperture:
            runs = [aperture.run("scan").wait(10).status for _ in range(5)]
            title, _ = told(receiver)

    assert set(runs) == {"failed"}
    assert "scan failed" in title


def test_a_refused_file_is_told_to_every_channel_that_wants_it_once(tmp_path: Path) -> None:
    with Receiver() as receiver:
        text = channels(f"json://{receiver.host}/", "when: file refused")
        with started(tmp_path, text) as one, started(tmp_path, text) as two:
            for aperture in (one, two):
                good, problems = aperture.judge(b"schedules:\n  scan: evry hour\n")
                assert not good
                aperture.refuse(problems)
            title, body = told(receiver)
            threading.Event().wait(1.0)

    assert title.endswith("schedules.yaml is refused")
    assert 'schedules.yaml:2:9: scan: "evry" begins no schedule' in body
    assert receiver.taken.empty()


def test_a_test_message_says_what_the_receiver_answered(terminal: Terminal) -> None:
    with Receiver() as receiver:
        terminal.write(channels(f"json://{receiver.host}/").replace("manual", "every hour"))
        sent = terminal.look("notify", "--test", "ops")
        title, _ = told(receiver)
        receiver.answers = 500
        refused = terminal.look("notify", "--test", "ops")
        unknown = terminal.look("notify", "--test", "opps")

    assert (sent.code, sent.out, title) == (0, "ops has taken the message\n", "aperture: a test of ops")
    assert refused.code == 1
    assert "ops did not take the message: " in refused.err
    assert (unknown.code, 'did you mean "ops"?' in unknown.err) == (2, True)


def test_that_no_loop_runs_is_told_once_by_whoever_looks(terminal: Terminal) -> None:
    with Receiver() as receiver:
        text = (
            channels(f"json://{receiver.host}/")
            .replace("manual", 'every hour\n    command: "true"')
            .replace("scan: every", "scan:\n    schedule: every")
            .replace("good: every", "good:\n    schedule: every")
        )
        terminal.write(text)
        answers = [terminal.look("status", "--notify").code for _ in range(2)]
        title, _ = told(receiver)

    assert (answers, title) == ([1, 1], "no loop is running")
    assert receiver.taken.empty()


def test_tries_double_up_to_ten_minutes_and_end_after_a_day() -> None:
    since = datetime(2026, 1, 10, tzinfo=UTC)

    def delays(tries: Sequence[int]) -> list[timedelta | None]:
        return [None if (at := next_try(n, since, since=since)) is None else at - since for n in tries]

    assert delays([1, 2, 3, 8, 100]) == [timedelta(seconds=seconds) for seconds in (5, 10, 20, 600, 600)]
    assert next_try(1, since + timedelta(days=1), since=since) is None


def test_a_message_says_what_doctor_finds_what_has_changed_and_when_the_job_runs_next(tmp_path: Path) -> None:
    jobs = Jobs()
    jobs.fails = False
    text = "timezone: UTC\n{}"
    with Receiver() as receiver:
        file = text.format(channels(f"json://{receiver.host}/"))
        with started(tmp_path, file, jobs) as aperture:
            good = aperture.run("scan").wait(30)
        jobs.fails = True
        changed = file.replace("scan: manual", "scan:\n    schedule: daily at 2:00 AM\n    needs: good")
        with started(tmp_path, changed, jobs) as aperture:
            aperture.run("good").wait(30)
            aperture.run("scan").wait(30)
            next_run = aperture.overview().jobs[0].next_run
            _, body = told(receiver)

    assert next_run is not None
    assert f"(run {good.id})." in body
    assert "schedules.yaml has changed: generation 2, accepted " in body
    assert f"Since then a loop was started on {socket.gethostname()}, version {__version__}, " in body
    assert f"Next run: {next_run:%Y-%m-%d %H:%M} (UTC)" in body


def test_problems_that_doctor_finds_stand_in_the_message_with_a_line_to_paste(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [problem("queue", f"finding {number}", advice="do: this") for number in range(4)]
    answer = [*found, note("x", "no harm")]
    monkeypatch.setattr("aperture_plugin.app.doctor.doctor.diagnose", lambda _case, _job: answer)
    with Receiver() as receiver, started(tmp_path, channels(f"json://{receiver.host}/")) as aperture:
        aperture.run("scan").wait(30)
        _, body = told(receiver)

    assert "Doctor finds: finding 0. Try:  do: this\n" in body
    assert "finding 2" in body
    assert "finding 3" not in body
    assert "and 1 more: aperture doctor scan\n" in body
    assert "no harm" not in body


def test_a_message_about_a_job_that_is_paused_says_so(tmp_path: Path) -> None:
    with Receiver() as receiver, started(tmp_path, channels(f"json://{receiver.host}/")) as aperture:
        aperture.pause("scan", note="new disk")
        aperture.run("scan").wait(30)
        _, body = told(receiver)

    assert "Next run: none while it is paused by " in body
    assert "new disk" in body


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("after good", "Next run: once good has completed\n"),
        ("manual", "Next run: none by itself\n"),
        ("{schedule: every hour, enabled: no}", "Next run: none: the file switches it off (enabled: no)\n"),
    ],
)
def test_the_next_chance_of_a_job_without_slots_is_what_it_waits_for(
    tmp_path: Path, schedule: str, expected: str
) -> None:
    if schedule.startswith("{"):
        schedule = "\n    schedule: every hour\n    enabled: no"
    with Receiver() as receiver:
        text = channels(f"json://{receiver.host}/").replace("scan: manual", f"scan: {schedule}")
        with started(tmp_path, text) as aperture:
            aperture.run("scan").wait(30)
            _, body = told(receiver)

    assert expected in body


def test_a_fault_of_doctor_leaves_the_message_to_be_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("doctor is ill")

    monkeypatch.setattr("aperture_plugin.app.doctor.doctor.diagnose", fail)
    with Receiver() as receiver, started(tmp_path, channels(f"json://{receiver.host}/")) as aperture:
        aperture.run("scan").wait(30)
        title, _ = told(receiver)

    assert title == "scan failed"


def test_a_loop_that_was_killed_is_told_of_by_the_next_one_that_looks(terminal: Terminal) -> None:
    with Receiver() as receiver:
        job = "\n    schedule: every hour\n    command: ls"
        terminal.write(channels(f"json://{receiver.host}/").replace(" manual", job))
        first = terminal.begin("start")
        terminal.until(terminal.runs, seconds=60)
        first.kill()
        first.communicate(timeout=60)
        second = terminal.begin("start")
        title, body = told(receiver)
        second.terminate()
        second.communicate(timeout=60)

    assert title == f"the loop on {socket.gethostname()} has died"
    assert f"(pid {first.pid}) ended without stopping. It last ticked " in body
    assert receiver.taken.empty()


def test_a_loop_that_was_stopped_is_told_of_by_nobody(terminal: Terminal) -> None:
    with Receiver() as receiver:
        job = "\n    schedule: every hour\n    command: ls"
        terminal.write(channels(f"json://{receiver.host}/").replace(" manual", job))
        for _ in range(2):
            loop = terminal.begin("start")
            terminal.until(terminal.runs, seconds=60)
            loop.terminate()
            loop.communicate(timeout=60)

    assert receiver.seen.empty()
