"""`aperture backfill`: past slots of a job, again."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from aperture_plugin.app.backfill import PastSlots, TooManySlots, backfill_json, past_slots
from aperture_plugin.app.run_params import asked_note
from aperture_plugin.app.store_commands import ask_backfill, current_user, running_loops
from aperture_plugin.cli import file_session, options
from aperture_plugin.cli.asked_runs import INTERRUPTED, followed, heeding, job_in_force, remark
from aperture_plugin.cli.exit_codes import CommandRefused, WrongUsage, unknown
from aperture_plugin.cli.name_completion import complete_jobs
from aperture_plugin.cli.output import TEXT, say, show_json
from aperture_plugin.cli.store_session import entered
from aperture_plugin.config.model import JobConfig
from aperture_plugin.rules.ids import RunIds
from aperture_plugin.rules.runs import Run, Status
from aperture_plugin.words.plain_text import plain_line
from aperture_plugin.words.schedules import has_slots

if TYPE_CHECKING:
    from aperture_plugin.app.source import Source
    from aperture_plugin.ports import Store

__all__ = ["command"]

_DAYS: Final = "7 days"
_MOST_LISTED: Final = 20


@click.command("backfill", epilog="Try it:  aperture backfill library-scan --only missed --dry-run")
@click.argument("job", metavar="JOB", shell_complete=complete_jobs)
@click.option(
    "--from",
    "since",
    metavar="TIME",
    help="That instant included; needed without --only missed.  [default: 7 days before --until]",
)
@click.option("--until", metavar="TIME", default="now", show_default=True, help="That instant excluded.")
@click.option(
    "--only",
    type=click.Choice(["missed"]),
    help="Only slots that were skipped, merged into a catch-up, or are unaccounted for.",
)
@click.option("--dry-run", is_flag=True, help="List the slots, and run nothing.")
@click.option("--wait", is_flag=True, help="Follow the runs to their end, and exit with 1 unless all completed.")
@click.option("--note", metavar="TEXT", help="The reason, which history shows.")
@options.file_option
@options.plugins
@options.state
@options.output_format
def command(
    file: Path,
    job: str,
    since: str | None,
    until: str,
    only: str | None,
    dry_run: bool,
    wait: bool,
    note: str | None,
    modules: tuple[str, ...],
    state: str | None,
    output_format: str,
) -> None:
    """Run past slots of a job again.

    Each slot has a run of its own, which is given that slot. They run one after the other, behind whatever is due,
    and wait neither for what the job needs nor for its window. The loop on the store takes them; where none is running,
    they run here, to their end. `aperture cancel JOB` ends all of them.

    The slots are those of the schedule that was in force at the time. Slots that are still in hand, or to come, are
    left to the schedule. A TIME is a date, a date and time, or such as "yesterday 6 AM" and "2 hours".
    """
    if since is None and only is None:
        raise WrongUsage("--from is missing: all slots since then run again", hint='write such as --from "2 days"')
    source = file_session.source_of(file)
    with entered(source, url=state) as (in_force, store):
        words, _ = job_in_force(store, source, job, modules, asks_plugin=False)
        found = _found(store, words, since, until, only_missed=only is not None)
        runs: Sequence[Run] = ()
        if found.chosen and not dry_run:
            note = asked_note(note, os.environ, in_force)
            if running_loops(store, now=file_session.now()):
                runs = _by_the_loop(store, words, found, note, wait=wait)
            else:
                runs = _here(store, source, words, found, modules, state, note)
    if output_format == TEXT:
        _show(found, words, runs, dry_run=dry_run)
    else:
        show_json(backfill_json(found, runs, words))
    _exit(found, runs, only_missed=only is not None)


def _found(store: Store, job: JobConfig, since: str | None, until: str, *, only_missed: bool) -> PastSlots:
    now, zone = file_session.now(), job.zone
    end = options.instant_before("--until", until, now=now, zone=zone)
    begin = options.instant_before("--from", since or _DAYS, now=now if since else end, zone=zone)
    if begin >= end:
        raise WrongUsage("--from is not before --until", hint="the span reaches from the one to the other")
    try:
        return past_slots(store, job, since=begin, until=end, now=now, only_missed=only_missed)
    except TooManySlots as many:
        upto = many.until.astimezone(zone).replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")
        raise WrongUsage(str(many), hint=f'take them in parts; the first is  --until "{upto}"') from None


def _by_the_loop(store: Store, job: JobConfig, found: PastSlots, note: str | None, *, wait: bool) -> list[Run]:
    ids, now = RunIds(os.urandom(4)), file_session.now()
    runs = ask_backfill(store, job, found.slots, new_id=lambda: ids.new(now), now=now, by=current_user(), note=note)
    remark(job)
    return [followed(store, run, job.zone) for run in runs] if wait else runs


def _here(
    store: Store,
    source: Source,
    job: JobConfig,
    found: PastSlots,
    modules: tuple[str, ...],
    state: str | None,
    note: str | None,
) -> list[Run]:
    """Run the slots in this process, by the same engine, and return how each ended."""
    from aperture_plugin.app.aperture import Aperture
    from aperture_plugin.cli.follow_run import follow
    from aperture_plugin.cli.log_setup import logged
    from aperture_plugin.cli.signals import Stop

    file_session.find_here(modules)
    ended: list[Run] = []
    with Stop() as stop, logged(logging.ERROR, runs=False):
        aperture = Aperture(source.path, modules=modules, state=state, schedule=False).start()
        try:
            try:
                runs = aperture.backfill_slots(job.name, found.slots, note=note)
            except KeyError:
                raise unknown("job", job.name, aperture.config.jobs, where=source.name) from None
            remark(job)
            go_on = heeding(stop, aperture, lambda: aperture.cancel(job.name))
            for run in runs:
                end = follow(store, run.id, zone=job.zone, go_on=go_on)
                if end is None:
                    break
                _report(end, job)
                ended.append(end)
        finally:
            aperture.stop(0)
    if len(ended) < len(runs):
        say(f"{len(runs) - len(ended):,} more are taken up by the next aperture start", err=True)
    if stop.asked.is_set():
        raise click.exceptions.Exit(INTERRUPTED)
    return ended


def _report(run: Run, job: JobConfig) -> None:
    reason = f": {plain_line(run.reason)}" if run.reason else ""
    slot = "" if run.due is None else f", slot {run.due.astimezone(job.zone):%Y-%m-%d %H:%M:%S}"
    say(f"{run.job} {run.status}{slot}{reason}", err=True)


def _show(found: PastSlots, job: JobConfig, runs: Sequence[Run], *, dry_run: bool) -> None:
    if dry_run:
        for slot, fate in found.chosen[:_MOST_LISTED]:
            say(f"{slot.due.astimezone(job.zone):%Y-%m-%d %H:%M:%S}  {'not known' if fate is None else fate.value}")
        if len(found.chosen) > _MOST_LISTED:
            say(f"and {len(found.chosen) - _MOST_LISTED:,} more; --format json lists them all")
    since, until = found.since.astimezone(job.zone), found.until.astimezone(job.zone)
    span = f"from {since:%Y-%m-%d %H:%M} until {until:%Y-%m-%d %H:%M}"
    count = len(found.chosen)
    slots = "1 slot" if count == 1 else f"{count:,} slots"
    if found.pending:
        say(f"{found.pending:,} more {'is' if found.pending == 1 else 'are'} in hand or yet to be caught up", err=True)
    if not found.chosen:
        say(f"{job.name}: nothing to run again {span} ({job.zone}){_why_none(job)}")
    elif dry_run:
        say(f"{slots} of {job.name} would run again, {span} ({job.zone})")
    elif not runs:
        say(f"{slots} of {job.name} {'is' if count == 1 else 'are'} in hand already")
    elif all(run.finished_at is not None for run in runs):
        done = sum(run.status is Status.COMPLETED for run in runs)
        say(f"{done:,} of {slots} of {job.name} completed, {span} ({job.zone})")
    else:
        say(f"{slots} of {job.name} {'is' if count == 1 else 'are'} queued behind whatever is due, {span} ({job.zone})")
        say(f"   aperture history {job.name} shows how they end; aperture cancel {job.name} ends all of them", err=True)


def _why_none(job: JobConfig) -> str:
    return "" if has_slots(job.schedule) else "; its schedule has no slots"


def _exit(found: PastSlots, runs: Sequence[Run], *, only_missed: bool) -> None:
    """Exit with 1 where a run that was waited for did not complete, or a span without any slot was named."""
    ended = [run for run in runs if run.finished_at is not None]
    if any(run.status is not Status.COMPLETED for run in ended) or not (found.chosen or found.pending or only_missed):
        raise CommandRefused()
