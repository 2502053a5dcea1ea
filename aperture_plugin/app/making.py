"""The parts of a running aperture, put together: executors, the record on the store, the loop itself."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from aperture_plugin.app.budgets import Budgets
from aperture_plugin.app.handles import Waiters, latest_attempt
from aperture_plugin.app.opening import Source
from aperture_plugin.app.running import Executors, Messenger
from aperture_plugin.clock.processes import boot_identity, end_group, is_alive
from aperture_plugin.config.model import Config
from aperture_plugin.executors.processes import ProcessExecutor
from aperture_plugin.executors.threads import ThreadExecutor
from aperture_plugin.loop.lease import Lease
from aperture_plugin.loop.loop import Loop
from aperture_plugin.loop.pacing import Pace
from aperture_plugin.loop.state import State, Substitute
from aperture_plugin.loop.ticking import Timetable
from aperture_plugin.plugins.loading import Plugins
from aperture_plugin.ports import Clock, Executor, LoopRecord, Spender, Store
from aperture_plugin.rules.ids import RunIds

__all__ = ["MakeExecutor", "executors_of", "forget", "loop_of"]

MakeExecutor = Callable[[Plugins, Spender], Executor]
"""Makes an executor of the plugins, whose `run_job` it dispatches to, and of how runs spend from limits."""

_LIVING: Final[set[str]] = set()
"""The loops of this process that have not been let go: the process outlives them."""


def executors_of(
    plugins: Plugins, budgets: Budgets, clock: Clock, *, chosen: Callable[[], Config], made: MakeExecutor | None
) -> Executors:
    """Return the executors of one loop: those built in, and those that plugins provide.

    Args:
        chosen: Returns the file in force.
        made: Makes the one that is used whatever the file says.
    """
    if made is not None:
        return Executors(lambda *_: made(plugins, budgets.spend), chosen)
    threads = ThreadExecutor(plugins.run_job, clock=clock, spend=budgets.spend)
    built_in: dict[str, Callable[[], Executor]] = {
        "threads": lambda: threads,
        "processes": lambda: ProcessExecutor(plugins.recipe(), clock=clock, spend=budgets.spend),
    }

    def provide(name: str, broker: str | None) -> Executor:
        return plugins.executor(name, built_in, spend=budgets.spend, broker=broker)

    return Executors(provide, chosen, beside=lambda: threads)


def loop_of(
    config: Config,
    plugins: Plugins,
    store: Store,
    source: Source,
    *,
    clock: Clock,
    environ: Mapping[str, str],
    executors: Executors,
    waiters: Waiters,
    pace: Pace,
    fires: bool,
    substitute: Substitute | None = None,
) -> Loop:
    """Return a loop that has not begun.

    Args:
        fires: Whether it fires the schedule; else it looks after nothing but what is asked for here.
        substitute: What *config* stands in for, where it is not that of the file on disk.
    """
    now = clock.now()
    ids = RunIds(os.urandom(4))
    loop_id = f"{socket.gethostname()}-{os.getpid()}-{ids.new(now)}"
    state = State(
        id=loop_id,
        clock=clock,
        environ=environ,
        new_id=ids.new,
        config=config,
        jobs=plugins.jobs,
        timetable=Timetable(clock),
        able_since=now,
        only=None if fires else set(),
        asks_ready=plugins.asks_ready,
        substitute=substitute,
    )
    record = LoopRecord(
        id=loop_id,
        host=socket.gethostname(),
        pid=os.getpid(),
        boot=boot_identity(os.getpid()),
        serves="schedule" if fires else "run",
        since=now,
        beat=0,
        beat_at=now,
        details={},
    )
    _LIVING.add(loop_id)
    return Loop(
        state,
        store=store,
        lease=Lease(record=record, is_alive=_is_alive),
        executor=executors,
        told=Messenger(plugins, waiters, partial(latest_attempt, store)),
        directory=str(source.directory),
        end_group=end_group,
        pace=pace,
    )


def forget(loop: Loop) -> None:
    """Let *loop* count as dead, though its process lives."""
    _LIVING.discard(loop.state.id)


def _is_alive(loop: LoopRecord) -> bool:
    if loop.pid == os.getpid() and loop.boot == boot_identity(os.getpid()):
        return loop.id in _LIVING
    return is_alive(loop.pid, loop.boot)
