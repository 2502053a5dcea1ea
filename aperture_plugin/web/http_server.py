"""uvicorn in a thread of its own: the page beside a loop, gone within a second of a stop."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from functools import partial
from typing import Any, Final

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["HttpServer", "listening"]

_START_SECONDS: Final = 10.0
_STOP_SECONDS: Final = 1.0
_MOST_CONNECTIONS: Final = 250
"""Connections at one time. Each takes a file descriptor, of which the jobs of this process need some too."""

_SLOW_SECONDS: Final = 15.0
"""A client that has not sent the rest of a request within one to two times this is cut off."""

_FULL: Final = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens at *host*, a name or an address of either family, and *port*, 0 for any free one.

    Raises:
        OSError: There is no such address here, or another process listens there.
    """
    [(family, kind, protocol, _, address), *_] = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    found = socket.socket(family, kind, protocol)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
        found.listen(128)
    except OSError:
        found.close()
        raise
    return found


class _Connection(H11Protocol):
    """A connection that is refused where there are too many, and closed where its client does not finish a request."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        if len(self.connections) > _MOST_CONNECTIONS:
            transport.write(_FULL)
            transport.close()
            return
        self._watch(waits=False, answered=None)

    def _watch(self, *, waits: bool, answered: Any) -> None:
        """Look again and again whether the client owes the rest of a request since the last look.

        Args:
            waits, answered: Whether it did then, and after which request.
        """
        if self.transport.is_closing():
            return
        owes = self.conn.their_state in {h11.IDLE, h11.SEND_BODY}
        if owes and waits and answered is self.cycle:
            self.transport.close()
            return
        self.loop.call_later(_SLOW_SECONDS, partial(self._watch, waits=owes, answered=self.cycle))


class HttpServer:
    """Serves *app* at *found*, a listening socket, in a thread of its own.

    Attributes:
        what: The thing it serves, as a log line begins.
        url: Its address.
    """

    def __init__(self, app: ASGIApp, found: socket.socket, what: str = "the page is") -> None:
        self.what = what
        self._socket = found
        config = uvicorn.Config(
            app,
            http=_Connection,
            ws="none",
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
            server_header=False,
            proxy_headers=False,
            log_level=logging.ERROR,
        )
        self._server = uvicorn.Server(config)
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="aperture-web", daemon=True)
        host, port = found.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{port}/" if what == "the page is" else f"http://{shown}:{port}/metrics"

    def start(self) -> None:
        """Begin to serve.

        Raises:
            RuntimeError: The server did not come up.
        """
        self._thread.start()
        if not self._started.wait(_START_SECONDS):
            raise RuntimeError("the web server did not come up")

    @property
    def is_alive(self) -> bool:
        """True if it serves."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Serve no more, and return when the thread has ended; streams that are open end with it."""
        self._server.should_exit = True
        if self._thread.ident is None:  # It was stopped before it had begun.
            self._socket.close()
            return
        self._thread.join(2 * _STOP_SECONDS)
        if self._thread.is_alive():
            self._server.force_exit = True
            self._thread.join(_STOP_SECONDS)
        self._socket.close()

    def _serve(self) -> None:
        asyncio.run(self._serve_until_stopped())

    async def _serve_until_stopped(self) -> None:
        serving = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        while not self._server.started and not serving.done():
            await asyncio.sleep(0.005)
        self._started.set()
        await serving
