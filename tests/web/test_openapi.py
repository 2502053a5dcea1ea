"""The description of the API, and the API held against it by requests that are made up from it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from aperture_plugin.testing import World
from aperture_plugin.web.routes import ENDPOINTS
from tests.cli.conftest import Terminal
from tests.web.conftest import Browser
from tests.web.test_server import address

FILE = """\
timezone: UTC
schedules:
  scan: daily at 2 AM
  sync:
    schedule: every 30 minutes
    command: echo synchronized
"""


def test_every_route_of_the_api_is_described_with_its_method(world: World, page: Browser) -> None:
    world.write("schedules:\n  scan: manual\n").start()
    paths = page.json("/api/openapi.json")["paths"]

    described = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert described == {
        (endpoint.method, endpoint.path)
        for endpoint in ENDPOINTS
        if endpoint.path.startswith("/api/") or endpoint.path in {"/healthz", "/readyz"}
    }


def test_the_api_does_what_its_description_says(terminal: Terminal) -> None:
    terminal.write(FILE)
    terminal.write("open sesame\n", name="token")
    url = address(terminal.begin("start", "--web", "127.0.0.1:0", "--web-token-file", "token"))
    schemathesis = Path(sys.executable).with_name("schemathesis")

    tried = subprocess.run(
        [
            *(str(schemathesis), "run", f"{url}api/openapi.json", "--header", "Authorization: Bearer open sesame"),
            *("--checks", "all", "--max-examples", "2", "--exclude-path", "/api/events"),
            *("--seed", "1", "--generation-database", "none", "--no-color"),
        ],
        cwd=terminal.folder,
        env=terminal.environ,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )

    assert tried.returncode == 0, tried.stdout[-5000:]
