"""The page and the API: an ASGI application over one schedules.yaml and its store (DESIGN.md, "The page and the API").

It needs the extra `[web]`: Starlette, Jinja2, and uvicorn where it is served by `aperture` itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aperture_plugin.app.aperture import Aperture
    from aperture_plugin.web.access import Authorize, Right, Visitor
    from aperture_plugin.web.application import WebApplication

__all__ = ["Right", "Visitor", "app"]


def app(
    aperture: Aperture,
    *,
    authorize: Authorize | None = None,
    token: str | None = None,
    hosts: Iterable[str] = (),
    read_only: bool = False,
    metrics_only: bool = False,
) -> WebApplication:
    """Return the page and the API of *aperture* as an ASGI application, to be mounted below any path.

    Args:
        aperture: It may run in this process, be started later, or never: then it shows what another process's loop
            on the same store does.
        authorize: Called with each Starlette request, may be `async`; it returns the rights of the caller, any of
            `read`, `operate`, `edit`, or a `Visitor`. What it does not grant is denied. Without it, callers on
            loopback have all rights, and others need the *token*.
        token: The token that callers without `authorize` have to present; then those on loopback too.
        hosts: Names in Host headers that are answered beside localhost and the address that is listened on.
        read_only: Grant no right but `read`.
        metrics_only: Answer nothing but `/metrics`, `/healthz` and `/readyz`.

    >>> host.mount("/jobs", app(aperture, authorize=rights_of))  # doctest: +SKIP
    """
    from aperture_plugin.web.access import Access
    from aperture_plugin.web.application import WebApplication
    from aperture_plugin.web.routes import ENDPOINTS, METRICS_ENDPOINTS

    access = Access(authorize=authorize, token=token, hosts=frozenset(hosts), read_only=read_only)
    return WebApplication(aperture.installation(), access, METRICS_ENDPOINTS if metrics_only else ENDPOINTS)


def __getattr__(name: str) -> Any:
    # The type that `authorize` returns, imported only once it is asked for: Starlette may not be installed.
    if name in {"Right", "Visitor"}:
        from aperture_plugin.web import access

        return getattr(access, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
