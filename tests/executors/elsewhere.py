"""An executor as a host might bring it: each handler is called in a Python of its own, told by lines of JSON.

Both sides are here: `python elsewhere.py MODULE` is the worker. It is made of
`aperture_plugin.executors.remote_attempt`, and held to `ExecutorContract`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from queue import SimpleQueue
from typing import Any

from aperture_plugin.executors.live_run import WorkerRun
from aperture_plugin.executors.remote_attempt import (
    Errand,
    apply_message,
    ended,
    order_of,
    outcome_to,
    raise_spent,
    spent,
)
from aperture_plugin.plugins.plugin_loader import load_plugins
from aperture_plugin.ports import Report, Spender, Work
from aperture_plugin.rules.jobs import Outcome, OutcomeStatus
from aperture_plugin.rules.runs import AttemptKey


class RealClock:
    """The machine's own time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class ElsewhereExecutor:
    """Calls each handler in a process of its own, told over its standard input and output."""

    name = "elsewhere"

    def __init__(self, module: str, spend: Spender) -> None:
        self._module = module
        self._spend = spend
        self._live: dict[AttemptKey, tuple[WorkerRun, subprocess.Popen[str]]] = {}
        self._threads: list[threading.Thread] = []
        self._is_stopped = False

    def start(self, work: Work, report: Report) -> None:
        run = WorkerRun(work.run, {}, report, clock=RealClock(), spend=self._spend, environment=work.environment)
        if self._is_stopped:
            report(ended(run, outcome_to(Outcome(status=OutcomeStatus.FAILED, reason="it was stopped"))))
            return
        process = subprocess.Popen(
            [sys.executable, __file__, self._module], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._live[run.key] = run, process
        thread = threading.Thread(target=self._serve, args=(order_of(work), run, process, report), daemon=True)
        self._threads.append(thread)
        thread.start()

    def cancel(self, key: AttemptKey, reason: str) -> None:
        if key in self._live:
            self._live[key][0].cancel(reason)

    def kill(self, key: AttemptKey) -> bool:
        if key not in self._live:
            return False
        self._live[key][1].kill()
        return True

    def stop(self, timeout: timedelta) -> None:
        self._is_stopped = True
        until = time.monotonic() + timeout.total_seconds()
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _serve(self, order: Any, run: WorkerRun, process: subprocess.Popen[str], report: Report) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        say, outcome = _speaker(process.stdin), None
        say(order)
        run.on_cancel(lambda: say({"cancel": run.cancel_reason}))
        for line in process.stdout:
            said = json.loads(line)
            if "outcome" in said:
                outcome = said["outcome"]
            elif "spend" in said:
                threading.Thread(target=self._spend_for, args=(run, say, *said["spend"]), daemon=True).start()
            else:
                apply_message(said, run)
        process.communicate()
        if outcome is None:
            status = OutcomeStatus.FAILED if run.cancel_reason is None else OutcomeStatus.CANCELLED
            outcome = outcome_to(Outcome(status=status, reason=run.cancel_reason or "its process died"))
        self._live.pop(run.key, None)
        report(ended(run, outcome))

    def _spend_for(self, run: WorkerRun, say: Callable[[Any], None], number: int, limit: str, calls: int) -> None:
        say({"spent": number, **spent(run, limit, calls)})


def main(module: str) -> None:
    """Do the one attempt that is ordered on standard input."""
    say = _speaker(sys.stdout)
    plugins = load_plugins(directory=None, modules=[module], entry_points=False)
    asked: dict[int, SimpleQueue[Any]] = {}
    numbers = count(1)

    def spend(_key: AttemptKey, limit: str, calls: int, _cancelled: threading.Event) -> None:
        number = next(numbers)
        asked[number] = SimpleQueue()
        say({"spend": [number, limit, calls]})
        raise_spent(asked[number].get())

    errand = Errand(
        json.loads(sys.stdin.readline()), plugins.jobs, plugins.run_job, say, clock=RealClock(), spend=spend
    )

    def obey() -> None:
        for line in sys.stdin:
            said = json.loads(line)
            if "cancel" in said:
                errand.cancel(said["cancel"])
            else:
                asked[said["spent"]].put(said)

    threading.Thread(target=obey, daemon=True).start()
    say({"outcome": outcome_to(errand.run())})


def _speaker(stream: Any) -> Callable[[Any], None]:
    lock = threading.Lock()

    def say(message: Any) -> None:
        with lock:
            try:
                stream.write(json.dumps(message) + "\n")
                stream.flush()
            except (BrokenPipeError, ValueError):
                pass  # Its end is found out by other means.

    return say


if __name__ == "__main__":
    main(sys.argv[1])
