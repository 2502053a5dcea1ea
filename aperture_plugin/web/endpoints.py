"""An endpoint: a method and a path, the right it asks for, and the function that answers."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response

from aperture_plugin.web.access import Right, Visitor
from aperture_plugin.web.refusals import Refused
from aperture_plugin.words.did_you_mean import did_you_mean
from aperture_plugin.words.plain_text import plain_json
from aperture_plugin.words.tokens import join_with_and

if TYPE_CHECKING:
    from aperture_plugin.app.installation import Installation
    from aperture_plugin.web.application import WebApplication

__all__ = ["LARGEST_BODY", "Call", "Endpoint", "json_response"]

LARGEST_BODY: Final = 64 * 1024
_NO_CHARACTER: Final = re.compile("[\x00\ud800-\udfff]")
_WORTH_PACKING: Final = 1024
_PACKED: Final = ("text/html", "application/json", "text/css", "text/javascript", "text/plain", "application/problem")


@dataclass
class Call:
    """One request that was let through, as an endpoint sees it.

    Attributes:
        path: The part of the URL's path below the page's own.
        base: The path from the requested URL to the jobs page, as a relative URL.
        body: The body that was sent with it.
    """

    request: Request
    site: WebApplication
    visitor: Visitor
    path: str
    base: str
    body: bytes = b""
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def installation(self) -> Installation:
        """The file and the store that the page is about."""
        return self.site.installation

    @property
    def is_form(self) -> bool:
        """True if a form of the page sent it, so that the answer is a page too."""
        return self.request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")

    @property
    def streams(self) -> bool:
        """True if streams pass to the caller: below a WSGI server each would keep one of its threads."""
        return "wsgi_environ" not in self.request.scope

    @cached_property
    def form(self) -> dict[str, list[str]]:
        """The fields of a form, each with its values."""
        try:
            return parse_qs(self.body.decode(), keep_blank_values=True, max_num_fields=500) if self.is_form else {}
        except (UnicodeDecodeError, ValueError):
            raise Refused(400, "bad-body", "Bad body", "the form cannot be read") from None

    def field(self, name: str) -> str | None:
        """Return the value of a form's field; None where it is absent or empty."""
        return next((value for value in self.form.get(name, ()) if value), None)

    @cached_property
    def json(self) -> dict[str, Any]:
        """The JSON object that was sent; empty where nothing was."""
        if not self.body.strip():
            return {}
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            raise Refused(400, "bad-body", "Bad body", "the body is not JSON") from None
        if not isinstance(found, dict):
            raise Refused(400, "bad-body", "Bad body", "the body is not a JSON object")
        return found

    def require_keys(self, *known: str) -> None:
        """Check that the JSON object has no other keys: a misspelt `until` would pause a job for good.

        Raises:
            Refused: It has.
        """
        expected = join_with_and(list(known), "or")
        for name in [] if self.is_form else self.json:
            if name not in known:
                near = did_you_mean(name[:80], known) or f"; expected {expected}"
                raise Refused(422, "unknown-key", "Unknown key", f'"{name[:80]}" is not a key of this request{near}')

    def require_parameters(self, known: Collection[str]) -> None:
        """Check that the URL has no other query parameters: without a misspelt filter the answer is another one.

        Raises:
            Refused: It has.
        """
        for name in self.request.query_params:
            if name not in known:
                expected = f"; expected {join_with_and(sorted(known), 'or')}" if known else ": there are none"
                near = did_you_mean(name[:80], known) or expected
                detail = f'"{name[:80]}" is not a parameter of {self.path}{near}'
                raise Refused(422, "unknown-parameter", "Unknown parameter", detail)

    def text(self, name: str) -> str | None:
        """Return a text of the JSON object, None where it is absent or null; of a form also where it is empty.

        Raises:
            Refused: It is not a text.
        """
        found = self.field(name) if self.is_form else self.json.get(name)
        if found is not None and not isinstance(found, str):
            raise Refused(422, "bad-value", "Bad value", f"{name} is not a text")
        return None if found is None else _NO_CHARACTER.sub("\ufffd", found)

    def query(self, name: str) -> str | None:
        """Return the last value of a query parameter; None where it is absent."""
        return self.request.query_params.get(name)

    def queries(self, name: str) -> list[str]:
        """Return every value of a query parameter."""
        return self.request.query_params.getlist(name)

    def flag(self, name: str) -> bool:
        """Return whether a query parameter says yes."""
        value = self.query(name)
        if value not in {None, "0", "1"}:
            raise Refused(400, "bad-query", "Bad query", f"{name} is 1 or 0")
        return value == "1"


Answer = Callable[[Call], "Response | Awaitable[Response]"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """The answer at one path to one method.

    Attributes:
        path: With `{name}` for a part that is looked up in `Call.names`.
        right: The right that a caller needs; None where everybody is answered.
        preview: The right of a caller who only asks, by `?preview=1`, what it would do.
        answer: Called in a worker thread, or, where it is `async`, in the event loop.
    """

    path: str
    method: str = "GET"
    right: Right | None = Right.READ
    preview: Right | None = None
    answer: Answer

    def only_asks(self, call: Call) -> bool:
        """Return whether *call* asks what a change would do."""
        return self.preview is not None and call.flag("preview")

    async def __call__(self, call: Call) -> Response:
        """Answer *call*."""
        if asyncio.iscoroutinefunction(self.answer):
            found: Response = await self.answer(call)
            return found
        loop = asyncio.get_running_loop()
        answered = await loop.run_in_executor(call.site.threads, self.answer, call)
        assert isinstance(answered, Response), "only an async endpoint is awaited"
        return answered


def json_response(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return *value* as JSON."""
    text = plain_json(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    return Response(
        text.encode("utf-8", "backslashreplace"),
        status_code=status,
        media_type="application/json",
        headers=dict(headers or {}),
    )


def packed(response: Response, request: Request) -> Response:
    """Return *response* compressed where the caller takes that and it is worth it."""
    body = getattr(response, "body", None)
    if (
        not isinstance(body, bytes)
        or len(body) < _WORTH_PACKING
        or "gzip" not in request.headers.get("accept-encoding", "")
        or not response.headers.get("content-type", "").startswith(_PACKED)
        or "content-encoding" in response.headers
    ):
        return response
    response.body = gzip.compress(body, compresslevel=5, mtime=0)
    response.headers["content-length"] = str(len(response.body))
    response.headers["content-encoding"] = "gzip"
    response.headers.add_vary_header("Accept-Encoding")
    return response
