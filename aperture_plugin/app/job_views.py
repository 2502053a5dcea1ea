"""Views of jobs: the words in force for each, its state, its next and its last run.

A page of 10,000 jobs asks for all of them again and again, so a `JobMemory` keeps what cannot have changed since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aperture_plugin.config.model import Config, Freeze
from aperture_plugin.ports import Ledger, Pause, ScheduleRevision
from aperture_plugin.rules.runs import Run, Status
from aperture_plugin.triggers.posix_zone import named_zone
from aperture_plugin.triggers.trigger import trigger_of
from aperture_plugin.words.calendars import Days
from aperture_plugin.words.parse_error import Unreadable
from aperture_plugin.words.phrases import phrase_of
from aperture_plugin.words.revision_text import read_revision
from aperture_plugin.words.schedules import Schedule, has_slots
from aperture_plugin.words.times import time_text

__all__ = [
    "IDLE",
    "JobMemory",
    "JobView",
    "WordsInForce",
    "known_zone",
    "next_run_of",
    "paused_text",
    "words_of_config",
    "words_of_revisions",
]

IDLE: Final = "idle"
"""The state of a job with no run in hand."""


_ORDER: Final = (Status.RUNNING, Status.WAITING, Status.QUEUED)
_INSTANT: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class WordsInForce:
    """The effective values of one job."""

    name: str
    phrase: str
    schedule: Schedule | None
    zone: ZoneInfo
    enabled: bool = True
    title: str | None = None
    category: str | None = None
    closed: tuple[Days, ...] = ()
    freezes: tuple[Freeze, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """One job as it stands.

    Attributes:
        title: Its title in displays; None where neither the file nor a plugin gives one.
        category: The group that displays put it in; None likewise.
        schedule: The phrase.
        enabled: True if it has slots, by the file.
        pause: The pause that holds it back; None for none.
        state: The state of its run in hand, else `idle`.
        waiting_for: The reason why its run waits, or an idle job is held back (a pause, `enabled: no`); None for none.
        next_run: Due instant of its next slot; None where none will fire.
        last_run: Its latest run that ran and ended.
        words: The words in force that all this was made of.
    """

    name: str
    title: str | None
    category: str | None
    schedule: str
    zone: ZoneInfo
    enabled: bool
    pause: Pause | None
    state: str
    waiting_for: str | None
    next_run: datetime | None
    last_run: Run | None
    words: WordsInForce = field(repr=False, compare=False)


class JobMemory:
    """Keeps what one look at the jobs found for the next one. Callable from any thread.

    A slot that was next stays so until it is due, and an attempt that has ended does not change. With 10,000 jobs that
    have all run, a look takes a fifth of the time by this.
    """

    def __init__(self) -> None:
        self._words: tuple[Config, Mapping[str, str], Mapping[str, str], list[WordsInForce]] | None = None
        self._next: dict[str, tuple[WordsInForce, datetime, datetime | None]] = {}
        self._last: dict[str, Run] = {}
        self._views: dict[str, JobView] = {}

    def words(self, config: Config, titles: Mapping[str, str], categories: Mapping[str, str]) -> list[WordsInForce]:
        """Return what `words_of_config` does."""
        kept = self._words
        if kept is None or kept[0] is not config or kept[1:3] != (titles, categories):
            kept = self._words = config, titles, categories, words_of_config(config, titles, categories)
        return kept[3]

    def views(
        self,
        words: Sequence[WordsInForce],
        in_hand: Iterable[Run],
        ledger: Ledger,
        pauses: Mapping[str, Pause],
        now: datetime,
    ) -> list[JobView]:
        """Return each job in *words* as it stands at *now*."""
        last_runs = self._last_runs(ledger)
        by_job: dict[str, list[Run]] = {}
        for run in in_hand:
            by_job.setdefault(run.job, []).append(run)
        known, found = self._views, {}
        for job in words:
            pause, runs, last_run = pauses.get(job.name), by_job.get(job.name), last_runs.get(job.name)
            next_run = self._next_run(job, now) if pause is None else next_run_of(job, pause, now)
            view = known.get(job.name)
            if (
                view is None
                or view.words is not job
                or view.last_run is not last_run
                or view.next_run is not next_run
                or runs
                or pause is not None
                or view.state != IDLE
                or view.pause is not None
            ):
                view = _view(job, runs or (), pause, next_run, last_run)
            found[job.name] = view
        self._views = found
        return list(found.values())

    def _next_run(self, job: WordsInForce, now: datetime) -> datetime | None:
        kept = self._next.get(job.name)
        if kept is not None and kept[0] is job and kept[1] <= now and (kept[2] is None or now < kept[2]):
            return kept[2]
        due = next_run_of(job, None, now)
        self._next[job.name] = job, now, due
        return due

    def _last_runs(self, ledger: Ledger) -> dict[str, Run]:
        keys, kept = ledger.last_run_keys(), self._last
        new = [job for job, key in keys.items() if (run := kept.get(job)) is None or run.key != key]
        found = {job: kept[job] for job in keys.keys() - set(new)} if kept else {}
        if new:
            found.update(ledger.last_runs(new if kept else None))
        self._last = found
        return found


def words_of_config(config: Config, titles: Mapping[str, str], categories: Mapping[str, str]) -> list[WordsInForce]:
    """Return what the file says of each of its jobs."""
    return [
        WordsInForce(
            job.name,
            phrase_of(job.schedule),
            job.schedule,
            job.zone,
            job.enabled,
            job.title or titles.get(job.name),
            job.category or categories.get(job.name),
            closed=job.closed,
            freezes=config.freezes,
        )
        for job in config.jobs.values()
    ]


def words_of_revisions(
    revisions: Iterable[ScheduleRevision], titles: Mapping[str, str], categories: Mapping[str, str], zone: ZoneInfo
) -> list[WordsInForce]:
    """Return the configuration of the last good file, as far as the store remembers it: no disabled jobs."""
    found = []
    for revision in sorted(revisions, key=lambda revision: revision.job):
        if not revision.schedule:
            continue
        try:
            schedule, closed = read_revision(revision.schedule)
        except Unreadable:
            schedule, closed = None, ()  # A later version's kind of schedule: its phrase can still be shown.
        named = titles.get(revision.job), categories.get(revision.job)
        found.append(
            WordsInForce(
                revision.job, revision.schedule, schedule, known_zone(revision.zone, zone), True, *named, closed=closed
            )
        )
    return found


def _view(
    job: WordsInForce, runs: Sequence[Run], pause: Pause | None, next_run: datetime | None, last_run: Run | None
) -> JobView:
    state, waiting_for = _state(job, runs, pause)
    return JobView(
        name=job.name,
        title=job.title,
        category=job.category,
        schedule=job.phrase,
        zone=job.zone,
        enabled=job.enabled,
        pause=pause,
        state=state,
        waiting_for=waiting_for,
        next_run=next_run,
        last_run=last_run,
        words=job,
    )


def _state(job: WordsInForce, runs: Iterable[Run], pause: Pause | None) -> tuple[str, str | None]:
    if runs:
        first = min(runs, key=lambda run: (_ORDER.index(run.status), run.place))
        return str(first.status), None if first.status is Status.RUNNING else first.reason
    if pause is not None:
        return IDLE, paused_text(pause, job.zone)
    return IDLE, None if job.enabled else "it is switched off in the file (enabled: no)"


def paused_text(pause: Pause, zone: ZoneInfo) -> str:
    """Return the sentence that a job is paused, by whom and until when."""
    until = ""
    if pause.until is not None:
        local = pause.until.astimezone(zone)
        until = f" until {local.date().isoformat()} {time_text(local.time())}"
    by = f" by {pause.by}" if pause.by else ""
    return f"it is paused{by}{until}" + (f": {pause.note}" if pause.note else "")


def next_run_of(job: WordsInForce, pause: Pause | None, now: datetime) -> datetime | None:
    """Return the due instant of the next slot that neither *pause* nor a freeze holds back; None without one."""
    if not job.enabled or job.schedule is None or not has_slots(job.schedule):
        return None
    after = now
    if pause is not None:
        if pause.until is None:
            return None
        after = max(now, pause.until - _INSTANT)
    for _ in range(len(job.freezes) + 1):
        slot = trigger_of(job.schedule, job.zone, job.closed).next_after(after)
        if slot is None:
            return None
        frozen = next((freeze for freeze in job.freezes if freeze.covers(slot.due)), None)
        if frozen is None:
            return slot.due
        after = frozen.until - _INSTANT
    return None


def known_zone(name: str | None, otherwise: ZoneInfo) -> ZoneInfo:
    """Return the zone that a loop on this store published, if this machine knows it."""
    try:
        return otherwise if name is None else named_zone(name)
    except (ZoneInfoNotFoundError, ValueError):
        return otherwise
