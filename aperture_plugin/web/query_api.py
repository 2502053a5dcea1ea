"""Queries, with the options and in the shapes of the commands of the same name (DESIGN.md, section 5)."""

from __future__ import annotations

import threading
from collections.abc import Collection
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from starlette.responses import Response

from aperture_plugin.app.audit import audit, audit_json
from aperture_plugin.app.doctor.doctor import finding_json, findings_of
from aperture_plugin.app.json_views import coming, overview_json, run_json, slot_json
from aperture_plugin.app.plan.job_durations import ASSUMED
from aperture_plugin.app.plan.plan_json import plan_json
from aperture_plugin.app.plan.rehearsal import TooMuch
from aperture_plugin.app.plan_inputs import plan_of
from aperture_plugin.app.time_arguments import Towards, read_instant
from aperture_plugin.config.model import Config
from aperture_plugin.ports import RunQuery
from aperture_plugin.rules.runs import Status
from aperture_plugin.triggers.walltime import due_of
from aperture_plugin.web.endpoints import Call, json_response
from aperture_plugin.web.refusals import Refused
from aperture_plugin.words.did_you_mean import did_you_mean
from aperture_plugin.words.durations import read_duration
from aperture_plugin.words.parse_error import Unreadable

__all__ = ["audited", "diagnosis", "history", "instant", "known", "plan", "require_config", "status", "upcoming"]

_COUNT: Final = 10
_LIMIT: Final = 20
_MOST_ROWS: Final = 10_000
_AUDITED: Final = timedelta(days=7)
_PLANNED: Final = timedelta(days=2)
_MOST_DAYS: Final = 92
_MOST_REHEARSED: Final = 50_000
_WAITS_SECONDS: Final = 5.0
"""Time for which a request waits for another one's plan: those that wait take up the threads of all others."""
_REHEARSING: Final = threading.Lock()
"""A rehearsal takes a processor for itself: one at a time."""


def status(call: Call) -> Response:
    """Answer as `aperture status --format json` does."""
    return json_response(overview_json(call.installation.overview()))


def upcoming(call: Call) -> Response:
    """Answer as `aperture next --format json` does: `from`, `until`, `job`, `count`."""
    config = require_config(call)
    jobs = _jobs(call, config.jobs)
    since = instant(call, "from", Towards.FUTURE) or call.installation.now()
    until = instant(call, "until", Towards.FUTURE)
    count = number(call, "count", least=1)
    limit = count if count is not None or until is not None else _COUNT
    found = coming(config, since=since, until=until, jobs=jobs or None)
    slots = list(islice(found, _MOST_ROWS + 1 if limit is None else limit))
    _not_too_many(len(slots))
    return json_response([slot_json(job, slot, config) for job, slot in slots])


def history(call: Call) -> Response:
    """Answer as `aperture history --format json` does: `job`, `status`, `since`, `limit` (20; 0 for all)."""
    installation = call.installation
    store, jobs = installation.store(), call.queries("job")
    limit = number(call, "limit", least=0)
    limit = _LIMIT if limit is None else limit
    query = RunQuery(
        jobs=jobs or None,
        statuses=[_status(value) for value in call.queries("status")] or None,
        since=instant(call, "since", Towards.PAST),
        limit=limit or _MOST_ROWS + 1,
    )
    runs = store.history(query)
    _not_too_many(len(runs))
    for job in jobs:
        if not any(run.job == job for run in runs):
            known(call, job)
    return json_response([run_json(run, installation.zone_of(run.job)) for run in runs])


def plan(call: Call) -> Response:
    """Answer as `aperture plan --format json` does: `from`, `until`, `days`, `job`, `duration`."""
    config = require_config(call)
    installation, now = call.installation, call.installation.now()
    jobs = _jobs(call, config.jobs)
    since = instant(call, "from", Towards.FUTURE) or now
    until, days = instant(call, "until", Towards.FUTURE), number(call, "days", least=1, most=_MOST_DAYS)
    if until is not None and days is not None:
        raise Refused(409, "bad-span", "Bad span", "until and days say the same; give one of them")
    if until is None:
        until = since + _PLANNED
        if days is not None:
            wall = since.astimezone(config.zone).replace(tzinfo=None) + timedelta(days=days)
            until = due_of(wall.replace(microsecond=0), config.zone)
    if not since < until <= since + timedelta(days=_MOST_DAYS + 1):
        raise Refused(409, "bad-span", "Bad span", f"until lies after from, by {_MOST_DAYS} days at most")
    given, otherwise = _durations(call, config)
    try:
        if not _REHEARSING.acquire(timeout=_WAITS_SECONDS):
            raise Refused(503, "busy", "Busy", "another plan is being made; ask again in a while")
        try:
            found = plan_of(
                installation.source(),
                installation.reading(),
                config,
                since=since,
                until=until,
                now=now,
                url=installation.state,
                given=given,
                otherwise=otherwise,
                most=_MOST_REHEARSED,
            )
        finally:
            _REHEARSING.release()
    except TooMuch:
        raise Refused(422, "too-much", "Too much", "that span holds too many runs to rehearse; shorten it") from None
    return json_response(plan_json(found.of(jobs) if jobs else found))


def diagnosis(call: Call) -> Response:
    """Answer as `aperture doctor --format json` does: `job`."""
    job = call.query("job")
    if job is not None:
        known(call, job)
    return json_response([finding_json(finding) for finding in findings_of(call.installation, job)])


def audited(call: Call) -> Response:
    """Answer as `aperture audit --format json` does: `from`, `until` (the last 7 days), `job`."""
    installation = call.installation
    until = instant(call, "until", Towards.PAST) or installation.now()
    since = instant(call, "from", Towards.PAST) or until - _AUDITED
    if since >= until:
        raise Refused(409, "bad-span", "Bad span", "from does not lie before until")
    jobs = [known(call, job) for job in call.queries("job")]
    found = audit(installation.store(), since=since, until=until, now=installation.now(), jobs=jobs or None)
    return json_response(audit_json(found, installation.zone()))


# ── what the routes share ────────────────────────────────────────────────────────────────────────


def require_config(call: Call) -> Config:
    """Return the file in force.

    Raises:
        Refused: There is none.
    """
    config = call.installation.config()
    if config is None:
        raise Refused(503, "no-file", "No valid file", "no valid file is in force; aperture check says why")
    return config


def known(call: Call, job: str) -> str:
    """Return *job*.

    Raises:
        Refused: Nothing knows of a job of that name.
    """
    config = call.installation.config()
    if config is not None and job in config.jobs:
        return job
    names = call.installation.names()
    if job in names:
        return job
    raise Refused(404, "unknown-job", "Unknown job", f'there is no job "{job[:80]}"{did_you_mean(job[:80], names)}')


def instant(call: Call, name: str, towards: Towards) -> datetime | None:
    """Return the instant that a query parameter says, as the option of that name is read; None where it is absent."""
    value = call.query(name)
    if value is None:
        return None
    try:
        return read_instant(value, now=call.installation.now(), zone=call.installation.zone(), towards=towards)
    except Unreadable as problem:
        raise Refused(400, "bad-query", "Bad query", f"{name}: {problem.message}; {problem.hint}") from None


def number(call: Call, name: str, *, least: int, most: int = _MOST_ROWS) -> int | None:
    """Return the whole number that a query parameter says; None where it is absent."""
    text = call.query(name)
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9 or not least <= int(text) <= most:
        raise Refused(400, "bad-query", "Bad query", f"{name} is a whole number from {least} to {most:,}")
    return int(text)


def _jobs(call: Call, among: Collection[str]) -> list[str]:
    jobs = call.queries("job")
    for job in jobs:
        if job not in among:
            near = did_you_mean(job[:80], among)
            raise Refused(404, "unknown-job", "Unknown job", f'there is no job "{job[:80]}"{near}')
    return jobs


def _status(text: str) -> Status:
    try:
        return Status(text)
    except ValueError:
        found = ", ".join(Status)
        raise Refused(400, "bad-query", "Bad query", f"status is one of {found}") from None


def _durations(call: Call, config: Config) -> tuple[dict[str, timedelta], timedelta]:
    by_job: dict[str, timedelta] = {}
    otherwise = ASSUMED
    for each in call.queries("duration"):
        job, has_job, span = each.rpartition("=")
        try:
            lasts = read_duration(span)
        except Unreadable as problem:
            raise Refused(400, "bad-query", "Bad query", f"duration: {problem.message}; {problem.hint}") from None
        if not has_job:
            otherwise = lasts
        elif job in config.jobs:
            by_job[job] = lasts
        else:
            raise Refused(404, "unknown-job", "Unknown job", f'there is no job "{job[:80]}"')
    return by_job, otherwise


def _not_too_many(rows: int) -> None:
    if rows > _MOST_ROWS:
        raise Refused(422, "too-much", "Too much", f"there are more than {_MOST_ROWS:,}; narrow it, or give a limit")
