"""The brokers that Celery is tested on, and a worker process for the handlers of the executors' contract."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

REDIS = os.environ.get("APERTURE_TEST_REDIS", "redis://127.0.0.1:6379/0")
RABBITMQ = os.environ.get("APERTURE_TEST_RABBITMQ", "amqp://guest:guest@127.0.0.1:5672//")
BROKERS: Mapping[str, str] = {"redis": REDIS, "rabbitmq": RABBITMQ}
SECONDS = 60.0


def answering(broker: str) -> str:
    """Return the URL of a broker; skip the test where nothing answers there."""
    url = BROKERS[broker]
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 5672), timeout=5).close()
    except OSError as error:
        pytest.skip(f"no {broker} answers at {parts.hostname}:{parts.port}: {error}")
    return url


@contextmanager
def program(
    *words: str,
    folder: Path,
    environ: Mapping[str, str] | None = None,
    on: Callable[..., list[str]] | None = None,
) -> Iterator[subprocess.Popen[str]]:
    """Run a Python module beside the test, its output in `worker.log`; its whole group is killed at the end.

    Args:
        on: Returns the command line that runs one on another host.
    """
    line = [sys.executable, "-m", *words]
    log = (folder / "worker.log").open("a")
    process = subprocess.Popen(
        line if on is None else on(*line),
        stdout=log,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **(environ or {})},
        start_new_session=True,
    )
    try:
        yield process
    finally:
        log.close()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
