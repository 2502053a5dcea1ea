"""Many triggers as one stream, in the order in which their runs queue.

A heap alone would be correct, but costs its full depth for every slot. So slots are taken in batches: all that
fall due before an instant a little ahead, sorted at once. The batch grows as the stream is read, so a caller that
needs ten slots pays for ten, and one that needs a week pays for one sort.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from typing import Final

from aperture_plugin.triggers.slots import Slot
from aperture_plugin.triggers.trigger import Trigger
from aperture_plugin.triggers.walltime import EARLIEST, LATEST, RESOLUTION, utc_of

__all__ = ["merged", "upcoming_of"]

_FIRST_LOOK: Final = timedelta(seconds=1)
_LARGE_BATCH: Final = 512

_Entry = tuple[datetime, datetime, int, Slot]
_Head = tuple[datetime, datetime, int, Slot, Iterator[Slot]]


def merged(streams: Iterable[Iterator[Slot]]) -> Iterator[tuple[int, Slot]]:
    """Yield (place of the stream, slot) of all *streams*, ordered by due instant, nominal and place.

    Lazy: each stream is asked for its first slot, and then for little more than the reader takes.

    Args:
        streams: In file order, each ascending by due instant and nominal, as `Trigger.upcoming` gives them.
    """
    heads: list[_Head] = []
    for order, stream in enumerate(streams):
        slot = next(stream, None)
        if slot is not None:
            heads.append((slot.due, slot.nominal, order, slot, stream))
    heapify(heads)
    look = _FIRST_LOOK
    while heads:
        first = heads[0][0]
        batch = _batch(heads, first + look if first < LATEST - look else LATEST + look)
        batch.sort()
        for _, _, order, slot in batch:
            yield order, slot
        if len(batch) < _LARGE_BATCH:
            look *= 2
        elif look > _FIRST_LOOK:
            look /= 2


def upcoming_of(trigger: Trigger, since: datetime) -> Iterator[Slot]:
    """Yield what `trigger.upcoming(since)` does; cheap for callers that need only the first slot of most triggers."""
    begin = utc_of(since)
    first = trigger.next_after(begin - RESOLUTION) if begin > EARLIEST else None
    if first is None:
        yield from trigger.upcoming(begin)
    else:
        yield first
        yield from trigger.upcoming(first.due + RESOLUTION)


def _batch(heads: list[_Head], until: datetime) -> list[_Entry]:
    """Take all slots before *until* from the streams of *heads*, and advance the heads past them."""
    batch: list[_Entry] = []
    add = batch.append
    while heads and heads[0][0] < until:
        due, nominal, order, slot, stream = heappop(heads)
        add((due, nominal, order, slot))
        for following in stream:
            due = following.due
            if due >= until:
                heappush(heads, (due, following.nominal, order, following, stream))
                break
            add((due, following.nominal, order, following))
    return batch
