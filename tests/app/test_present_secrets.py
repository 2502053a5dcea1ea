"""A secret that lies in a file counts from the next run on, and is shown nowhere."""

from __future__ import annotations

from pathlib import Path

from aperture_plugin import Aperture, Job, hookimpl
from aperture_plugin.ports import LiveRun

FILE = """\
state: sqlite:///jobs.db
schedules:
  host:
    type: manual
    params:
      auth: {auth}
      deep:
        of: ["x-${{file:token}}"]
  program:
    type: manual
    command: 'test "$TOKEN" = new-0ne && echo "with $TOKEN"'
    environment:
      TOKEN: ${{credential:token}}
"""


class Host:
    """Keeps what its job was given, and writes it to the log."""

    def __init__(self) -> None:
        self.given: list[object] = []

    @hookimpl
    def aperture_jobs(self) -> list[Job]:
        return [Job("host", self.run)]

    def run(self, run: LiveRun) -> None:
        self.given.append((run.params["auth"], run.params["deep"]["of"]))
        run.log.info("with %s and %s", run.params["auth"], run.params["deep"])


def test_a_run_gets_the_secret_that_lies_in_the_file_as_it_begins(tmp_path: Path) -> None:
    host, token = Host(), tmp_path / "token"
    token.write_text("first-0ne\n")
    (tmp_path / "schedules.yaml").write_text(FILE.format(auth="Bearer ${file:token}"))
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}

    with Aperture(tmp_path / "schedules.yaml", [host], environ=environ, entry_points=False) as aperture:
        aperture.run("host").wait(30)
        token.write_text("new-0ne\n")
        ended = [aperture.run(job).wait(30) for job in ("host", "program")]
        token.unlink()
        failed = aperture.run("host").wait(30)
        token.write_text("new-0ne\n")
        log = [line.text for run in aperture.history() for _, line in aperture._open_store().log_lines(run.id)]

    assert host.given == [("Bearer first-0ne", ["x-first-0ne"]), ("Bearer new-0ne", ["x-new-0ne"])]
    assert [run.status for run in ended] == ["completed", "completed"]
    assert failed.reason == "a secret cannot be read: ${file:token}: it is not there"
    assert "with •••" in log
    assert not any("0ne" in line for line in log)
