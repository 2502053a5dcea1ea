"""The state of everything: what runs, what waits and why, and what comes next, from the store, without any plugin.

A loop that is alive decides what is in force, not the file on disk: after a refused save, the schedules are
those that the store remembers of the last good file. The same memory serves where the file cannot be read at
all and no loop runs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aperture_plugin.app.liveness import is_late, ticking
from aperture_plugin.app.loop_files import Spread, spread_of
from aperture_plugin.config.model import Config, Freeze
from aperture_plugin.config.problem_report import problem_json
from aperture_plugin.config.problems import Problem
from aperture_plugin.ports import Era, Ledger, LoopRecord, Pause, Store
from aperture_plugin.rules.runs import WAITING, Run, Status
from aperture_plugin.triggers.posix_zone import named_zone
from aperture_plugin.triggers.trigger import trigger_of
from aperture_plugin.words.calendars import Days
from aperture_plugin.words.era_text import read_era
from aperture_plugin.words.parse_error import Unreadable
from aperture_plugin.words.phrases import phrase_of
from aperture_plugin.words.schedules import Schedule, has_slots
from aperture_plugin.words.times import time_text

__all__ = ["IDLE", "JobView", "Overview", "look", "paused_text"]

IDLE: Final = "idle"
"""The state of a job with no run in hand."""

_ORDER: Final = (Status.RUNNING, Status.WAITING, Status.QUEUED)
_INSTANT: Final = timedelta(microseconds=1)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The whole of it at one instant.

    Attributes:
        now: The time at which it was read; aware, in UTC.
        zone: The file's zone, in which times are shown.
        loop: The loop that ticks; None when there is none.
        is_late: True if that loop has not ticked when it should have.
        loaded_at: The time at which the file in force was loaded; None while no loop runs.
        generation: Number, and time of acceptance, of the accepted file that a loop was started from in its place.
        rejected: `{"at", "problems"}` of a file that was refused, in the JSON shape; None if it is good.
        jobs: In file order.
        queue: The runs that are queued or waiting, in the order in which they will start.
        running: The runs under way, the longest first.
        loops: Those that live, the one that ticked last first.
        pauses: Those in force, by job.
        is_blind: True if the store could not be read: its facts are left out, not none.
        astray: Processes whose loop runs on a store that was deleted or overwritten under it.
    """

    now: datetime
    zone: ZoneInfo
    loop: LoopRecord | None
    is_late: bool
    file: str
    loaded_at: datetime | None
    preset: str | None
    rejected: Mapping[str, Any] | None
    generation: tuple[int, datetime] | None
    jobs: tuple[JobView, ...]
    queue: tuple[Run, ...]
    running: tuple[Run, ...]
    loops: tuple[LoopRecord, ...] = ()
    pauses: Mapping[str, Pause] = field(default_factory=lambda: MappingProxyType({}))
    is_blind: bool = False
    astray: tuple[int, ...] = ()

    @property
    def spread(self) -> Spread:
        """The spread of the newest file over the living loops."""
        return spread_of(self.loops)

    @property
    def is_stopping(self) -> bool:
        """True if the loop lets its runs finish, and starts nothing new."""
        return self.loop is not None and bool(self.loop.details.get("draining"))

    @property
    def is_well(self) -> bool:
        """True if a loop runs, on time, with the file as it is saved."""
        return self.loop is not None and not self.is_late and self.rejected is None

    def of(self, jobs: Collection[str]) -> Overview:
        """Return the same of these *jobs* alone."""
        return replace(
            self,
            jobs=tuple(job for job in self.jobs if job.name in jobs),
            queue=tuple(run for run in self.queue if run.job in jobs),
            running=tuple(run for run in self.running if run.job in jobs),
        )

    @property
    def zones(self) -> dict[str, ZoneInfo]:
        """The zone in which each job's times are shown."""
        return {view.name: view.zone for view in self.jobs}


@dataclass(frozen=True, slots=True)
class _Words:
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


def look(
    store: Store,
    *,
    now: datetime,
    config: Config | None,
    file: str,
    zone: ZoneInfo,
    problems: Sequence[Problem] = (),
    in_force: bool = False,
    reread: Callable[[str], Config | None] | None = None,
    titles: Mapping[str, str] | None = None,
    categories: Mapping[str, str] | None = None,
) -> Overview:
    """Return what *store* tells at the instant *now*.

    Args:
        config: The file as it stands on disk, or as it is in force; None where it is not valid.
        file: Its name.
        zone: Told times where no configuration says otherwise.
        problems: The problems of the file on disk; shown where no loop has judged it.
        reread: Reads the text of a file that was good once; None to go by its schedules alone.
        in_force: *config* is what this process's own loop has in force, whatever stands on disk.
        titles, categories: What plugins call their jobs, and the group that they put each in.
    """
    with store.snapshot() as ledger:
        loops = ticking(ledger.loops(), now=now)
        loop = next(iter(loops), None)
        details = {} if loop is None else loop.details
        rejected = details.get("rejected")
        if not in_force and rejected is not None:
            config = None
        if config is None and reread is not None:
            config = next((reread(text) for _, _, _, text in ledger.generations()[:1]), None)
        if loop is None and any(problem.is_error for problem in problems):
            rejected = _rejection(problems, now)
        zone = config.zone if config is not None else _zone(details.get("timezone"), zone)
        called = {**details.get("titles", {}), **(titles or {})}
        grouped = {**details.get("categories", {}), **(categories or {})}
        if config is None:
            words = _remembered(ledger.eras().values(), called, grouped, zone)
        else:
            words = _said(config, called, grouped)
        in_hand = ledger.in_hand()
        pauses = {job: pause for job, pause in ledger.pauses().items() if pause.holds(now)}
        views = _views(words, in_hand, ledger, pauses, now) if words else []
    return Overview(
        now=now,
        zone=zone,
        loop=loop,
        is_late=loop is not None and is_late(loop, now=now),
        file=file,
        loaded_at=_instant(details.get("loaded_at")),
        preset=details.get("preset") if config is None else config.preset,
        rejected=rejected,
        generation=_generation(details.get("generation")),
        jobs=tuple(views),
        queue=tuple(sorted((run for run in in_hand if run.status in WAITING), key=lambda run: run.place)),
        running=tuple(
            sorted((run for run in in_hand if run.status is Status.RUNNING), key=lambda run: run.started_at or now)
        ),
        loops=tuple(loops),
        pauses=pauses,
    )


def _rejection(problems: Sequence[Problem], now: datetime) -> dict[str, Any]:
    """Return the rejection of the file on disk. Without the plugins it is unknown if names are right."""
    known = [problem_json(problem) for problem in problems if problem.code != "jobs-not-checked"]
    return {"at": now.isoformat(), "problems": known}


def _said(config: Config, titles: Mapping[str, str], categories: Mapping[str, str]) -> list[_Words]:
    """Return what the file says of each of its jobs."""
    return [
        _Words(
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


def _remembered(
    eras: Iterable[Era], titles: Mapping[str, str], categories: Mapping[str, str], zone: ZoneInfo
) -> list[_Words]:
    """Return the configuration of the last good file, as far as the store remembers it: no disabled jobs."""
    found = []
    for era in sorted(eras, key=lambda era: era.job):
        if not era.schedule:
            continue
        try:
            schedule, closed = read_era(era.schedule)
        except Unreadable:
            schedule, closed = None, ()  # A later version's kind of schedule: its phrase can still be shown.
        named = titles.get(era.job), categories.get(era.job)
        found.append(_Words(era.job, era.schedule, schedule, _zone(era.zone, zone), True, *named, closed=closed))
    return found


def _views(
    words: Iterable[_Words], in_hand: Iterable[Run], ledger: Ledger, pauses: Mapping[str, Pause], now: datetime
) -> list[JobView]:
    last_runs = ledger.last_runs()
    by_job: dict[str, list[Run]] = {}
    for run in in_hand:
        by_job.setdefault(run.job, []).append(run)
    views = []
    for job in words:
        pause = pauses.get(job.name)
        state, waiting_for = _state(job, by_job.get(job.name, ()), pause)
        views.append(
            JobView(
                name=job.name,
                title=job.title,
                category=job.category,
                schedule=job.phrase,
                zone=job.zone,
                enabled=job.enabled,
                pause=pause,
                state=state,
                waiting_for=waiting_for,
                next_run=_next_run(job, pause, now),
                last_run=last_runs.get(job.name),
            )
        )
    return views


def _state(job: _Words, runs: Iterable[Run], pause: Pause | None) -> tuple[str, str | None]:
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


def _next_run(job: _Words, pause: Pause | None, now: datetime) -> datetime | None:
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


def _zone(name: str | None, otherwise: ZoneInfo) -> ZoneInfo:
    """Return the zone that a loop on this store published, if this machine knows it."""
    try:
        return otherwise if name is None else named_zone(name)
    except (ZoneInfoNotFoundError, ValueError):
        return otherwise


def _generation(said: Mapping[str, Any] | None) -> tuple[int, datetime] | None:
    return None if said is None else (said["number"], datetime.fromisoformat(said["accepted_at"]))


def _instant(said: str | None) -> datetime | None:
    return None if said is None else datetime.fromisoformat(said)
