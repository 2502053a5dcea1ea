"""The jobs page: its jobs, their order, and the data of each row."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from aperture_plugin.app.job_views import IDLE, JobView
from aperture_plugin.app.queue_forecast import Forecast, forecast
from aperture_plugin.app.slot_strip import LENGTH, Strip, strip_of
from aperture_plugin.app.status import Overview
from aperture_plugin.config.model import Config
from aperture_plugin.ports import Store, StoreRefused, StoreUnavailable
from aperture_plugin.rules.runs import AttemptKey, Run, Status
from aperture_plugin.triggers.trigger import trigger_of
from aperture_plugin.web.endpoints import Call
from aperture_plugin.web.forms import answer_of, shown
from aperture_plugin.web.job_rows import Row, row_of
from aperture_plugin.web.page_head import page_head
from aperture_plugin.web.page_text import about, at, elapsed
from aperture_plugin.words.did_you_mean import nearest
from aperture_plugin.words.numbers import counted

__all__ = ["QueueBox", "jobs_page", "queue_boxes", "strip_for"]

PAGE: Final = 200
"""Most rows at once."""
_FAR: Final = datetime(9999, 1, 1, tzinfo=UTC)
_LONG_AGO: Final = datetime(1, 1, 1, tzinfo=UTC)
_STATES: Final = ("running", "waiting", "failed", "paused", "off")
_CHIPS: Final = {"failed": "failed last"}
_SORTS: Final = ("next", "-next", "job", "-job", "last", "-last")
_MOST_LINES: Final = 50
_MOST_QUERY: Final = 200
_FEW: Final = 4


@dataclass(frozen=True, slots=True)
class Filter:
    """The view that the URL asks for."""

    q: str
    category: str
    state: str
    sort: str
    page: int

    def url(self, base: str, **changes: str | int) -> str:
        """Return the URL of the page with *changes*; a change begins on its first page."""
        text = {"q": self.q, "category": self.category, "state": self.state, "sort": self.sort, **changes}
        given = {key: value for key, value in text.items() if value and (key, value) != ("sort", "next")}
        return f"{base}?{urlencode(given)}" if given else base


@dataclass(frozen=True, slots=True)
class QueueLine:
    """A run in its queue."""

    mark: str
    job: str
    title: str
    text: str
    when: str


@dataclass(frozen=True, slots=True)
class QueueBox:
    """A queue with what runs and waits in it."""

    name: str
    about: str
    lines: Sequence[QueueLine]
    more: int


def jobs_page(call: Call) -> Response:
    """Show the jobs; the URL says which ones, and in which order."""
    installation, trouble = call.installation, None
    try:
        seen, store = installation.overview(), installation.store()
    except (StoreUnavailable, StoreRefused) as away:
        seen, store, trouble = installation.blind_overview(), None, str(away)
    wanted = _filter(call)
    jobs = list(_matching(seen, wanted))
    first = (wanted.page - 1) * PAGE
    page = _sorted(jobs, seen, wanted.sort)[first : first + PAGE]
    config = installation.config() if store is not None else None
    in_hand = [*seen.running, *seen.queue]
    foreseen = Forecast()
    if store is not None and config is not None:
        foreseen = forecast(store, config, in_hand, now=seen.now, environ=installation.environ)
    rows = list(_rows(page, seen, config, store, foreseen))
    return shown(
        call,
        "jobs.html",
        head=page_head(installation, seen, trouble=trouble),
        answer=answer_of(call),
        rows=rows,
        total=len(seen.jobs),
        found=len(jobs),
        pages=-(-len(jobs) // PAGE),
        wanted=wanted,
        categories=_categories(seen),
        chips=_chips(seen),
        queues=queue_boxes(seen, config, foreseen),
        nearest=_nearest(wanted, seen) if not jobs and seen.jobs else None,
        failures=_same_failure(seen),
    )


def queue_boxes(seen: Overview, config: Config | None, foreseen: Forecast) -> list[QueueBox]:
    """Return every queue in which something runs or waits."""
    titles = {job.name: job.title or job.name for job in seen.jobs}
    seats = {} if config is None else config.queues
    by_queue: defaultdict[str, list[Run]] = defaultdict(list)
    for run in (*seen.running, *seen.queue):
        by_queue[run.queue].append(run)
    boxes = []
    for name in [queue for queue in dict.fromkeys([*seats, *by_queue]) if queue in by_queue]:
        runs = by_queue[name]
        running = sum(run.status is Status.RUNNING for run in runs)
        free = max(0, seats.get(name, 1) - running)
        message = f"runs {seats[name]} at once" if name in seats else "not in the file any more"
        message += f", {counted(free, 'place')} free" if free and running else ""
        lines, place = [], 0
        for run in runs[:_MOST_LINES]:
            is_running = run.status is Status.RUNNING
            place += not is_running
            lines.append(_queue_line(run, "" if is_running else str(place), titles, seen, foreseen))
        boxes.append(QueueBox(name, message, lines, len(runs) - len(lines)))
    return boxes


def strip_for(job: JobView, config: Config | None, store: Store | None, seen: Overview, *, most: int = LENGTH) -> Strip:
    """Return the strip of a job's last due times; an empty one where the store cannot be read."""
    words = None if config is None else config.jobs.get(job.name)
    trigger = None
    if words is not None and job.enabled and job.pause is None:
        trigger = trigger_of(words.schedule, words.zone)
    past = [] if store is None else store.past_slots(job.name, most)
    return strip_of(past, trigger, now=seen.now, is_served=seen.loop is not None, most=most)


def _rows(
    jobs: Iterable[JobView], seen: Overview, config: Config | None, store: Store | None, foreseen: Forecast
) -> Iterable[Row]:
    by_job: defaultdict[str, list[Run]] = defaultdict(list)
    for run in (*seen.running, *seen.queue):
        by_job[run.job].append(run)
    places: dict[AttemptKey, int] = {}
    lines: Counter[str] = Counter()
    for run in seen.queue:
        lines[run.queue] += 1
        places[run.key] = lines[run.queue]
    looked_up = 0
    for job in jobs:
        runs = by_job.get(job.name, [])
        running = next((run for run in runs if run.status is Status.RUNNING), None)
        last_line = None
        if running is not None and store is not None and looked_up < _MOST_LINES:
            looked_up += 1
            line = store.last_words(running.id, running.attempt)
            last_line = None if line is None else line.text
        words = None if config is None else config.jobs.get(job.name)
        strip = strip_for(job, config, store, seen)
        yield row_of(job, words, runs, strip, places, foreseen, last_line, now=seen.now)


def _queue_line(run: Run, mark: str, titles: dict[str, str], seen: Overview, foreseen: Forecast) -> QueueLine:
    zone, now = seen.zones.get(run.job, seen.zone), seen.now
    expected = foreseen.of(run)
    title = titles.get(run.job, run.job)
    if not mark:
        ends_at = None if expected is None else expected.ends_at
        when = f"done {about(ends_at, zone, now=now)}" if ends_at is not None and ends_at > now else ""
        return QueueLine(mark, run.job, title, f"running for {elapsed(run.started_at or now, now=now)}", when)
    if run.requested_by:
        called = f"asked for at {at(run.queued_at, zone, now=now)} by {run.requested_by}"
        called += "" if run.note is None else f": {run.note}"
    elif run.due is not None:
        called = f"due {at(run.due, zone, now=now)}"
    else:
        called = str(run.trigger)
    starts_at = None if expected is None else expected.starts_at
    when = about(starts_at, zone, now=now) if starts_at is not None else ""
    if run.not_before is not None and run.not_before > now:
        when = f"at {at(run.not_before, zone, now=now)}"
    return QueueLine(mark, run.job, title, f"{called[:120]}; {(run.reason or 'its turn comes')[:200]}", when)


def _filter(call: Call) -> Filter:
    sort = call.query("sort") or "next"
    page = call.query("page") or "1"
    return Filter(
        q=(call.query("q") or "")[:_MOST_QUERY].strip(),
        category=(call.query("category") or "")[:_MOST_QUERY],
        state=state if (state := call.query("state") or "") in _STATES else "",
        sort=sort if sort in _SORTS else "next",
        page=max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 7 else 1,
    )


def _matching(seen: Overview, wanted: Filter) -> Iterable[JobView]:
    words = wanted.q.casefold().split()
    for job in seen.jobs:
        if wanted.category and (job.category or "") != wanted.category:
            continue
        if wanted.state and not _is_in(job, wanted.state):
            continue
        if words:
            text = f"{job.name} {job.title or ''} {job.category or ''} {job.schedule} {_state_word(job)}".casefold()
            if not all(word in text for word in words):
                continue
        yield job


def _is_in(job: JobView, state: str) -> bool:
    match state:
        case "running":
            return job.state == Status.RUNNING
        case "waiting":
            return job.state in {Status.WAITING, Status.QUEUED}
        case "failed":
            return job.last_run is not None and job.last_run.status is Status.FAILED
        case "paused":
            return job.pause is not None
        case _:
            return not job.enabled


def _state_word(job: JobView) -> str:
    if job.state != IDLE:
        return job.state
    return "paused" if job.pause is not None else IDLE if job.enabled else "off"


def _sorted(jobs: list[JobView], seen: Overview, sort: str) -> list[JobView]:
    key: Callable[[JobView], Any]
    match sort.removeprefix("-"):
        case "job":
            key = _by_title
        case "last":
            return sorted(jobs, key=_ended_at, reverse=not sort.startswith("-"))
        case _:
            places = {run.job: place for place, run in reversed([*enumerate((*seen.running, *seen.queue))])}
            last = len(places)

            def key(job: JobView) -> Any:
                return places.get(job.name, last), job.next_run or _FAR

    return sorted(jobs, key=key, reverse=sort.startswith("-"))


def _by_title(job: JobView) -> tuple[str, str]:
    return (job.title or job.name).casefold(), job.name


def _ended_at(job: JobView) -> datetime:
    return _LONG_AGO if job.last_run is None else job.last_run.finished_at or _LONG_AGO


def _categories(seen: Overview) -> list[tuple[str, int]]:
    return list(Counter(job.category for job in seen.jobs if job.category).items())


def _chips(seen: Overview) -> list[tuple[str, str, int]]:
    counted = ((state, sum(_is_in(job, state) for job in seen.jobs)) for state in _STATES)
    return [(state, _CHIPS.get(state, state), number) for state, number in counted if number]


def _nearest(wanted: Filter, seen: Overview) -> str | None:
    return nearest(wanted.q, [job.name for job in seen.jobs]) if wanted.q else None


def _same_failure(seen: Overview) -> tuple[int, str] | None:
    """Return how many jobs failed last with one and the same error, where those are many, and the error."""
    reasons = Counter(
        (job.last_run.reason or "").partition("\n")[0]
        for job in seen.jobs
        if job.last_run is not None and job.last_run.status is Status.FAILED
    )
    reasons.pop("", None)
    [(reason, number)] = reasons.most_common(1) or [("", 0)]
    return (number, reason[:_MOST_QUERY]) if number >= _FEW else None
