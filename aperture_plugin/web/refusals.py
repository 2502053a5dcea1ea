"""Refusals of a request: problem details of RFC 9457, and the same in words for a person."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.responses import Response

from aperture_plugin.words.errors import ApertureError
from aperture_plugin.words.plain_text import plain_json

__all__ = ["Refused", "problem_response"]

_LONGEST_DETAIL: Final = 1000


class Refused(ApertureError):
    """A request that is answered with an error.

    Attributes:
        status: Of HTTP.
        kind: A stable name, such as `unknown-job`.
        title: The same for all of that kind; a few words.
        detail: The fault in this case; a sentence.
        problems: Those of the file, in the shape of `aperture check`.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        title: str,
        detail: str,
        *,
        problems: Sequence[Mapping[str, Any]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.title = title
        self.detail = detail
        self.problems = problems
        self.headers = headers or {}


def problem_response(refusal: Refused) -> Response:
    """Return *refusal* as `application/problem+json`."""
    detail = refusal.detail
    body: dict[str, Any] = {
        "type": f"urn:aperture:{refusal.kind}",
        "title": refusal.title,
        "status": refusal.status,
        "detail": detail if len(detail) <= _LONGEST_DETAIL else f"{detail[: _LONGEST_DETAIL - 2]} …",
    }
    if refusal.problems is not None:
        body["problems"] = list(refusal.problems)
    return Response(
        plain_json(json.dumps(body, ensure_ascii=False)),
        status_code=refusal.status,
        media_type="application/problem+json",
        headers=dict(refusal.headers),
    )
