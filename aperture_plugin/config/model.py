"""The model of a valid schedules.yaml, as one frozen value.

The loop, the commands and the hooks read this and nothing else of the file. Layers are already laid
over each other (built-in, defaults, preset, schedules; DESIGN.md, section 2), names are resolved,
`${NAME}` is read, and nothing in here can be wrong any more.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from aperture_plugin.config.problems import Place, Problem, Problems, Severity, Silenced
from aperture_plugin.words.calendars import DateRange, Days, days_text
from aperture_plugin.words.expectations import ReadyBy
from aperture_plugin.words.limits import Limit
from aperture_plugin.words.schedules import After, Manual, Schedule
from aperture_plugin.words.secrets import SecretOf
from aperture_plugin.words.windows import Window

if TYPE_CHECKING:
    from aperture_plugin.triggers.trigger import Trigger

__all__ = [
    "Background",
    "Channel",
    "Command",
    "Config",
    "Freeze",
    "Interrupted",
    "JobConfig",
    "Missed",
    "NotifyEvent",
    "OnFailure",
    "Overlap",
    "Page",
    "Param",
    "Preset",
    "ReadContext",
    "Reading",
    "Retry",
    "Streak",
    "Timing",
]

Timing = tuple[Schedule, ZoneInfo, tuple[Days, ...]]
"""A schedule, the zone that it is read in, and the days on which it has no slots."""

Param = str | tuple["Param", ...] | Mapping[str, "Param"]
"""A value under `params`: always text, as strictyaml reads it, in lists and mappings as written."""


class Missed(StrEnum):
    """The treatment of slots that passed while nothing ran."""

    RUN_ONCE = "run once"
    SKIP = "skip"


class Overlap(StrEnum):
    """The treatment of a slot that falls due while the job's last run is in hand."""

    QUEUE_ONE = "queue one"
    SKIP = "skip"
    ALLOW = "allow"


class OnFailure(StrEnum):
    """The effect of a failure on the job's later slots."""

    CONTINUE = "continue"
    PAUSE = "pause"


class Background(StrEnum):
    """The treatment of processes that a `command` leaves running in its group when it ends."""

    END = "end"
    LEAVE = "leave"


class Interrupted(StrEnum):
    """The treatment of a run whose process died under it."""

    RUN_AGAIN = "run again"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """The number of attempts, and the delays before them, after a failed attempt.

    Attributes:
        attempts: All tries together, the first included; 1 means no retry.
        delay: Wait before the second try.
        backoff: Each further wait is the one before times this.
        max_delay: No wait is longer; None for no bound.
        past_next_slot: True if a try may come although the job's next slot is due before it.
        not_on_exit: Exit codes of a `command` that a further try cannot cure.
    """

    attempts: int = 1
    delay: timedelta = timedelta(minutes=1)
    backoff: float = 2.0
    max_delay: timedelta | None = None
    past_next_slot: bool = False
    not_on_exit: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A program that is the job.

    Attributes:
        words: One string for the shell, or the program and its arguments without one.
        directory: The folder in which it runs, relative to that of the file; None for that folder itself.
        environment: Variables set beside the inherited ones.
        leaves_background: True if what it leaves running in its group may live on when it has ended.
    """

    words: str | tuple[str, ...]
    directory: str | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    leaves_background: bool = False


class NotifyEvent(StrEnum):
    """The events of which a channel is notified."""

    FAILED = "failed"
    RECOVERED = "recovered"
    MISSED = "missed"
    LATE = "late"
    FILE_REFUSED = "file refused"
    NO_LOOP = "no loop"


@dataclass(frozen=True, slots=True)
class Streak:
    """The number of a job's latest runs that must have failed: 3 of 3 are `3 in a row`."""

    failures: int = 1
    of: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """An address at which people are notified, and of what.

    Attributes:
        to: Addresses as Apprise reads them, variables filled in.
        after: Number of runs that must have failed before `failed` is sent.
        quiet: Hours, in the file's zone, in which nothing is sent; it is sent together at their end.
    """

    name: str
    to: tuple[str, ...] = field(repr=False)
    when: frozenset[NotifyEvent] = frozenset(NotifyEvent)
    after: Streak = Streak()
    quiet: Window | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The file's settings of the page: its address for links, further Host headers, and if it may write the file."""

    url: str | None = None
    hosts: tuple[str, ...] = ()
    writes_file: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class JobConfig:
    """The values of one job, every layer applied.

    Attributes:
        order: Its place in the file, from 0; breaks ties between runs due at one time.
        place: The place of its name in the file (in the topmost layer that names it).
        zone: The zone its wall times are read in.
        limits: Names of the shared budgets that its calls are counted against (`limit` in the file).
        calls: Number of calls a run usually spends of each; None leaves it to what the plugin registered.
        pause_after: After how many failed runs in a row `on failure: pause` holds it back.
        pause_for: For how long; then the next slot is tried. None until somebody resumes it.
        calendars: Names of the calendars on whose days it has no slots (`except` in the file).
        closed: Those days.
        notify: The channels that are notified of it.
        ping: The address that is requested as it starts, completes or fails; variables filled in.
        title, description, category: What the file says; None leaves it to what the plugin registered.
    """

    name: str
    order: int
    place: Place
    schedule: Schedule = field(default_factory=Manual)
    zone: ZoneInfo
    enabled: bool = True
    title: str | None = None
    description: str | None = None
    category: str | None = None
    queue: str = "default"
    needs: tuple[str, ...] = ()
    missed: Missed = Missed.RUN_ONCE
    missed_within: timedelta | None = None
    overlap: Overlap = Overlap.QUEUE_ONE
    timeout: timedelta | None = None
    stalled_after: timedelta | None = None
    retry: Retry = Retry()
    limits: tuple[str, ...] = ()
    calls: int | None = None
    window: Window | None = None
    requires_env: tuple[str, ...] = ()
    jitter: timedelta = timedelta(0)
    heavy: bool = False
    calendars: tuple[str, ...] = ()
    closed: tuple[Days, ...] = ()
    params: Mapping[str, Param] = field(default_factory=lambda: MappingProxyType({}))
    command: Command | None = None
    on_failure: OnFailure = OnFailure.CONTINUE
    pause_after: int = 1
    pause_for: timedelta | None = None
    interrupted: Interrupted = Interrupted.RUN_AGAIN
    notify: tuple[str, ...] = ()
    ping: str | None = None

    @property
    def timing(self) -> Timing:
        """All that its slots follow from: jobs of equal timing have the same slots."""
        return self.schedule, self.zone, self.closed

    @property
    def predecessors(self) -> tuple[str, ...]:
        """The jobs whose completion starts it; none for a job that has slots, or runs on request only."""
        return self.schedule.jobs if isinstance(self.schedule, After) else ()

    def trigger(self) -> Trigger:
        """Return what yields its slots."""
        from aperture_plugin.triggers.trigger import trigger_of  # reading a file does without

        return trigger_of(self.schedule, self.zone, self.closed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """A dated pause of everything but manual runs: slots due from *since* on and before *until* are skipped.

    Attributes:
        since, until: Aware, in UTC: where the first date begins in the file's zone, and the day after the last.
        days: The dates as they are written.
        reason: As it is written; None if the file gives none.
    """

    since: datetime
    until: datetime
    days: DateRange
    reason: str | None = None

    def covers(self, due: datetime) -> bool:
        """Return whether a slot due then is skipped."""
        return self.since <= due < self.until

    @property
    def text(self) -> str:
        """The reason for which a slot is skipped."""
        return f"frozen {days_text(self.days)}" + ("" if self.reason is None else f": {self.reason}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A named set of schedules that the file declares, and the library sizes it is meant for.

    Attributes:
        at_least, below: The half-open range of items; None where `items` leaves that side open or is absent.
        sized: True if the preset says `items` at all, so that `preset: auto` may pick it.
    """

    name: str
    extends: str | None = None
    sized: bool = False
    at_least: int | None = None
    below: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """One file, read, layered and valid.

    Attributes:
        file: The file as the person named it.
        text: Its content, so that later problems and edits can point into it.
        zone: The file's `timezone`, resolved; `zone_name` is `local` or the IANA name as written.
        preset: The preset in force (what `auto` picked), or None.
        state: URL of the store as written, environment read, a relative SQLite path not yet resolved.
        broker, celery_app: Where `executor: celery` sends messages: the broker's URL, or the host's own app.
        celery_queues: The Celery queue of each queue of the file that names one.
        ready_by: The expectations that a job is ready by some time: the loop notifies of one that is not.
        jobs: By name, in file order (the preset's first, then what `schedules` adds).
        silenced: The warnings that it suppresses (`lint: ignore`).
        secrets: The values of `${…}` in it, and the passwords of its addresses: masked wherever they might be shown.
        defaults: The job that the built-in layer and `defaults` alone make: manual, and without a name.
    """

    file: str
    text: str = field(repr=False)
    zone: ZoneInfo
    zone_name: str = "local"
    preset: str | None = None
    preset_is_auto: bool = False
    state: str = "sqlite:///aperture.db"
    executor: str = "threads"
    broker: str | None = None
    celery_app: str | None = None
    celery_queues: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    queues: Mapping[str, int]
    limits: Mapping[str, Limit]
    freezes: tuple[Freeze, ...] = ()
    ready_by: tuple[ReadyBy, ...] = ()
    channels: Mapping[str, Channel] = field(default_factory=lambda: MappingProxyType({}))
    ping: str | None = None
    page: Page = Page()
    presets: Mapping[str, Preset]
    jobs: Mapping[str, JobConfig]
    defaults: JobConfig
    silenced: Silenced = frozenset()
    secrets: tuple[str, ...] = field(default=(), repr=False, compare=False)

    @property
    def pick(self) -> Preset | None:
        """The preset that `auto` has picked for the library's size; None where a person chose, or nothing fits."""
        preset = self.presets.get(self.preset or "") if self.preset_is_auto else None
        return preset if preset is not None and preset.sized else None

    def freeze_at(self, due: datetime) -> Freeze | None:
        """Return the freeze that a slot due at that instant falls into; None if it falls into none."""
        return next((freeze for freeze in self.freezes if freeze.covers(due)), None)

    def effective_job(self, name: str) -> JobConfig:
        """Return the job's values: those of the file, or the defaults for a job that only plugins register."""
        return self.jobs.get(name) or self.unlisted(name)

    def unlisted(self, name: str) -> JobConfig:
        """Return what holds for a job that plugins register and the file does not name: manual, with the defaults."""
        return replace(self.defaults, name=name)

    def problem(
        self,
        code: str,
        *,
        message: str,
        hint: str,
        job: str | None = None,
        severity: Severity | str = Severity.WARNING,
    ) -> Problem:
        """Return a problem of this file, for a host's own lint to yield (`aperture_lint`).

        Args:
            code: A stable name; a prefix of the host's own keeps it apart from ours.
            message, hint: What is wrong, and what to do about it; both in one line, and neither empty.
            job: The job it belongs to. It stands where the job's name does; without a job, at the top of the file.
            severity: `error` refuses the file, `warning` shows the problem.
        Raises:
            KeyError: The file has no such job.
        """
        return Problem(
            severity=Severity(severity),
            code=code,
            message=message,
            hint=hint,
            file=self.file,
            place=Place(1, 1) if job is None else self.jobs[job].place,
            job=job,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadContext:
    """The circumstances and the purpose of reading a file.

    Attributes:
        file: The file's name, for problems.
        environ: The environment in which `${NAME}` is looked up.
        local_zone: The meaning of `timezone: local`.
        known_jobs: The names that plugins, or a manifest, register; None if there are none of either at all.
        declared: By job, the calls of each limit that its plugin says a run spends; for the lints.
        library_size: Called at most once, and only for `preset: auto`; None if nobody can be asked.
        now: An aware instant that `once` is compared with, and the lints look ahead from; None leaves both out.
        starting: True if the file is about to be in force, so that a variable that is not set is an error.
        linting: True to warn of what is valid and probably not meant, and to prove what the file expects.
            `check` does; a loop that starts, and a command that needs the configuration, do not wait for it.
        preset: A preset of the file to be in force in place of the one that it names.
        kept: The preset that `auto` picked before; see `tier_of`.
        secret_of: Reads `${file:…}` and `${credential:…}`; None where no file can be looked at.
    """

    file: str
    environ: Mapping[str, str]
    local_zone: ZoneInfo
    known_jobs: Collection[str] | None = None
    declared: Mapping[str, Mapping[str, int]] = field(default_factory=lambda: MappingProxyType({}))
    library_size: Callable[[], int | None] | None = None
    now: datetime | None = None
    starting: bool = False
    linting: bool = False
    preset: str | None = None
    kept: Preset | None = None
    secret_of: SecretOf | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The result of reading a file: its problems in file order, and the config if none of them is an error.

    Attributes:
        state: The store's URL, which is read even from a file that is otherwise broken (section 5);
            None where the file does not say it legibly.
        job_count: Number of jobs in the file, as far as it could be read.
        secrets: As in `Config`; of a file with errors, as far as it could be read.
    """

    file: str
    text: str = field(repr=False)
    config: Config | None
    problems: tuple[Problem, ...]
    state: str | None
    job_count: int
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def with_problems(self, problems: Iterable[Problem]) -> Reading:
        """Return this reading with what a host's lint found in it; an error takes the configuration away."""
        found = Problems(self.file)
        found.extend(self.problems)
        if self.config is not None:
            found.silence(self.config.silenced)
        found.extend(problems)
        return replace(self, config=None if found.any_error else self.config, problems=tuple(found))
