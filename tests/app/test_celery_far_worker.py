"""`executor: celery` with the worker on another host: it shares the store and the broker with the loop, no more."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from redis import Redis, RedisError

from aperture_plugin.executors import store_executor
from aperture_plugin.rules.runs import Status
from tests.app.celery_house import House, attempts, until
from tests.app.far_host import FarHost, far_host
from tests.executors.celery_servers import SECONDS
from tests.store.cluster import cluster


@pytest.fixture(scope="module")
def far() -> Iterator[FarHost]:
    with far_host() as host:
        yield host


@pytest.fixture(scope="module")
def broker(far: FarHost, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_at(far.here, tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(scope="module")
def store(far: FarHost) -> Iterator[str]:
    with cluster(address=far.here) as server:
        yield server.url


@pytest.fixture
def house(tmp_path: Path, broker: str, store: str) -> House:
    return House(tmp_path, broker, state=store)


@contextmanager
def redis_at(address: str, folder: Path) -> Iterator[str]:
    server = shutil.which("redis-server")
    if server is None:
        pytest.skip("redis-server is not installed")
    with closing(socket.create_server((address, 0))) as free:
        port = free.getsockname()[1]
    words = ("--port", str(port), "--bind", address, "--protected-mode", "no", "--save", "", "--dir", str(folder))
    url = f"redis://{address}:{port}/0"
    with subprocess.Popen([server, *words], stdout=subprocess.DEVNULL) as process, Redis.from_url(url) as client:
        try:
            until(lambda: answers(client))
            yield url
        finally:
            process.kill()


def answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except RedisError:
        return False


def at_work(house: House, attempt: int = 1) -> list[tuple[str, float]]:
    """Return where the handler of `busy` was at work, and when."""
    notes = house.folder / f"busy-{attempt}"
    lines = notes.read_text().splitlines()[:-1] if notes.exists() else []
    return [(host, float(when)) for host, when in (line.split() for line in lines)]


def until_at_work(house: House, attempt: int = 1, *, more_than: int = 0) -> None:
    until(lambda: len(at_work(house, attempt)) > more_than, house.said)


def test_a_handler_runs_there_and_its_log_result_and_cancel_pass(house: House, far: FarHost) -> None:
    with house.worker(on=far.words), house.loop() as aperture:
        run = aperture.run("quick").wait(SECONDS)
        long = aperture.run("long")
        house.until_begun()
        aperture.cancel("long", by="ana")

        assert (run.status, run.result) == (Status.COMPLETED, {"slot": None, "who": "hunter2-of-the-worker"[::-1]})
        assert long.wait(SECONDS).status is Status.CANCELLED
        assert house.calls() == [f"{run.id} 1"]


def test_the_attempt_of_a_host_that_died_runs_again_elsewhere(
    house: House, far: FarHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_executor, "SILENCE_SECONDS", 3.0)
    with house.loop() as aperture:
        with house.worker(on=far.words) as worker:
            handle = aperture.run("busy")
            until_at_work(house)
            worker.kill()
            worker.wait()
        (house.folder / "go on").touch()
        with house.worker():
            run = handle.wait(SECONDS)

        (_, first, reason), (_, second, _) = attempts(aperture, run)
        assert (first, second) == (Status.INTERRUPTED, Status.COMPLETED)
        assert f"its worker {far.name}-" in (reason or "")
        assert far.name not in {host for host, _ in at_work(house, 2)}


def test_a_cut_of_some_seconds_changes_nothing(house: House, far: FarHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_executor, "UNTAKEN_SECONDS", 5.0)
    with house.worker(on=far.words), house.loop() as aperture:
        busy = aperture.run("busy")
        until_at_work(house)
        far.cut()
        try:
            quick = aperture.run("quick")
            until_at_work(house, more_than=len(at_work(house)) + 100)  # Two seconds at least.
        finally:
            far.join()
        assert quick.wait(SECONDS).status is Status.COMPLETED
        (house.folder / "go on").touch()

        assert busy.wait(SECONDS).status is Status.COMPLETED
        assert [len(attempts(aperture, handle.wait())) for handle in (busy, quick)] == [1, 1]
        assert house.calls() == [f"{quick.id} 1"]
        assert {host for host, _ in at_work(house)} == {far.name}


def test_a_long_cut_ends_the_handler_there_before_it_begins_elsewhere(house: House, far: FarHost) -> None:
    with house.loop() as aperture, house.worker(on=far.words):
        handle = aperture.run("busy")
        until_at_work(house)
        far.cut()
        try:
            with house.worker():
                until_at_work(house, 2)
                (house.folder / "go on").touch()
                run = handle.wait(SECONDS)
        finally:
            far.join()
        again = aperture.run("quick").wait(SECONDS)

        (_, first, reason), (_, second, _) = attempts(aperture, run)
        assert (first, second) == (Status.INTERRUPTED, Status.COMPLETED)
        assert f"its worker {far.name}-" in (reason or "")
        assert max(when for _, when in at_work(house)) < min(when for _, when in at_work(house, 2))
        # Whoever was cut off takes work again.
        assert again.status is Status.COMPLETED
