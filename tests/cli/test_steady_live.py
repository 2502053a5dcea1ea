"""The picture of `aperture start` as a terminal shows it, byte by byte."""

from __future__ import annotations

from io import StringIO

import pyte
import pytest
from rich.console import Console
from rich.text import Text

from aperture_plugin.cli.steady_live import SteadyLive

WIDTH, HEIGHT = 40, 12


class Terminal:
    """A console whose bytes a real terminal's rules are applied to."""

    def __init__(self) -> None:
        self.written = StringIO()
        self.console = Console(file=self.written, width=WIDTH, height=HEIGHT, force_terminal=True, _environ={})
        self.screen = pyte.Screen(WIDTH, HEIGHT)
        self._stream = pyte.Stream(self.screen)

    def rows(self) -> list[str]:
        return [row.rstrip() for row in self.screen.display if row.strip()]

    def shown(self) -> list[list[str]]:
        """Show what was written since the last time, and return the picture after each character."""
        text = self.written.getvalue()
        self.written.seek(0)
        self.written.truncate()
        pictures = []
        for character in text:
            self._stream.feed("\r\n" if character == "\n" else character)
            pictures.append(self.rows())
        return pictures


def test_no_line_is_ever_gone_while_a_picture_takes_the_place_of_another() -> None:
    terminal = Terminal()
    with SteadyLive(console=terminal.console, auto_refresh=False, transient=True) as live:
        live.update(Text("head 1\nrunning a\nnext b"), refresh=True)
        terminal.shown()
        live.update(Text("head 2\nran a\nnext c"), refresh=True)
        pictures = terminal.shown()

    assert pictures[-1] == ["head 2", "ran a", "next c"]
    assert {len(picture) for picture in pictures} == {3}


@pytest.mark.parametrize("after", ["head", "head\na much longer line than before\nb\nc\nd", "one\ntwo\nthree"])
def test_nothing_of_the_picture_before_is_left(after: str) -> None:
    terminal = Terminal()
    with SteadyLive(console=terminal.console, auto_refresh=False, transient=True) as live:
        live.update(Text("a first line\nsecond\nthe third of them"), refresh=True)
        live.update(Text(after), refresh=True)
        terminal.shown()
        during = terminal.rows()

    terminal.shown()
    assert during == after.split("\n")
    assert terminal.rows() == []


def test_a_line_that_is_printed_stands_whole_above_the_picture() -> None:
    terminal = Terminal()
    with SteadyLive(console=terminal.console, auto_refresh=False, transient=True) as live:
        live.update(Text("a picture that is wide\nrunning"), refresh=True)
        terminal.console.print(Text("a warning"), soft_wrap=True)
        terminal.shown()

        assert terminal.rows() == ["a warning", "a picture that is wide", "running"]


def test_into_a_file_no_moves_of_the_cursor_are_written() -> None:
    file = StringIO()
    console = Console(file=file, width=WIDTH, force_terminal=False, _environ={})
    with SteadyLive(console=console, auto_refresh=False, transient=True) as live:
        live.update(Text("picture"), refresh=True)
        console.print("line")

    assert file.getvalue() == "line\n"
