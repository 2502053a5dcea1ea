"""Rows of the jobs page: a job's schedule, next and last run, its state, and what may be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from aperture_plugin.app.job_views import IDLE, JobView
from aperture_plugin.app.queue_forecast import Forecast
from aperture_plugin.app.slot_strip import Strip
from aperture_plugin.config.model import JobConfig
from aperture_plugin.rules.runs import WAITING, AttemptKey, Run, Status
from aperture_plugin.web.page_text import about, at, elapsed, items_text, relative
from aperture_plugin.web.strip_svg import DrawnStrip, drawn_strip
from aperture_plugin.words.duration_display import short_duration
from aperture_plugin.words.schedules import After, Manual
from aperture_plugin.words.tokens import join_with_and

__all__ = ["Row", "StateCell", "row_of", "state_cell"]

_MOST: Final = 200
_FEWEST: Final = 5
_TREND: Final = 0.1
_ORDINALS: Final = ("first", "second", "third", "fourth", "fifth")


@dataclass(frozen=True, slots=True, kw_only=True)
class StateCell:
    """The state of a job: a word with its shape and color, and what else there is to say.

    Attributes:
        kind: Names the shape and the color.
        value, total: Of the progress bar; *shows_bar* without them is one whose end is not known.
    """

    kind: str
    word: str
    dim: str = ""
    lines: tuple[str, ...] = ()
    shows_bar: bool = False
    value: int | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The row of one job.

    Attributes:
        schedule_note: The other settings that decide when it runs.
        next_at, next_on: How far away its next run is, and when; *next_instant* in ISO 8601.
        last_kind, last_word: Of its last run; the word is empty for one that completed.
        cancel_word: The effect of its cancel button; empty where there is nothing in hand.
        run_refused: The reason why a run asked for now would not be queued; empty where it would.
    """

    name: str
    title: str
    category: str
    enabled: bool
    schedule: str
    schedule_note: str
    next_at: str
    next_on: str
    next_instant: str
    last_kind: str
    last_word: str
    last_took: str
    last_trend: str
    last_on: str
    strip: DrawnStrip
    state: StateCell
    cancel_word: str
    run_refused: str
    is_paused: bool


def row_of(
    job: JobView,
    words: JobConfig | None,
    runs: Sequence[Run],
    strip: Strip,
    places: Mapping[AttemptKey, int],
    forecast: Forecast,
    last_line: str | None,
    *,
    now: datetime,
) -> Row:
    """Return the row of *job*.

    Args:
        words: Its words in the file; None where only the store knows it.
        runs: Its runs in hand.
        places: The place in its queue of each run that waits, from 1.
        last_line: The latest line of the log of its run.
    """
    next_at, next_on = _next(job, words, forecast, now)
    last_kind, last_word, last_took, last_on = _last(job, now)
    return Row(
        name=job.name,
        title=job.title or job.name,
        category=job.category or "",
        enabled=job.enabled,
        schedule=job.schedule,
        schedule_note=_schedule_note(words),
        next_at=next_at,
        next_on=next_on,
        next_instant="" if job.next_run is None else job.next_run.isoformat(),
        last_kind=last_kind,
        last_word=last_word,
        last_took=last_took,
        last_trend=_trend(job.last_run, strip),
        last_on=last_on,
        strip=drawn_strip(strip, job.zone, now=now),
        state=state_cell(job, runs, places, forecast, strip, last_line, now=now),
        cancel_word=_cancel_word(runs),
        run_refused=f"a run of {job.name} waits already" if any(run.status in WAITING for run in runs) else "",
        is_paused=job.pause is not None,
    )


def state_cell(
    job: JobView,
    runs: Sequence[Run],
    places: Mapping[AttemptKey, int],
    forecast: Forecast,
    strip: Strip,
    last_line: str | None,
    *,
    now: datetime,
) -> StateCell:
    """Return the state of *job* in words."""
    running = [run for run in runs if run.status is Status.RUNNING]
    if running:
        return _running(min(running, key=lambda run: run.started_at or now), strip, last_line, now)
    if runs:
        return _waiting(min(runs, key=lambda run: run.place), places, forecast, job, now)
    if job.pause is not None:
        until = "until it is resumed" if job.pause.until is None else f"until {at(job.pause.until, job.zone, now=now)}"
        by = f"by {job.pause.by}" if job.pause.by else ""
        note = f": {job.pause.note}" if job.pause.note else ""
        return StateCell(kind="paused", word="paused", dim=until, lines=((by + note)[:_MOST],) if by or note else ())
    if not job.enabled:
        return StateCell(kind="off", word="off", lines=("enabled: no, in the file",))
    last = job.last_run
    if last is not None and last.status is Status.FAILED:
        found = last.reason or (last.error or "").strip().rpartition("\n")[2]
        return StateCell(kind="idle", word=IDLE, lines=(found[:_MOST],) if found else ())
    return StateCell(kind="idle", word=IDLE)


def _running(run: Run, strip: Strip, last_line: str | None, now: datetime) -> StateCell:
    started = run.started_at or now
    lines = []
    items = items_text(run.items_done, run.items_total)
    if items:
        lines.append(items)
    left = _left(run, strip, now)
    step = " ".join((last_line or "").split())[:_MOST]
    value = " · ".join(part for part in (left, step) if part)
    if run.cancel_reason:
        value = "asked to stop" + (f" · {value}" if value else "")
    if value:
        lines.append(value)
    return StateCell(
        kind="running",
        word="running",
        dim=elapsed(started, now=now) + (f", attempt {run.attempt}" if run.attempt > 1 else ""),
        lines=tuple(lines),
        shows_bar=True,
        value=min(run.items_done or 0, run.items_total) if run.items_total else None,
        total=run.items_total or None,
    )


def _left(run: Run, strip: Strip, now: datetime) -> str:
    """Return how much longer a run is expected to take: by what it has counted, else by what its last runs took."""
    so_far = now - (run.started_at or now)
    if run.items_total and run.items_done and so_far > timedelta(seconds=2):
        left = so_far * ((run.items_total - min(run.items_done, run.items_total)) / run.items_done)
    elif strip.lasted is not None and strip.lasted.typical > so_far:
        left = strip.lasted.typical - so_far
    else:
        return ""
    return f"about {short_duration(timedelta(seconds=max(1, round(left.total_seconds()))))} left"


def _waiting(run: Run, places: Mapping[AttemptKey, int], forecast: Forecast, job: JobView, now: datetime) -> StateCell:
    dim = f"attempt {run.attempt}" if run.attempt > 1 else ""
    place = places.get(run.key)
    if not dim and place is not None:
        dim = f"{_ORDINALS[place - 1] if place <= len(_ORDINALS) else f'{place}th'} in line"
    foreseen = forecast.of(run)
    start = ""
    if run.not_before is not None and run.not_before > now:
        start = f"starts {at(run.not_before, job.zone, now=now)}"
    elif foreseen is not None and foreseen.starts_at is not None:
        start = f"starts {about(foreseen.starts_at, job.zone, now=now)}"
    value = ", ".join(part for part in (start, run.reason or "its turn comes") if part)
    return StateCell(kind="waiting", word="waiting", dim=dim, lines=(value[:_MOST],))


def _schedule_note(words: JobConfig | None) -> str:
    if words is None:
        return ""
    notes = []
    if words.needs:
        notes.append(f"needs {join_with_and(list(words.needs))}")
    if words.limits:
        notes.append(f"limit {', '.join(words.limits)}")
    if words.queue != "default":
        notes.append(f"queue {words.queue}")
    return " · ".join(notes)


def _next(job: JobView, words: JobConfig | None, forecast: Forecast, now: datetime) -> tuple[str, str]:
    if job.next_run is not None:
        found = at(job.next_run, job.zone, now=now, exact=True)
        foreseen = forecast.of_slot(job.name, job.next_run)
        starts_at = None if foreseen is None else foreseen.starts_at
        if starts_at is not None and starts_at - job.next_run >= timedelta(minutes=1):
            found += f", starts {about(starts_at, job.zone, now=now)}"
        return relative(job.next_run, now=now), found
    if not job.enabled:
        return "none", "none while it is off"
    if job.pause is not None:
        return "none", "none until it is resumed"
    schedule = None if words is None else words.schedule
    if isinstance(schedule, Manual):
        return "none", "only by hand"
    if isinstance(schedule, After):
        return (
            "none",
            f"when {join_with_and(list(schedule.jobs))} {'has' if len(schedule.jobs) == 1 else 'have'} completed",
        )
    return "none", "no due time is left"


def _last(job: JobView, now: datetime) -> tuple[str, str, str, str]:
    run = job.last_run
    if run is None or run.finished_at is None:
        return "", "", "", "never ran"
    took = "" if run.duration is None else short_duration(max(run.duration, timedelta(0)))
    when = at(run.finished_at, job.zone, now=now)
    if run.status is Status.COMPLETED:
        return "completed", "", took, f"completed {when}"
    attempt = f", attempt {run.attempt}" if run.attempt > 1 else ""
    return str(run.status), str(run.status), took, f"{when}{attempt}"


def _trend(run: Run | None, strip: Strip) -> str:
    """Return how much longer or shorter than usual the last run took, from a tenth on."""
    usual = strip.lasted
    if run is None or run.duration is None or run.status is not Status.COMPLETED or usual is None:
        return ""
    if usual.runs < _FEWEST or usual.typical < timedelta(seconds=1):
        return ""
    change = run.duration / usual.typical - 1
    if abs(change) < _TREND:
        return ""
    return f"{'↑' if change > 0 else '↓'} {round(abs(change) * 100)} %"


def _cancel_word(runs: Sequence[Run]) -> str:
    if any(run.status is Status.RUNNING for run in runs):
        return "Cancel"
    return "Take out" if runs else ""
