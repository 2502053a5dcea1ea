"""What of a run reaches the logging of its host: failures as errors, and what handlers log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from aperture_plugin import Aperture, Job, LiveRun, hookimpl


class Host:
    @hookimpl
    def aperture_jobs(self) -> Iterator[Job]:
        yield Job("scan", self.scan)
        yield Job("divide", self.divide)

    def scan(self, run: LiveRun) -> None:
        run.log.info("looked")
        run.log.warning("no title")

    def divide(self) -> float:
        return 1 / 0


@pytest.fixture
def aperture(tmp_path: Path) -> Iterator[Aperture]:
    file = tmp_path / "schedules.yaml"
    file.write_text("schedules:\n  scan: manual\n  divide: manual\n", encoding="utf-8")
    with Aperture(file, plugins=[Host()], entry_points=False) as running:
        yield running


def test_a_failure_is_an_error_with_its_traceback_though_the_host_logs_only_errors(
    aperture: Aperture, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        failed = aperture.run("divide").wait(10)
        aperture.stop()

    [record] = caplog.records
    assert (record.name, record.levelname) == ("aperture", "ERROR")
    first, *trace = record.getMessage().splitlines()
    assert first.startswith("divide failed after ")
    assert first.endswith(f"(run {failed.id}): ZeroDivisionError: division by zero")
    assert trace[0] == "Traceback (most recent call last):"
    assert "in divide" in trace[1]
    assert (record.__dict__["job"], record.__dict__["run"]) == ("divide", failed.id)


def test_what_a_handler_logs_is_for_the_host_from_its_own_level_on(
    aperture: Aperture, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "aperture.run.scan"):
        aperture.run("scan").wait(10)

    lines = [(record.name, record.getMessage()) for record in caplog.records if record.name.startswith("aperture.run")]
    assert lines == [("aperture.run.scan", "looked"), ("aperture.run.scan", "no title")]


def test_a_relative_file_that_is_not_there_is_named_with_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(FileNotFoundError) as raised:
        Aperture("conf/schedules.yaml").start()

    assert str(raised.value) == f"[Errno 2] there is no such file in {tmp_path / 'conf'}: 'conf/schedules.yaml'"
