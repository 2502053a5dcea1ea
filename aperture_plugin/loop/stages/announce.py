"""Events that people are notified of, written as messages in the transaction that brings them about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from hashlib import blake2b
from typing import Any

from aperture_plugin.config.model import Channel, JobConfig, NotifyEvent
from aperture_plugin.config.problems import Problem
from aperture_plugin.loop.effects import ConfigRejected, NoticesWait
from aperture_plugin.loop.tick import Tick
from aperture_plugin.ports import Notice
from aperture_plugin.rules.alerts import streak_holds, when_loud
from aperture_plugin.rules.runs import WAITING, Run, RunTrigger, Status

__all__ = ["announce"]


def announce(tick: Tick) -> None:
    """Write a message for each channel that is notified of what this tick has done; after `tick.write`."""
    config = tick.in_force.config
    if not config.channels:
        return
    posted = [*_of_runs(tick), *_of_dead_loops(tick)]
    for effect in tick.effects:
        if isinstance(effect, ConfigRejected):
            posted += _of_refused(tick, effect.problems)
    if posted:
        tick.ledger.post(posted)
        tick.effects.append(NoticesWait())


def _of_runs(tick: Tick) -> Iterator[Notice]:
    alarmed: set[tuple[str, str]] | None = None
    for run in tick.reported:
        job = tick.in_force.job_config(run.job)
        if job is None or not job.notify:
            continue
        if run.status is Status.COMPLETED:
            alarmed = tick.ledger.alarmed() if alarmed is None else alarmed
            for channel in _channels(tick, job, NotifyEvent.RECOVERED):
                if (channel.name, job.name) in alarmed:
                    yield _of_run(tick, channel, NotifyEvent.RECOVERED, run)
        elif run.status is Status.FAILED and tick.queue.get((run.id, run.attempt + 1)) is None:
            yield from _failed(tick, job, run)
        elif _is_missed(run):
            for channel in _channels(tick, job, NotifyEvent.MISSED):
                yield _of_run(tick, channel, NotifyEvent.MISSED, run)


def _of_dead_loops(tick: Tick) -> Iterator[Notice]:
    """Yield a message for each loop that ended without a word; the key is that of `status --notify`."""
    config = tick.in_force.config
    here = tick.state.lease.record
    for loop in tick.died:
        if loop.serves != "schedule":
            continue
        text = (
            f"The loop on {loop.host} (pid {loop.pid}) ended without stopping. It last ticked "
            f"{loop.beat_at:%Y-%m-%d %H:%M:%S} UTC; the one on {here.host} (pid {here.pid}) goes on."
        )
        facts = {"title": f"the loop on {loop.host} has died", "text": text, "file": config.file, "loop": here.id}
        for channel in config.channels.values():
            if NotifyEvent.NO_LOOP in channel.when:
                yield Notice(
                    key=f"no-loop:{loop.id}:{channel.name}",
                    channel=channel.name,
                    event=NotifyEvent.NO_LOOP,
                    at=tick.now,
                    not_before=when_loud(channel.quiet, config.zone, tick.now),
                    facts=facts,
                )


def _of_refused(tick: Tick, problems: Sequence[Problem]) -> list[Notice]:
    text = "\n".join(f"{problem.place.line}:{problem.place.column} {problem.message}" for problem in problems)
    # Every loop on the store refuses the same file: within an hour it is one message.
    digest = blake2b(f"{tick.now:%Y%m%d%H}{text}".encode(), digest_size=8).hexdigest()
    errors = [problem for problem in problems if problem.is_error]
    shown = [
        f"{problem.file}:{problem.place.line}:{problem.place.column}: {problem.job + ': ' if problem.job else ''}"
        f"{problem.message}"
        for problem in errors
    ]
    return [
        Notice(
            key=f"refused:{digest}:{channel.name}",
            channel=channel.name,
            event=NotifyEvent.FILE_REFUSED,
            at=tick.now,
            not_before=when_loud(channel.quiet, tick.in_force.config.zone, tick.now),
            facts={
                "file": tick.in_force.config.file,
                "problems": shown[:10],
                "count": len(shown),
                "loop": tick.state.id,
            },
        )
        for channel in tick.in_force.config.channels.values()
        if NotifyEvent.FILE_REFUSED in channel.when
    ]


def _failed(tick: Tick, job: JobConfig, run: Run) -> Iterator[Notice]:
    channels = _channels(tick, job, NotifyEvent.FAILED)
    most = max((channel.after.of for channel in channels), default=0)
    results = tick.ledger.results(job.name, most) if most > 1 else [False]
    for channel in channels:
        if streak_holds(channel.after, results):
            yield _of_run(tick, channel, NotifyEvent.FAILED, run)


def _channels(tick: Tick, job: JobConfig, event: NotifyEvent) -> list[Channel]:
    known = tick.in_force.config.channels
    return [known[name] for name in dict.fromkeys(job.notify) if name in known and event in known[name].when]


def _is_missed(run: Run) -> bool:
    """Return whether a run, or the slot in its place, passed while nothing ran."""
    if run.attempt != 1:
        return False
    if run.status is Status.SKIPPED:
        return (run.reason or "").startswith("it was due while nothing ran")
    return run.trigger is RunTrigger.CATCH_UP and run.status in WAITING


def _of_run(tick: Tick, channel: Channel, event: NotifyEvent, run: Run) -> Notice:
    ran: timedelta | None = run.duration
    facts: dict[str, Any] = {
        "reason": run.reason,
        "error": run.error[-2000:] if run.error else None,
        "attempt": run.attempt,
        "trigger": str(run.trigger),
        "missed": run.missed,
        "slot": None if run.due is None else run.due.isoformat(),
        "seconds": None if ran is None else ran.total_seconds(),
        "loop": tick.state.id,
        "file": tick.in_force.config.file,
    }
    return Notice(
        key=f"{event}:{run.id}:{run.attempt}:{channel.name}",
        channel=channel.name,
        event=event,
        job=run.job,
        run_id=run.id,
        at=tick.now,
        not_before=when_loud(channel.quiet, tick.in_force.config.zone, tick.now),
        facts=facts,
    )
