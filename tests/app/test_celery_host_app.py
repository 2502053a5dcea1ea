"""A host's own Celery app, with settings of its own, works on the attempts of the file beside its own tasks."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from aperture_plugin.rules.runs import Status
from tests.app.celery_house import House, attempts
from tests.executors.celery_servers import SECONDS, answering, program

APP = """
from pathlib import Path

from celery import Celery

from aperture_plugin import register_celery_worker

app = Celery("host", broker={broker!r})
app.conf.update(
    task_default_queue={queue!r},
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=4,
    broker_connection_retry_on_startup=True,
)
register_celery_worker(app, Path(__file__).with_name("schedules.yaml"))


@app.task
def of_its_own(text):
    Path(__file__).with_name("own").write_text(text)
"""


@pytest.mark.parametrize("broker", ["redis", "rabbitmq"])
def test_a_host_works_on_attempts_with_its_own_app(
    broker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(tmp_path, answering(broker))
    name = f"host_{house.queue.rpartition('-')[2]}"
    (tmp_path / f"{name}.py").write_text(APP.format(broker=house.broker, queue=house.queue))
    file = house.file.read_text().replace(f"broker: {house.broker}", f"celery app: {name}:app")
    house.file.write_text(file.replace(f"celery queues:\n  default: {house.queue}\n", ""))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    environ = {"PYTHONPATH": str(tmp_path)}
    words = ("celery", "-A", name, "worker", "--concurrency", "2", "--loglevel", "INFO")

    with program(*words, folder=tmp_path, environ=environ), house.loop() as aperture:
        quick = aperture.run("quick").wait(SECONDS)
        deaf = aperture.run("deaf")
        os.kill(house.until_begun(), signal.SIGKILL)
        run = deaf.wait(SECONDS)

        assert (quick.status, house.calls()) == (Status.COMPLETED, [f"{quick.id} 1"])
        # Nothing is delivered again, though the host's own tasks would be.
        assert [status for _, status, _ in attempts(aperture, run)] == [Status.INTERRUPTED, Status.COMPLETED]
