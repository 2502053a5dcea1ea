"""A comparison in words: sections of rows, which a terminal and a pull request set in their own ways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from aperture_plugin.app.diff.comparison import Comparison, Moved
from aperture_plugin.app.diff.limit_use import BudgetChange, Use
from aperture_plugin.app.diff.new_collisions import RecurringCollision
from aperture_plugin.app.diff.next_clock_change import Night
from aperture_plugin.app.diff.value_changes import Difference, move_text
from aperture_plugin.config.checks.lint.lint_text import clock, listed
from aperture_plugin.config.model import JobConfig
from aperture_plugin.triggers.walltime import wall_at
from aperture_plugin.words.durations import duration_text
from aperture_plugin.words.limits import limit_text
from aperture_plugin.words.phrases import phrase_of

__all__ = ["Section", "headline", "number", "sections", "span_text"]

_NOTHING: Final = "–"
_BAR: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One part of the report, row by row.

    Attributes:
        headings: One for each column; empty for one that needs none.
        written: The columns, from 0, that hold words of the file.
        aside: True if it is a detail that most readers skip.
    """

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    written: frozenset[int] = frozenset()
    aside: bool = False


def headline(comparison: Comparison) -> str:
    """Return what a change does, in one line."""
    if comparison.is_nothing:
        return "nothing changes"
    changed = len({one.job for one in comparison.changed})
    counts = (
        (len(comparison.added), "added"),
        (len(comparison.removed), "removed"),
        (len(comparison.moved), "moved"),
        (changed, "changed"),
    )
    found = [f"{_jobs(count)} {what}" for count, what in counts if count]
    if comparison.settings:
        count = len(comparison.settings)
        found.append(f"{count} {'setting' if count == 1 else 'settings'} changed")
    if comparison.reordered:
        found.append("jobs in another order")
    if comparison.before != comparison.after:
        found.append(f"{number(comparison.before)} → {number(comparison.after)} runs a week")
    if comparison.collisions:
        count = len(comparison.collisions)
        found.append(f"{count} new {'collision' if count == 1 else 'collisions'}")
    return ", ".join(found)


def sections(comparison: Comparison) -> Iterator[Section]:
    """Yield what there is to tell; nothing of what stays."""
    found = (
        _there("Added", comparison.added, comparison),
        _there("Removed", comparison.removed, comparison),
        _moved(comparison),
        _changed(comparison.changed),
        _settings(comparison),
        _collisions("New collisions", comparison.collisions, comparison),
        _rates(comparison),
        _limits(comparison.budgets),
        _nights(comparison.nights),
        _collisions("Collisions that are gone", comparison.collisions_gone, comparison, aside=True),
        _hours(comparison),
    )
    return (section for section in found if section.rows)


def span_text(comparison: Comparison) -> str:
    """Return over which time slots were held against each other."""
    since, until = (one.astimezone(comparison.zone) for one in (comparison.since, comparison.until))
    days = (until.date() - since.date()).days
    length = {28: "4 weeks", 7: "1 week", 1: "1 day"}.get(days, f"{days} days")
    return f"{length} from {since:%Y-%m-%d} {clock(since.time())} ({comparison.zone})"


def number(value: float) -> str:
    """Return a number of runs, as precise as a person would say it.

    >>> number(336), number(0.23), number(1234.5)
    ('336', '0.23', '1,234.5')
    """
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.1f}".removesuffix(".0") if value >= 10 else f"{value:.2f}".rstrip("0").rstrip(".")


def _there(title: str, jobs: tuple[JobConfig, ...], comparison: Comparison) -> Section:
    rows = tuple((job.name, phrase_of(job.schedule), _a_week(job, comparison)) for job in jobs)
    return Section(title=title, headings=("job", "schedule", "runs"), rows=rows, written=frozenset({0, 1}))


def _a_week(job: JobConfig, comparison: Comparison) -> str:
    return f"{number(comparison.rate(job.name))} a week" if job.enabled else "not enabled"


def _moved(comparison: Comparison) -> Section:
    rows = tuple((one.new.name, move_text(one.old, one.new), _shift(one, comparison)) for one in comparison.moved)
    return Section(title="Moved", headings=("job", "is due", "its slots"), rows=rows, written=frozenset({0}))


def _shift(moved: Moved, comparison: Comparison) -> str:
    """Return how the slots of a job move; nothing for one that had none and has none."""
    slots = comparison.slots[moved.new.name]
    by = {right.due - left.due for left, right in slots.moved}
    # A slot may cross the beginning of the span, or its end; then one comes and one goes.
    crossing = max(len(slots.added), len(slots.removed)) if len(slots.added) == len(slots.removed) else 2
    if not slots.kept and crossing < min(2, len(slots.moved)) and len(by) == 1:
        return _by(by.pop())
    counts = (
        (slots.kept, "stay"),
        (len(slots.moved), "move"),
        (len(slots.added), "come"),
        (len(slots.removed), "go"),
    )
    return ", ".join(f"{count:,} {what}" for count, what in counts if count)


def _by(distance: timedelta) -> str:
    return f"{duration_text(abs(distance))} {'later' if distance > timedelta(0) else 'earlier'}"


def _changed(changed: tuple[Difference, ...]) -> Section:
    rows = tuple((one.job or "", one.key, one.before or _NOTHING, one.after or _NOTHING) for one in changed)
    return Section(title="Changed", headings=("job", "key", "before", "after"), rows=rows, written=frozenset(range(4)))


def _settings(comparison: Comparison) -> Section:
    rows = [(one.key, one.before or _NOTHING, one.after or _NOTHING) for one in comparison.settings]
    if comparison.reordered:
        rows.append(("order of the jobs", "as it was", "another: jobs that are due together start in it"))
    return Section(
        title="Settings", headings=("key", "before", "after"), rows=tuple(rows), written=frozenset({0, 1, 2})
    )


def _rates(comparison: Comparison) -> Section:
    # A job that only one side has is marked in its own section.
    alone = {job.name for job in (*comparison.added, *comparison.removed)}
    rows = [(rate.job, number(rate.before), number(rate.after)) for rate in comparison.rates if rate.job not in alone]
    if comparison.rates:
        rows.append(("all jobs", number(comparison.before), number(comparison.after)))
    return Section(title="Runs a week", headings=("job", "before", "after"), rows=tuple(rows), written=frozenset({0}))


def _hours(comparison: Comparison) -> Section:
    pairs = list(zip(comparison.hours_before, comparison.hours_after, strict=True))
    most = max((max(pair) for pair in pairs), default=0)
    rows = tuple(
        (f"{hour % 12 or 12} {'AM' if hour < 12 else 'PM'}", number(before), number(after), _bar(after, most))
        for hour, (before, after) in enumerate(pairs)
        if before or after
    )
    if comparison.hours_before == comparison.hours_after:
        rows = ()
    title = f"Starts a week by hour of the day ({comparison.zone})"
    return Section(title=title, headings=("hour", "before", "after", ""), rows=rows, aside=True)


def _bar(value: float, most: float) -> str:
    return "█" * round(value / most * _BAR) or ("▏" if value else "")


def _collisions(
    title: str, collisions: tuple[RecurringCollision, ...], comparison: Comparison, *, aside: bool = False
) -> Section:
    rows = []
    for collision in collisions:
        first = collision.first.astimezone(comparison.zone)
        when = f"{first:%a %Y-%m-%d} {clock(first.time())}"
        rows.append(
            (
                listed(collision.jobs),
                f"{collision.queue} ({collision.seats} at once)",
                f"once, {when}" if collision.times == 1 else f"{collision.times:,} times, first {when}",
            )
        )
    return Section(title=title, headings=("jobs due together", "queue", "when"), rows=tuple(rows), aside=aside)


def _limits(budgets: tuple[BudgetChange, ...]) -> Section:
    rows = []
    for change in budgets:
        before, after = change.before, change.after
        rows.append(
            (
                change.limit,
                _either(*(None if use.limit is None else limit_text(use.limit) for use in (before, after))),
                _either(number(before.calls), number(after.calls)),
                _either(_share(before), _share(after)),
                _either(f"{before.most:,}", f"{after.most:,}"),
            )
        )
    headings = ("limit", "budget", "calls a week", "of the budget", "most in one span of it")
    return Section(title="Limits", headings=headings, rows=tuple(rows), written=frozenset({0}))


def _share(use: Use) -> str:
    if use.share is None:
        return _NOTHING
    return "under 0.1 %" if 0 < use.share < 0.001 else f"{use.share * 100:,.3g} %"


def _nights(nights: tuple[Night, ...]) -> Section:
    rows = []
    for night in nights:
        change = night.change
        was, becomes = (wall_at(change.instant, offset) for offset in (change.before, change.after))
        clocks = f"{was:%Y-%m-%d} {clock(was.time())} → {clock(becomes.time())} ({night.zone})"
        rows += [(clocks, one.job, one.before or _NOTHING, one.after or _NOTHING) for one in night.jobs]
    headings = ("clocks go", "job", "before, it", "after, it")
    return Section(title="The next clock change", headings=headings, rows=tuple(rows), written=frozenset({1}))


def _either(before: str | None, after: str | None) -> str:
    before, after = before or _NOTHING, after or _NOTHING
    return after if before == after else f"{before} → {after}"


def _jobs(count: int) -> str:
    return f"{count:,} {'job' if count == 1 else 'jobs'}"
