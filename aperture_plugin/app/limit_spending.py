"""Spending from the file's limits: `run.spend("omdb")`, shared by every process on the store."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from aperture_plugin.config.model import Config
from aperture_plugin.ports import Clock, PutOff, Store, StoreUnavailable
from aperture_plugin.rules.limits import bin_of, free_at, window_start
from aperture_plugin.rules.runs import AttemptKey
from aperture_plugin.words.datetimes import moment_text
from aperture_plugin.words.did_you_mean import did_you_mean
from aperture_plugin.words.limits import Limit
from aperture_plugin.words.times import time_text

__all__ = ["PATIENCE", "Budgets"]

PATIENCE: Final = timedelta(seconds=60)
"""A run waits so long in its seat for a budget to return; for longer it is put off, and its seat is free."""

_LOOK_AGAIN: Final = timedelta(seconds=1)
"""While the store is away nothing can be counted; after so long it is asked again."""

Sleep = Callable[[threading.Event, timedelta], object]


class Budgets:
    """Counts calls in the store, so that a restart forgets none of them.

    Args:
        store: The store in which calls are counted.
        clock: The source of time.
        config: Returns the file in force.
        sleep: Waits for a span of time, or until the event is set; None waits on the machine's own clock.
        shared: Returns the limits in force where several loops share the store; they win over the file's.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        config: Callable[[], Config],
        sleep: Sleep | None = None,
        shared: Callable[[], Mapping[str, Limit]] = dict,
    ) -> None:
        self._store = store
        self._clock = clock
        self._config = config
        self._sleep = sleep or _wait
        self._shared = shared

    def spend(self, _key: AttemptKey, name: str, calls: int, cancelled: threading.Event) -> None:
        """Spend *calls* of the limit *name* for a run; return when they may be made, or once *cancelled* is set.

        Raises:
            KeyError: The file declares no such limit.
            ValueError: It allows so many calls never.
            PutOff: They may be made so late that the run should not hold its seat until then, or the store is
                away for so long: the run begins again once it is back.
        """
        away_since: datetime | None = None
        while not cancelled.is_set():
            config = self._config()
            if name not in config.limits:
                raise KeyError(f'{config.file} declares no limit "{name}"{did_you_mean(name, config.limits)}')
            limit = self._shared().get(name, config.limits[name])
            zone = _zone_of(limit, config)
            try:
                free = self._take(name, limit, calls, zone)
            except StoreUnavailable as away:
                now = self._clock.now()
                away_since = away_since or now
                if now - away_since >= PATIENCE:
                    raise PutOff(now, f"limit {name} could not be counted: {away}") from away
                self._sleep(cancelled, _LOOK_AGAIN)
                continue
            now, away_since = self._clock.now(), None
            if free <= now:
                return
            if free - now > PATIENCE:
                raise PutOff(free, f"limit {name} is used up; it returns at {_time_text(free, now, zone)}")
            self._sleep(cancelled, free - now)

    def _take(self, name: str, limit: Limit, calls: int, zone: ZoneInfo) -> datetime:
        """Count the calls if they may be made now; return when they may."""
        with self._store.transaction() as ledger:
            now = self._clock.now()
            since = window_start(limit, now, zone)
            free = free_at(limit, ledger.spent(name, since), calls, now=now, zone=zone)
            if free is None:
                raise ValueError(f"{calls} calls at once are more than limit {name} ever allows ({limit.calls})")
            if free <= now:
                ledger.spend(name, max(since, bin_of(limit, now)), calls, forget=since)
            return free


def _wait(cancelled: threading.Event, span: timedelta) -> None:
    cancelled.wait(span.total_seconds())


def _zone_of(limit: Limit, config: Config) -> ZoneInfo:
    return config.zone if limit.zone_name is None else ZoneInfo(limit.zone_name)


def _time_text(free: datetime, now: datetime, zone: ZoneInfo) -> str:
    wall = free.astimezone(zone).replace(second=0, microsecond=0, tzinfo=None)
    return time_text(wall.time()) if free - now < timedelta(hours=20) else moment_text(wall)
