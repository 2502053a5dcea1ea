"""The `processes` executor: a handler runs in a process of its own, which can be killed.

A Python process is started anew for every attempt (nothing is forked: a host's threads and locks stay
with the host). It loads the plugins the way this process did, and talks over pipes in lines of JSON.
What it prints goes into the run's log.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from aperture_plugin.executors.errands import hear, order_of, spent
from aperture_plugin.executors.groups import Group, signal_name
from aperture_plugin.executors.live import WorkerRun, no_limits
from aperture_plugin.executors.output import Lines
from aperture_plugin.executors.pooled import PooledExecutor
from aperture_plugin.executors.pumping import Pump
from aperture_plugin.executors.secrets import Mask, secrets_of
from aperture_plugin.executors.text import storable
from aperture_plugin.executors.wire import Message, Messages, Speaker, outcome_from
from aperture_plugin.ports import RUN_VARIABLE, Clock, Spawned, Spender, Work
from aperture_plugin.rules.jobs import Outcome, OutcomeStatus

__all__ = ["ProcessExecutor"]


class ProcessExecutor(PooledExecutor):
    """Runs each handler in a process of its own, for which a thread of this process waits."""

    name = "processes"

    def __init__(self, recipe: Mapping[str, Any], *, clock: Clock, spend: Spender = no_limits) -> None:
        """Make an executor without any process yet.

        Args:
            recipe: What a worker needs to load the same plugins: `Plugins.recipe()`.
            clock: Tells the time of log lines.
            spend: How runs spend from limits; called here, whichever process asks.
        Raises:
            RuntimeError: This Python is embedded in a program, and cannot start another one.
        """
        script = find_spec("aperture_plugin.worker")
        if not sys.executable or script is None or script.origin is None:
            raise RuntimeError("this Python is part of another program and cannot start a process; use threads")
        words = (sys.executable, "-P", script.origin)
        super().__init__(lambda _job, work, run: _Process(words, recipe, work, run), clock=clock, spend=spend)


class _Process:
    """One attempt in a process of its own."""

    def __init__(self, words: tuple[str, ...], recipe: Mapping[str, Any], work: Work, run: WorkerRun) -> None:
        self._words = words
        self._order = {
            "plugins": dict(recipe),
            "path": [str(folder) for folder in sys.path],
            **order_of(work),
        }
        self._run = run
        self._group: Group | None = None
        self._outcome: Outcome | None = None
        self._speaker: Speaker

    def run(self) -> Outcome:
        """Run the handler to its end; this thread waits."""
        run = self._run
        lines = Lines(
            Mask(secrets_of(os.environ)), lambda text: run.write("INFO", text), is_full=lambda: run.log_is_full
        )
        orders, mouth = os.pipe()
        self._speaker = Speaker(mouth)
        try:
            with Pump(f"aperture-{run.job}-output") as pump:
                try:
                    process = self._start(orders, pump.open(Messages(self._hear)), pump.open(lines))
                finally:
                    os.close(orders)
                group = self._group = Group(process)
                try:
                    run.tell(Spawned(run.key, group.id))
                    pump.start()
                    self._speaker.say(**self._order)
                    self._speaker.hurry()
                    run.on_cancel(self._ask_to_stop)
                except BaseException:
                    group.kill()  # A process nobody listens to would run on unseen.
                    raise
                finally:
                    code = group.wait()
        finally:
            self._speaker.close()
        return self._outcome or self._lost(code, lines.tail)

    def kill(self) -> bool:
        """End the process, and what it started, by force; say whether there was one."""
        return self._group is not None and self._group.kill()

    def _start(self, orders: int, answers: int, output: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - it is this Python, running our own worker
            [*self._words, str(orders), str(answers)],
            env={**os.environ, RUN_VARIABLE: self._run.id},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=(orders, answers),
            start_new_session=True,
        )

    def _ask_to_stop(self) -> None:
        self._speaker.say(cancel=self._run.was_asked)

    def _hear(self, said: Message) -> None:
        """Do what the worker asks; called in the pump's thread, which must not wait."""
        if hear(said, self._run):
            return
        match said:
            case {"spend": [int(number), str(limit), int(calls)]}:
                name = f"aperture-{self._run.job}-spends"
                threading.Thread(target=self._spend, args=(number, limit, calls), name=name, daemon=True).start()
            case {"outcome": dict(outcome)}:
                self._outcome = outcome_from(outcome)
                if self._group is not None:  # What it still has to tidy up may not take for ever.
                    self._group.kill_later()

    def _spend(self, number: int, limit: str, calls: int) -> None:
        self._speaker.say(spent=number, **spent(self._run, limit, calls))

    def _lost(self, code: int | None, tail: str) -> Outcome:
        """Return the outcome of a process that ended without a word."""
        asked, error = self._run.was_asked, storable(tail) or None
        if code is None:
            ended = "its process ended, but something else in this process has taken its exit code"
        elif code < 0:
            ended = f"its process was killed by {signal_name(-code)}"
        else:
            ended = f"its process exited with code {code} before the handler came back"
        if asked is not None:
            reason = f"{asked} ({ended})" if asked else ended
            return Outcome(status=OutcomeStatus.CANCELLED, reason=reason, error=error)
        return Outcome(status=OutcomeStatus.FAILED, reason=ended, error=error)
