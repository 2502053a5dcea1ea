"""The common part of all streams: how they are sent, and when they end for the sake of the server."""

from __future__ import annotations

import signal
from typing import Final

__all__ = ["STREAM_HEADERS", "server_is_stopping"]

STREAM_HEADERS: Final = {"cache-control": "no-store", "x-accel-buffering": "no"}


def server_is_stopping() -> bool:
    """Return whether a uvicorn server of the host was asked to stop: it waits until every stream has ended.

    No message of ASGI says so before the streams have ended, but the server is the one that handles SIGTERM.
    """
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    return getattr(server, "should_exit", False) is True
