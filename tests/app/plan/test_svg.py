"""The plan as a picture and as days of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from aperture_plugin.app.plan.job_durations import Durations, JobDuration
from aperture_plugin.app.plan.plan import Plan, planned
from aperture_plugin.app.plan.svg import picture_of
from aperture_plugin.app.plan.timeline_blocks import blocks_of, hours_of
from tests.app.plan.samples import config_of, instant

SVG = "{http://www.w3.org/2000/svg}"
NIGHT = "timezone: Europe/Riga\nschedules:\n  scan: daily at 2 AM\n  build: daily at 2 AM\n  never: manual\n"


def plan(text: str, since: datetime, hours: float) -> Plan:
    return planned(config_of(text), since=since, until=since + timedelta(hours=hours))


def drawn(made: Plan) -> ElementTree.Element:
    return ElementTree.fromstring(picture_of(made))


def shapes(picture: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    return [one for one in picture.iter() if one.get("class") == kind and one.find(f"{SVG}title") is not None]


def told(picture: ElementTree.Element) -> list[str]:
    return [one.text or "" for one in picture.iter(f"{SVG}title")]


def test_a_picture_has_a_bar_for_each_run_and_each_wait_with_its_times() -> None:
    picture = drawn(plan(NIGHT, instant("2026-01-10T12:00"), 24))

    assert len(shapes(picture, "run")) == 2
    assert len(shapes(picture, "wait")) == 1
    assert "scan: 2:00 AM to 2:05 AM" in told(picture)
    assert "build: 2:05 AM to 2:10 AM; waits 5 min from 2:00 AM on" in told(picture)
    assert "a collision" in told(picture)


def test_it_reads_in_light_and_in_dark() -> None:
    style = next(drawn(plan(NIGHT, instant("2026-01-10"), 24)).iter(f"{SVG}style")).text or ""

    light, _, dark = style.partition("@media (prefers-color-scheme: dark)")
    for kind in (".page", ".run", ".wait", ".failed", ".soft", ".grid", ".hit", ".change", "text"):
        assert f"\n{kind} {{" in light
        assert f"\n{kind} {{" in dark


def test_a_clock_change_is_marked_and_told() -> None:
    picture = drawn(plan(NIGHT, instant("2026-03-28T18:00"), 24))

    [line] = [one for one in picture.iter(f"{SVG}line") if one.get("class") == "change" and one.get("y2") != "300"][:1]
    assert line.get("x1") == line.get("x2")
    assert "clocks go forward 1 h" in [one.text for one in picture.iter(f"{SVG}text")]


def test_everything_is_drawn_within_the_page() -> None:
    picture = drawn(plan(NIGHT + "  tick: every minute\n", instant("2026-03-28T18:17"), 60))
    width, height = float(picture.get("width") or 0), float(picture.get("height") or 0)

    for one in picture.iter(f"{SVG}rect"):
        assert float(one.get("x", 0)) >= 0
        assert float(one.get("x", 0)) + float(one.get("width", 0)) <= width
        assert float(one.get("y", 0)) + float(one.get("height", 0)) <= height


def test_bars_that_cannot_be_told_apart_are_drawn_as_one() -> None:
    text = "queues:\n  default: 2\nschedules:\n  tick: every 10 seconds\n"
    config = config_of(text)
    second = timedelta(seconds=1)
    durations = Durations(config=config, measured={"tick": JobDuration(typical=second, slow=second, measured=1)})
    since = instant("2026-01-10")

    picture = picture_of(planned(config, since=since, until=since + timedelta(hours=4), durations=durations))

    assert picture.count('<rect class="run"') < 10
    assert "tick: 1440 runs" in picture


def test_a_name_with_marks_of_its_own_is_only_text() -> None:
    made = plan(NIGHT, instant("2026-01-10"), 24)
    odd = Plan(**{**{name: getattr(made, name) for name in Plan.__slots__}, "config": config_of(NIGHT)})
    object.__setattr__(odd.config, "file", "<script>&\x1b.yaml")

    picture = picture_of(odd)

    assert ElementTree.fromstring(picture) is not None
    assert "<script>" not in picture
    assert "\x1b" not in picture


def test_a_day_without_runs_says_so() -> None:
    assert "nothing runs" in picture_of(plan("schedules:\n  a: manual\n", instant("2026-01-10"), 24))


class TestDays:
    ZONES = st.sampled_from(["UTC", "Europe/Riga", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"])

    @settings(max_examples=30, deadline=None)
    @given(ZONES, st.integers(0, 60 * 24 * 330), st.integers(1, 60 * 24 * 5))
    def test_the_days_of_a_plan_cover_its_span_without_a_break(self, zone: str, later: int, minutes: int) -> None:
        begin = instant("2026-01-01") + timedelta(minutes=later)
        made = plan(f"timezone: {zone}\nschedules:\n  a: manual\n", begin, minutes / 60)

        blocks = blocks_of(made)

        assert blocks[0].begin <= made.since
        assert blocks[-1].end >= made.until
        assert all(one.end == two.begin for one, two in pairwise(blocks))
        assert all(timedelta(0) < block.end - block.begin <= timedelta(hours=26) for block in blocks)
        for block in blocks:
            hours = hours_of(block, ZoneInfo(zone), every=1)
            assert all(block.begin <= hour.at <= block.end for hour in hours)
            assert all(one.at < two.at for one, two in pairwise(hours))

    def test_an_hour_that_the_clocks_skip_is_not_on_the_axis(self) -> None:
        made = plan(NIGHT, instant("2026-03-28T22:00"), 24)

        walls = [hour.wall.hour for hour in hours_of(blocks_of(made)[0], ZoneInfo("Europe/Riga"), every=1)]

        assert walls[:5] == [0, 1, 2, 4, 5]
