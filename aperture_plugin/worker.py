"""A process of its own for one handler; `executors/processes.py` starts it and listens.

It is run by its path, before it knows where anything is imported from: only the standard library is
imported up here. The first line it reads says what to import from where, and what to run.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from io import TextIOWrapper
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from aperture_plugin.executors.errands import Errand
    from aperture_plugin.executors.wire import Speaker
    from aperture_plugin.rules.jobs import Outcome

__all__ = ["main"]

_GRACE_SECONDS: Final = 5.0


def main(orders: int, answers: int) -> int:
    """Run one handler and tell how it ended.

    Args:
        orders, answers: The pipes that were inherited.
    Returns:
        The exit code: 1 where nobody ever said what to do.
    """
    for pipe in (orders, answers):
        os.set_inheritable(pipe, False)  # Programs that the handler starts have nothing to do with them.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(line_buffering=True, errors="backslashreplace")
    faulthandler.enable()  # A crash in C shows its Python frames, in the run's log.
    heard = _lines(orders)
    first = next(heard, None)
    if first is None:
        return 1
    order = json.loads(first)
    sys.path[:] = order["path"]

    from aperture_plugin.executors.errands import Errand
    from aperture_plugin.executors.wire import Speaker, outcome_to

    speaker = Speaker(answers)
    errand = _errand(order, heard, speaker)
    outcome = errand.run() if isinstance(errand, Errand) else errand
    speaker.say(outcome=outcome_to(outcome))
    return 0


def _errand(order: dict[str, Any], heard: Iterator[bytes], speaker: Speaker) -> Errand | Outcome:
    """Return what is to be run; how it ended where it cannot be."""
    from aperture_plugin.executors.attempts import failed
    from aperture_plugin.executors.errands import Errand
    from aperture_plugin.plugins.errors import PluginError
    from aperture_plugin.plugins.loading import load_plugins

    recipe = dict(order["plugins"])
    directory = recipe.pop("directory")
    try:
        plugins = load_plugins(directory=None if directory is None else Path(directory), **recipe)
        jobs = plugins.jobs
    except PluginError as error:
        return failed(f"a process of its own could not load the plugins: {error.problems[0].message}")
    budget = _Budget(speaker)
    say = lambda message: speaker.say(**message)  # noqa: E731
    errand = Errand(order, jobs, plugins.run_job, say, clock=_Clock(), spend=budget.spend)
    threading.Thread(target=_obey, args=(heard, errand, budget), name="aperture-orders", daemon=True).start()
    return errand


def _obey(heard: Iterator[bytes], errand: Errand, budget: _Budget) -> None:
    """Do what is said on the pipe, until nobody is left to say anything."""
    for line in heard:
        match json.loads(line):
            case {"cancel": str(reason)}:
                errand.cancel(reason)
            case {"spent": int(number)} as answer:
                budget.answer(number, answer)
    # Whoever started this process is dead: its successor will run the slot again, and not beside us.
    errand.cancel("the process that started it is gone")
    time.sleep(_GRACE_SECONDS)
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


class _Budget:
    """Asks whoever started this process to spend from a limit, and waits for the answer."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker
        self._numbers = count(1)
        self._open: dict[int, SimpleQueue[dict[str, Any]]] = {}

    def spend(self, _key: tuple[str, int], limit: str, calls: int, _cancelled: threading.Event) -> None:
        from aperture_plugin.executors.errands import raise_spent

        number = next(self._numbers)
        answers = self._open[number] = SimpleQueue()
        self._speaker.say(spend=[number, limit, calls])
        # A cancel is answered too, by him who was asked to spend.
        answer = answers.get()
        del self._open[number]
        raise_spent(answer)

    def answer(self, number: int, answer: dict[str, Any]) -> None:
        """Let the one go on who waits for that number."""
        if number in self._open:
            self._open[number].put(answer)


class _Clock:
    """This machine's time; log lines are stamped where they arrive."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


def _lines(pipe: int) -> Iterator[bytes]:
    """Yield each line that comes through a pipe, until it ends."""
    begun = b""
    while data := os.read(pipe, 65536):
        *whole, begun = (begun + data).split(b"\n")
        yield from whole


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
