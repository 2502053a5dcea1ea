"""Requests to the loop for a job: run, cancel, pause, resume.

A form of the page sends the same requests; it is answered by going back to the page, which says what came of it.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from aperture_plugin.app.json_views import run_json
from aperture_plugin.app.run_params import ParamRefused, asked_note, asked_params
from aperture_plugin.app.store_commands import ask_cancel, ask_pause, ask_resume, ask_run, running_loops
from aperture_plugin.app.time_arguments import Towards, read_instant
from aperture_plugin.ports import Pause
from aperture_plugin.rules.ids import RunIds
from aperture_plugin.rules.runs import Status
from aperture_plugin.web.endpoints import Call, json_response
from aperture_plugin.web.forms import back_to_page
from aperture_plugin.web.query_api import known
from aperture_plugin.web.refusals import Refused
from aperture_plugin.web.run_form import run_form_refused, written_params
from aperture_plugin.words.datetimes import moment_text
from aperture_plugin.words.parse_error import Unreadable
from aperture_plugin.words.time_display import iso_text

__all__ = ["cancel", "pause", "resume", "run"]

_log = logging.getLogger("aperture")


def run(call: Call) -> Response:
    """Queue a run of the job: 202 with the run."""
    job = known(call, call.names["job"])
    call.require_keys("params", "note")
    installation, now = call.installation, call.installation.now()
    words = installation.job(job)
    if words is None:
        raise Refused(409, "not-in-file", "Not in the file", f"{job} is not in the file any more")
    try:
        params = asked_params(words, installation.registered(job), _params(call))
    except (ParamRefused, Refused) as refused:
        if isinstance(refused, Refused) and not call.is_form:
            raise
        detail = f"{refused}; {refused.hint}" if isinstance(refused, ParamRefused) else refused.detail
        if call.field("form") == "with":
            return run_form_refused(call, detail)
        return conflicted(call, Refused(422, "bad-params", "Bad parameters", detail))
    store = installation.store(to_write=True)
    queued = ask_run(
        store,
        words,
        run_id=RunIds(os.urandom(4)).new(now),
        now=now,
        by=call.visitor.by,
        params=params,
        note=_note(call),
    )
    _log.info("%s asked for a run of %s (run %s)", call.visitor.by, job, queued.id)
    if queued.status is Status.SKIPPED:
        value = f"{job} is not run: {queued.reason}"
    elif running_loops(store, now=now):
        value = f"{job} is queued"
    else:
        value = f"{job} is queued; no loop is running, so it starts when one does"
    row = run_json(queued, installation.zone_of(job))
    return answered(call, row, value, status=202, is_bad=queued.status is Status.SKIPPED)


def cancel(call: Call) -> Response:
    """Ask what runs to stop, and take what waits out of its queue; 409 where there is nothing in hand."""
    job = known(call, call.names["job"])
    call.require_keys("run", "note")
    installation, now = call.installation, call.installation.now()
    store = installation.store(to_write=True)
    asked = ask_cancel(store, job, now=now, by=call.visitor.by, note=_note(call), run_id=call.text("run"))
    if asked.nothing:
        detail = f"nothing to cancel: {job} is neither running nor waiting"
        return conflicted(call, Refused(409, "nothing-to-cancel", "Nothing to cancel", detail))
    _log.info("%s cancelled %s", call.visitor.by, job)
    zone = installation.zone_of(job)
    body = {
        name: [run_json(one, zone) for one in runs]
        for name, runs in (
            ("stopping", [*asked.stopping, *asked.stopping_already]),
            ("dropped", asked.dropped),
        )
    }
    message = [f"{job} was asked to stop"] if body["stopping"] else []
    message += [f"{job} is out of its queue"] if body["dropped"] else []
    return answered(call, body, "; ".join(message))


def pause(call: Call) -> Response:
    """Hold the job's slots back, until it is resumed or until an instant."""
    job = known(call, call.names["job"])
    call.require_keys("until", "note")
    installation, now = call.installation, call.installation.now()
    value, zone = call.text("until"), installation.zone_of(job)
    until = None
    if value is not None:
        try:
            until = read_instant(value, now=now, zone=zone, towards=Towards.FUTURE)
        except Unreadable as problem:
            detail = f"until: {problem.message}; {problem.hint}"
            return conflicted(call, Refused(422, "bad-value", "Bad value", detail))
        if until <= now:
            return conflicted(call, Refused(409, "past", "Past already", f"until: {value[:80]} is past already"))
    held = Pause(job=job, since=now, until=until, note=_note(call), by=call.visitor.by)
    ask_pause(installation.store(to_write=True), [held])
    _log.info("%s paused %s", call.visitor.by, job)
    body = {"since": iso_text(now, zone), "note": held.note, "by": held.by}
    body["until"] = iso_text(until, zone)
    lasts = (
        "it is resumed" if until is None else moment_text(until.astimezone(zone).replace(tzinfo=None, microsecond=0))
    )
    return answered(call, {"job": job, "paused": body}, f"{job} is paused until {lasts}")


def resume(call: Call) -> Response:
    """Lift the job's pause; 409 where there is none."""
    job = known(call, call.names["job"])
    installation = call.installation
    if not ask_resume(installation.store(to_write=True), [job], now=installation.now()):
        return conflicted(call, Refused(409, "not-paused", "Not paused", f"{job} is not paused"))
    _log.info("%s resumed %s", call.visitor.by, job)
    return answered(call, {"job": job, "paused": None}, f"{job} is resumed; its slots fire from now on")


def answered(call: Call, body: Mapping[str, Any], text: str, *, status: int = 200, is_bad: bool = False) -> Response:
    """Return *body* to a program; send a form back to its page, which says what was *text*."""
    return back_to_page(call, text, is_bad=is_bad) if call.is_form else json_response(body, status=status)


def conflicted(call: Call, refusal: Refused) -> Response:
    """Refuse a program; send a form back to its page, which says why."""
    if not call.is_form:
        raise refusal
    return back_to_page(call, refusal.detail, is_bad=True)


def _params(call: Call) -> dict[str, object]:
    """Return the parameters that were sent: of JSON each as it is, of a form as text."""
    if call.is_form:
        return written_params(call)
    sent = call.json.get("params")
    if sent is not None and not isinstance(sent, dict):
        raise Refused(422, "bad-params", "Bad parameters", "params is not an object of names and values")
    return sent or {}


def _note(call: Call) -> str | None:
    return asked_note(call.text("note"), call.installation.environ, call.installation.config())
