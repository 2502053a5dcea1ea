"""One run: its attempts, and its log as text or as it is written."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from starlette.responses import Response, StreamingResponse

from aperture_plugin.app.json_views import run_json
from aperture_plugin.ports import LogLine, RunQuery, StoreUnavailable
from aperture_plugin.rules.runs import ENDED, Run
from aperture_plugin.web.endpoints import Call, json_response
from aperture_plugin.web.refusals import Refused
from aperture_plugin.web.streams import STREAM_HEADERS, server_is_stopping
from aperture_plugin.words.plain_text import plain, plain_lines
from aperture_plugin.words.time_display import iso_text

__all__ = ["attempts_of", "log_text", "run", "run_log"]

_LOOK_SECONDS: Final = 0.25
_ALIVE_SECONDS: Final = 15.0


def run(call: Call) -> Response:
    """Answer with the attempts of a run, in the shape of `aperture history`, newest first."""
    attempts = attempts_of(call, call.names["id"])
    return json_response([run_json(one, call.installation.zone_of(one.job)) for one in attempts])


async def run_log(call: Call) -> Response:
    """Answer with the log of a run: as text, or with `follow` as events, the last of which is `end`."""
    loop = asyncio.get_running_loop()
    attempts = await loop.run_in_executor(call.site.threads, attempts_of, call, call.names["id"])
    zone = await loop.run_in_executor(call.site.threads, call.installation.zone_of, attempts[0].job)
    if call.flag("follow"):
        return StreamingResponse(
            _followed(call, attempts[0].id, zone), media_type="text/event-stream", headers=STREAM_HEADERS
        )
    text = await loop.run_in_executor(call.site.threads, log_text, call, attempts[0].id, zone)
    return Response(text, media_type="text/plain")


def attempts_of(call: Call, run_id: str) -> list[Run]:
    """Return the attempts of a run, newest first.

    Raises:
        Refused: There is no such run.
    """
    found = call.installation.store().history(RunQuery(run_id=run_id, limit=None))
    if not found:
        raise Refused(404, "unknown-run", "Unknown run", f'there is no run "{run_id[:80]}"')
    return sorted(found, key=lambda one: one.attempt, reverse=True)


def log_text(call: Call, run_id: str, zone: ZoneInfo) -> str:
    """Return a run's log as `aperture logs` shows its lines."""
    return "".join(f"{line_text(line, zone)}\n" for _, line in call.installation.store().log_lines(run_id))


def line_text(line: LogLine, zone: ZoneInfo) -> str:
    """Return a log line with its wall time and its level."""
    at: datetime = line.at.astimezone(zone)
    return f"{at:%H:%M:%S} {line.level:7} {plain_lines(line.text)}"


async def _followed(call: Call, run_id: str, zone: ZoneInfo) -> AsyncIterator[str]:
    """Yield the lines of a run as they come; a stream that was cut off goes on after the last one it gave."""
    after = int(seen) if (seen := call.request.headers.get("last-event-id", "")).isdigit() and len(seen) < 19 else 0
    loop = asyncio.get_running_loop()
    silent = 0.0
    while not (call.site.closing.is_set() or server_is_stopping()):
        try:
            last = await loop.run_in_executor(call.site.threads, _ended, call, run_id)
            lines = await loop.run_in_executor(call.site.threads, _lines, call, run_id, after)
        except StoreUnavailable:
            return  # A client that follows comes again.
        for number, line in lines:
            after = number
            yield f"id: {number}\nevent: line\ndata: {json.dumps(_line_json(line, zone))}\n\n"
        if last is not None:
            yield f"event: end\ndata: {json.dumps(run_json(last, zone))}\n\n"
            return
        silent = 0.0 if lines else silent + _LOOK_SECONDS
        if silent >= _ALIVE_SECONDS:
            silent = 0.0
            yield ": still running\n\n"
        await asyncio.sleep(_LOOK_SECONDS)


def _ended(call: Call, run_id: str) -> Run | None:
    """Return the last attempt of a run once it has ended and none follows."""
    attempts = call.installation.store().history(RunQuery(run_id=run_id, limit=None))
    last = max(attempts, key=lambda one: one.attempt, default=None)
    return last if last is not None and last.status in ENDED else None


def _lines(call: Call, run_id: str, after: int) -> list[tuple[int, LogLine]]:
    return call.installation.store().log_lines(run_id, after=after)


def _line_json(line: LogLine, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "at": iso_text(line.at, zone),
        "level": line.level,
        "text": plain(line.text),
        "attempt": line.attempt,
    }
