"""The attempts in hand as they were last read: only what has changed since is read whole, and made a value, again.

A loop that shares its store looks at everything in hand each time that another has written. With thousands of
attempts that wait, to make values of their rows took most of its tick.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from aperture_plugin.rules.runs import Run
from aperture_plugin.store.readable import readable
from aperture_plugin.store.rows import run_of
from aperture_plugin.store.statements import IN_HAND, IS_IN_HAND, NamedStatement
from aperture_plugin.store.tables import runs

__all__ = ["InHandRows"]

_LOOKED_AT: Final = (
    "seq",
    "id",
    "attempt",
    "status",
    "queue",
    "not_before",
    "reason",
    "owner",
    "cancel_reason",
    "started_at",
    "items_done",
    "items_total",
    "group",
)
"""What may change of an attempt while it is in hand, and what names it."""

_LOOK: Final = NamedStatement(select(*(runs.c[name] for name in _LOOKED_AT)).where(IS_IN_HAND))
_WHOLE: Final = select(runs).where(runs.c.seq.in_(bindparam("numbers", expanding=True)))
_looked_at: Final = itemgetter(*(list(runs.c.keys()).index(name) for name in _LOOKED_AT))

_AT_ONCE: Final = 500
_WORTH_LOOKING: Final = 50
"""With fewer attempts in hand, all of them are read whole."""


class InHandRows:
    """Reads the attempts in hand; for one transaction at a time."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[tuple[Any, ...], Run]] = {}

    def read(self, connection: Connection) -> list[Run]:
        """Return every attempt that is queued, waiting or running, over all processes; unchanged ones as they were."""
        known = self._known
        if len(known) < _WORTH_LOOKING:
            known = dict(_values_of(IN_HAND.run(connection)))
        else:
            found = {row[0]: tuple(row) for row in _LOOK.run(connection)}
            same = {seq: known[seq] for seq, row in found.items() if seq in known and known[seq][0] == row}
            changed = [seq for seq in found if seq not in same]
            same.update(_values_of(_rows_of(connection, changed)))
            known = {seq: same[seq] for seq in found if seq in same} if changed else same
        self._known = known
        return [run for _, run in known.values()]


def _rows_of(connection: Connection, numbers: list[int]) -> Iterator[Any]:
    for first in range(0, len(numbers), _AT_ONCE):
        yield from connection.execute(_WHOLE, {"numbers": numbers[first : first + _AT_ONCE]})


def _values_of(rows: Iterable[Any]) -> Iterator[tuple[int, tuple[tuple[Any, ...], Run]]]:
    """Yield the number of each row that can be read, what is looked at of it, and its attempt."""
    for row in rows:
        for run in readable(runs, [row], run_of):
            yield row[0], (_looked_at(row), run)
