"""Every route with every set of rights: what is not granted is denied, whatever else is right about the request."""

from __future__ import annotations

from itertools import chain, combinations

import pytest

from aperture_plugin.testing import World
from aperture_plugin.web import app
from aperture_plugin.web.access import Right
from aperture_plugin.web.endpoints import Endpoint
from aperture_plugin.web.routes import ENDPOINTS
from tests.web.conftest import ADDRESS, Browser, aperture_of

SETS = [*chain.from_iterable(combinations(Right, number) for number in range(len(Right) + 1))]
OPEN = {"/healthz", "/readyz", "/login", "/logout", "/static/{name}"}


def ask(endpoint: Endpoint, browser: Browser, *, query: str = "") -> int:
    path = endpoint.path.replace("{job}", "scan").replace("{id}", "nosuchrun").replace("{name}", "page.css")
    headers = {"origin": ADDRESS, "x-aperture-token": browser.application.access.new_page_token()}
    return browser.send(endpoint.method, f"{path}{query}", headers=headers).status_code


@pytest.mark.parametrize("rights", SETS, ids=lambda rights: "+".join(rights) or "none")
def test_a_route_answers_those_who_have_its_right_and_nobody_else(world: World, rights: tuple[Right, ...]) -> None:
    world.write("schedules:\n  scan: manual\n").start()
    browser = Browser(app(aperture_of(world), authorize=lambda _: rights))
    # Whoever is let in to the events stays there: those are asked for in a test of their own.
    answers = {
        (endpoint.method, endpoint.path): ask(endpoint, browser)
        for endpoint in ENDPOINTS
        if endpoint.path != "/api/events" or endpoint.right not in rights
    }

    for endpoint in ENDPOINTS:
        answer = answers.get((endpoint.method, endpoint.path))
        is_granted = endpoint.right is None or endpoint.right in rights
        assert answer is None or (answer != 403) is is_granted, f"{endpoint.method} {endpoint.path}: {answer}"


def test_only_health_and_the_login_are_open_to_everybody() -> None:
    assert {endpoint.path for endpoint in ENDPOINTS if endpoint.right is None} == OPEN


def test_whoever_may_read_may_see_what_a_change_would_do(world: World) -> None:
    world.write("schedules:\n  scan: manual\n").start()
    [put] = [endpoint for endpoint in ENDPOINTS if endpoint.method == "PUT"]

    def answer(*rights: Right) -> int:
        return ask(put, Browser(app(aperture_of(world), authorize=lambda _: rights)), query="?preview=1")

    assert (answer(), answer(Right.EDIT), answer(Right.READ)) == (403, 403, 422)


def test_read_only_leaves_nobody_another_right(world: World) -> None:
    world.write("schedules:\n  scan: manual\n").start()
    browser = Browser(app(aperture_of(world), authorize=lambda _: Right, read_only=True))

    for endpoint in ENDPOINTS:
        if endpoint.right in {Right.OPERATE, Right.EDIT}:
            assert ask(endpoint, browser) == 403


@pytest.mark.parametrize("granted", [None, [], "read", ["reed"], RuntimeError("the session store is away")])
def test_an_answer_of_the_host_that_grants_nothing_denies_everything(world: World, granted: object) -> None:
    world.write("schedules:\n  scan: manual\n").start()

    def authorize(_: object) -> object:
        if isinstance(granted, Exception):
            raise granted
        return granted

    browser = Browser(app(aperture_of(world), authorize=authorize))  # type: ignore[arg-type]

    assert browser.get("/api/status").status_code in {403, 500}


def test_a_login_lets_a_browser_in_and_five_wrong_tries_a_minute_are_the_most(world: World) -> None:
    world.write("schedules:\n  scan: manual\n").start()
    application = app(aperture_of(world), token="open sesame")
    browser = Browser(application)

    def log_in(said: str, *, address: str = "127.0.0.1") -> int:
        visitor = browser if address == browser.address else Browser(application, address=address)
        headers = {"origin": ADDRESS, "accept": "text/html", "content-type": "application/x-www-form-urlencoded"}
        token = application.access.new_page_token()
        body = f"token={token}&password={said}&back=timeline".encode()
        return visitor.send("POST", "/login", content=body, headers=headers).status_code

    asked = browser.get("/timeline?days=7")
    wrong = [log_in("guess") for _ in range(6)]
    other = log_in("open sesame", address="10.0.0.7")
    application.access._tries.clear()
    right = log_in("open sesame")

    assert (asked.status_code, asked.headers["location"]) == (303, "./login?back=timeline%3Fdays%3D7")
    assert wrong == [401] * 5 + [429]
    assert (other, right) == (303, 303)
    assert browser.get("/").status_code == 200
    assert Browser(application).get("/api/status").status_code == 401
