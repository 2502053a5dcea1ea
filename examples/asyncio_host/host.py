"""An asyncio server whose jobs run in its own event loop.

Each client receives the announcements. The connections belong to the server's event loop, so a handler that writes to
them has to run there: the plugin implements `aperture_run_job` itself.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import suppress
from inspect import iscoroutinefunction
from pathlib import Path

from aperture_plugin import Aperture, Job, LiveRun, Outcome, RunCancelled, hookimpl

__all__ = ["Announcer", "main"]


class Announcer:
    """The host's plugin and its server.

    Args:
        loop: The event loop that the connections belong to.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.listeners: set[asyncio.StreamWriter] = set()

    @hookimpl
    def aperture_jobs(self) -> Iterator[Job]:
        """Offer the job; schedules.yaml says when it runs."""
        yield Job("announce", self.announce, title="Announce", description="Greets everybody who is connected.")

    @hookimpl
    def aperture_run_job(self, job: Job, run: LiveRun) -> Outcome | None:
        """Run `async def` handlers in the host's event loop, and leave the others to the built-in implementation."""
        if not iscoroutinefunction(job.handler):
            return None
        future = asyncio.run_coroutine_threadsafe(job.handler(run), self.loop)
        run.on_cancel(future.cancel)
        try:
            return Outcome(result=future.result())
        except CancelledError:
            raise RunCancelled("its task was cancelled") from None

    async def announce(self, run: LiveRun) -> dict[str, int]:
        """Send a line to every client."""
        line = f"{run.params['greeting']}, all {len(self.listeners)} of you; this is run {run.id}\n"
        for listener in run.track(list(self.listeners)):
            listener.write(line.encode())
            await listener.drain()
        return {"listeners": len(self.listeners)}

    async def listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Keep a connection among the listeners until the other side closes it."""
        self.listeners.add(writer)
        with suppress(ConnectionError):
            await reader.read()
        self.listeners.discard(writer)
        writer.close()

    async def hang_up(self) -> None:
        """Close every connection."""
        for listener in list(self.listeners):
            listener.close()
            with suppress(ConnectionError):
                await listener.wait_closed()


async def main() -> None:
    """Serve on $PORT, or 8000, until Ctrl-C or SIGTERM."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    announcer = Announcer(loop)
    aperture = Aperture(Path(__file__).with_name("schedules.yaml"), plugins=[announcer])
    server = await asyncio.start_server(announcer.listen, "127.0.0.1", int(os.environ.get("PORT", "8000")))
    await asyncio.to_thread(aperture.start)
    try:
        print(f"serving on 127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        await stop.wait()
    finally:
        server.close()
        # In a thread: a running job needs this loop to finish.
        await asyncio.to_thread(aperture.stop)
        await announcer.hang_up()
    print("stopped", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
