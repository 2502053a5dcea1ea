"""The evidence in a message to people: what doctor finds, what has changed since the last good run, what comes next."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from aperture_plugin.alerts.message import Evidence
from aperture_plugin.app.doctor.findings import Finding, Verdict
from aperture_plugin.app.job_views import next_run_of, paused_text, words_of_config
from aperture_plugin.config.model import Config, NotifyEvent
from aperture_plugin.ports import Ledger, Notice, Pause, RunQuery, Store
from aperture_plugin.rules.run_stats import failures_in_a_row, last_attempts
from aperture_plugin.rules.runs import ENDED, IN_HAND, WAITING, Run, Status
from aperture_plugin.words.duration_display import short_duration
from aperture_plugin.words.schedules import has_slots

__all__ = ["evidence_of"]

_log = logging.getLogger("aperture")

_LOG_LINES: Final = 10
_LOOKS_BACK: Final = 100
_MOST_FINDINGS: Final = 3
_SAID_ALREADY: Final = frozenset({"failures", "skipped"})
"""Steps of doctor that tell of the very event that the message is about."""

_MUCH_LONGER: Final = 2.0


def evidence_of(
    notice: Notice,
    store: Store,
    config: Config | None,
    *,
    now: datetime,
    diagnosed: Callable[[str], Sequence[Finding]] = lambda _job: (),
) -> Evidence:
    """Return what the store, the file and doctor tell about the job of *notice*.

    Args:
        diagnosed: Returns what doctor finds of a job.
    """
    if notice.job is None:
        return Evidence(link=None if config is None else config.page.url)
    past = store.history(RunQuery(jobs=[notice.job], statuses=ENDED, limit=_LOOKS_BACK))
    in_hand = store.history(RunQuery(jobs=[notice.job], statuses=IN_HAND, limit=1))
    with store.snapshot() as ledger:
        pause = ledger.pauses().get(notice.job)
        history = list(_history_text(notice, past, ledger))
    findings = [*history, *_findings(notice.job, diagnosed)]  # Doctor reads the store by itself: no snapshot waits.
    log: list[str] = []
    if notice.run_id is not None and notice.event in {NotifyEvent.FAILED, NotifyEvent.LATE}:
        log = [line.text for _, line in store.log_lines(notice.run_id)][-_LOG_LINES:]
    return Evidence(
        findings=findings,
        log=log,
        next_chance=_next_chance(notice.job, config, pause, in_hand, now),
        link=_link(config, notice),
    )


def _history_text(notice: Notice, past: Sequence[Run], ledger: Ledger) -> Iterator[str]:
    """Yield how often the job has failed, its last good run, and what has changed since that."""
    ran = [run for run in last_attempts(past) if run.status is not Status.SKIPPED]
    failures = failures_in_a_row(ran)
    if notice.event == NotifyEvent.FAILED and len(failures) > 1:
        yield f"It has failed {len(failures)} times in a row."
    good = next((run for run in ran if run.status is Status.COMPLETED and run.id != notice.run_id), None)
    if good is None or good.finished_at is None:
        yield "It has not completed before, as far back as is known."
        return
    took = "" if good.duration is None else f", which took {short_duration(good.duration)}"
    yield f"Its last good run before ended {good.finished_at:%Y-%m-%d %H:%M} UTC{took} (run {good.id})."
    lasted = notice.facts.get("seconds")
    if lasted is not None and good.duration is not None and good.duration > timedelta(seconds=1):
        times = lasted / good.duration.total_seconds()
        if times >= _MUCH_LONGER:
            yield f"This one took {times:.1f} times as long."
    yield from _changes(good.finished_at, ledger)


def _changes(since: datetime, ledger: Ledger) -> Iterator[str]:
    changed = [one for one in ledger.generations() if one[1] > since]
    if changed:
        number, at, file, _ = changed[0]
        yield f"Since then {file} has changed: generation {number}, accepted {at:%Y-%m-%d %H:%M} UTC."
    begun = max((loop for loop in ledger.loops() if loop.since > since), key=lambda loop: loop.since, default=None)
    if begun is not None:
        version = begun.details.get("version")
        of_version = f", version {version}" if isinstance(version, str) else ""
        yield f"Since then a loop was started on {begun.host}{of_version}, {begun.since:%Y-%m-%d %H:%M} UTC."


def _findings(job: str, diagnosed: Callable[[str], Sequence[Finding]]) -> Iterator[str]:
    """Yield what doctor finds wrong; a message is sent without it where doctor itself fails."""
    try:
        found = diagnosed(job)
    except Exception:  # noqa: BLE001 - the message matters more than what is beside it
        _log.warning("what doctor finds of %s is left out of a message", job, exc_info=True)
        return
    wrong = [one for one in found if one.verdict is Verdict.PROBLEM and one.step not in _SAID_ALREADY]
    for one in wrong[:_MOST_FINDINGS]:
        yield f"Doctor finds: {one.found}." + (f" Try:  {one.advice}" if one.advice else "")
    if len(wrong) > _MOST_FINDINGS:
        yield f"and {len(wrong) - _MOST_FINDINGS} more: aperture doctor {job}"


def _next_chance(
    name: str, config: Config | None, pause: Pause | None, in_hand: Sequence[Run], now: datetime
) -> str | None:
    """Return when the job runs next, by the rule that `status` and the page go by; else what it waits for."""
    job = None if config is None else config.jobs.get(name)
    if config is None or job is None:
        return None
    for run in in_hand:
        if run.status in WAITING:
            return f"run {run.id} waits: {run.reason}" if run.reason else f"run {run.id} is queued"
        return f"run {run.id} is running"
    if not job.enabled:
        return "none: the file switches it off (enabled: no)"
    if pause is not None and pause.until is None:
        return f"none while {paused_text(pause, job.zone)}"
    if job.predecessors and not has_slots(job.schedule):
        return f"once {' and '.join(job.predecessors)} {'has' if len(job.predecessors) == 1 else 'have'} completed"
    [words] = [each for each in words_of_config(config, {}, {}) if each.name == name]
    due = next_run_of(words, pause, now)
    if due is None:
        return "none by itself"
    held = "" if pause is None else f"; {paused_text(pause, job.zone)}"
    return f"{due.astimezone(job.zone):%Y-%m-%d %H:%M} ({job.zone}){held}"


def _link(config: Config | None, notice: Notice) -> str | None:
    if config is None or config.page.url is None:
        return None
    return f"{config.page.url.rstrip('/')}/runs/{notice.run_id}" if notice.run_id else config.page.url
