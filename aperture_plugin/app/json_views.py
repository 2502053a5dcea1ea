"""The stable JSON shapes of what a person sees (DESIGN.md, section 5): slots to come, runs, the whole status.

Commands print them, pages and hosts receive them. Instants are in the zone of the job they belong to,
always with their offset.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from aperture_plugin.app.loop_files import file_of_loop
from aperture_plugin.app.value_text import shown_params
from aperture_plugin.config.model import Config, JobConfig
from aperture_plugin.triggers.merge import merged, upcoming_of
from aperture_plugin.triggers.slots import Slot
from aperture_plugin.words.time_display import iso_text

if TYPE_CHECKING:
    from aperture_plugin.app.status import Overview
    from aperture_plugin.ports import LoopRecord, Pause, Store
    from aperture_plugin.rules.runs import Run

__all__ = ["coming", "config_json", "loop_json", "overview_json", "run_json", "slot_json", "status_json", "upcoming"]


def coming(
    config: Config, *, since: datetime, until: datetime | None = None, jobs: Collection[str] | None = None
) -> Iterator[tuple[JobConfig, Slot]]:
    """Yield the slots of the enabled jobs in the order in which their runs will queue, lazily.

    Args:
        since: Aware; a slot due at that very instant is yielded.
        until: Aware; slots due before it are. None for as long as there are any.
        jobs: Names of the jobs meant; None for all.
    """
    chosen = [job for job in config.jobs.values() if job.enabled and (jobs is None or job.name in jobs)]
    slots = merged(upcoming_of(job.trigger(), since) for job in chosen)
    if until is not None:
        slots = takewhile(lambda found: found[1].due < until, slots)
    return ((chosen[place], slot) for place, slot in slots)


def upcoming(
    config: Config,
    *,
    since: datetime,
    until: datetime | None = None,
    jobs: Collection[str] | None = None,
    count: int | None = None,
) -> list[dict[str, str]]:
    """Return what `coming` yields, at most *count* of them, in the shape of `aperture next --format json`."""
    found = coming(config, since=since, until=until, jobs=jobs)
    return [slot_json(job, slot, config) for job, slot in islice(found, count)]


def slot_json(job: JobConfig, slot: Slot, config: Config) -> dict[str, str]:
    """Return a slot in the shape of `aperture next --format json`."""
    frozen = config.freeze_at(slot.due)
    return {
        "job": job.name,
        "fires_at": iso_text(slot.due, job.zone),
        "utc": slot.due.isoformat().replace("+00:00", "Z"),
        "nominal": slot.nominal.isoformat(timespec="seconds" if slot.nominal.second else "minutes"),
        **({} if frozen is None else {"frozen": frozen.reason or frozen.text}),
    }


def run_json(run: Run, zone: ZoneInfo) -> dict[str, Any]:
    """Return an attempt in the shape of `aperture history --format json`, its times in *zone*."""
    return {
        "id": run.id,
        "job": run.job,
        "slot": iso_text(run.due, zone),
        "trigger": str(run.trigger),
        "missed": run.missed,
        "status": str(run.status),
        "reason": run.reason,
        "attempt": run.attempt,
        "queued_at": iso_text(run.queued_at, zone),
        "started_at": iso_text(run.started_at, zone),
        "finished_at": iso_text(run.finished_at, zone),
        "duration": None if run.duration is None else run.duration / timedelta(seconds=1),
        "items_done": run.items_done,
        "items_total": run.items_total,
        "error": run.error,
        "result": run.result,
        "params": shown_params(run.params),
        "note": run.note,
    }


def status_json(
    config: Config, store: Store, *, now: datetime, titles: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return what runs, waits and comes next under *config*, which is in force, in the shape of `aperture status`.

    Args:
        now: Aware.
        titles: The titles that plugins give their jobs, for those that the file gives no title.
    """
    from aperture_plugin.app.status import look

    return overview_json(
        look(store, now=now, config=config, file=config.file, zone=config.zone, in_force=True, titles=titles)
    )


def overview_json(overview: Overview) -> dict[str, Any]:
    """Return an `Overview` in the shape of `aperture status --format json`."""
    loop, zones = overview.loop, overview.zones
    return {
        "running": loop is not None or bool(overview.astray),
        "pid": next(iter(overview.astray), None) if loop is None else loop.pid,
        "since": None if loop is None else iso_text(loop.since, overview.zone),
        "config": config_json(overview),
        "loops": [loop_json(one, overview) for one in overview.loops],
        "jobs": [
            {
                "job": job.name,
                "title": job.title or job.name,
                "category": job.category,
                "schedule": job.schedule,
                "enabled": job.enabled,
                "paused": None if job.pause is None else _pause_json(job.pause, job.zone),
                "state": job.state,
                "waiting_for": job.waiting_for,
                "next_run": iso_text(job.next_run, job.zone),
                "last_run": None if job.last_run is None else run_json(job.last_run, job.zone),
            }
            for job in overview.jobs
        ],
        "queue": [run_json(run, zones.get(run.job, overview.zone)) for run in overview.queue],
    }


def config_json(overview: Overview) -> dict[str, Any]:
    """Return what `status` tells of the file."""
    loaded_at = overview.loaded_at
    return {
        "file": overview.file,
        "loaded_at": None
        if loaded_at is None
        else loaded_at.astimezone(overview.zone).isoformat(timespec="microseconds"),
        "preset": overview.preset,
        "timezone": str(overview.zone),
        "rejected": overview.rejected,
    }


def loop_json(loop: LoopRecord, overview: Overview) -> dict[str, Any]:
    """Return what `status` tells of one of the loops on the store."""
    file = file_of_loop(loop)
    return {
        "id": loop.id,
        "host": loop.host,
        "pid": loop.pid,
        "version": loop.details.get("version"),
        "since": iso_text(loop.since, overview.zone),
        "beat_at": iso_text(loop.beat_at, overview.zone),
        "generation": file.number,
        "file_hash": file.digest,
        "accepted_at": iso_text(file.accepted_at, overview.zone),
        "newest": loop.id in overview.spread.newest,
        "skew_seconds": loop.details.get("skew"),
        "unknown_jobs": list(loop.details.get("unknown_jobs", ())),
    }


def _pause_json(pause: Pause, zone: ZoneInfo) -> dict[str, str | None]:
    return {
        "since": iso_text(pause.since, zone),
        "until": iso_text(pause.until, zone),
        "note": pause.note,
        "by": pause.by,
    }
