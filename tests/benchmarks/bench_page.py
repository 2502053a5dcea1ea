"""What the page costs: each page and answer on an empty store and on a million runs, and the page of 10,000 jobs.

No part of the test suite (its name keeps pytest away):

    python -m tests.benchmarks.bench_page [RUNS]

All figures are processor time of this process, the least of three. What to reach: with a million runs each page and
answer within 0.1 s of what it takes on an empty store, and 10,000 jobs within 0.2 s.
"""

from __future__ import annotations

import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from time import process_time

from aperture_plugin import Aperture
from aperture_plugin.testing.clock import FakeClock
from aperture_plugin.web import app
from tests.benchmarks.bench_history import BEGIN, JOBS, filled
from tests.web.conftest import Browser

PATHS = (
    *("/", "/?sort=last", "/?state=failed", "/jobs/job-7", "/jobs/job-7?status=skipped", "/timeline"),
    *("/jobs/job-7/schedule", "/api/status", "/api/next", "/api/history", "/api/history?job=job-7"),
    *("/api/history?job=job-7&status=cancelled", "/api/doctor?job=job-7", "/metrics", "/readyz"),
)


def milliseconds(browser: Browser, path: str) -> float:
    """Return what an answer takes, after a first one."""
    taken = []
    for _ in range(4):
        begun = process_time()
        assert browser.get(path).status_code == 200
        taken.append(process_time() - begun)
    return min(taken[1:]) * 1000


def browser_of(folder: Path, clock: FakeClock) -> Browser:
    """Return a browser of the page of a folder's file."""
    beside = Aperture(folder / "schedules.yaml", entry_points=False, hooks=False, environ={"TZ": "UTC"}, clock=clock)
    return Browser(app(beside))


def main(words: list[str]) -> None:
    """Print each figure."""
    number = int(words[0]) if words else 1_000_000
    with tempfile.TemporaryDirectory() as top:
        clock = FakeClock(BEGIN + timedelta(minutes=15 * (number // JOBS)))
        browsers = []
        for name, runs in (("empty", 0), ("full", number)):
            filled(Path(top, name), "sqlite:///aperture.db", runs).close()
            browsers.append(browser_of(Path(top, name), clock))
        print(f"{'':44}{'empty':>10}{'full':>10}{'more':>10}   ms")
        for path in PATHS:
            empty, full = (milliseconds(browser, path) for browser in browsers)
            print(f"{path:44}{empty:10.1f}{full:10.1f}{full - empty:10.1f}", flush=True)
        many = Path(top, "many")
        many.mkdir()
        jobs = "".join(
            f"  job-{n}:\n    schedule: daily at {n % 12 + 1} AM\n    title: Job {n}\n" for n in range(10_000)
        )
        (many / "schedules.yaml").write_text(f"timezone: UTC\nschedules:\n{jobs}")
        print(f"{'10,000 jobs':44}{milliseconds(browser_of(many, clock), '/'):10.1f}")


if __name__ == "__main__":
    main(sys.argv[1:])
