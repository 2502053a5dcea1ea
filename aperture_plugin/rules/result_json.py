"""A handler's result as JSON: what Python programs return, converted the way people expect.

Dates become ISO 8601 text, paths and UUIDs text, decimals and numpy numbers numbers, enums their values, dataclasses
mappings, sets and tuples lists, durations seconds. Anything else becomes its text, with a warning: a run that did
its work has completed, whatever it returns.
"""

from __future__ import annotations

import dataclasses
import json
import math
import sys
from collections import deque
from collections.abc import Callable, ItemsView, Iterable, KeysView, Mapping, Sequence, Set, ValuesView
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Final

from aperture_plugin.rules.jobs import Json

__all__ = ["result_json"]

_DEEPEST: Final = 64
"""Levels of lists and mappings that are kept; what lies deeper is kept as text."""

_LONGEST_TEXT: Final = 10_000
"""Characters of the text that stands in for a value that is no JSON."""

_MOST_WARNINGS: Final = 10

_AS_TEXT: Final = frozenset({"uuid", "ipaddress"})
"""Modules whose values are best known by their text."""


def result_json(value: object) -> tuple[Json, list[str]]:
    """Return *value* as JSON, and what of it is kept only as text, in words.

    The result holds nothing but dict, list, str, int, float, bool and None, no NaN and no infinity; what is JSON
    already stays as it is. Never raises, whatever the value's own methods do.

    >>> from datetime import date
    >>> result_json({"day": date(2026, 1, 10), "seen": {2, 1}})
    ({'day': '2026-01-10', 'seen': [1, 2]}, [])
    >>> result_json({"rate": float("nan")})
    ({'rate': 'nan'}, ['result["rate"] is nan, which is no JSON'])
    """
    conversion = _Conversion()
    converted = conversion.of(value, "result", ())
    more = len(conversion.warnings) - _MOST_WARNINGS
    if more > 0:
        conversion.warnings[_MOST_WARNINGS:] = [f"and {more} more"]
    return converted, conversion.warnings


class _Conversion:
    """One result while it is converted, with the warnings about it."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def of(self, value: Any, path: str, above: tuple[int, ...]) -> Json:
        """Return *value*, which stands at *path* within the values of the ids *above*."""
        if value is None or type(value) in (bool, str):
            return value  # type: ignore[no-any-return]  # one of these
        if len(above) > _DEEPEST:
            return self._text(value, f"{path[:200]}… lies more than {_DEEPEST} levels deep")
        if id(value) in above:
            return self._text(type(value).__name__, f"{path} holds itself")
        try:
            return self._converted(value, path, (*above, id(value)))
        except Exception as error:  # noqa: BLE001 - a value's own methods may raise anything
            return self._text(value, f"{path} is {_a(value)} that cannot be converted ({type(error).__name__})")

    def _converted(self, value: Any, path: str, above: tuple[int, ...]) -> Json:
        match value:
            case Enum():
                return self.of(value.value, path, above)
            case str():
                return str.__str__(value)
            case int() | float() | Decimal():
                return self._number(value, path)
            case date() | time():  # A datetime is a date.
                return value.isoformat()
            case timedelta():
                return value.total_seconds()
            case bytes() | bytearray():
                return self._bytes(bytes(value), path)
            case Mapping():
                return self._mapping(value, path, above)
        kinds = type(value).__mro__
        if any(kind.__module__ in _AS_TEXT for kind in kinds) or hasattr(type(value), "__fspath__"):
            return str(value)
        return self._gathered(value, path, above)

    def _gathered(self, value: Any, path: str, above: tuple[int, ...]) -> Json:
        """Return what holds other values, and what is known only by its methods."""
        fields = _fields_of(value)
        if fields is not None:
            return self._mapping(fields, path, above)
        plain = _plain_of(value)
        if plain is not None:
            return self.of(plain(), path, above)
        if isinstance(value, Set) and not isinstance(value, ItemsView | KeysView):
            return sorted(self._list(value, path, above), key=_order)
        if isinstance(value, Sequence | ItemsView | KeysView | ValuesView | deque):
            return self._list(value, path, above)
        return self._text(value, f"{path} is {_a(value)}")

    def _list(self, values: Iterable[Any], path: str, above: tuple[int, ...]) -> list[Json]:
        return [self.of(one, f"{path}[{n}]", above) for n, one in enumerate(values)]

    def _mapping(self, mapping: Mapping[Any, Any], path: str, above: tuple[int, ...]) -> dict[str, Json]:
        made: dict[str, Json] = {}
        for key, one in mapping.items():
            name = self._key(key, path)
            if name in made:
                self.warnings.append(f"two keys of {path} read {json.dumps(name)}; the later one is kept")
            made[name] = self.of(one, f"{path}[{json.dumps(name)}]", above)
        return made

    def _key(self, key: Any, path: str) -> str:
        if type(key) is str:
            return key
        own = _Conversion()
        converted = own.of(key, "key", ())
        if own.warnings or isinstance(converted, dict | list):
            return str(self._text(key, f"a key of {path} is {_a(key)}"))
        # As JSON writes it: true, null, 1.5; what is text already, without quotes.
        return converted if isinstance(converted, str) else json.dumps(converted)

    def _number(self, value: float | Decimal, path: str) -> Json:
        if isinstance(value, int):
            # An int of so many digits cannot even be printed.
            most = sys.get_int_max_str_digits() or 10**9
            if value.bit_length() > 3 * most:
                return self._noted_text(hex(value), f"{path} is an int of {value.bit_length()} bits")
            return int(value)
        if not math.isfinite(value):
            return self._noted_text(str(value), f"{path} is {value}, which is no JSON")
        if isinstance(value, float):
            return float(value)
        if value == value.to_integral_value() and abs(value) < Decimal(2**53):
            return int(value)
        # A price stays a number; what a float would round stays text.
        return float(value) if Decimal(repr(float(value))) == value else str(value)

    def _bytes(self, value: bytes, path: str) -> Json:
        try:
            return value.decode()
        except UnicodeDecodeError:
            return self._text(value, f"{path} is bytes that are no UTF-8")

    def _text(self, value: object, warning: str) -> str:
        try:
            text = str(value)
        except Exception:  # noqa: BLE001 - a host's own __str__ may raise anything
            text = f"<{type(value).__name__}>"
        return self._noted_text(text, warning)

    def _noted_text(self, text: str, warning: str) -> str:
        self.warnings.append(warning)
        return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]} …"


def _fields_of(value: Any) -> dict[str, Any] | None:
    """Return the fields of a dataclass, or of a class made with attrs; None for another value, and for a class."""
    if isinstance(value, type):
        return None
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    attributes = getattr(type(value), "__attrs_attrs__", None)
    return None if attributes is None else {field.name: getattr(value, field.name) for field in attributes}


def _plain_of(value: Any) -> Callable[[], object] | None:
    """Return what makes plain Python values of a number or array of numpy and the like, or of a model of pydantic."""
    if isinstance(value, type):
        return None
    dtype = getattr(value, "dtype", None)
    if dtype is not None and getattr(dtype, "kind", "") in {"M", "m"}:  # In nanoseconds a date would become a number.
        return lambda: value.astype(str).tolist()
    for name in ("tolist", "model_dump"):
        method = getattr(value, name, None)
        if callable(method):
            return method  # type: ignore[no-any-return]
    return None


def _order(value: Json) -> tuple[bool, float, str]:
    """Return by what the members of a set are sorted: numbers by their size, all else by its text."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number:
        return False, float(value), ""  # type: ignore[arg-type]
    return True, 0.0, value if isinstance(value, str) else json.dumps(value)


def _a(value: object) -> str:
    kind = type(value)
    name = (
        kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__qualname__}"
    )
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
