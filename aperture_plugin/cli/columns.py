"""Columns of text under their headings, for as many rows as there are.

Rich measures and folds every cell, which for ten thousand jobs takes ten seconds; what is listed here is known
to be short, so it is only set in line. Where a terminal is too narrow, the end of the last column is cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from aperture_plugin.words.cell_width import cell_width, cut_to_width
from aperture_plugin.words.plain_text import plain_line

__all__ = ["STYLES", "Cell", "Row", "columns", "painted", "state_cell"]

_GAP: Final = "  "
_CODES: Final = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "magenta": "35",
    "cyan": "36",
}
STYLES: Final = {
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
"""Colors of the states of a run, or of a job."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A text, which may be anybody's, and how it is to be shown."""

    text: str
    style: str = ""


Row = Sequence[Cell | str]


def columns(
    headings: Sequence[str],
    rows: Sequence[Row | str],
    *,
    right: Sequence[str] = (),
    width: int | None = None,
    color: bool = False,
) -> Iterator[str]:
    """Yield the lines of a table.

    Args:
        headings: One for each column.
        rows: As many cells as there are headings; a text in place of a row stands below the one before.
        right: The columns that are set flush right.
        width: Greatest length of a line; None for as long as it takes.
        color: True if styles are shown.
    """
    cells = [_cells(row) for row in rows]
    widths = [
        max([len(heading), *(cell_width(row[place].text) for row in cells if isinstance(row, list))])
        for place, heading in enumerate(headings)
    ]
    flush = [heading in right for heading in headings]
    heading = _line([Cell(heading, "bold") for heading in headings], widths, flush, width, color=color)
    yield heading
    yield painted("─" * min(width or 10**6, sum(widths) + len(_GAP) * (len(widths) - 1)), "dim", color=color)
    for row in cells:
        if isinstance(row, Cell):
            yield painted(_cut(row.text, width), row.style, color=color)
        else:
            yield _line(row, widths, flush, width, color=color)


def state_cell(state: str) -> Cell:
    """Return the state of a run or a job in its color."""
    return Cell(state, STYLES.get(state, ""))


def painted(text: str, style: str, *, color: bool) -> str:
    """Return *text* in a *style*, if there are colors at all."""
    codes = ";".join(_CODES[word] for word in style.split())
    return f"\x1b[{codes}m{text}\x1b[0m" if color and codes and text else text


def _cells(row: Row | str) -> list[Cell] | Cell:
    if isinstance(row, str):
        return Cell(plain_line(row), "dim")
    return [
        Cell(plain_line(cell)) if isinstance(cell, str) else Cell(plain_line(cell.text), cell.style) for cell in row
    ]


def _line(row: list[Cell], widths: list[int], flush: list[bool], width: int | None, *, color: bool) -> str:
    line, used = "", 0
    last = max((place for place, cell in enumerate(row) if cell.text), default=0)
    for place, cell in enumerate(row[: last + 1]):
        before = _GAP if place else ""
        blank = " " * (widths[place] - cell_width(cell.text))
        if flush[place]:
            before += blank
        if width is not None and used + len(before) >= width:
            break
        used += len(before)
        text = _cut(cell.text, None if width is None else width - used)
        line += before + painted(text, cell.style, color=color)
        used += cell_width(text)
        if not flush[place] and place < last:
            line += blank
            used += len(blank)
    return line.rstrip()


def _cut(text: str, room: int | None) -> str:
    if room is None or cell_width(text) <= room:
        return text
    return cut_to_width(text, room - 1) + "…" * (room > 0)
