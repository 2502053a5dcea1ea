"""How long it takes from the last byte of a save to the new schedule in force, whatever settles in between.

No part of the test suite (its name keeps pytest away):

    python tests/benchmarks/bench_reload.py [JOBS] [SAVES]

A real host with a real store and watcher; each save changes one job, by a rename or in place, in turn. What to
reach at 1,000 jobs: median under 0.1 s, 99 % under 0.5 s. Beside it stands what reading and swapping cost by
themselves, without the disk and the waiting.
"""

from __future__ import annotations

import logging
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from time import perf_counter

from aperture_plugin import Aperture, Job, LiveRun, hookimpl
from aperture_plugin.config.model import Config


class Host:
    """Offers the jobs, and writes down when each file came into force."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self.loaded: SimpleQueue[tuple[float, Config]] = SimpleQueue()

    @hookimpl
    def aperture_jobs(self) -> Iterator[Job]:
        for number in range(self.jobs):
            yield Job(f"job-{number}", self.handle)

    def handle(self, run: LiveRun) -> None:
        """Do nothing."""

    @hookimpl
    def aperture_config_loaded(self, config: Config) -> None:
        self.loaded.put((perf_counter(), config))


def text_of(jobs: int, save: int) -> str:
    """Return a file of so many jobs; one of them reads otherwise than in the save before."""
    entries = [
        f"  job-{number}:\n    type: daily\n    time: {number % 24:02}:{number % 60:02}\n    title: Job {number}\n"
        f"    needs: [job-{max(0, number - 1)}]\n    timeout: 1 hour\n"
        if number
        else f"  job-0:\n    type: daily\n    time: 0{save % 10}:{save % 60:02}\n"
        for number in range(jobs)
    ]
    return "schedules:\n" + "".join(entries)


def save_by_rename(path: Path, text: str) -> None:
    """Save as tools do."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.replace(path)


def show(name: str, seconds: list[float]) -> None:
    """Print the median, the 99th percentile and the worst of *seconds*."""
    seconds.sort()
    at_99 = seconds[min(len(seconds) - 1, round(len(seconds) * 0.99))]
    median = statistics.median(seconds)
    print(f"{name:24} p50 {median * 1e3:7.1f} ms   p99 {at_99 * 1e3:7.1f} ms   worst {seconds[-1] * 1e3:7.1f} ms")


def main(jobs: int, saves: int) -> None:
    """Save so many times a file of so many jobs."""
    logging.getLogger("aperture").setLevel(logging.CRITICAL)
    host = Host(jobs)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "schedules.yaml"
        path.write_text(text_of(jobs, 0))
        with Aperture(path, plugins=[host], entry_points=False) as aperture:
            host.loaded.get()
            took: dict[str, list[float]] = {"by a rename": [], "in place": []}
            for save in range(1, saves + 1):
                way = "by a rename" if save % 2 else "in place"
                text = text_of(jobs, save)
                if save % 2:
                    save_by_rename(path, text)
                else:
                    path.write_text(text)
                written = perf_counter()
                loaded, config = host.loaded.get(timeout=10)
                assert config.text == text, "the last byte counts"
                took[way].append(loaded - written)
            print(f"{jobs} jobs, {saves} saves, {os.cpu_count()} processors: last byte to in force")
            for way, seconds in took.items():
                show(way, seconds)
            alone = []
            for save in range(saves + 1, saves + 21):
                content = text_of(jobs, save).encode()
                began = perf_counter()
                aperture.judge(content)
                loaded, _ = host.loaded.get(timeout=10)
                alone.append(loaded - began)
            show("reading and swapping", alone)


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:3]), *((1000, 200)[len(sys.argv[1:3]) :]))
