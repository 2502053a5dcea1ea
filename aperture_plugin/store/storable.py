"""The one function that every value passes on its way into the store.

What hosts, plugins and files call things may hold what a database cannot keep: one such value would fail the tick
that writes it, and every tick after that.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import Engine, event

from aperture_plugin.rules.sanitize import storable

__all__ = ["make_storable", "storable_value"]

_GREATEST: Final = 2**63 - 1


def make_storable(engine: Engine) -> None:
    """Make every parameter of every statement on *engine* pass `storable_value`."""
    event.listen(engine, "before_cursor_execute", _before, retval=True)


def storable_value(value: Any) -> Any:
    """Return *value* as the store can keep it: text without NUL and halves of surrogate pairs, numbers of 64 bits.

    >>> storable_value("a" + chr(0)), storable_value(2**80)
    ('a\\\\x00', 9223372036854775807)
    """
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, int) and not -_GREATEST <= value <= _GREATEST:
        return max(-_GREATEST, min(value, _GREATEST))
    return value


def _before(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, executemany: bool) -> Any:
    if executemany:
        return statement, [_row(row) for row in parameters]
    return statement, _row(parameters)


def _row(row: Any) -> Any:
    if isinstance(row, dict):
        return row if _is_plain(row.values()) else {name: storable_value(value) for name, value in row.items()}
    if isinstance(row, tuple | list):
        return row if _is_plain(row) else tuple(map(storable_value, row))
    return row


def _is_plain(values: Iterable[Any]) -> bool:
    """Return whether the store can keep all *values* as they are.

    Nearly always it can, and a burst asks for some 60 values a run: one loop without a call costs a fifth of
    what a function for each value did, which was a tenth of the burst.
    """
    for value in values:
        if isinstance(value, str):
            if not value.isascii() or "\0" in value:
                return False
        elif isinstance(value, int) and not -_GREATEST <= value <= _GREATEST:
            return False
    return True
