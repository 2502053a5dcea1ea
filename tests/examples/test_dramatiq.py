"""The executor for Dramatiq, with its own workers on a real Redis."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

from tests.examples.conftest import BIN, REPOSITORY, Program
from tests.executors.celery_servers import answering, program

EXAMPLE = REPOSITORY / "examples" / "dramatiq_executor"


def test_dramatiqs_workers_run_the_handlers_of_a_loop(checkout: Path) -> None:
    url = re.sub(r"/\d+$", "/7", answering("redis"))
    folder = checkout / "examples" / "dramatiq_executor"
    for file in (folder / "schedules.yaml", folder / "attempts.py"):
        text = file.read_text(encoding="utf-8").replace("redis://127.0.0.1:6379/4", url)
        file.write_text(text.replace("every 30 seconds", "every second"), encoding="utf-8")
    loop = [str(BIN / "aperture"), "start", str(folder / "schedules.yaml")]
    worker = ["dramatiq", "attempts", "--path", str(folder), "--processes", "1", "--threads", "2"]

    with (
        closing(Program(loop, folder=checkout, environ={})) as running,
        program(*worker, folder=checkout),
    ):
        assert running.wait_for(r"scan completed after .* \(run (\w+)\)")


def test_it_is_no_longer_than_a_person_reads_at_once() -> None:
    lines = sum(len(file.read_text(encoding="utf-8").splitlines()) for file in EXAMPLE.rglob("*.py"))

    assert lines <= 250
