"""Draws aperture-start.svg, the picture in the README, from the screen of the program itself.

It starts `aperture start` in a terminal of its own, asks for some runs, saves a mistake into the file, and takes the
screen.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from time import monotonic

import pexpect
from rich.console import Console
from rich.text import Text

__all__ = ["main"]

WIDTH = 112
SECONDS = 120.0
APERTURE = str(Path(sys.executable).with_name("aperture"))
ENVIRON = {"TZ": "Europe/Riga", "LOGNAME": "operator", "TERM": "xterm-256color", "COLORTERM": "truecolor"}
BEFORE = ["library-scan", "user-sync", "watch-history", "embeddings"]
SHOWN = ["Running", "Waiting", "Next", "Last", "is refused", "%"]
"""The texts that the picture has to show at the same time."""

_NEXT_FRAME = re.compile(r"\r?(?:\x1b\[2K|\x1b\[1A)+")


def frames(terminal: pexpect.spawn[str]) -> Iterator[str]:
    """Yield the screen each time it was drawn completely."""
    read, until = "", monotonic() + SECONDS
    while monotonic() < until:
        read += terminal.read_nonblocking(65536, timeout=SECONDS).replace("\r\n", "\n")
        *whole, read = _NEXT_FRAME.split(read)
        for drawn in whole:
            _, headline, below = drawn.partition("schedules.yaml ·")
            yield headline + below
    raise TimeoutError(f"{SHOWN} were never on the screen at once")


def aperture(*words: str, folder: Path) -> None:
    """Run a command in another terminal."""
    environ = {**os.environ, **ENVIRON}
    subprocess.run([APERTURE, *words], cwd=folder, env=environ, check=True, capture_output=True)  # noqa: S603 - ours


def draw(folder: Path) -> Text:
    """Return the screen of `aperture start` at its busiest."""
    aperture("init", folder=folder)
    file = folder / "schedules.yaml"
    words = file.read_text(encoding="utf-8").replace("tmdb: 40 per 10 seconds", "tmdb: 4 per second")
    file.write_text(words, encoding="utf-8")
    environ = {**os.environ, **ENVIRON}
    terminal = pexpect.spawn(APERTURE, ["start"], cwd=folder, env=environ, dimensions=(40, WIDTH), encoding="utf-8")
    try:
        terminal.expect("Next")
        for job in BEFORE:
            aperture("run", job, "--wait", folder=folder)
        aperture("run", "discovery", folder=folder)
        aperture("run", "library-build", folder=folder)
        file.write_text(words.replace("on saturday", "on saterday"), encoding="utf-8")
        for frame in frames(terminal):
            if all(word in frame for word in SHOWN):
                return Text.from_ansi(frame.strip())
        raise AssertionError("frames() ends by raising")
    finally:
        terminal.sendintr()
        terminal.expect(pexpect.EOF, timeout=SECONDS)


def main() -> None:
    """Draw the picture again."""
    with tempfile.TemporaryDirectory() as folder:
        screen = draw(Path(folder))
    console = Console(record=True, width=WIDTH, file=StringIO())
    console.print(screen)
    svg = console.export_svg(title="aperture start", unique_id="aperture")
    # The picture must load nothing, so it uses the reader's own monospaced font.
    svg = re.sub(r"<!--.*?-->|@font-face \{.*?\}|[ \t]+$", "", svg, flags=re.DOTALL | re.MULTILINE)
    Path(__file__).with_name("aperture-start.svg").write_text(svg, encoding="utf-8")
    print(screen.plain)


if __name__ == "__main__":
    main()
