"""The timeline: the past day as it was, below the plan of a day ago, and the foreseen coming day."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median
from typing import Any, Final

from starlette.responses import Response

from aperture_plugin.app.installation import Installation
from aperture_plugin.app.plan.job_durations import Durations, measured
from aperture_plugin.app.plan.plan import Foreseen, Plan, planned
from aperture_plugin.app.plan.rehearsal import TooMuch
from aperture_plugin.app.plan_inputs import plan_of
from aperture_plugin.app.status import Overview
from aperture_plugin.config.model import Config
from aperture_plugin.ports import RunQuery
from aperture_plugin.rules.run_stats import last_attempts
from aperture_plugin.rules.runs import Run
from aperture_plugin.web.endpoints import Call
from aperture_plugin.web.forms import shown
from aperture_plugin.web.page_head import page_head
from aperture_plugin.web.page_text import at
from aperture_plugin.web.timeline_svg import Drawing, drawing_of
from aperture_plugin.words.duration_display import short_duration
from aperture_plugin.words.limits import limit_text
from aperture_plugin.words.numbers import counted
from aperture_plugin.words.tokens import join_with_and

__all__ = ["timeline_page"]

DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)
_MOST_JOBS: Final = 1000
_MOST_RUNS: Final = 5000
_MOST_REHEARSED: Final = 20_000
"""The most runs that a page rehearses: five seconds of a processor that the loop of this process wants as well."""
_LISTED: Final = 100
_OFTEN: Final = 60
_OFTEN_A_DAY: Final = 90
_MOMENT: Final = timedelta(seconds=1)
_FRESH: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """The forecast of one moment, kept for a while: a rehearsal takes a processor for itself.

    Attributes:
        ahead: The coming day and the coming week.
        before: The past day, as a plan of a day ago would have shown it; None where that is unknown.
    """

    at: datetime
    text: str
    day: Plan
    week: Plan | None
    before: Plan | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedLine:
    """A run in the list of those that come."""

    due: str
    job: str
    title: str
    starts: str
    ends: str
    waits: str
    reason: str


_OUTLOOKS: Final[dict[int, Outlook]] = {}
_REHEARSING: Final = threading.Lock()


def timeline_page(call: Call) -> Response:
    """Show the day behind and the day ahead, and the coming week."""
    installation = call.installation
    seen, config = installation.overview(), installation.config()
    values: dict[str, Any] = {"outlook": None, "trouble": None}
    if config is None:
        values["trouble"] = "No valid file is in force, so nothing can be planned."
    elif len(config.jobs) > _MOST_JOBS:
        message = f"{len(config.jobs):,} jobs are too many for a drawing"
        values["trouble"] = f"{message}. aperture plan --job NAME plans single ones."
    else:
        try:
            values |= _drawn(installation, config, seen)
        except TooMuch:
            values["trouble"] = (
                "The coming day holds too many runs to rehearse. aperture plan --days 1 --job NAME does."
            )
    return shown(call, "timeline.html", head=page_head(installation, seen), tab="timeline", **values)


def _drawn(installation: Installation, config: Config, seen: Overview) -> dict[str, object]:
    now, zone = seen.now, seen.zone
    outlook = _outlook(installation, config, now)
    store = installation.store()
    past = last_attempts(store.history(RunQuery(since=now - DAY, limit=_MOST_RUNS)))
    titles = {job.name: job.title or job.name for job in seen.jobs}
    plan = replace(outlook.day, runs=tuple(run for run in outlook.day.runs if run.ready_at < now + DAY))
    longest = plan.longest_wait
    jobs = {run.job for run in plan.started}
    facts = [
        ("Next 24 hours", f"{counted(len(plan.started), 'run')} of {counted(len(jobs), 'job')}", ""),
        (
            "Waiting",
            short_duration(plan.waiting) + " in all" if plan.waiting else "nobody waits",
            ""
            if longest is None
            else f"{short_duration(longest.wait)} at most, {titles.get(longest.job, longest.job)}",
        ),
        ("Collisions", str(len(plan.collisions)), _collided(plan, titles)),
        *_limits(plan),
        *_rightness(outlook.before, past),
    ]
    return {
        "outlook": True,
        "facts": facts,
        "known": plan.is_known,
        "day": drawing_of(
            config,
            titles,
            past=past,
            ahead=plan,
            before=outlook.before,
            since=now - DAY,
            until=now + DAY,
            now=now,
            often=_OFTEN_A_DAY,
        ),
        "week": _week(config, titles, outlook, now),
        "lines": [_line(run, titles, outlook, now) for run in _listed(plan)],
        "zone": str(zone),
    }


def _outlook(installation: Installation, config: Config, now: datetime) -> Outlook:
    """Return what is foreseen, made anew only where it is older than half a minute, or of another file."""
    with _REHEARSING:
        kept = _OUTLOOKS.get(id(installation))
        if kept is not None and kept.text == config.text and timedelta(0) <= now - kept.at < _FRESH:
            return kept
        found = _foreseen(installation, config, now)
        _OUTLOOKS.clear()
        _OUTLOOKS[id(installation)] = found
        return found


def _foreseen(installation: Installation, config: Config, now: datetime) -> Outlook:
    source, reading = installation.source(), installation.reading()

    def ahead(span: timedelta) -> Plan:
        return plan_of(
            source, reading, config, since=now, until=now + span, now=now, url=installation.state, most=_MOST_REHEARSED
        )

    try:
        week: Plan | None = ahead(WEEK)
    except TooMuch:
        week = None
    day = ahead(DAY) if week is None else replace(week, until=now + DAY, runs=_until(week.runs, now + DAY))
    if week is not None:
        day = replace(day, collisions=tuple(one for one in week.collisions if one.at < now + DAY))
    before: Plan | None = None
    try:
        durations = Durations(config=config, measured=measured(installation.store(), list(config.jobs)))
        before = planned(
            config, since=now - DAY, until=now, durations=durations, environ=installation.environ, most=_MOST_REHEARSED
        )
    except TooMuch:
        before = None
    return Outlook(at=now, text=config.text, day=day, week=week, before=before)


def _until(runs: Sequence[Foreseen], end: datetime) -> tuple[Foreseen, ...]:
    return tuple(run for run in runs if run.ready_at < end)


def _week(config: Config, titles: Mapping[str, str], outlook: Outlook, now: datetime) -> Drawing | None:
    if outlook.week is None:
        return None
    return drawing_of(
        config, titles, past=(), ahead=outlook.week, before=None, since=now, until=now + WEEK, now=now, often=_OFTEN
    )


def _collided(plan: Plan, titles: Mapping[str, str]) -> str:
    if not plan.collisions:
        return "no two ask for one seat at once"
    names = dict.fromkeys(name for one in plan.collisions for name in one.names)
    return join_with_and([titles.get(name, name) for name in list(names)[:4]])


def _limits(plan: Plan) -> Iterator[tuple[str, str, str]]:
    for use in plan.budgets:
        if use.calls:
            put_off = f"; {counted(use.put_off, 'run')} put off" if use.put_off else ""
            yield f"Limit {use.limit}", f"{use.calls:,} calls", limit_text(plan.config.limits[use.limit]) + put_off


def _rightness(before: Plan | None, past: Sequence[Run]) -> Iterator[tuple[str, str, str]]:
    """Yield how far off a plan of a day ago would have been."""
    if before is None:
        return
    started = {(run.job, run.due): run for run in past if run.due is not None}
    off, otherwise = [], 0
    for run in before.runs:
        real = started.get((run.job, run.due)) if run.due is not None else None
        if real is None:
            otherwise += run.due is not None and run.attempt == 1
        elif real.started_at is not None and run.starts_at is not None:
            off.append(abs(real.started_at - run.starts_at))
        elif real.status != run.status:
            otherwise += 1
    if off:
        middle = timedelta(seconds=median(one.total_seconds() for one in off))
        message = f"off by {short_duration(middle) if middle >= _MOMENT else 'less than a second'} at the median"
        yield (
            "Yesterday's plan",
            message,
            f"{counted(otherwise, 'run')} came otherwise" if otherwise else "every run came",
        )


def _listed(plan: Plan) -> list[Foreseen]:
    """Return the coming runs that a list shows: those of jobs that run seldom, and all that wait."""
    by_job: defaultdict[str, int] = defaultdict(int)
    for run in plan.runs:
        by_job[run.job] += 1
    chosen = [run for run in plan.runs if by_job[run.job] <= _OFTEN // 3 or run.wait >= timedelta(minutes=1)]
    return chosen[:_LISTED]


def _line(run: Foreseen, titles: Mapping[str, str], outlook: Outlook, now: datetime) -> PlannedLine:
    zone = outlook.day.zone_of(run.job)
    reasons = [one.reason for one in run.waits]
    return PlannedLine(
        due=at(run.due or run.ready_at, zone, now=now),
        job=run.job,
        title=titles.get(run.job, run.job),
        starts="–" if run.starts_at is None else at(run.starts_at, zone, now=now),
        ends="–" if run.ends_at is None else at(run.ends_at, zone, now=now),
        waits=short_duration(run.wait) if run.wait >= timedelta(seconds=1) else "–",
        reason=run.reason or "; then ".join(dict.fromkeys(reasons)),
    )
