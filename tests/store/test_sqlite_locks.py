"""Several stores on one file in one process, as `aperture run` has them, beside other processes."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from aperture_plugin.ports import Pause, RunQuery
from aperture_plugin.store.opening import open_store

URL = "sqlite:///aperture.db"
PASSING_BY = f"""
from pathlib import Path
from aperture_plugin.store.opening import open_store

store = open_store({URL!r}, directory=Path.cwd())
store.open()
store.close()
"""


def test_a_process_that_passes_by_does_not_take_what_was_written_away(tmp_path: Path) -> None:
    """POSIX locks go with the first descriptor that a process closes, whichever of its stores that was of."""
    first, second = (open_store(URL, directory=tmp_path) for _ in range(2))
    first.open()
    second.open()
    with first.transaction() as ledger:
        ledger.set_pause(Pause(job="scan", since=datetime(2026, 1, 10, tzinfo=UTC)))

    subprocess.run([sys.executable, "-c", PASSING_BY], cwd=tmp_path, check=True, timeout=60)

    third = open_store(URL, directory=tmp_path)
    third.open()
    with third.snapshot() as ledger:
        assert list(ledger.pauses()) == ["scan"]
    assert third.history(RunQuery()) == []
    for store in (first, second, third):
        store.close()
