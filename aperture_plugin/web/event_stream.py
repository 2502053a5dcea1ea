"""`/api/events`: what changes, as server-sent events. One thread looks at the store, however many streams are open."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response, StreamingResponse

from aperture_plugin.app.json_views import config_json, loop_json, run_json
from aperture_plugin.app.status import Overview
from aperture_plugin.ports import RunQuery, StoreRefused, StoreUnavailable
from aperture_plugin.rules.runs import AttemptKey, Run
from aperture_plugin.web.endpoints import Call
from aperture_plugin.web.refusals import Refused
from aperture_plugin.web.streams import STREAM_HEADERS, server_is_stopping
from aperture_plugin.words.plain_text import plain_json

if TYPE_CHECKING:
    from aperture_plugin.app.installation import Installation

__all__ = ["Changes", "events"]

_log = logging.getLogger("aperture")

_LOOK_SECONDS: Final = 0.4
_SHARE: Final = 10
"""A look may take a tenth of the time."""
_ALIVE_SECONDS: Final = 15.0
_STUCK_SECONDS: Final = 4 * _ALIVE_SECONDS
_MOST_WAITING: Final = 1000
_MOST_STREAMS: Final = 200
_MOST_ENDED: Final = 500
_SLACK: Final = timedelta(seconds=5)

Event = tuple[str, Any]


async def events(call: Call) -> Response:
    """Answer with the events `run`, `config`, `loop` and `job`, for as long as the caller listens."""
    stream = call.site.changes.subscribe(asyncio.get_running_loop())
    if stream is None:
        raise Refused(503, "too-many-streams", "Too many streams", f"at most {_MOST_STREAMS} streams are open at once")
    return StreamingResponse(_events(call.site.changes, stream), media_type="text/event-stream", headers=STREAM_HEADERS)


async def _events(changes: Changes, stream: _Stream) -> AsyncIterator[str]:
    try:
        yield "retry: 2000\n\n"
        while True:
            try:
                value = await asyncio.wait_for(stream.queue.get(), _ALIVE_SECONDS)
            except TimeoutError:
                value = ": nothing new\n\n"
            if value is None:
                return
            yield value
            stream.taken_at = time.monotonic()
    finally:
        changes.unsubscribe(stream)


@dataclass(eq=False, slots=True)
class _Stream:
    """One listener, in the event loop that it is served by; None in its queue ends it."""

    loop: asyncio.AbstractEventLoop
    queue: asyncio.Queue[str | None] = field(default_factory=lambda: asyncio.Queue(_MOST_WAITING))
    taken_at: float = field(default_factory=time.monotonic)

    @property
    def is_stuck(self) -> bool:
        """True if nobody takes what is sent: some servers let a caller go without a word to the application."""
        return time.monotonic() - self.taken_at > _STUCK_SECONDS

    def tell(self, text: str | None) -> None:
        try:
            self.loop.call_soon_threadsafe(self._put, text)
        except RuntimeError:
            return  # Its event loop has ended, and the stream with it.

    def _put(self, text: str | None) -> None:
        if self.queue.full():
            # A reader so slow begins anew.
            while not self.queue.empty():
                self.queue.get_nowait()
            text = None
        self.queue.put_nowait(text)


class Changes:
    """Looks at the store while anybody listens, and tells all listeners what has changed."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._streams: list[_Stream] = []
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._wake = threading.Event()
        self._closed = False

    def subscribe(self, loop: asyncio.AbstractEventLoop) -> _Stream | None:
        """Return a new listener, with the present state queued; None where there are too many, or at the end."""
        with self._lock:
            if self._closed or len(self._streams) >= _MOST_STREAMS:
                return None
            stream = _Stream(loop)
            self._streams.append(stream)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="aperture-events", daemon=True)
                self._thread.start()
            return stream

    def unsubscribe(self, stream: _Stream) -> None:
        """Send nothing to *stream* any more."""
        with self._lock:
            if stream in self._streams:
                self._streams.remove(stream)

    def close(self) -> None:
        """End every stream."""
        with self._lock:
            self._closed = True
            self._end(list(self._streams))
            thread = self._thread
        self._wake.set()
        if thread is not None:
            thread.join(2)

    def _run(self) -> None:
        seen = _Seen()
        known: set[int] = set()
        idle_since = time.monotonic()
        while True:
            began = time.monotonic()
            with self._lock:
                self._end([one for one in self._streams if server_is_stopping() or one.is_stuck])
                streams = list(self._streams)
                # The thread lingers a moment, for a page that is loaded anew.
                if self._closed or (not streams and began - idle_since > 5):
                    self._thread = None
                    return
            if streams:
                idle_since = began
                new = [stream for stream in streams if id(stream) not in known]
                self._tell(seen, [one for one in streams if id(one) in known], new)
            known = {id(stream) for stream in streams}
            self._wake.wait(max(_LOOK_SECONDS, _SHARE * (time.monotonic() - began)))
            self._wake.clear()

    def _end(self, streams: list[_Stream]) -> None:
        for stream in streams:
            stream.tell(None)
            self._streams.remove(stream)

    def _tell(self, seen: _Seen, old: list[_Stream], new: list[_Stream]) -> None:
        try:
            overview = self._installation.pulse()
            ended = self._installation.store().history(
                RunQuery(since=(seen.looked_at or overview.now) - _SLACK, limit=_MOST_ENDED)
            )
            vanished = [
                run_id for run_id, _ in seen.in_hand - {run.key for run in (*overview.queue, *overview.running)}
            ]
            for run_id in vanished[:_MOST_ENDED]:
                ended += self._installation.store().history(RunQuery(run_id=run_id, limit=None))
        except (StoreUnavailable, StoreRefused):
            return  # It is looked at again; the page asks for itself what is wrong.
        except Exception:  # noqa: BLE001  # after any fault, listeners are notified of the next change
            _log.exception("looking for changes failed; they are looked for again")
            return
        found = [_event(*event) for event in seen.news(overview, ended, self._installation)]
        for stream in old:
            for value in found:
                stream.tell(value)
        if new:
            present = [_event(*event) for event in seen.present(overview)]
            for stream in new:
                for value in present:
                    stream.tell(value)


class _Seen:
    """The events that listeners have been sent."""

    def __init__(self) -> None:
        self.looked_at: datetime | None = None
        self.in_hand: set[AttemptKey] = set()
        self._runs: dict[AttemptKey, Run] = {}
        self._config: dict[str, Any] | None = None
        self._loops: dict[str, dict[str, Any]] = {}
        self._pauses: dict[str, Any] = {}

    def present(self, overview: Overview) -> Iterator[Event]:
        """Yield how things stand, for a new listener."""
        yield "config", config_json(overview)
        for loop in overview.loops:
            yield "loop", loop_json(loop, overview)

    def news(self, overview: Overview, ended: list[Run], installation: Installation) -> Iterator[Event]:
        """Yield what has changed since this was last asked for; nothing the first time."""
        is_first = self.looked_at is None
        config = config_json(overview)
        loops = {loop.id: loop_json(loop, overview) for loop in overview.loops}
        pauses = dict(overview.pauses)
        in_hand = [*overview.running, *overview.queue]
        runs = {run.key: run for run in (*ended, *in_hand)}
        if not is_first:
            if config != self._config:
                yield "config", config
            for loop_id, row in loops.items():
                if row != self._loops.get(loop_id):
                    yield "loop", row
            for key, run in runs.items():
                if run != self._runs.get(key):
                    yield "run", run_json(run, installation.zone_of(run.job))
            for job in pauses.keys() | self._pauses.keys():
                if pauses.get(job) != self._pauses.get(job):
                    yield "job", {"job": job}
        self._config, self._loops, self._pauses = config, loops, pauses
        self._runs, self.in_hand = runs, {run.key for run in in_hand}
        self.looked_at = overview.now


def _event(kind: str, value: Any) -> str:
    return f"event: {kind}\ndata: {plain_json(json.dumps(value, ensure_ascii=False))}\n\n"
