"""`executor: celery`, whole: a loop here, real brokers, and workers as `aperture worker` starts them."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from aperture_plugin.app.celery_setup import register_celery_worker
from aperture_plugin.executors import store_executor
from aperture_plugin.executors.celery_app import TASK, app_for
from aperture_plugin.ports import RunQuery
from aperture_plugin.rules.runs import Status
from tests.app.celery_house import House, aperture_log, attempts, until
from tests.executors.celery_servers import SECONDS, answering, program


@pytest.fixture(params=["redis", "rabbitmq"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> House:
    return House(tmp_path, answering(request.param))


@pytest.fixture
def on_redis(tmp_path: Path) -> House:
    return House(tmp_path, answering("redis"))


def test_a_handler_runs_in_a_worker_and_its_log_and_result_come_back(house: House) -> None:
    with house.worker(), house.loop() as aperture:
        run = aperture.run("quick").wait(SECONDS)

        assert (run.status, run.result) == (Status.COMPLETED, {"slot": None, "who": "hunter2-of-the-worker"[::-1]})
        assert house.calls() == [f"{run.id} 1"]


def test_a_secret_is_named_in_the_store_and_not_spelt_out(on_redis: House) -> None:
    with on_redis.loop() as aperture:
        aperture.run("quick")
        stored = on_redis.folder / "aperture.db-wal"
        until(lambda: b"SECRET_TOKEN" in stored.read_bytes())

        assert b"hunter2" not in stored.read_bytes()


def test_a_message_that_is_delivered_twice_is_harmless(house: House) -> None:
    with house.worker(), house.loop() as aperture:
        first = aperture.run("quick").wait(SECONDS)
        long = aperture.run("long")
        house.until_begun()
        for run_id in (first.id, long.id, long.id, "nobody"):
            house.message(run_id)
        last = aperture.run("quick").wait(SECONDS)
        (house.folder / "go on").touch()

        assert long.wait(SECONDS).result == 1
        assert house.calls() == [f"{first.id} 1", f"{last.id} 1"]


def messages(channel: Any, queue: str) -> int:
    """Return how many messages wait in *queue*, which may be made."""
    return int(channel.queue_declare(queue, durable=True, auto_delete=False).message_count)


def test_a_message_that_was_lost_is_sent_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_executor, "UNTAKEN_SECONDS", 1.0)
    with house.loop() as aperture:
        run = aperture.run("quick")
        with app_for(house.broker).connection() as connection, connection.channel() as channel:
            until(lambda: messages(channel, house.queue))
            channel.queue_purge(house.queue)
        with house.worker():
            assert run.wait(SECONDS).status is Status.COMPLETED


def test_an_attempt_that_no_worker_takes_says_so_in_its_log(on_redis: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_executor, "UNTAKEN_SECONDS", 1.0)
    with on_redis.loop() as aperture:
        run = aperture.run("quick")

        # On a busy machine the first look may come a second later.
        until(lambda: re.search(r"no worker has taken it for \d+ seconds", "".join(aperture_log(aperture, run.id))))


def test_a_cancel_ends_what_no_worker_has_taken_at_once(on_redis: House) -> None:
    with on_redis.loop() as aperture:
        run = aperture.run("quick")
        until(lambda: aperture.status()["jobs"][0]["state"] == "running")
        aperture.cancel("quick", by="ana")

        assert run.wait(SECONDS).status is Status.CANCELLED


def test_a_worker_that_lacks_the_job_fails_the_run_in_words(house: House) -> None:
    with house.worker(environ={"APERTURE_TEST_OLD_WORKER": "yes"}), house.loop() as aperture:
        run = aperture.run("new").wait(SECONDS)

        assert run.status is Status.FAILED
        assert "no plugin registers" in (run.reason or "")


def test_a_worker_process_that_is_killed_interrupts_its_attempt_which_runs_again(house: House) -> None:
    with house.worker(), house.loop() as aperture:
        handle = aperture.run("deaf")
        os.kill(house.until_begun(), signal.SIGKILL)
        run = handle.wait(SECONDS)

        (_, first, reason), (_, second, _) = attempts(aperture, run)
        assert (first, second) == (Status.INTERRUPTED, Status.COMPLETED)
        assert "its worker process died" in (reason or "")


def test_a_worker_that_is_killed_whole_is_found_out_by_its_silence(
    on_redis: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_executor, "SILENCE_SECONDS", 3.0)
    with on_redis.loop() as aperture:
        with on_redis.worker():
            handle = aperture.run("deaf")
            on_redis.until_begun()
        with on_redis.worker():
            run = handle.wait(SECONDS)

        (_, first, reason), (_, second, _) = attempts(aperture, run)
        assert (first, second) == (Status.INTERRUPTED, Status.COMPLETED)
        assert "gave no sign of life for 3 seconds" in (reason or "")


@pytest.mark.parametrize("job", ["long", "deaf"])
def test_a_worker_that_is_stopped_gives_the_grace_and_marks_the_rest_interrupted(house: House, job: str) -> None:
    with house.loop() as aperture:
        with house.worker(grace=0.5) as worker:
            handle = aperture.run(job)
            house.until_begun()
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(SECONDS) == 0, house.said()
        with house.worker():
            run = handle.wait(SECONDS)

        (_, first, reason), (_, second, _) = attempts(aperture, run)
        assert (first, reason, second) == (Status.INTERRUPTED, "its worker is stopping", Status.COMPLETED)


def test_what_ends_within_the_grace_has_completed(house: House) -> None:
    with house.worker() as worker, house.loop() as aperture:
        handle = aperture.run("long")
        house.until_begun()
        worker.send_signal(signal.SIGTERM)
        (house.folder / "go on").touch()

        assert handle.wait(SECONDS).result == 1
        assert worker.wait(SECONDS) == 0


def test_a_cancel_reaches_a_worker_and_force_ends_its_handler(house: House) -> None:
    with house.worker(), house.loop() as aperture:
        long, deaf = aperture.run("long"), aperture.run("deaf")
        house.until_begun()
        until(lambda: [job["state"] for job in aperture.status()["jobs"]].count("running") == 2)
        aperture.cancel("long", by="ana")
        aperture.cancel("deaf", by="ana")

        assert long.wait(SECONDS).status is Status.CANCELLED
        assert deaf.wait(SECONDS).status is Status.CANCELLED


def test_a_broker_that_is_away_holds_up_nothing_and_is_caught_up_once(tmp_path: Path) -> None:
    server = shutil.which("redis-server")
    if server is None:
        pytest.skip("redis-server is not installed")
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    words = [server, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    house = House(tmp_path, f"redis://127.0.0.1:{port}/0")
    with house.loop() as aperture:
        handles = [aperture.run("quick"), aperture.run("long"), aperture.run("new")]
        with house.worker(), subprocess.Popen(words, stdout=subprocess.DEVNULL) as broker:
            try:
                (tmp_path / "go on").touch()
                assert [handle.wait(SECONDS).status for handle in handles] == [Status.COMPLETED] * 3
                assert sorted(house.calls()) == sorted(f"{handles[place].id} 1" for place in (0, 2))
            finally:
                broker.kill()


def test_the_handlers_of_a_loop_that_was_killed_are_ended_and_its_runs_run_again(on_redis: House) -> None:
    start = ("aperture_plugin", "start", str(on_redis.file))
    environ = {"SECRET_TOKEN": "hunter2"}
    with on_redis.worker(), program(*start, folder=on_redis.folder, environ=environ) as first:
        asked = [sys.executable, "-m", "aperture_plugin", "run", "deaf", "-f", str(on_redis.file)]
        until(lambda: subprocess.run(asked, check=False, capture_output=True).returncode == 0, on_redis.said)
        pid = on_redis.until_begun()
        first.send_signal(signal.SIGKILL)
        first.wait()
        with on_redis.loop() as aperture:
            until(lambda: aperture.history(RunQuery(statuses={Status.COMPLETED})), on_redis.said)

            until(lambda: not Path(f"/proc/{pid}").exists())
            [done] = aperture.history(RunQuery(statuses={Status.COMPLETED}))
            assert done.attempt == 2


def test_a_host_registers_the_task_on_an_app_of_its_own(on_redis: House) -> None:
    app = app_for(on_redis.broker)

    register_celery_worker(app, on_redis.file, modules=(), environ={"SECRET_TOKEN": "x"})

    assert TASK in app.tasks


def test_two_apps_in_one_process_have_a_task_each(on_redis: House) -> None:
    apps = [app_for(on_redis.broker) for _ in range(2)]

    for app in apps:
        register_celery_worker(app, on_redis.file, modules=(), environ={"SECRET_TOKEN": "x"})

    first, second = (app.tasks[TASK].run.__self__ for app in apps)
    assert first is not second


def test_runs_travel_through_the_celery_queues_of_their_queues(house: House) -> None:
    names = {name: f"{house.queue}-{name}" for name in ("default", "media")}
    lines = "".join(f"  {name}: {queue}\n" for name, queue in names.items())
    file = house.file.read_text().replace(f"  default: {house.queue}\n", lines)
    file = file.replace("queues:\n  default: 4\n", "queues:\n  default: 4\n  media: 4\n", 1)
    house.file.write_text(file.replace("  new: manual\n", "  new:\n    type: manual\n    queue: media\n"))
    with house.loop() as aperture:
        handles = [aperture.run(job) for job in ("quick", "new")]
        with app_for(house.broker).connection() as connection, connection.channel() as channel:
            for queue in names.values():
                until(partial(messages, channel, queue))
                assert messages(channel, queue) == 1
        with house.worker():
            assert [handle.wait(SECONDS).status for handle in handles] == [Status.COMPLETED] * 2
