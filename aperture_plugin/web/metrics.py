"""`/metrics`, for Prometheus. Every series is there from the start; no label grows without bound.

The values are read off the store at each scrape, so that every process on it tells the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from starlette.responses import Response

from aperture_plugin import __version__
from aperture_plugin.app.installation import Installation
from aperture_plugin.app.job_views import JobView
from aperture_plugin.app.json_views import loop_json
from aperture_plugin.app.status import Overview
from aperture_plugin.config.model import Config
from aperture_plugin.ports import RunQuery, StoreRefused, StoreUnavailable
from aperture_plugin.rules.limits import window_start
from aperture_plugin.rules.runs import ENDED, RAN, AttemptKey, Run, Status
from aperture_plugin.web.endpoints import Call

__all__ = ["InstallationCollector", "exposition", "metrics"]

_MOST_JOBS: Final = 2000
"""Of more jobs than these, only sums are shown: each would have a series of its own."""
_FEW_SECONDS: Final = timedelta(seconds=1)
_LATE: Final = timedelta(seconds=30)


def metrics(call: Call) -> Response:
    """Answer in the format of Prometheus."""
    with call.site.metrics_lock:
        if call.site.metrics is None:
            call.site.metrics = InstallationCollector(call.installation)
        body, kind = exposition(call.site.metrics, call.request.headers.get("accept", ""))
    return Response(body, headers={"content-type": kind})


def exposition(collector: Collector, accept: str) -> tuple[bytes, str]:
    """Return what *collector* tells, in the format that *accept* asks for, and the name of that format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(collector)
    encode, kind = choose_encoder(accept)
    return encode(registry), kind


@dataclass(slots=True)
class RunCounts:
    """Runs that have ended since this process first looked, by job and status.

    A counter goes on from what was counted before; after a restart it begins anew, as Prometheus expects of one.
    """

    since: datetime | None = None
    seen: dict[AttemptKey, datetime] = field(default_factory=dict)
    ended: Counter[tuple[str, str]] = field(default_factory=Counter)
    seconds: Counter[str] = field(default_factory=Counter)

    def take(self, runs: Iterable[Run], now: datetime) -> None:
        """Count those of *runs* that have ended and were not counted yet."""
        begin = self.since or now
        for run in runs:
            if run.status not in ENDED or run.finished_at is None or run.key in self.seen:
                continue
            if run.finished_at >= begin:
                self.ended[run.job, str(run.status)] += 1
                if run.duration is not None:
                    self.seconds[run.job] += max(0.0, run.duration.total_seconds())  # type: ignore[assignment]
            self.seen[run.key] = run.finished_at
        if self.since is None:
            self.since = now
        old = now - timedelta(days=8)
        if len(self.seen) > 200_000:
            self.seen = {key: at for key, at in self.seen.items() if at > old}


class InstallationCollector(Collector):
    """Reads the values of one installation off the store."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._counts = RunCounts()
        self._errors = 0
        self._in_hand: set[AttemptKey] = set()
        self._looked_at: datetime | None = None

    def collect(self) -> Iterator[Metric]:
        """Yield every series."""
        yield _gauge("aperture_build_info", "The version of aperture.", [({"version": __version__}, 1.0)])
        config = None
        try:
            seen, config = self._installation.overview(), self._installation.config()
            self._count(seen)
            up = 1.0
        except (StoreUnavailable, StoreRefused):
            self._errors += 1
            seen, up = self._installation.blind_overview(), 0.0
        yield _gauge("aperture_store_up", "Whether the store answers.", [({}, up)])
        yield _counter(
            "aperture_store_errors", "Scrapes at which the store did not answer.", [({}, float(self._errors))]
        )
        yield from _loops(seen)
        yield from _file(seen)
        yield from _queues(seen, config)
        yield from _jobs(seen, self._counts)
        yield from self._limits(config, seen.now) if up else _no_limits()

    def _count(self, seen: Overview) -> None:
        store, now = self._installation.store(), seen.now
        runs = store.history(RunQuery(since=(self._looked_at or now) - timedelta(seconds=5), limit=5000))
        in_hand = {run.key for run in (*seen.running, *seen.queue)}
        for run_id, _ in list(self._in_hand - in_hand)[:500]:
            runs += store.history(RunQuery(run_id=run_id, limit=None))
        self._in_hand, self._looked_at = in_hand, now
        self._counts.take(runs, now)

    def _limits(self, config: Config | None, now: datetime) -> Iterator[Metric]:
        used, budgets = [], []
        limits: Mapping[str, object] = {} if config is None else config.limits
        if config is not None and limits:
            with self._installation.store().snapshot() as ledger:
                for name, limit in config.limits.items():
                    spent = sum(ledger.spent(name, window_start(limit, now, config.zone)).values())
                    used.append(({"limit": name}, float(spent)))
                    budgets.append(({"limit": name}, float(limit.calls)))
        yield _gauge("aperture_limit_used_calls", "Calls spent of a limit in its present span.", used, ["limit"])
        yield _gauge("aperture_limit_budget_calls", "Calls that a limit allows in its span.", budgets, ["limit"])


def _loops(seen: Overview) -> Iterator[Metric]:
    beat = max((loop.beat_at.timestamp() for loop in seen.loops), default=0.0)
    spread = seen.spread
    accepted = 0.0 if spread.file.accepted_at is None else spread.file.accepted_at.timestamp()
    yield _gauge("aperture_loops", "Loops on the store that live.", [({}, float(len(seen.loops)))])
    having = float(len(spread.newest))
    yield _gauge("aperture_loops_with_newest_file", "Loops that have the newest file in force.", [({}, having)])
    yield _gauge("aperture_newest_file_timestamp_seconds", "When a loop first accepted that.", [({}, accepted)])
    yield _gauge(
        "aperture_loop_late", "Whether the loop has not ticked when it should have.", [({}, float(seen.is_late))]
    )
    yield _gauge("aperture_loop_last_tick_timestamp_seconds", "Time of the latest beat of a loop.", [({}, beat)])
    rows = [loop_json(loop, seen) for loop in seen.loops]
    older = sum(not row.get("newest", True) for row in rows)
    yield _gauge("aperture_loops_with_older_file", "Loops whose file is not the newest.", [({}, float(older))])
    skew = max((abs(float(row.get("skew_seconds") or 0)) for row in rows), default=0.0)
    yield _gauge("aperture_loop_clock_skew_seconds", "Largest skew of a loop's clock from the store's.", [({}, skew)])


def _file(seen: Overview) -> Iterator[Metric]:
    errors = [] if seen.rejected is None else list(seen.rejected.get("problems", ()))
    loaded = 0.0 if seen.loaded_at is None else seen.loaded_at.timestamp()
    yield _gauge("aperture_config_rejected", "Whether the file on the disk is refused.", [({}, float(bool(errors)))])
    yield _gauge("aperture_config_loaded_timestamp_seconds", "When the file in force came into force.", [({}, loaded)])
    yield _gauge("aperture_jobs", "Jobs of the file in force.", [({}, float(len(seen.jobs)))])


def _queues(seen: Overview, config: Config | None) -> Iterator[Metric]:
    seats = {} if config is None else dict(config.queues)
    names = dict.fromkeys([*seats, *(run.queue for run in (*seen.running, *seen.queue))])
    running, waiting = Counter(run.queue for run in seen.running), Counter(run.queue for run in seen.queue)
    oldest = dict.fromkeys(names, 0.0)
    for run in seen.queue:
        if run.not_before is None or run.not_before <= seen.now:
            age = max(0.0, (seen.now - run.queued_at).total_seconds())
            oldest[run.queue] = max(oldest[run.queue], age)
    label = ["queue"]
    yield _gauge("aperture_queue_seats", "Runs that a queue allows at once.", _by("queue", names, seats), label)
    yield _gauge("aperture_queue_running_runs", "Runs that run.", _by("queue", names, running), label)
    yield _gauge("aperture_queue_waiting_runs", "Runs that wait.", _by("queue", names, waiting), label)
    yield _gauge("aperture_queue_oldest_wait_seconds", "How long the oldest waits.", _by("queue", names, oldest), label)


def _jobs(seen: Overview, counts: RunCounts) -> Iterator[Metric]:
    jobs = seen.jobs if len(seen.jobs) <= _MOST_JOBS else ()
    started = {run.job: run.started_at for run in reversed(seen.running) if run.started_at is not None}
    label = ["job"]

    def each(value: object) -> list[tuple[Mapping[str, str], float]]:
        assert callable(value), "it is asked of each job"
        return [({"job": job.name}, float(value(job))) for job in jobs]

    yield _gauge("aperture_job_enabled", "Whether a job is enabled.", each(lambda job: job.enabled), label)
    yield _gauge("aperture_job_paused", "Whether a job is paused.", each(lambda job: job.pause is not None), label)
    yield _gauge("aperture_job_running_seconds", "How long its run has lasted; 0 while none runs.",
                 each(lambda job: _age(started.get(job.name), seen.now)), label)  # fmt: skip
    yield _gauge("aperture_job_overdue_seconds", "How long its due run has not started; 0 for none.",
                 each(lambda job: _overdue(job, seen)), label)  # fmt: skip
    yield _gauge("aperture_job_last_run_failed", "Whether its last run failed.",
                 each(_has_failed), label)  # fmt: skip
    yield _gauge("aperture_job_last_run_timestamp_seconds", "When its last run ended; 0 for never.",
                 each(_ended), label)  # fmt: skip
    yield _gauge("aperture_job_last_duration_seconds", "How long its last run lasted; 0 for none.",
                 each(_lasted), label)  # fmt: skip
    yield _gauge("aperture_job_next_run_timestamp_seconds", "When it is due next; 0 for never.",
                 each(lambda job: 0.0 if job.next_run is None else job.next_run.timestamp()), label)  # fmt: skip
    statuses = [str(status) for status in sorted(RAN | {Status.SKIPPED})]
    ended = [
        ({"job": job.name, "status": status}, float(counts.ended[job.name, status]))
        for job in jobs
        for status in statuses
    ]
    yield _counter("aperture_runs_ended", "Attempts that have ended, by status.", ended, ["job", "status"])
    seconds = [({"job": job.name}, float(counts.seconds[job.name])) for job in jobs]
    yield _counter("aperture_run_seconds", "Time that runs have taken.", seconds, label)


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())


def _overdue(job: JobView, seen: Overview) -> float:
    """Return how long a run of the job waits, beyond what its queue and its retries ask for."""
    ages = [(seen.now - run.due).total_seconds() for run in seen.queue if run.job == job.name and run.due is not None]
    return max([age for age in ages if age > _LATE.total_seconds()], default=0.0)


def _has_failed(job: JobView) -> bool:
    return job.last_run is not None and job.last_run.status is Status.FAILED


def _ended(job: JobView) -> float:
    run = job.last_run
    return 0.0 if run is None or run.finished_at is None else run.finished_at.timestamp()


def _lasted(job: JobView) -> float:
    run = job.last_run
    return 0.0 if run is None or run.duration is None else max(0.0, run.duration / _FEW_SECONDS)


def _no_limits() -> Iterator[Metric]:
    yield _gauge("aperture_limit_used_calls", "Calls spent of a limit in its present span.", [], ["limit"])
    yield _gauge("aperture_limit_budget_calls", "Calls that a limit allows in its span.", [], ["limit"])


def _by(label: str, names: Iterable[str], values: Mapping[str, float]) -> list[tuple[Mapping[str, str], float]]:
    return [({label: name}, float(values.get(name, 0))) for name in names]


def _gauge(
    name: str, found: str, values: Iterable[tuple[Mapping[str, str], float]], labels: list[str] | None = None
) -> Metric:
    return _filled(GaugeMetricFamily(name, found, labels=labels or _labels(values)), values)


def _counter(
    name: str, found: str, values: Iterable[tuple[Mapping[str, str], float]], labels: list[str] | None = None
) -> Metric:
    return _filled(CounterMetricFamily(name, found, labels=labels or _labels(values)), values)


def _labels(values: Iterable[tuple[Mapping[str, str], float]]) -> list[str]:
    return next((list(labels) for labels, _ in values), [])


def _filled(
    family: GaugeMetricFamily | CounterMetricFamily, values: Iterable[tuple[Mapping[str, str], float]]
) -> Metric:
    for labels, value in values:
        family.add_metric(list(labels.values()), value)
    return family
