"""The schedule dialog: what a job's schedule is, what another one would do, and saving it to the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from starlette.responses import Response

from aperture_plugin.app.file_change import version_of
from aperture_plugin.files.bounded_read import look_at
from aperture_plugin.web.endpoints import Call
from aperture_plugin.web.forms import back_to_page, shown
from aperture_plugin.web.job_pages import head_of
from aperture_plugin.web.page_text import at, clock, day_and_time
from aperture_plugin.web.query_api import known
from aperture_plugin.web.refusals import Refused
from aperture_plugin.web.schedule_api import previewed, saved
from aperture_plugin.web.schedule_fields import DAYS, OFFERED, ScheduleFields, fields_of, phrase_from
from aperture_plugin.words.numbers import counted
from aperture_plugin.words.phrases import phrase_of
from aperture_plugin.words.tokens import join_with_and

__all__ = ["save_schedule", "schedule_form"]

_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)")


def schedule_form(call: Call) -> Response:
    """Show the schedule as it is, and what comes of it."""
    job = known(call, call.names["job"])
    words = call.installation.job(job)
    if words is None:
        raise Refused(409, "not-in-file", "Not in the file", f"{job} is not in the file any more")
    version = version_of(look_at(call.installation.file))
    phrase = phrase_of(words.schedule)
    return _page(call, job, phrase, fields_of(words.schedule), version)


def save_schedule(call: Call) -> Response:
    """Show what the fields would do, or save them; any objection is shown beside them."""
    job = known(call, call.names["job"])
    phrase, fields = phrase_from(call.form)
    version = call.field("version") or ""
    if call.field("do") != "save":
        return _page(call, job, phrase, fields, version)
    try:
        done = saved(call, job, phrase, version)
    except Refused as refusal:
        if refusal.kind in {"saved-meanwhile", "no-version"}:
            return _page(call, job, phrase, fields, version, conflict=refusal.detail, status=409)
        return _page(call, job, phrase, fields, version, wrong=refusal.detail, status=refusal.status)
    if done["patch"] and not done["written"]:
        return _page(call, job, phrase, fields, version, patch=done)
    return back_to_page(call, done["summary"])


def _page(
    call: Call,
    job: str,
    phrase: str,
    fields: ScheduleFields,
    version: str,
    *,
    conflict: str | None = None,
    wrong: str | None = None,
    patch: dict[str, Any] | None = None,
    status: int = 200,
) -> Response:
    installation, now = call.installation, call.installation.now()
    zone = installation.zone_of(job)
    try:
        preview = previewed(call, job, phrase)
    except Refused as refusal:
        preview = {"valid": False, "problems": [], "summary": refusal.detail, "schedule": phrase, "patch": ""}
    config, words = installation.config(), installation.job(job)
    titles = {} if config is None else {name: one.title or name for name, one in config.jobs.items()}
    stays = []
    if words is not None:
        stays += [f"needs {join_with_and([titles.get(name, name) for name in words.needs])}"] if words.needs else []
        stays += [f"runs in queue {words.queue}"]
    return shown(
        call,
        "schedule.html",
        status=status,
        head=head_of(call),
        job=job,
        title=titles.get(job, job),
        zone=f"times are those of {zone}, now {clock(now, zone)}",
        fields=fields,
        days=DAYS,
        offered=OFFERED,
        jobs=[name for name in titles if name != job][:200],
        titles=titles,
        stays=" and ".join(stays),
        version=version,
        present=version_of(look_at(installation.file)),
        preview=preview,
        coming=list(_coming(preview.get("next", ()), zone, now)),
        collisions=[_collision(one, titles, zone, now) for one in preview.get("collisions", ())],
        difference=list(_difference(preview["patch"])),
        file=installation.source().name,
        conflict=conflict,
        wrong=wrong,
        patch=patch,
    )


def _coming(slots: Any, zone: ZoneInfo, now: datetime) -> Iterator[tuple[str, str, str]]:
    for slot in slots:
        due = datetime.fromisoformat(slot["utc"])
        day, face = day_and_time(due, zone, now=now)
        local, written = due.astimezone(zone), datetime.fromisoformat(slot["nominal"])
        remark = ""
        if local.replace(tzinfo=None) != written:
            remark = f"written as {written:%H:%M}, which the clocks skip that day"
        elif local.fold:
            remark = "the second time that night"
        elif (local + timedelta(0)).utcoffset() != local.replace(fold=1).utcoffset():
            remark = "comes twice that night; runs once, the first time"
        yield day, face, remark


def _collision(one: dict[str, Any], titles: dict[str, str], zone: ZoneInfo, now: datetime) -> tuple[str, str]:
    names = join_with_and([titles.get(name, name) for name in one["jobs"]])
    first = at(datetime.fromisoformat(one["first"]), zone, now=now)
    queue = f"queue {one['queue']} runs {one['seats']} at once"
    return f"{names} collide", f"{queue}; {counted(one['times'], 'time')} in the days to come, first {first}"


def _difference(patch: str) -> Iterator[tuple[str, str]]:
    """Yield the lines of a patch, each with its number in the file and what becomes of it."""
    old = new = 0
    for line in patch.splitlines():
        found = _HUNK.match(line)
        if found is not None:
            old, new = int(found[1]), int(found[2])
        elif line.startswith(("---", "+++", "\\")):
            continue
        elif line.startswith("-"):
            yield "del", f"{old:4} - {line[1:]}"
            old += 1
        elif line.startswith("+"):
            yield "add", f"{new:4} + {line[1:]}"
            new += 1
        else:
            yield "", f"{new:4}   {line[1:]}"
            old, new = old + 1, new + 1
