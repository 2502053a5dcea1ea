"""`start --web` and `aperture web`: real processes, asked over the network."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from starlette.types import Receive, Scope, Send

from aperture_plugin.web import http_server
from tests.cli.conftest import Terminal

FILE = "timezone: UTC\nschedules:\n  scan:\n    schedule: manual\n    command: echo scanned\n"


def address(process: subprocess.Popen[str]) -> str:
    """Return where a process says that its page is."""
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.search(r"the page is at (http://\S+)", line):
            return found[1]
    raise AssertionError("it ended before it said where its page is")


def status_of(url: str) -> int:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return int(answer.status)


def refusal(url: str) -> tuple[int, str]:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(url, timeout=10)
    with refused.value as answer:
        return answer.code, answer.read().decode()


@pytest.mark.parametrize("words", [("start", "--web", "127.0.0.1:0"), ("web", "--listen", "127.0.0.1:0")])
def test_the_page_is_served_until_the_process_is_stopped(terminal: Terminal, words: tuple[str, ...]) -> None:
    terminal.write(FILE)
    process = terminal.begin(*words)
    url = address(process)

    found = [status_of(f"{url}{path}") for path in ("", "api/status", "healthz", "readyz")]
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)

    assert found == [200, 200, 200, 200]
    assert process.returncode == 0


@pytest.mark.parametrize("words", [("start", "--web", "0.0.0.0:0"), ("web", "--listen", "0.0.0.0:0")])
def test_off_loopback_it_refuses_to_start_without_a_token(terminal: Terminal, words: tuple[str, ...]) -> None:
    terminal.write(FILE)

    refused = terminal.look(*words)

    assert refused.code == 2
    assert "0.0.0.0 can be reached from other machines, and no token is set" in refused.err


def test_an_address_is_no_name_of_a_host(terminal: Terminal) -> None:
    terminal.write(FILE)

    refused = terminal.look("web", "--web-host", "https://media.example.org/jobs")

    assert refused.code == 2
    assert '--web-host: "https://media.example.org/jobs" is not the name of a host' in refused.err


def test_the_address_may_be_left_out_before_the_file(terminal: Terminal) -> None:
    refused = terminal.look("start", "--web", "other.yaml")

    assert refused.code == 2
    assert "other.yaml is not there" in refused.err


@pytest.mark.parametrize(("mode", "warns"), [(0o644, True), (0o640, False)])
def test_a_token_that_everybody_may_read_is_told(terminal: Terminal, mode: int, warns: bool) -> None:
    terminal.write("an-unguessable-word\n", "token")
    (terminal.folder / "token").chmod(mode)

    refused = terminal.look("start", "--web", "127.0.0.1:0", "--web-token-file", "token", "missing.yaml")

    assert ("every user of this machine may read the token in token:  chmod 600 token" in refused.err) is warns


def test_a_page_beside_a_loop_whose_store_was_deleted_is_not_ready(terminal: Terminal) -> None:
    terminal.write(f"state: sqlite:///jobs.db\n{FILE}")
    loops = [terminal.begin("start") for _ in range(2)]
    terminal.until(lambda: len(terminal.look("status", "--format", "json").json["loops"]) == 2)
    url = address(terminal.begin("web", "--listen", "127.0.0.1:0"))

    for path in terminal.folder.glob("jobs.db*"):
        path.unlink()
    answers = [refusal(f"{url}{path}") for path in ("readyz", "api/status")]
    for loop in loops:
        loop.send_signal(signal.SIGTERM)
        loop.communicate(timeout=30)

    assert [status for status, _ in answers] == [503, 503]
    assert "was deleted or moved away; put it back, or stop the loop and start anew" in answers[1][1]
    assert all(str(loop.pid) in answers[1][1] for loop in loops)


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A server of three connections at most, whose clients have half a second for a request."""
    monkeypatch.setattr(http_server, "_MOST_CONNECTIONS", 3)
    monkeypatch.setattr(http_server, "_SLOW_SECONDS", 0.5)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "POST":
            await receive()
            await receive()  # The rest, which does not come.
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for number in range(20):  # A stream that takes longer than a client may.
            await send({"type": "http.response.body", "body": b"%d " % number, "more_body": True})
            await asyncio.sleep(0.1)
        await send({"type": "http.response.body", "body": b"end"})

    found = http_server.listening("127.0.0.1", 0)
    server = http_server.HttpServer(app, found)
    server.start()
    yield int(found.getsockname()[1])
    server.stop()


def all_of(connection: socket.socket) -> bytes:
    """Return what a server sends until it closes the connection."""
    connection.settimeout(20)
    return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize(
    "begun", [b"", b"GET / HTTP/1.1\r\nHost", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab"]
)
def test_a_client_that_does_not_finish_its_request_is_cut_off(port: int, begun: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port)) as slow:
        slow.sendall(begun)

        assert not all_of(slow).startswith(b"HTTP/1.1 200")


def test_a_stream_outlives_the_time_that_a_request_may_take(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as stream:
        stream.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")

        assert b"end" in all_of(stream)


def test_a_connection_too_many_is_refused(port: int) -> None:
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(socket.create_connection(("127.0.0.1", port)))
        with socket.create_connection(("127.0.0.1", port)) as another:
            refused = all_of(another)

    assert refused.startswith(b"HTTP/1.1 503 ")
