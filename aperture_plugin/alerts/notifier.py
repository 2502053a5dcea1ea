"""The messages that wait in the store, sent by whichever loop takes them first.

A message belongs to the loop that took it for a minute; if that loop dies, another one sends it. Each channel is sent
to in a thread of its own, so that a receiver that hangs holds up neither the others nor any job.
"""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from functools import partial
from hashlib import blake2b
from time import monotonic
from typing import Any, Final

from aperture_plugin.alerts.apprise_sender import NotSent, send
from aperture_plugin.alerts.message import Message
from aperture_plugin.config.model import Channel
from aperture_plugin.ports import Clock, Notice, Store, StoreRefused, StoreUnavailable
from aperture_plugin.rules.alerts import next_try

__all__ = ["Notifier", "send_waiting"]

_log = logging.getLogger("aperture")

_TOOK: Final = "took"
"""The fact of a notice that names the addresses of its channel which have taken it, as digests."""

_GATHER_SECONDS: Final = 0.3
"""Events within so long of the first one go into one message."""

_LOOK_SECONDS: Final = 5.0
"""Interval at which the store is read for notices that another loop has written and not sent."""

_TAKEN_FOR: Final = timedelta(seconds=60)
_HELD_SECONDS: Final = 20.0
"""Interval at which messages that are being sent are kept from other loops for another minute."""

_FROM: Final = "sent_from"
"""The fact of a notice that quiet hours held back: when it was first sent, from which its day of tries counts."""


def send_waiting(
    store: Store, clock: Clock, *, channels: Mapping[str, Channel], compose: Callable[[Sequence[Notice]], Message]
) -> list[str]:
    """Send, in this thread, what may be sent now; return why what was not taken was not.

    Raises:
        StoreUnavailable, StoreRefused: The store cannot be written.
    """
    sender = Notifier(store, clock, channels=lambda: channels, compose=compose)
    reasons: list[str] = []
    for name, notices in sender.taken().items():
        reason = sender.send(name, notices)
        if reason is not None:
            reasons.append(f"{name}: {reason}")
    return reasons


class Notifier:
    """Sends until it is closed. Every method may be called from any thread.

    Args:
        channels: Returns the channels of the file in force, by name.
        compose: Makes one message of several notices.
        look_for_late: Called now and then, in this thread: writes notices of runs that take too long.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        channels: Callable[[], Mapping[str, Channel]],
        compose: Callable[[Sequence[Notice]], Message],
        look_for_late: Callable[[], object] = lambda: None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._channels = channels
        self._compose = compose
        self._look_for_late = look_for_late
        self._rung = threading.Event()
        self._stopping = threading.Event()
        self._busy: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()
        self._held: dict[str, float] = {}
        self._next_at: datetime | None = None
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Begin to send."""
        self._thread = threading.Thread(target=self._run, name="aperture-notifier", daemon=True)
        self._thread.start()

    def ring(self) -> None:
        """Look at the store soon: messages were written."""
        self._rung.set()

    def close(self, timeout_seconds: float) -> None:
        """Send what was written just now, and end; what is not sent within that time stays in the store."""
        until = monotonic() + timeout_seconds
        self._stopping.set()
        self._rung.set()
        for thread in (self._thread, *list(self._busy.values())):
            if thread is not None and thread.ident is not None:
                thread.join(max(0.0, until - monotonic()))

    def taken(self) -> dict[str, list[Notice]]:
        """Take what may be sent now, by channel; a channel that is being sent to has its turn after that."""
        now = self._clock.now()
        with self._store.snapshot() as ledger:
            self._next_at = due = ledger.next_notice_at()
        if due is None or due > now:
            return {}
        by_channel: defaultdict[str, list[Notice]] = defaultdict(list)
        with self._store.transaction() as ledger:
            for notice in ledger.take_notices(now, now + _TAKEN_FOR, but=self._busy):
                by_channel[notice.channel].append(notice)
        return by_channel

    def _run(self) -> None:
        while not self._stopping.is_set():
            rang = self._rung.wait(self._pause())
            if rang and not self._stopping.is_set():
                self._stopping.wait(_GATHER_SECONDS)
            self._rung.clear()
            if self._channels() or rang:
                self._look()

    def _pause(self) -> float:
        """Return the seconds until the next look: sooner where a message is to be tried again before that."""
        left = _LOOK_SECONDS if self._next_at is None else (self._next_at - self._clock.now()).total_seconds()
        return left if 0 < left < _LOOK_SECONDS else _LOOK_SECONDS

    def _look(self) -> None:
        try:
            self._look_for_late()
            self._send_due()
        except (StoreUnavailable, StoreRefused) as away:
            _log.debug("notifications wait for the store: %s", away)
        except Exception:  # noqa: BLE001  # the next look may go well, and no job depends on it
            _log.exception("notifications could not be looked for")

    def _send_due(self) -> None:
        self._busy = {name: thread for name, thread in self._busy.items() if thread.is_alive()}
        self._hold()
        for name, notices in self.taken().items():
            thread = threading.Thread(
                target=partial(self._send, name, notices), name=f"aperture-notify-{name}", daemon=True
            )
            self._busy[name] = thread
            with self._lock:
                self._held |= dict.fromkeys((notice.key for notice in notices), monotonic())
            thread.start()

    def _hold(self) -> None:
        """Keep from other loops what a slow receiver has not answered yet."""
        with self._lock:
            at = monotonic()
            keys = [key for key, since in self._held.items() if at - since >= _HELD_SECONDS]
            if keys:
                with self._store.transaction() as ledger:
                    ledger.settle_notices(keys, sent_at=None, not_before=self._clock.now() + _TAKEN_FOR)
                self._held |= dict.fromkeys(keys, at)

    def send(self, name: str, notices: Sequence[Notice]) -> str | None:
        """Send *notices* to a channel as one message, and write what became of them; return why if it was not taken."""
        channel = self._channels().get(name)
        if channel is None:
            self._settle(notices, arrived=None)
            return "the file has no such channel"
        reasons: list[str] = []
        for took, some in _by_receivers(notices).items():
            message = self._compose(some)
            try:
                send([one for one in channel.to if _digest(one) not in took], message.title, message.body)
            except NotSent as reason:
                self._settle(some, arrived=False, took=took | set(map(_digest, reason.took)))
                reasons.append(str(reason))
            else:
                self._settle(some, arrived=True)
        return "; ".join(reasons) or None

    def _send(self, name: str, notices: Sequence[Notice]) -> None:
        try:
            reason = self.send(name, notices)
            if reason is not None:
                _log.warning("channel %s did not take a message: %s", name, reason)
        except (StoreUnavailable, StoreRefused) as away:
            _log.warning("whether messages to %s were sent could not be written: %s", name, away)
        except Exception:  # noqa: BLE001  # they come back when their minute is over
            _log.exception("messages to %s could not be sent", name)
        finally:
            self._let_go(notices)
            self._rung.set()  # More may wait for this channel.

    def _let_go(self, notices: Sequence[Notice]) -> None:
        with self._lock:
            for notice in notices:
                self._held.pop(notice.key, None)

    def _settle(self, notices: Sequence[Notice], *, arrived: bool | None, took: AbstractSet[str] = frozenset()) -> None:
        now = self._clock.now()
        self._let_go(notices)
        with self._store.transaction() as ledger:
            if arrived is not False:
                ledger.settle_notices([one.key for one in notices], sent_at=now if arrived else None, not_before=None)
                return
            for notice in notices:
                since = _first_sent(notice)
                changed: dict[str, Any] = {_TOOK: sorted(took)} if took else {}
                if since > notice.at:
                    changed[_FROM] = since.isoformat()
                again = next_try(notice.tries + 1, now, since=since)
                facts = {**notice.facts, **changed} if changed else None
                ledger.settle_notices([notice.key], sent_at=None, not_before=again, facts=facts)


def _first_sent(notice: Notice) -> datetime:
    """Return when *notice* was first to be sent: its event, or the end of the quiet hours that held it back."""
    if notice.tries == 0:
        return max(notice.at, notice.not_before)
    try:
        return datetime.fromisoformat(notice.facts[_FROM])
    except (KeyError, TypeError, ValueError):
        return notice.at  # Quiet hours did not hold it back, or what is stored is damaged.


def _by_receivers(notices: Sequence[Notice]) -> dict[frozenset[str], list[Notice]]:
    """Return the notices by the addresses that have taken them already: those are not sent to again."""
    found: dict[frozenset[str], list[Notice]] = {}
    for notice in notices:
        found.setdefault(frozenset(notice.facts.get(_TOOK) or ()), []).append(notice)
    return found


def _digest(address: str) -> str:
    """Return what stands for an address in the store, which must not keep its password."""
    return blake2b(address.encode(), digest_size=8).hexdigest()
