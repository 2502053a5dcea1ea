"""The plan as a picture: SVG that reads in light and in dark, and can be pasted into a runbook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from html import escape
from typing import Final

from aperture_plugin.app.plan.plan import Foreseen, Plan
from aperture_plugin.app.plan.timeline_blocks import Bar, Block, Hour, bars, blocks_of, hour_text, hours_of
from aperture_plugin.words.duration_display import short_duration
from aperture_plugin.words.numbers import counted
from aperture_plugin.words.plain_text import plain_line
from aperture_plugin.words.times import time_text

__all__ = ["picture_of"]

_WIDTH: Final = 1080
_LEFT, _RIGHT = 190, 24
_ROW: Final = 24
_BAR: Final = 12
_HEAD: Final = 58
_FOOT: Final = 46
_MOST_ROWS: Final = 80
_LONGEST_NAME: Final = 25
_PLOT: Final = _WIDTH - _LEFT - _RIGHT
_LABELS: Final = 3
"""Every so many hours have a label."""

_STYLE: Final = """
text { font: 12px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328 }
.page { fill: #ffffff }
.title { font-size: 16px; font-weight: 600 }
.day { font-weight: 600 }
.soft { fill: #59636e }
.grid { stroke: #d1d9e0; stroke-width: 1 }
.midnight { stroke: #818b98; stroke-width: 1 }
.band { fill: #f6f8fa }
.run { fill: #0969da }
.failed { fill: #cf222e }
.wait { fill: #f3d9a4; stroke: #bf8700; stroke-width: 1 }
.late { stroke: #0969da; stroke-width: 2; stroke-linecap: round; opacity: .55 }
.skip { stroke: #cf222e; stroke-width: 2; stroke-linecap: round }
.hit { fill: #bc4c00 }
.change { stroke: #8250df; stroke-width: 1.5; stroke-dasharray: 4 3 }
.changed { fill: #8250df }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.page { fill: #0d1117 }
.soft { fill: #9198a1 }
.grid { stroke: #2a313c }
.midnight { stroke: #656c76 }
.band { fill: #151b23 }
.run { fill: #4493f8 }
.failed { fill: #f85149 }
.wait { fill: #4b3a12; stroke: #d29922 }
.late { stroke: #4493f8 }
.skip { stroke: #f85149 }
.hit { fill: #f0883e }
.change { stroke: #ab7df8 }
.changed { fill: #ab7df8 }
}
"""


def picture_of(plan: Plan) -> str:
    """Return *plan* as an SVG document: one chart a day, a row a job, the hours across.

    Colors follow the reader's preference for light or dark; a bar shows its times when pointed at.
    """
    body: list[str] = []
    y = 64
    for block in blocks_of(plan):
        drawn = _Chart(plan, block, y)
        body += drawn.lines()
        y = drawn.bottom + 26
    height = y + _FOOT
    span = f"{_day(plan.since, plan)} {_clock(plan.since, plan)} to {_day(plan.until, plan)} {_clock(plan.until, plan)}"
    heading = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
        f'viewBox="0 0 {_WIDTH} {height}" role="img" aria-labelledby="title what">',
        f'<title id="title">{_text(f"Plan of {plan.config.file}")}</title>',
        f'<desc id="what">{_text(f"{span}, {plan.config.zone}. {_summary(plan)}")}</desc>',
        f"<style>{_STYLE}</style>",
        f'<rect class="page" width="{_WIDTH}" height="{height}" rx="8"/>',
        f'<text class="title" x="24" y="32">{_text(f"Plan of {plan.config.file}")}</text>',
        f'<text class="soft" x="24" y="51">{_text(f"{span} · {plan.config.zone} · {_summary(plan)}")}</text>',
    ]
    return "\n".join([*heading, *body, *_legend(height - 22), "</svg>", ""])


class _Chart:
    """The drawing of one day."""

    def __init__(self, plan: Plan, block: Block, top: int) -> None:
        self._plan = plan
        self._block = block
        self._top = top
        rows = [(job, list(bars(runs, block))) for job, runs in plan.by_job().items()]
        self._rows = [(job, found) for job, found in rows if found]
        self._left_out = max(0, len(self._rows) - _MOST_ROWS)
        self._rows = self._rows[:_MOST_ROWS]
        self._first = top + _HEAD

    @property
    def bottom(self) -> int:
        """Its end."""
        return self._first + _ROW * max(1, len(self._rows)) + (18 if self._left_out else 0)

    def lines(self) -> Iterator[str]:
        """Yield its elements, from the back to the front."""
        label = _day(self._block.begin, self._plan)
        yield f'<text class="day" x="24" y="{self._top + 18}">{_text(label)}</text>'
        yield from self._axis()
        for place, (job, found) in enumerate(self._rows):
            yield from self._row(job, found, self._first + place * _ROW)
        if not self._rows:
            yield f'<text class="soft" x="{_LEFT}" y="{self._first + 16}">nothing runs</text>'
        if self._left_out:
            yield f'<text class="soft" x="24" y="{self.bottom - 4}">and {self._left_out} more jobs</text>'
        yield from self._marks()

    def _axis(self) -> Iterator[str]:
        end = self._first + _ROW * max(1, len(self._rows))
        for place in range(0, len(self._rows), 2):
            yield f'<rect class="band" x="24" y="{self._first + place * _ROW}" width="{_WIDTH - 48}" height="{_ROW}"/>'
        for hour in hours_of(self._block, self._plan.config.zone, every=1):
            x = self._x(hour.at)
            labeled = hour.wall.hour % _LABELS == 0
            kind = "midnight" if hour.wall.hour == 0 else "grid"
            begin = self._first - (6 if labeled else 0)
            if labeled or self._block.end - self._block.begin <= timedelta(hours=26):
                yield f'<line class="{kind}" x1="{x}" y1="{begin}" x2="{x}" y2="{end}"/>'
            if labeled:
                yield _label(x, self._first - 12, hour)

    def _row(self, job: str, found: Sequence[Bar], y: int) -> Iterator[str]:
        name = job if len(job) <= _LONGEST_NAME else job[: _LONGEST_NAME - 1] + "…"
        yield f'<text x="30" y="{y + 16}">{_text(name)}</text>'
        top = y + (_ROW - _BAR) / 2
        for bar in found:
            late = bar.run.ends_late
            if bar.kind == "run" and late is not None and bar.run.ends_at is not None and late > bar.run.ends_at:
                yield self._line("late", bar.end, min(late, self._block.end), y + _ROW / 2)
        for kind, begin, end, runs in _merged(found, self._block):
            x, width = self._x(begin), self._x(end) - self._x(begin)
            shown = f"<title>{_text(self._bar_title(runs))}</title>"
            if kind == "skip":
                yield f'<path class="skip" d="M{x - 3} {y + 9}l6 6m0 -6l-6 6">{shown}</path>'
            else:
                shape = f'x="{x:g}" y="{top:g}" width="{max(width, 2):.5g}" height="{_BAR}"'
                yield f'<rect class="{kind}" {shape} rx="1.5">{shown}</rect>'

    def _marks(self) -> Iterator[str]:
        """Yield what stands over the rows: collisions on the axis, and clock changes through all of it."""
        hit = dict.fromkeys(one.at for one in self._plan.collisions if self._block.begin <= one.at < self._block.end)
        for x in dict.fromkeys(self._x(at) for at in hit):
            yield f'<path class="hit" d="M{x - 4:g} {self._first - 8}h8l-4 7z"><title>a collision</title></path>'
        end = self._first + _ROW * max(1, len(self._rows))
        for zone, change in self._plan.changes:
            if self._block.begin <= change.instant < self._block.end:
                x = self._x(change.instant)
                way = "forward" if change.kind == "gap" else "back"
                message = f"clocks go {way} {short_duration(change.size)}"
                if zone != self._plan.config.zone:
                    message += f" ({zone})"
                yield f'<line class="change" x1="{x}" y1="{self._first - 24}" x2="{x}" y2="{end}"/>'
                yield f'<text class="changed" x="{x + 4:g}" y="{self._first - 27}">{_text(message)}</text>'

    def _bar_title(self, runs: Sequence[Foreseen]) -> str:
        run = runs[0]
        if len(runs) > 1:
            return f"{run.job}: {len(runs)} runs"
        if run.starts_at is None:
            return f"{run.job}, {self._clock(run.ready_at, run)}: skipped, {run.reason}"
        until = "" if run.ends_at is None else f" to {self._clock(run.ends_at, run)}"
        waited = f"; waits {short_duration(run.wait)} from {self._clock(run.ready_at, run)} on" if run.wait else ""
        return f"{run.job}: {self._clock(run.starts_at, run)}{until}{waited}"

    def _clock(self, instant: datetime, run: Foreseen) -> str:
        return _wall(instant.astimezone(self._plan.zone_of(run.job)))

    def _line(self, kind: str, begin: datetime, end: datetime, y: float) -> str:
        return f'<line class="{kind}" x1="{self._x(begin)}" y1="{y:g}" x2="{self._x(end)}" y2="{y:g}"/>'

    def _x(self, instant: datetime) -> float:
        return round(_LEFT + _PLOT * self._block.share(instant), 1)


def _merged(found: Sequence[Bar], block: Block) -> Iterator[tuple[str, datetime, datetime, list[Foreseen]]]:
    """Yield bars so close that they look like one as one: a job of every second has 86,400."""
    near = (block.end - block.begin) / _PLOT
    held: tuple[str, datetime, datetime, list[Foreseen]] | None = None
    for bar in found:
        if held is not None and held[0] == bar.kind and bar.begin - held[2] < near:
            held = (held[0], held[1], max(held[2], bar.end), held[3])
            held[3].append(bar.run)
            continue
        if held is not None:
            yield held
        held = (bar.kind, bar.begin, bar.end, [bar.run])
    if held is not None:
        yield held


def _legend(y: int) -> Iterator[str]:
    x = 24
    for kind, found in (("run", "runs"), ("wait", "waits"), ("failed", "fails")):
        yield f'<rect class="{kind}" x="{x}" y="{y - 10}" width="20" height="{_BAR}" rx="1.5"/>'
        yield f'<text class="soft" x="{x + 26}" y="{y}">{found}</text>'
        x += 84
    yield f'<line class="late" x1="{x}" y1="{y - 4}" x2="{x + 20}" y2="{y - 4}"/>'
    yield f'<text class="soft" x="{x + 26}" y="{y}">ends by then in a slow night</text>'
    x += 216
    yield f'<path class="skip" d="M{x} {y - 7}l6 6m0 -6l-6 6"/>'
    yield f'<text class="soft" x="{x + 13}" y="{y}">skipped</text>'
    x += 80
    yield f'<path class="hit" d="M{x} {y - 8}h8l-4 7z"/>'
    yield f'<text class="soft" x="{x + 14}" y="{y}">due together in one queue</text>'
    x += 196
    yield f'<line class="change" x1="{x + 3}" y1="{y - 12}" x2="{x + 3}" y2="{y + 2}"/>'
    yield f'<text class="soft" x="{x + 12}" y="{y}">clocks change</text>'


def _label(x: float, y: int, hour: Hour) -> str:
    anchor = "end" if x > _WIDTH - _RIGHT - 12 else "middle"
    kind = "day" if hour.wall.hour == 0 else "soft"
    return f'<text class="{kind}" x="{x}" y="{y}" text-anchor="{anchor}">{hour_text(hour.wall)}</text>'


def _summary(plan: Plan) -> str:
    parts = [counted(len(plan.started), "run"), counted(len(plan.collisions), "collision")]
    if plan.skipped:
        parts.append(f"{len(plan.skipped)} skipped")
    longest = plan.longest_wait
    if longest is not None:
        parts.append(f"longest wait {short_duration(longest.wait)} ({longest.job})")
    return ", ".join(parts)


def _day(instant: datetime, plan: Plan) -> str:
    local = instant.astimezone(plan.config.zone)
    return f"{local:%A} {local.day} {local:%B} {local.year}"


def _clock(instant: datetime, plan: Plan) -> str:
    return _wall(instant.astimezone(plan.config.zone))


def _wall(local: datetime) -> str:
    return time_text(local.time())


def _text(text: str) -> str:
    """Return *text* as XML may hold it: nothing that would be markup, or that no document may have."""
    return escape(plain_line(text))
