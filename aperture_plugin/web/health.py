"""`/healthz` and `/readyz`, for supervisors that start the process anew, or send it requests."""

from __future__ import annotations

from starlette.responses import Response

from aperture_plugin.ports import StoreRefused, StoreUnavailable
from aperture_plugin.web.endpoints import Call, json_response

__all__ = ["healthz", "readyz"]


def healthz(call: Call) -> Response:
    """Answer 200 while the process lives and its loop, if it has one, ticks; else 503."""
    trouble = call.installation.loop_trouble()
    return _answer("ok" if trouble is None else "failed", trouble)


def readyz(call: Call) -> Response:
    """Answer 200 while a valid file is in force and the store answers; else 503. A refused save changes nothing."""
    try:
        trouble = call.installation.loop_trouble() or call.installation.store_trouble()
        if trouble is None and call.installation.config() is None:
            trouble = "no valid file is in force"
    except (StoreUnavailable, StoreRefused) as away:
        trouble = str(away)
    return _answer("ready" if trouble is None else "not ready", trouble)


def _answer(status: str, trouble: str | None) -> Response:
    # Nobody was asked for a right: why the store is away is for the log, and for those who may read.
    return json_response({"status": status}, status=200 if trouble is None else 503)
