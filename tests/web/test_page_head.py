"""The top of every page: the loops on the store, and which file each has."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from aperture_plugin.app.installation import Installation
from aperture_plugin.app.status import Overview
from aperture_plugin.testing import World
from aperture_plugin.web.page_head import page_head
from tests.web.conftest import Browser, aperture_of

FILE = "schedules:\n  scan: manual\n"


def two_loops(installation: Installation, **details: Any) -> Overview:
    """Return what is seen where a second loop has an older file, and *details*."""
    seen = installation.overview()
    [loop] = seen.loops
    older = {"number": 0, "sha256": "0123456789abcdef", "accepted_at": (seen.now - timedelta(hours=1)).isoformat()}
    other = replace(loop, id="other", host="nas-2", pid=77, details={**loop.details, "text": older, **details})
    return replace(seen, loops=(loop, other))


def test_each_loop_is_shown_with_its_file(world: World, page: Browser) -> None:
    world.write(FILE).start(at="2026-01-10 00:30")

    html = page.get("/").text

    assert "1 on the store</summary>" in html
    assert "file number 1 (" in html
    assert "accepted 12:30 AM" in html


def test_a_loop_with_an_older_file_or_a_wrong_clock_is_pointed_out(world: World) -> None:
    world.write(FILE).start(at="2026-01-10 00:30")
    installation = aperture_of(world).installation()

    seen = two_loops(installation, skew=-600.0, unknown_jobs=["embeddings"])
    head = page_head(installation, seen)
    installation.close()

    assert [line.is_well for line in head.processes] == [True, False]
    assert head.processes[1].wrong == (
        "its file is not the newest; its clock is 10 min behind the store's; none of its plugins offers embeddings"
    )
    assert head.processes[1].text.startswith("nas-2, pid 77, since 12:30 AM: ticked ")
    assert head.spread is not None
    assert head.spread.startswith("1 of 2 loops have the newest file, since ")
    assert head.spread.endswith("; not yet pid 77 on nas-2")
