"""The state of everything: what runs, what waits and why, and what comes next, from the store, without any plugin.

A loop that is alive decides what is in force, not the file on disk: after a refused save, the schedules are
those that the store remembers of the last good file. The same memory serves where the file cannot be read at
all and no loop runs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from aperture_plugin.app.job_views import JobMemory, JobView, known_zone, words_of_revisions
from aperture_plugin.app.liveness import is_late, ticking
from aperture_plugin.app.loop_files import Spread, spread_of
from aperture_plugin.config.model import Config
from aperture_plugin.config.problem_report import problem_json
from aperture_plugin.config.problems import Problem
from aperture_plugin.ports import LoopRecord, Pause, Store
from aperture_plugin.rules.runs import WAITING, Run, Status

__all__ = ["Overview", "look"]


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
    memory: JobMemory | None = None,
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
        memory: What earlier looks at this store found; None for a look by itself.
    """
    memory = memory or JobMemory()
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
        zone = config.zone if config is not None else known_zone(details.get("timezone"), zone)
        called = {**details.get("titles", {}), **(titles or {})}
        grouped = {**details.get("categories", {}), **(categories or {})}
        if config is None:
            words = words_of_revisions(ledger.revisions().values(), called, grouped, zone)
        else:
            words = memory.words(config, called, grouped)
        in_hand = ledger.in_hand()
        pauses = {job: pause for job, pause in ledger.pauses().items() if pause.holds(now)}
        views = memory.views(words, in_hand, ledger, pauses, now) if words else []
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


def _generation(value: Mapping[str, Any] | None) -> tuple[int, datetime] | None:
    return None if value is None else (value["number"], datetime.fromisoformat(value["accepted_at"]))


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
