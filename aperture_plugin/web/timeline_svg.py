"""The timeline as a drawing: a row for each job, what was and what is foreseen on one scale."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from aperture_plugin.app.plan.plan import Foreseen, Plan
from aperture_plugin.config.model import Config
from aperture_plugin.rules.runs import Run, Status
from aperture_plugin.triggers.walltime import due_of
from aperture_plugin.web.page_text import at, clock
from aperture_plugin.words.duration_display import short_duration
from aperture_plugin.words.phrases import phrase_of

__all__ = ["Drawing", "Line", "Shape", "drawing_of"]

WIDTH: Final = 1230
_LEFT: Final = 130
_TOP: Final = 44
_ROW: Final = 26
_MOST_ROWS: Final = 60
_MOST_UNUSUAL: Final = 100
_LEAST: Final = 1.6


@dataclass(frozen=True, slots=True)
class Shape:
    """A rectangle of one row; *y* counts from the row's top."""

    kind: str
    x: float
    y: int
    width: float
    height: int
    title: str


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the drawing; *steady* says how often a job runs that runs too often to draw each run."""

    job: str
    title: str
    y: int
    shapes: Sequence[Shape]
    steady: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """The whole of it.

    Attributes:
        ticks: Upright lines: place, label, and whether a day begins there.
        now: Place of this moment.
        changes: Clock changes: place and words.
        left_out: Number of jobs that have no row for want of room.
    """

    label: str
    width: int
    height: int
    ticks: Sequence[tuple[float, str, bool]]
    now: tuple[float, str]
    changes: Sequence[tuple[float, str]]
    rows: Sequence[Line]
    left_out: int


class _Scale:
    def __init__(self, since: datetime, until: datetime) -> None:
        self.since, self.until = since, until

    def x(self, instant: datetime) -> float:
        inside = min(max(instant, self.since), self.until)
        return round(_LEFT + (WIDTH - _LEFT) * ((inside - self.since) / (self.until - self.since)), 1)

    def span(self, begin: datetime, end: datetime) -> tuple[float, float]:
        left = self.x(begin)
        return left, max(_LEAST, round(self.x(end) - left, 1))


def drawing_of(
    config: Config,
    titles: Mapping[str, str],
    *,
    past: Sequence[Run],
    ahead: Plan,
    before: Plan | None,
    since: datetime,
    until: datetime,
    now: datetime,
    often: int | None = None,
) -> Drawing:
    """Return the drawing of the span from *since* to *until*.

    Args:
        past: The runs that ran, the last attempt of each.
        before: The forecast of the past.
        often: A job with more coming runs than this is a line with a word on it, and only what did not complete is
            drawn upon it; None draws every run.
    """
    scale, zone = _Scale(since, until), config.zone
    was, comes, value = _by_job(past), _by_job(ahead.runs), _by_job(() if before is None else before.runs)
    names = [name for name in config.jobs if name in was or name in comes or name in value]
    rows = []
    for place, name in enumerate(names[:_MOST_ROWS]):
        steady = ""
        shapes: list[Shape] = []
        if often is not None and len(comes.get(name, ())) > often:
            steady = f"{phrase_of(config.jobs[name].schedule)}, {len(comes[name])} runs"
            unusual = [run for run in was.get(name, ()) if isinstance(run, Run) and run.status is not Status.COMPLETED]
            shapes += (shape for run in unusual[:_MOST_UNUSUAL] for shape in _ran(run, scale, config, now))
        else:
            shapes += (shape for run in value.get(name, ()) for shape in _foretold(run, scale, config, now))
            shapes += (shape for run in was.get(name, ()) for shape in _ran(run, scale, config, now))
            shapes += (shape for run in comes.get(name, ()) for shape in _foreseen(run, scale, config, now))
        rows.append(Line(name, titles.get(name, name), _TOP + place * _ROW, shapes, steady))
    changes = [
        (scale.x(change.instant), f"clocks change, {at(change.instant, where, now=now)}")
        for where, change in ahead.changes
        if where == zone and since <= change.instant < until
    ]
    return Drawing(
        label=f"{len(rows)} jobs from {at(since, zone, now=now)} to {at(until, zone, now=now)}, listed below",
        width=WIDTH,
        height=_TOP + len(rows) * _ROW + 6,
        ticks=list(_ticks(scale, config)),
        now=(scale.x(now), f"now, {clock(now, zone)}"),
        changes=changes,
        rows=rows,
        left_out=max(0, len(names) - len(rows)),
    )


def _by_job(runs: Sequence[Run] | Sequence[Foreseen]) -> dict[str, list[object]]:
    found: defaultdict[str, list[object]] = defaultdict(list)
    for run in runs:
        found[run.job].append(run)
    return found


def _ran(run: object, scale: _Scale, config: Config, now: datetime) -> Iterator[Shape]:
    assert isinstance(run, Run), "what was is a run"
    zone = config.jobs[run.job].zone
    if run.started_at is None:
        if run.status is Status.SKIPPED and run.due is not None:
            found = f"{at(run.due, zone, now=now)}: skipped, {run.reason or ''}"[:200]
            yield Shape("skip", scale.x(run.due), 12, 4, 8, found)
        return
    end = run.finished_at or now
    begin = run.due or run.queued_at
    if run.started_at - begin > timedelta(minutes=1):
        left, width = scale.span(begin, run.started_at)
        yield Shape("wait", left, 15, width, 2, f"waited {short_duration(run.started_at - begin)}")
    kind = {Status.RUNNING: "b-run", Status.COMPLETED: "b", Status.FAILED: "b-bad"}.get(run.status, "b-cut")
    took = short_duration(max(end - run.started_at, timedelta(0)))
    left, width = scale.span(run.started_at, end)
    yield Shape(kind, left, 12, width, 9, f"{at(run.started_at, zone, now=now)}: {run.status} after {took}")


def _foretold(run: object, scale: _Scale, config: Config, now: datetime) -> Iterator[Shape]:
    assert isinstance(run, Foreseen), "what was foreseen"
    if run.starts_at is None or run.starts_at >= now:
        return
    left, width = scale.span(run.starts_at, run.ends_at or run.starts_at)
    message = f"foreseen for {at(run.starts_at, config.jobs[run.job].zone, now=now)}"
    yield Shape("l-dim", left, 5, max(width, 2.5), 3, message)


def _foreseen(run: object, scale: _Scale, config: Config, now: datetime) -> Iterator[Shape]:
    assert isinstance(run, Foreseen), "what is foreseen"
    zone = config.jobs[run.job].zone if run.job in config.jobs else config.zone
    if run.starts_at is None:
        if run.due is not None and run.due < scale.until:
            message = f"{at(run.due, zone, now=now)}: skipped, {run.reason or ''}"[:200]
            yield Shape("skip", scale.x(run.due), 12, 4, 8, message)
        return
    if run.starts_at >= scale.until:
        return
    if run.wait >= timedelta(minutes=1):
        left, width = scale.span(max(run.ready_at, scale.since), run.starts_at)
        reason = run.waits[0].reason if run.waits else "its turn"
        yield Shape("wait", left, 15, width, 2, f"waits {short_duration(run.wait)}: {reason}"[:200])
    ends_at = run.ends_at or run.starts_at
    if ends_at <= now:
        return
    begin = max(run.starts_at, now)
    left, width = scale.span(begin, ends_at)
    message = f"{at(run.starts_at, zone, now=now)}, about {short_duration(ends_at - run.starts_at)}"
    yield Shape("l-run", left, 12, max(width, 2.5), 9, message)
    if run.ends_late is not None and run.ends_late > ends_at:
        slow_left, slow_width = scale.span(ends_at, run.ends_late)
        yield Shape("slow", slow_left, 16, slow_width, 1, f"up to {at(run.ends_late, zone, now=now)} in a slow night")


def _ticks(scale: _Scale, config: Config) -> Iterator[tuple[float, str, bool]]:
    """Yield the hours, or quarters of days, of the wall clock in the file's zone."""
    zone = config.zone
    step = 3 if scale.until - scale.since <= timedelta(days=3) else 12
    day = scale.since.astimezone(zone).date()
    while True:
        for hour in range(0, 24, step):
            instant = due_of(datetime.combine(day, time(hour)), zone)
            if instant >= scale.until:
                return
            if instant >= scale.since:
                label = f"{day:%a} {day.day} {day:%b}" if hour == 0 else clock(instant, zone).replace(":00", "")
                yield scale.x(instant), label, hour == 0
        day += timedelta(days=1)
