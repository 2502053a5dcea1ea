"""A comparison as a person at a terminal is shown it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.console import RenderableType
from rich.text import Text

from aperture_plugin.app.diff.comparison import Comparison
from aperture_plugin.app.diff.diff_text import Section, headline, sections, span_text
from aperture_plugin.cli.rich_tables import grid
from aperture_plugin.words.plain_text import plain_line

__all__ = ["comparison_view"]

_MOST: Final = 40
"""Most lines of a section; the rest is counted."""
_MOVED: Final = "Moved"
_STYLES: Final = {"Added": "green", "Removed": "red", "New collisions": "yellow"}


def comparison_view(comparison: Comparison) -> Iterator[RenderableType]:
    """Yield the whole of *comparison*: what it comes to, then section by section."""
    names = f"{plain_line(comparison.old.name)} → {plain_line(comparison.new.name)}"
    yield Text.assemble((names, "bold"), f": {headline(comparison)}")
    for section in sections(comparison):
        yield Text("")
        yield Text(section.title, style="bold")
        yield _rows(section)
        if len(section.rows) > _MOST:
            yield Text(f"  and {len(section.rows) - _MOST:,} more; --format json has all", style="dim")
    if not comparison.is_nothing:
        yield Text("")
        yield Text(f"slots were held against each other over {span_text(comparison)}", style="dim")


def _rows(section: Section) -> RenderableType:
    style = _STYLES.get(section.title, "")
    made: list[list[str | Text]] = []
    if len(section.headings) > 3 or section.title in {"Runs a week", "Settings"}:
        made.append(
            [Text(("  " if not place else "") + each, style="dim") for place, each in enumerate(section.headings)]
        )
    for row in section.rows[:_MOST]:
        first, *rest = (plain_line(cell) for cell in row)
        if section.title == _MOVED:
            # As a sentence has it, so that it can be searched for: library-scan: 2:00 AM → 1:00 AM.
            first, rest = f"{first}: {rest[0]}", rest[1:]
        made.append([Text(f"  {first}", style=style), *rest])
    return grid(made)
