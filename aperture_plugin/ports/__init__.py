"""Protocols for what the core needs from the outside world.

`app/` picks the implementations. Nothing above these may depend on which store or executor it uses.
"""

from __future__ import annotations

from aperture_plugin.ports.clock import Clock, ClockReading
from aperture_plugin.ports.executors import (
    Ended,
    Event,
    Executor,
    ExpectsBursts,
    Logged,
    Progressed,
    Report,
    Spawned,
    Work,
    hands_on,
)
from aperture_plugin.ports.ledger import Claims, Ledger, Limits, Loops, Notices, Runs
from aperture_plugin.ports.live_runs import RUN_LOGGER, RUN_VARIABLE, Dispatch, LiveRun, PutOff, RunCancelled, Spender
from aperture_plugin.ports.mailbox import Mailbox, Order, OrderState, StopRequest, WorkerEvent
from aperture_plugin.ports.records import (
    AcceptedText,
    Claim,
    LogLine,
    LoopRecord,
    Notice,
    PastSlot,
    Pause,
    RunQuery,
    ScheduleRevision,
    StoreFacts,
    StoreRefused,
    StoreUnavailable,
    UnreadableRow,
)
from aperture_plugin.ports.store import Store

__all__ = [
    "RUN_LOGGER",
    "RUN_VARIABLE",
    "AcceptedText",
    "Claim",
    "Claims",
    "Clock",
    "ClockReading",
    "Dispatch",
    "Ended",
    "Event",
    "Executor",
    "ExpectsBursts",
    "Ledger",
    "Limits",
    "LiveRun",
    "LogLine",
    "Logged",
    "LoopRecord",
    "Loops",
    "Mailbox",
    "Notice",
    "Notices",
    "Order",
    "OrderState",
    "PastSlot",
    "Pause",
    "Progressed",
    "PutOff",
    "Report",
    "RunCancelled",
    "RunQuery",
    "Runs",
    "ScheduleRevision",
    "Spawned",
    "Spender",
    "StopRequest",
    "Store",
    "StoreFacts",
    "StoreRefused",
    "StoreUnavailable",
    "UnreadableRow",
    "Work",
    "WorkerEvent",
    "hands_on",
]
