"""Draws the durations of a job's last runs, with their median and their 95th percentile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from aperture_plugin.rules.run_stats import RunDurations
from aperture_plugin.rules.runs import Run, Status
from aperture_plugin.web.page_text import at
from aperture_plugin.words.duration_display import short_duration

__all__ = ["DurationBar", "DurationChart", "chart_of"]

_LEFT: Final = 26
_RIGHT: Final = 346
_BASE: Final = 148
_TOP: Final = 20
_UNITS: Final = (
    ("hours", timedelta(hours=1)),
    ("minutes", timedelta(minutes=1)),
    ("seconds", timedelta(seconds=1)),
    ("milliseconds", timedelta(milliseconds=1)),
)
_STEPS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


@dataclass(frozen=True, slots=True)
class DurationBar:
    """The bar of one run."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class DurationChart:
    """The drawing.

    Attributes:
        unit: Of the axis.
        ticks: Heights and their labels.
        median, slow: Heights of the two lines, with their labels.
        first, last: When the first and the last run were.
    """

    unit: str
    label: str
    bars: Sequence[DurationBar]
    ticks: Sequence[tuple[float, str]]
    median: tuple[float, str]
    slow: tuple[float, str]
    first: str
    last: str
    number: int


def chart_of(runs: Sequence[Run], usual: RunDurations, zone: ZoneInfo, *, now: datetime) -> DurationChart:
    """Return the chart of *runs*, oldest first.

    Args:
        usual: The durations of those that completed.
    """
    spans = [_span(run, now) for run in runs]
    most = max([*spans, usual.slow, timedelta(milliseconds=1)])
    unit, size = next((name, size) for name, size in _UNITS if usual.slow >= size or size == _UNITS[-1][1])

    def y(span: timedelta) -> float:
        return _BASE - (_BASE - _TOP) * (span / most)

    width = (_RIGHT - _LEFT) / max(20, len(runs))
    bars = []
    for place, (run, span) in enumerate(zip(runs, spans, strict=True)):
        height = max(1.0, _BASE - y(span))
        title = f"{at(run.started_at or run.queued_at, zone, now=now)}: {run.status} after {short_duration(span)}"
        x = _RIGHT - (len(runs) - place) * width
        bars.append(
            DurationBar(
                round(x, 1), round(_BASE - height, 1), round(0.7 * width, 1), round(height, 1), _kind(run), title
            )
        )
    step = next((step for step in _STEPS if step * size * 5 >= most), _STEPS[-1])
    ticks = [
        (round(y(number * step * size), 1), f"{number * step}") for number in range(6) if number * step * size <= most
    ]
    return DurationChart(
        unit=unit,
        label=f"Durations of the last {len(runs)} runs: half took up to {short_duration(usual.typical)}, "
        f"19 of 20 up to {short_duration(usual.slow)}.",
        bars=bars,
        ticks=ticks,
        median=(round(y(usual.typical), 1), f"p50 {usual.typical / size:.3g}"),
        slow=(round(y(usual.slow), 1), f"p95 {usual.slow / size:.3g}"),
        first=at(runs[0].started_at or runs[0].queued_at, zone, now=now),
        last=at(runs[-1].started_at or runs[-1].queued_at, zone, now=now),
        number=len(runs),
    )


def _span(run: Run, now: datetime) -> timedelta:
    if run.duration is not None:
        return max(run.duration, timedelta(0))
    return max(now - (run.started_at or now), timedelta(0))


def _kind(run: Run) -> str:
    if run.status is Status.RUNNING:
        return "b-run"
    return {Status.COMPLETED: "b", Status.FAILED: "b-bad"}.get(run.status, "b-cut")
