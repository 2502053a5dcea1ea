"""The stream of events, as a program reads it over the network."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from aperture_plugin.app.status import Overview
from aperture_plugin.testing import World
from tests.cli.conftest import Terminal
from tests.web.conftest import Site
from tests.web.test_server import FILE, address


def events(url: str) -> Iterator[tuple[str, Any]]:
    """Yield the events of a stream, until it is closed."""
    kind = ""
    with urllib.request.urlopen(url, timeout=20) as stream:
        for raw in stream:
            name, _, value = raw.decode().rstrip("\n").partition(": ")
            if name == "event":
                kind = value
            elif name == "data":
                yield kind, json.loads(value)


def test_a_run_is_told_of_from_its_queue_to_its_end(world: World) -> None:
    world.durations["scan"] = "1 hour"
    world.write("schedules:\n  scan: manual\n").start(at="2026-01-10 00:30")
    site = Site(world)
    stream = events(f"{site.url}api/events")
    first = [next(stream), next(stream)]

    world.run("scan")
    kind, begun = next(stream)
    world.advance("2 hours")
    kind, row = next((kind, row) for kind, row in stream if kind == "run" and row["status"] != "running")
    site.stop()

    assert [kind for kind, _ in first] == ["config", "loop"]
    assert first[0][1]["file"].endswith("schedules.yaml")
    assert (begun["job"], begun["status"], begun["id"]) == ("scan", "running", row["id"])
    assert (kind, row["status"]) == ("run", "completed")


def test_ten_open_streams_keep_nobody_from_stopping_within_a_second(terminal: Terminal) -> None:
    terminal.write(FILE)
    process = terminal.begin("web", "--listen", "127.0.0.1:0")
    url = address(process)
    opened = threading.Barrier(11)

    def listen() -> None:
        stream = events(f"{url}api/events")
        next(stream)
        opened.wait(60)
        for _ in stream:
            pass

    listeners = [threading.Thread(target=listen, daemon=True) for _ in range(10)]
    for listener in listeners:
        listener.start()
    opened.wait(60)

    process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    process.communicate(timeout=20)
    took = time.monotonic() - began
    for listener in listeners:
        listener.join(5)

    assert process.returncode == 0
    assert took < 5, "it is a second on a quiet machine"
    assert not any(listener.is_alive() for listener in listeners)


def test_a_listener_that_takes_nothing_is_let_go(world: World) -> None:
    # A WSGI server lets a caller go without a word: without this the places for listeners would run out.
    world.write("schedules:\n  scan: manual\n").start(at="2026-01-10 00:30")
    site = Site(world)
    with asyncio.Runner() as runner:
        stream = site.application.changes.subscribe(runner.get_loop())
        assert stream is not None
        stream.taken_at -= 61
        until = time.monotonic() + 20
        while site.streams:
            assert time.monotonic() < until
            time.sleep(0.02)
    site.stop()


def test_many_listeners_cost_one_look_at_the_store(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.write("schedules:\n  scan: manual\n").start(at="2026-01-10 00:30")
    site = Site(world)
    looks, installation = [], site.application.installation
    pulse = installation.pulse

    def counted() -> Overview:
        looks.append(time.monotonic())
        return pulse()

    monkeypatch.setattr(installation, "pulse", counted)
    with ExitStack() as stack:
        for _ in range(50):
            stack.enter_context(contextlib.closing(urllib.request.urlopen(f"{site.url}api/events", timeout=20)))
        looks.clear()
        begun = time.monotonic()
        while len(looks) < 3 and time.monotonic() < begun + 60:
            time.sleep(0.1)
        took = time.monotonic() - begun

        assert 3 <= len(looks) <= took / 0.4 + 1
    site.stop()
