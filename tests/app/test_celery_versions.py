"""`executor: celery` with the oldest Celery that the extra allows, and with the one that is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.app.celery_house import House, until
from tests.executors.celery_servers import SECONDS, answering, program

OLDEST = "5.4"
REPOSITORY = Path(__file__).parents[2]


def extra() -> list[str]:
    """Return what the extra `[celery]` requires."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    return list(project["optional-dependencies"]["celery"])


@pytest.fixture(scope="module")
def oldest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the environment in which a program finds the oldest Celery, with the clients that pip gives it."""
    folder = tmp_path_factory.mktemp("oldest-celery")
    words = ["install", "--quiet", "--target", str(folder), *extra(), f"celery=={OLDEST}.*"]
    done = subprocess.run([sys.executable, "-m", "pip", *words], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"Celery {OLDEST} cannot be installed here: {done.stderr.strip()[-300:]}")
    return {"PYTHONPATH": str(folder)}


class Programs:
    """Asks a loop in another process, as a person in a terminal does."""

    def __init__(self, house: House) -> None:
        self.house = house

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        program = [sys.executable, "-m", "aperture_plugin", *words, "-f", str(self.house.file)]
        return subprocess.run(program, check=False, capture_output=True, text=True, timeout=SECONDS)

    def ask(self, *words: str) -> str:
        done = self.run(*words)
        assert done.returncode == 0, done.stderr + self.house.said()
        return done.stdout

    def history(self, job: str) -> list[dict[str, Any]]:
        return list(json.loads(self.ask("history", job, "--format", "json")))

    def has_begun(self) -> bool:
        """Return whether a loop lives."""
        return self.run("status").returncode == 0


@pytest.mark.parametrize("broker", ["redis", "rabbitmq"])
@pytest.mark.parametrize("version", [OLDEST, "installed"])
def test_a_loop_and_a_worker_run_and_cancel(
    version: str, broker: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    environ = {"SECRET_TOKEN": "hunter2"}
    if version == OLDEST:
        environ |= request.getfixturevalue("oldest")
    found = [sys.executable, "-c", "import celery; print(celery.__version__)"]
    said = subprocess.run(found, check=True, capture_output=True, text=True, env={**os.environ, **environ}).stdout
    assert version == "installed" or said.startswith(f"{OLDEST}.")
    house = House(tmp_path, answering(broker))
    programs = Programs(house)
    start = ("aperture_plugin", "start", str(house.file))

    with house.worker(environ=environ), program(*start, folder=tmp_path, environ=environ):
        until(programs.has_begun, house.said)
        programs.ask("run", "quick", "--wait")
        programs.ask("run", "long")
        house.until_begun()
        programs.ask("cancel", "long")
        until(lambda: programs.history("long")[0]["status"] == "cancelled", house.said)

    [quick] = programs.history("quick")
    assert (quick["status"], house.calls()) == ("completed", [f"{quick['id']} 1"])
