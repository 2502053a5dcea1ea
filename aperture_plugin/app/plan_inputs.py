"""Makes a plan from a file alone: looks up what is registered, measured and in force at this moment."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from aperture_plugin.app.plan.initial_state import Beginning, known
from aperture_plugin.app.plan.job_durations import ASSUMED, Durations, measured
from aperture_plugin.app.plan.plan import Plan, planned
from aperture_plugin.app.plan.rehearsal import MOST_RUNS
from aperture_plugin.app.source import Source, address_of
from aperture_plugin.app.store_access import empty_store, opened_to_look
from aperture_plugin.config.model import Config, Reading

if TYPE_CHECKING:
    from aperture_plugin.plugins.registry import Plugins

__all__ = ["plan_of"]


def plan_of(
    source: Source,
    reading: Reading,
    config: Config,
    *,
    since: datetime,
    until: datetime,
    now: datetime,
    url: str | None = None,
    given: Mapping[str, timedelta] = MappingProxyType({}),
    otherwise: timedelta = ASSUMED,
    most: int = MOST_RUNS,
) -> Plan:
    """Return the plan of the file of *source* from *since* to *until*, both aware.

    A span that begins now goes on from what the store says: what runs, what is paused, how each job last ended. Any
    other begins in the steady state. Durations are measured wherever there is a store, and its place is known.

    Args:
        reading, config: What the file was read as.
        url: The store, in place of the file's.
        given: The duration that a person assumes of jobs, by name.
        otherwise: The duration of a job that never completed.
        most: The greatest number of runs.
    Raises:
        TooMuch: The span holds more runs than anybody looks at.
        StoreUnavailable, StoreRefused: There is a store, but it cannot be read.
    """
    is_named = address_of(source, reading, url=url) is not None
    with opened_to_look(source, reading, url=url) if is_named else nullcontext(empty_store()) as store:
        lasted = measured(store, list(config.jobs))
        beginning: Beginning | None = known(store, config, now=now) if since == now else None
    return planned(
        config,
        since=since,
        until=until,
        durations=Durations(config=config, measured=lasted, given=given, otherwise=otherwise),
        calls=_calls(source.plugins, config),
        environ=source.environ,
        beginning=beginning,
        most=most,
    )


def _calls(plugins: Plugins | None, config: Config) -> dict[str, Mapping[str, int]]:
    """Return the calls that a run of each job spends: by the file, else by the plugin that registers it."""
    calls = {} if plugins is None else {name: job.calls for name, job in plugins.jobs.items() if job.calls}
    value = {job.name: dict.fromkeys(job.limits, job.calls) for job in config.jobs.values() if job.calls is not None}
    return calls | value
