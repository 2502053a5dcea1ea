"""One secret, looked for behind every door through which an aperture tells something."""

from __future__ import annotations

import base64
import html
import json
import logging
import sqlite3
import traceback
from pathlib import Path
from urllib.parse import quote

import pytest

from aperture_plugin import Aperture

from .conftest import typed

SECRET = 'Zx9"Qw<Er&Ty/Ui'
MASK = "•••"

FORMS = {
    "plain": SECRET,
    "percent": quote(SECRET, safe=""),
    "percent, lower case": quote(SECRET, safe="").replace("%3C", "%3c").replace("%2F", "%2f"),
    "html": html.escape(SECRET),
    "json": json.dumps(SECRET)[1:-1],
    "repr": repr(SECRET)[1:-1],
    "hex": SECRET.encode().hex(),
    "base64": base64.b64encode(SECRET.encode()).decode()[:-2],
    "base64 twice": base64.b64encode(base64.b64encode(SECRET.encode())).decode()[:-6],
}

HOOKS = """
import base64, html, json, os
from urllib.parse import quote
from aperture_plugin import Job, hookimpl

def forms():
    it = os.environ["SERVICE"]
    percent = quote(it, safe="")
    lower = percent.replace("%3C", "%3c").replace("%2F", "%2f")
    once = base64.b64encode(it.encode()).decode()
    return [it, percent, lower, html.escape(it), json.dumps(it)[1:-1], repr(it)[1:-1], it.encode().hex(),
            once, base64.b64encode(once.encode()).decode()]

def says(run):
    for form in forms():
        run.log.info("it is %s.", form)
    return {"forms": forms(), "params": run.params}

def raises(run):
    raise ValueError("refused: " + " ".join(forms()))

@hookimpl
def aperture_jobs():
    yield Job("says", says, params={"token": ""})
    yield Job("raises", raises)
    yield Job("counts", lambda run: None, params={"keep": 7})
    yield Job("held", lambda run: None)

@hookimpl
def aperture_ready(job):
    return ["401 for " + " ".join(forms())] if job.name == "held" else None

@hookimpl
def aperture_run_changed(run):
    if run.status == "completed":
        raise RuntimeError("observer of " + " ".join(forms()))

@hookimpl
def aperture_lint(config):
    yield config.problem("host-lint", message="found " + forms()[0], hint="not " + forms()[0])
"""

FILE = """\
state: sqlite:///jobs.db
schedules:
  says:
    type: manual
    params:
      token: ${SERVICE}
      deep:
        - of: [a, "${SERVICE}"]
  raises: manual
  counts:
    type: manual
    params:
      keep: ${SERVICE}
  held: every 1 second
  prints:
    type: manual
    command: 'echo "it is $TOKEN."; printf "%s\\n" "$APERTURE_PARAM_A"; exit 3'
    params:
      a: ${SERVICE}
    environment:
      TOKEN: ${SERVICE}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SERVICE", SECRET)
    (tmp_path / "hooks").mkdir()
    (tmp_path / "hooks" / "host.py").write_text(HOOKS)
    (tmp_path / "schedules.yaml").write_text(FILE)
    return tmp_path


def leaks(text: str) -> list[str]:
    return [name for name, form in FORMS.items() if form in text]


def test_a_secret_comes_out_of_no_door_in_any_of_its_encodings(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "aperture")
    said: list[str] = []
    with Aperture("schedules.yaml") as aperture:
        runs = [aperture.run(job).wait(30) for job in ("says", "raises", "counts", "prints")]
        said.append(repr(runs))
        said.append(json.dumps(aperture.status()))
        said.append(repr(aperture.history()))
        said.append(repr(aperture.config))
    said += [logging.Formatter().format(record) for record in caplog.records]
    # Some handlers format the exception by themselves.
    said += ["".join(traceback.format_exception(r.exc_info[1])) for r in caplog.records if r.exc_info and r.exc_info[1]]
    for words in (
        *(("status",), ("history",), ("show",), ("show", "says"), ("show", "prints"), ("check",), ("doctor", "held")),
        *(("check", "--format", form) for form in ("json", "github", "gitlab", "sarif", "junit")),
        *((command, "--format", "json") for command in ("status", "history", "show", "doctor")),
        ("diff", "schedules.yaml", "schedules.yaml"),
        *(("logs", run.id) for run in runs),
    ):
        answer = typed(*words)
        said.append(answer.out + answer.err)
    with sqlite3.connect(folder / "jobs.db") as store:
        said.append("\n".join(store.iterdump()))

    found = {text[:300]: leaks(text) for text in said if leaks(text)}

    assert found == {}
    assert any(MASK in text for text in said)
    assert any("observer of" in text for text in said)
    assert any("401 for" in text for text in said)
