"""One secret, looked for behind every door of a job that a Celery worker runs."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from functools import partial
from pathlib import Path

from redis import Redis

from tests.app.celery_house import House, until
from tests.cli.secret_forms import HOOKS, SECRET, leaks
from tests.executors.celery_servers import SECONDS, answering, program

OF_WORKER = "Kw8TtRrYy3QpL"
OF_FILE = "Jd4HhNn7VbXcM"

TELLS = """
import logging, sys

def tells(run):
    it = [*forms(), os.environ["WORKER_TOKEN"], run.params["token"]]
    for form in it:
        print("printed", form)
        print("printed", form, file=sys.stderr)
        logging.getLogger("host").error("logged %s", form)
        run.log.warning("a line with %s", form)
    try:
        raise KeyError(*it)
    except KeyError as error:
        raise ValueError("refused: " + " ".join(it)) from error

def leaves(run):
    sys.exit("leaving: " + " ".join(forms()))

def dies(run):
    sys.stderr.write("dying of " + forms()[0] + "\\n")
    sys.stderr.flush()
    os.kill(os.getpid(), 9)
"""

FILE = """\
state: {state}
executor: celery
broker: {broker}
queues:
  default: 8
celery queues:
  default: {queue}
schedules:
  says:
    type: manual
    params:
      token: ${{SERVICE}}
      deep:
        - of: [a, "${{SERVICE}}"]
  raises: manual
  counts:
    type: manual
    params:
      keep: ${{SERVICE}}
  tells:
    type: manual
    params:
      token: ${{file:token}}
  leaves: manual
  dies: manual
"""
JOBS = ("says", "raises", "counts", "tells", "leaves")


def test_a_job_on_a_worker_tells_no_secret(tmp_path: Path) -> None:
    house = House(tmp_path, answering("redis"))
    house.file.write_text(FILE.format(state="sqlite:///aperture.db", broker=house.broker, queue=house.queue))
    (tmp_path / "token").write_text(OF_FILE)
    jobs = HOOKS.replace("from aperture_plugin import", TELLS + "from aperture_plugin import", 1).replace(
        '    yield Job("held"',
        '    yield Job("tells", tells, params={"token": ""})\n    yield Job("leaves", leaves)\n'
        '    yield Job("dies", dies)\n    yield Job("held"',
    )
    (tmp_path / "hooks" / "jobs.py").write_text(jobs)
    environ = {"SERVICE": SECRET}
    doors: dict[str, str] = {}

    def asked(*words: str) -> str:
        line = [sys.executable, "-m", "aperture_plugin", *words, "-f", str(house.file)]
        return str(subprocess.run(line, check=False, capture_output=True, text=True, timeout=SECONDS).stdout)

    def states() -> dict[str, str]:
        return {run["job"]: run["status"] for run in json.loads(asked("history", "--format", "json"))}

    with program("aperture_plugin", "start", str(house.file), folder=tmp_path, environ=environ):
        for job in JOBS:
            until(partial(asked, "run", job), house.said)
        with closing(Redis.from_url(house.broker)) as broker:
            until(lambda: broker.llen(house.queue) == len(JOBS))
            doors["broker"] = str(broker.lrange(house.queue, 0, -1))
        with house.worker(environ={"SERVICE": SECRET, "WORKER_TOKEN": OF_WORKER}):
            until(lambda: set(states().values()) <= {"completed", "failed"}, house.said)
            asked("run", "dies")
            until(lambda: states()["dies"] == "interrupted", house.said)
        for words in (("status",), ("history",), ("doctor",), *(("logs", job) for job in (*JOBS, "dies"))):
            doors[" ".join(words)] = asked(*words)
        for words in (("status",), ("history",)):
            doors[" ".join((*words, "json"))] = asked(*words, "--format", "json")
        found = states()
    doors["log of loop and worker"] = house.said()
    doors["store"] = b"".join(path.read_bytes() for path in tmp_path.glob("aperture.db*")).decode(errors="replace")

    leaking = {door: leaks(text) + [it for it in (OF_WORKER, OF_FILE) if it in text] for door, text in doors.items()}

    assert found == {
        "says": "completed",
        "raises": "failed",
        "counts": "failed",
        "tells": "failed",
        "leaves": "failed",
        "dies": "interrupted",
    }
    assert {door: forms for door, forms in leaking.items() if forms} == {}
    assert [door for door in ("logs tells", "history json", "store") if "•••" not in doors[door]] == []
