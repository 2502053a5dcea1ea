"""Who is let through: rights, hosts, tokens, and where a change may come from."""

from __future__ import annotations

from aperture_plugin.testing import World
from aperture_plugin.web import app
from tests.web.conftest import Browser, aperture_of

FILE = "schedules:\n  scan: daily at 2 AM\n"


def test_health_needs_no_right_and_the_rest_is_denied_to_whoever_has_none(world: World) -> None:
    world.write(FILE).start()
    nobody = Browser(app(aperture_of(world), authorize=lambda _: ()))

    assert (nobody.get("/healthz").status_code, nobody.get("/readyz").status_code) == (200, 200)
    assert nobody.get("/api/status").status_code == 403


def test_off_loopback_nobody_has_a_right_without_a_token(world: World) -> None:
    world.write(FILE).start()
    application = app(aperture_of(world))

    assert Browser(application, address="127.0.0.1").get("/api/status").status_code == 200
    assert Browser(application, address="::1").get("/api/status").status_code == 200
    assert Browser(application, address="10.0.0.7").get("/api/status").status_code == 403


def test_what_a_proxy_on_this_machine_passes_on_from_another_is_not_local(world: World) -> None:
    world.write(FILE).start()
    here = Browser(app(aperture_of(world)))

    assert here.get("/api/status", **{"x-forwarded-for": "127.0.0.1"}).status_code == 200
    assert here.get("/api/status", **{"x-forwarded-for": "127.0.0.1, 10.0.0.7"}).status_code == 403


def test_a_token_is_needed_where_one_is_set_on_loopback_too(world: World) -> None:
    world.write(FILE).start()
    browser = Browser(app(aperture_of(world), token="open sesame"))

    refused = browser.send("GET", "/api/status")
    wrong = browser.get("/api/status", authorization="Bearer open")
    right = browser.get("/api/status", authorization="Bearer open sesame")

    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, 'Bearer realm="aperture"')
    assert refused.headers["content-type"] == "application/problem+json"
    assert set(refused.json()) == {"type", "title", "status", "detail"}
    assert (wrong.status_code, right.status_code) == (401, 200)


def test_a_foreign_host_is_refused_before_anything_else(world: World) -> None:
    world.write(FILE).start()
    browser = Browser(app(aperture_of(world), hosts=["media.example.org"]))

    answers = {
        host: browser.get("/api/status", host=host).status_code
        for host in ("evil.example.com", "media.example.org", "MEDIA.example.org:8443", "localhost:1", "[::1]:8642")
    }

    assert answers == {
        "evil.example.com": 421,
        "media.example.org": 200,
        "MEDIA.example.org:8443": 200,
        "localhost:1": 200,
        "[::1]:8642": 200,
    }


def test_every_answer_says_what_a_browser_may_do_with_it(world: World, page: Browser) -> None:
    world.write(FILE).start()

    for path in ("/", "/api/status", "/healthz", "/nowhere"):
        headers = page.get(path).headers

        assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
        assert (headers["referrer-policy"], headers["x-content-type-options"]) == ("same-origin", "nosniff")


def test_the_status_is_that_of_the_command(world: World, page: Browser) -> None:
    world.write("schedules:\n  scan:\n    schedule: daily at 2 AM\n    category: sync\n").start(at="2026-01-10 01:00")
    world.pause("scan", note="a look at the disk")

    [job] = page.json("/api/status")["jobs"]

    assert (job["job"], job["category"], job["enabled"]) == ("scan", "sync", True)
    assert (job["paused"]["note"], job["paused"]["by"]) == ("a look at the disk", "a test")
    assert page.get("/").text.count("<bdi>scan</bdi>") == 1


def test_a_page_without_a_valid_file_is_alive_and_not_ready(world: World, page: Browser) -> None:
    world.write("schedules:\n  scan: dayly\n")

    assert (page.get("/healthz").status_code, page.get("/readyz").status_code) == (200, 503)
    assert page.json("/api/status")["config"]["rejected"]["problems"][0]["code"]
