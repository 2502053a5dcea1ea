"""The strip of a job's last due times as a drawing: all plain bars are one path, the others say what they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from markupsafe import Markup

from aperture_plugin.app.slot_strip import LENGTH, DueTime, SlotFate, Strip
from aperture_plugin.web.page_text import at
from aperture_plugin.words.duration_display import short_duration
from aperture_plugin.words.numbers import counted

__all__ = ["DrawnStrip", "drawn_strip"]

_STEP: Final = 6
_BASE: Final = 18
_HIGHEST: Final = 15
_MOST_REASON: Final = 160


@dataclass(frozen=True, slots=True)
class Mark:
    """A due time that is more than a plain bar: its shapes, and what it is."""

    title: str
    shapes: tuple[Markup, ...]


@dataclass(frozen=True, slots=True)
class DrawnStrip:
    """A strip, ready for its template.

    Attributes:
        label: The text that it shows.
        bars: The path of all plain bars.
    """

    label: str
    bars: str
    marks: tuple[Mark, ...]


def drawn_strip(strip: Strip, zone: ZoneInfo, *, now: datetime) -> DrawnStrip:
    """Return *strip* as a drawing, right-aligned, bars held against the job's own 95th percentile."""
    bars, marks = [], []
    scale = None if strip.lasted is None else max(strip.lasted.slow, timedelta(seconds=1))
    first = LENGTH - len(strip.dues)
    for place, due in enumerate(strip.dues, first):
        x = place * _STEP + 2.5
        height = _height(due, scale)
        if due.fate is SlotFate.RAN:
            bars.append(f"M{x:g} {_BASE}v-{height:.3g}")
        # Attributes are made of numbers of ours alone.
        shapes = tuple(Markup(f'<{tag} class="{kind}" {rest}/>') for tag, kind, rest in _shapes(due, x, height))  # noqa: S704
        if shapes:
            marks.append(Mark(_due_text(due, zone, now), shapes))
    return DrawnStrip(_label(strip, zone, now), "".join(bars), tuple(marks))


def _height(due: DueTime, scale: timedelta | None) -> float:
    if due.took is None or scale is None:
        return 2.5
    return min(float(_HIGHEST), max(2.5, _HIGHEST * (due.took / scale)))


def _shapes(due: DueTime, x: float, height: float) -> Iterator[tuple[str, str, str]]:
    match due.fate:
        case SlotFate.RAN:
            if due.stands_for > 1:
                yield "path", "l-hold", f'd="M{x - 3.5:g} 17h6v3.5"'
        case SlotFate.FAILED:
            yield "rect", "b-bad", f'x="{x - 1:g}" y="3" width="2" height="15"'
            yield "path", "b-bad", f'd="M{x:g} 0l3 3.5-3 3.5-3-3.5z"'
        case SlotFate.CUT_OFF:
            yield "path", "b-cut", f'd="M{x - 2.5:g} 18v-4l5-2v6zM{x - 2.5:g} 11v-5h5v3z"'
        case SlotFate.SKIPPED:
            yield "circle", "l-dim", f'cx="{x:g}" cy="15" r="2.1"'
        case SlotFate.PAUSED:
            yield "path", "l-hold", f'd="M{x - 1.3:g} 12v6M{x + 1.3:g} 12v6"'
        case SlotFate.MERGED:
            yield "rect", "b-cu", f'x="{x - 3:g}" y="16" width="6" height="2"'
        case SlotFate.MISSED:
            yield "path", "l-bad", f'd="M{x - 2:g} 13l4 4M{x + 2:g} 13l-4 4"'
        case SlotFate.WAITING:
            yield "path", "l-wait", f'd="M{x - 1.9:g} 12h3.8l-3.8 5.5h3.8z"'
        case SlotFate.RUNNING:
            top = max(height, 4.8)
            yield "rect", "l-run", f'x="{x - 1.9:g}" y="{17.4 - top:.3g}" width="3.8" height="{top:.3g}"'
        case SlotFate.FORGOTTEN:
            yield "path", "l-dim", f'd="M{x - 2:g} 17h4"'
    if due.late is not None:
        yield "circle", "f-wait", f'cx="{x:g}" cy="21.5" r="1.9"'


def _due_text(due: DueTime, zone: ZoneInfo, now: datetime) -> str:
    when = at(due.due, zone, now=now)
    why = "" if due.reason is None else f", {due.reason[:_MOST_REASON]}"
    late = "" if due.late is None else f", {short_duration(due.late)} late"
    after = "" if due.took is None else f" after {short_duration(due.took)}"
    match due.fate:
        case SlotFate.RAN if due.stands_for > 1:
            return f"{when}: caught up, stands for {due.stands_for} due times"
        case SlotFate.RAN:
            return f"{when}: ran{late}"
        case SlotFate.FAILED:
            return f"{when}: failed{after}{why}"
        case SlotFate.CUT_OFF:
            return f"{when}: cut off{after}{why}"
        case SlotFate.MERGED:
            return f"{when}: nothing ran then; merged into a catch-up"
        case SlotFate.MISSED:
            return f"{when}: missed, no loop was running"
        case SlotFate.RUNNING:
            return f"{when}: running{late}"
        case SlotFate.WAITING:
            return f"{when}: waiting{why}"
        case _:
            return f"{when}: {due.fate}{why}"


def _label(strip: Strip, zone: ZoneInfo, now: datetime) -> str:
    if not strip.dues:
        return "no due time yet"
    fates = [f"{number} {fate}" for fate in SlotFate if (number := strip.count(fate))]
    if strip.late:
        fates.append(f"{strip.late} late")
    last = _due_text(strip.dues[-1], zone, now)
    return f"Last {counted(len(strip.dues), 'due time')}: {', '.join(fates)}. Latest: {last}."
