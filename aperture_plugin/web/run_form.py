"""The "run with…" form of a job: a field for each parameter that it takes, and a note."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from aperture_plugin.app.run_params import Written
from aperture_plugin.app.value_text import shown_params
from aperture_plugin.web.endpoints import Call
from aperture_plugin.web.forms import shown
from aperture_plugin.web.job_pages import head_of, title_of
from aperture_plugin.web.query_api import known
from aperture_plugin.web.refusals import Refused

__all__ = ["ParamField", "run_form", "run_form_refused", "written_params"]

_PREFIX: Final = "param."
_MORE: Final = "more"
_MOST_TEXT: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ParamField:
    """A parameter that a job takes.

    Attributes:
        usual: Its value in a run that is not given another, as it may be shown.
        value: The text in the field; empty leaves the usual value.
    """

    name: str
    usual: str
    value: str


def run_form(call: Call) -> Response:
    """Ask for the parameters of one run."""
    return _form(call, refused=None, status=200)


def run_form_refused(call: Call, why: str) -> Response:
    """Show the form again as it was sent, with the reason why it was refused."""
    return _form(call, refused=why, status=422)


def written_params(call: Call) -> dict[str, object]:
    """Return the parameters that a form sends: the fields `param.NAME` that are not empty, and the lines of `more`.

    Raises:
        Refused: A line of `more` is no NAME=VALUE.
    """
    found: dict[str, object] = {}
    for field in call.form:
        if field.startswith(_PREFIX) and (value := call.field(field)) is not None:
            found[field.removeprefix(_PREFIX)] = Written(value)
    for line in (call.field(_MORE) or "").splitlines():
        name, sign, value = line.partition("=")
        if line.strip() and not (sign and name.strip()):
            raise Refused(422, "bad-params", "Bad parameters", f'"{line.strip()[:80]}" is not NAME=VALUE')
        if line.strip():
            found[name.strip()] = Written(value.strip())
    return found


def _form(call: Call, *, refused: str | None, status: int) -> Response:
    job = known(call, call.names["job"])
    words, registered = call.installation.job(job), call.installation.registered(job)
    is_command = words is not None and words.command is not None
    usual = {
        **({} if registered is None or is_command else registered.params),
        **({} if words is None else words.params),
    }
    return shown(
        call,
        "run-with.html",
        status=status,
        head=head_of(call),
        job=job,
        title=title_of(call, job),
        fields=_fields(call, usual),
        takes_more=not usual if is_command else registered is None,
        more=call.field(_MORE) or "",
        note=call.field("note") or "",
        refused=refused,
    )


def _fields(call: Call, usual: Mapping[str, object]) -> list[ParamField]:
    texts = shown_params(json.loads(json.dumps(dict(usual), default=str))) or {}
    return [
        ParamField(
            name=name,
            usual=(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))[:_MOST_TEXT],
            value=call.field(f"{_PREFIX}{name}") or "",
        )
        for name, value in texts.items()
    ]
