"""Alerts that an aperture sends to people and monitors: notifications with their evidence, and pings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import Final

from aperture_plugin.alerts.message import Evidence, Message, message_of
from aperture_plugin.alerts.notifier import Notifier, send_waiting
from aperture_plugin.alerts.pings import Pings
from aperture_plugin.app.alert_evidence import evidence_of
from aperture_plugin.app.doctor.findings import Finding
from aperture_plugin.app.late_runs import late_notices
from aperture_plugin.app.log_filter import SecretsInForce
from aperture_plugin.config.model import Channel, Config, JobConfig, NotifyEvent
from aperture_plugin.ports import Clock, Notice, Store
from aperture_plugin.rules.alerts import when_loud
from aperture_plugin.words.mask import mask_of

__all__ = ["AlertDelivery", "send_no_loop"]

_LATE_SECONDS: Final = 30.0
"""Interval at which running runs are checked for those that take too long."""


class AlertDelivery:
    """Sends while a loop runs.

    Args:
        chosen: Returns the file in force; None before there is one.
        job_of: Returns the words of a job; None for an unknown one.
        ticks: Says whether the loop ticks.
        diagnosed: Returns what doctor finds of a job.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        chosen: Callable[[], Config | None],
        job_of: Callable[[str], JobConfig | None],
        ticks: Callable[[], bool],
        secrets: SecretsInForce,
        diagnosed: Callable[[str], Sequence[Finding]],
    ) -> None:
        self._store = store
        self._clock = clock
        self._chosen = chosen
        self._job_of = job_of
        self._secrets = secrets
        self._diagnosed = diagnosed
        self._late_at = 0.0
        self.pings = Pings(self._ping_of_job, self._ping_of_loop, ticks)
        self.notifier = Notifier(
            store, clock, channels=self._channels, compose=self._compose, look_for_late=self._look_for_late
        )

    def begin(self) -> None:
        """Begin to send what is written in the store, and the loop's own heartbeat."""
        self.pings.begin()
        self.notifier.begin()

    def close(self, timeout_seconds: float) -> None:
        """Send what was brought about just now, as far as that can be done within that time."""
        until = monotonic() + timeout_seconds
        self.notifier.close(timeout_seconds)
        self.pings.close(max(0.5, until - monotonic()))

    def _ping_of_job(self, name: str) -> str | None:
        job = self._job_of(name)
        return None if job is None else job.ping

    def _ping_of_loop(self) -> str | None:
        config = self._chosen()
        return None if config is None else config.ping

    def _channels(self) -> Mapping[str, Channel]:
        config = self._chosen()
        return {} if config is None else config.channels

    def _compose(self, notices: Sequence[Notice]) -> Message:
        return message_of(notices, self._evidence, self._secrets.mask)

    def _evidence(self, notice: Notice) -> Evidence:
        config = self._chosen()
        return evidence_of(notice, self._store, config, now=self._clock.now(), diagnosed=self._diagnosed)

    def _look_for_late(self) -> None:
        """Write a message for each run that takes too long, and for each job that is not ready by its time."""
        config = self._chosen()
        if config is None or monotonic() < self._late_at:
            return
        self._late_at = monotonic() + _LATE_SECONDS
        posted = late_notices(self._store, config, self._job_of, now=self._clock.now())
        if posted:
            with self._store.transaction() as ledger:
                ledger.post(posted)


def send_no_loop(store: Store, clock: Clock, config: Config) -> list[str]:
    """Notify each channel whose `when` has `no loop`, once for each end of a loop; return what was not taken, and why.

    What was not taken before is tried again.

    Raises:
        StoreUnavailable, StoreRefused: The store cannot be written.
    """
    now = clock.now()
    with store.snapshot() as ledger:
        last = max(ledger.loops(), key=lambda loop: loop.beat_at, default=None)
    which = f"{now:%Y-%m-%d}" if last is None else last.id
    text = "No loop is running, so nothing fires."
    if last is not None:
        text += f" The last one ({last.host}, pid {last.pid}) last ticked {last.beat_at:%Y-%m-%d %H:%M} UTC."
    posted = [
        Notice(
            key=f"no-loop:{which}:{channel.name}",
            channel=channel.name,
            event=NotifyEvent.NO_LOOP,
            at=now,
            not_before=when_loud(channel.quiet, config.zone, now),
            facts={"text": text, "file": config.file, "loop": "none"},
        )
        for channel in config.channels.values()
        if NotifyEvent.NO_LOOP in channel.when
    ]
    with store.transaction() as ledger:
        ledger.post(posted)
    mask = mask_of(config.secrets)

    def compose(notices: Sequence[Notice]) -> Message:
        return message_of(notices, lambda notice: evidence_of(notice, store, config, now=now), mask)

    return [mask(reason) for reason in send_waiting(store, clock, channels=config.channels, compose=compose)]
