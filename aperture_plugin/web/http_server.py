"""uvicorn in a thread of its own: the page beside a loop, gone within a second of a stop."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from typing import Final

import uvicorn
from starlette.types import ASGIApp

__all__ = ["HttpServer", "listening"]

_START_SECONDS: Final = 10.0
_STOP_SECONDS: Final = 1.0


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
