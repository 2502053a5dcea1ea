"""A plan drawn in letters: a row a job, the hours across."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from rich.text import Text

from aperture_plugin.app.plan.plan import Plan
from aperture_plugin.app.plan.timeline_blocks import Bar, Block, bars, blocks_of, hour_text, hours_of
from aperture_plugin.config.checks.lint.lint_text import clock
from aperture_plugin.triggers.walltime import wall_at
from aperture_plugin.words.duration_display import short_duration
from aperture_plugin.words.plain_text import plain_line

__all__ = ["timeline"]

_LONGEST_NAME: Final = 24
_FEWEST_CELLS: Final = 24
_MOST_CELLS: Final = 96
"""A quarter of an hour each."""

_MOST_ROWS: Final = 40


@dataclass(frozen=True, slots=True)
class _Marks:
    """The letters that stand for things."""

    run: str
    little: str
    wait: str
    skip: str
    change: str
    tick: str


_DRAWN: Final = _Marks("█", "▌", "░", "×", "┊", "┬")
_TYPED: Final = _Marks("#", "'", "-", "x", "|", "+")
_STYLES: Final = {"run": "cyan", "failed": "bold red", "wait": "yellow", "skip": "red", "change": "magenta"}


def timeline(plan: Plan, *, width: int) -> Iterator[Text]:
    """Yield the lines of *plan*, day by day, none of them longer than *width*."""
    marks = _DRAWN if _can_be_written(_DRAWN) else _TYPED
    names = [job if len(job) <= _LONGEST_NAME else job[: _LONGEST_NAME - 1] + "…" for job in plan.by_job()]
    gutter = max([len(name) for name in names], default=8) + 2
    cells = max(_FEWEST_CELLS, min(_MOST_CELLS, (width - gutter - 1) // 24 * 24))
    for block in blocks_of(plan):
        yield from _Day(plan, block, gutter, cells, marks).lines()
        yield Text("")
    first = blocks_of(plan)[0]
    minutes = f"{round((first.end - first.begin) / cells / timedelta(minutes=1))} min"
    yield Text.assemble(
        (marks.run, _STYLES["run"]),
        f" runs   {marks.little} for less than half of {minutes}   ",
        (marks.wait, _STYLES["wait"]),
        " waits   ",
        (marks.skip, _STYLES["skip"]),
        " skipped   ",
        (marks.change, _STYLES["change"]),
        " clocks change",
        style="dim",
    )


class _Day:
    """One block of the plan, in so many *cells* behind a *gutter* for the names."""

    def __init__(self, plan: Plan, block: Block, gutter: int, cells: int, marks: _Marks) -> None:
        self._plan = plan
        self._block = block
        self._gutter = gutter
        self._cells = cells
        self._marks = marks
        here = [(zone, change) for zone, change in plan.changes if block.begin <= change.instant < block.end]
        self._changes = {self._cell(block.share(change.instant)): (zone, change) for zone, change in here}

    def lines(self) -> Iterator[Text]:
        """Yield the day's heading, its axis, its rows and the notes on them."""
        zone = self._plan.config.zone
        local = self._block.begin.astimezone(zone)
        yield Text(f"{local:%A} {local.day} {local:%B} {local.year}, {zone}", style="bold")
        yield from self._axis()
        rows = [(job, found) for job, runs in self._plan.by_job().items() if (found := list(bars(runs, self._block)))]
        for job, found in rows[:_MOST_ROWS]:
            yield self._row(job, found)
        if not rows:
            yield Text(" " * self._gutter + "nothing runs", style="dim")
        if len(rows) > _MOST_ROWS:
            yield Text(f"and {len(rows) - _MOST_ROWS} more jobs; --job shows one, --format json all", style="dim")
        for where, change in self._changes.values():
            way = "forward" if change.kind == "gap" else "back"
            whose = "" if where == zone else f" in {where}"
            was, becomes = (clock(wall_at(change.instant, offset).time()) for offset in (change.before, change.after))
            shown = (
                f"{self._marks.change} the clocks go {way} by {short_duration(change.size)}, from {was} to {becomes}"
            )
            yield Text(f"{shown}{whose}", style=_STYLES["change"])

    def _axis(self) -> Iterator[Text]:
        labels = [" "] * (self._gutter + self._cells + 8)
        ticks = ["─" if self._marks is _DRAWN else "-"] * self._cells
        free_from = 0
        for hour in hours_of(self._block, self._plan.config.zone, every=3):
            place = self._cell(self._block.share(hour.at))
            if hour.at < self._block.end:
                ticks[place] = self._marks.tick
            text = hour_text(hour.wall)
            if self._gutter + place >= free_from and hour.at < self._block.end:
                labels[self._gutter + place : self._gutter + place + len(text)] = text
                free_from = self._gutter + place + len(text) + 1
        yield Text("".join(labels).rstrip(), style="dim")
        yield Text(" " * self._gutter + "".join(ticks), style="dim")

    def _row(self, job: str, found: Sequence[Bar]) -> Text:
        shares: list[dict[str, float]] = [{} for _ in range(self._cells)]
        for bar in found:
            self._cover(shares, bar)
        name = job if len(job) <= _LONGEST_NAME else job[: _LONGEST_NAME - 1] + "…"
        line = Text(f"{plain_line(name):{self._gutter}}")
        for place, share in enumerate(shares):
            letter, style = self._letter(place, share)
            line.append(letter, style=style)
        line.rstrip()
        return line

    def _cover(self, shares: list[dict[str, float]], bar: Bar) -> None:
        """Add to each cell what share of it *bar* takes."""
        begin = self._block.share(bar.begin) * self._cells
        end = self._block.share(bar.end) * self._cells
        first, last = min(int(begin), self._cells - 1), min(int(end), self._cells - 1)
        for place in range(first, last + 1):
            covered = min(end, place + 1) - max(begin, place)
            if covered > 0 or place == first:
                shares[place][bar.kind] = shares[place].get(bar.kind, 0.0) + covered

    def _letter(self, place: int, share: dict[str, float]) -> tuple[str, str]:
        for kind in ("failed", "run"):
            if kind in share:
                return self._marks.run if share[kind] >= 0.5 else self._marks.little, _STYLES[kind]
        for kind, letter in (("skip", self._marks.skip), ("wait", self._marks.wait)):
            if kind in share:
                return letter, _STYLES[kind]
        return (self._marks.change, _STYLES["change"]) if place in self._changes else (" ", "")

    def _cell(self, share: float) -> int:
        return min(int(share * self._cells), self._cells - 1)


def _can_be_written(marks: _Marks) -> bool:
    """Return whether this terminal's encoding has the letters."""
    try:
        f"{marks.run}{marks.little}{marks.wait}{marks.change}{marks.tick}".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
