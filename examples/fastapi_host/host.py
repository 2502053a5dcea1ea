"""A FastAPI application that takes readings of sensors, and jobs that sum them up.

The scheduler starts and stops with the application's lifespan. Both may wait for a disk or a running job, so they
run in a thread, and the event loop stays free. The jobs page is mounted below /admin/jobs, behind the application's
own login.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import fmean
from typing import Any, Final
from urllib.parse import parse_qs

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel
from starlette.middleware.sessions import SessionMiddleware

from aperture_plugin import Aperture, Job, LiveRun, hookimpl, run_json, web

__all__ = ["Reading", "Sensors", "app", "rights_of"]

PEOPLE: Final = {"ada": "lovelace", "bob": "hope"}
"""Names and passwords. A real application asks a database, which keeps no password as it is typed."""

RIGHTS: Final = {"ada": {"read", "operate", "edit"}, "bob": {"read"}}

FORM: Final = """<!doctype html><title>Log in</title>
<form method="post"><label>Name <input name="name"></label>
<label>Password <input name="password" type="password"></label> <button>Log in</button></form>"""


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


def rights_of(request: Request) -> web.Visitor:
    """Return who makes a request of the jobs page, and with which rights: the page asks this before anything else."""
    name: str = request.session.get("user", "")
    return web.Visitor(rights=RIGHTS.get(name, ()), name=name or None)


app = FastAPI(title="Sensors", lifespan=lifespan)
app.add_middleware(SessionMiddleware, secret_key=secrets.token_hex(32), same_site="strict")
app.mount("/admin/jobs", web.app(aperture, authorize=rights_of))


@app.get("/login", response_class=HTMLResponse)
def login_form() -> str:
    """Show the form."""
    return FORM


@app.post("/login")
async def login(request: Request) -> Response:
    """Take a name and a password, and lead on to the jobs page."""
    said = parse_qs((await request.body()).decode())
    name, password = said.get("name", [""])[0], said.get("password", [""])[0]
    if not secrets.compare_digest(PEOPLE.get(name, "").encode() or b"\0", password.encode()):
        return HTMLResponse(FORM, status_code=401)
    request.session["user"] = name
    return RedirectResponse("/admin/jobs/", status_code=303)


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
