"""How long reading a file takes, beside what others take for the same file, in one run.

No part of the test suite (its name keeps pytest away):

    python tests/benchmarks/bench_file.py [JOBS ...]

Whole processes, imports included; peers come with the extra `bench`, and one that is not installed is left out.
yacron wants an older ruamel.yaml than check-jsonschema does: it is measured where an environment has it instead.
To reach: `check` 0.25 s for 10 jobs, 0.6 s for 1,000, 3 s and 300 MB for 10,000; `--help` 0.12 s; one changed
entry read again within 10 ms of 1,000 and 60 ms of 10,000. Ratios hold on any machine, seconds do not.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Final
from zoneinfo import ZoneInfo

from aperture_plugin.config.model import ReadContext
from aperture_plugin.config.reader import read
from aperture_plugin.config.schema.json_schema.json_schema import json_schema

PROGRAMS: Final = Path(sys.executable).parent
TIMES: Final = 3
ENVIRON: Final = {name: said for name, said in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""What pip installs is compiled; ours, run from a checkout, must be allowed to be compiled once too."""
STRICTYAML: Final = (
    "import strictyaml, sys; from aperture_plugin.config.schema.schema import FILE; "
    "from tests.config.strictyaml_schema import strict; "
    "strictyaml.dirty_load(open(sys.argv[1]).read(), strict(FILE), allow_flow_style=True)"
)
MOST_FOR_STRICTYAML: Final = 100
"""It takes a minute for 1,000 entries."""


def file_of(jobs: int) -> str:
    """Return a file of so many jobs, six lines each."""
    entries = (
        f"  job-{n}:\n    type: daily\n    time: {n % 12 + 1}:{n % 60:02} AM\n    title: Job {n}\n"
        f"    needs: [job-{n - 1}]\n    timeout: {n % 9 + 1} hours\n"
        for n in range(1, jobs)
    )
    return "schedules:\n  job-0:\n    type: daily\n    time: 12:30 AM\n    title: Job 0\n" + "".join(entries)


def measured(words: Sequence[str], folder: Path) -> tuple[float, float]:
    """Return the seconds (median) and the MB (most) that a process takes."""
    took, most = [], 0.0
    subprocess.run(words, cwd=folder, env=ENVIRON, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    for _ in range(TIMES):
        begun = perf_counter()
        process = subprocess.Popen(words, cwd=folder, env=ENVIRON, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, _, usage = os.wait4(process.pid, 0)
        took.append(perf_counter() - begun)
        process.returncode = 0
        most = max(most, usage.ru_maxrss / 1024)
    return statistics.median(took), most


def reload_of(jobs: int) -> float:
    """Return the seconds (median) that reading takes when one entry of a known file has changed."""
    text, took = file_of(jobs), []
    for number in range(6):
        changed = text.replace("title: Job 7\n", f"title: Change {number}\n")
        begun = perf_counter()
        read(
            changed,
            ReadContext(
                file="bench.yaml",
                environ={},
                known_jobs=None,
                local_zone=ZoneInfo("UTC"),
                now=datetime(2026, 1, 1, tzinfo=UTC),
            ),
        )
        took.append(perf_counter() - begun)
    return statistics.median(took[1:])


def contestants(jobs: int) -> dict[str, list[str]]:
    """Return the command lines that read the file, by name."""
    lines = {
        "aperture check": ["aperture", "check", "schedules.yaml", "--jobs", "jobs.json"],
        "yamllint": ["yamllint", "-d", "relaxed", "schedules.yaml"],
        "check-jsonschema": ["check-jsonschema", "--schemafile", "schema.json", "schedules.yaml"],
        "yacron -v": ["yacron", "-v", "-c", "yacron.yaml"],
    }
    found = {
        name: [str(PROGRAMS / words[0]), *words[1:]]
        for name, words in lines.items()
        if shutil.which(PROGRAMS / words[0]) is not None
    }
    if jobs <= MOST_FOR_STRICTYAML:
        found["strictyaml alone"] = [sys.executable, "-c", STRICTYAML, "schedules.yaml"]
    return found


def yacron_of(jobs: int) -> str:
    """Return as many jobs as yacron has them."""
    return "jobs:\n" + "".join(
        f"  - name: job-{n}\n    command: 'true'\n    schedule: '{n % 60} {n % 12} * * *'\n" for n in range(jobs)
    )


def main(sizes: Sequence[int]) -> None:
    """Measure and print."""
    helped, _ = measured([str(PROGRAMS / "aperture"), "--help"], Path.cwd())
    print(f"aperture --help  {helped:.3f} s")
    for jobs in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "schedules.yaml").write_text(file_of(jobs))
            (folder / "yacron.yaml").write_text(yacron_of(jobs))
            (folder / "schema.json").write_text(json.dumps(json_schema()))
            (folder / "jobs.json").write_text(json.dumps([f"job-{n}" for n in range(jobs)]))
            print(f"\n{jobs} jobs")
            own = 0.0
            for contestant, words in contestants(jobs).items():
                took, most = measured(words, folder)
                own = own or took
                print(f"  {contestant:18} {took:8.3f} s  {most:6.0f} MB  {took / own:6.2f} times as long")
        print(f"  {'one entry changed':18} {reload_of(jobs) * 1000:8.1f} ms")


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [10, 100, 1_000, 10_000])
