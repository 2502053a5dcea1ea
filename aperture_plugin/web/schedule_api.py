"""The words of a job's schedule: read, previewed, saved to the file; and the switch that turns a job off and on."""

from __future__ import annotations

import logging
from datetime import timedelta
from itertools import islice
from typing import Any, Final

from starlette.responses import Response

from aperture_plugin.app.diff.diff_json import collision_json
from aperture_plugin.app.diff.new_collisions import RecurringCollision, collision_changes
from aperture_plugin.app.diff.slot_changes import Slots
from aperture_plugin.app.file_change import (
    FileChange,
    SavedMeanwhile,
    rescheduling,
    switching,
    version_of,
    write_change,
)
from aperture_plugin.app.json_views import coming, slot_json
from aperture_plugin.app.reschedule import CannotEdit
from aperture_plugin.app.source import ConfigRefused
from aperture_plugin.config.model import Config
from aperture_plugin.config.problem_report import problem_json
from aperture_plugin.config.problems import Place, Problem, Severity
from aperture_plugin.files.bounded_read import look_at
from aperture_plugin.web.access import Right
from aperture_plugin.web.endpoints import Call, json_response
from aperture_plugin.web.jobs_api import answered, conflicted
from aperture_plugin.web.query_api import known
from aperture_plugin.web.refusals import Refused
from aperture_plugin.words.parse_error import Unreadable
from aperture_plugin.words.phrases import phrase_of

__all__ = ["disable", "enable", "previewed", "put_schedule", "saved", "schedule"]

_log = logging.getLogger("aperture")

_NEXT: Final = 5
_MANY_JOBS: Final = 500
_PREVIEWED: Final = {True: timedelta(days=1), False: timedelta(days=14)}
"""Over which span new collisions are looked for: of a great many jobs, the coming day tells enough."""


def schedule(call: Call) -> Response:
    """Answer with the job's schedule as a phrase, and the version of the file that it stands in."""
    job = known(call, call.names["job"])
    content = _content(call)
    words = call.installation.job(job)
    if words is None:
        raise Refused(409, "not-in-file", "Not in the file", f"{job} is not in the file any more")
    version = version_of(content)
    return json_response({"schedule": phrase_of(words.schedule), "version": version}, headers={"etag": f'"{version}"'})


def put_schedule(call: Call) -> Response:
    """Save another schedule for the job; with `preview` only say what that would do."""
    job = known(call, call.names["job"])
    call.require_keys("schedule", "version")
    phrase, version = call.text("schedule"), call.text("version")
    if not phrase:
        raise Refused(422, "bad-value", "Bad value", 'schedule is missing: a phrase such as "Daily at 2:00 AM"')
    if call.flag("preview"):
        return json_response(previewed(call, job, phrase))
    if Right.EDIT not in call.visitor.rights:
        raise Refused(403, "forbidden", "Forbidden", "you have not the right to edit")
    return json_response(saved(call, job, phrase, version or ""))


def enable(call: Call) -> Response:
    """Switch the job on: `enabled` in the file, and nothing else."""
    return _switch(call, enabled=True)


def disable(call: Call) -> Response:
    """Switch the job off: `enabled` in the file, and nothing else."""
    return _switch(call, enabled=False)


def saved(call: Call, job: str, phrase: str, version: str) -> dict[str, Any]:
    """Save *phrase* as the schedule of *job* in the file that *version* tells, and return what came of it.

    Raises:
        Refused: The file is another by now, the phrase is bad, or the job is written in a way of its own.
    """
    content = _content(call)
    if not version:
        raise Refused(409, "no-version", "No version", "version is missing: that of the file which GET answers with")
    if version != version_of(content):
        raise _saved_meanwhile(call)
    change = _change(call, job, phrase, content)
    return _written(call, change)


def previewed(call: Call, job: str, phrase: str) -> dict[str, Any]:
    """Return what saving *phrase* as the schedule of *job* would do, without doing it."""
    now = call.installation.now()
    try:
        change = _change(call, job, phrase, _content(call))
    except Refused as refusal:
        if refusal.problems is None:
            raise
        return {
            "valid": False,
            "schedule": phrase,
            "next": [],
            "collisions": [],
            "problems": list(refusal.problems),
            "patch": "",
            "summary": refusal.detail,
        }
    upcoming = islice(coming(change.after, since=now, jobs=[job]), _NEXT)
    return {
        "valid": True,
        "schedule": phrase_of(change.new_job.schedule),
        "next": [slot_json(one, slot, change.after) for one, slot in upcoming],
        "collisions": [collision_json(one, change.after.zone) for one in new_collisions(call, change)],
        "problems": [problem_json(one) for one in _warnings(call, change)],
        "patch": change.patch,
        "summary": change.summary,
    }


def new_collisions(call: Call, change: FileChange) -> tuple[RecurringCollision, ...]:
    """Return the collisions that *change* brings in the coming time."""
    now = call.installation.now()
    if not change.changes:
        return ()
    span = _PREVIEWED[len(change.after.jobs) > _MANY_JOBS]
    return collision_changes(change.before, change.after, Slots(now, now + span))[0]


def _warnings(call: Call, change: FileChange) -> list[Problem]:
    """Return what would be warned of about the job."""
    reading = call.installation.source().read(change.new_content, now=call.installation.now(), linting=True)
    return [problem for problem in reading.problems if problem.job == change.job]


def _change(call: Call, job: str, phrase: str, content: bytes) -> FileChange:
    source, now = call.installation.source(), call.installation.now()
    try:
        return rescheduling(source, content, job, phrase, now=now)
    except KeyError as missing:
        raise Refused(404, "unknown-job", "Unknown job", str(missing.args[0])) from None
    except Unreadable as unreadable:
        problem = _problem_of_phrase(call, job, unreadable)
        raise Refused(422, "bad-schedule", "Bad schedule", unreadable.message, problems=[problem]) from None
    except ConfigRefused as refused:
        problems = [problem_json(one) for one in refused.problems if one.is_error]
        raise Refused(422, "bad-schedule", "Bad schedule", str(refused), problems=problems) from None
    except CannotEdit as cannot:
        raise Refused(422, "cannot-edit", "Cannot be edited here", str(cannot)) from None


def _switch(call: Call, *, enabled: bool) -> Response:
    job = known(call, call.names["job"])
    source, now = call.installation.source(), call.installation.now()
    try:
        change = switching(source, _content(call), job, enabled=enabled, now=now)
        body = _written(call, change)
    except KeyError as missing:
        return conflicted(call, Refused(404, "unknown-job", "Unknown job", str(missing.args[0])))
    except ConfigRefused as refused:
        problems = [problem_json(one) for one in refused.problems if one.is_error]
        detail = f"the file has errors, so it is not changed: {refused}"
        return conflicted(call, Refused(422, "bad-file", "Bad file", detail, problems=problems))
    except CannotEdit as cannot:
        return conflicted(call, Refused(422, "cannot-edit", "Cannot be edited here", str(cannot)))
    except Refused as refusal:
        return conflicted(call, refusal)
    if change.changes and not body["written"] and call.is_form:
        return call.site.templates.page("patch.html", call, job=job, change=body, file=source.name, bare=True)
    return answered(call, {"enabled": enabled, **body}, change.summary)


def _written(call: Call, change: FileChange) -> dict[str, Any]:
    """Write *change*, unless nothing changes or the file is not to be written, and return what came of it."""
    written = False
    if change.changes and not call.installation.gives_patches():
        try:
            written = write_change(call.installation.source(), change)
        except SavedMeanwhile:
            raise _saved_meanwhile(call) from None
        except OSError as error:
            detail = f"{change.before.file} cannot be written: {error.strerror or error}"
            raise Refused(507, "disk", "Cannot be written", detail) from None
    if written:
        _log.info("%s changed %s: %s", call.visitor.by, change.before.file, change.summary)
        call.installation.note_saved(change.new_content)
    return {
        "written": written,
        "schedule": phrase_of(change.new_job.schedule),
        "version": version_of(change.new_content if written else change.content),
        "patch": change.patch,
        "summary": change.summary,
    }


def _content(call: Call) -> bytes:
    content = look_at(call.installation.file)
    if isinstance(content, bytes):
        return content
    name = call.installation.source().name
    message = "is not there" if content is None else f"cannot be read: {content.reason}"
    raise Refused(409, "no-file", "No file", f"{name} {message}")


def _saved_meanwhile(call: Call) -> Refused:
    name = call.installation.source().name
    return Refused(409, "saved-meanwhile", "Saved meanwhile", f"{name} was saved by somebody else since you opened it")


def _problem_of_phrase(call: Call, job: str, unreadable: Unreadable) -> dict[str, Any]:
    words: Any = call.installation.job(job)
    config: Config | None = call.installation.config()
    listed = config is not None and job in config.jobs
    problem = Problem(
        severity=Severity.ERROR,
        code=unreadable.code,
        message=unreadable.message,
        hint=unreadable.hint or "write it as in the file",
        file=call.installation.source().name,
        place=words.place if listed else Place(1, 1),
        job=job,
    )
    return dict(problem_json(problem))
