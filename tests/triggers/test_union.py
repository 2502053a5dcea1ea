"""Several schedules of one job: slots due at one instant are one slot."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aperture_plugin.triggers.slots import Slot
from aperture_plugin.triggers.trigger import trigger_of
from aperture_plugin.words.phrases import joined, read_phrase
from aperture_plugin.words.schedules import Schedule
from tests.triggers.strategies import Night, cuts, nights, schedules

RIGA = ZoneInfo("Europe/Riga")


def fires(phrase: str, since: str, until: str) -> list[str]:
    slots = trigger_of(read_phrase(phrase), RIGA).slots(utc(since), utc(until))
    return [f"{slot.due:%m-%d %H:%MZ} {slot.nominal:%H:%M}" for slot in slots]


def utc(told: str) -> datetime:
    return datetime.fromisoformat(told).replace(tzinfo=UTC)


def test_a_job_with_two_schedules_is_due_when_either_is() -> None:
    phrase = "weekly on weekdays at 8:30 AM; weekly on weekends at 10:00 AM"

    assert fires(phrase, "2026-01-09", "2026-01-13") == [
        "01-09 06:30Z 08:30",
        "01-10 08:00Z 10:00",
        "01-11 08:00Z 10:00",
        "01-12 06:30Z 08:30",
    ]


def test_slots_due_at_one_instant_are_one_with_the_earliest_nominal() -> None:
    # 29 March 2026: 03:00 becomes 04:00 at 01:00Z, when 03:30 is due too.
    phrase = "daily at 4:00 AM; daily at 3:30 AM; every 2 hours; at start"

    assert fires(phrase, "2026-03-29 00:30", "2026-03-29 03:30") == ["03-29 01:00Z 03:30", "03-29 03:00Z 06:00"]


def test_a_schedule_at_start_has_no_slots() -> None:
    assert trigger_of(read_phrase("at start after 2 minutes"), RIGA).next_after(utc("2026-01-01")) is None
    assert trigger_of(read_phrase("at start; every hour"), RIGA) == trigger_of(read_phrase("every hour"), RIGA)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), nights())
def test_the_slots_of_several_are_those_of_each_once(data: st.DataObject, night: Night) -> None:
    parts = data.draw(st.lists(schedules(night.wall), min_size=2, max_size=4))
    since, _, until = data.draw(cuts(night))
    trigger = trigger_of(joined(parts), night.zone)

    slots = trigger.slots(since, until)

    assert slots == union_of(parts, night, since, until)
    assert list(islice(trigger.upcoming(since), 20))[: len(slots)] == slots[:20]
    instant = since - datetime.resolution
    for slot in slots[:20]:
        assert trigger.next_after(instant) == slot
        instant = slot.due


def union_of(parts: list[Schedule], night: Night, since: datetime, until: datetime) -> list[Slot]:
    nominals: dict[datetime, datetime] = {}
    for part in parts:
        for slot in trigger_of(part, night.zone).slots(since, until):
            nominals[slot.due] = min(slot.nominal, nominals.get(slot.due, slot.nominal))
    return [Slot(due, nominals[due]) for due in sorted(nominals)]
