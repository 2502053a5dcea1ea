"""Random small files, and the reading of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from aperture_plugin.config.model import Config, ReadContext
from aperture_plugin.config.reader import read

__all__ = ["NAMES", "SINCE", "Sample", "config_of", "instant", "samples"]

NAMES: Final = ("scan", "embed", "build", "sync", "tidy")
SINCE: Final = datetime(2026, 3, 28, 20, tzinfo=UTC)
"""The evening before the clocks go forward in Riga."""

_PHRASES: Final = (
    "every 30 minutes",
    "every 2 hours",
    "every 50 minutes",
    "every hour at :10",
    "daily at 2:00 AM",
    "daily at 3:30 AM",
    "daily at 2:00 AM, 5:00 AM",
    "weekly on sunday at 2:00 AM",
    "cron 0 2-6 * * *",
    "once at 2026-03-29 5:00 AM",
    "manual",
)
_MINUTES: Final = (None, 1, 7, 20, 70, 200)


@dataclass(frozen=True)
class Sample:
    """A file, and how long each of its jobs takes."""

    text: str
    takes: dict[str, timedelta] = field(default_factory=dict)

    @property
    def config(self) -> Config:
        return config_of(self.text)


def config_of(text: str) -> Config:
    """Return what a valid file says."""
    reading = read(text, ReadContext(file="schedules.yaml", environ={}, known_jobs=None, local_zone=ZoneInfo("UTC")))
    assert reading.config is not None, reading.problems
    return reading.config


def instant(text: str) -> datetime:
    """Return the instant that *text* says in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@st.composite
def samples(draw: st.DrawFn) -> Sample:
    """Draw a file with a few jobs that get in each other's way."""
    names = NAMES[: draw(st.integers(1, len(NAMES)))]
    lines = [f"timezone: Europe/Riga\nqueues:\n  default: {draw(st.integers(1, 2))}\n  quick: 1\nschedules:\n"]
    for place, name in enumerate(names):
        earlier = list(names[:place])
        phrase = draw(st.sampled_from(_PHRASES))
        if earlier and draw(st.integers(0, 4)) == 0:
            phrase = f"after {', '.join(draw(st.lists(st.sampled_from(earlier), min_size=1, unique=True)))}"
        lines.append(f"  {name}:\n    schedule: {phrase}\n")
        lines += [f"    {line}\n" for line in draw(_beside(earlier))]
    minutes = {name: draw(st.sampled_from(_MINUTES)) for name in names}
    takes = {name: timedelta(minutes=count) for name, count in minutes.items() if count is not None}
    return Sample("".join(lines), takes)


@st.composite
def _beside(draw: st.DrawFn, earlier: list[str]) -> list[str]:
    chosen = []
    if earlier and draw(st.integers(0, 2)) == 0:
        chosen.append(f"needs: [{draw(st.sampled_from(earlier))}]")
    for odds, line in (
        (3, "queue: quick"),
        (4, f"overlap: {draw(st.sampled_from(['skip', 'allow']))}"),
        (5, "window: 1:00 AM to 6:00 AM"),
        (5, "timeout: 40 minutes"),
        (6, "jitter: 10 minutes"),
        (6, "on failure: pause"),
        (8, "enabled: no"),
        (8, "timezone: America/New_York"),
    ):
        if draw(st.integers(0, odds)) == 0:
            chosen.append(line)
    return chosen
