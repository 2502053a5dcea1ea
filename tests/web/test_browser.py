"""The page of a real process in a real browser, with its script and without: every action, and what axe finds.

One process serves all of these tests, and each test has jobs of its own.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.cli.conftest import Terminal
from tests.web.browsing import axe, opened
from tests.web.test_server import address

JOBS = """\
  scan-{who}:
    schedule: daily at 2:45 AM  # after midnight
    title: Scan of {who}
    category: {who}
    command: echo scanned
  long-{who}:
    schedule: manual
    title: Long of {who}
    command: echo begun; sleep 60
"""
PEOPLE = {"with the script": "ada", "without": "bob"}
FILE = "timezone: UTC\nqueues:\n  default: 4\nschedules:\n" + "".join(JOBS.format(who=who) for who in PEOPLE.values())
FILE += "  sync: every 3 hours at :10\n  off-one:\n    schedule: daily at 5 AM\n    enabled: no\n"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("browser") / "schedules.yaml"
    found.write_text(FILE)
    return found


@pytest.fixture(scope="module")
def url(file: Path) -> Iterator[str]:
    process: subprocess.Popen[str] = Terminal(file.parent).begin("start", "--web", "127.0.0.1:0")
    yield address(process)
    process.kill()
    process.communicate()


@pytest.fixture(params=list(PEOPLE))
def who(request: pytest.FixtureRequest) -> str:
    """Whose jobs a test uses: ada's browser runs scripts, bob's does not."""
    return PEOPLE[request.param]


@pytest.fixture
def page(who: str, chromium: Browser, url: str) -> Iterator[Page]:
    with opened(chromium, url, java_script_enabled=who == "ada") as page:
        yield page


def runs_of(url: str, job: str, **wanted: str) -> list[dict[str, Any]]:
    """Return the attempts of a job, once there are any."""
    until = time.monotonic() + 20
    while not (found := httpx.get(f"{url}api/history", params={"job": job, **wanted}).json()):
        assert time.monotonic() < until, "there is none"
        time.sleep(0.02)
    rows: list[dict[str, Any]] = found
    return rows


def test_a_job_is_run_and_cancelled_after_asking(page: Page, url: str, who: str) -> None:
    page.get_by_role("button", name=f"Run Long of {who} now").click()
    expect(page.locator("#flash")).to_contain_text(f"long-{who} is queued")
    runs_of(url, f"long-{who}", status="running")
    page.reload()

    page.get_by_role("link", name=f"Cancel Long of {who}").click()
    page.get_by_label("Note for the others").fill("the disk is needed")
    page.get_by_role("button", name="Cancel the run").click()

    expect(page.locator("#flash")).to_contain_text(f"long-{who} was asked to stop")
    [ended] = runs_of(url, f"long-{who}", status="cancelled")
    assert ended["reason"].endswith(": the disk is needed")


def test_a_job_is_run_once_with_other_parameters(page: Page, url: str, who: str) -> None:
    page.get_by_role("link", name=f"Scan of {who}", exact=True).click()
    page.get_by_role("link", name="Run with…").click()
    page.get_by_label("Parameters, one NAME=VALUE a line").fill("kind film")
    page.get_by_role("button", name=f"Run Scan of {who}").click()
    expect(page.get_by_role("alert")).to_contain_text('"kind film" is not NAME=VALUE')
    page.get_by_label("Parameters, one NAME=VALUE a line").fill("kind=film")
    page.get_by_label("Note for the others").fill("only films")
    page.get_by_role("button", name=f"Run Scan of {who}").click()

    expect(page.locator("#flash")).to_contain_text(f"scan-{who} is queued")
    [run] = runs_of(url, f"scan-{who}", status="completed")
    assert (run["params"], run["note"]) == ({"kind": "film"}, "only films")
    page.reload()
    expect(page.locator("#history-table")).to_contain_text("with kind: film")


def test_a_job_is_paused_with_a_note_and_resumed(page: Page, who: str) -> None:
    page.get_by_role("link", name=f"Pause Scan of {who}").click()
    page.get_by_label("Until a time").fill("2 hours")
    page.get_by_label("Note for the others").fill("<b>the server</b> moves")
    page.get_by_role("button", name=f"Pause Scan of {who}").click()

    expect(page.locator("#flash")).to_contain_text(f"scan-{who} is paused until")
    page.reload()
    expect(page.locator(f"#job-scan-{who} .c-state")).to_contain_text("<b>the server</b> moves")
    page.get_by_role("button", name=f"Resume Scan of {who}").click()
    expect(page.locator("#flash")).to_contain_text(f"scan-{who} is resumed")


def test_the_switch_turns_a_job_off_and_on_and_leaves_its_words_alone(page: Page, file: Path, who: str) -> None:
    switch = page.get_by_role("switch", name=f"Long of {who} enabled")
    switch.click()
    expect(page.locator("#flash")).to_contain_text(f"long-{who} is switched off")
    page.reload()
    expect(switch).to_have_attribute("aria-checked", "false")
    switch.click()
    expect(page.locator("#flash")).to_contain_text(f"long-{who} is switched on")

    assert f"  long-{who}:\n    schedule: manual\n" in file.read_text()


def test_a_schedule_is_changed_and_nothing_else_of_the_file(page: Page, file: Path, who: str) -> None:
    before = file.read_text()
    page.get_by_role("link", name=f"Schedule of Scan of {who}").click()
    page.get_by_label("Time", exact=True).fill("03:15")
    if who == "bob":
        page.get_by_role("button", name="Preview").click()
    expect(page.get_by_label("Preview", exact=True).first).to_contain_text("Daily at 3:15 AM")
    page.get_by_role("button", name="Save").click()

    expect(page.locator("#flash")).to_contain_text(f"scan-{who}: Daily at 3:15 AM in place of Daily at 2:45 AM")
    head, tail = before.split(f"  scan-{who}:\n")
    assert file.read_text() == f"{head}  scan-{who}:\n{tail.replace('daily at 2:45 AM', 'daily at 03:15', 1)}"


def test_what_is_looked_for_stands_in_the_url(page: Page) -> None:
    page.get_by_label("Find jobs by name").fill("scan of ada")
    page.get_by_label("Find jobs by name").press("Enter")

    expect(page.locator("tr[data-job]")).to_have_count(1)
    assert "q=scan" in page.url


def test_keys_move_the_focus_and_press_what_they_are_told(chromium: Browser, url: str) -> None:
    with opened(chromium, url) as page:
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


def test_tab_alone_reaches_every_control(chromium: Browser, url: str) -> None:
    with opened(chromium, url) as page:
        wanted = page.evaluate(
            "[...document.querySelectorAll('a[href],button,input:not([type=hidden]),summary,[tabindex=\"0\"]')]"
            ".filter(one => one.checkVisibility() && !one.disabled && one.tabIndex >= 0).length"
        )
        reached = set()
        for _ in range(wanted + 5):
            page.keyboard.press("Tab")
            reached.add(page.evaluate("[...document.querySelectorAll('*')].indexOf(document.activeElement)"))

        body = page.evaluate("[...document.querySelectorAll('*')].indexOf(document.body)")
        assert len(reached - {body}) == wanted


PAGES = [
    "",
    "jobs/scan-ada",
    "jobs/scan-ada/schedule",
    "jobs/scan-ada/pause",
    "jobs/scan-ada/run",
    "timeline",
    "?q=nothing",
]
LOOKS: list[tuple[int, Literal["light", "dark"]]] = [(1280, "light"), (1280, "dark"), (360, "light")]


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(
    chromium: Browser, url: str, width: int, scheme: str
) -> None:
    script, violations = axe(), []
    look = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme, "bypass_csp": True}
    with opened(chromium, url, **look) as page:
        for path in PAGES:
            page.goto(f"{url}{path}")
            page.add_script_tag(content=script)
            told = page.evaluate("async () => (await axe.run()).violations.map(v => [v.id, v.nodes.map(n => n.html)])")
            violations += [(path, *one) for one in told]
            if page.evaluate("document.documentElement.scrollWidth") > width:
                violations.append((path, "too wide"))

    assert violations == []


def test_the_page_fits_every_width(chromium: Browser, url: str) -> None:
    with opened(chromium, url) as page:
        for width in (360, 720, 1121, 1920):
            page.set_viewport_size({"width": width, "height": 900})

            assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_nothing_is_asked_of_another_server_and_the_console_stays_empty(chromium: Browser, url: str) -> None:
    asked: list[str] = []
    told: list[str] = []
    with opened(chromium, url) as page:
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: told.append(message.text))
        page.on("pageerror", lambda error: told.append(str(error)))
        for path in PAGES:
            page.goto(f"{url}{path}")

        assert [one for one in asked if not one.startswith(url)] == []
        assert told == []
