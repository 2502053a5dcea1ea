"""What the core needs from the outside world, as Protocols.

`app.py` picks who provides each. Nothing above these may need to know which store or executor it
talks to: PostgreSQL, or workers on other machines, come as further implementations.
"""

from __future__ import annotations

from aperture_plugin.ports.clock import Clock
from aperture_plugin.ports.executors import Ended, Event, Executor, Logged, Progressed, Report, Spawned, Work
from aperture_plugin.ports.records import (
    Claim,
    Era,
    LogLine,
    LoopRecord,
    Pause,
    RunQuery,
    StoreFacts,
    StoreRefused,
    StoreUnavailable,
)
from aperture_plugin.ports.runs import RUN_VARIABLE, Dispatch, LiveRun, PutOff, RunCancelled, Spender
from aperture_plugin.ports.store import Ledger, Store

__all__ = [
    "RUN_VARIABLE",
    "Claim",
    "Clock",
    "Dispatch",
    "Ended",
    "Era",
    "Event",
    "Executor",
    "Ledger",
    "LiveRun",
    "LogLine",
    "Logged",
    "LoopRecord",
    "Pause",
    "Progressed",
    "PutOff",
    "Report",
    "RunCancelled",
    "RunQuery",
    "Spawned",
    "Spender",
    "Store",
    "StoreFacts",
    "StoreRefused",
    "StoreUnavailable",
    "Work",
]
