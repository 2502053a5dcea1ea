"""The API: the same answers as the commands', and what it does for whoever asks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aperture_plugin.testing import World
from aperture_plugin.web import query_api
from tests.cli.conftest import step_into, typed
from tests.web.conftest import Browser

FILE = """\
timezone: Europe/Riga
queues:
  default: 1
schedules:
  scan: daily at 2 AM  # after midnight
  sync:
    schedule: every 6 hours
    needs: [scan]
  report:
    type: weekly
    day: sunday
    time: 4:00 AM
"""


@pytest.fixture
def lived(world: World) -> World:
    """A world with a past: a day of runs, one of which failed."""

    def fail(_: object) -> None:
        raise ValueError("the disk is full")

    world.handlers["report"] = fail
    return world.write(FILE).start(at="2026-01-10 00:00").advance("1 day 4 hours")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/api/status", ("status",)),
        ("/api/next?count=7", ("next", "--count", "7")),
        ("/api/next?job=scan&until=2026-04-01", ("next", "--job", "scan", "--until", "2026-04-01")),
        ("/api/history", ("history",)),
        ("/api/history?job=scan&job=report&limit=3", ("history", "--job", "scan", "--job", "report", "--limit", "3")),
        ("/api/history?status=failed&since=2+days", ("history", "--status", "failed", "--since", "2 days")),
        ("/api/plan?days=1", ("plan", "--days", "1")),
        ("/api/doctor?job=report", ("doctor", "report")),
        ("/api/doctor", ("doctor",)),
        ("/api/audit", ("audit",)),
        ("/api/audit?job=sync&from=2026-01-10", ("audit", "--job", "sync", "--from", "2026-01-10")),
    ],
)  # fmt: skip
def test_an_answer_is_that_of_the_command(
    lived: World, page: Browser, monkeypatch: pytest.MonkeyPatch, path: str, words: tuple[str, ...]
) -> None:
    from aperture_plugin.cli import file_session

    step_into(lived.folder, monkeypatch)
    monkeypatch.setattr(file_session, "now", lived.clock.now)

    said = typed(*words, "-f", str(lived.file), "--format", "json")

    assert said.out, said.err
    assert page.json(path) == json.loads(said.out)


def test_a_run_is_asked_for_and_its_attempts_and_log_are_there(lived: World, page: Browser) -> None:
    answer = page.post("/api/jobs/scan/run", {"note": "a look"})
    lived.stop().start()
    run = answer.json()
    [attempt] = page.json(f"/api/runs/{run['id']}")
    log = page.get(f"/api/runs/{run['id']}/log")

    assert (answer.status_code, run["job"], run["trigger"], run["status"]) == (202, "scan", "manual", "queued")
    assert attempt["status"] == "completed"
    assert log.headers["content-type"].startswith("text/plain")


def test_a_run_may_be_asked_for_with_parameters(world: World, page: Browser) -> None:
    world.write("schedules:\n  scan:\n    schedule: manual\n    params:\n      depth: 1\n    command: 'true'\n").start()

    run = page.post("/api/jobs/scan/run", {"params": {"depth": 3}, "note": "a look"}).json()
    page.submit("/api/jobs/scan/run", **{"param.depth": "4"})
    refused = page.post("/api/jobs/scan/run", {"params": {"dpeth": 3}})

    assert (run["params"], run["note"]) == ({"depth": 3}, "a look")
    assert page.json("/api/history")[0]["params"] == {"depth": 4}
    assert (refused.status_code, refused.json()["detail"]) == (
        422,
        'scan has no parameter "dpeth"; did you mean "depth"?',
    )


def test_a_log_that_is_followed_ends_with_the_run(lived: World, page: Browser) -> None:
    lived.handlers["scan"] = lambda run: run.log.info("one \x1b[31mred\x1b[0m line")
    run = lived.run("scan")

    followed = page.get(f"/api/runs/{run.id}/log?follow=1")

    events = [dict(line.split(": ", 1) for line in event.split("\n")) for event in followed.text.strip().split("\n\n")]
    assert followed.headers["content-type"].startswith("text/event-stream")
    assert [event["event"] for event in events] == ["line", "end"]
    assert json.loads(events[0]["data"])["text"] == "one \ufffd[31mred\ufffd[0m line"
    assert json.loads(events[1]["data"])["status"] == "completed"


def test_a_pause_holds_until_it_is_lifted(lived: World, page: Browser) -> None:
    paused = page.post("/api/jobs/sync/pause", {"until": "2 hours", "note": "the server moves"})
    told = next(job for job in page.json("/api/status")["jobs"] if job["job"] == "sync")["paused"]
    resumed, again = page.post("/api/jobs/sync/resume"), page.post("/api/jobs/sync/resume")

    assert (paused.status_code, paused.json()["paused"]) == (200, told)
    assert told["note"] == "the server moves"
    assert "127.0.0.1" in told["by"]
    assert (resumed.status_code, again.status_code) == (200, 409)


@pytest.mark.parametrize(
    ("method", "path", "body", "detail"),
    [
        ("POST", "pause", {"untill": "2 hours"}, '"untill" is not a key of this request; did you mean "until"?'),
        ("POST", "run", {"parameters": {}}, '"parameters" is not a key of this request; expected params or note'),
        ("POST", "cancel", {"nte": "why"}, '"nte" is not a key of this request; did you mean "note"?'),
        ("PUT", "schedule", {"shedule": "manual"}, '"shedule" is not a key of this request; did you mean "schedule"?'),
    ],
)
def test_a_misspelt_key_is_refused_and_nothing_is_done(
    lived: World, page: Browser, method: str, path: str, body: dict[str, object], detail: str
) -> None:
    before = page.json("/api/status")["jobs"], page.json("/api/history")

    refused = page.post(f"/api/jobs/sync/{path}", body, method=method)

    assert (refused.status_code, refused.json()["title"], refused.json()["detail"]) == (422, "Unknown key", detail)
    assert (page.json("/api/status")["jobs"], page.json("/api/history")) == before


@pytest.mark.parametrize(
    ("method", "url", "detail"),
    [
        ("GET", "history?jbo=scan", '"jbo" is not a parameter of /api/history; did you mean "job"?'),
        ("GET", "history?limit=1&x=2", '"x" is not a parameter of /api/history; expected job, limit, since or status'),
        ("GET", "status?job=scan", '"job" is not a parameter of /api/status: there are none'),
        ("GET", "plan?untill=tomorrow", '"untill" is not a parameter of /api/plan; did you mean "until"?'),
        ("POST", "jobs/sync/pause?until=1h", '"until" is not a parameter of /api/jobs/sync/pause: there are none'),
        (
            "PUT",
            "jobs/sync/schedule?previw=1",
            '"previw" is not a parameter of /api/jobs/sync/schedule; did you mean "preview"?',
        ),
    ],
)
def test_a_misspelt_parameter_is_refused_and_nothing_is_done(
    lived: World, page: Browser, method: str, url: str, detail: str
) -> None:
    before = page.json("/api/status")["jobs"], page.json("/api/history")

    if method == "GET":
        refused = page.get(f"/api/{url}")
    else:
        refused = page.post(f"/api/{url}", {"schedule": "manual"} if method == "PUT" else {}, method=method)

    assert (refused.status_code, refused.json()["title"], refused.json()["detail"]) == (
        422,
        "Unknown parameter",
        detail,
    )
    assert (page.json("/api/status")["jobs"], page.json("/api/history")) == before


def test_cancelling_nothing_is_a_conflict(lived: World, page: Browser) -> None:
    answer = page.post("/api/jobs/scan/cancel")

    assert (answer.status_code, answer.json()["type"]) == (409, "urn:aperture:nothing-to-cancel")


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/api/runs/nosuchrun", None, 404),
        ("GET", "/api/next?job=scna", None, 404),
        ("GET", "/api/next?count=0", None, 400),
        ("GET", "/api/next?from=someday", None, 400),
        ("GET", "/api/history?job=nosuch", None, 404),
        ("GET", "/api/history?status=done", None, 400),
        ("GET", "/api/audit?from=2026-01-10&until=2026-01-09", None, 409),
        ("GET", "/api/plan?days=100", None, 400),
        ("GET", "/api/jobs/..%2f..%2fetc/schedule", None, 404),
        ("GET", "/api/jobs/%2e%2e/schedule", None, 404),
        ("POST", "/api/jobs/scna/run", {}, 404),
        ("POST", "/api/jobs/scan/pause", {"until": "yesterday"}, 409),
        ("POST", "/api/jobs/scan/pause", {"until": "someday"}, 422),
        ("POST", "/api/jobs/scan/pause", {"until": 7}, 422),
        ("POST", "/api/jobs/scan/run", [], 400),
        ("POST", "/api/jobs/scan/run", {"params": ["depth"]}, 422),
        ("POST", "/api/jobs/scan/run", {"note": "x" * 70_000}, 413),
        ("PUT", "/api/jobs/scan/schedule", {"version": "0"}, 422),
        ("PUT", "/api/jobs/scan/schedule", {"schedule": "daily at 3 AM"}, 409),
        ("PUT", "/api/jobs/scan/schedule", {"schedule": "daily at 3 AM", "version": "0"}, 409),
        ("POST", "/api/status", {}, 405),
        ("GET", "/api/nothing", None, 404),
    ],
)  # fmt: skip
def test_an_error_is_a_problem_in_words(
    lived: World, page: Browser, method: str, path: str, body: Any, status: int
) -> None:
    answer = page.send("GET", path) if method == "GET" else page.post(path, body, method=method)

    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert answer.json()["detail"]


# ── schedules ──


def test_a_schedule_is_saved_without_touching_anything_else(lived: World, page: Browser) -> None:
    before = page.json("/api/jobs/scan/schedule")
    answer = page.post("/api/jobs/scan/schedule", {**before, "schedule": "Daily at 3:30 AM"}, method="PUT").json()

    assert before["schedule"] == "Daily at 2:00 AM"
    assert answer["written"] is True
    assert answer["schedule"] == "Daily at 3:30 AM"
    assert answer["version"] == page.json("/api/jobs/scan/schedule")["version"] != before["version"]
    assert answer["summary"] == "scan: Daily at 3:30 AM in place of Daily at 2:00 AM; 7 runs a week, as before"
    assert lived.file.read_text() == FILE.replace("daily at 2 AM", "Daily at 3:30 AM")


def test_a_preview_says_all_and_writes_nothing(lived: World, page: Browser) -> None:
    page.page_token()
    page.application.access.read_only = True
    answer = page.post(
        "/api/jobs/scan/schedule?preview=1", {"schedule": "weekly on sunday at 4 AM"}, method="PUT"
    ).json()
    bad = page.post("/api/jobs/scan/schedule?preview=1", {"schedule": "daily at 25:00"}, method="PUT").json()

    assert (answer["valid"], answer["schedule"]) == (True, "Weekly on Sunday at 4:00 AM")
    assert [slot["nominal"] for slot in answer["next"][:2]] == ["2026-01-18T04:00", "2026-01-25T04:00"]
    assert answer["collisions"][0]["jobs"] == ["scan", "report"]
    assert "-  scan: daily at 2 AM  # after midnight\n+  scan: weekly on sunday at 4 AM  # after" in answer["patch"]
    assert (bad["valid"], bad["problems"][0]["job"]) == (False, "scan")
    assert lived.file.read_text() == FILE


def test_a_save_in_between_is_noticed(lived: World, page: Browser) -> None:
    before = page.json("/api/jobs/scan/schedule")
    lived.write(FILE + "# by somebody else\n")

    answer = page.post("/api/jobs/scan/schedule", {**before, "schedule": "daily at 4 AM"}, method="PUT")

    assert answer.status_code == 409
    assert lived.file.read_text().endswith("# by somebody else\n")


@pytest.mark.parametrize("job", ["scan", "sync", "report"])
def test_off_and_on_again_brings_back_the_very_schedule(lived: World, page: Browser, job: str) -> None:
    before = page.json(f"/api/jobs/{job}/schedule")["schedule"]

    off = page.post(f"/api/jobs/{job}/disable").json()
    is_off = lived.aperture.installation().source().load(now=lived.clock.now()).config
    on = page.post(f"/api/jobs/{job}/enable").json()

    assert is_off is not None
    assert not is_off.jobs[job].enabled
    assert (off["written"], off["schedule"], on["schedule"]) == (True, before, before)
    assert "after midnight" in lived.file.read_text()


def test_what_cannot_be_replaced_is_written_in_place(
    lived: World, page: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(self: Path, target: object) -> Path:
        raise OSError(16, "Device or resource busy")

    monkeypatch.setattr(Path, "replace", busy)
    inode = lived.file.stat().st_ino
    answer = page.post("/api/jobs/report/disable").json()

    assert answer["written"] is True
    assert (lived.file.stat().st_ino, "enabled: no" in lived.file.read_text()) == (inode, True)
    assert sorted(path.name for path in lived.folder.iterdir() if path.name.startswith(".schedules")) == []


def test_what_cannot_be_written_is_given_as_a_patch(
    lived: World, page: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aperture_plugin.app import file_change

    def read_only(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(file_change, "write_whole", read_only)
    answer = page.post("/api/jobs/scan/disable").json()

    assert answer["written"] is False
    assert "+    enabled: no\n" in answer["patch"]
    assert lived.file.read_text() == FILE


# ── forgery ──


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"sec-fetch-site": "same-origin", "origin": ""}, 200),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "none"}, 403),
        ({"origin": "http://evil.example.com"}, 403),
        ({"origin": "http://127.0.0.1:9999"}, 403),
        ({"origin": "null"}, 403),
        ({"x-aperture-token": "p.0"}, 403),
        ({"x-aperture-token": ""}, 403),
    ],
)  # fmt: skip
def test_a_change_comes_from_the_page_or_is_refused(
    lived: World, page: Browser, headers: dict[str, str], status: int
) -> None:
    assert page.post("/api/jobs/scan/pause", {}, **headers).status_code == status


def test_a_change_without_any_sign_of_where_it_comes_from_is_refused(lived: World, page: Browser) -> None:
    token = page.page_token()

    assert page.send("POST", "/api/jobs/scan/pause", headers={"x-aperture-token": token}).status_code == 403


def test_a_form_does_the_same_and_goes_back_to_its_page(lived: World, page: Browser) -> None:
    answer = page.submit("/api/jobs/scan/pause", back="?category=sync", note="<b>a note</b>")

    assert (answer.status_code, answer.headers["location"]) == (303, "../../../?category=sync")
    assert page.json("/api/status")["jobs"][0]["paused"]["note"] == "<b>a note</b>"
    elsewhere = page.submit("/api/jobs/scan/resume", back="//evil.example.com")
    assert elsewhere.headers["location"] == "../../../"


def test_a_job_of_every_second_is_not_rehearsed_for_a_page(world: World, page: Browser) -> None:
    world.write("schedules:\n  scan: every second\n").start(at="2026-01-10 00:30")

    refused = page.get("/api/plan")

    assert (refused.status_code, refused.json()["detail"]) == (
        422,
        "that span holds too many runs to rehearse; shorten it",
    )
    assert "holds too many runs to rehearse" in page.get("/timeline").text
    assert page.get("/jobs/scan").status_code == 200
    assert len(page.json("/api/plan?until=2026-01-10T00:31:00Z")["runs"]) > 50


def test_a_plan_does_not_wait_long_for_another(world: World, page: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    world.write("schedules:\n  scan: every hour\n").start(at="2026-01-10 00:30")
    monkeypatch.setattr(query_api, "_WAITS_SECONDS", 0.01)

    with query_api._REHEARSING:
        busy = page.get("/api/plan")

    assert (busy.status_code, busy.json()["title"]) == (503, "Busy")
    assert page.get("/api/plan").status_code == 200


def test_a_refusal_does_not_send_back_all_that_it_was_sent(page: Browser) -> None:
    assert len(page.send("GET", f"/{'a' * 50_000}").json()["detail"]) == 1000
