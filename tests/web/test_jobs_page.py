"""The jobs page: what it shows, in which order, and what it makes of hostile texts."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser

import pytest

from aperture_plugin.testing import World
from tests.web.conftest import Browser

FILE = """\
timezone: Europe/Riga
queues:
  default: 1
schedules:
  scan:
    schedule: daily at 2 AM
    title: Library Scan
    category: sync
  embeddings:
    schedule: daily at 2:05 AM
    needs: [scan]
    category: ai
  report: weekly on sunday at 4 AM
  manual-one: manual
  off-one:
    schedule: daily at 5 AM
    enabled: no
"""


def text_of(html: str) -> str:
    """Return what a person reads of a page."""
    bare = re.sub(r"<(script|style).*?</\1>|<svg hidden.*?</svg>", "", html, flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", bare)).split())


class Elements(HTMLParser):
    """The elements of a page, as a browser finds them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []

    @classmethod
    def of(cls, html: str) -> Elements:
        parser = cls()
        parser.feed(html)
        return parser

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]


def order(html: str) -> list[str]:
    return re.findall(r'data-job="([^"]+)"', html)


@pytest.fixture
def night(world: World) -> World:
    """Half past midnight UTC on 10 January: the scan runs, embeddings waits for it."""
    world.durations["scan"] = "45 minutes"
    world.write(FILE).start(at="2026-01-08 00:00")
    return world.advance(timedelta(days=2, minutes=20))


def test_those_in_hand_stand_first_then_by_their_next_run(night: World, page: Browser) -> None:
    html = page.get("/").text

    assert order(html) == ["scan", "embeddings", "report", "manual-one", "off-one"]
    assert order(page.get("/?sort=job").text)[:2] == ["embeddings", "scan"]  # It is called Library Scan.
    assert order(page.get("/?category=ai").text) == ["embeddings"]
    assert order(page.get("/?state=off").text) == ["off-one"]
    assert order(page.get("/?q=library+sync").text) == ["scan"]


def test_a_row_says_when_and_why_in_the_servers_zone(night: World, page: Browser) -> None:
    told = text_of(page.get("/").text)

    assert "2:20 AM Sat 10 Jan 2026 · Europe/Riga, UTC+02:00" in told
    assert "Daily at 2:00 AM in a day tomorrow 2:00 AM" in told
    assert "waiting first in line" in told
    assert "needs scan" in told
    assert "none only by hand" in told
    assert "none none while it is off" in told
    assert "running for 20 min" in told
    assert "done about 2:45 AM" in told


def test_a_run_that_is_due_is_never_told_as_past(world: World, page: Browser) -> None:
    # The origin's page said "in -42m": it counted in the browser's zone.
    world.write(FILE).start(at="2026-01-10 00:00")

    for minutes in (0, 1, 42, 59):
        world.clock.advance(timedelta(minutes=minutes))
        assert not re.search(r"in -|ago</time><small>(tomorrow|in )", page.get("/").text)


def test_a_title_a_reason_and_a_note_are_texts_and_nothing_else(world: World, page: Browser) -> None:
    evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}'

    def fail(_: object) -> None:
        raise ValueError(evil)

    world.handlers["scan"] = fail
    world.write(f"schedules:\n  scan:\n    schedule: daily at 2 AM\n    title: '{evil}'\n    category: '{evil}'\n")
    world.start(at="2026-01-10 01:00").advance("2 hours").pause("scan", note=evil)

    for path in ("/", f"/?q={evil}", "/?state=%3Cscript%3E&sort=%3Cscript%3E"):
        html = page.get(path).text

        found = Elements.of(html)
        assert "img" not in found.tags
        assert found.tags.count("script") == 1
        assert not [name for name in found.attributes if name == "style" or name.startswith("on")]
        assert "{{ 7*7 }}" in text_of(html)


def test_a_refused_file_stands_on_top_with_its_line_and_a_hint(night: World, page: Browser) -> None:
    night.save(FILE.replace("weekly on sunday", "weekly on sunay"))

    told = text_of(page.get("/").text)

    assert "is refused for 1 error. The one of" in told
    assert "schedules.yaml:13:21" in told
    assert "13 | report: weekly on sunay at 4 AM" in told


def test_a_secret_in_a_line_that_is_refused_is_not_shown(world: World, page: Browser) -> None:
    world.write("schedules:\n  scan:\n    schedule: daily\n    environment:\n      API_TOKEN: [hunter2]\n")

    html = page.get("/").text

    assert "API_TOKEN" in html
    assert "hunter2" not in html


def test_where_nothing_matches_the_nearest_name_is_offered(night: World, page: Browser) -> None:
    told = text_of(page.get("/?q=embedings").text)

    assert "No job matches “embedings”" in told
    assert "Did you mean embeddings ?" in told


def test_without_a_loop_it_says_that_nothing_fires(night: World, page: Browser) -> None:
    night.stop()

    assert "no loop is running, so nothing fires" in text_of(page.get("/").text)


def test_a_store_that_is_away_leaves_what_the_file_says(world: World, page: Browser) -> None:
    world.write("state: postgresql+psycopg://nobody@127.0.0.1:1/nothing\nschedules:\n  scan: daily at 2 AM\n")

    told = text_of(page.get("/").text)

    assert "The store cannot be read, so this is what the file alone says." in told
    assert "Daily at 2:00 AM" in told
    assert page.get("/readyz").status_code == 503


def test_the_strip_tells_what_became_of_each_due_time(world: World, page: Browser) -> None:
    world.write("schedules:\n  scan: every 2 hours\n").start(at="2026-01-10 00:30").advance("4 hours")
    world.stop().clock.advance(timedelta(hours=7))
    world.start().advance("1 hour").pause("scan").advance("4 hours")

    [label] = re.findall(r'aria-label="(Last \d+ due times?:[^"]+)"', page.get("/").text)

    assert label.startswith("Last 8 due times: 4 ran, 2 paused, 2 merged")


def test_the_timeline_leaves_a_week_out_that_would_take_long_to_rehearse(world: World, page: Browser) -> None:
    world.write("timezone: UTC\nschedules:\n  tick: every 20 seconds\n  scan: daily at 2 AM\n").start(at="2026-01-08")

    told = text_of(page.get("/timeline").text)

    assert "24 hours back and ahead" in told
    assert "The coming week holds too many runs to rehearse here. aperture plan --days 7 does." in told
