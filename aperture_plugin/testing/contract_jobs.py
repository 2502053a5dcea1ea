"""The jobs of the executor contract, as a plugin that any process can load by its name.

They communicate with the test through files in the folder that their parameters name: in whichever process of this
machine a handler runs, it writes a mark there, and waits there for a file that lets it go on.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

from aperture_plugin.plugins.hookspecs import hookimpl
from aperture_plugin.ports import LiveRun
from aperture_plugin.rules.jobs import Job

__all__ = ["aperture_jobs"]

_PATIENCE_SECONDS = 60.0


@hookimpl
def aperture_jobs() -> Iterator[Job]:
    """Yield every job of the contract."""
    for name, handler in _HANDLERS.items():
        yield Job(name, handler, params={"keep": 7, "folder": "", "limit": ""}, permanent=(PermissionError,))


def _returns(run: LiveRun) -> dict[str, Any]:
    return {
        "id": run.id,
        "job": run.job,
        "attempt": run.attempt,
        "trigger": str(run.trigger),
        "slot": None if run.slot is None else run.slot.isoformat(),
        "nominal": None if run.nominal is None else run.nominal.isoformat(),
        "keep": run.params["keep"],
        "kinds": run.params.get("kinds"),
    }


async def _returns_async(run: LiveRun) -> int:
    await asyncio.sleep(0)
    return int(run.params["keep"])


def _takes_no_run() -> str:
    return "done"


def _counts(run: LiveRun) -> None:
    for item in run.track(range(3)):
        run.log.warning("indexed %s", item)


def _says_a_secret(run: LiveRun) -> None:
    run.log.info("asking with hunter22")
    raise ValueError("401 for hunter22")


def _raises(_run: LiveRun) -> None:
    raise PermissionError("not yours")


def _leaves(_run: LiveRun) -> None:
    raise SystemExit(3)


def _returns_no_json(_run: LiveRun) -> set[int]:
    return {1, 2}


def _goes_on(run: LiveRun) -> None:
    _mark(run, "begun")
    for _ in run.track(_while_there_is_time()):
        pass


async def _awaits(run: LiveRun) -> None:
    _mark(run, "begun")
    await asyncio.sleep(_PATIENCE_SECONDS)


def _leaves_early(run: LiveRun) -> str:
    asked = Event()
    run.on_cancel(asked.set)
    _mark(run, "begun")
    asked.wait(_PATIENCE_SECONDS)
    return "half" if run.cancelled else "whole"


def _never_looks(run: LiveRun) -> str:
    _mark(run, "begun")
    _wait_for_leave(run)
    return "whole"


def _meets(run: LiveRun) -> str:
    _mark(run, f"met {run.id}")
    for _ in _while_there_is_time():
        if len(list(Path(run.params["folder"]).glob("met *"))) >= run.params["keep"]:
            return "met"
    return "alone"


def _spends(run: LiveRun) -> str:
    _mark(run, "begun")
    try:
        run.spend(run.params["limit"], 3)
    except KeyError as error:
        return str(error.args[0])
    return "spent"


_HANDLERS: dict[str, Callable[..., Any]] = {
    "returns": _returns,
    "returns-async": _returns_async,
    "takes-no-run": _takes_no_run,
    "counts": _counts,
    "says-a-secret": _says_a_secret,
    "raises": _raises,
    "leaves": _leaves,
    "returns-no-json": _returns_no_json,
    "goes-on": _goes_on,
    "awaits": _awaits,
    "leaves-early": _leaves_early,
    "never-looks": _never_looks,
    "meets": _meets,
    "spends": _spends,
}


def _mark(run: LiveRun, what: str) -> None:
    Path(run.params["folder"], what).write_text(str(os.getpid()), encoding="ascii")


def _wait_for_leave(run: LiveRun) -> None:
    for _ in _while_there_is_time():
        if Path(run.params["folder"], "go on").exists():
            return


def _while_there_is_time() -> Iterator[int]:
    until, count = time.monotonic() + _PATIENCE_SECONDS, 0
    while time.monotonic() < until:
        yield count
        count += 1
        time.sleep(0.005)
