"""A picture at the foot of the terminal that is redrawn without a moment at which part of it is gone.

`rich.live.Live` erases the old picture line by line before it writes the new one, and a terminal may show what it has
between the two. Here the new lines are written over the old ones, and what a terminal still shows in pieces is held
together by "synchronized output" where the terminal knows of it; others ignore the mode.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderResult
from rich.control import Control
from rich.live import Live
from rich.segment import ControlType, Segment

__all__ = ["SteadyLive"]

# rich knows no such modes; a segment is written as it is, and takes no room, if it names any control at all.
_TOGETHER: Final = Segment("\x1b[?2026h", None, [(ControlType.HOME,)])
_SHOW: Final = Segment("\x1b[?2026l", None, [(ControlType.HOME,)])
_ERASE_REST_OF_LINE: Final = Segment("\x1b[K", None, [(ControlType.ERASE_IN_LINE, 0)])
_ERASE_BELOW: Final = Segment("\x1b[J", None, [(ControlType.ERASE_IN_LINE, 0)])


class SteadyLive(Live):
    """A `Live` that writes a picture over the one before."""

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        """Return what is written: *renderables* above the picture, and the picture."""
        found = super().process_renderables(renderables)
        if not found or not isinstance(found[0], Control):
            return found  # No terminal, which has nothing to write over.
        moves = [code for code in found[0].segment.control or () if code[0] is not ControlType.ERASE_IN_LINE]
        return [_Over(Control(*moves), found[1:])]


class _Over:
    """Renderables written over what stands there."""

    def __init__(self, to_the_top: Control, renderables: Sequence[ConsoleRenderable]) -> None:
        self._to_the_top = to_the_top
        self._renderables = renderables

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield _TOGETHER
        yield self._to_the_top.segment
        for renderable in self._renderables:
            for segment in console.render(renderable, options):
                if segment.control:
                    yield segment
                    continue
                for line in segment.text.splitlines(keepends=True):
                    if line.endswith("\n"):
                        yield Segment(line[:-1], segment.style)
                        yield _ERASE_REST_OF_LINE
                        yield Segment("\n")
                    else:
                        yield Segment(line, segment.style)
        yield _ERASE_BELOW
        yield _SHOW
