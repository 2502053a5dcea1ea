"""A real HTTP server that takes what is sent, and fails or hangs when it is told to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from types import TracebackType
from typing import Self


class Receiver:
    """Listens on a port of its own.

    Attributes:
        taken: The paths that were answered with success, in their order, each with its body.
        answers: What is answered: a status code, or `hang`.
    """

    def __init__(self) -> None:
        self.taken: SimpleQueue[tuple[str, str]] = SimpleQueue()
        self.seen: SimpleQueue[str] = SimpleQueue()
        self.answers: int | str = 200
        self._goes_on = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # the server's own name
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                receiver.seen.put(self.path)
                answer = receiver.answers
                if answer == "hang":
                    receiver._goes_on.wait(60)
                    return
                if answer == 200:  # Noted first: once it is answered, the next request comes in another thread.
                    receiver.taken.put((self.path, body))
                self.send_response(int(answer))
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_POST = do_GET  # noqa: N815  # the server's own name

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the server's own name
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.host = f"127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._goes_on.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def next(self, wanted: Callable[[str], bool] = lambda _: True) -> tuple[str, str]:
        """Wait for the next request that was taken and whose path is *wanted*."""
        while True:
            path, body = self.taken.get(timeout=20)
            if wanted(path):
                return path, body
