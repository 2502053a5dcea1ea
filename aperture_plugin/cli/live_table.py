"""The live table of `aperture start`: what runs, what waits and why, what comes next, how the last ones ended.

It is drawn below whatever the terminal shows already, once a second and only if it reads otherwise than
before; warnings are printed above it and stay.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from io import StringIO
from types import TracebackType
from typing import Final, Self

from rich.console import Console, Group, RenderableType
from rich.text import Text

from aperture_plugin.app.status import Overview
from aperture_plugin.cli.output import is_terminal
from aperture_plugin.cli.standard_streams import forget_if_gone, takes_text
from aperture_plugin.cli.status_view import (
    comes_next,
    headline,
    nobody_offers,
    now_running,
    plugins_changed,
    recent,
    refused,
    waiting,
)
from aperture_plugin.cli.steady_live import SteadyLive
from aperture_plugin.rules.runs import Run

__all__ = ["RECENT", "LiveTable"]

RECENT: Final = 5
"""Number of the last runs that are shown."""

_LEAST_NEXT: Final = 3


class LiveTable:
    """Draws on *console* for as long as its block lasts; then the picture is taken away again."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = SteadyLive(
            console=console,
            auto_refresh=False,
            transient=True,
            # The output of a handler stands above the picture, and does not tear it. Into a file it goes as ever.
            redirect_stdout=True,
            redirect_stderr=is_terminal(sys.stderr),
        )
        self._has_begun = False
        self._seen: tuple[Overview, Sequence[Run]] | None = None
        self.drawn = ""
        """The text of what was drawn last."""

    def __enter__(self) -> Self:
        with self._as_far_as_there_is_a_terminal():
            self._live.start()
            self._has_begun = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._has_begun and takes_text(self._console.file):
            with self._as_far_as_there_is_a_terminal():
                self._live.stop()

    def print(self, line: str) -> None:
        """Print a line above the table. Callable from any thread."""
        with self._as_far_as_there_is_a_terminal():
            self._console.print(Text(line), soft_wrap=True)

    def draw(self, seen: Overview, ended: Sequence[Run], *, note: Text | None = None) -> None:
        """Draw *seen*, unless that is what stands there already.

        Args:
            ended: The last runs that ended, newest first.
            note: Text beside the headline: that it is stopping, or that the store is away.
        """
        self._seen = (seen, ended)
        picture = Group(*self._sections(seen, ended, note))
        before, self.drawn = self.drawn, self._as_text(picture)
        if self._has_begun and before != self.drawn and takes_text(self._console.file):
            with self._as_far_as_there_is_a_terminal():
                self._live.update(picture, refresh=True)

    def draw_again(self, *, note: Text) -> None:
        """Draw what was seen last, with another *note*."""
        if self._seen is not None:
            self.draw(*self._seen, note=note)

    @contextmanager
    def _as_far_as_there_is_a_terminal(self) -> Iterator[None]:
        """Ignore that the terminal is closed, by a handler too: what is drawn then is seen by nobody."""
        try:
            yield
        except OSError as error:
            forget_if_gone(sys.stdout, error)
        except ValueError:
            if not self._console.file.closed:
                raise

    def _as_text(self, picture: RenderableType) -> str:
        # Not the live console itself: what it captures has the moves of the cursor in it.
        other = Console(file=StringIO(), width=self._console.width, markup=False, emoji=False, highlight=False)
        with other.capture() as capture:
            other.print(picture)
        return capture.get()

    def _sections(self, seen: Overview, ended: Sequence[Run], note: Text | None) -> Iterator[RenderableType]:
        room = max(12, self._console.height) - 3
        first = headline(seen)
        yield first if note is None else Text.assemble(first, " · ", note)
        sections: list[list[RenderableType]] = [[*refused(seen), *plugins_changed(seen), *nobody_offers(seen)]]
        running, queued = _shortened(seen, room // 3)
        sections += [list(now_running(running)), list(waiting(queued))]
        used = len(running.running) + len(queued.queue) + 3 * len(sections[0]) + len(ended) + 8
        sections += [list(comes_next(seen, most=max(_LEAST_NEXT, room - used))), list(recent(ended, seen))]
        for section in sections:
            if section:
                yield Group("", *section)


def _shortened(seen: Overview, most: int) -> tuple[Overview, Overview]:
    """Return *seen* with no more running, and no more waiting runs than there is room for."""
    most = max(_LEAST_NEXT, most)
    return replace(seen, running=seen.running[:most]), replace(seen, queue=seen.queue[:most])
