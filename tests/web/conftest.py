"""A page over a world, asked by a client that behaves as a browser on this machine does."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httpx
import pytest

from aperture_plugin.app.aperture import Aperture
from aperture_plugin.testing import World
from aperture_plugin.web import app
from aperture_plugin.web.http_server import HttpServer, listening
from tests.cli.conftest import Terminal, step_into

if TYPE_CHECKING:
    import playwright.sync_api

ADDRESS = "http://127.0.0.1:8642"


@dataclass
class Browser:
    """Sends requests to an application without a network, as a browser on the same machine would.

    Attributes:
        address: Where the requests come from.
        prefix: The path that the application is mounted below.
    """

    application: Any
    address: str = "127.0.0.1"
    prefix: str = ""
    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)
    _token: str = ""

    def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def sent() -> httpx.Response:
            transport = httpx.ASGITransport(self.application, client=(self.address, 50_000))
            async with httpx.AsyncClient(transport=transport, base_url=ADDRESS, cookies=self.cookies) as client:
                response = await client.request(method, f"{self.prefix}{path}", **more)
                self.cookies = client.cookies
                return response

        return asyncio.run(sent())

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.send("GET", path, headers={"accept": "text/html", **headers})

    def json(self, path: str) -> Any:
        response = self.send("GET", path)
        assert response.status_code == 200, response.text
        return response.json()

    def page_token(self) -> str:
        """Return the token of the latest page that had a form: one that is read only has none."""
        found = re.search(r'name="token" value="([^"]+)"', self.get("/").text)
        if found is not None:
            self._token = found[1]
        assert self._token, "the page has a form"
        return self._token

    def post(self, path: str, body: Any = None, *, method: str = "POST", **headers: str) -> httpx.Response:
        """Send a change with all that it needs, as the page's script does."""
        needed = {"origin": ADDRESS, "x-aperture-token": self.page_token(), "content-type": "application/json"}
        content = b"" if body is None else json.dumps(body).encode()
        return self.send(method, path, content=content, headers={**needed, **headers})

    def submit(self, path: str, **fields: str | list[str]) -> httpx.Response:
        """Submit a form of the page, as a browser without a script does."""
        body = urlencode({"token": self.page_token(), **fields}, doseq=True).encode()
        headers = {
            "origin": ADDRESS,
            "accept": "text/html",
            "content-type": "application/x-www-form-urlencoded",
        }
        return self.send("POST", path, content=body, headers=headers)


@pytest.fixture
def world(aperture_world: World) -> World:
    return aperture_world


def aperture_of(world: World) -> Aperture:
    """Return an aperture over the world's file that does not run: the world's own loop does."""
    return Aperture(world.file, entry_points=False, hooks=False, environ={"TZ": "UTC"}, clock=world.clock)


@pytest.fixture
def page(world: World) -> Iterator[Browser]:
    """The page of the world, where everybody on this machine has all rights."""
    application = app(aperture_of(world))
    yield Browser(application)
    application.close()


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """Real processes in a folder of their own."""
    step_into(tmp_path, monkeypatch)
    shells = Terminal(tmp_path)
    yield shells
    for process in shells.begun:
        if process.poll() is None:
            process.kill()
            process.communicate()


class Site:
    """The page of a world, at an address that it keeps when it is served anew."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.port = 0
        self.serve()

    def serve(self) -> None:
        self.application = app(aperture_of(self.world))
        socket = listening("127.0.0.1", self.port)
        self.port = socket.getsockname()[1]
        self._server = HttpServer(self.application, socket)
        self._server.start()
        self.url = self._server.url

    def stop(self) -> None:
        self.application.close()
        self._server.stop()

    @property
    def streams(self) -> int:
        """How many streams of events are open."""
        return len(self.application.changes._streams)


@pytest.fixture(scope="module")
def chromium() -> Iterator[playwright.sync_api.Browser]:
    """A real browser, one for all tests of a module: while it is there, its event loop is this thread's."""
    from tests.web.browsing import CHROMIUM, chromium_running

    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    with chromium_running() as browser:
        yield browser
