"""Every example runs, does what its README says, and stops when it is told to."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx
import pytest

from tests.examples.conftest import REPOSITORY, SECONDS, Starter, line_of

EXAMPLES = sorted(readme.parent.name for readme in (REPOSITORY / "examples").glob("*/README.md"))
SIGNALS = [signal.SIGINT, signal.SIGTERM]


def eventually(ask: Callable[[], Any]) -> Any:
    """Ask until there is an answer that is true, and return it."""
    until = monotonic() + SECONDS
    while not (answer := ask()):
        assert monotonic() < until, f"still {answer!r}"
        sleep(0.05)
    return answer


def ended(runs: list[dict[str, Any]], **expected: Any) -> list[dict[str, Any]]:
    """Return the runs that completed and have what is expected."""
    return [run for run in runs if {**expected, "status": "completed"}.items() <= run.items()]


@pytest.mark.parametrize("number", SIGNALS)
def test_the_plain_host_indexes_its_notes_until_it_is_stopped(
    start: Starter, checkout: Path, number: signal.Signals
) -> None:
    host = start("plain_host")

    host.wait_for(r'index completed: \{"notes": 3, "words": 80\}')

    assert host.stop(number) == 0
    assert host.printed[-1] == "stopped\n"
    index = json.loads((checkout / "examples/plain_host/output/index.json").read_text())
    assert sorted(index) == ["bees", "boat", "kiln"]


def test_the_plain_host_takes_in_what_is_saved_while_it_runs(start: Starter, checkout: Path) -> None:
    host = start("plain_host")
    host.wait_for("2 jobs are scheduled")

    (checkout / "examples/plain_host/schedules.yaml").write_text("schedules:\n  archive: every 1 second\n")

    host.wait_for(r'archive completed: \{"notes": 3\}')
    assert host.stop(signal.SIGTERM) == 0


@pytest.mark.parametrize("number", SIGNALS)
def test_the_asyncio_host_greets_whoever_is_connected(start: Starter, number: signal.Signals) -> None:
    host = start("asyncio_host")
    port = int(host.wait_for(r"serving on 127.0.0.1:(\d+)")[1])

    with socket.create_connection(("127.0.0.1", port), SECONDS) as connection:
        line = connection.makefile().readline()
        code = host.stop(number)

    assert line.startswith("Good day, all 1 of you; this is run ")
    assert (code, host.printed[-1]) == (0, "stopped\n")


@pytest.mark.parametrize("number", SIGNALS)
def test_the_flask_host_reminds_readers_and_answers_with_its_history(start: Starter, number: signal.Signals) -> None:
    host = start("flask_host")
    address = host.wait_for(r"serving on (http://[\d.:]+)")[1]
    with httpx.Client(base_url=address, timeout=SECONDS) as web:
        web.post("/loans", json={"book": "Larch", "reader": "Ilze", "days": 2}).raise_for_status()
        web.post("/loans", json={"book": "Willow", "reader": "Janis"}).raise_for_status()

        runs = eventually(lambda: ended(web.get("/runs").json(), trigger="schedule", result={"reminded": 1}))

        assert {run["job"] for run in runs} == {"remind"}
        assert [loan["reminded"] for loan in web.get("/loans").json()] == [1, 0]
    assert (host.stop(number), host.printed[-1]) == (0, "stopped\n")


def test_the_flask_host_runs_a_job_when_a_request_asks_for_it(start: Starter) -> None:
    host = start("flask_host")
    with httpx.Client(base_url=host.wait_for(r"serving on (http://[\d.:]+)")[1], timeout=SECONDS) as web:
        web.post("/loans", json={"book": "Larch", "reader": "Ilze"}).raise_for_status()

        asked = web.post("/jobs/new-day/run")
        eventually(lambda: ended(web.get("/runs").json(), id=asked.json()["id"]))

        assert [loan["days_left"] for loan in web.get("/loans").json()] == [20]
        assert (asked.status_code, web.post("/jobs/old-day/run").status_code) == (202, 404)
    assert host.stop(signal.SIGTERM) == 0


def test_the_fastapi_host_sums_readings_up_and_answers_with_its_history(start: Starter) -> None:
    host = start("fastapi_host")
    with httpx.Client(base_url=host.wait_for(r"running on (http://[\d.:]+)")[1], timeout=SECONDS) as web:
        for value in (20.0, 22.0):
            web.post("/readings", json={"sensor": "roof", "value": value}).raise_for_status()

        asked = web.post("/jobs/prune/run")
        eventually(lambda: ended(web.get("/runs").json(), trigger="schedule", job="summary", result={"sensors": 1}))
        [pruned] = eventually(lambda: ended(web.get("/runs").json(), id=asked.json()["id"]))

        assert web.get("/means").json() == {"roof": 21.0}
        assert pruned["result"] == {"forgotten": 0}
        assert web.get("/status").json()["running"] is True
        assert web.post("/jobs/prone/run").status_code == 404
    assert host.stop(signal.SIGINT) == 0


def test_the_fastapi_host_ends_its_lifespan_on_sigterm(start: Starter) -> None:
    host = start("fastapi_host")
    host.wait_for("running on http")

    code = host.stop(signal.SIGTERM)

    # Once everything is done, uvicorn lets the signal that stopped it end the process in its own way.
    assert code in (0, -signal.SIGTERM)
    assert any("Application shutdown complete" in line for line in host.printed)


def test_the_django_host_serves_its_loans_and_marks_those_that_end_soon(start: Starter, checkout: Path) -> None:
    pytest.importorskip("django")
    migrated = subprocess.run(
        line_of(checkout / "examples/django_host/README.md"), cwd=checkout, capture_output=True, text=True, check=False
    )
    user = {
        "DJANGO_SUPERUSER_USERNAME": "ada",
        "DJANGO_SUPERUSER_EMAIL": "ada@example.org",
        "DJANGO_SUPERUSER_PASSWORD": "lovelace",
    }
    make = [*line_of(checkout / "examples/django_host/README.md", line=2), "--noinput"]
    subprocess.run(make, cwd=checkout, env={**os.environ, **user}, check=True, capture_output=True)
    begun = (checkout / "examples/django_host/aperture.db").exists()
    host = start("django_host", line=1)
    with httpx.Client(base_url=host.wait_for(r"running on (http://[\d.:]+)")[1], timeout=SECONDS) as web:
        web.post("/loans", json={"book": "Larch", "reader": "Ilze", "days": 2}).raise_for_status()

        asked = web.post("/jobs/remind/run")
        eventually(lambda: [loan for loan in web.get("/loans").json()["loans"] if loan["reminded"]])

        assert asked.status_code == 202
        assert web.get("/status").json()["running"] is True
        assert web.post("/jobs/remnid/run").status_code == 404
        form = re.findall(r'csrfmiddlewaretoken" value="([^"]+)"', web.get("/login").text)[0]
        asked_in = tried(web, "ada", "lovelace", csrfmiddlewaretoken=form)
        changed(web, "remind", "pause")
        assert asked_in == (302, 200)
        assert "by ada on the page (127.0.0.1)" in web.get("/admin/jobs/").text
    host.stop(signal.SIGTERM)

    assert (migrated.returncode, begun) == (0, False), migrated.stderr


def test_the_django_host_starts_jobs_where_it_serves_and_nowhere_else(checkout: Path) -> None:
    pytest.importorskip("django")
    code = (
        "import importlib.util, json, sys\n"
        "spec = importlib.util.spec_from_file_location('apps', 'examples/django_host/library/apps.py')\n"
        "apps = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(apps)\n"
        "print(json.dumps([apps.serves_requests(*case) for case in json.loads(sys.argv[1])]))\n"
    )
    serving: list[tuple[list[str], dict[str, str]]] = [
        (["/venv/bin/gunicorn", "library.wsgi"], {}),
        (["manage.py", "runserver"], {"RUN_MAIN": "true"}),
        (["manage.py", "runserver", "--noreload"], {}),
    ]
    others: list[tuple[list[str], dict[str, str]]] = [
        (["manage.py", "migrate"], {}),
        (["/venv/bin/django-admin", "shell"], {}),
        (["manage.py", "runserver"], {}),
        (["manage.py"], {}),
    ]

    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps([*serving, *others])],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(done.stdout) == [True] * len(serving) + [False] * len(others)


def tried(web: httpx.Client, name: str, password: str, **more: str) -> tuple[int, int]:
    """Return how the login of a host answers, and the jobs page after it."""
    login = web.post("/login", data={"name": name, "password": password, **more})
    return login.status_code, web.get("/admin/jobs/", headers={"accept": "text/html"}).status_code


def changed(web: httpx.Client, job: str, word: str) -> httpx.Response:
    """Press a button of the jobs page, as a browser does."""
    [token] = re.findall(r'name="token" value="([^"]+)"', web.get("/admin/jobs/").text)
    form, origin = {"token": token, "back": ""}, str(web.base_url).rstrip("/")
    return web.post(f"/admin/jobs/api/jobs/{job}/{word}", data=form, headers={"origin": origin, "accept": "text/html"})


@pytest.mark.parametrize(
    ("example", "job", "streams"), [("fastapi_host", "prune", True), ("flask_host", "new-day", False)]
)
def test_a_host_mounts_the_jobs_page_behind_its_own_login(
    start: Starter, example: str, job: str, streams: bool
) -> None:
    host = start(example)
    url = host.wait_for(r"(?:running|serving) on (http://[\d.:]+)")[1]
    with httpx.Client(base_url=url, timeout=SECONDS) as web, httpx.Client(base_url=url, timeout=SECONDS) as bob:
        stranger = web.get("/admin/jobs/", headers={"accept": "text/html"})
        asked = [tried(web, "ada", "guess"), tried(web, "ada", "lovelace"), tried(bob, "bob", "hope")]
        paused = changed(web, job, "pause")
        page, looked = web.get("/admin/jobs/").text, bob.get("/admin/jobs/").text

        assert "nobody has granted you a right" in stranger.text
        assert asked == [(401, 403), (303, 200), (303, 200)]
        assert paused.headers["location"] == "../../../"
        assert "by ada on the page (127.0.0.1)" in page
        assert ("data-events" in page, "Read only" in page, "Read only" in looked) == (streams, False, True)
    host.stop(signal.SIGTERM)


def test_an_open_page_does_not_keep_a_host_from_stopping(start: Starter) -> None:
    host = start("fastapi_host")
    with httpx.Client(base_url=host.wait_for(r"running on (http://[\d.:]+)")[1], timeout=SECONDS) as web:
        tried(web, "ada", "lovelace")
        with web.stream("GET", "/admin/jobs/api/events") as stream:
            lines = stream.iter_lines()
            assert next(lines).startswith("retry")
            code = host.stop(signal.SIGTERM)

            assert code in (0, -signal.SIGTERM)
            assert "event: loop" in list(lines)


def test_a_hosts_own_tests_pass_by_the_line_of_their_readme(checkout: Path) -> None:
    words = line_of(checkout / "examples/testing/README.md")

    done = subprocess.run(words, cwd=checkout, capture_output=True, text=True, timeout=SECONDS, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout


def test_every_example_is_here() -> None:
    hosts = ["asyncio_host", "django_host", "fastapi_host", "flask_host", "plain_host"]
    assert sorted(EXAMPLES) == sorted([*hosts, "deploy", "dramatiq_executor", "monitoring", "testing"])
