"""Handlers that run elsewhere than in this process: what becomes of them when the loop lets go of them."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path
from textwrap import dedent

import pytest

from aperture_plugin import Aperture
from aperture_plugin.loop import thread


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")
def test_a_process_that_does_not_stop_when_its_host_stops_us_does_not_work_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks = tmp_path / "hooks" / "media.py"
    hooks.parent.mkdir()
    hooks.write_text(
        dedent("""
            import os, pathlib, time
            from aperture_plugin import Job, hookimpl

            def scan(run):
                pathlib.Path(__file__).with_name("pid").write_text(f"{os.getpid()}.")
                while True:
                    time.sleep(600)

            @hookimpl
            def aperture_jobs():
                yield Job("scan", scan)
        """),
        encoding="utf-8",
    )
    file, pid = tmp_path / "schedules.yaml", hooks.with_name("pid")
    file.write_text("executor: processes\nschedules:\n  scan: manual\n", encoding="utf-8")
    monkeypatch.setattr(thread, "PATIENCE", timedelta(seconds=0.2))
    end = time.monotonic() + 20

    with Aperture(file, entry_points=False) as aperture:
        handle = aperture.run("scan")
        while not (pid.exists() and pid.read_text().endswith(".")):
            assert time.monotonic() < end, "it never began"
            time.sleep(0.01)
        worker = int(pid.read_text()[:-1])
        aperture.stop(grace=0)

    assert handle.wait(1).status == "interrupted"
    while is_alive(worker):
        assert time.monotonic() < end, "it works on"
        time.sleep(0.01)
    assert os.getpid() != worker
