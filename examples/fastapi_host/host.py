"""A FastAPI application that takes readings of sensors, and jobs that sum them up.

The scheduler starts and stops with the application's lifespan. Both may wait for a disk or a running job, so they
run in a thread, and the event loop stays free.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import fmean
from typing import Any

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

from aperture_plugin import Aperture, Job, LiveRun, hookimpl, run_json

__all__ = ["Reading", "Sensors", "app"]


class Reading(BaseModel):
    """One value of a sensor."""

    sensor: str
    value: float


class Sensors:
    """The host's plugin, with the readings in memory."""

    def __init__(self) -> None:
        self.readings: list[Reading] = []
        self.means: dict[str, float] = {}

    @hookimpl
    def aperture_jobs(self) -> Iterator[Job]:
        """Offer the jobs; schedules.yaml says when they run."""
        yield Job("summary", self.sum_up, title="Summary", description="Works out each sensor's mean.")
        yield Job("prune", self.prune, title="Prune", description="Forgets all but the latest readings.")

    async def sum_up(self, run: LiveRun) -> dict[str, int]:
        """Work out the mean of each sensor."""
        values = defaultdict(list)
        for reading in run.track(list(self.readings)):
            values[reading.sensor].append(reading.value)
        self.means = {sensor: fmean(numbers) for sensor, numbers in values.items()}
        return {"sensors": len(self.means)}

    def prune(self, run: LiveRun) -> dict[str, int]:
        """Forget all but the latest readings."""
        before = len(self.readings)
        del self.readings[: -int(run.params.get("keep", 1000))]
        return {"forgotten": before - len(self.readings)}


sensors = Sensors()
aperture = Aperture(Path(__file__).with_name("schedules.yaml"), plugins=[sensors])


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """Run the jobs for as long as the application does."""
    await asyncio.to_thread(aperture.start)
    yield
    await asyncio.to_thread(aperture.stop)


app = FastAPI(title="Sensors", lifespan=lifespan)


@app.post("/readings", status_code=201)
def take(reading: Reading) -> Reading:
    """Store a reading."""
    sensors.readings.append(reading)
    return reading


@app.get("/means")
def means() -> dict[str, float]:
    """Return the means of the last summary."""
    return sensors.means


@app.post("/jobs/{job}/run", status_code=202)
def run(job: str) -> dict[str, str]:
    """Run a job now, or queue it."""
    try:
        return {"id": aperture.run(job).id}
    except KeyError as error:
        raise HTTPException(404, f"there is no job {job}") from error


@app.get("/runs")
def runs() -> list[dict[str, Any]]:
    """Return the latest runs."""
    return [run_json(run, aperture.config.zone) for run in aperture.history()]


@app.get("/status")
def status() -> dict[str, Any]:
    """Return what runs, waits and comes next."""
    return aperture.status()
