"""watch-history: who watched what since the last time, from the media server's export."""

from __future__ import annotations

from typing import Final

from aperture_plugin import LiveRun

from ..opening import opened
from ..parameters import FOLDER, Parameter
from ..tables import read_table
from ..times import instant_of, instant_text

__all__ = ["PARAMETERS", "import_history"]

PARAMETERS: Final[tuple[Parameter, ...]] = (FOLDER,)

_COLUMNS: Final = ("event", "user", "key", "watched_at", "percent")
_BATCH: Final = 100

_Event = tuple[int, str, str, str, int]


def import_history(run: LiveRun) -> dict[str, int]:
    """Import the events of `server/history.csv` that are newer than the last one imported.

    Events are numbered, and numbers only grow. Where the import stands is kept with what it imported,
    so a run that is cut off neither loses an event nor takes one twice.

    Returns:
        How many events were `imported` and `refused`, and the number of the `last_event` there is.
    """
    with opened(run) as library:
        database = library.database
        last = int(database.mark("last_event") or 0)
        events: list[_Event] = []
        refused = 0
        for line, row in enumerate(read_table(library.folder.server / "history.csv", _COLUMNS), start=2):
            try:
                event = _event_of(row)
            except ValueError as error:
                refused += 1
                run.log.warning("line %d of history.csv is refused: %s", line, error)
                continue
            if event[0] > last:
                events.append(event)
        events.sort()

        batches = [events[start : start + _BATCH] for start in range(0, len(events), _BATCH)]
        done = 0
        for batch in batches:
            with database.writing() as connection:
                connection.executemany("INSERT OR REPLACE INTO watch VALUES (?, ?, ?, ?, ?)", batch)
                last = batch[-1][0]
                database.set_mark("last_event", last)
            done += len(batch)
            run.progress(done, len(events))
        run.log.info("imported %d events; the last one is number %d", len(events), last)
        return {"imported": len(events), "refused": refused, "last_event": last}


def _event_of(row: dict[str, str]) -> _Event:
    event, percent = int(row["event"]), int(row["percent"])
    if not row["user"] or not row["key"]:
        raise ValueError("it does not say who watched what")
    if not 0 <= percent <= 100:
        raise ValueError(f"{percent} percent of a title cannot be watched")
    return event, row["user"], row["key"], instant_text(instant_of(row["watched_at"])), percent
