"""Steps that look at a job's runs: stalled, slower than before, failing, skipped, lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from aperture_plugin.app.audit import JobAudit
from aperture_plugin.app.doctor.evidence import LATELY, Case
from aperture_plugin.app.doctor.finding_text import ago
from aperture_plugin.app.doctor.findings import Finding, note, ok, problem
from aperture_plugin.app.doctor.schedule_steps import slot_distance
from aperture_plugin.app.late_runs import not_ready
from aperture_plugin.rules.run_stats import failures_in_a_row, has_grown, lasted, share_failed
from aperture_plugin.rules.runs import Run, Status
from aperture_plugin.words.duration_display import short_duration
from aperture_plugin.words.numbers import counted
from aperture_plugin.words.phrases import phrase_of
from aperture_plugin.words.schedules import Interval
from aperture_plugin.words.time_display import wall_time

__all__ = ["durations_step", "failures_step", "progress_step", "skipped_step", "slots_step"]

_RECENT: Final = 20
"""Number of completed runs that count as recent; they are compared with those before."""

_SILENT: Final = timedelta(minutes=15)
"""A run that has neither counted nor written anything for so long, and longer than it ever takes, hangs."""

_REASONS: Final = 3
"""Number of reasons of skipped slots that are listed."""

_OFTEN: Final = 5
"""One failure in so many runs is often."""

_NEAR: Final = 0.8
"""From this share of a timeout or an interval on, runs come close to it."""

_OFFERED: Final = (
    *(timedelta(seconds=n) for n in (2, 5, 10, 15, 20, 30)),
    *(timedelta(minutes=n) for n in (1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360, 480, 720)),
)


def progress_step(case: Case, name: str, runs: Sequence[Run]) -> Iterator[Finding]:
    """Report of what runs whether it gets on, and of what seems to run whether its process lives."""
    running = [run for run in case.seen.in_hand_of.get(name, ()) if run.status is Status.RUNNING]
    for run in running:
        yield _getting_on(case, run, runs)
    if not running:
        yield ok("progress", "no run of it is running", job=name)


def durations_step(case: Case, name: str, runs: Sequence[Run]) -> Iterator[Finding]:
    """Report how long runs last, whether that grows, and how it compares with the interval and the timeout."""
    spans = [run.duration for run in runs if run.status is Status.COMPLETED and run.duration is not None]
    recent, earlier = lasted(spans[:_RECENT]), lasted(spans[_RECENT:])
    if recent is None:
        yield ok("durations", "it has not completed yet, so there is nothing to compare", job=name)
        return
    job, every = case.job(name), slot_distance(case, name)
    value = f"the one run that completed took {short_duration(recent.slow)}"
    if recent.runs > 1:
        value = f"half of its last {recent.runs} runs took up to {short_duration(recent.typical)}, "
        value += f"19 of 20 up to {short_duration(recent.slow)}"
    if every is not None and recent.slow >= every:
        found = f"{value}; it is due every {short_duration(every)}, so slots fall due while it still runs"
        yield problem("durations", found, advice=_slower_schedule(recent.slow), job=name)
    elif every is not None and recent.slow >= _NEAR * every:
        yield note("durations", f"{value}; it is due every {short_duration(every)}, which leaves little", job=name)
    elif not has_grown(recent, earlier):
        yield ok("durations", value, job=name)
    if has_grown(recent, earlier):
        assert earlier is not None, "it has grown against something"
        found = f"its runs grow longer: {value}; of the {earlier.runs} before, half took up to "
        advice = case.line(f"history --job {name} --limit 0", on_file=True)
        yield note("durations", f"{found}{short_duration(earlier.typical)}", advice=advice, job=name)
    if job is not None and job.timeout is not None and recent.slow >= _NEAR * job.timeout:
        found = f"{value}; its timeout is {short_duration(job.timeout)}, which leaves little"
        yield note("durations", found, advice=f"timeout: {_hours(2 * recent.slow)}", job=name)


def failures_step(case: Case, name: str, runs: Sequence[Run]) -> Iterator[Finding]:
    """Report how many runs in a row failed, with the last error, and whether it fails often."""
    row = failures_in_a_row(runs)
    failed, ended = share_failed(runs)
    if row:
        last = row[0]
        at = wall_time(last.finished_at or last.queued_at, case.zone_of(name), now=case.now)
        many = "the last run failed" if len(row) == 1 else f"the last {len(row)} runs failed"
        found = f"{many} (the last one {at}): {_first_line(last)}"
        yield problem("failures", found, advice=case.line(f"logs {last.id}"), job=name)
    elif failed and failed * _OFTEN >= ended:
        last = next(run for run in runs if run.status is Status.FAILED)
        found = f"{failed} of its last {counted(ended, 'run')} failed; the latest of them: {_first_line(last)}"
        yield note("failures", found, advice=case.line(f"logs {last.id}"), job=name)
    else:
        so_far = f"{failed} of its last {counted(ended, 'run')} failed" if ended else "no run of it has ended yet"
        yield ok("failures", so_far, job=name)


def ready_step(case: Case, name: str, runs: Sequence[Run]) -> Iterator[Finding]:
    """Report whether the job was ready by the time that the file expects."""
    config, generation = case.config, case.seen.generation
    if config is None:
        return
    for expected in config.ready_by:
        if expected.job != name:
            continue
        found = not_ready(
            expected,
            config,
            runs,
            now=case.now,
            accepted_at=None if generation is None else generation[1],
            pause=case.seen.pauses.get(name),
        )
        if found is not None:
            yield problem("ready", f"it {found.text}", advice=case.line(f"history {name}"), job=name)


def skipped_step(case: Case, name: str, runs: Sequence[Run]) -> Iterator[Finding]:
    """Report which slots were skipped lately, and why."""
    lately = [run for run in runs if run.queued_at >= case.now - LATELY]
    skipped = [run for run in lately if run.status is Status.SKIPPED]
    if not skipped:
        yield ok("skipped", "no slot of it was skipped in the last 7 days", job=name)
        return
    reasons: dict[str, list[Run]] = {}
    for run in skipped:
        reasons.setdefault(run.reason or "no reason is kept", []).append(run)
    often = sorted(reasons, key=lambda reason: -len(reasons[reason]))
    zone = case.zone_of(name)
    reasons_shown = [
        f"{len(reasons[reason])} × {reason} (last {wall_time(reasons[reason][0].queued_at, zone, now=case.now)})"
        for reason in often[:_REASONS]
    ]
    if len(often) > _REASONS:
        reasons_shown.append(f"and {counted(len(often) - _REASONS, 'more reason')}")
    found = f"{counted(len(skipped), 'slot')} skipped in the last 7 days: {'; '.join(reasons_shown)}"
    advice = case.line(f"history --job {name} --status skipped", on_file=True)
    yield note("skipped", found, advice=advice, job=name)


def slots_step(case: Case, name: str, audited: JobAudit | None) -> Iterator[Finding]:
    """Report whether every slot of the last days is accounted for."""
    if audited is None:
        return
    account = audited.account
    if account.unaccounted:
        first = wall_time(account.unaccounted[0].due, audited.zone, now=case.now)
        lost = counted(len(account.unaccounted), "slot")
        found = f"{lost} of the last 7 days cannot be accounted for, the first due {first}"
        yield problem("slots", found, advice=case.line(f"audit --job {name}", on_file=True), job=name)
    elif not account.expected and not account.pending:
        yield ok("slots", "no slot of it was due in the last 7 days", job=name)
    else:
        came = f"{account.ran:,} ran, {account.skipped:,} skipped, {account.merged:,} merged into a catch-up"
        pending = f"; {account.pending:,} more pending" if account.pending else ""
        yield ok("slots", f"of {counted(account.expected, 'slot')} in the last 7 days {came}{pending}", job=name)


def _getting_on(case: Case, run: Run, runs: Sequence[Run]) -> Finding:
    started = run.started_at or run.queued_at
    so_far = max(case.now - started, timedelta(0))
    value = f"run {run.id} has been running for {short_duration(so_far)}"
    if run.items_done is not None:
        of = "" if run.items_total is None else f" of {run.items_total:,}"
        value += f", {run.items_done:,}{of} items done"
    if not _lives(case, run):
        found = f"{value}, but the process it belongs to is gone; a loop marks it interrupted and runs it again"
        advice = None if case.loop is not None else case.line("start", on_file=True)
        return problem("progress", found, advice=advice, job=run.job)
    cancel = case.line(f"cancel {run.job}")
    if run.cancel_reason is not None:
        return note("progress", f"{value}; it was asked to stop ({run.cancel_reason}), and has not yet", job=run.job)
    usual = lasted([one.duration for one in runs if one.status is Status.COMPLETED and one.duration is not None])
    words = case.last_words(run)
    heard = started if words is None else max(words.at, started)
    longest = _SILENT if usual is None else max(_SILENT, 2 * usual.slow)
    if so_far > longest and case.now - heard > _SILENT:
        last = "it has written nothing" if words is None else f"it last wrote something {ago(heard, now=case.now)}"
        found = f"{value}; {last}, and it usually takes {short_duration(usual.slow)}" if usual else f"{value}; {last}"
        return problem("progress", found, advice=cancel, job=run.job)
    if usual is not None and so_far > usual.slow and so_far - usual.slow > timedelta(minutes=1):
        found = f"{value}, longer than usual: 19 of 20 runs take up to {short_duration(usual.slow)}"
        return note("progress", found, advice=case.line(f"logs {run.id} --follow"), job=run.job)
    return ok("progress", value, job=run.job)


def _lives(case: Case, run: Run) -> bool:
    owner = next((loop for loop in case.seen.loops if loop.id == run.owner), None)
    return owner is not None and case.is_alive(owner)


def _first_line(run: Run) -> str:
    """Return the first line of a failure: its reason, else the last line of its error, where Python names it."""
    lines = (run.reason or "").splitlines() or (run.error or "").strip().splitlines()[-1:]
    return lines[0].strip() if lines else "no reason is kept"


def _slower_schedule(slow: timedelta) -> str | None:
    """Return the shortest interval of those that people are offered which leaves room for a slow run."""
    fits = next((every for every in _OFFERED if every > slow), None)
    return None if fits is None else f"schedule: {phrase_of(Interval(every=fits)).lower()}"


def _hours(length: timedelta) -> str:
    minutes = max(1, -(-length // timedelta(minutes=1)))
    return f"{-(-minutes // 60)} hours" if minutes > 90 else f"{minutes} minutes"
