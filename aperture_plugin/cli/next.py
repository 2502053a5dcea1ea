"""`aperture next`: the slots that come up."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aperture_plugin.app.json_views import coming, slot_json
from aperture_plugin.app.source import Source, store_file
from aperture_plugin.cli import file_session, options
from aperture_plugin.cli.output import TEXT, say, show_json
from aperture_plugin.cli.problem_text import say_problems
from aperture_plugin.config.model import Config, JobConfig
from aperture_plugin.triggers.slots import Slot
from aperture_plugin.words.errors import ApertureError

if TYPE_CHECKING:
    from aperture_plugin.ports import Pause

__all__ = ["command"]

_COUNT = 10


@click.command("next", epilog='Try it:  aperture next --from "2026-03-29" --job library-scan --count 3')
@options.file_and_jobs
@click.option("--from", "since", metavar="TIME", default="now", show_default=True, help="That instant included.")
@click.option("--until", metavar="TIME", help="That instant excluded; without --count, all slots until then.")
@click.option("--count", type=click.IntRange(1), help=f"Number of slots.  [default: {_COUNT}]")
@options.plugins
@options.output_format
def command(
    file: Path,
    since: str,
    until: str | None,
    jobs: tuple[str, ...],
    count: int | None,
    modules: tuple[str, ...],
    output_format: str,
) -> None:
    """Show the slots that come up, in the order they will run.

    It needs no plugin and no state: the file alone says what is due when, and what a pause holds back is marked where
    there is a store. (Only where it says preset: auto are the
    plugins asked for the library's size.) A TIME is a date, a date and time, with an offset or in the file's zone,
    or such as "tomorrow 6 AM" and "2 hours".
    """
    config = _config(file, modules)
    for job in jobs:
        file_session.known_job(job, config.jobs, where=config.file)
    now = file_session.now()
    begin = options.instant_after("--from", since, now=now, zone=config.zone)
    end = None if until is None else options.instant_after("--until", until, now=now, zone=config.zone)
    limit = count if count is not None or end is not None else _COUNT
    slots = islice(coming(config, since=begin, until=end, jobs=jobs or None), limit)
    found = list(slots)
    pauses = _pauses(file_session.source_of(file))
    if output_format == TEXT:
        _show(found, config, jobs, pauses)
        return
    show_json([slot_json(job, slot, config) | _held_back(job, slot, pauses) for job, slot in found])


def _held_back(job: JobConfig, slot: Slot, pauses: Mapping[str, Pause]) -> dict[str, str]:
    """Return that a pause holds *slot* back, in the shape of JSON; nothing where none does."""
    pause = pauses.get(job.name)
    if pause is None or not pause.holds(slot.due):
        return {}
    from aperture_plugin.app.job_views import paused_text

    return {"paused": paused_text(pause, job.zone)}


def _pauses(source: Source) -> Mapping[str, Pause]:
    """Return the pauses in force, by job; none where there is no store, or it cannot be looked at."""
    try:
        reading = source.load(now=file_session.now())
        path = store_file(source, reading, url=None)
        if path is not None and not path.exists():
            return {}  # Without a store nothing of one is loaded, which takes ten times as long as the answer.
        from aperture_plugin.app.store_access import opened_to_look

        with opened_to_look(source, reading, url=None) as store, store.snapshot() as ledger:
            return ledger.pauses()
    except (ApertureError, OSError):
        return {}


def _config(file: Path, modules: tuple[str, ...]) -> Config:
    """Return the configuration of *file*; where auto could pick no preset, a line on stderr says so."""
    read = file_session.read_as_picked(file_session.source_of(file), modules)
    config = file_session.valid(read)
    if config.preset_is_auto:
        say_problems([problem for problem in read.problems if problem.code.startswith("auto-")], read.text)
    return config


def _show(
    slots: list[tuple[JobConfig, Slot]], config: Config, jobs: tuple[str, ...], pauses: Mapping[str, Pause]
) -> None:
    if not slots:
        whose = ", ".join(jobs) if jobs else f"any job of {config.file}"
        say(f"no slot of {whose} is due in that time")
        return
    rows = [(_day(job, slot), _clock(job, slot), job.name, _remark(job, slot, config, pauses)) for job, slot in slots]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for day, clock, name, remark in rows:
        say(f"{day:{widths[0]}}  {clock:>{widths[1]}}  {name:{widths[2]}}  {remark}".rstrip())


def _day(job: JobConfig, slot: Slot) -> str:
    local = slot.due.astimezone(job.zone)
    return f"{local.date().isoformat()} {local:%a}"


def _clock(job: JobConfig, slot: Slot) -> str:
    from aperture_plugin.words.time_display import clock_face

    return clock_face(slot.due, job.zone)


def _remark(job: JobConfig, slot: Slot, config: Config, pauses: Mapping[str, Pause]) -> str:
    """Return what a person should know beside the wall time: another zone, a clock change, a freeze, a pause."""
    remarks = []
    local = slot.due.astimezone(job.zone)
    if job.zone != config.zone:
        remarks.append(str(job.zone))
    if local.replace(tzinfo=None) != slot.nominal:
        remarks.append(f"written as {slot.nominal.isoformat(sep=' ', timespec='minutes')}, which the clocks skip")
    elif local.fold:
        remarks.append("the second time round")
    if (frozen := config.freeze_at(slot.due)) is not None:
        remarks.append(frozen.text)
    remarks += _held_back(job, slot, pauses).values()
    return "; ".join(remarks)
