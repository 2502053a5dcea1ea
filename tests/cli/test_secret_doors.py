"""One secret, looked for behind every door through which an aperture tells something."""

from __future__ import annotations

import json
import logging
import sqlite3
import traceback
from pathlib import Path

import pytest

from aperture_plugin import Aperture

from .conftest import typed
from .secret_forms import HOOKS, SECRET, leaks

MASK = "•••"

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
    other = FILE.replace("keep: ${SERVICE}", "keep: ${SERVICE}0").replace("every 1 second", "every 2 hours")
    (tmp_path / "other.yaml").write_text(other)
    return tmp_path


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
        ("pause", "says", "--note", f"because of {SECRET}"),
        ("cancel", "says", "--note", f"because of {SECRET}"),
        *(("status",), ("history",), ("show",), ("show", "says"), ("show", "prints"), ("check",), ("doctor", "held")),
        *(("check", "--format", form) for form in ("json", "github", "gitlab", "sarif", "junit")),
        *((command, "--format", "json") for command in ("status", "history", "show", "doctor")),
        *(("diff", "schedules.yaml", "other.yaml", "--format", form) for form in ("text", "json", "markdown")),
        *(("plan", "--until", "in 2 minutes", "--format", form) for form in ("text", "json")),
        ("plan", "--until", "in 2 minutes", "--svg", "plan.svg", "--ics", "plan.ics"),
        *((command, "--format", "json") for command in ("next", "audit", "preset")),
        *(("logs", run.id) for run in runs),
    ):
        answer = typed(*words)
        said.append(answer.out + answer.err)
    said += [(folder / name).read_text() for name in ("plan.svg", "plan.ics")]
    with sqlite3.connect(folder / "jobs.db") as store:
        said.append("\n".join(store.iterdump()))

    found = {text[:300]: leaks(text) for text in said if leaks(text)}

    assert found == {}
    assert any(MASK in text for text in said)
    assert any("observer of" in text for text in said)
    assert any("401 for" in text for text in said)


def test_a_fault_of_the_program_tells_no_secret_even_with_its_traceback(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(f"cannot make sense of {SECRET}")

    monkeypatch.setattr("aperture_plugin.app.plan_inputs.plan_of", fail)
    monkeypatch.setenv("APERTURE_TRACEBACK", "1")

    answer = typed("plan", "--until", "in 2 minutes")

    assert folder.is_dir()
    assert answer.code == 1
    assert "Traceback" in answer.err
    assert f"cannot make sense of {MASK}" in answer.err
    assert leaks(answer.out + answer.err) == []
