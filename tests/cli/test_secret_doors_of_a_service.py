"""One secret, looked for behind every door of a running service: page, API, streams, messages, log and store."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from aperture_plugin.web.routes import ENDPOINTS
from tests.alerts.receiver import Receiver

from .conftest import Terminal
from .secret_forms import HOOKS, SECRET, leaks

KEY = "Vb7NmKj4Hg2Qz"
INLINE = "Lp5WnEo8XcR"
MASKED = re.compile(r"•••|(\\u2022){3}")
BEARER = {"Authorization": "Bearer the-page-s-own"}

FILE = """\
state: sqlite:///jobs.db
ping: http://127.0.0.1:9/ping/${{KEY}}
notify:
  ops:
    to: json://user:${{KEY}}@{good}/
    when: [failed, file refused]
  deaf:
    to: json://user:${{KEY}}@{bad}/?token=${{KEY}}
    when: [failed, file refused]
  lost:
    to: nosuch://user:${{KEY}}@{bad}/
    when: [failed, file refused]
schedules:
  says:
    type: manual
    ping: http://127.0.0.1:9/${{KEY}}
    params:
      token: ${{SERVICE}}
      deep:
        - of: [a, "${{SERVICE}}"]
  raises:
    type: manual
    notify: [ops, deaf, lost]
  counts:
    type: manual
    params:
      keep: ${{SERVICE}}
  held: at start
  prints:
    type: manual
    notify: [ops]
    command: >-
      echo "it is $TOKEN."; printf "half Vb7Nm"; sleep 0.1; printf "Kj4Hg2Qz\\n"; echo "$SERVICE" | rev | rev >&2;
      exit 3
    environment:
      TOKEN: ${{SERVICE}}
"""


class Service:
    """A page in a real process, asked over the network."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.heard: list[str] = []
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        request = urllib.request.Request(f"{self.url}api/events", headers=BEARER)
        with suppress(OSError), urllib.request.urlopen(request, timeout=20) as stream:  # Until the process ends.
            self.heard.extend(line.decode() for line in stream)

    def ask(self, method: str, path: str, body: Any = None) -> str:
        request = urllib.request.Request(
            f"{self.url.rstrip('/')}{path}",
            None if body is None else json.dumps(body).encode(),
            headers=BEARER,
            method=method,
        )
        request.add_header("Accept", "text/html" if path.startswith(("/jobs", "/runs")) or path == "/" else "*/*")
        if body is not None:
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            return error.read().decode()

    def end_of(self, job: str, **body: Any) -> str:
        """Run a job and return the id of its run, when it has ended."""
        run = json.loads(self.ask("POST", f"/api/jobs/{job}/run", body))["id"]
        self.ask("GET", f"/api/runs/{run}/log?follow=1")
        return str(run)

    def pages(self, runs: list[str]) -> Iterator[str]:
        """Yield the answer of every endpoint that is read, for each job and each run."""
        for endpoint in ENDPOINTS:
            if endpoint.method != "GET" or endpoint.path == "/api/events":
                continue
            paths = [endpoint.path.replace("{name}", "page.css")]
            paths = [path.replace("{job}", job) for path in paths for job in ("says", "counts", "prints", "held")]
            paths = [path.replace("{id}", run) for path in paths for run in runs]
            for path in dict.fromkeys(paths):
                yield self.ask("GET", path)


def test_a_service_tells_no_secret(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    environ = {"SERVICE": SECRET, "KEY": KEY, "APERTURE_WEB_TOKEN": "the-page-s-own"}
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    with Receiver() as good, Receiver() as bad:
        bad.answers = 401
        file = FILE.format(good=good.host, bad=bad.host)
        terminal.write(file)
        terminal.write(HOOKS, "hooks/host.py")
        log_path = terminal.folder / "log"
        log = log_path.open("w")
        words = ("start", "--web", "127.0.0.1:0", "--log-format", "json")
        process = subprocess.Popen(
            [sys.executable, "-m", "aperture_plugin", *words],
            cwd=terminal.folder,
            env={**terminal.environ, **environ},
            stdout=log,
            stderr=log,
            text=True,
        )
        terminal.begun.append(process)
        service = Service(terminal.until(lambda: re.search(r"at (http://[\w.:]+/)", log_path.read_text()))[1])
        runs = [
            service.end_of(job, **body)
            for job, body in (
                ("says", {"params": {"token": SECRET}, "note": f"with {SECRET} and token={INLINE}"}),
                *((job, {}) for job in ("raises", "counts", "prints")),
            )
        ]
        service.ask("POST", "/api/jobs/held/pause", {"note": f"because of {SECRET} and token={INLINE}"})
        messages = ""  # Several events may be told in one.
        while not ("raises failed" in messages and "prints failed" in messages):
            messages += good.next()[1]
        bad.seen.get(timeout=20)
        said = list(service.pages(runs))
        terminal.write(f"{file}  broken:\n    type: nonsense\n    params:\n      password: {INLINE} [\n")
        while "is refused" not in messages:
            messages += good.next()[1]
        said += service.pages(runs)
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    log.close()
    core = log_path.read_text()
    stored = b"".join(path.read_bytes() for path in terminal.folder.glob("jobs.db*")).decode(errors="replace")
    # What a person gives a run stays as it is until the handler has it; no display shows it.
    stored = stored.replace(json.dumps({"token": SECRET}), "", 1)
    doors = {"log": core, "store": stored, "messages": messages, "events": "".join(service.heard)}
    doors |= {text[:200]: text for text in said}

    found = {door: leaks(text) + [it for it in (KEY, INLINE) if it in text] for door, text in doors.items()}

    assert {door: forms for door, forms in found.items() if forms} == {}
    assert [door for door in ("log", "store", "messages", "events") if MASKED.search(doors[door]) is None] == []
