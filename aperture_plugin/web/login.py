"""The login, where a token is needed: it gives the browser a cookie that stands for the token."""

from __future__ import annotations

import time
from typing import Final

from starlette.responses import RedirectResponse, Response

from aperture_plugin.web.access import SESSION_COOKIE, SESSION_SECONDS, address_of
from aperture_plugin.web.endpoints import Call, json_response
from aperture_plugin.web.forms import way_back
from aperture_plugin.web.refusals import Refused

__all__ = ["log_in", "log_out", "login_form"]

_RETRY: Final = "60"


def login_form(call: Call) -> Response:
    """Show the form."""
    return _page(call, wrong=None)


def log_in(call: Call) -> Response:
    """Take the token; five wrong ones a minute from one address are the most."""
    access = call.site.access
    if not access.asks_for_token:
        raise Refused(404, "no-login", "No login", "no token is set, so there is nothing to log in with")
    address = address_of(call.request)
    if not access.may_try(address):
        detail = "too many wrong tokens came from your address; wait a minute"
        if call.is_form:
            return _page(call, wrong=detail, status=429, headers={"retry-after": _RETRY})
        raise Refused(429, "too-many-tries", "Too many tries", detail, headers={"retry-after": _RETRY})
    text = (call.field("password") or "") if call.is_form else (call.text("token") or "")
    if not access.is_token(text.strip()):
        access.note_wrong(address)
        time.sleep(0.1)
        if call.is_form:
            return _page(call, wrong="that is not the token", status=401)
        raise Refused(401, "wrong-token", "Wrong token", "that is not the token")
    if call.is_form:
        response: Response = RedirectResponse(way_back(call, call.field("back")), status_code=303)
    else:
        response = json_response({"status": "logged in"})
    response.set_cookie(
        SESSION_COOKIE,
        access.new_session(),
        max_age=SESSION_SECONDS,
        httponly=True,
        samesite="strict",
        secure=call.request.url.scheme == "https",
        path="/",
    )
    return response


def log_out(call: Call) -> Response:
    """Delete the browser's cookie."""
    response = RedirectResponse(f"{call.base}login", status_code=303)
    response.delete_cookie(SESSION_COOKIE, path="/")
    return response


def _page(call: Call, *, wrong: str | None, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    back = call.field("back") or call.query("back") or ""
    return call.site.templates.page(
        "login.html", call, status=status, headers=headers, wrong=wrong, back=back, bare=True
    )
