"""Many triggers as one stream, in the order in which their runs queue."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from heapq import heapify, heappop, heapreplace

from aperture_plugin.triggers.slots import Slot

__all__ = ["merged"]

_Entry = tuple[datetime, datetime, int, Slot, Callable[[], Slot]]


def merged(streams: Iterable[Iterator[Slot]]) -> Iterator[tuple[int, Slot]]:
    """Yield (place of the stream, slot) of all *streams*, ordered by due instant, nominal and place.

    Lazy: a stream is asked for its next slot only once its last one has been yielded, so the first ten
    slots of ten thousand triggers cost little more than one look into each.

    Args:
        streams: In file order, each ascending, as `Trigger.upcoming` gives it.
    """
    heap: list[_Entry] = []
    for order, stream in enumerate(streams):
        advance = iter(stream).__next__
        try:
            slot = advance()
        except StopIteration:
            continue
        heap.append((slot.due, slot.nominal, order, slot, advance))
    heapify(heap)
    while heap:
        _, _, order, slot, advance = heap[0]
        yield order, slot
        try:
            slot = advance()
        except StopIteration:
            heappop(heap)
        else:
            heapreplace(heap, (slot.due, slot.nominal, order, slot, advance))
