"""One job, one run, and the small forms that ask before something is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from starlette.responses import Response

from aperture_plugin.app.doctor.doctor import Finding, Verdict, findings_of
from aperture_plugin.app.effective_config import shown_job
from aperture_plugin.app.queue_forecast import Forecast, forecast
from aperture_plugin.app.status import Overview
from aperture_plugin.app.value_text import params_text
from aperture_plugin.config.model import Config
from aperture_plugin.ports import RunQuery
from aperture_plugin.rules.run_stats import last_attempts, lasted
from aperture_plugin.rules.runs import ENDED, Run, Status
from aperture_plugin.web.duration_chart import DurationChart, chart_of
from aperture_plugin.web.endpoints import Call
from aperture_plugin.web.forms import answer_of, shown
from aperture_plugin.web.job_rows import row_of
from aperture_plugin.web.jobs_page import strip_for
from aperture_plugin.web.page_head import PageHead, page_head
from aperture_plugin.web.page_text import at, clock, elapsed
from aperture_plugin.web.query_api import known
from aperture_plugin.web.refusals import Refused
from aperture_plugin.web.runs_api import attempts_of, line_text
from aperture_plugin.words.duration_display import short_duration

__all__ = ["cancel_form", "head_of", "job_page", "pause_form", "run_page", "title_of"]

_HISTORY: Final = 20
_CHARTED: Final = 60
_MOST_LINES: Final = 500
_MOST_TEXT: Final = 300
_STATUSES: Final = ("failed", "skipped")


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLine:
    """An attempt in a table."""

    id: str
    status: str
    due: str
    started: str
    took: str
    items: str
    by: str
    attempt: int
    came: str
    given: str


def job_page(call: Call) -> Response:
    """Show one job: why it did not run, its history, its log, and where each value comes from."""
    job = known(call, call.names["job"])
    installation = call.installation
    seen, store, config = installation.overview(), installation.store(), installation.config()
    view = next((one for one in seen.jobs if one.name == job), None)
    if view is None:
        raise Refused(404, "unknown-job", "Unknown job", f"{job} is not in the file")
    words = installation.job(job)
    status, before = call.query("status"), call.query("before")
    attempts = store.history(RunQuery(jobs=[job], limit=_CHARTED))
    rows = attempts
    if status in _STATUSES or before:
        statuses = [Status(status)] if status in _STATUSES else None
        rows = store.history(RunQuery(jobs=[job], statuses=statuses, limit=1000))
        rows = [run for run in rows if not before or run.id < before]
    in_hand = [run for run in (*seen.running, *seen.queue) if run.job == job]
    foreseen = forecast(store, config, in_hand, now=seen.now, environ=installation.environ) if config else None
    strip = strip_for(view, config, store, seen)
    last = in_hand[0] if in_hand else next(iter(attempts), None)
    log = [] if last is None else store.log_lines(last.id)[-_MOST_LINES:]
    places = {run.key: place for place, run in enumerate(seen.queue, 1)}
    row = row_of(
        view, words, in_hand, strip, places, foreseen or Forecast(), log[-1][1].text if log else None, now=seen.now
    )
    return shown(
        call,
        "job.html",
        head=page_head(installation, seen),
        answer=answer_of(call),
        row=row,
        zone=str(view.zone),
        description=_description(call, job),
        chain=_chain(config, job),
        findings=_findings(call, job),
        looked_at=clock(seen.now, view.zone),
        run=last,
        is_live=last is not None and last.status not in ENDED,
        log=[line_text(line, view.zone) for _, line in log] or _traceback_of(last),
        chart=_chart(attempts, view.zone, seen.now),
        values=_values(config, job),
        history=[history_line(run, view.zone, now=seen.now) for run in rows[:_HISTORY]],
        shown_status=status or "",
        older=rows[_HISTORY - 1].id if len(rows) > _HISTORY else None,
    )


def _traceback_of(run: Run | None) -> list[str]:
    """Return how a run failed that has written no line; the page of a job has no other place for that."""
    return [] if run is None or run.error is None else run.error.rstrip().split("\n")


def run_page(call: Call) -> Response:
    """Show one run: its attempts, and its log."""
    attempts = attempts_of(call, call.names["id"])
    installation, now = call.installation, call.installation.now()
    run = attempts[0]
    zone = installation.zone_of(run.job)
    lines = installation.store().log_lines(run.id)
    return shown(
        call,
        "run.html",
        head=head_of(call),
        answer=answer_of(call),
        run=run,
        attempts=[history_line(one, zone, now=now) for one in attempts],
        is_live=run.status not in ENDED,
        log=[line_text(line, zone) for _, line in lines[-_MOST_LINES:]],
        left_out=max(0, len(lines) - _MOST_LINES),
        error=next((one.error for one in attempts if one.error), None),
        zone=str(zone),
    )


def pause_form(call: Call) -> Response:
    """Ask until when, and why."""
    job = known(call, call.names["job"])
    return shown(call, "pause.html", head=head_of(call), job=job, title=title_of(call, job))


def cancel_form(call: Call) -> Response:
    """Ask whether the run is to be cancelled."""
    job = known(call, call.names["job"])
    seen = call.installation.pulse()
    running = next((run for run in seen.running if run.job == job), None)
    waiting = [run for run in seen.queue if run.job == job]
    message = "Nothing of it runs or waits."
    if running is not None:
        message = (
            f"It has been running for {elapsed(running.started_at or seen.now, now=seen.now)}. It is asked to stop."
        )
    elif waiting:
        message = "It waits in its queue. Its next due time comes as ever."
    values: dict[str, Any] = {
        "job": job,
        "title": title_of(call, job),
        "running": running is not None,
        "message": message,
    }
    return shown(call, "cancel.html", head=head_of(call), **values)


def head_of(call: Call) -> PageHead:
    """Return the head of a page that says nothing of other jobs."""
    seen: Overview = call.installation.pulse()
    return page_head(call.installation, seen)


def history_line(run: Run, zone: ZoneInfo, *, now: datetime) -> HistoryLine:
    """Return an attempt as a table shows it."""
    took = "" if run.duration is None else short_duration(max(run.duration, timedelta(0)))
    if run.status is Status.RUNNING and run.started_at is not None:
        took = elapsed(run.started_at, now=now)
    items = "" if run.items_done is None else f"{run.items_done:,}"
    if run.items_total and run.items_total != run.items_done:
        items += f" of {run.items_total:,}"
    due = "" if run.due is None else at(run.due, zone, now=now)
    if run.requested_by:
        how = f"{due}, a backfill by" if run.is_backfill else "by hand,"
        due = f"{how} {run.requested_by}{'' if run.note is None else f': {run.note}'}"[:_MOST_TEXT]
    return HistoryLine(
        id=run.id,
        status=str(run.status),
        due=due or str(run.trigger),
        started="–" if run.started_at is None else at(run.started_at, zone, now=now),
        took=took or "–",
        items=items or "–",
        by=f"{run.trigger}, stands for {run.missed}" if run.missed else str(run.trigger),
        attempt=run.attempt,
        came=_came_of(run)[:_MOST_TEXT],
        given=f"with {params_text(run.params)}"[:_MOST_TEXT] if run.params else "",
    )


def _came_of(run: Run) -> str:
    if run.reason:
        return run.reason
    if isinstance(run.result, Mapping):
        plain = ((key, value) for key, value in run.result.items() if not isinstance(value, list | dict))
        return ", ".join(f"{key} {value}" for key, value in plain if (key, value) != ("exit_code", 0))
    return "" if run.result is None or isinstance(run.result, list) else str(run.result)


def _findings(call: Call, job: str) -> list[Finding]:
    order = [Verdict.PROBLEM, Verdict.NOTE, Verdict.OK]
    return sorted(findings_of(call.installation, job), key=lambda finding: order.index(finding.verdict))


def _chart(attempts: Sequence[Run], zone: ZoneInfo, now: datetime) -> DurationChart | None:
    runs = [run for run in last_attempts(attempts) if run.duration is not None or run.status is Status.RUNNING]
    spans = [run.duration for run in runs if run.duration is not None and run.status is Status.COMPLETED]
    usual = lasted(spans)
    return None if usual is None else chart_of(list(reversed(runs)), usual, zone, now=now)


def _values(config: Config | None, job: str) -> list[dict[str, Any]]:
    if config is None:
        return []
    [found] = shown_job(config, [job])
    return [
        {
            "key": value.key,
            "text": " ".join(value.text.split())[:_MOST_TEXT],
            "layer": value.layer,
            "place": "" if value.place is None else f"{config.file}:{value.place.line}",
        }
        for value in found.values
    ]


def _chain(config: Config | None, job: str) -> list[tuple[str, str, str]]:
    """Return the jobs before and behind *job*: name, title, and how they hang together."""
    if config is None or job not in config.jobs:
        return []
    titles = {name: one.title or name for name, one in config.jobs.items()}
    before = [(name, titles.get(name, name), "it needs this one") for name in config.jobs[job].needs]
    behind = [(name, titles[name], "needs it") for name, one in config.jobs.items() if job in one.needs]
    return [*before, *behind[:10]]


def _description(call: Call, job: str) -> str:
    words, plugins = call.installation.job(job), call.installation.plugins()
    value = None if words is None else words.description
    registered = None if plugins is None else plugins.jobs.get(job)
    return value or (registered.description if registered is not None and registered.description else "") or ""


def title_of(call: Call, job: str) -> str:
    """Return what displays call a job."""
    words, plugins = call.installation.job(job), call.installation.plugins()
    registered = None if plugins is None else plugins.jobs.get(job)
    value = None if words is None else words.title
    return value or (registered.title if registered is not None and registered.title else None) or job
