"""The schedule dialog: what is opened and saved stays as it is, and what a form says is what is saved."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given, settings

from aperture_plugin.testing import World
from aperture_plugin.testing.word_strategies import schedules
from aperture_plugin.web.schedule_fields import fields_of, phrase_from
from aperture_plugin.words.phrases import read_phrase
from aperture_plugin.words.schedules import Schedule
from tests.web.conftest import Browser

FILE = """\
timezone: Europe/Riga
schedules:
  scan: daily at 2:45 AM  # after midnight
  sync: every 3 hours at :10
  report:
    type: weekly
    day: [sunday, wednesday]   # when it is quiet
    time: "04:05"
  odd: every 90 seconds
  late: monthly on the last day at 11 PM
  behind: after scan
  twice: weekly on weekdays at 8:30 AM; weekly on weekends at 10:00 AM
  hand: manual
  cronned: cron 5 3 * * 1-5
  once-only: once at 2030-12-24 18:00
"""
JOBS = re.findall(r"^  ([a-z-]+):", FILE, re.MULTILINE)


def form_of(schedule: Schedule) -> dict[str, list[str]]:
    """Return what a browser sends of the untouched form."""
    fields = fields_of(schedule)
    return {
        "type": [fields.kind],
        "time": [*fields.times, ""],
        "day": list(fields.days),
        "monthday": [fields.monthday],
        "every": ["other" if fields.is_other else fields.every],
        "other": [fields.every if fields.is_other else ""],
        "offset": [fields.offset],
        "cron": [fields.cron],
        "at": [fields.at],
        "after": list(fields.after),
        "words": [fields.words],
    }


def sent_by(html: str) -> dict[str, str | list[str]]:
    """Return the fields that a browser sends of the form in a page as it is shown."""
    sent: dict[str, list[str]] = {}
    for tag in re.findall(r"<input [^>]*>", html[html.index('id="schedule-form"') :]):
        found = {name: unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', tag)}
        if found.get("type") not in {"radio", "checkbox"} or tag.endswith(" checked>"):
            sent.setdefault(found["name"], []).append(found.get("value", ""))
    [chosen] = re.findall(r"<option selected>(\w+)</option>", html)
    return {name: values for name, values in sent.items() if name != "token"} | {"monthday": chosen}


@settings(max_examples=60)
@given(schedule=schedules())
def test_the_untouched_form_says_the_very_schedule(schedule: Schedule) -> None:
    phrase, _ = phrase_from(form_of(schedule))

    assert read_phrase(phrase) == schedule


@pytest.mark.parametrize("job", JOBS)
def test_opening_and_saving_changes_no_byte(world: World, page: Browser, job: str) -> None:
    world.write(FILE).start(at="2026-01-10 00:00")
    before, written_at = world.file.read_bytes(), world.file.stat().st_mtime_ns

    answer = page.submit(f"/jobs/{job}/schedule", **sent_by(page.get(f"/jobs/{job}/schedule").text), do="save")

    assert answer.status_code == 303, answer.text
    assert (world.file.read_bytes(), world.file.stat().st_mtime_ns) == (before, written_at)


def test_the_minutes_of_a_time_are_kept(world: World, page: Browser) -> None:
    # The origin's dialog knew hours only: 2:45 became 2:00.
    world.write(FILE).start(at="2026-01-10 00:00")
    sent = sent_by(page.get("/jobs/scan/schedule").text)

    page.submit("/jobs/scan/schedule", **{**sent, "time": ["03:45", "15:05"]}, do="save")

    assert "scan: daily at 03:45, 15:05  # after midnight\n" in world.file.read_text()


def test_the_offset_of_an_interval_is_kept(world: World, page: Browser) -> None:
    world.write(FILE).start(at="2026-01-10 00:00")
    sent = sent_by(page.get("/jobs/sync/schedule").text)

    page.submit("/jobs/sync/schedule", **{**sent, "every": "6 hours"}, do="save")

    assert "sync: every 6 hours at :10\n" in world.file.read_text()


def test_manual_only_stops_the_automatic_runs_and_changes_nothing_else(world: World, page: Browser) -> None:
    world.write(FILE).start(at="2026-01-10 00:00")
    sent = sent_by(page.get("/jobs/report/schedule").text)

    preview = page.submit("/jobs/report/schedule", **{**sent, "type": "manual"}, do="preview").text
    page.submit("/jobs/report/schedule", **{**sent, "type": "manual"}, do="save")

    assert "report runs only when someone asks for it; the 2 runs a week end" in preview
    assert "schedule: manual only" in world.file.read_text()
    assert "# when it is quiet" in world.file.read_text()


def test_a_preview_shows_the_next_runs_and_the_night_the_clocks_change(world: World, page: Browser) -> None:
    world.write(FILE).start(at="2026-03-28 00:00")
    sent = sent_by(page.get("/jobs/scan/schedule").text)

    html = page.submit("/jobs/scan/schedule", **{**sent, "time": ["03:30"]}, do="preview").text

    assert re.findall(r"<b>([^<]+)</b>", html[html.index("five") :]) == [
        "3:30 AM",
        "4:00 AM",
        "3:30 AM",
        "3:30 AM",
        "3:30 AM",
    ]
    assert "written as 03:30, which the clocks skip that day" in html
    assert world.file.read_text() == FILE


def test_what_is_wrong_is_said_beside_the_fields_and_they_stay(world: World, page: Browser) -> None:
    world.write(FILE).start(at="2026-01-10 00:00")
    sent = sent_by(page.get("/jobs/cronned/schedule").text)

    answer = page.submit("/jobs/cronned/schedule", **{**sent, "cron": "61 3 * * <b>"}, do="save")

    assert answer.status_code == 422
    assert 'value="61 3 * * &lt;b&gt;"' in answer.text
    assert world.file.read_text() == FILE


def test_a_save_in_between_gives_the_choice(world: World, page: Browser) -> None:
    world.write(FILE).start(at="2026-01-10 00:00")
    sent = {**sent_by(page.get("/jobs/scan/schedule").text), "time": ["05:00"]}
    world.write(FILE + "# by somebody else\n")

    conflict = page.submit("/jobs/scan/schedule", **sent, do="save")
    [present] = re.findall(r'name="version" value="(\w+)" class="anyway"', conflict.text)
    page.submit("/jobs/scan/schedule", **{**sent, "version": present}, do="save")

    assert conflict.status_code == 409
    assert "was saved by somebody else" in conflict.text
    assert world.file.read_text() == FILE.replace("daily at 2:45 AM", "daily at 05:00") + "# by somebody else\n"


def test_every_page_of_a_job_can_be_opened(world: World, page: Browser) -> None:
    world.write(FILE).start(at="2026-01-10 00:00").advance("1 hour")

    for path in ("/jobs/scan", "/jobs/hand", "/jobs/scan/pause", "/jobs/scan/cancel", "/jobs/odd"):
        assert page.get(path).status_code == 200


def test_a_run_has_a_page_with_its_log_and_its_error(world: World, page: Browser) -> None:
    def fail(run: object) -> None:
        raise ValueError("<b>the disk</b> is full")

    world.handlers["scan"] = fail
    run = world.write(FILE).start(at="2026-01-10 00:00").run("scan")

    html = page.get(f"/runs/{run.id}").text

    assert "ValueError: &lt;b&gt;the disk&lt;/b&gt; is full" in html
    assert page.get("/runs/nosuchrun").status_code == 404


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/jobs/scan/", "../scan"),
        ("/timeline/", "../timeline"),
        ("/api/history/?job=scan&limit=1", "../history?job=scan&limit=1"),
    ],
)
def test_an_address_with_a_slash_too_many_leads_to_the_one_without(page: Browser, path: str, target: str) -> None:
    answer = page.get(path)

    assert (answer.status_code, answer.headers["location"]) == (308, target)


@pytest.mark.parametrize("path", ["/nothing/", "/jobs//"])
def test_a_slash_at_the_end_of_an_address_that_is_not_there_leads_nowhere(page: Browser, path: str) -> None:
    assert page.get(path).status_code == 404


def test_the_log_of_a_run_that_wrote_nothing_and_failed_is_its_traceback(world: World, page: Browser) -> None:
    def fail(_run: object) -> None:
        raise ValueError("no <disk> left")

    world.handlers["scan"] = fail
    world.write(FILE).start(at="2026-01-10 00:00").run("scan")

    text = page.get("/jobs/scan").text

    assert "ValueError: no &lt;disk&gt; left" in text[text.index('id="log"') :]
    assert "It has written nothing" not in text
