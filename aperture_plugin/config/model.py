"""What a valid schedules.yaml says, as one frozen value.

The loop, the commands and the hooks read this and nothing else of the file. Layers are already laid
over each other (built-in, defaults, preset, schedules; DESIGN.md, section 2), names are resolved,
`${NAME}` is read, and nothing in here can be wrong any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

from aperture_plugin.config.problems import Place, Problem, Problems, Severity, Silenced
from aperture_plugin.words.limits import Limit
from aperture_plugin.words.schedules import Manual, Schedule
from aperture_plugin.words.windows import Window

__all__ = [
    "Command",
    "Config",
    "Interrupted",
    "JobConfig",
    "Missed",
    "OnFailure",
    "Overlap",
    "Param",
    "Preset",
    "Reading",
    "Retry",
]

Param = str | tuple["Param", ...] | Mapping[str, "Param"]
"""A value under `params`: always text, as strictyaml reads it, in lists and mappings as written."""


class Missed(StrEnum):
    """What becomes of slots that passed while nothing ran."""

    RUN_ONCE = "run once"
    SKIP = "skip"


class Overlap(StrEnum):
    """What becomes of a slot that falls due while the job's last run is in hand."""

    QUEUE_ONE = "queue one"
    SKIP = "skip"
    ALLOW = "allow"


class OnFailure(StrEnum):
    """What a failure does to the job's later slots."""

    CONTINUE = "continue"
    PAUSE = "pause"


class Interrupted(StrEnum):
    """What becomes of a run whose process died under it."""

    RUN_AGAIN = "run again"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How often, and after how long, a failed attempt is tried again.

    Attributes:
        attempts: All tries together, the first included; 1 means no retry.
        delay: Wait before the second try.
        backoff: Each further wait is the one before times this.
        max_delay: No wait is longer; None for no bound.
        past_next_slot: Whether a try may come although the job's next slot is due before it.
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
        directory: Where it runs, relative to the folder of the file; None for that folder itself.
        environment: Variables set beside the inherited ones.
        secrets: What `${NAME}` stood for in them: masked in the program's output.
    """

    words: str | tuple[str, ...]
    directory: str | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobConfig:
    """All that the file says of one job, every layer applied.

    Attributes:
        order: Its place in the file, from 0; breaks ties between runs due at one time.
        place: Where its name stands in the file (the topmost layer that names it).
        zone: The zone its wall times are read in.
        limits: Names of the shared budgets that its calls are counted against (`limit` in the file).
        calls: How many calls a run usually spends of each of them; None leaves it to what the plugin registered.
        pause_after: After how many failed runs in a row `on failure: pause` holds it back.
        pause_for: For how long; then the next slot is tried. None until somebody resumes it.
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
    params: Mapping[str, Param] = field(default_factory=lambda: MappingProxyType({}))
    command: Command | None = None
    on_failure: OnFailure = OnFailure.CONTINUE
    pause_after: int = 1
    pause_for: timedelta | None = None
    interrupted: Interrupted = Interrupted.RUN_AGAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A named set of schedules that the file declares, and the library sizes it is meant for.

    Attributes:
        at_least, below: The half-open range of items; None where `items` leaves that side open or is absent.
        sized: Whether the preset says `items` at all, so that `preset: auto` may pick it.
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
        text: What stood in it, so that later problems and edits can point into it.
        zone: The file's `timezone`, resolved; `zone_name` is `local` or the IANA name as written.
        preset: The preset in force (what `auto` picked), or None.
        state: URL of the store as written, environment read, a relative SQLite path not yet resolved.
        jobs: By name, in file order (the preset's first, then what `schedules` adds).
        silenced: The warnings that are not to be told of it (`lint: ignore`).
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
    queues: Mapping[str, int]
    limits: Mapping[str, Limit]
    presets: Mapping[str, Preset]
    jobs: Mapping[str, JobConfig]
    defaults: JobConfig
    silenced: Silenced = frozenset()

    @property
    def pick(self) -> Preset | None:
        """The preset that `auto` has picked for the library's size; None where a person chose, or nothing fits."""
        preset = self.presets.get(self.preset or "") if self.preset_is_auto else None
        return preset if preset is not None and preset.sized else None

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
            job: Whose it is. It stands where the job's name does; without a job, at the top of the file.
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
class Reading:
    """What came of reading a file: its problems in file order, and the config if none of them is an error.

    Attributes:
        state: The store's URL, which is read even from a file that is otherwise broken (section 5);
            None where the file does not say it legibly.
        job_count: How many jobs the file holds as far as it could be read.
    """

    file: str
    text: str = field(repr=False)
    config: Config | None
    problems: tuple[Problem, ...]
    state: str | None
    job_count: int

    def with_problems(self, problems: Iterable[Problem]) -> Reading:
        """Return this reading with what a host's lint found in it; an error takes the configuration away."""
        found = Problems(self.file)
        found.extend(self.problems)
        if self.config is not None:
            found.silence(self.config.silenced)
        found.extend(problems)
        return replace(self, config=None if found.any_error else self.config, problems=tuple(found))
