"""The page in a real browser, with its script and without: every action, the keyboard, and what axe finds."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.cli.conftest import Terminal
from tests.web.test_server import address

CHROMIUM = shutil.which("chromium")
FILE = """\
timezone: UTC
queues:
  default: 2
schedules:
  scan:
    schedule: daily at 2:45 AM  # after midnight
    title: Library Scan
    category: sync
    command: echo scanned
  long:
    schedule: manual
    title: Long One
    command: echo begun; sleep 60
  sync: every 3 hours at :10
  off-one:
    schedule: daily at 5 AM
    enabled: no
"""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def url(terminal: Terminal) -> str:
    terminal.write(FILE)
    return address(terminal.begin("start", "--web", "127.0.0.1:0"))


@pytest.fixture(params=["with the script", "without"])
def page(request: pytest.FixtureRequest, chromium: Browser, url: str) -> Iterator[Page]:
    context = chromium.new_context(java_script_enabled=request.param == "with the script")
    context.set_default_timeout(20_000)
    expect.set_options(timeout=20_000)
    page = context.new_page()
    page.goto(url)
    yield page
    context.close()


def test_a_job_is_run_and_cancelled_after_asking(page: Page, terminal: Terminal) -> None:
    page.get_by_role("button", name="Run Long One now").click()
    expect(page.locator("#flash")).to_contain_text("long is queued")
    terminal.until(lambda: terminal.look("history", "--status", "running", "--format", "json").json)
    page.reload()

    page.get_by_role("link", name="Cancel Long One").click()
    page.get_by_label("Note for the others").fill("the disk is needed")
    page.get_by_role("button", name="Cancel the run").click()

    expect(page.locator("#flash")).to_contain_text("long was asked to stop")
    [ended] = terminal.until(lambda: terminal.look("history", "--status", "cancelled", "--format", "json").json)
    assert ended["reason"].endswith(": the disk is needed")


def test_a_job_is_paused_with_a_note_and_resumed(page: Page, terminal: Terminal) -> None:
    page.get_by_role("link", name="Pause Library Scan").click()
    page.get_by_label("Until a time").fill("2 hours")
    page.get_by_label("Note for the others").fill("<b>the server</b> moves")
    page.get_by_role("button", name="Pause Library Scan").click()

    expect(page.locator("#flash")).to_contain_text("scan is paused until")
    page.reload()
    expect(page.locator("#job-scan .c-state")).to_contain_text("<b>the server</b> moves")
    page.get_by_role("button", name="Resume Library Scan").click()
    expect(page.locator("#flash")).to_contain_text("scan is resumed")


def test_the_switch_turns_a_job_off_and_on_and_leaves_its_words_alone(page: Page, terminal: Terminal) -> None:
    file = terminal.folder / "schedules.yaml"
    switch = page.get_by_role("switch", name="Library Scan enabled")
    switch.click()
    expect(page.locator("#flash")).to_contain_text("scan is switched off")
    page.reload()
    expect(switch).to_have_attribute("aria-checked", "false")
    switch.click()
    expect(page.locator("#flash")).to_contain_text("scan is switched on")

    assert "daily at 2:45 AM  # after midnight" in file.read_text()


def test_a_schedule_is_changed_and_nothing_else_of_the_file(page: Page, terminal: Terminal) -> None:
    file = terminal.folder / "schedules.yaml"
    page.get_by_role("link", name="Schedule of Library Scan").click()
    page.get_by_label("Time", exact=True).fill("03:15")
    if page.get_by_role("button", name="Preview").is_visible():
        page.get_by_role("button", name="Preview").click()
    expect(page.get_by_label("Preview", exact=True).first).to_contain_text("Daily at 3:15 AM")
    page.get_by_role("button", name="Save").click()

    expect(page.locator("#flash")).to_contain_text("scan: Daily at 3:15 AM in place of Daily at 2:45 AM")
    assert file.read_text() == FILE.replace("daily at 2:45 AM", "daily at 03:15")


def test_what_is_looked_for_stands_in_the_url(page: Page) -> None:
    page.get_by_label("Find jobs by name").fill("library")
    page.get_by_label("Find jobs by name").press("Enter")

    expect(page.locator("tr[data-job]")).to_have_count(1)
    assert "q=library" in page.url


def test_the_page_is_live_and_leaves_an_open_dialog_alone(chromium: Browser, url: str, terminal: Terminal) -> None:
    page = chromium.new_page()
    page.goto(url)
    page.get_by_role("link", name="Schedule of Library Scan").click()
    page.get_by_label("Time", exact=True).fill("04:20")

    assert terminal.look("run", "long").code == 0
    terminal.until(lambda: terminal.look("history", "--status", "running", "--format", "json").json)
    expect(page.get_by_label("Time", exact=True)).to_have_value("04:20")
    page.keyboard.press("Escape")

    expect(page.locator("#job-long .c-state")).to_contain_text("running", timeout=20_000)
    expect(page.locator("#queues")).to_contain_text("Long One")
    page.close()


def test_keys_move_the_focus_and_press_what_they_are_told(chromium: Browser, url: str) -> None:
    page = chromium.new_page()
    page.goto(url)
    page.keyboard.press("j")
    first = page.evaluate("document.activeElement.closest('tr').dataset.job")
    page.keyboard.press("s")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("find a job")
    page.keyboard.press("Escape")
    page.keyboard.press("/")

    assert first == page.locator("tr[data-job]").first.get_attribute("data-job")
    assert page.evaluate("document.activeElement.id") == "q"
    page.close()


@pytest.mark.parametrize("path", ["", "jobs/scan", "jobs/scan/schedule", "jobs/scan/pause", "timeline", "?q=nothing"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(chromium: Browser, url: str, path: str) -> None:
    found = find_spec("axe_playwright_python")
    assert found is not None
    assert found.origin is not None
    axe = Path(found.origin).with_name("axe.min.js").read_text(encoding="utf-8")
    violations = []
    looks: list[tuple[int, Literal["light", "dark"]]] = [(1280, "light"), (1280, "dark"), (360, "light")]
    for width, scheme in looks:
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            bypass_csp=True,
        )
        page = context.new_page()
        page.goto(f"{url}{path}")
        page.add_script_tag(content=axe)
        told = page.evaluate("async () => (await axe.run()).violations.map(v => [v.id, v.nodes.map(n => n.html)])")
        violations += [(width, scheme, *one) for one in told]
        if page.evaluate("document.documentElement.scrollWidth") > width:
            violations.append((width, scheme, "too wide"))
        context.close()

    assert violations == []


@pytest.mark.parametrize("width", [360, 720, 1121, 1920])
def test_the_page_fits_every_width(chromium: Browser, url: str, width: int) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 900})
    page.goto(url)

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
