"""Following one run to its end: its log lines, its progress, and what it waits for."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self
from zoneinfo import ZoneInfo

from aperture_plugin.cli.logs import line_text
from aperture_plugin.cli.output import can_draw, console, in_color, say
from aperture_plugin.ports import RunQuery, Store
from aperture_plugin.rules.runs import ENDED, WAITING, Run, Status
from aperture_plugin.words.plain_text import plain_line

__all__ = ["GoOn", "follow"]

GoOn = Callable[[Callable[[str], None]], bool]

_LOOK_SECONDS: Final = 0.1


def follow(store: Store, run_id: str, *, zone: ZoneInfo, go_on: GoOn) -> Run | None:
    """Show a run's log and progress on stderr until it has ended, and return its last attempt.

    Args:
        go_on: Asked at each look; says no where there is no use in waiting any more. It is given what shows a line.
    Returns:
        None if *go_on* said no before the run had ended.
    """
    with _Bar() if can_draw(sys.stderr) else _Lines() as shown:
        after = 0
        color = in_color(sys.stderr)
        while True:
            run = _latest(store, run_id)
            for number, line in store.log_lines(run_id, after=after):
                after = number
                shown.line(line_text(line, zone, color=color))
            if run is not None:
                if run.status in ENDED:
                    return run
                shown.stands(run)
            if not go_on(shown.line):
                return None
            time.sleep(_LOOK_SECONDS)


def _latest(store: Store, run_id: str) -> Run | None:
    return max(store.history(RunQuery(run_id=run_id, limit=None)), key=lambda run: run.attempt, default=None)


class _Lines:
    """Writes log lines, and a line whenever the run waits for something else, where nobody looks as it is written."""

    def __init__(self) -> None:
        self._last = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def line(self, text: str) -> None:
        say(text, err=True)

    def stands(self, run: Run) -> None:
        value = _waits_for(run)
        if value and value != self._last:
            say(value, err=True)
        self._last = value


class _Bar:
    """On a terminal: log lines, and a progress bar below them."""

    def __init__(self) -> None:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TaskProgressColumn,
            TextColumn,
            TimeElapsedColumn,
        )

        self._console = console(err=True)
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._progress.add_task("", total=None, start=False)
        self._attempt = 0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def line(self, text: str) -> None:
        from rich.text import Text

        self._console.print(Text.from_ansi(text), soft_wrap=True)

    def stands(self, run: Run) -> None:
        """Draw *run* as it is now: its attempt, its progress, or the reason why it waits."""
        task = self._task
        if run.status is Status.RUNNING:
            if run.attempt != self._attempt:
                self._attempt = run.attempt
                self._progress.reset(task, start=True)
            again = f" (attempt {run.attempt})" if run.attempt > 1 else ""
            self._progress.update(
                task,
                description=f"{run.job}{again}",
                completed=run.items_done or 0,
                total=run.items_total,
            )
        else:
            self._progress.update(task, description=_waits_for(run))


def _waits_for(run: Run) -> str:
    return f"{run.job} waits: {plain_line(run.reason or 'its turn')}" if run.status in WAITING else ""
