"""A plan of a file with several schedules, calendars, freezes, windows and jitter is what happens, slot by slot."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aperture_plugin.app.plan.initial_state import steady
from aperture_plugin.app.plan.rehearsal import rehearse
from aperture_plugin.rules.runs import Run
from aperture_plugin.testing import World

START = datetime(2026, 3, 27, 12, 7, tzinfo=UTC)
DAYS = timedelta(days=4)
PHRASES = (
    "daily at 2:00 AM, 3:30 AM",
    "weekly on weekdays at 8:30 AM",
    "weekly on weekends at 3:30 AM",
    "every 2 hours",
    "every 7 hours at :20",
    "cron */30 3 * * *",
    "cron 15 3,4 27,29 * *",
    "once at 2026-03-29 3:15 AM",
    "monthly on the last day at 4:00 AM",
)
BESIDE = (
    "except: closed",
    "except: [closed, yearly]",
    "jitter: 10 minutes",
    "window: 3:00 AM to 9:00 AM",
    "missed: skip",
    "overlap: skip",
)
TOP = (
    "calendars:\n  closed: [2026-03-28, 2026-03-30 to 2026-03-31]\n  yearly: every 03-29\n"
    "timezone: Europe/Riga\nqueues:\n  default: 2\n"
)


@st.composite
def files(draw: st.DrawFn) -> str:
    """Draw a file of three jobs over the nights in which Riga's clocks go forward."""
    text = TOP
    if frozen := draw(st.sampled_from(["", "2026-03-29", "2026-03-28 to 2026-03-29: release freeze"])):
        text += f"freeze:\n  - {frozen}\n"
    text += "schedules:\n"
    for name in ("a", "b"):
        phrases = draw(st.lists(st.sampled_from(PHRASES), min_size=1, max_size=3, unique=True))
        text += f"  {name}:\n    schedule: {'; '.join(phrases)}\n"
        beside = draw(st.lists(st.sampled_from(BESIDE), max_size=3, unique_by=lambda line: line.partition(":")[0]))
        text += "".join(f"    {line}\n" for line in beside)
    return text + "  c: after a, b\n"


@settings(deadline=None, max_examples=20, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(files())
def test_a_plan_is_what_happens_slot_by_slot(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        world.durations.update(dict.fromkeys("abc", "5 minutes"))
        world.write(text).start(at=START)
        config = world.loop.state.config
        foreseen = rehearse(
            config,
            since=START,
            until=START + DAYS,
            takes=lambda _: timedelta(minutes=5),
            beginning=steady(config, since=START),
        )
        world.advance(DAYS + timedelta(hours=30))  # What was due on the last day may wait for a window of the next.
        happened = [run for run in world.history() if run.priority_at < START + DAYS]
        world.close()

    planned = [run for run in foreseen.runs if run.priority_at < START + DAYS]
    assert sorted(map(told, planned)) == sorted(map(told, happened))


def told(run: Run) -> tuple[str, str, str, str]:
    """Return what a run is: its job, its slot, what called for it, and how it ended, with the reason of a skip."""
    ended = f"{run.status} {run.reason}" if run.status == "skipped" else str(run.status)
    return run.job, str(run.due or run.priority_at), str(run.trigger), ended
