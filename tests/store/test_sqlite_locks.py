"""Several stores on one file in one process, as `aperture run` has them, beside other processes."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from aperture_plugin.ports import Pause
from aperture_plugin.store.connect import open_store

URL = "sqlite:///aperture.db"
PASSING_BY = f"""
from pathlib import Path
from aperture_plugin.store.connect import open_store

store = open_store({URL!r}, directory=Path.cwd())
store.open()
store.close()
"""
LOOKING = PASSING_BY.replace(
    "store.close()", "with store.snapshot() as ledger:\n    print(*sorted(ledger.pauses()))\nstore.close()"
)


def test_a_process_that_passes_by_takes_no_log_away(tmp_path: Path) -> None:
    """POSIX locks go with the first descriptor that a process closes, whichever of its stores that was of."""
    first, second = (open_store(URL, directory=tmp_path) for _ in range(2))
    first.open()
    second.open()
    with first.transaction() as ledger:
        ledger.set_pause(Pause(job="before", since=datetime(2026, 1, 10, tzinfo=UTC)))

    subprocess.run([sys.executable, "-c", PASSING_BY], cwd=tmp_path, check=True, timeout=60)
    with first.transaction() as ledger:
        ledger.set_pause(Pause(job="after", since=datetime(2026, 1, 10, tzinfo=UTC)))

    told = subprocess.run([sys.executable, "-c", LOOKING], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert told.stdout.split() == ["after", "before"]
    first.close()
    second.close()
