"""Finds the jobs that the next clock change treats otherwise than before the change of the file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from aperture_plugin.config.checks.lint.clock_change_lint import Surprise, surprises
from aperture_plugin.config.checks.lint.lint_text import day_and_clock, listed
from aperture_plugin.config.model import Config, JobConfig
from aperture_plugin.triggers.clock_changes import ClockChange, changes

__all__ = ["Night", "NightOf", "nights_of", "surprise_text"]

_AHEAD: Final = timedelta(days=400)


@dataclass(frozen=True, slots=True, kw_only=True)
class NightOf:
    """The effect of a clock change on one job, in words; None where it has none."""

    job: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """The next clock change of a zone, and the jobs to which it will do something else."""

    zone: ZoneInfo
    change: ClockChange
    jobs: tuple[NightOf, ...]


def nights_of(old: Config | None, new: Config | None, names: Iterable[str], *, since: datetime) -> tuple[Night, ...]:
    """Return the next clock changes after *since*, aware, that the change makes a difference to.

    Args:
        names: The jobs whose times, zone or being there the change touches.
    """
    before, after = ({} if config is None else config.jobs for config in (old, new))
    coming: dict[ZoneInfo, ClockChange | None] = {}
    found: dict[ZoneInfo, list[NightOf]] = {}
    for name in names:
        sides = [job for job in (before.get(name), after.get(name)) if job is not None]
        for zone in dict.fromkeys(job.zone for job in sides):
            if zone not in coming:
                coming[zone] = next(iter(changes(zone, since, since + _AHEAD)), None)
            change = coming[zone]
            if change is None:
                continue
            was, will_be = (_surprise_text(jobs.get(name), zone, change) for jobs in (before, after))
            if was != will_be:
                found.setdefault(zone, []).append(NightOf(job=name, before=was, after=will_be))
    nights = [
        Night(zone=zone, change=change, jobs=tuple(found[zone]))
        for zone, change in coming.items()
        if change and zone in found
    ]
    return tuple(sorted(nights, key=lambda night: night.change.instant))


def surprise_text(surprise: Surprise) -> str:
    """Return what happens to a job then, in words that go on from its name."""
    day = surprise.nominals[0]
    at = day_and_clock(surprise.wall, day)
    written = listed([day_and_clock(nominal, day) for nominal in surprise.nominals])
    match surprise.kind:
        case "gap":
            return f"runs at {at} in place of {written}"
        case "merge":
            return f"runs once, at {at}, for {written}"
        case "lost":
            return f"does not run at {written}"
        case "repeat":
            return f"runs a second time at {written}"
        case "shift":
            return f"runs at {at} from then on, in place of {written}"


def _surprise_text(job: JobConfig | None, zone: ZoneInfo, change: ClockChange) -> str | None:
    if job is None or not job.enabled or job.zone != zone:
        return None
    return "; ".join(map(surprise_text, surprises(job.schedule, zone, [change]))) or None
