"""`aperture logs`: what a run had to say."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import click

from aperture_plugin.app.store_commands import latest_begun
from aperture_plugin.cli import file_session, options
from aperture_plugin.cli.exit_codes import CommandRefused, WrongUsage
from aperture_plugin.cli.name_completion import complete_jobs_and_runs
from aperture_plugin.cli.output import TEXT, flush, in_color, say, show_json
from aperture_plugin.cli.store_session import job_or_run, looked_into
from aperture_plugin.ports import LogLine, RunQuery, Store
from aperture_plugin.rules.runs import ENDED, Run
from aperture_plugin.words.plain_text import plain_line, plain_lines
from aperture_plugin.words.time_display import iso_text

__all__ = ["command", "line_text", "lines_of"]

_LOOK_SECONDS: Final = 0.25
_LAST_LINES: Final = 100
_COLOURS: Final = {"ERROR": 31, "CRITICAL": 31, "WARNING": 33, "STDERR": 33, "DEBUG": 2}


@click.command("logs", epilog="Try it:  aperture logs library-scan --follow")
@click.argument("named", metavar="JOB|RUN", shell_complete=complete_jobs_and_runs)
@options.file_option
@click.option("--follow", is_flag=True, help="Go on until the run has ended.")
@options.state
@options.output_format
def command(file: Path, named: str, follow: bool, state: str | None, output_format: str) -> None:
    """Show a run's log.

    RUN is an id as `history` shows it, or the beginning of one; JOB stands for its latest run that began.
    """
    source = file_session.source_of(file)
    if follow and output_format != TEXT:
        raise WrongUsage("--follow goes with --format text")
    with looked_into(source, url=state) as (config, store):
        zone = file_session.zone_of(config, source)
        job, run_id = job_or_run(named, config, store, source)
        run_id = run_id or _latest(store, job, follow=follow)
        if output_format == TEXT:
            _show(store, run_id, zone, follow=follow)
        else:
            show_json([_line_json(line, zone) for _, line in store.log_lines(run_id)])


def lines_of(store: Store, run_id: str, *, follow: bool, after: int = 0) -> Iterator[LogLine]:
    """Yield a run's log lines; with *follow*, go on until its last attempt has ended."""
    while True:
        ended = not follow or has_ended(store, run_id)
        for number, line in store.log_lines(run_id, after=after):
            after = number
            yield line
        if ended:
            return
        flush()
        time.sleep(_LOOK_SECONDS)


def has_ended(store: Store, run_id: str) -> Run | None:
    """Return the last attempt of a run once it has ended and none follows, else None."""
    attempts = store.history(RunQuery(run_id=run_id, limit=None))
    last = max(attempts, key=lambda run: run.attempt, default=None)
    return last if last is not None and last.status in ENDED else None


def line_text(line: LogLine, zone: ZoneInfo, *, color: bool) -> str:
    """Return a log line as a terminal shows it."""
    at = line.at.astimezone(zone)
    text = f"{at:%H:%M:%S} {line.level:7} {plain_lines(line.text)}"
    code = _COLOURS.get(line.level)
    return f"\x1b[{code}m{text}\x1b[0m" if color and code is not None else text


def _latest(store: Store, job: str, *, follow: bool) -> str:
    """Return the id of the run of *job* that began last; with *follow*, of one that waits where none has begun.

    Exits with 1 where the job has not run yet.
    """
    begun = latest_begun(store, job)
    if begun is not None:
        return begun.id
    newest = next(iter(store.history(RunQuery(jobs=[job], limit=1))), None)
    if newest is None:
        raise CommandRefused(f"{job} has not run yet", hint=f"aperture run {job} runs it now")
    if newest.status in ENDED:
        why = f": {plain_line(newest.reason)}" if newest.reason else ""
        raise CommandRefused(
            f"{job} has not run yet; its latest run was {newest.status}{why}", hint=f"aperture doctor {job} says more"
        )
    if follow:
        return newest.id
    raise CommandRefused(
        f"{job} has not run yet: its first run waits", hint=f"aperture logs {job} --follow waits for it too"
    )


def _show(store: Store, run_id: str, zone: ZoneInfo, *, follow: bool) -> None:
    color = in_color()
    attempts = {run.attempt: run for run in store.history(RunQuery(run_id=run_id, limit=None))}
    shown: int | None = None
    value = False
    texts: deque[str] = deque(maxlen=_LAST_LINES)
    for line in lines_of(store, run_id, follow=follow):
        if line.attempt != shown:
            if line.attempt not in attempts:
                attempts = {run.attempt: run for run in store.history(RunQuery(run_id=run_id, limit=None))}
            say(("\n" if value else "") + _heading(attempts.get(line.attempt), run_id, line.attempt, zone))
            shown = line.attempt
        say(line_text(line, zone, color=color))
        value = True
        texts.append(line.text)
    last = has_ended(store, run_id)
    if last is not None:
        if not value:
            say(_heading(last, run_id, last.attempt, zone))
            say("it wrote nothing to its log")
        if last.error and not _stands_in(last.error, texts):
            say(f"\n{plain_lines(last.error).rstrip()}")
        say(f"\n{last.job} {last.status}" + (f": {plain_line(last.reason)}" if last.reason else ""))
    elif not value:
        raise CommandRefused(f"run {run_id} has written nothing yet", hint="--follow waits for what it will say")


def _stands_in(error: str, texts: Collection[str]) -> bool:
    """Return whether *error*, which is the end of what a command printed, stands in the log's last lines *texts*."""
    return all(line in texts for line in error.split("\n") if line.strip())


def _heading(run: Run | None, run_id: str, attempt: int, zone: ZoneInfo) -> str:
    if run is None:
        return f"── {run_id}, attempt {attempt}"
    began = run.started_at or run.queued_at
    local: datetime = began.astimezone(zone)
    return f"── {run.job} · run {run_id} · attempt {attempt} · {local:%Y-%m-%d %H:%M:%S %Z}"


def _line_json(line: LogLine, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "at": iso_text(line.at, zone),
        "level": line.level,
        "text": line.text,
        "attempt": line.attempt,
    }
