"""Finds out which of the loops on a store are alive, for a process that looks once and ends."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

from aperture_plugin.clock.process_liveness import here, is_alive
from aperture_plugin.loop.lease import LONE_BEAT_SECONDS
from aperture_plugin.ports import LoopRecord

__all__ = ["LATE_AFTER", "SCHEDULE", "is_here", "is_late", "ticking"]

SCHEDULE: Final = "schedule"
"""The purpose of a loop that fires slots; that of a foreground run is `run`."""

LATE_AFTER: Final = timedelta(seconds=LONE_BEAT_SECONDS + 3)
"""A loop that has not beaten for so long hangs, or its machine sleeps; one that is alone on the store beats seldom."""


def ticking(
    loops: Iterable[LoopRecord],
    *,
    now: datetime,
    lives: Callable[[int, str], bool] = is_alive,
) -> list[LoopRecord]:
    """Return the loops that fire slots and are alive, the one that beat last first.

    In this place the process itself is looked at. Of another host or container there is only its beat, held against
    our own wall clock: a caller that has the time should rather watch if it moves.

    Args:
        lives: Says of a pid and its boot identity whether that process lives.
    """
    alive = [
        loop
        for loop in loops
        if loop.serves == SCHEDULE and (lives(loop.pid, loop.boot) if is_here(loop) else not is_late(loop, now=now))
    ]
    return sorted(alive, key=lambda loop: loop.beat_at, reverse=True)


def is_here(loop: LoopRecord) -> bool:
    """Return whether the process of *loop* can be looked at from this one."""
    return loop.place == f"{socket.gethostname()}/{here()}"


def is_late(loop: LoopRecord, *, now: datetime) -> bool:
    """Return whether a loop that is alive has not ticked when it should have."""
    return now - loop.beat_at > LATE_AFTER
