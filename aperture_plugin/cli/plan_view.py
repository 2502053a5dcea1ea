"""Notes on a plan beside its picture: who waits, what collides, when each chain is ready."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from rich.console import RenderableType
from rich.text import Text

from aperture_plugin.app.plan.collisions import Collision
from aperture_plugin.app.plan.patch import Proposal
from aperture_plugin.app.plan.plan import Foreseen, Plan
from aperture_plugin.cli.rich_tables import grid
from aperture_plugin.rules.runs import Status
from aperture_plugin.words.duration_display import short_duration
from aperture_plugin.words.limits import limit_text
from aperture_plugin.words.numbers import counted
from aperture_plugin.words.phrases import phrase_of
from aperture_plugin.words.plain_text import plain_line
from aperture_plugin.words.time_display import clock_face

__all__ = ["moves", "sections"]

_MOST: Final = 12
"""Most lines of a section; the rest is counted."""

_WORTH_TELLING: Final = timedelta(seconds=1)
_MOST_STEPS: Final = 6


def sections(plan: Plan) -> Iterator[RenderableType]:
    """Yield what follows the timeline of *plan*, an empty line before each section."""
    for title, rows in (
        ("Waits", _waits(plan)),
        ("Collisions", _collisions(plan)),
        ("Chains", _chains(plan)),
        ("Not run", _not_run(plan)),
        ("Limits", _limits(plan)),
    ):
        if rows:
            yield Text("")
            yield Text(title, style="bold")
            yield grid([(Text(f"  {first}"), *rest) for first, *rest in rows[:_MOST]])
            if len(rows) > _MOST:
                yield Text(f"  and {len(rows) - _MOST} more; --format json has all", style="dim")
    yield Text("")
    yield Text(_totals(plan), style="bold")
    for note in _notes(plan):
        yield Text(note, style="dim")


def moves(proposal: Proposal, after: Plan) -> Iterator[str]:
    """Yield what a proposal changes, and what comes of it."""
    before = proposal.plan
    for move in proposal.moves:
        yield f"{plain_line(move.job)}: {plain_line(phrase_of(move.old))} → {plain_line(phrase_of(move.new))}"
    if not before.collisions:
        yield "nothing collides, so nothing is changed"
        return
    waits = (short_duration(plan.waiting) if plan.waiting >= _WORTH_TELLING else "none" for plan in (before, after))
    took = f"; waiting {' → '.join(waits)}"
    yield f"{counted(len(before.collisions), 'collision')} → {len(proposal.left)}{took}"
    for queue, names in dict.fromkeys((one.queue, one.names) for one in proposal.left):
        yield f"left as it is: {plain_line(_listed(names))} in queue {plain_line(queue)}; no better time was found"


def _waits(plan: Plan) -> list[tuple[str, ...]]:
    """Return a row for each job that waits, the longest wait first."""
    found: list[tuple[timedelta, tuple[str, ...]]] = []
    for job, runs in plan.by_job().items():
        waits = [run for run in runs if run.wait >= _WORTH_TELLING]
        if not waits:
            continue
        longest = max(waits, key=lambda run: run.wait)
        what_for = "; ".join(dict.fromkeys(plain_line(one.reason) for one in longest.waits)) or "its turn"
        row = (
            plain_line(job),
            f"{len(waits)} of {counted(len(runs), 'run')}",
            f"{'up to ' if len(waits) > 1 else ''}{short_duration(longest.wait)}",
            _at(longest.ready_at, plan, job),
            what_for,
        )
        found.append((longest.wait, row))
    return [row for _, row in sorted(found, key=lambda item: -item[0])]


def _collisions(plan: Plan) -> list[tuple[str, ...]]:
    """Return a row for each set of jobs that collide, the most frequent first."""
    together: defaultdict[tuple[str, tuple[str, ...]], list[Collision]] = defaultdict(list)
    for one in plan.collisions:
        together[one.queue, one.names].append(one)
    runs = plan.by_slot()
    rows: list[tuple[str, ...]] = []
    for (queue, names), found in sorted(together.items(), key=lambda item: -len(item[1])):
        later = [runs[slot].wait for one in found for slot in one.jobs[one.seats :] if slot in runs]
        longest = max(later, default=timedelta(0))
        rows.append(
            (
                plain_line(_listed(names)),
                f"queue {plain_line(queue)}",
                "once" if len(found) == 1 else f"{len(found)} times, first",
                _at(found[0].at, plan),
                f"the later waits up to {short_duration(longest)}" if longest >= _WORTH_TELLING else "",
            )
        )
    return rows


def _chains(plan: Plan) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for chain in plan.chains:
        steps = chain.steps
        if len(steps) > _MOST_STEPS:
            steps = (*steps[:2], "…", *steps[-2:])
        ready = plan.ready(chain)
        times = [_ready(run, plan) for run in ready[:3]] or ["not ready in this time"]
        if len(ready) > 3:
            times.append(f"and {len(ready) - 3} more times")
        rows.append((plain_line(" → ".join(steps)), "; ".join(times)))
    return rows


def _ready(run: Foreseen, plan: Plan) -> str:
    assert run.ends_at is not None, "what has completed has ended"
    value = f"ready {_at(run.ends_at, plan, run.job)}"
    late, zone = run.ends_late, plan.zone_of(run.job)
    if late is not None and late > run.ends_at:
        same_day = late.astimezone(zone).date() == run.ends_at.astimezone(zone).date()
        value += f" (slow night: {clock_face(_whole(late), zone) if same_day else _at(late, plan, run.job)})"
    return value


def _not_run(plan: Plan) -> list[tuple[str, ...]]:
    """Return a row for each job and reason for which runs are skipped or fail."""
    found: defaultdict[tuple[str, str, str], list[Foreseen]] = defaultdict(list)
    for run in plan.runs:
        if run.status is not Status.COMPLETED and run.reason is not None:
            kind = "skipped" if run.status is Status.SKIPPED else "fails"
            found[run.job, kind, run.reason].append(run)
    return [
        (
            plain_line(job),
            kind if len(runs) == 1 else f"{kind} {len(runs)} times, first",
            _at(runs[0].ready_at, plan, job),
            plain_line(reason),
        )
        for (job, kind, reason), runs in found.items()
    ]


def _limits(plan: Plan) -> list[tuple[str, ...]]:
    return [
        (
            plain_line(use.limit),
            limit_text(plan.config.limits[use.limit]),
            counted(use.calls, "call"),
            f"{counted(use.put_off, 'run')} put off" if use.put_off else "",
        )
        for use in plan.budgets
        if use.calls or use.put_off
    ]


def _totals(plan: Plan) -> str:
    parts = [
        f"{counted(len(plan.started), 'run')} of {counted(len(plan.by_job()), 'job')}",
        counted(len(plan.collisions), "collision") if plan.collisions else "no collisions",
    ]
    if plan.skipped:
        parts.append(f"{len(plan.skipped)} skipped")
    longest = plan.longest_wait
    if longest is not None and longest.wait >= _WORTH_TELLING:
        parts.append(f"{short_duration(plan.waiting)} of waiting in all, {short_duration(longest.wait)} at most")
    busy = [f"{plain_line(queue)} {share:.0%}".replace("%", " %") for queue, share in plan.busy().items() if share]
    if busy:
        parts.append(f"in use: {', '.join(busy)}")
    return "; ".join(parts)


def _notes(plan: Plan) -> Iterator[str]:
    """Yield what the plan takes for granted."""
    assumed: defaultdict[timedelta, list[str]] = defaultdict(list)
    for job in plan.by_job():
        lasted = plan.durations.of(job)
        if not lasted.measured and job not in plan.durations.given:
            assumed[lasted.typical].append(job)
    for span, jobs in assumed.items():
        yield f"assumed to take {short_duration(span)}: {plain_line(_listed(jobs))}"
    if plan.assumed_set:
        yield f"taken to be set, though not here: {', '.join(plan.assumed_set)}"
    if any(job.needs for job in plan.config.jobs.values()) and not plan.is_known:
        yield "every job that another one needs is taken to have completed before"


def _listed(names: list[str] | tuple[str, ...]) -> str:
    most = 5
    shown = list(names) if len(names) <= most else [*names[: most - 1], f"{len(names) - most + 1} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _at(instant: datetime, plan: Plan, job: str | None = None) -> str:
    """Return the day of the week and the wall time, in the zone of *job*."""
    zone = plan.config.zone if job is None else plan.zone_of(job)
    instant = _whole(instant)
    return f"{instant.astimezone(zone):%a} {clock_face(instant, zone)}"


def _whole(instant: datetime) -> datetime:
    return instant.replace(microsecond=0)
