"""The evidence that the doctor looks at: the file, the plugins and the store, as far as each can be read.

A fault in one of them hides none of the others: it is kept here as a finding.
"""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from aperture_plugin.app.audit import Audit, audit
from aperture_plugin.app.liveness import is_here, is_late, ticking
from aperture_plugin.app.source import Source, store_file, store_of
from aperture_plugin.app.store_access import StoreAstray, require_not_astray
from aperture_plugin.clock.local_zone import local_zone
from aperture_plugin.clock.process_liveness import is_alive
from aperture_plugin.config.model import Config, JobConfig, Reading
from aperture_plugin.files.bounded_read import look_at
from aperture_plugin.plugins.plugin_problems import PluginError, PluginProblem
from aperture_plugin.plugins.registry import Plugins
from aperture_plugin.ports import (
    LogLine,
    LoopRecord,
    Pause,
    RunQuery,
    ScheduleRevision,
    Store,
    StoreFacts,
    StoreRefused,
    StoreUnavailable,
    UnreadableRow,
)
from aperture_plugin.rules.limits import window_start
from aperture_plugin.rules.run_stats import last_attempts
from aperture_plugin.rules.runs import WAITING, Run
from aperture_plugin.triggers.slots import Slot

__all__ = ["LATELY", "Case", "Seen", "examined"]

LATELY: Final = timedelta(days=7)
"""Span in which the doctor looks for slots that did not become runs."""

_RUNS: Final = 100
"""Number of a job's latest attempts that are looked at."""

_ROWS: Final = 10_000
"""Number of the latest rows of each table that are tried."""

_ONE_BY_ONE: Final = 300
"""Up to so many jobs are looked up singly; of more, all that ran lately is read in one go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The facts from the store; all of it empty where there is none.

    Attributes:
        generation: The file that was accepted last: number, when, its name, its text.
        revisions: By job, the one in force.
        done: For each job that comes after several, which of those completed since its own last run.
        in_hand_of, lines: What is in hand by job; what waits by queue, in the order of its places.
    """

    loops: Sequence[LoopRecord] = ()
    generation: tuple[int, datetime, str, str] | None = None
    pauses: Mapping[str, Pause] = field(default_factory=lambda: MappingProxyType({}))
    in_hand: Sequence[Run] = ()
    in_hand_of: Mapping[str, Sequence[Run]] = field(default_factory=lambda: MappingProxyType({}))
    lines: Mapping[str, Sequence[Run]] = field(default_factory=lambda: MappingProxyType({}))
    last_runs: Mapping[str, Run] = field(default_factory=lambda: MappingProxyType({}))
    done: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    revisions: Mapping[str, ScheduleRevision] = field(default_factory=lambda: MappingProxyType({}))
    facts: StoreFacts | None = None
    unreadable: Sequence[UnreadableRow] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The evidence of one examination.

    Attributes:
        reading: The file on disk, read with the plugins if they load.
        alone: The same, read without them.
        plugins: None where they do not load.
        store: Open; None where there is none, or where it is in trouble.
        trouble: The fault of the store, in words.
        astray: Processes whose loop runs on a store that was deleted or overwritten under it.
        where: Address of the store, a password masked.
        store_file: The file of a SQLite store; None for any other.
        config: The configuration in force: by a running loop, else the one a start would put in force; None if unknown.
        loop: The loop that ticks; None for none.
        jobs: Names of those that are looked at.
        slots: The next slots of jobs that were looked at already.
    """

    source: Source
    now: datetime
    reading: Reading
    alone: Reading
    plugins: Plugins | None
    plugin_problems: Sequence[PluginProblem]
    store: Store | None
    trouble: str | None
    where: str
    store_file: Path | None
    seen: Seen
    config: Config | None
    loop: LoopRecord | None
    jobs: tuple[str, ...] = ()
    slots: dict[str, list[Slot]] = field(default_factory=dict)
    astray: tuple[int, ...] = ()

    @property
    def zone(self) -> ZoneInfo:
        """The zone for times that belong to no job."""
        return local_zone(self.source.environ) if self.config is None else self.config.zone

    @property
    def registered(self) -> Iterable[str]:
        """The names of the jobs that plugins register, as far as that can be seen from here."""
        return () if self.plugins is None else self.plugins.jobs

    @property
    def names(self) -> list[str]:
        """The names of all jobs that anything knows of: the file, the plugins, the store."""
        configured = () if self.config is None else self.config.jobs
        remembered = sorted({*self.seen.revisions, *self.seen.last_runs, *(run.job for run in self.seen.in_hand)})
        return list(dict.fromkeys([*configured, *self.registered, *remembered]))

    def job(self, name: str) -> JobConfig | None:
        """Return the words in force for a job; those of the defaults for one that only plugins register."""
        if self.config is None:
            return None
        job = self.config.jobs.get(name)
        return self.config.unlisted(name) if job is None and name in self.registered else job

    def zone_of(self, name: str) -> ZoneInfo:
        """Return the zone in which a job's times are shown."""
        job = self.job(name)
        return self.zone if job is None else job.zone

    def is_alive(self, loop: LoopRecord) -> bool:
        """Return whether the process of a loop, or of a run in the foreground, lives, judged from here."""
        if is_here(loop):
            return is_alive(loop.pid, loop.boot)
        return not is_late(loop, now=self.now)

    def line(self, command: str, *, on_file: bool = False) -> str:
        """Return *command* as it is typed for this file.

        Args:
            on_file: It takes FILE itself, and not a JOB or a RUN.
        """
        if self.source.path == Path(self.source.environ.get("APERTURE_CONFIG") or "schedules.yaml"):
            return f"aperture {command}"
        return f"aperture {command} {'' if on_file else '-f '}{shlex.quote(str(self.source.path))}"

    def histories(self) -> dict[str, list[Run]]:
        """Return of each job looked at the last attempt of its latest runs, newest first."""
        found: defaultdict[str, list[Run]] = defaultdict(list)
        if self.store is None:
            return found
        queries = [RunQuery(jobs=[job], limit=_RUNS) for job in self.jobs]
        if len(self.jobs) > _ONE_BY_ONE:
            queries = [RunQuery(limit=_RUNS * _ONE_BY_ONE)]
        for query in queries:
            for run in self.store.history(query):
                found[run.job].append(run)
        return {job: last_attempts(runs[:_RUNS]) for job, runs in found.items()}

    def audit(self) -> Audit | None:
        """Return what became of every slot that was due lately; None where there is no store."""
        if self.store is None:
            return None
        return audit(self.store, since=self.now - LATELY, until=self.now, now=self.now, jobs=self.jobs)

    def last_words(self, run: Run) -> LogLine | None:
        """Return the latest line of an attempt's log."""
        return None if self.store is None else self.store.last_words(run.id, run.attempt)

    def spent(self, limit: str) -> Mapping[datetime, int]:
        """Return the calls spent of a limit of the file that count at the moment, by their bin."""
        if self.store is None or self.config is None:
            return {}
        found = self.config.limits[limit]
        with self.store.snapshot() as ledger:
            return ledger.spent(limit, window_start(found, self.now, self.zone_of_limit(limit)))

    def zone_of_limit(self, limit: str) -> ZoneInfo:
        """Return the zone in which a limit of the file resets."""
        assert self.config is not None, "a limit is one of the file in force"
        name = self.config.limits[limit].zone_name
        return self.config.zone if name is None else ZoneInfo(name)


@contextmanager
def examined(
    source: Source,
    *,
    now: datetime,
    state: str | None,
    load: Callable[[], Plugins],
    now_by: Callable[[Store], datetime] | None = None,
    lent: bool = False,
    rows: int = _ROWS,
) -> Iterator[Case]:
    """Look at everything once; the store stays open for as long as the block lasts.

    Args:
        state: URL of the store in place of the environment's and the file's.
        load: Loads the plugins.
        now_by: Returns the present instant by the clock of the open store; None where *now* is by that already.
        lent: The plugins belong to somebody else, and stay as they are.
        rows: So many of the latest rows of each table are looked at for damage.
    """
    content = look_at(source.path)
    alone = replace(source, plugins=None).judge(content, now=now)
    plugins: Plugins | None = None
    plugin_problems: Sequence[PluginProblem] = ()
    reading = alone
    try:
        loaded = load()
        if not lent:
            loaded.ask_jobs()
        reading = replace(source, plugins=loaded).judge(content, now=now)
        plugins = loaded
    except PluginError as error:
        plugin_problems = error.problems
    case = Case(
        source=source,
        now=now,
        reading=reading,
        alone=alone,
        plugins=plugins,
        plugin_problems=plugin_problems,
        store=None,
        trouble=None,
        where="",
        store_file=store_file(source, alone, url=state),
        seen=Seen(),
        config=reading.config or alone.config,
        loop=None,
    )
    try:
        with _opened(case, state, rows, now_by) as looked:
            yield looked
    finally:
        if plugins is not None and not lent:
            plugins.close()


def _open(store: Store, path: Path | None) -> None:
    try:
        store.open()
    except StoreRefused as refused:
        if path is not None:
            require_not_astray(store, path, "was overwritten", refused)
        raise


@contextmanager
def _opened(case: Case, state: str | None, rows: int, now_by: Callable[[Store], datetime] | None) -> Iterator[Case]:
    """Add to *case* what the store tells."""
    try:
        store = store_of(case.source, case.alone, url=state)
        case = replace(case, where=store.url)
        if case.store_file is not None and not case.store_file.exists():
            require_not_astray(store, case.store_file, "was deleted or moved away")
            seen = None
        else:
            _open(store, case.store_file)
            if now_by is not None:
                case = replace(case, now=now_by(store))
            seen = _seen(store, rows)
    except (StoreUnavailable, StoreRefused) as trouble:
        astray = trouble.pids if isinstance(trouble, StoreAstray) else ()
        yield replace(case, trouble=str(trouble), astray=astray)
        return
    try:
        yield case if seen is None else _with(replace(case, store=store, seen=seen))
    finally:
        store.close()


def _seen(store: Store, rows: int) -> Seen:
    with store.snapshot() as ledger:
        in_hand = ledger.in_hand()
        of_job: defaultdict[str, list[Run]] = defaultdict(list)
        lines: defaultdict[str, list[Run]] = defaultdict(list)
        for run in sorted(in_hand, key=lambda run: run.place):
            of_job[run.job].append(run)
            if run.status in WAITING:
                lines[run.queue].append(run)
        return Seen(
            loops=ledger.loops(),
            generation=next(iter(ledger.generations()), None),
            pauses=ledger.pauses(),
            in_hand=in_hand,
            in_hand_of=dict(of_job),
            lines=dict(lines),
            last_runs=ledger.last_runs(),
            done=ledger.completed(),
            revisions=ledger.revisions(),
            facts=store.facts(),
            unreadable=store.unreadable(rows),
        )


def _with(case: Case) -> Case:
    """Find the loop, and what it has in force."""
    loop = next(iter(ticking(case.seen.loops, now=case.now)), None)
    config, generation = case.config, case.seen.generation
    if generation is not None and (config is None or (loop is not None and config.text != generation[3])):
        # Only the loop, which could ask its plugins, knows which preset auto has picked.
        preset = None if loop is None else loop.details.get("preset")
        as_it_was = replace(case.source, plugins=None, preset=preset)
        config = as_it_was.read(generation[3].encode(), now=case.now).config or config
    return replace(case, loop=loop, config=config)
