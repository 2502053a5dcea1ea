"""The tables that commands show, made with rich."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from rich import box
from rich.table import Table
from rich.text import Text

from aperture_plugin.cli.moments import away
from aperture_plugin.cli.output import plain
from aperture_plugin.rules.runs import Run, Status
from aperture_plugin.words.spans import short_duration

__all__ = ["bar", "came_of_it", "grid", "items", "last_run", "status_text", "styled", "table", "took"]

_STYLES: Final = {
    "running": "bold cyan",
    "waiting": "yellow",
    "queued": "yellow",
    "completed": "green",
    "failed": "bold red",
    "cancelled": "magenta",
    "interrupted": "red",
    "skipped": "dim",
    "idle": "dim",
}
_BAR: Final = 16
_MOST_RESULT: Final = 60


def table(*headings: str, rows: Iterable[Sequence[str | Text]], right: Sequence[str] = ()) -> Table:
    """Return a table with a heading over each column; the columns named in *right* are set flush right."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", show_edge=False)
    for heading in headings:
        made.add_column(heading, justify="right" if heading in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*row)
    return made


def grid(rows: Iterable[Sequence[str | Text]]) -> Table:
    """Return rows under one another, without headings or lines."""
    made = Table.grid(padding=(0, 2, 0, 0))
    for row in rows:
        made.add_row(*row)
    return made


def styled(text: str, style: str) -> Text:
    """Return *text*, which a job or a file wrote, in a style of ours; nothing in it is markup."""
    return Text(plain(text), style=style)


def status_text(status: str) -> Text:
    """Return a run's or a job's state in its colour."""
    return Text(status, style=_STYLES.get(status, ""))


def bar(done: int | None, total: int | None) -> Text:
    """Return how far a run is: `━━━━━━──────────  38 %  152/400`; nothing where it does not say."""
    if done is None:
        return Text("")
    if not total:
        return Text(f"{done:,}")
    share = min(1.0, done / total)
    full = int(share * _BAR)
    return Text.assemble(
        ("━" * full, "cyan"), ("─" * (_BAR - full), "dim"), f" {share:4.0%}".replace("%", " %"), f"  {done:,}/{total:,}"
    )


def items(run: Run) -> str:
    """Return what a run counted: `152/400`, `400`, or nothing."""
    if run.items_done is None:
        return ""
    if run.items_total is None or run.items_total == run.items_done:
        return f"{run.items_done:,}"
    return f"{run.items_done:,}/{run.items_total:,}"


def took(run: Run, *, now: datetime) -> str:
    """Return how long a run took, or has been running."""
    if run.duration is not None:
        return short_duration(run.duration)
    if run.started_at is not None and run.status is Status.RUNNING:
        so_far = max(0, int((now - run.started_at) / timedelta(seconds=1)))
        return short_duration(timedelta(seconds=so_far)) if so_far else "0 s"
    return ""


def came_of_it(run: Run) -> str:
    """Return what there is to say of a run in a few words: its reason, else what it returned."""
    if run.reason:
        return plain(run.reason)
    if isinstance(run.result, dict):
        said = ", ".join(f"{key} {value}" for key, value in run.result.items() if not isinstance(value, dict | list))
    elif run.result is None or isinstance(run.result, list):
        said = ""
    else:
        said = str(run.result)
    said = " ".join(plain(said).split())
    return said if len(said) <= _MOST_RESULT else said[: _MOST_RESULT - 1] + "…"


def last_run(run: Run | None, *, now: datetime) -> Text:
    """Return how a job's last run ended: `completed 14 minutes ago in 2 s`."""
    if run is None or run.finished_at is None:
        return Text("never ran", style="dim")
    lasted = f" in {short_duration(run.duration)}" if run.duration is not None else ""
    return Text.assemble(status_text(str(run.status)), (f" {away(run.finished_at, now=now)}{lasted}", ""))
