"""`executor: celery` while its broker, one of the test's own, is killed and started again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from kombu.exceptions import OperationalError

from aperture_plugin.executors import store_executor
from aperture_plugin.executors.celery_app import app_for
from aperture_plugin.rules.runs import Status
from tests.app.celery_house import House, attempts, until
from tests.executors.celery_servers import SECONDS


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        return int(free.getsockname()[1])


class Broker:
    """A server that can be killed.

    Attributes:
        url: Its address, the same each time.
    """

    def __init__(self, url: str, line: list[str], environ: dict[str, str]) -> None:
        self.url = url
        self._line = line
        self._environ = environ
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._line,
            env={**os.environ, **self._environ},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        until(self._answers)

    def kill(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        try:
            with app_for(self.url).connection() as connection:
                connection.ensure_connection(max_retries=1, timeout=2)
        except OperationalError:
            return False
        return True


def redis(folder: Path) -> Broker:
    """Return a Redis that keeps nothing on the disk: whatever it had is lost when it is killed."""
    server, port = shutil.which("redis-server"), free_port()
    if server is None:
        pytest.skip("redis-server is not installed")
    words = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    return Broker(f"redis://127.0.0.1:{port}/0", [server, *words], {})


def rabbitmq(folder: Path) -> Broker:
    server = shutil.which("/usr/lib/rabbitmq/bin/rabbitmq-server") or shutil.which("rabbitmq-server")
    if server is None:
        pytest.skip("rabbitmq-server is not installed")
    port = free_port()
    environ = {
        "NODENAME": f"aperture{port}@localhost",
        "NODE_IP_ADDRESS": "127.0.0.1",
        "NODE_PORT": str(port),
        "DIST_PORT": str(free_port()),
        "MNESIA_BASE": str(folder),
        "LOG_BASE": str(folder),
        "PID_FILE": str(folder / "pid"),
        "ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "CONF_ENV_FILE": "/dev/null",
        "CONFIG_FILE": str(folder / "none"),
    }
    given = {f"RABBITMQ_{name}": value for name, value in environ.items()} | {"HOME": str(folder)}
    return Broker(f"amqp://guest:guest@127.0.0.1:{port}//", [server], given)


@pytest.fixture(params=[redis, rabbitmq])
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    broker: Broker = request.param(tmp_path_factory.mktemp("broker"))
    try:
        broker.start()
        yield broker
    finally:
        broker.kill()


def test_a_broker_that_is_killed_and_started_again_costs_no_run_and_no_attempt(
    broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_executor, "UNTAKEN_SECONDS", 5.0)
    house = House(tmp_path, broker.url)
    with house.worker(), house.loop() as aperture:
        before, busy = aperture.run("quick").wait(SECONDS), aperture.run("busy")
        until((tmp_path / "busy-1").exists, house.said)
        broker.kill()
        quick = aperture.run("quick")
        broker.start()
        after = quick.wait(SECONDS)
        (tmp_path / "go on").touch()

        for run in (before, after, busy.wait(SECONDS)):
            assert [status for _, status, _ in attempts(aperture, run)] == [Status.COMPLETED]
        assert house.calls() == [f"{run.id} 1" for run in (before, after)]
