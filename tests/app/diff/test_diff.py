"""What a change does: to the words, to the slots, to the load, and to what collides."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aperture_plugin.app.diff.comparison import Comparison, compared
from aperture_plugin.app.diff.diff_json import comparison_json
from aperture_plugin.app.diff.markdown import markdown_of
from aperture_plugin.app.diff.run_counts import span_for
from aperture_plugin.app.diff.sides import Side, absent, side_of
from aperture_plugin.app.diff.slot_changes import Slots
from aperture_plugin.app.diff.value_changes import Difference, move_text
from aperture_plugin.app.plan.collisions import collisions_of
from aperture_plugin.config.checks.expect.planned_starts import Budget
from tests.app.plan.samples import Sample, instant, samples

SINCE = instant("2026-03-20T12:00")
"""The clocks of Riga go forward on 29 March, from 3:00 AM to 4:00 AM."""


def side(text: str, name: str = "schedules.yaml") -> Side:
    return side_of(text.encode(), name=name, local_zone=ZoneInfo("UTC"), now=SINCE)


def compare(old: str | None, new: str | None, *, days: int = 28, **more: object) -> Comparison:
    sides = [absent("old") if text is None else side(text) for text in (old, new)]
    assert all(one.reading is None or one.config is not None for one in sides)
    return compared(*sides, since=SINCE, until=SINCE + timedelta(days=days), **more)  # type: ignore[arg-type]


def jobs(**phrases: str) -> str:
    return "schedules:\n" + "".join(f"  {name}: {phrase}\n" for name, phrase in phrases.items())


def moves(comparison: Comparison) -> list[str]:
    return [f"{one.new.name}: {move_text(one.old, one.new)}" for one in comparison.moved]


# ── words ──


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("daily at 2 AM", "daily at 1 AM", "2:00 AM → 1:00 AM"),
        ("daily at 2 AM, 2 PM", "daily at 2 AM, 3 PM", "2:00 PM → 3:00 PM"),
        ("daily at 2 AM", "daily at 2 AM, 3 PM", "2:00 AM → 2:00 AM, 3:00 PM"),
        ("weekly on sunday at 2 AM", "weekly on saturday at 2 AM", "Sunday → Saturday"),
        ("weekly on sunday at 2 AM", "weekly on sunday at 3 AM", "2:00 AM → 3:00 AM"),
        ("monthly on day 1 at 2 AM", "monthly on the last day at 2 AM", "day 1 → the last day"),
        (
            "weekly on sunday at 2 AM",
            "weekly on saturday at 3 AM",
            "Weekly on Sunday at 2:00 AM → Weekly on Saturday at 3:00 AM",
        ),
        ("daily at 2 AM", "every 2 hours", "Daily at 2:00 AM → Every 2 hours"),
        ("manual", "daily at 2 AM", "Manual only → Daily at 2:00 AM"),
    ],
)
def test_a_move_is_told_in_as_few_words_as_tell_it(old: str, new: str, told: str) -> None:
    assert moves(compare(jobs(scan=old), jobs(scan=new))) == [f"scan: {told}"]


def test_a_schedule_written_otherwise_is_no_change() -> None:
    old = "schedules:\n  scan: daily at 2:00 AM\n"
    new = "# a comment\nschedules:\n  scan:\n    type: daily\n    time: '02:00'\n"

    assert compare(old, new).is_nothing


def test_a_change_of_the_files_zone_moves_every_job_that_has_none_of_its_own() -> None:
    body = jobs(scan="daily at 2 AM") + "  own:\n    schedule: daily at 3 AM\n    timezone: UTC\n"

    comparison = compare("timezone: Europe/Riga\n" + body, "timezone: UTC\n" + body)

    assert moves(comparison) == ["scan: Daily at 2:00 AM, Europe/Riga → UTC"]
    assert comparison.settings == (Difference(job=None, key="timezone", before="Europe/Riga", after="UTC"),)


def test_what_else_is_said_otherwise_is_told_key_by_key() -> None:
    old = jobs(scan="daily at 1 AM") + "  embed:\n    schedule: daily at 2 AM\n    timeout: 4 hours\n"
    new = (
        jobs(scan="daily at 1 AM")
        + "  embed:\n    schedule: daily at 2 AM\n    timeout: 6 hours\n    needs: [scan]\n    enabled: no\n"
    )

    told = [(one.job, one.key, one.before, one.after) for one in compare(old, new).changed]

    assert told == [
        ("embed", "enabled", "yes", "no"),
        ("embed", "needs", None, "scan"),
        ("embed", "timeout", "4 hours", "6 hours"),
    ]


def test_secrets_are_masked_and_variables_stand_for_themselves() -> None:
    text = "schedules:\n  a:\n    schedule: manual\n    params:\n      api_key: {}\n      url: {}\n"

    told = compare(text.format("hunter22", "${ONE}"), text.format("hunter23", "${OTHER}")).changed

    assert [(one.key, one.before, one.after) for one in told] == [
        ("params: api_key", "•••", "•••"),
        ("params: url", "${ONE}", "${OTHER}"),
    ]


def test_queues_limits_and_the_store_are_settings() -> None:
    old = "queues:\n  default: 1\nlimits:\n  tmdb: 4 per second\nstate: postgresql+psycopg://me:hunter22@here/x\n"
    new = "queues:\n  default: 2\nstate: postgresql+psycopg://me:hunter22@there/x\n"

    told = compare(old + jobs(a="manual"), new + jobs(a="manual")).settings

    assert [(one.key, one.before, one.after) for one in told] == [
        ("state", "postgresql+psycopg://me:•••@here/x", "postgresql+psycopg://me:•••@there/x"),
        ("queues: default", "1", "2"),
        ("limits: tmdb", "4 per second", None),
    ]


def test_another_order_of_the_jobs_is_a_change() -> None:
    comparison = compare(jobs(a="daily at 1 AM", b="daily at 2 AM"), jobs(b="daily at 2 AM", a="daily at 1 AM"))

    assert comparison.reordered
    assert not comparison.is_nothing


# ── runs ──


def test_runs_a_week_are_counted_before_and_after() -> None:
    comparison = compare(jobs(a="every 2 hours", b="daily at 1 AM"), jobs(a="every hour", b="daily at 1 AM"))

    assert [(one.job, one.before, one.after) for one in comparison.rates] == [("a", 84, 168)]
    assert (comparison.before, comparison.after) == (91, 175)


def test_what_runs_after_others_runs_as_often_as_the_rarest_of_them() -> None:
    old = jobs(a="daily at 1 AM", b="weekly on sunday at 2 AM", c="after a, b", d="after c")

    assert [compare(None, old).rate(name) for name in "abcd"] == [7, 1, 1, 1]


def test_a_window_starts_what_waited_for_it_once() -> None:
    text = "schedules:\n  a:\n    schedule: every 30 minutes\n    window: 1:00 AM to 2:00 AM\n"

    assert compare(None, text).rate("a") == 14


def test_a_monthly_job_that_moves_to_another_day_runs_no_more_often() -> None:
    comparison = compare(jobs(a="monthly on day 19 at 1 AM"), jobs(a="monthly on day 20 at 1 PM"))

    assert comparison.failures(("more-runs",)) == []


def test_load_by_hour_is_that_of_the_files_zone() -> None:
    comparison = compare(
        "timezone: Europe/Riga\n" + jobs(a="daily at 1 AM"),
        "timezone: Europe/Riga\n" + jobs(a="daily at 3:30 AM"),
        days=7,
    )

    assert {hour: load for hour, load in enumerate(comparison.hours_before) if load} == {1: 7}
    assert {hour: load for hour, load in enumerate(comparison.hours_after) if load} == {3: 7}


def test_the_span_is_shorter_where_jobs_are_due_very_often() -> None:
    assert span_for(side(jobs(a="every hour")).config) == 28
    assert span_for(side(jobs(a="every 1 second")).config) == 1


# ── collisions ──


def test_a_job_moved_to_where_another_is_due_is_a_new_collision() -> None:
    comparison = compare(jobs(a="daily at 1 AM", b="daily at 2 AM"), jobs(a="daily at 2 AM", b="daily at 2 AM"))

    [collision] = comparison.collisions
    assert (collision.queue, collision.jobs, collision.times) == ("default", ("a", "b"), 28)
    assert comparison.failures(("collision",)) == ["a and b now collide in queue default"]
    assert comparison.collisions_gone == ()


def test_jobs_that_collided_before_and_move_together_collide_no_more_than_before() -> None:
    comparison = compare(jobs(a="daily at 1 AM", b="daily at 1 AM"), jobs(a="daily at 2 AM", b="daily at 2 AM"))

    assert (comparison.collisions, comparison.collisions_gone) == ((), ())


def test_a_smaller_queue_brings_collisions_among_jobs_that_nobody_touched() -> None:
    body = jobs(a="daily at 1 AM", b="daily at 1 AM")

    comparison = compare("queues:\n  default: 2\n" + body, body)

    assert [collision.jobs for collision in comparison.collisions] == [("a", "b")]


def test_one_job_less_at_the_same_time_is_no_new_collision() -> None:
    comparison = compare(
        jobs(a="daily at 1 AM", b="daily at 1 AM", c="daily at 1 AM"), jobs(a="daily at 1 AM", b="daily at 1 AM")
    )

    assert comparison.collisions == ()


def test_a_job_that_needs_the_other_does_not_collide_with_it() -> None:
    text = "schedules:\n  a: daily at 1 AM\n  b:\n    schedule: daily at {} AM\n    needs: a\n"

    assert compare(text.format(2), text.format(1)).collisions == ()


# ── limits, clocks ──


def test_the_use_of_a_limit_counts_what_a_manifest_says() -> None:
    text = "limits:\n  omdb: 1000 per day\nschedules:\n  a:\n    schedule: {}\n    limit: omdb\n"

    [change] = compare(text.format("daily at 1 AM"), text.format("every 2 hours"), calls={"a": {"omdb": 50}}).budgets

    assert (change.before.calls, change.after.calls) == (350, 4200)
    assert (change.before.most, change.after.most) == (50, 600)
    assert change.after.share == pytest.approx(0.6)


def test_the_use_of_a_limit_counts_what_the_file_says_before_what_a_manifest_does() -> None:
    text = (
        "limits:\n  omdb: 1000 per day\nschedules:\n  a:\n    schedule: daily at 1 AM\n    limit: omdb\n    calls: {}\n"
    )

    [change] = compare(text.format(20), text.format(30), calls={"a": {"omdb": 50}}).budgets

    assert (change.before.calls, change.after.calls) == (140, 210)


def test_what_the_next_clock_change_does_otherwise_is_told() -> None:
    riga = "timezone: Europe/Riga\n"

    [night] = compare(riga + jobs(a="daily at 2 AM"), riga + jobs(a="daily at 3:30 AM")).nights

    assert night.change.wall_since.isoformat() == "2026-03-29T03:00:00"
    assert [(one.before, one.after) for one in night.jobs] == [(None, "runs at 4:00 AM in place of 3:30 AM")]


def test_a_file_that_was_not_there_brings_all_of_its_jobs() -> None:
    comparison = compare(None, jobs(a="daily at 1 AM", b="manual"))

    assert [job.name for job in comparison.added] == ["a", "b"]
    assert comparison.settings == ()


# ── any two files ──


@settings(max_examples=40, deadline=None)
@given(samples())
def test_a_file_held_against_itself_says_that_nothing_changes(sample: Sample) -> None:
    comparison = compare(sample.text, sample.text, days=7)

    assert comparison.is_nothing
    assert comparison.failures(("collision", "more-runs", "removed")) == []
    assert (comparison.slots, comparison.rates, comparison.budgets, comparison.nights) == ({}, (), (), ())
    assert (comparison.collisions, comparison.collisions_gone) == ((), ())
    assert comparison.hours_before == comparison.hours_after
    assert comparison_json(comparison)["same"] is True
    assert "nothing changes" in markdown_of(comparison)


@settings(max_examples=60, deadline=None)
@given(samples(), samples())
def test_what_moved_came_and_went_accounts_for_every_slot(old: Sample, new: Sample) -> None:
    comparison = compare(old.text, new.text, days=7)

    slots = Slots(comparison.since, comparison.until)
    before = {(job.name, slot.due) for job in old.config.jobs.values() for slot in slots.of(job)}
    after = {(job.name, slot.due) for job in new.config.jobs.values() for slot in slots.of(job)}
    applied = set(before)
    for name, change in comparison.slots.items():
        gone = [left for left, _ in change.moved] + list(change.removed)
        come = [right for _, right in change.moved] + list(change.added)
        assert len(gone) + change.kept == sum(job == name for job, _ in before)
        assert len(come) + change.kept == sum(job == name for job, _ in after)
        applied -= {(name, slot.due) for slot in gone}
        applied |= {(name, slot.due) for slot in come}
    assert applied == after


@settings(max_examples=60, deadline=None)
@given(samples(), samples())
def test_collisions_that_come_and_go_are_those_of_the_whole_files(old: Sample, new: Sample) -> None:
    """Looking only at instants that the change touches finds what looking at all of them would."""
    comparison = compare(old.text, new.text, days=5)
    since, until = comparison.since, comparison.until

    were, are = (
        {(one.at, one.queue, frozenset(one.names)) for one in collisions_of(config, since=since, until=until)}
        for config in (old.config, new.config)
    )
    before, after = (Counter(one[1:] for one in found) for found in (were - are, are - were))

    for found, there, elsewhere in (
        (comparison.collisions, after, before),
        (comparison.collisions_gone, before, after),
    ):
        told = {(collision.queue, frozenset(collision.jobs)): collision.times for collision in found}
        for (queue, names), times in there.items():
            still = sum(count for (other, group), count in elsewhere.items() if other == queue and names <= group)
            expected = times - still if times > still and (not still or times - still > 1) else None
            assert told.get((queue, names)) == expected


@settings(max_examples=40, deadline=None)
@given(samples(), samples(), st.booleans())
def test_every_comparison_can_be_told(old: Sample, new: Sample, is_gone: bool) -> None:
    comparison = compare(old.text, None if is_gone else new.text, days=3)

    rows = [line for line in markdown_of(comparison).splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in rows)
    found = comparison_json(comparison)
    assert len(found["hours"]) == 24
    assert found["same"] is comparison.is_nothing


def test_a_long_chain_is_followed_once_and_not_once_for_each_of_its_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = 0
    spend = Budget.spend

    def counted(self: Budget, at: datetime | None = None, *, times: int = 1) -> None:
        nonlocal looked_at
        looked_at += times
        spend(self, at, times=times)

    monkeypatch.setattr(Budget, "spend", counted)
    links = {f"job-{n}": f"after job-{n - 1}" for n in range(1, 100)}

    compare(jobs(**{"job-0": "daily at 2 AM"}, **links), jobs(**{"job-0": "daily at 3 AM"}, **links))

    assert looked_at < 2 * 100 * 28 * 2
