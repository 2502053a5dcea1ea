"""OpenAPI 3.1 of the API, for programs that make a client or test one."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from starlette.responses import Response

from aperture_plugin import __version__
from aperture_plugin.rules.runs import Status
from aperture_plugin.web.endpoints import Call, json_response
from aperture_plugin.web.openapi_schemas import SCHEMAS, ref

__all__ = ["openapi", "query_parameters"]

_TITLES: Final = {
    400: "The request cannot be read",
    401: "The token is missing",
    403: "The right is missing, or the request does not come from the page",
    404: "There is no such job or run",
    409: "It does not fit how things are",
    413: "The body is too large",
    422: "What it says cannot be done",
    503: "The store is away, or no valid file is in force",
    507: "The file cannot be written",
}
_EVENTS: Final[dict[str, Any]] = {"text/event-stream": {}}
_SPAN: Final = "[1-9][0-9]? (minutes|hours|days)"
_DAY: Final = "20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"
_CLOCK: Final = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_OFFSET: Final = "(Z|[+-](0[0-9]|1[0-2]):[0-5][0-9])"
_LASTS: Final = {"type": "string", "pattern": f"^([A-Za-z0-9]+=)?{_SPAN}$"}
_MOMENT: Final = "ISO 8601, or a time from now; other words of the command are read as well: `tomorrow 6 AM`"
_INSTANT: Final = {"type": "string", "pattern": f"^({_SPAN}|{_DAY}T{_CLOCK}{_OFFSET})$"}


def openapi(call: Call) -> Response:  # noqa: ARG001  # the same for all
    """Answer with the description of the API."""
    return json_response(_document())


@cache
def query_parameters(path: str, method: str) -> frozenset[str]:
    """Return the names of the query parameters that an endpoint of the API takes, by its description."""
    operation = _document()["paths"].get(path, {}).get(method.lower(), {})
    return frozenset(each["name"] for each in operation.get("parameters", ()) if each["in"] == "query")


def _document() -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "aperture",
            "version": __version__,
            "description": "Shapes are those of the commands' `--format json`. Changes need the same origin and the "
            "page's token in `X-Aperture-Token`, or the API token as `Authorization: Bearer`.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": ".."}],
        "security": [{"bearer": []}, {"session": []}, {}],
        "paths": {**_queries(), **_runs(), **_jobs(), **_health()},
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "aperture_session"},
            },
        },
    }


def _queries() -> dict[str, Any]:
    since = _query("from", _INSTANT, f"That instant included; {_MOMENT}.")
    until = _query("until", _INSTANT, f"That instant excluded; {_MOMENT}.")
    jobs = _list("job", ref("JobName"), "Only this job; may be repeated.")
    count = {"type": "integer", "minimum": 1, "maximum": 10_000}
    return {
        "/api/openapi.json": _get("This description", {"type": "object"}),
        "/api/status": _get("What runs, what waits and why, and what comes next", ref("Status"), 503),
        "/api/next": _get(
            "The slots that come up, in the order in which their runs queue",
            _many("Slot"), 400, 404, 422, 503,
            parameters=[since, until, jobs, _query("count", count, "At most so many; 10, or with `until` all.")],
        ),
        "/api/history": _get(
            "Attempts, newest first",
            _many("Run"), 400, 404, 422, 503,
            parameters=[
                jobs,
                _list("status", {"type": "string", "enum": [*Status]}, "Only runs in this state; may be repeated."),
                _query("since", _INSTANT, f"Only runs queued since then; {_MOMENT}."),
                _query("limit", {**count, "minimum": 0}, "At most so many; 20, and 0 for all."),
            ],
        ),
        "/api/plan": _get(
            "The coming days, rehearsed",
            {"type": "object"}, 400, 404, 409, 422, 503,
            parameters=[
                since,
                until,
                _query("days", {"type": "integer", "minimum": 1, "maximum": 92}, "In place of `until`; 2."),
                jobs,
                _list("duration", _LASTS, "`[JOB=]SPAN`: how long JOB, or any job not measured, lasts."),
            ],
        ),
        "/api/doctor": _get(
            "Why a job did not run, runs long, or fails often",
            _many("Finding"), 404, 503,
            parameters=[_query("job", ref("JobName"), "The job asked about; all if left out.")],
        ),
        "/api/audit": _get(
            "What became of every slot",
            {"type": "object"}, 400, 404, 409, 503,
            parameters=[since, until, jobs],
        ),
        "/api/events": {
            "get": {
                "summary": "What changes: `run` (a row of history), `config` (as in status), `loop` (a row of `loops`)",
                "operationId": "events",
                "responses": {"200": {"description": "Events without end", "content": _EVENTS}, **_problems(503)},
            }
        },
    }  # fmt: skip


def _runs() -> dict[str, Any]:
    run_id = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
    follow = _query("follow", {"type": "string", "enum": ["0", "1"]}, "1: as events `line`, closed by `end`.")
    text = {"text/plain": {"schema": {"type": "string"}}}
    return {
        "/api/runs/{id}": _get("The attempts of a run, newest first", _many("Run"), 404, 503, parameters=[run_id]),
        "/api/runs/{id}/log": {
            "get": {
                "summary": "The log of a run",
                "operationId": "log",
                "parameters": [run_id, follow],
                "responses": {
                    "200": {"description": "The log", "content": {**text, **_EVENTS}},
                    **_problems(400, 404, 503),
                },
            }
        },
    }


def _jobs() -> dict[str, Any]:
    job = {"name": "job", "in": "path", "required": True, "schema": ref("JobName")}
    note = {"type": ["string", "null"], "description": "Why, for the record."}
    params = {
        "type": ["object", "null"],
        "description": "Parameters of this run alone. Those that the job does not know are refused.",
    }
    strict = {"type": "object", "additionalProperties": False}
    ask = {**strict, "properties": {"params": params, "note": note}}
    hold = {
        **strict,
        "properties": {"until": {"anyOf": [_INSTANT, {"type": "null"}], "description": _MOMENT}, "note": note},
    }
    why = {**strict, "properties": {"note": note, "run": {"type": ["string", "null"]}}}
    new = {
        **strict,
        "required": ["schedule"],
        "properties": {"schedule": {"type": "string", "minLength": 1}, "version": {"type": ["string", "null"]}},
    }
    preview = _query("preview", {"type": "string", "enum": ["0", "1"]}, "1: write nothing; needs the right `read`.")
    switched = {"type": "object", "properties": {"enabled": {"type": "boolean"}}, "required": ["enabled"]}
    path = "/api/jobs/{job}"
    return {
        f"{path}/run": _change("run", "Queue a run of a job", job, ref("Run"), ask, status=202),
        f"{path}/cancel": _change("cancel", "Stop a run, or take it out of its queue", job, {"type": "object"}, why),
        f"{path}/pause": _change("pause", "Hold a job's slots back", job, {"type": "object"}, hold),
        f"{path}/resume": _change("resume", "Lift a job's pause", job, {"type": "object"}, None),
        f"{path}/enable": _change("enable", "Switch a job on, in the file", job, switched, None),
        f"{path}/disable": _change("disable", "Switch a job off, in the file", job, switched, None),
        f"{path}/schedule": {
            **_get("A job's schedule, and the version of the file", ref("Schedule"), 404, 409, 503, parameters=[job]),
            "put": _change(
                "reschedule",
                "Save another schedule in the file",
                job,
                {"anyOf": [ref("Saved"), ref("Preview")]},
                new,
                parameters=[preview],
            )["post"],
        },
    }  # fmt: skip


def _health() -> dict[str, Any]:
    body = {"application/json": {"schema": ref("Health")}}
    return {
        f"/{name}": {
            "get": {
                "summary": summary,
                "operationId": name,
                "security": [],
                "responses": {
                    "200": {"description": "Yes", "content": body},
                    "503": {"description": "No", "content": body},
                },
            }
        }
        for name, summary in (
            ("healthz", "Whether the process lives and its loop ticks"),
            ("readyz", "Whether a valid file is in force and the store answers"),
        )
    }


def _get(summary: str, schema: dict[str, Any], *errors: int, parameters: list[Any] | None = None) -> dict[str, Any]:
    ok = {"description": summary, "content": {"application/json": {"schema": schema}}}
    return {
        "get": {
            "summary": summary,
            "parameters": parameters or [],
            "responses": {"200": ok, **_problems(*errors)},
        }
    }


def _change(
    name: str,
    summary: str,
    job: dict[str, Any],
    schema: dict[str, Any],
    body: dict[str, Any] | None,
    *,
    status: int = 200,
    parameters: list[Any] | None = None,
) -> dict[str, Any]:
    header = {"name": "X-Aperture-Token", "in": "header", "schema": {"type": "string"}, "required": False}
    operation: dict[str, Any] = {
        "summary": summary,
        "operationId": name,
        "parameters": [job, header, *(parameters or [])],
        "responses": {
            str(status): {"description": summary, "content": {"application/json": {"schema": schema}}},
            **_problems(400, 404, 409, 413, 422, 503, 507),
        },
    }
    if body is not None:
        operation["requestBody"] = {
            "required": bool(body.get("required")),
            "content": {"application/json": {"schema": body}},
        }
    return {"post": operation}


def _problems(*errors: int) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": ref("Problem")}}
    return {str(one): {"description": _TITLES[one], "content": content} for one in (*errors, 401, 403, 422)}


def _many(name: str) -> dict[str, Any]:
    return {"type": "array", "items": ref(name)}


def _query(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


def _list(name: str, items: dict[str, Any], description: str) -> dict[str, Any]:
    return {**_query(name, {"type": "array", "items": items}, description), "style": "form", "explode": True}
