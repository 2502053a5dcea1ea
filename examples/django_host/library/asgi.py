"""The application for an ASGI server: Django, and the jobs page below /admin/jobs behind Django's login."""

from __future__ import annotations

import os
from types import SimpleNamespace

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.core.asgi import get_asgi_application
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Mount

from aperture_plugin import web

__all__ = ["application", "rights_of"]

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "library.settings")
django = get_asgi_application()

from .jobs import aperture  # noqa: E402 - Django is set up first


@sync_to_async
def rights_of(request: Request) -> web.Visitor:
    """Return who makes a request of the jobs page: staff may run jobs there, superusers also change schedules."""
    session = SessionStore(request.cookies.get(settings.SESSION_COOKIE_NAME))
    user = get_user(SimpleNamespace(session=session))
    rights = ["read", "operate"] if user.is_staff else []
    return web.Visitor(rights=[*rights, "edit"] if user.is_superuser else rights, name=user.get_username())


application = Starlette(routes=[Mount("/admin/jobs", web.app(aperture, authorize=rights_of)), Mount("/", django)])
