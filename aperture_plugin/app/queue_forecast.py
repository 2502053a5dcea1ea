"""Foresees when runs in hand start and end: the loop itself, run through in virtual time from this moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from aperture_plugin.app.plan.initial_state import known
from aperture_plugin.app.plan.job_durations import Durations, measured
from aperture_plugin.app.plan.plan import Foreseen, planned
from aperture_plugin.app.plan.rehearsal import TooMuch
from aperture_plugin.config.model import Config
from aperture_plugin.ports import Store
from aperture_plugin.rules.runs import Run

__all__ = ["Forecast", "forecast"]

_AHEAD: Final = timedelta(hours=2)
_FEW_JOBS: Final = 60
_MOST_IN_HAND: Final = 200
_MOST_RUNS: Final = 2000
"""The most runs that are rehearsed: each view of a job waits for that."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """The forecast of the runs in hand, and of the slots of the next hours where the file is small."""

    runs: Sequence[Foreseen] = ()

    def of(self, run: Run) -> Foreseen | None:
        """Return what is foreseen of a run in hand; None where nothing is."""
        alike = [one for one in self.runs if one.job == run.job and one.attempt == run.attempt]
        if run.due is not None:
            return next((one for one in alike if one.due == run.due), None)
        return next((one for one in alike if one.due is None), None)

    def of_slot(self, job: str, due: datetime) -> Foreseen | None:
        """Return what is foreseen of a slot to come."""
        return next((one for one in self.runs if one.job == job and one.due == due), None)


def forecast(
    store: Store, config: Config, in_hand: Sequence[Run], *, now: datetime, environ: Mapping[str, str]
) -> Forecast:
    """Return when the runs *in_hand* are expected to start and to end.

    Raises:
        StoreUnavailable: The store cannot be read.
    """
    is_small = len(config.jobs) <= _FEW_JOBS
    if len(in_hand) > _MOST_IN_HAND or not (in_hand or is_small):
        return Forecast()
    beginning = known(store, config, now=now)
    if beginning is None:
        return Forecast()
    names = list(config.jobs) if is_small else sorted({run.job for run in in_hand})
    durations = Durations(config=config, measured=measured(store, names, last=20))
    until = now + (_AHEAD if is_small else timedelta(microseconds=1))
    try:
        plan = planned(
            config,
            since=now,
            until=until,
            durations=durations,
            environ=environ,
            beginning=beginning,
            most=max(_MOST_RUNS, 2 * len(in_hand)),
        )
    except TooMuch:
        return Forecast()
    return Forecast(plan.runs)
