"""Every endpoint there is, in the order in which paths are compared."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from aperture_plugin.web import job_pages, jobs_api, query_api, runs_api, schedule_api
from aperture_plugin.web.access import Right
from aperture_plugin.web.endpoints import Call, Endpoint
from aperture_plugin.web.event_stream import events
from aperture_plugin.web.health import healthz, readyz
from aperture_plugin.web.jobs_page import jobs_page
from aperture_plugin.web.login import log_in, log_out, login_form
from aperture_plugin.web.openapi import openapi
from aperture_plugin.web.refusals import Refused
from aperture_plugin.web.run_form import run_form
from aperture_plugin.web.schedule_page import save_schedule, schedule_form
from aperture_plugin.web.static_files import static_file
from aperture_plugin.web.timeline_page import timeline_page

__all__ = ["ENDPOINTS", "METRICS_ENDPOINTS"]


def _metrics(call: Call) -> Response:
    """Answer with the metrics, where the extra for them is installed."""
    try:
        from aperture_plugin.web.metrics import metrics
    except ModuleNotFoundError as missing:
        detail = f'{missing.name} is not installed: pip install "aperture-plugin[metrics]"'
        raise Refused(501, "no-metrics", "No metrics", detail) from None
    return metrics(call)


METRICS_ENDPOINTS: Final = (
    Endpoint(path="/metrics", answer=_metrics),
    Endpoint(path="/healthz", right=None, answer=healthz),
    Endpoint(path="/readyz", right=None, answer=readyz),
)

ENDPOINTS: Final = (
    Endpoint(path="/", answer=jobs_page),
    Endpoint(path="/static/{name}", right=None, answer=static_file),
    *METRICS_ENDPOINTS,
    Endpoint(path="/login", right=None, answer=login_form),
    Endpoint(path="/login", method="POST", right=None, answer=log_in),
    Endpoint(path="/logout", method="POST", right=None, answer=log_out),
    Endpoint(path="/jobs/{job}", answer=job_pages.job_page),
    Endpoint(path="/jobs/{job}/run", right=Right.OPERATE, answer=run_form),
    Endpoint(path="/jobs/{job}/pause", right=Right.OPERATE, answer=job_pages.pause_form),
    Endpoint(path="/jobs/{job}/cancel", right=Right.OPERATE, answer=job_pages.cancel_form),
    Endpoint(path="/jobs/{job}/schedule", answer=schedule_form),
    Endpoint(path="/jobs/{job}/schedule", method="POST", right=Right.EDIT, answer=save_schedule),
    Endpoint(path="/timeline", answer=timeline_page),
    Endpoint(path="/runs/{id}", answer=job_pages.run_page),
    Endpoint(path="/api/openapi.json", answer=openapi),
    Endpoint(path="/api/status", answer=query_api.status),
    Endpoint(path="/api/next", answer=query_api.upcoming),
    Endpoint(path="/api/history", answer=query_api.history),
    Endpoint(path="/api/plan", answer=query_api.plan),
    Endpoint(path="/api/doctor", answer=query_api.diagnosis),
    Endpoint(path="/api/audit", answer=query_api.audited),
    Endpoint(path="/api/events", answer=events),
    Endpoint(path="/api/runs/{id}", answer=runs_api.run),
    Endpoint(path="/api/runs/{id}/log", answer=runs_api.run_log),
    Endpoint(path="/api/jobs/{job}/run", method="POST", right=Right.OPERATE, answer=jobs_api.run),
    Endpoint(path="/api/jobs/{job}/cancel", method="POST", right=Right.OPERATE, answer=jobs_api.cancel),
    Endpoint(path="/api/jobs/{job}/pause", method="POST", right=Right.OPERATE, answer=jobs_api.pause),
    Endpoint(path="/api/jobs/{job}/resume", method="POST", right=Right.OPERATE, answer=jobs_api.resume),
    Endpoint(path="/api/jobs/{job}/enable", method="POST", right=Right.EDIT, answer=schedule_api.enable),
    Endpoint(path="/api/jobs/{job}/disable", method="POST", right=Right.EDIT, answer=schedule_api.disable),
    Endpoint(path="/api/jobs/{job}/schedule", answer=schedule_api.schedule),
    Endpoint(
        path="/api/jobs/{job}/schedule",
        method="PUT",
        right=Right.EDIT,
        preview=Right.READ,
        answer=schedule_api.put_schedule,
    ),
)
