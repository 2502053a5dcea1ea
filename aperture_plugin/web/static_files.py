"""Files that pages are made of: the stylesheet, the script."""

from __future__ import annotations

from starlette.responses import Response

from aperture_plugin.web.endpoints import Call
from aperture_plugin.web.refusals import Refused
from aperture_plugin.web.templates import STATIC_TYPES

__all__ = ["static_file"]


def static_file(call: Call) -> Response:
    """Answer with a stylesheet, a script or a picture; its name changes with its content."""
    name = call.names["name"]
    content = call.site.templates.static.get(name)
    if content is None:
        raise Refused(404, "not-found", "Not found", "there is no such file")
    headers = {"cache-control": "public, max-age=31536000, immutable"}
    return Response(content, media_type=STATIC_TYPES[name.rpartition(".")[2]], headers=headers)
