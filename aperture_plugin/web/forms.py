"""Forms without a script: what they send, and the way back to the page that they stand on."""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.parse import quote, unquote

from starlette.responses import RedirectResponse, Response

from aperture_plugin.web.endpoints import Call

__all__ = ["ANSWER_COOKIE", "answer_of", "back_to_page", "shown", "way_back"]

ANSWER_COOKIE: Final = "aperture_answer"
_MOST: Final = 600


def back_to_page(call: Call, text: str, *, is_bad: bool = False) -> Response:
    """Return the browser to the page that its form stands on, which then shows *text*."""
    response = RedirectResponse(way_back(call, call.field("back")), status_code=303)
    value = quote(json.dumps({"text": text[:_MOST], "bad": is_bad}))
    response.set_cookie(ANSWER_COOKIE, value, max_age=60, httponly=True, samesite="strict", path="/")
    return response


def way_back(call: Call, text: str | None) -> str:
    """Return the relative URL of a page of ours that *text* names, from the jobs page on; else that of the jobs."""
    path = text or ""
    # Only below our own path: a scheme, a host or a way up would lead elsewhere.
    name = path.partition("?")[0]
    if path.startswith(("/", "\\")) or ":" in name or "\\" in path or ".." in name.split("/") or not path.isprintable():
        path = ""
    return f"{call.base}{path}"


def answer_of(call: Call) -> dict[str, Any] | None:
    """Return what the last form came to, once; None where there is nothing to tell."""
    try:
        found = json.loads(unquote(call.request.cookies[ANSWER_COOKIE]))
        return {"text": str(found["text"])[:_MOST], "bad": bool(found["bad"])}
    except (KeyError, ValueError, TypeError):
        return None


def shown(call: Call, template: str, *, status: int = 200, **values: Any) -> Response:
    """Return a page of the installation; what a form came to is shown once."""
    query = call.request.url.query
    here = call.path.removeprefix("/") + (f"?{query}" if query else "")
    response = call.site.templates.page(template, call, status=status, here=here, **values)
    if ANSWER_COOKIE in call.request.cookies:
        response.delete_cookie(ANSWER_COOKIE, path="/")
    return response
