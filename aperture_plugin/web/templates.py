"""HTML from templates: every value is escaped, and one that is missing is an error."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import Response

from aperture_plugin.web.access import Right
from aperture_plugin.words.plain_text import plain

if TYPE_CHECKING:
    from aperture_plugin.web.endpoints import Call

__all__ = ["STATIC_TYPES", "Templates"]

STATIC_TYPES: Final = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


@lru_cache(maxsize=500)
def icon(name: str, kind: str = "") -> Markup:
    """Return the shape *name*, in the color of *kind* if it is given."""
    return Markup('<svg class="i{}" aria-hidden="true"><use href="#{}"/></svg>').format(kind and f" {kind}", name)


def _shown(value: Any) -> Any:
    """Return *value* without letters that cannot be seen; what is markup already was made of such."""
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value


class Templates:
    """The templates, and the files that pages name by a hash of their content.

    Attributes:
        static: By its hashed name, the content of each file.
        names: By its own name, the hashed one.
    """

    def __init__(self) -> None:
        self.static: dict[str, bytes] = {}
        self.names: dict[str, str] = {}
        for file in sorted(files(__package__).joinpath("static").iterdir(), key=lambda one: one.name):
            stem, _, end = file.name.rpartition(".")
            if end not in STATIC_TYPES:
                continue
            content = file.read_bytes()
            name = f"{stem}.{hashlib.sha256(content).hexdigest()[:10]}.{end}"
            self.static[name], self.names[file.name] = content, name
        self._environment: Environment = Environment(
            loader=PackageLoader("aperture_plugin.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=_shown,
        )
        self._environment.globals["icon"] = icon

    def page(
        self, template: str, call: Call, *, status: int = 200, headers: Mapping[str, str] | None = None, **values: Any
    ) -> Response:
        """Return the page that *template* makes of *values*."""
        token = call.site.access.new_page_token()
        text = self._environment.get_template(template).render(
            base=call.base,
            static=self.names,
            streams=call.streams,
            page_token=token,
            may_operate=Right.OPERATE in call.visitor.rights,
            may_edit=Right.EDIT in call.visitor.rights,
            **values,
        )
        response = Response(text, status_code=status, media_type="text/html", headers=dict(headers or {}))
        call.site.set_page_cookie(response, token, call.request)
        return response
