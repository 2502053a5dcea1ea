"""The stable JSON shapes of the API as JSON Schema (DESIGN.md, section 5)."""

from __future__ import annotations

from typing import Any, Final

from aperture_plugin.rules.runs import RunTrigger, Status

__all__ = ["SCHEMAS", "ref"]


def ref(name: str) -> dict[str, str]:
    """Return a reference to the schema *name*."""
    return {"$ref": f"#/components/schemas/{name}"}


def _shape(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


def _maybe(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def _many(name: str) -> dict[str, Any]:
    return {"type": "array", "items": ref(name)}


_TEXT: Final = {"type": "string"}
_TEXT_OR_NULL: Final = {"type": ["string", "null"]}
_INSTANT: Final = {"type": "string", "format": "date-time"}
_INSTANT_OR_NULL: Final = {"type": ["string", "null"], "format": "date-time"}
_WHOLE: Final = {"type": "integer"}
_WHOLE_OR_NULL: Final = {"type": ["integer", "null"]}
_FLAG: Final = {"type": "boolean"}

SCHEMAS: Final[dict[str, Any]] = {
    "JobName": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"},
    "Run": _shape(
        id=_TEXT,
        job=_TEXT,
        slot=_INSTANT_OR_NULL,
        trigger={"type": "string", "enum": [*RunTrigger]},
        missed=_WHOLE,
        status={"type": "string", "enum": [*Status]},
        reason=_TEXT_OR_NULL,
        attempt=_WHOLE,
        queued_at=_INSTANT,
        started_at=_INSTANT_OR_NULL,
        finished_at=_INSTANT_OR_NULL,
        duration={"type": ["number", "null"], "description": "Seconds."},
        items_done=_WHOLE_OR_NULL,
        items_total=_WHOLE_OR_NULL,
        error=_TEXT_OR_NULL,
        result={},
        params={"type": ["object", "null"], "description": "What it was asked for with; secrets are masked."},
        note=_TEXT_OR_NULL,
    ),
    "Slot": _shape(job=ref("JobName"), fires_at=_INSTANT, utc=_INSTANT, nominal=_TEXT),
    "Pause": _shape(since=_INSTANT, until=_INSTANT_OR_NULL, note=_TEXT_OR_NULL, by=_TEXT_OR_NULL),
    "Job": _shape(
        job=_TEXT,
        title=_TEXT,
        category=_TEXT_OR_NULL,
        schedule=_TEXT,
        enabled=_FLAG,
        paused=_maybe(ref("Pause")),
        state=_TEXT,
        waiting_for=_TEXT_OR_NULL,
        next_run=_INSTANT_OR_NULL,
        last_run=_maybe(ref("Run")),
    ),
    "Loop": _shape(
        id=_TEXT,
        host=_TEXT,
        pid=_WHOLE,
        version=_TEXT_OR_NULL,
        since=_INSTANT,
        beat_at=_INSTANT,
        generation=_WHOLE_OR_NULL,
        file_hash=_TEXT_OR_NULL,
        accepted_at=_INSTANT_OR_NULL,
        newest=_FLAG,
        skew_seconds={"type": ["number", "null"], "description": "Positive for a clock that is ahead of the store's."},
        unknown_jobs={"type": "array", "items": _TEXT},
    ),
    "FileProblem": _shape(
        severity={"type": "string", "enum": ["error", "warning"]},
        code=_TEXT,
        message=_TEXT,
        hint=_TEXT,
        file=_TEXT,
        line=_WHOLE,
        column=_WHOLE,
        job=_TEXT_OR_NULL,
    ),
    "Config": _shape(
        file=_TEXT,
        loaded_at=_INSTANT_OR_NULL,
        preset=_TEXT_OR_NULL,
        timezone=_TEXT,
        rejected=_maybe(_shape(at=_INSTANT, problems=_many("FileProblem"))),
    ),
    "Status": _shape(
        running=_FLAG,
        pid=_WHOLE_OR_NULL,
        since=_INSTANT_OR_NULL,
        config=ref("Config"),
        loops=_many("Loop"),
        jobs=_many("Job"),
        queue=_many("Run"),
    ),
    "Finding": _shape(
        step=_TEXT,
        verdict={"type": "string", "enum": ["ok", "note", "problem"]},
        found=_TEXT,
        advice=_TEXT_OR_NULL,
        job=_TEXT_OR_NULL,
    ),
    "Collision": _shape(
        queue=_TEXT, seats=_WHOLE, jobs={"type": "array", "items": _TEXT}, times=_WHOLE, first=_INSTANT
    ),
    "Schedule": _shape(schedule=_TEXT, version=_TEXT),
    "Saved": _shape(
        written={"type": "boolean", "description": "Whether the file was written; else the patch is the change."},
        schedule=_TEXT,
        version=_TEXT,
        patch=_TEXT,
        summary=_TEXT,
    ),
    "Preview": _shape(
        valid=_FLAG,
        schedule=_TEXT,
        next=_many("Slot"),
        collisions=_many("Collision"),
        problems=_many("FileProblem"),
        patch=_TEXT,
        summary=_TEXT,
    ),
    "Health": _shape(status=_TEXT),
    "Problem": {
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string", "format": "uri"},
            "title": _TEXT,
            "status": _WHOLE,
            "detail": _TEXT,
            "problems": _many("FileProblem"),
        },
    },
}
