"""Draws the pictures of the jobs page that the README shows: python examples/page/draw.py

It needs Chromium, and the package with its `test` extra. Nothing is made up by hand: a week of schedules runs under a
fake clock, and a browser looks at the page that comes of it. Give names to draw only those: jobs, dialog, timeline.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from playwright.sync_api import Page, sync_playwright

from aperture_plugin import LiveRun
from aperture_plugin.testing import World
from aperture_plugin.web import app
from aperture_plugin.web.http_server import HttpServer, listening

HERE: Final = Path(__file__).parent
FILE: Final = """\
timezone: Europe/Riga
queues:
  default: 1
  quick: 2
limits:
  tmdb: 400 per hour
schedules:
  library-scan:
    schedule: every 6 hours
    title: Library Scan
    category: sync
  user-sync:
    schedule: every 30 minutes
    title: User Sync
    category: sync
    queue: quick
  watch-history:
    schedule: every 3 hours at :10
    title: Watch History
    category: sync
    queue: quick
  enrichment:
    schedule: daily at 1:30 AM  # when the API is quiet
    title: Metadata Enrichment
    category: metadata
    needs: [library-scan]
    limit: [tmdb]
  embeddings:
    schedule: daily at 1:45 AM
    title: Embeddings
    category: recommendations
    needs: [library-scan]
  recommendations:
    schedule: daily at 4:00 AM
    title: Recommendations
    category: recommendations
    needs: [embeddings]
  library-build:
    schedule: after recommendations
    title: Library Build
    category: recommendations
  discovery:
    schedule: weekly on weekdays at 8:30 AM; weekly on weekends at 10:00 AM
    title: Discovery
    category: recommendations
  artwork:
    schedule: daily at 2:00 AM, 2:00 PM
    title: Artwork Cache
    category: metadata
  database-backup:
    schedule: daily at 1:00 AM
    title: Database Backup
    category: maintenance
  prune-logs:
    schedule: weekly on sunday at 5:00 AM
    title: Prune Logs
    category: maintenance
  offsite-copy:
    schedule: monthly on the last day at 11:00 PM
    title: Offsite Copy
    category: maintenance
  reindex:
    schedule: manual
    title: Rebuild the Index
    category: maintenance
"""
DURATIONS: Final = {
    "library-scan": "12 minutes",
    "user-sync": "40 seconds",
    "watch-history": "3 minutes",
    "enrichment": "48 minutes",
    "embeddings": "1 hour 10 minutes",
    "recommendations": "26 minutes",
    "library-build": "9 minutes",
    "discovery": "17 minutes",
    "artwork": "35 minutes",
    "database-backup": "6 minutes",
    "prune-logs": "2 minutes",
}


def fail_on_some_nights(run: LiveRun) -> None:
    """Fail about one night in four, as an API that is down now and then."""
    if run.slot is not None and run.slot.day % 4 == 1:
        raise ConnectionError("tmdb answered 503 Service Unavailable")


@contextmanager
def served() -> Iterator[str]:
    """Let ten days pass, and serve the page of what has come of them."""
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        world = World(Path(folder))
        world.pace = replace(world.pace, beat=True)
        world.durations.update(DURATIONS)
        world.handlers["enrichment"] = fail_on_some_nights
        world.write(FILE).start(at="2026-03-18 00:00").advance("9 days 23 hours 50 minutes")
        world.pause("discovery", note="the feed is down, ticket 4711")
        world.run("reindex")
        page = app(world.aperture)
        server = HttpServer(page, listening("127.0.0.1", 0))
        server.start()
        yield server.url
        page.close()
        server.stop()
        world.close()


def jobs(page: Page, url: str) -> None:
    """Show the jobs at night: one runs, others wait for it."""
    page.goto(url)


def dialog(page: Page, url: str) -> None:
    """Show how a schedule is changed, in the week in which the clocks go forward."""
    page.goto(url)
    page.get_by_role("link", name="Schedule of Artwork Cache").click()
    page.get_by_label("Time", exact=True).first.fill("03:15")
    page.get_by_text("in place of").first.wait_for()


def timeline(page: Page, url: str) -> None:
    """Show the day behind and the day ahead."""
    page.goto(f"{url}timeline")


PICTURES: Final = {"jobs": jobs, "dialog": dialog, "timeline": timeline}


def main(names: list[str]) -> None:
    """Draw the pictures that are named, or all of them."""
    with served() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name in names or PICTURES:
            page = browser.new_page(viewport={"width": 1280, "height": 700})
            PICTURES[name](page, url)
            page.screenshot(path=HERE / f"{name}.png")
            page.close()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
