"""What the live table of `aperture start` shows of each job."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from aperture_plugin.cli.live_table import LiveTable
from aperture_plugin.ports import RunQuery
from aperture_plugin.rules.runs import ENDED
from aperture_plugin.testing import World
from tests.cli.conftest import Shell

FILE = """
schedules:
  scan:
    title: Library scan
    schedule: every 6 hours
  held: daily at 2 AM
  off:
    schedule: daily at 3 AM
    enabled: no
  asked: manual
"""


def test_paused_switched_off_and_manual_jobs_are_shown_and_titles_stand_beside_names(
    world: World, shell: Shell
) -> None:
    world.write(FILE).start(at="2026-01-09 23:30").advance("40 minutes")
    shell("pause", "held", "--note", "new disk")
    aperture = world.aperture
    console = Console(file=StringIO(), width=100, height=40, force_terminal=False)
    table = LiveTable(console)

    table.draw(aperture.overview(), aperture.history(RunQuery(statuses=ENDED)))

    shown = table.drawn
    assert "  scan Library scan" in shown
    assert "Not due by itself" in shown
    rows = {line.split()[0]: line for line in shown.splitlines() if line.startswith("  ")}
    assert "new disk" in rows["held"]
    assert "switched off" in rows["off"]
    assert "Manual only" in rows["asked"]
