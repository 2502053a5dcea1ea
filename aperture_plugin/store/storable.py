"""The one function that every value passes on its way into the store.

What hosts, plugins and files call things may hold what a database cannot keep: one such value would fail the tick
that writes it, and every tick after that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Engine, event

from aperture_plugin.rules.sanitize import storable

__all__ = ["make_storable", "storable_value"]

_GREATEST: Final = 2**63 - 1


def make_storable(engine: Engine) -> None:
    """Let every parameter of every statement on *engine* pass `storable_value`."""
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
    values = row.values() if isinstance(row, Mapping) else row
    if not isinstance(row, Mapping | Sequence) or not any(map(_is_odd, values)):
        return row  # As good as always: to make each row anew would cost a burst a tenth of its time.
    if isinstance(row, Mapping):
        return {name: storable_value(value) for name, value in row.items()}
    return tuple(map(storable_value, row))


def _is_odd(value: Any) -> bool:
    if value is None:
        return False
    if isinstance(value, str):
        return not value.isascii() or "\0" in value
    return isinstance(value, int) and not -_GREATEST <= value <= _GREATEST
