"""Chromium for tests: one for each module, and what axe finds on a page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

CHROMIUM = shutil.which("chromium")
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-extensions"]
_PATIENCE = 20_000


@contextmanager
def chromium_running() -> Iterator[Browser]:
    """Enter a browser that runs; each test opens a context of its own in it."""
    expect.set_options(timeout=_PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, url: str, **how: Any) -> Iterator[Page]:
    """Enter a page at *url*, with nothing in it from another one."""
    context = browser.new_context(**how)
    context.set_default_timeout(_PATIENCE)
    page = context.new_page()
    page.goto(url)
    yield page
    context.close()


def axe() -> str:
    """Return the script that looks for what keeps people out."""
    found = find_spec("axe_playwright_python")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).with_name("axe.min.js").read_text(encoding="utf-8")
