"""Starts the scheduler in each process that serves requests, and in no other."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import PurePath

from django.apps import AppConfig

__all__ = ["LibraryConfig", "serves_requests"]


class LibraryConfig(AppConfig):  # type: ignore[misc]  # Django has no types of its own
    """The application; Django calls `ready` once in each process, for `migrate` and `shell` too."""

    name = "library"

    def ready(self) -> None:
        """Start the scheduler, and stop it when the process ends."""
        if serves_requests(sys.argv, os.environ):
            from .jobs import aperture

            aperture.start()
            atexit.register(aperture.stop, grace=10)


def serves_requests(argv: Sequence[str], environ: Mapping[str, str]) -> bool:
    """Return whether a process serves requests: a server's does, and of Django's own commands only `runserver`.

    With its reloader `runserver` is two processes; RUN_MAIN is set in the one that serves.
    """
    if PurePath(argv[0]).name not in {"manage.py", "django-admin", "__main__.py"}:
        return True
    return argv[1:2] == ["runserver"] and ("--noreload" in argv or environ.get("RUN_MAIN") == "true")
