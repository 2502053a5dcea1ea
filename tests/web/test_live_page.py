"""The page is live: what it shows anew, what it leaves alone, and what it does when the server is gone.

The world's clock stands still, the server and the browser are real.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from aperture_plugin.testing import World
from tests.web.browsing import opened
from tests.web.conftest import Site

FILE = """\
queues:
  default: 2
schedules:
  scan:
    schedule: daily at 2:45 AM
    title: Library Scan
  long:
    schedule: manual
    title: Long One
"""


@pytest.fixture
def site(world: World) -> Iterator[Site]:
    world.durations["long"] = "1 hour"
    world.write(FILE).start(at="2026-01-10 00:30")
    found = Site(world)
    yield found
    found.stop()


@pytest.fixture
def page(chromium: Browser, site: Site) -> Iterator[Page]:
    with opened(chromium, site.url) as page:
        yield page


def eventually(page: Page, holds: Callable[[], bool]) -> None:
    for _ in range(400):
        if holds():
            return
        page.wait_for_timeout(25)
    raise AssertionError("it did not come about")


def test_a_run_shows_without_a_reload(page: Page, site: Site) -> None:
    eventually(page, lambda: site.streams == 1)
    site.world.run("long")

    expect(page.locator("#job-long .c-state")).to_contain_text("running")
    expect(page.locator("#queues")).to_contain_text("Long One")


def told(page: Page) -> None:
    """Wait until the page has had the time to show what a stream of its own tells of."""
    expect(page.locator("body")).to_have_attribute("data-told", "run")
    page.wait_for_timeout(450)


def listen(page: Page) -> None:
    """Open a second stream on the page, by which the test sees what the page's own is sent."""
    page.evaluate(
        "const mine = new EventSource(document.body.dataset.events);"
        "for (const kind of ['config', 'run'])"
        " mine.addEventListener(kind, () => document.body.dataset.told = kind);"
    )
    expect(page.locator("body")).to_have_attribute("data-told", "config")


def mark(page: Page, *queries: str) -> None:
    """Mark elements: whatever is replaced loses its mark."""
    for query in queries:
        page.evaluate("query => document.querySelector(query).dataset.mine = '1'", query)


def is_marked(page: Page, query: str) -> bool:
    return bool(page.evaluate("query => document.querySelector(query).dataset.mine === '1'", query))


def test_an_open_dialog_is_left_alone_and_the_news_comes_when_it_closes(page: Page, site: Site) -> None:
    listen(page)
    page.get_by_role("link", name="Schedule of Library Scan").click()
    page.get_by_label("Time", exact=True).fill("04:20")
    mark(page, "#job-long .c-state")

    site.world.run("long")
    told(page)

    expect(page.get_by_label("Time", exact=True)).to_have_value("04:20")
    assert is_marked(page, "#job-long .c-state")
    page.keyboard.press("Escape")
    expect(page.locator("#job-long .c-state")).to_contain_text("running")


def test_what_has_the_focus_is_not_replaced_and_rows_stay_where_they_are(page: Page, site: Site) -> None:
    button = page.get_by_role("button", name="Run Long One now")
    button.focus()
    mark(page, "#job-long .c-act", "#job-long .c-state")

    site.world.run("long")

    expect(page.locator("#job-long .c-state")).to_contain_text("running")
    assert is_marked(page, "#job-long .c-act")
    assert not is_marked(page, "#job-long .c-state")
    expect(button).to_be_focused()
    expect(page.locator("tr[data-job]").first).to_have_attribute("data-job", "scan")
    button.blur()
    page.mouse.move(0, 0)
    site.world.run("scan")
    expect(page.locator("tr[data-job]").first).to_have_attribute("data-job", "long")
    expect(page.get_by_role("link", name="Cancel Long One")).to_be_visible()


def test_selected_text_and_an_open_list_are_not_replaced(page: Page, site: Site) -> None:
    page.get_by_text("1 on the store").click()
    page.evaluate("document.getSelection().selectAllChildren(document.querySelector('#job-long .c-last'))")
    page.evaluate("document.activeElement.blur()")
    mark(page, "#health", "#job-long .c-last")

    site.world.run("long")
    site.world.advance("1 hour 5 minutes")

    expect(page.locator("#clock time")).to_have_text("1:35 AM")
    assert is_marked(page, "#health")
    assert is_marked(page, "#job-long .c-last")


def test_a_server_that_is_started_anew_is_found_again(page: Page, site: Site) -> None:
    eventually(page, lambda: site.streams == 1)
    site.stop()
    expect(page.locator("#flash")).to_contain_text("The server does not answer")

    site.serve()
    eventually(page, lambda: site.streams == 1)
    expect(page.locator("#flash")).to_be_hidden()
    site.world.run("long")

    expect(page.locator("#job-long .c-state")).to_contain_text("running")
    page.get_by_role("link", name="Pause Long One").click()
    page.get_by_role("button", name="Pause Long One").click()
    expect(page.locator("#flash")).to_contain_text("long is paused until")


@pytest.mark.parametrize("way", ["it never begins", "it is refused"])
def test_where_streams_do_not_pass_the_page_asks_again_and_again(chromium: Browser, site: Site, way: str) -> None:
    def handle(route: Route) -> None:
        if way == "it is refused":
            route.fulfill(status=502)

    context = chromium.new_context()
    page = context.new_page()
    page.route("**/api/events", handle)
    page.clock.install()
    page.goto(site.url)
    site.world.run("long")
    for _ in range(3):
        page.clock.fast_forward(5000)

    expect(page.locator("#job-long .c-state")).to_contain_text("running")
    assert site.streams == 0
    context.close()


def test_a_hidden_tab_has_no_stream_and_a_shown_one_catches_up(page: Page, site: Site) -> None:
    def turn(hidden: bool) -> None:
        page.evaluate(
            "hidden => { Object.defineProperty(document, 'hidden', {configurable: true, get: () => hidden});"
            " document.dispatchEvent(new Event('visibilitychange')); }",
            hidden,
        )

    eventually(page, lambda: site.streams == 1)
    turn(hidden=True)
    eventually(page, lambda: site.streams == 0)
    site.world.run("long")
    turn(hidden=False)

    expect(page.locator("#job-long .c-state")).to_contain_text("running")
    eventually(page, lambda: site.streams == 1)


def test_the_first_job_of_an_empty_file_shows_by_itself(chromium: Browser, world: World) -> None:
    world.write("timezone: UTC\n").start(at="2026-01-10 00:30")
    site = Site(world)
    with opened(chromium, site.url) as page:
        expect(page.locator("#list")).to_contain_text("No job yet")
        eventually(page, lambda: site.streams == 1)
        world.save("schedules:\n  scan: daily at 2 AM\n")

        expect(page.locator("#job-scan")).to_be_visible()
    site.stop()


def test_a_log_that_is_empty_yet_says_so_until_its_first_line(page: Page, site: Site) -> None:
    site.world.run("long")
    page.goto(f"{site.url}jobs/long")
    expect(page.locator(".follow")).to_be_visible()

    expect(page.locator("#log")).to_contain_text("It has written nothing yet.")
