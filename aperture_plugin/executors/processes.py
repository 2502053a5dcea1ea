"""The `processes` executor: a handler runs in a process of its own, which can be killed.

Each attempt starts a new Python process; nothing is forked, so a host's threads and locks are not copied. The process
loads the plugins as this process did, and exchanges lines of JSON over pipes. Its output goes into the run's log.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from aperture_plugin.executors.live_run import WorkerRun, no_limits
from aperture_plugin.executors.log_quota import storable
from aperture_plugin.executors.output_capture import Lines
from aperture_plugin.executors.pipes import Pump
from aperture_plugin.executors.pooled_executor import PooledExecutor
from aperture_plugin.executors.process_groups import Group, signal_name, tell_left
from aperture_plugin.executors.remote_attempt import apply_message, order_of, spent
from aperture_plugin.executors.worker_protocol import Message, Messages, MessageWriter, outcome_from
from aperture_plugin.ports import RUN_VARIABLE, Clock, Spawned, Spender, Work
from aperture_plugin.rules.jobs import Outcome, OutcomeStatus

__all__ = ["ProcessExecutor"]


class ProcessExecutor(PooledExecutor):
    """Runs each handler in a process of its own, for which a thread of this process waits."""

    name = "processes"

    def __init__(self, recipe: Mapping[str, Any], *, clock: Clock, spend: Spender = no_limits) -> None:
        """Make an executor; no process is started yet.

        Args:
            recipe: The result of `Plugins.recipe()`, with which a worker loads the same plugins.
            clock: Gives the times of log lines.
            spend: Spends from limits; called in this process for all workers.
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
        self._speaker: MessageWriter

    def run(self) -> Outcome:
        """Run the handler to its end; this thread waits."""
        run = self._run
        lines = Lines(run.mask, lambda text: run.write("INFO", text), is_full=lambda: run.log_is_full)
        orders, mouth = os.pipe()
        self._speaker = MessageWriter(mouth)
        try:
            with Pump(f"aperture-{run.job}-output") as pump:
                try:
                    process = self._start(orders, pump.open(Messages(self._receive)), pump.open(lines))
                finally:
                    os.close(orders)
                group = self._group = Group(process, run.id)
                try:
                    run.tell(Spawned(run.key, group.id))
                    pump.start()
                    self._speaker.say(**self._order)
                    self._speaker.hurry()
                    run.on_cancel(self._ask_to_stop)
                except BaseException:
                    group.kill()  # Without its pipes the process must not go on.
                    raise
                finally:
                    code = group.wait()
                    tell_left(run, group)
        finally:
            self._speaker.close()
        return self._outcome or self._lost(code, lines.tail)

    def kill(self) -> bool:
        """End the process and its group by force; return whether there was one."""
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
        self._speaker.say(cancel=self._run.cancel_reason)

    def _receive(self, message: Message) -> None:
        """Handle a message of the worker; called in the pump's thread, which must not block."""
        if apply_message(message, self._run):
            return
        match message:
            case {"spend": [int(number), str(limit), int(calls)]}:
                name = f"aperture-{self._run.job}-spends"
                threading.Thread(target=self._spend, args=(number, limit, calls), name=name, daemon=True).start()
            case {"outcome": dict(outcome)}:
                self._outcome = outcome_from(outcome)
                if self._group is not None:  # Its cleanup may not take for ever.
                    self._group.kill_later()

    def _spend(self, number: int, limit: str, calls: int) -> None:
        self._speaker.say(spent=number, **spent(self._run, limit, calls))

    def _lost(self, code: int | None, tail: str) -> Outcome:
        """Return the outcome of a process that ended without sending one."""
        asked, error = self._run.cancel_reason, storable(tail) or None
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
