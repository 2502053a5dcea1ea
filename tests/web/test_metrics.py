"""The metrics: by Prometheus' conventions, every series from the start."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from prometheus_client.parser import text_string_to_metric_families

from aperture_plugin.testing import World
from tests.web.conftest import Browser

FILE = """\
queues:
  default: 1
  quick: 2
limits:
  tmdb: 40 per 10 seconds
schedules:
  scan: every 2 hours
  sync:
    schedule: every hour
    queue: quick
"""


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Return every sample of an exposition by its name and its labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_every_series_is_there_before_anything_has_run(world: World, page: Browser) -> None:
    world.write(FILE).start(at="2026-01-10 00:30")
    before = samples(page.get("/metrics").text)
    world.advance("3 hours 15 minutes")
    after = samples(page.get("/metrics").text)

    assert before.keys() == after.keys()
    assert after["aperture_runs_ended_total", (("job", "sync"), ("status", "completed"))] == 3
    assert after["aperture_runs_ended_total", (("job", "scan"), ("status", "failed"))] == 0
    assert after["aperture_queue_seats", (("queue", "quick"),)] == 2
    assert after["aperture_limit_budget_calls", (("limit", "tmdb"),)] == 40
    assert after["aperture_config_rejected", ()] == 0
    assert after["aperture_store_up", ()] == 1


def test_a_failure_and_a_refused_file_are_told(world: World, page: Browser) -> None:
    def fail(_: object) -> None:
        raise ValueError("the disk is full")

    world.handlers["scan"] = fail
    world.write(FILE).start(at="2026-01-10 00:30")
    page.get("/metrics")
    world.advance("2 hours")
    world.save(FILE.replace("every hour", "evry hour"))

    told = samples(page.get("/metrics").text)

    assert told["aperture_job_last_run_failed", (("job", "scan"),)] == 1
    assert told["aperture_runs_ended_total", (("job", "scan"), ("status", "failed"))] == 1
    assert told["aperture_config_rejected", ()] == 1


def test_a_store_that_is_away_is_told_and_not_an_error(world: World, page: Browser) -> None:
    world.write("state: postgresql+psycopg://nobody@127.0.0.1:1/nothing\nschedules:\n  scan: daily at 2 AM\n")

    told = samples(page.get("/metrics").text)

    assert (told["aperture_store_up", ()], told["aperture_store_errors_total", ()]) == (0, 1)


def test_promtool_has_nothing_to_remark(world: World, page: Browser) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed")
    world.write(FILE).start(at="2026-01-10 00:30").advance("3 hours")

    checked = subprocess.run(
        [promtool, "check", "metrics"], input=page.get("/metrics").text, text=True, capture_output=True, check=False
    )

    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
