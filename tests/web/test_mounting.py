"""The page below a path: mounted in hosts, behind nginx that strips the path or not, with the host's own login."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Mount

from aperture_plugin.testing import World
from aperture_plugin.web import app
from tests.cli.conftest import Terminal
from tests.web.conftest import Browser, aperture_of
from tests.web.test_server import address

FILE = "schedules:\n  scan: daily at 2 AM\n"


def rights_of(request: Request) -> Iterable[str]:
    """A host's own login: a header stands for its session here."""
    return {"ada": {"read", "operate", "edit"}, "bob": {"read"}}.get(request.headers.get("x-user", ""), ())


def mounted(world: World, kind: str, **more: Any) -> Any:
    application = app(aperture_of(world), **more)
    if kind == "starlette":
        return Starlette(routes=[Mount("/jobs", application)])
    host = FastAPI()
    host.mount("/jobs", application)
    return host


@pytest.mark.parametrize("kind", ["starlette", "fastapi"])
def test_it_works_below_the_path_that_a_host_mounts_it_at(world: World, kind: str) -> None:
    world.write(FILE).start()
    browser = Browser(mounted(world, kind), prefix="/jobs")

    assert browser.get("/").status_code == 200
    assert browser.json("/api/status")["jobs"][0]["job"] == "scan"
    assert browser.get("/jobs/scan").status_code == 200
    assert browser.post("/api/jobs/scan/pause", {}).status_code == 200
    assert browser.submit("/api/jobs/scan/resume").headers["location"] == "../../../"


def test_every_link_of_a_page_leads_below_its_own_path(world: World) -> None:
    world.write(FILE).start()
    browser = Browser(mounted(world, "starlette"), prefix="/jobs")

    for path in ("/", "/jobs/scan", "/jobs/scan/schedule", "/timeline"):
        links = re.findall(r'(?:href|src|action|formaction)="([^"]+)"', browser.get(path).text)

        assert links
        assert not [link for link in links if link.startswith("/") or "://" in link]


def test_the_hosts_own_login_decides(world: World) -> None:
    world.write(FILE).start()
    browser = Browser(mounted(world, "starlette", authorize=rights_of), prefix="/jobs")

    asked = [browser.get("/", **{"x-user": user}).status_code for user in ("ada", "bob", "eve")]
    bob = browser.get("/", **{"x-user": "bob"}).text
    ada = browser.get("/", **{"x-user": "ada"}).text

    assert asked == [200, 200, 403]
    assert ("Read only" in bob, "/api/jobs/scan/run" in bob) == (True, False)
    assert "/api/jobs/scan/run" in ada


def test_a_flask_host_mounts_it_by_way_of_a2wsgi(world: World) -> None:
    from a2wsgi import ASGIMiddleware
    from flask import Flask
    from werkzeug.middleware.dispatcher import DispatcherMiddleware
    from werkzeug.test import Client

    world.write(FILE).start()
    host = Flask("host")
    page: Any = ASGIMiddleware(app(aperture_of(world)))  # type: ignore[arg-type]
    host.wsgi_app = DispatcherMiddleware(host.wsgi_app, {"/jobs": page})  # type: ignore[method-assign]
    client = Client(host)
    near = {"REMOTE_ADDR": "127.0.0.1", "REMOTE_PORT": "50000"}

    told = client.get("/jobs/api/status", base_url="http://127.0.0.1:5000/", environ_overrides=near)
    far = client.get("/jobs/", base_url="http://127.0.0.1:5000/", environ_overrides={**near, "REMOTE_ADDR": "10.0.0.7"})

    assert told.status_code == 200
    assert told.get_json()["jobs"][0]["job"] == "scan"
    assert far.status_code == 403


def test_the_file_names_further_hosts_and_wants_patches(world: World, page: Browser) -> None:
    text = "page:\n  url: https://media.example.org/jobs\n  hosts: [other.example.org]\n  edits: patch\n" + FILE
    world.write(text).start()

    known = {host: page.get("/", host=host).status_code for host in ("media.example.org", "other.example.org", "evil")}
    answer = page.post("/api/jobs/scan/disable").json()
    unstripped = page.get("/jobs/api/status")

    assert known == {"media.example.org": 200, "other.example.org": 200, "evil": 421}
    assert (answer["written"], "+    enabled: no" in answer["patch"]) == (False, True)
    assert unstripped.status_code == 200
    assert world.file.read_text() == text


NGINX = """\
pid {folder}/nginx.pid;
error_log {folder}/error.log;
daemon off;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port};
    location /stripped/ {{ proxy_pass {url}; proxy_set_header Host $http_host; proxy_buffering off; }}
    location /kept/ {{ proxy_pass {bare}; proxy_set_header Host $http_host; proxy_buffering off; }}
  }}
}}
"""


@pytest.fixture
def behind_nginx(terminal: Terminal) -> Iterator[str]:
    """A page behind a real nginx, below /stripped/ without the path and below /kept/ with it."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        pytest.skip("nginx is not installed")
    terminal.write("page:\n  url: http://127.0.0.1/kept\n" + FILE)
    url = address(terminal.begin("web", "--listen", "127.0.0.1:0"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    folder = terminal.folder / "nginx"
    folder.mkdir()
    settings = folder / "nginx.conf"
    settings.write_text(NGINX.format(folder=folder, port=port, url=url, bare=url.rstrip("/")))
    process = subprocess.Popen([nginx, "-c", str(settings), "-p", str(folder)], stderr=subprocess.DEVNULL)
    terminal.until(lambda: answers(port))
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(20)


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        time.sleep(0.05)
        return False
    return True


def test_it_works_behind_nginx_that_strips_the_path_or_not(behind_nginx: str) -> None:
    for prefix in ("/stripped/", "/kept/"):
        works_below(behind_nginx, prefix)


def works_below(behind_nginx: str, prefix: str) -> None:
    with urllib.request.urlopen(f"{behind_nginx}{prefix}", timeout=20) as answer:
        html = answer.read().decode()
    [style] = re.findall(r'rel="stylesheet" href="\./([^"]+)"', html)

    for path in (style, "api/status", "jobs/scan", "timeline"):
        with urllib.request.urlopen(f"{behind_nginx}{prefix}{path}", timeout=20) as answer:
            assert answer.status == 200
    with urllib.request.urlopen(f"{behind_nginx}{prefix}api/events", timeout=20) as stream:
        assert stream.readline() == b"retry: 2000\n"


def test_the_wheel_ships_templates_styles_and_the_script() -> None:
    import aperture_plugin.web

    folder = Path(aperture_plugin.web.__file__).parent
    sizes = {name: (folder / "static" / name).stat().st_size for name in ("page.css", "page.js")}

    assert (folder / "templates" / "base.html").is_file()
    assert all(size <= 15_000 for size in sizes.values()), sizes


def test_the_readme_shows_pictures_that_are_there_and_small() -> None:
    repository = Path(__file__).parents[2]
    readme = (repository / "README.md").read_text(encoding="utf-8")

    for name in ("jobs", "dialog", "timeline"):
        picture = repository / "examples" / "page" / f"{name}.png"
        assert f"](examples/page/{name}.png)" in readme
        assert picture.read_bytes().startswith(b"\x89PNG")
        assert picture.stat().st_size < 200_000
