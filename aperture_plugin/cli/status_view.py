"""An overview as a person at a terminal reads it, section by section; each may be empty."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.text import Text

from aperture_plugin.app.job_views import IDLE, JobView
from aperture_plugin.app.loop_files import some_of
from aperture_plugin.app.plugin_watch import files_changed
from aperture_plugin.app.status import Overview
from aperture_plugin.cli.job_list import next_words
from aperture_plugin.cli.rich_tables import bar, grid, status_text
from aperture_plugin.cli.run_text import asked_with, came_of_it, took
from aperture_plugin.rules.clock_skew import is_skewed, skew_text
from aperture_plugin.rules.runs import Run
from aperture_plugin.words.plain_text import plain, plain_line
from aperture_plugin.words.time_display import away, dated

__all__ = [
    "clocks_off",
    "comes_next",
    "headline",
    "nobody_offers",
    "now_running",
    "plugins_changed",
    "recent",
    "refused",
    "sections",
    "waiting",
]

_MOST_PROBLEMS: Final = 5
_MOST_RUNS: Final = 50


def headline(seen: Overview) -> Text:
    """Return the first line: which file, which preset, whose time."""
    parts = [plain_line(seen.file)]
    if seen.preset is not None:
        parts.append(f"preset {seen.preset}")
    parts.append(f"{seen.zone}, now {dated(seen.now, seen.zone, now=seen.now)}")
    return Text(" · ".join(parts), style="bold")


def pulse(seen: Overview) -> Text:
    """Return whether a loop runs, and since when."""
    loop = seen.loop
    if seen.astray:
        named = " and ".join(map(str, seen.astray))
        return Text(f"a loop runs (pid {named}), but its store was deleted or overwritten under it", "bold red")
    if seen.is_blind:
        return Text("the store cannot be read, so it is unknown if a loop runs and what has run", "bold red")
    if loop is None:
        return Text.assemble(("no loop is running", "bold red"), "; aperture start runs one")
    since = f"since {dated(loop.since, seen.zone, now=seen.now)} (pid {loop.pid})"
    if seen.is_late:
        beat = away(loop.beat_at, now=seen.now)
        return Text.assemble(("the loop is late", "bold red"), f": it last ticked {beat}; running {since}")
    if seen.is_stopping:
        value = f": it lets what runs finish, and starts nothing new; running {since}"
        return Text.assemble(("the loop is stopping", "yellow"), value)
    return Text.assemble(("running", "green"), f" {since}")


def refused(seen: Overview) -> Iterator[Text]:
    """Yield that the file was refused, and its errors with their places."""
    if seen.rejected is None:
        return
    goes_on = "; the last good one goes on" if seen.loop is not None else ""
    if seen.generation is not None:
        number, accepted_at = seen.generation
        goes_on = f"; generation {number}, accepted {dated(accepted_at, seen.zone, now=seen.now)}, is in force"
    yield Text(f"{plain_line(seen.file)} is refused{goes_on}", style="bold red")
    errors = [problem for problem in seen.rejected.get("problems", ()) if problem.get("severity") == "error"]
    for problem in errors[:_MOST_PROBLEMS]:
        yield Text(f"  {_place(problem)} {_whose(problem)}{plain_line(problem['message'])}", style="red")
        yield Text(f"     hint: {plain(problem['hint'])}".replace("\n", "\n           "))
    if len(errors) > _MOST_PROBLEMS:
        yield Text(f"  and {len(errors) - _MOST_PROBLEMS} more; aperture check shows all", style="red")


def plugins_changed(seen: Overview) -> Iterator[Text]:
    """Yield that files of plugins are not as the loop has loaded them."""
    files = () if seen.loop is None else seen.loop.details.get("plugins_changed", ())
    if files:
        yield Text(f"{plain_line(files_changed(files))}: restart it", style="yellow")


def nobody_offers(seen: Overview) -> Iterator[Text]:
    """Yield that jobs of the file in force have nobody who runs them."""
    sentence = None if seen.loop is None else seen.loop.details.get("nobody_offers")
    if sentence:
        yield Text(plain_line(sentence), style="bold red")


def loops_behind(seen: Overview) -> Iterator[Text]:
    """Yield how far the newest file has got, while not every loop has it, and jobs that a loop leaves to others."""
    spread = seen.spread
    if not spread.is_whole:
        yield Text(plain_line(spread.text(seen.zone, now=seen.now)), style="yellow")
    for loop in seen.loops:
        if names := loop.details.get("unknown_jobs"):
            who = f"pid {loop.pid} on {loop.host}"
            yield Text(plain_line(f"{who} leaves to other loops: {some_of(names)}"), style="dim")


def clocks_off(seen: Overview) -> Iterator[Text]:
    """Yield by how much the clock of a loop's machine is off the store's."""
    for loop in seen.loops:
        if is_skewed(skew := loop.details.get("skew")):
            off = f"the clock of pid {loop.pid} on {loop.host} is {skew_text(skew)}"
            yield Text(plain_line(f"{off}; its jobs are due by the store's"), style="yellow")


def _named(job: str, title: str | None) -> Text:
    """Return a job's name, indented, with its title where it has one."""
    return Text(f"  {job}") if title is None else Text.assemble(f"  {job} ", (plain_line(title), "dim"))


def now_running(seen: Overview) -> Iterator[RenderableType]:
    """Yield what runs, with its progress."""
    if not seen.running:
        return
    yield Text("Running", style="bold")
    yield grid(
        (
            Text(f"  {run.job}", style="bold cyan"),
            took(run, now=seen.now),
            bar(run.items_done, run.items_total),
            Text("asked to stop", style="magenta") if run.cancel_reason else "",
        )
        for run in seen.running
    )


def waiting(seen: Overview) -> Iterator[RenderableType]:
    """Yield what waits, in the order in which it will start, and why."""
    if not seen.queue:
        return
    yield Text("Waiting", style="bold")
    yield grid(
        (
            Text(f"  {run.job}", style="yellow"),
            status_text(str(run.status)),
            _called_for(run, dated(run.due or run.queued_at, seen.zones.get(run.job, seen.zone), now=seen.now)),
            "; ".join(filter(None, (plain_line(run.reason or "its turn"), asked_with(run)))),
        )
        for run in seen.queue
    )


def comes_next(seen: Overview, *, most: int) -> Iterator[RenderableType]:
    """Yield the jobs that run next, the soonest first."""
    due = sorted((job for job in seen.jobs if job.next_run is not None), key=lambda job: (job.next_run, job.name))
    if due:
        yield Text("Next", style="bold")
        rows = ((job, *next_words(job, now=seen.now)) for job in due[:most])
        yield grid(
            (_named(job.name, job.title), distance, Text(clock, style="dim"), Text(_held_back(job), style="magenta"))
            for job, distance, clock in rows
        )
    others = [job for job in seen.jobs if job.next_run is None and job.state == IDLE]
    shown = others[: max(0, most - len(due))]
    if shown:
        yield Text("Not due by itself", style="bold")
        rows = ((job, *next_words(job, now=seen.now)) for job in shown)
        yield grid((_named(job.name, job.title), Text(plain_line(why), style="magenta")) for job, _, why in rows)
    if len(others) > len(shown):
        yield Text(f"  and {len(others) - len(shown):,} more that are not due by themselves", style="dim")


def _held_back(job: JobView) -> str:
    return plain_line(job.waiting_for) if job.state == IDLE and job.waiting_for else ""


def recent(runs: Sequence[Run], seen: Overview) -> Iterator[RenderableType]:
    """Yield how the last runs ended."""
    if not runs:
        return
    shown = {run.job for run in runs}
    titles = {job.name: job.title for job in seen.jobs if job.name in shown}
    yield Text("Last", style="bold")
    yield grid(
        (
            _named(run.job, titles.get(run.job)),
            status_text(str(run.status)),
            away(run.finished_at or run.queued_at, now=seen.now),
            took(run, now=seen.now),
            Text(came_of_it(run), style="dim", no_wrap=True, overflow="ellipsis"),
        )
        for run in runs
    )


def sections(seen: Overview) -> Iterator[RenderableType]:
    """Yield all but what comes next: the headline, the loop, what is refused, runs and waits."""
    yield headline(seen)
    yield pulse(seen)
    shortened = replace(seen, running=seen.running[:_MOST_RUNS], queue=seen.queue[:_MOST_RUNS])
    for section in (
        [*refused(seen), *plugins_changed(seen), *nobody_offers(seen), *loops_behind(seen), *clocks_off(seen)],
        list(now_running(shortened)),
        list(waiting(shortened)),
    ):
        if section:
            yield Group("", *section)
    more = len(seen.queue) - len(shortened.queue)
    if more > 0:
        yield Text(f"  and {more:,} more", style="dim")


def _called_for(run: Run, time: str) -> str:
    if run.is_backfill:
        return f"past slot {time}, asked for by {plain_line(run.requested_by or 'somebody')}"
    if run.requested_by is not None:
        return f"asked for by {plain_line(run.requested_by)} {time}"
    return f"{'catches up' if run.missed else 'due'} {time}"


def _place(problem: dict[str, Any]) -> str:
    return f"{plain_line(problem['file'])}:{problem['line']}:{problem['column']}:"


def _whose(problem: dict[str, Any]) -> str:
    return "" if problem.get("job") is None else f"{plain_line(problem['job'])}: "
