"""The process of one handler, which `executors/processes.py` starts.

It is run by its path, before it knows from where to import: only the standard library is imported at the top. The
first line that it reads has the import path and the order.
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
    from aperture_plugin.executors.remote_attempt import Errand
    from aperture_plugin.executors.worker_protocol import MessageWriter
    from aperture_plugin.rules.jobs import Outcome
    from aperture_plugin.rules.runs import AttemptKey

__all__ = ["main"]

_GRACE_SECONDS: Final = 5.0


def main(orders: int, answers: int) -> int:
    """Run one handler and report its outcome.

    Args:
        orders, answers: The pipes that were inherited.
    Returns:
        The exit code: 1 if no order came.
    """
    for pipe in (orders, answers):
        os.set_inheritable(pipe, False)  # Programs that the handler starts do not inherit them.
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

    from aperture_plugin.executors.remote_attempt import Errand
    from aperture_plugin.executors.worker_protocol import MessageWriter, outcome_to

    speaker = MessageWriter(answers)
    errand = _errand(order, heard, speaker)
    outcome = errand.run() if isinstance(errand, Errand) else errand
    speaker.say(outcome=outcome_to(outcome))
    return 0


def _errand(order: dict[str, Any], heard: Iterator[bytes], speaker: MessageWriter) -> Errand | Outcome:
    """Return the errand for *order*, or the outcome if it cannot run."""
    from aperture_plugin.executors.attempts import failed
    from aperture_plugin.executors.remote_attempt import Errand
    from aperture_plugin.plugins.plugin_loader import load_plugins
    from aperture_plugin.plugins.plugin_problems import PluginError

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
    """Handle the messages of the pipe until it is closed."""
    for line in heard:
        match json.loads(line):
            case {"cancel": str(reason)}:
                errand.cancel(reason)
            case {"spent": int(number)} as answer:
                budget.answer(number, answer)
    # The process that started this one is dead: another loop will run the slot again, and not beside this process.
    errand.cancel("the process that started it is gone")
    time.sleep(_GRACE_SECONDS)
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


class _Budget:
    """Asks the process that started this one to spend from a limit, and waits for the answer."""

    def __init__(self, speaker: MessageWriter) -> None:
        self._speaker = speaker
        self._numbers = count(1)
        self._open: dict[int, SimpleQueue[dict[str, Any]]] = {}

    def spend(self, _key: AttemptKey, limit: str, calls: int, _cancelled: threading.Event) -> None:
        """Ask the loop's process to count *calls* of *limit*; return once it has.

        Raises:
            RunCancelled, PutOff, KeyError, RuntimeError: As the loop's process answers; see `raise_spent`.
        """
        from aperture_plugin.executors.remote_attempt import raise_spent

        number = next(self._numbers)
        answers = self._open[number] = SimpleQueue()
        self._speaker.say(spend=[number, limit, calls])
        # A cancel is answered too, by the process that spends.
        answer = answers.get()
        del self._open[number]
        raise_spent(answer)

    def answer(self, number: int, answer: dict[str, Any]) -> None:
        """Pass *answer* to the call of `spend` with that number."""
        if number in self._open:
            self._open[number].put(answer)


class _Clock:
    """This machine's clock; log lines get their times where they arrive."""

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
