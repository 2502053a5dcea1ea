"""The plan as a calendar, held against the grammar of RFC 5545."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from aperture_plugin.app.plan.icalendar import calendar_of
from aperture_plugin.app.plan.plan import planned
from tests.app.plan.samples import SINCE, Sample, config_of, instant, samples

Event = dict[str, str]
NOW = instant("2026-01-09T12:00")


def events_of(data: bytes) -> list[Event]:
    """Return the events of a calendar, unfolded and unescaped; fail where it breaks a rule."""
    assert data.endswith(b"\r\n")
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    lines = data.replace(b"\r\n ", b"").decode().split("\r\n")[:-1]
    assert (lines[0], lines[-1]) == ("BEGIN:VCALENDAR", "END:VCALENDAR")
    assert "VERSION:2.0" in lines
    assert any(line.startswith("PRODID:") for line in lines)
    events: list[Event] = []
    open_ = False
    for line in lines[1:-1]:
        name, _, value = line.partition(":")
        assert re.fullmatch(r"[A-Z-]+", name), line
        if line == "BEGIN:VEVENT":
            assert not open_
            open_ = True
            events.append({})
        elif line == "END:VEVENT":
            assert {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY"} <= events[-1].keys()
            open_ = False
        elif open_:
            assert name not in events[-1]
            events[-1][name] = re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], value)
    return events


def instant_of(value: str) -> datetime:
    return datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=NOW.tzinfo)


def calendar(text: str, hours: float = 24, titles: dict[str, str] | None = None) -> list[Event]:
    since = instant("2026-01-10")
    made = planned(config_of(text), since=since, until=since + timedelta(hours=hours))
    return events_of(calendar_of(made, now=NOW, titles=titles or {}))


def test_there_is_an_event_for_each_predicted_run() -> None:
    [event] = calendar("schedules:\n  scan: daily at 2 AM\n", titles={"scan": "Library Scan"})

    assert event == {
        "UID": "scan-20260110T020000Z@aperture.invalid",
        "DTSTAMP": "20260109T120000Z",
        "DTSTART": "20260110T020000Z",
        "DTEND": "20260110T020500Z",
        "SUMMARY": "Library Scan",
        "DESCRIPTION": "Job scan in queue default, by schedule.",
        "CATEGORIES": "default",
        "STATUS": "TENTATIVE",
        "TRANSP": "TRANSPARENT",
    }


def test_an_event_tells_how_long_the_run_waits_and_what_for() -> None:
    [_, event] = calendar("schedules:\n  scan: daily at 2 AM\n  build: daily at 2 AM\n")

    assert event["DTSTART"] == "20260110T020500Z"
    assert event["DESCRIPTION"] == (
        "Job build in queue default, by schedule.\nWaits 5 minutes: its turn in queue default, which runs 1 at once."
    )


def test_a_run_keeps_its_uid_when_it_is_expected_at_another_time() -> None:
    before = calendar("schedules:\n  scan: daily at 2 AM\n  build: after scan\n")
    after = calendar("schedules:\n  first: daily at 2 AM\n  scan: daily at 2 AM\n  build: after scan\n")

    assert [event["UID"] for event in before] == [
        "scan-20260110T020000Z@aperture.invalid",
        "build-20260110T020000Z-after@aperture.invalid",
    ]
    assert {event["UID"] for event in before} < {event["UID"] for event in after}


def test_marks_in_a_title_are_escaped_and_long_lines_folded_between_letters() -> None:
    title = "Nacht; Woche, \\ Monat\n" + "ü" * 100

    [event] = calendar("schedules:\n  scan: daily at 2 AM\n", titles={"scan": title})

    assert event["SUMMARY"] == title


def test_a_run_that_is_skipped_is_no_event() -> None:
    text = "schedules:\n  a:\n    schedule: every 2 minutes\n    overlap: skip\n"

    assert len(calendar(text, 0.1)) == 1


@settings(max_examples=25, deadline=None)
@given(samples(), st.sampled_from([6, 14]))
def test_any_plan_makes_a_calendar_with_events_of_their_own(sample: Sample, hours: int) -> None:
    made = planned(sample.config, since=SINCE, until=SINCE + timedelta(hours=hours))

    events = events_of(calendar_of(made, now=NOW, titles={}))

    assert len(events) == len(made.started)
    assert len({event["UID"] for event in events}) == len(events)
    assert all(instant_of(event["DTSTART"]) < instant_of(event["DTEND"]) for event in events)
