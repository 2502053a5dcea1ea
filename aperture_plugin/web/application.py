"""The ASGI application: every request meets the same checks in the same order, then its endpoint answers.

The order: the Host header, the right, the path, the body's size, forgery, and only then the endpoint.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from aperture_plugin.app.installation import Installation
from aperture_plugin.ports import StoreRefused, StoreUnavailable
from aperture_plugin.web.access import PAGE_COOKIE, Access, Right, Visitor, host_is_known
from aperture_plugin.web.endpoints import LARGEST_BODY, Call, Endpoint, packed
from aperture_plugin.web.event_stream import Changes
from aperture_plugin.web.openapi import query_parameters
from aperture_plugin.web.refusals import Refused, problem_response
from aperture_plugin.web.routes import ENDPOINTS
from aperture_plugin.web.templates import Templates

__all__ = ["WebApplication"]

_log = logging.getLogger("aperture")

_THREADS: Final = 8
"""Answers are made in so many threads at most: a page is made in milliseconds, and the loop needs the rest."""

_HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_DENIED: Final = "off loopback a token is needed, and none is set (--web-token-file, APERTURE_WEB_TOKEN)"


class WebApplication:
    """The page and the API of one installation, an ASGI application that works below any path.

    Args:
        installation: The file and the store that it is about.
        access: The rights of callers.
        endpoints: The paths that are answered.
    """

    def __init__(self, installation: Installation, access: Access, endpoints: Sequence[Endpoint] = ENDPOINTS) -> None:
        self.installation = installation
        self.access = access
        self.templates = Templates()
        self.closing = threading.Event()
        self.changes = Changes(installation)
        self.threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="aperture-web")
        self.metrics: Any = None
        self.metrics_lock = threading.Lock()
        self._routes = [(_pattern(endpoint.path), endpoint) for endpoint in endpoints]

    def close(self) -> None:
        """End every stream, and let go of the store and of the threads."""
        self.closing.set()
        self.changes.close()
        self.threads.shutdown(wait=False, cancel_futures=True)
        self.installation.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI has it."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
            return
        request = Request(scope, receive)
        response = await self._answered(request)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("cache-control", "no-store")
        if request.method == "HEAD" and hasattr(response, "body"):
            response.body = b""
        await packed(response, request)(scope, receive, send)

    async def _answered(self, request: Request) -> Response:
        call: Call | None = None
        try:
            path = self._path_of(request)
            call = Call(request, self, Visitor(), path, _base_of(path))
            return await self._let_through(call)
        except Refused as refusal:
            return self._refused(refusal, request, call)
        except (StoreUnavailable, StoreRefused) as trouble:
            away = Refused(503, "store-away", "The store is away", str(trouble), headers={"retry-after": "2"})
            return self._refused(away, request, call)
        except Exception:  # noqa: BLE001  # whatever it is: the caller is answered, and the log tells of it in full
            _log.exception("%s %s failed", request.method, request.url.path)
            failed = Refused(500, "failed", "Internal error", "the program itself failed; its log says how")
            return self._refused(failed, request, call)

    async def _let_through(self, call: Call) -> Response:
        request = call.request
        if not host_is_known(request, self._hosts()):
            raise Refused(421, "foreign-host", "Misdirected request", "that Host is not one of this server's")
        endpoint, methods = self._endpoint(call)
        needs = Right.READ if endpoint is None else endpoint.right
        asks = endpoint is not None and endpoint.only_asks(call)
        if asks and endpoint is not None:
            needs = endpoint.preview
        if needs is not None:
            call.visitor = await self.access.visitor(request)
            self._require(needs, call)
        if endpoint is None:
            if methods:
                headers = {"allow": ", ".join(sorted(methods))}
                raise Refused(405, "bad-method", "Method not allowed", f"expected {headers['allow']}", headers=headers)
            if self._is_there_without_slash(call):
                query = f"?{request.url.query}" if request.url.query else ""
                return RedirectResponse(f"../{call.path.rstrip('/').rpartition('/')[2]}{query}", status_code=308)
            raise Refused(404, "not-found", "Not found", f"there is nothing at {call.path}")
        if endpoint.path.startswith("/api/"):
            call.require_parameters(query_parameters(endpoint.path, endpoint.method))
        if endpoint.method != "GET":
            call.body = await _body_of(request)
        if endpoint.method != "GET" and not asks:
            token = request.headers.get("x-aperture-token") or call.field("token") or ""
            if not self.access.is_free_of_forgery(request, token):
                raise Refused(403, "forged", "Forbidden", _forgery(request))
        return await endpoint(call)

    def _require(self, right: Right, call: Call) -> None:
        if right in call.visitor.rights:
            return
        if call.visitor.rights:
            raise Refused(403, "forbidden", "Forbidden", f"you have not the right to {right}")
        if self.access.asks_for_token:
            headers = {"www-authenticate": 'Bearer realm="aperture"'}
            raise Refused(401, "token-needed", "A token is needed", "present the token", headers=headers)
        message = "nobody has granted you a right" if self.access.authorize is not None else _DENIED
        raise Refused(403, "forbidden", "Forbidden", message)

    def _endpoint(self, call: Call) -> tuple[Endpoint | None, set[str]]:
        """Return what answers at the path, else the methods that something there is answered by."""
        method = "GET" if call.request.method == "HEAD" else call.request.method
        methods: set[str] = set()
        for pattern, endpoint in self._routes:
            found = pattern.fullmatch(call.path)
            if found is None:
                continue
            methods.add(endpoint.method)
            if endpoint.method == method:
                call.names = found.groupdict()
                return endpoint, methods
        return None, methods

    def _is_there_without_slash(self, call: Call) -> bool:
        path = call.path.rstrip("/")
        return call.path == f"{path}/" and any(pattern.fullmatch(path) for pattern, _ in self._routes)

    def _path_of(self, request: Request) -> str:
        """Return the path below the page's own, whether the proxy in front strips that or not."""
        path: str = request.scope["path"]
        roots = [request.scope.get("root_path", ""), self._public_path()]
        for root in roots:
            rest = path.removeprefix(root) if root and (path == root or path.startswith(f"{root}/")) else None
            if rest is not None and (root == roots[0] or any(one.fullmatch(rest or "/") for one, _ in self._routes)):
                path = rest or "/"
        return path

    def _public_path(self) -> str:
        url = self.installation.public_url()
        return "" if url is None else urlsplit(url).path.rstrip("/")

    def _hosts(self) -> set[str]:
        return {*self.access.hosts, *self.installation.public_hosts()}

    def _refused(self, refusal: Refused, request: Request, call: Call | None) -> Response:
        is_page = call is not None and not call.path.startswith(("/api/", "/metrics", "/healthz", "/readyz"))
        is_page = is_page or (call is not None and call.is_form)
        if not is_page or call is None or "text/html" not in request.headers.get("accept", ""):
            return problem_response(refusal)
        if refusal.status == 401 and request.method == "GET":
            back = quote(_back_to(request, call), safe="")
            return RedirectResponse(f"{call.base}login?back={back}", status_code=303)
        return self.templates.page(
            "refused.html", call, status=refusal.status, headers=refusal.headers, refusal=refusal, bare=True
        )

    def set_page_cookie(self, response: Response, token: str, request: Request) -> None:
        """Set the cookie that brings *token* to a twin of this application, which did not make the token."""
        response.set_cookie(
            PAGE_COOKIE, token, httponly=True, samesite="strict", secure=request.url.scheme == "https", path="/"
        )


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", path)
    return re.compile(
        "".join(f"(?P<{part}>[^/]+)" if place % 2 else re.escape(part) for place, part in enumerate(parts))
    )


def _base_of(path: str) -> str:
    return "../" * (path.count("/") - 1) or "./"


def _back_to(request: Request, call: Call) -> str:
    query = request.url.query
    return call.path.removeprefix("/") + (f"?{query}" if query else "")


def _forgery(request: Request) -> str:
    if "sec-fetch-site" not in request.headers and "origin" not in request.headers:
        return "a change needs an Origin header and the page's token, or the API token as Authorization: Bearer"
    return "this does not come from the page itself, or the page was shown too long ago; load it anew"


async def _body_of(request: Request) -> bytes:
    too_large = Refused(413, "too-large", "Too large", f"at most {LARGEST_BODY // 1024} KiB are taken")
    try:
        if int(request.headers.get("content-length") or 0) > LARGEST_BODY:
            raise too_large
    except ValueError:
        raise Refused(400, "bad-body", "Bad body", "its length is no number") from None
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST_BODY:
            raise too_large
    return bytes(body)


async def _live(receive: Receive, send: Send) -> None:
    """Take part in the start and the stop of a server that this application is all of."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
