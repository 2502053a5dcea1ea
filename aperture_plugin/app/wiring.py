"""The parts of a running aperture, put together: executors, the record on the store, the loop itself."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from aperture_plugin.app.alert_delivery import AlertDelivery
from aperture_plugin.app.celery_setup import celery_executor
from aperture_plugin.app.executor_router import Executors, Messenger
from aperture_plugin.app.limit_spending import Budgets
from aperture_plugin.app.log_filter import SecretsInForce
from aperture_plugin.app.run_handle import Waiters, latest_attempt
from aperture_plugin.app.source import Source
from aperture_plugin.clock.process_liveness import boot_identity, is_alive
from aperture_plugin.config.model import Config
from aperture_plugin.executors.processes import ProcessExecutor
from aperture_plugin.executors.run_processes import end_group
from aperture_plugin.executors.threads import ThreadExecutor
from aperture_plugin.loop.lease import Lease
from aperture_plugin.loop.loop import Loop
from aperture_plugin.loop.state import Substitute
from aperture_plugin.loop.wakeups import Pace
from aperture_plugin.plugins.plugin_loader import Plugins
from aperture_plugin.ports import Clock, Executor, LoopRecord, Mailbox, Spender, Store
from aperture_plugin.rules.ids import RunIds
from aperture_plugin.words.secrets import SecretOf

__all__ = ["MakeExecutor", "executors_of", "forget", "loop_of"]

MakeExecutor = Callable[[Plugins, Spender], Executor]
"""Makes an executor of the plugins, whose `run_job` it dispatches to, and of how runs spend from limits."""

_log = logging.getLogger("aperture")

_LIVING: Final[set[str]] = set()
"""The loops of this process that have not been let go: the process outlives them."""


def executors_of(
    plugins: Plugins,
    budgets: Budgets,
    clock: Clock,
    *,
    mailbox: Callable[[], Mailbox],
    secret_of: SecretOf,
    chosen: Callable[[], Config],
    made: MakeExecutor | None,
) -> Executors:
    """Return the executors of one loop: those built in, and those that plugins provide.

    Args:
        mailbox: Returns the part of the store through which workers elsewhere are given attempts.
        secret_of: Reads the files that secrets lie in.
        chosen: Returns the file in force.
        made: Makes the one that is used whatever the file says.
    """
    if made is not None:
        return Executors(lambda *_: made(plugins, budgets.spend), chosen, secret_of)
    threads = ThreadExecutor(plugins.run_job, clock=clock, spend=budgets.spend)
    built_in: dict[str, Callable[[], Executor]] = {
        "threads": lambda: threads,
        "processes": lambda: ProcessExecutor(plugins.recipe(), clock=clock, spend=budgets.spend),
    }

    def provide(config: Config) -> Executor:
        made_here: dict[str, Callable[[], Executor]] = {
            **built_in,
            "celery": lambda: celery_executor(config, chosen, mailbox, clock=clock, spend=budgets.spend),
        }
        return plugins.executor(config.executor, made_here, spend=budgets.spend, broker=config.broker, mailbox=mailbox)

    return Executors(provide, chosen, secret_of, beside=lambda: threads)


def loop_of(
    config: Config,
    plugins: Plugins,
    store: Store,
    source: Source,
    *,
    clock: Clock,
    environ: Mapping[str, str],
    executors: Executors,
    secrets: SecretsInForce,
    waiters: Waiters,
    pace: Pace,
    alert_delivery: AlertDelivery,
    fires: bool,
    substitute: Substitute | None = None,
) -> Loop:
    """Return a loop that has not begun.

    Args:
        fires: True if it fires the schedule; else it looks after nothing but what is asked for here.
        substitute: The fact that *config* is not that of the file on disk, and why.
    """
    now = clock.now()
    ids = RunIds(os.urandom(4))
    loop_id = f"{socket.gethostname()}-{os.getpid()}-{ids.new(now)}"
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
    if os.getpid() == 1:
        _log.warning(
            "this is process 1 of its container, and a host's process 1 collects no orphans: programs that jobs leave "
            "would stay as zombies; run the container with --init, or the host below a shell"
        )
    return Loop(
        config,
        plugins.jobs,
        clock=clock,
        store=store,
        lease=Lease(record=record, is_alive=_is_alive),
        executor=executors,
        listeners=Messenger(plugins, waiters, partial(latest_attempt, store), secrets, alert_delivery),
        new_id=ids.new,
        environ=environ,
        directory=str(source.directory),
        end_group=end_group,
        pace=pace,
        fires=fires,
        asks_ready=plugins.asks_ready,
        looked_in=plugins.looked_in,
        substitute=substitute,
    )


def forget(loop: Loop) -> None:
    """Record that *loop* is dead, though its process lives."""
    _LIVING.discard(loop.state.id)


def _is_alive(loop: LoopRecord) -> bool:
    if loop.pid == os.getpid() and loop.boot == boot_identity(os.getpid()):
        return loop.id in _LIVING
    return is_alive(loop.pid, loop.boot)
